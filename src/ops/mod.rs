//! Operations that burn lacks or does slowly, each with a plain twin it is tested against.
//!
//! This is the only room that knows about backends. An operation is a trait with one
//! implementation per backend: a `#[cube]` kernel for GPUs, rayon loops for the CPU, and, where it
//! takes part in training, a hand-written backward.

mod adam;
mod attention;
mod colours;
mod contrast;
mod conv;
mod cpu;
mod dense;
mod flat;
mod launch;
mod norm;
mod picture;
mod product;
mod reduce;
mod residual;
mod total;
mod trial;
mod upconv;
mod upsample;
mod views;
mod warp;
#[cfg(test)]
mod without_fusion;

use burn::tensor::Device;

use crate::device::{KernelGroup, layer_is_ours};

pub use adam::{AdamStep, adam, adam_plain};
pub(crate) use attention::{Projections, attention};
pub(crate) use colours::{colours, painted};
pub(crate) use contrast::{mixed_cross_entropy, pose_cross_entropy};
pub use conv::{conv, measure_kernels};
pub(crate) use flat::{add, sum_of_squares};
pub(crate) use norm::{Normalised, batch_norm};
pub(crate) use picture::{mean_distance, tanh};
pub(crate) use product::{linear, product_turned};
pub(crate) use residual::residual;
pub(crate) use total::{mean, total};
pub use trial::try_kernels;
pub use upconv::up_conv;
pub use upsample::{upsample2, upsample2_plain};
pub use views::{UploadedFrames, gaussian_noise};
pub(crate) use warp::warp;

/// Whether tensors of this device lie on the CPU.
pub(crate) fn on_cpu(device: Device) -> bool {
    device.inner() == Device::flex()
}

/// Whether operations of ours compute this on this device. If not, ordinary ones do: on GPUs where
/// ours gave wrong results or were measured to be slower, and for the contrastive losses on the CPU,
/// where launches cost nothing.
pub(crate) fn ours(group: KernelGroup, device: Device) -> bool {
    if on_cpu(device) {
        return !matches!(group, KernelGroup::FaceLoss | KernelGroup::PoseLoss);
    }
    trial::trusted(group) && layer_is_ours(group)
}
