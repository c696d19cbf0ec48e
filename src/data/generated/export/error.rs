//! What can be wrong with an export.

use std::path::{Path, PathBuf};

use super::{ExportLayout, MOST_IDENTITIES, SIDES_PX};

/// Why generated faces cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The splits cannot be filled.
    #[error(
        "the layout {layout} needs at least {fewest} identities, {given} were asked for: {reason}"
    )]
    TooFew {
        /// The layout.
        layout: ExportLayout,
        /// What was asked for.
        given: usize,
        /// What it takes.
        fewest: usize,
        /// Why.
        reason: &'static str,
    },
    /// More people than [`MOST_IDENTITIES`].
    #[error("{0} identities were asked for; an export holds at most {MOST_IDENTITIES}")]
    TooMany(usize),
    /// The renderer is not made for this side.
    #[error("pictures of {0} pixels a side were asked for; the side must be {least} to {most}", least = SIDES_PX.start(), most = SIDES_PX.end())]
    Side(u32),
    /// The format knows one side only.
    #[error(
        "pictures of the layout {layout} always have {usual} pixels a side; leave the size out"
    )]
    PrescribedSide {
        /// The layout.
        layout: ExportLayout,
        /// Its side in pixels.
        usual: u32,
    },
    /// No pair of a fold is as far apart in pose as the layout demands.
    #[error(
        "fold {fold} of the layout {layout} has no pair that is far enough apart in pose; ask for more identities or another seed"
    )]
    NoPairs {
        /// The layout.
        layout: ExportLayout,
        /// Fold, from 1.
        fold: usize,
    },
    /// The output folder holds something.
    #[error("the output folder is not empty; choose another or empty it: {}", .0.display())]
    NotEmpty(PathBuf),
    /// A file or folder cannot be written.
    #[error("this cannot be written ({reason}); check the path, its permissions and the free space: {}", path.display())]
    Unwritable {
        /// File or folder.
        path: PathBuf,
        /// What the system says.
        reason: String,
    },
}

impl ExportError {
    /// Blames `path` for what a library reports.
    pub(super) fn unwritable<E: std::fmt::Display>(path: &Path) -> impl Fn(E) -> Self {
        move |error| Self::Unwritable {
            path: path.to_path_buf(),
            reason: error.to_string(),
        }
    }
}
