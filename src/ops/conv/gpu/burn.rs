//! burn's own kernels. Nothing is tuned: its direct ones, the only ones that work on every adapter.
//! They want all numbers stored alike, so maps in 16 bits are widened first.

use burn::backend::ops::ConvOptions;
use burn::tensor::{DType, Shape};
use burn_cubecl::kernel::cast;
use burn_cubecl::kernel::conv::{
    ConvStrategy, conv_data_backward, conv_forward, conv_weight_backward,
};
use burn_cubecl::tensor::CubeTensor;

fn options(stride: usize, padding: usize) -> ConvOptions<2> {
    ConvOptions::new([stride; 2], [padding; 2], [1; 2], 1)
}

/// Convolution and bias, without activation.
pub(super) fn forward(
    x: CubeTensor,
    weight: CubeTensor,
    bias: CubeTensor,
    stride: usize,
    padding: usize,
) -> CubeTensor {
    let (options, direct) = (options(stride, padding), ConvStrategy::Direct);
    let (stored, x) = (x.dtype, cast(x, DType::F32));
    let out = conv_forward::<2>(x, weight, Some(bias), options, direct)
        .expect("a direct convolution exists for every shape");
    cast(out, stored)
}

/// `shape` is that of the input.
pub(super) fn data_backward(
    grad: CubeTensor,
    weight: CubeTensor,
    shape: [usize; 4],
    stride: usize,
    padding: usize,
) -> CubeTensor {
    let (options, direct) = (options(stride, padding), ConvStrategy::Direct);
    let (stored, grad) = (grad.dtype, cast(grad, DType::F32));
    let out = conv_data_backward::<2>(grad, weight, Shape::new(shape), options, direct)
        .expect("a direct data gradient exists for every shape");
    cast(out, stored)
}

/// `shape` is that of the weight. The gradient is f32.
pub(super) fn weight_backward(
    x: CubeTensor,
    grad: CubeTensor,
    shape: [usize; 4],
    stride: usize,
    padding: usize,
) -> CubeTensor {
    let (options, direct) = (options(stride, padding), ConvStrategy::Direct);
    let (x, grad) = (cast(x, DType::F32), cast(grad, DType::F32));
    conv_weight_backward::<2>(x, grad, Shape::new(shape), options, direct)
        .expect("a direct weight gradient exists for every shape")
}
