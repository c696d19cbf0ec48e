//! What can be wrong with an evaluation, in sentences.

use std::path::PathBuf;

use super::head::HeadError;
use super::input::DECODE_PX;
use super::rows::RowsError;
use super::verify::VerifyError;
use crate::data::SkippedFile;
use crate::data::labelled::{LabelledError, LeftOut, Picture, unusable};
use crate::networks::NetworkError;

/// Why an evaluation cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum EvalError {
    /// The trained network cannot be used.
    #[error(transparent)]
    Network(#[from] NetworkError),
    /// Something is wrong with the labelled pictures.
    #[error(transparent)]
    Labelled(#[from] LabelledError),
    /// Pictures whose pixels cannot be used; whoever hears of it can go on without them.
    #[error(
        "{} of the pictures cannot be used, {}: {}", .0.len(),
        .0.first().map_or("", |bad| &bad.reason), .0.first().map_or(std::path::Path::new(""), |bad| &bad.file).display()
    )]
    Pictures(Vec<SkippedFile>),
    /// A head cannot be trained.
    #[error(transparent)]
    Head(#[from] HeadError),
    /// Features and labels do not fit.
    #[error(transparent)]
    Rows(#[from] RowsError),
    /// Pairs cannot be verified.
    #[error(transparent)]
    Verify(#[from] VerifyError),
    /// The data set has too little for the protocol.
    #[error("{0}")]
    TooLittle(String),
    /// The feature cache or a result cannot be written.
    #[error("cannot write ({reason}); make room or choose another place with --out: {}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system says.
        reason: String,
    },
    /// The device failed.
    #[error("the device failed ({0}); try --device cpu")]
    Device(String),
}

impl EvalError {
    /// All of these pictures that cannot be used, one of which met `first`.
    pub(super) fn of_pictures(first: LabelledError, pictures: &[Picture]) -> Self {
        match unusable(pictures, DECODE_PX) {
            bad if bad.is_empty() => first.into(),
            bad => Self::Pictures(bad),
        }
    }

    /// Whether the user can put it right.
    pub fn is_users(&self) -> bool {
        match self {
            Self::Write { .. } | Self::Device(_) => false,
            Self::Network(error) => error.is_users(),
            _ => true,
        }
    }
}

/// What `attempt` makes without pictures that cannot be used: those it meets are left out, and it begins
/// again.
///
/// # Errors
/// Those of `attempt`; pictures only if leaving them out did not help.
pub fn without_unusable<T>(
    left_out: &mut LeftOut,
    mut attempt: impl FnMut(&LeftOut) -> Result<T, EvalError>,
) -> Result<T, EvalError> {
    loop {
        match attempt(left_out) {
            Err(EvalError::Pictures(bad)) => {
                if !left_out.add(bad.clone()) {
                    return Err(EvalError::Pictures(bad));
                }
            }
            other => return other,
        }
    }
}
