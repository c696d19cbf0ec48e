//! LeakyReLU on its own, and its gradient.

use burn_cubecl::tensor::CubeTensor;
use cubecl::prelude::*;

use crate::ops::launch::{dense_map, elementwise, empty_map, storage};
use burn::backend::TensorMetadata;

/// `grad` where `out` is positive, slope · `grad` elsewhere.
#[cube(launch)]
fn masked<F: Float>(
    grad: &[F],
    by: &[F],
    out: &mut [F],
    slope: f32,
    #[define(F)] _storage: ElemType,
) {
    if ABSOLUTE_POS >= out.len() {
        terminate!();
    }
    let value = f32::cast_from(grad[ABSOLUTE_POS]);
    let positive = f32::cast_from(by[ABSOLUTE_POS]) > 0.0f32;
    out[ABSOLUTE_POS] = F::cast_from(select(positive, value, slope * value));
}

/// Gradient before the LeakyReLU that made `out`. With `grad` = `out` it is the LeakyReLU itself.
pub(in crate::ops) fn activation_backward(
    grad: CubeTensor,
    out: CubeTensor,
    slope: f32,
) -> CubeTensor {
    let (grad, by) = (dense_map(grad), dense_map(out));
    let out = empty_map(&grad, grad.shape());
    let (count, dim) = elementwise(&out, out.meta.num_elements());
    masked::launch(
        &out.client,
        count,
        dim,
        grad.into_buffer_arg(),
        by.into_buffer_arg(),
        out.clone().into_buffer_arg(),
        slope,
        storage(&out),
    );
    out
}
