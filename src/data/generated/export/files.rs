//! Files and folders.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use image::codecs::jpeg::JpegEncoder;
use rayon::prelude::*;

use super::ExportError;
use super::plan::{Shot, Studio};

const JPEG_QUALITY: u8 = 95;

/// Makes sure that `out` is a folder without contents.
pub fn empty_folder(out: &Path) -> Result<(), ExportError> {
    fs::create_dir_all(out).map_err(ExportError::unwritable(out))?;
    let mut entries = fs::read_dir(out).map_err(ExportError::unwritable(out))?;
    match entries.next() {
        None => Ok(()),
        Some(_) => Err(ExportError::NotEmpty(out.to_path_buf())),
    }
}

/// Writes a file and the folders above it.
pub fn write(path: &Path, bytes: &[u8]) -> Result<(), ExportError> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(ExportError::unwritable(folder))?;
    }
    fs::write(path, bytes).map_err(ExportError::unwritable(path))
}

/// Draws every shot into a JPEG file of its own, on all cores.
pub fn write_pictures(studio: &Studio, shots: &[Shot], out: &Path) -> Result<(), ExportError> {
    let paths: Vec<_> = shots.iter().map(|shot| out.join(&shot.file)).collect();
    let folders: BTreeSet<_> = paths.iter().filter_map(|path| path.parent()).collect();
    for folder in folders {
        fs::create_dir_all(folder).map_err(ExportError::unwritable(folder))?;
    }
    shots.par_iter().zip(&paths).try_for_each(|(shot, path)| {
        let mut bytes = Vec::new();
        JpegEncoder::new_with_quality(&mut bytes, JPEG_QUALITY)
            .encode_image(&studio.picture(shot))
            .map_err(ExportError::unwritable(path))?;
        fs::write(path, bytes).map_err(ExportError::unwritable(path))
    })
}
