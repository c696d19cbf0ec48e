//! What can be wrong with an evaluation, in sentences.

use std::path::PathBuf;

use super::head::HeadError;
use super::rows::RowsError;
use super::verify::VerifyError;
use crate::data::labelled::LabelledError;
use crate::weights::WeightsError;

/// Why an evaluation cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum EvalError {
    /// Neither a run nor a weights file.
    #[error("there is no run and no weights file; give a run folder, a checkpoint folder or a .safetensors file: {}", .0.display())]
    Nothing(PathBuf),
    /// A run that has not saved anything yet.
    #[error("this run has no checkpoint yet; let it train until the first one: {}", .0.display())]
    NoCheckpoint(PathBuf),
    /// The weights cannot be read.
    #[error(transparent)]
    Weights(#[from] WeightsError),
    /// The weights do not say which network they belong to.
    #[error("the weights carry no configuration in their metadata, so the network is unknown; use a model.safetensors of a visage run: {}", .0.display())]
    NoConfig(PathBuf),
    /// The weights do not fit the network they name.
    #[error("the weights do not fit the network their metadata names ({reason}): {}", path.display())]
    Mismatch {
        /// The weights file.
        path: PathBuf,
        /// The first difference.
        reason: String,
    },
    /// Something is wrong with the labelled pictures.
    #[error(transparent)]
    Labelled(#[from] LabelledError),
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
    /// Whether the user can put it right.
    pub fn is_users(&self) -> bool {
        !matches!(self, Self::Write { .. } | Self::Device(_))
    }
}
