//! Linear heads on frozen features, trained on the CPU (METHODS 2.1–2.5).
//!
//! One loop ([`train`]) serves every protocol. What differs is the [`Recipe`] (optimiser, schedule,
//! batch-norm) and the [`Objective`] (which rows make an item, and the loss on the head's numbers):
//!
//! | Protocol | Objective | Recipe |
//! |---|---|---|
//! | expression 2.1, pose class 2.5 | [`CrossEntropy`] | [`Recipe::classes`] |
//! | verification 2.2, `linear_pairs` | [`CosineEmbedding`] | [`Recipe::pairs`] |
//! | action units 2.3 | [`BinaryCrossEntropy`] | [`Recipe::action_units`] |
//! | pose regression 2.4 | [`AbsoluteError`] | [`Recipe::pose`] |
//!
//! The features are read only: nothing here can change the encoder.

mod adam;
mod linear;
mod model;
mod norm;
mod objective;
mod pairs;
#[cfg(test)]
mod pytorch_tests;
mod recipe;
#[cfg(test)]
mod tests;
mod train;

use thiserror::Error;

pub use linear::Linear;
pub use objective::{AbsoluteError, BinaryCrossEntropy, CosineEmbedding, CrossEntropy, Objective};
pub use pairs::{LinearVerification, PAIR_OUTPUTS, verify_linear};
pub use recipe::{Optimizer, Recipe};
pub use train::{Better, Evaluation, Trained, train};

use super::rows::RowsError;
use super::verify::VerifyError;

/// Why a head could not be trained.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum HeadError {
    /// Features and labels do not fit.
    #[error(transparent)]
    Rows(#[from] RowsError),
    /// Pairs and folds do not fit.
    #[error(transparent)]
    Verify(#[from] VerifyError),
    /// A recipe that trains nothing.
    #[error(
        "a head needs at least one epoch and a batch of at least one; got {epochs} and {batch}"
    )]
    Recipe {
        /// Epochs asked for.
        epochs: u32,
        /// Items per step asked for.
        batch: usize,
    },
    /// Batch-norm over a single picture.
    #[error("a head with batch normalisation needs at least two training pictures")]
    OnePicture,
    /// Numbers that are none.
    #[error(
        "the loss of the head is not finite in epoch {epoch}: either the features are not (the \
         encoder has diverged) or the learning rate is too high"
    )]
    Diverged {
        /// Epoch, from 1.
        epoch: u32,
    },
}
