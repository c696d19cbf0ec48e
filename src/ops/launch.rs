//! What every kernel launch needs.

use std::ops::Range;

use burn::backend::TensorMetadata;
use burn::tensor::{DType, Shape};
use burn_cubecl::kernel::into_contiguous;
use burn_cubecl::ops::numeric::empty_device_contiguous_dtype;
use burn_cubecl::tensor::CubeTensor;
use cubecl::ir::{ElemType, FloatKind};
use cubecl::{CubeCount, CubeDim, calculate_cube_count_elemwise};

/// A dense f32 tensor; views are copied.
pub(super) fn dense(x: CubeTensor) -> CubeTensor {
    assert_eq!(x.dtype, DType::F32, "visage's kernels work on f32");
    into_contiguous(x)
}

/// A dense map, stored in f32 or f16; views are copied.
pub(super) fn dense_map(x: CubeTensor) -> CubeTensor {
    storage(&x);
    into_contiguous(x)
}

/// How the numbers of a map are stored: what a kernel's storage parameter stands for.
pub(super) fn storage(map: &CubeTensor) -> ElemType {
    ElemType::Float(match map.dtype {
        DType::F32 => FloatKind::F32,
        DType::F16 => FloatKind::F16,
        other => panic!("visage's kernels work on maps in f32 or f16, not {other:?}"),
    })
}

/// A new f32 tensor on the device of `like`.
pub(super) fn empty(like: &CubeTensor, shape: impl Into<Shape>) -> CubeTensor {
    empty_of(like, shape, DType::F32)
}

/// A new map on the device of `like`, stored as `like` is.
pub(super) fn empty_map(like: &CubeTensor, shape: impl Into<Shape>) -> CubeTensor {
    empty_of(like, shape, like.dtype)
}

fn empty_of(like: &CubeTensor, shape: impl Into<Shape>, dtype: DType) -> CubeTensor {
    empty_device_contiguous_dtype(
        like.client.clone(),
        like.device.clone(),
        shape.into(),
        dtype,
    )
}

/// Some pictures of a dense map, where they lie. They have to begin where the device lets a buffer be
/// bound.
pub(super) fn pictures(map: &CubeTensor, range: Range<usize>) -> CubeTensor {
    let [b, c, h, w] = map.shape().dims();
    let bytes = |pictures: usize| (pictures * c * h * w * map.dtype.size()) as u64;
    let handle = map.handle.clone();
    CubeTensor::new_contiguous(
        map.client.clone(),
        map.device.clone(),
        Shape::new([range.len(), c, h, w]),
        handle
            .offset_start(bytes(range.start))
            .offset_end(bytes(b - range.end)),
        map.dtype,
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
