//! LeakyReLU on its own, and its gradient.

use burn_cubecl::tensor::CubeTensor;
use cubecl::prelude::*;

use crate::ops::launch::{dense, elementwise, empty};
use burn::backend::TensorMetadata;

/// `grad` where `out` is positive, slope · `grad` elsewhere.
#[cube(launch)]
fn masked(grad: &[f32], by: &[f32], out: &mut [f32], slope: f32) {
    if ABSOLUTE_POS >= out.len() {
        terminate!();
    }
    let value = grad[ABSOLUTE_POS];
    out[ABSOLUTE_POS] = select(by[ABSOLUTE_POS] > 0.0f32, value, slope * value);
}

/// Gradient before the LeakyReLU that made `out`. With `grad` = `out` it is the LeakyReLU itself.
pub(super) fn activation_backward(grad: CubeTensor, out: CubeTensor, slope: f32) -> CubeTensor {
    let (grad, by) = (dense(grad), dense(out));
    let out = empty(&grad, grad.shape());
    let (count, dim) = elementwise(&out, out.meta.num_elements());
    masked::launch(
        &out.client,
        count,
        dim,
        grad.into_buffer_arg(),
        by.into_buffer_arg(),
        out.clone().into_buffer_arg(),
        slope,
    );
    out
}
