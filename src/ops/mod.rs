//! Operations that burn lacks or does slowly, each with a plain twin it is tested against.
//!
//! This is the only room that knows about backends. An operation is a trait with one
//! implementation per backend: a `#[cube]` kernel for GPUs, rayon loops for the CPU, and, where it
//! takes part in training, a hand-written backward.

mod adam;
mod attention;
mod contrast;
mod conv;
mod cpu;
mod flat;
mod launch;
mod norm;
mod picture;
mod residual;
mod upsample;
mod views;

use burn::tensor::Device;

pub use adam::{AdamStep, adam, adam_plain};
pub(crate) use attention::attention;
pub use contrast::mixed_cross_entropy;
pub use conv::{conv, measure_kernels, try_kernels};
pub(crate) use flat::{add, sum_of_squares};
pub(crate) use norm::{Normalised, batch_norm};
pub(crate) use picture::{mean_distance, tanh};
pub(crate) use residual::residual;
pub use upsample::{relu_upsample2, upsample2, upsample2_plain};
pub use views::{UploadedFrames, gaussian_noise};

/// Whether tensors of this device lie on the CPU, where some layers are one operation.
pub(crate) fn on_cpu(device: Device) -> bool {
    device.inner() == Device::flex()
}
