//! Measuring: how long the parts of a training step take, and how near that is to what the device
//! can do.
//!
//! ```text
//! step:  the trainer's own steps, its phases by their borders ─┐
//! alone: one phase over and over                               ├─▶ Report ─▶ text, JSON
//! op:    one operation of the network at the network's shapes ─┘      └──▶ baseline: now / then
//!                        ceiling: a large product, a large copy
//! ```
//!
//! Nothing here has a training step of its own: [`step`] drives a [`Trainer`](crate::train::Trainer)
//! and listens to [`phase`](crate::train::phase).

pub mod alone;
pub mod baseline;
mod ceiling;
pub mod kernels;
mod memory;
pub mod op;
mod report;
mod spread;
pub mod step;

use std::path::PathBuf;
use std::time::Instant;

pub use ceiling::Ceiling;
pub use memory::{PeakMemory, PeakSource};
pub use report::{OpReport, OpTime, PhaseReport, Setting, StepReport};
pub use spread::Spread;

use crate::config::RunConfig;
use crate::data::DataError;
use crate::device::ChosenDevice;
use crate::train::TrainError;
use crate::train::event::StopReason;

/// What to measure, on what.
pub struct BenchJob {
    /// Effective configuration.
    pub config: RunConfig,
    /// Folder of faces; generated faces without one.
    pub data: Option<PathBuf>,
    /// Where tensors live.
    pub device: ChosenDevice,
    /// Measured repetitions.
    pub steps: usize,
    /// Repetitions before them.
    pub warmup: usize,
    /// When the command began.
    pub began: Instant,
}

/// Why there is no measurement.
#[derive(Debug, thiserror::Error)]
pub enum BenchError {
    /// Training cannot begin.
    #[error(transparent)]
    Train(#[from] TrainError),
    /// Something is wrong with the faces.
    #[error(transparent)]
    Data(#[from] DataError),
    /// An operation that there is not.
    #[error("there is no operation `{0}`; there are {list}", list = op::NAMES.join(", "))]
    NoSuchOp(String),
    /// Nothing to choose from.
    #[error(
        "the CPU has one kernel for every convolution; give a GPU with --device to compare kernels on it"
    )]
    NoKernels,
    /// A baseline that cannot be used.
    #[error("the baseline {path} cannot be used: {reason}", path = path.display())]
    Baseline {
        /// Its file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// No face can be used.
    #[error("{0}")]
    Unusable(String),
    /// The device failed.
    #[error("{0}")]
    Device(String),
}

impl BenchError {
    /// Whether other arguments would help.
    pub fn is_users(&self) -> bool {
        !matches!(self, Self::Device(_))
    }
}

impl From<StopReason> for BenchError {
    fn from(reason: StopReason) -> Self {
        match reason {
            StopReason::Unusable { text } => Self::Unusable(text),
            StopReason::Failed { text } | StopReason::Unsaved { text } => Self::Device(text),
            StopReason::Finished | StopReason::Interrupted => {
                Self::Device("training ended before it could be timed".into())
            }
        }
    }
}

/// Waits until everything that was asked of a device is done.
fn sync(device: &ChosenDevice) -> Result<(), BenchError> {
    let done = device.device.sync();
    done.map_err(|error| BenchError::Device(error.to_string()))
}

/// The time `work` takes, in milliseconds.
fn timed<T>(work: impl FnOnce() -> Result<T, BenchError>) -> Result<(T, f64), BenchError> {
    let start = Instant::now();
    let result = work()?;
    Ok((result, start.elapsed().as_secs_f64() * 1e3))
}
