//! Figures of an evaluation as PNG files, each with its numbers as CSV beside it.
//!
//! | METHODS row | Figure | Where |
//! |---|---|---|
//! | 105 | F_p and F_f of the same pictures in one map | [`tsne::joined`], [`map`] |
//! | 106 | maps of several codes, coloured by any label | [`map`] |
//! | 107 | prediction examples | [`examples`] |
//! | – | what each code knows | [`knowledge`] |
//!
//! The reconstruction grids (row 103) and the α curves (row 104) come with every run: see
//! [`crate::record`].

mod canvas;
pub mod codes;
pub mod examples;
mod key;
pub mod knowledge;
pub mod map;
pub(crate) mod palette;
pub mod pca;
#[cfg(test)]
mod tests;
pub mod tsne;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use image::RgbImage;
use serde::Serialize;

use crate::record::{grid, replace};

/// Why there is no figure.
#[derive(Debug, thiserror::Error)]
pub enum FigureError {
    /// A feature holds a number that is none.
    #[error(
        "the feature of picture {row} (from 0) is not finite at element {column}: a collapsed or \
         overflowed encoder cannot be mapped; choose an earlier checkpoint"
    )]
    NotFinite {
        /// Picture, from 0.
        row: usize,
        /// Element of the feature, from 0.
        column: usize,
    },
    /// A map holds a coordinate that is no number.
    #[error("point {point} (from 0) of the map \"{panel}\" has no finite coordinates")]
    NoPlace {
        /// Title of the map.
        panel: String,
        /// Point, from 0.
        point: usize,
    },
    /// Two parts that belong together differ in length.
    #[error("{what}: {got} instead of {wanted}")]
    Mismatch {
        /// What was counted.
        what: String,
        /// Expected number.
        wanted: usize,
        /// Found number.
        got: usize,
    },
    /// The figure has nothing to show, or more than fits.
    #[error("{0}")]
    Content(String),
    /// Drawing failed.
    #[error("cannot draw the figure: {0}")]
    Draw(#[from] io::Error),
    /// A file could not be written.
    #[error("cannot write {}: {cause}; check the space and the permissions of its folder", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system said.
        cause: io::Error,
    },
    /// The threads of a computation could not be started.
    #[error("cannot start a thread for the map: {0}")]
    Thread(#[from] rayon::ThreadPoolBuildError),
}

/// The file beside `png` that holds the figure's numbers.
pub fn csv_beside(png: &Path) -> PathBuf {
    png.with_extension("csv")
}

/// Writes a picture as PNG; the old or the new file stands there, never half of one.
fn write_png(path: &Path, picture: &RgbImage) -> Result<(), FigureError> {
    write(path, &grid::encode(picture)?)
}

/// Writes one row per record, with a heading, in one go.
fn write_csv<R: Serialize>(
    path: &Path,
    records: impl IntoIterator<Item = R>,
) -> Result<(), FigureError> {
    let failed = |cause| FigureError::Write {
        path: path.to_path_buf(),
        cause,
    };
    let mut table = csv::Writer::from_writer(Vec::new());
    for record in records {
        table
            .serialize(record)
            .map_err(|error| failed(io::Error::other(error)))?;
    }
    let bytes = table
        .into_inner()
        .map_err(|error| failed(error.into_error()))?;
    write(path, &bytes)
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), FigureError> {
    let folder = path.parent().filter(|folder| *folder != Path::new(""));
    folder
        .map_or(Ok(()), fs::create_dir_all)
        .and_then(|()| replace(path, bytes))
        .map_err(|cause| FigureError::Write {
            path: path.to_path_buf(),
            cause,
        })
}
