//! What can be wrong with a trained network, in sentences.

use std::path::PathBuf;

use super::shipped;
use crate::weights::WeightsError;

/// Why a trained network cannot be used or written.
#[derive(Debug, thiserror::Error)]
pub enum NetworkError {
    /// Neither a run nor a weights file nor a name.
    #[error(
        "there is no run and no weights file, and no network of this name comes with the program ({}); give a run \
         folder, a checkpoint folder, a .safetensors file or a name: {}",
        shipped::list_in_words(),
        .0.display()
    )]
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
    /// The words beside the weights cannot be read.
    #[error("the words about the network cannot be read ({reason}); copy both files again: {}", path.display())]
    Provenance {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// The words beside the weights are about another file.
    #[error("the weights are not those that network.toml beside them describes (their SHA-256 differs); copy both files again: {}", .0.display())]
    OtherWeights(PathBuf),
    /// A weight does not fit into 16 bits, or is not a number.
    #[error("the weights cannot be written as 16-bit floats ({0})")]
    NotHalf(String),
    /// A file cannot be written.
    #[error("cannot write ({source}); make room or choose another place with --out: {}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
}

impl NetworkError {
    /// Whether the user can put it right.
    pub fn is_users(&self) -> bool {
        !matches!(self, Self::Write { .. })
    }
}
