//! What every kernel launch needs.

use burn::tensor::{DType, Shape};
use burn_cubecl::kernel::into_contiguous;
use burn_cubecl::ops::numeric::empty_device_contiguous_dtype;
use burn_cubecl::tensor::CubeTensor;
use cubecl::{CubeCount, CubeDim, calculate_cube_count_elemwise};

/// A dense f32 tensor; views are copied.
pub(super) fn dense(x: CubeTensor) -> CubeTensor {
    assert_eq!(x.dtype, DType::F32, "visage's kernels work on f32");
    into_contiguous(x)
}

/// A new f32 tensor on the device of `like`.
pub(super) fn empty(like: &CubeTensor, shape: impl Into<Shape>) -> CubeTensor {
    empty_device_contiguous_dtype(
        like.client.clone(),
        like.device.clone(),
        shape.into(),
        DType::F32,
    )
}

/// Launch geometry for one unit per element, folded so that no axis exceeds the device's limit.
pub(super) fn elementwise(like: &CubeTensor, elements: usize) -> (CubeCount, CubeDim) {
    let dim = CubeDim::new(&like.client, elements);
    (
        calculate_cube_count_elemwise(&like.client, elements, dim),
        dim,
    )
}
