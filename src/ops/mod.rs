//! Operations that burn lacks or does badly on GPUs, each with a plain twin it is tested against.
//!
//! This is the only room that knows about backends. An operation is a trait with one
//! implementation per backend: a `#[cube]` kernel for GPUs, rayon loops for the CPU, and, where it
//! takes part in training, a hand-written backward.

mod adam;
mod conv;
mod cpu;
mod launch;
mod upsample;
mod views;

pub use adam::{AdamStep, adam, adam_plain};
pub use conv::{conv, measure_kernels};
pub use upsample::{upsample2, upsample2_plain};
pub use views::{UploadedFrames, gaussian_noise};
