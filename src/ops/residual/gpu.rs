//! The sum on GPUs: one launch.

use burn::backend::TensorMetadata;
use burn::backend::tensor::FloatTensor;
use burn_cubecl::CubeBackend;
use cubecl::prelude::*;

use super::ResidualOps;
use crate::ops::launch::{dense_map, elementwise, empty_map, storage};

/// LeakyReLU of a sum.
#[cube(launch)]
fn add<F: Float>(a: &[F], b: &[F], out: &mut [F], slope: f32, #[define(F)] _storage: ElemType) {
    if ABSOLUTE_POS >= out.len() {
        terminate!();
    }
    let sum = f32::cast_from(a[ABSOLUTE_POS]) + f32::cast_from(b[ABSOLUTE_POS]);
    out[ABSOLUTE_POS] = F::cast_from(select(sum > 0.0f32, sum, slope * sum));
}

impl ResidualOps for CubeBackend {
    fn add_activated(a: FloatTensor<Self>, b: FloatTensor<Self>, slope: f32) -> FloatTensor<Self> {
        let (a, b) = (dense_map(a), dense_map(b));
        assert_eq!(a.dtype, b.dtype, "maps that are added are stored alike");
        let out = empty_map(&a, a.shape());
        let (count, dim) = elementwise(&out, out.meta.num_elements());
        add::launch(
            &out.client,
            count,
            dim,
            a.into_buffer_arg(),
            b.into_buffer_arg(),
            out.clone().into_buffer_arg(),
            slope,
            storage(&out),
        );
        out
    }
}
