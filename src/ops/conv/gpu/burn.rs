//! burn's own kernels.

use burn::backend::ops::ConvOptions;
use burn::tensor::Shape;
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
    let strategy = ConvStrategy::default();
    conv_forward::<2>(x, weight, Some(bias), options(stride, padding), strategy)
        .expect("a direct convolution exists for every shape")
}

/// `shape` is that of the input.
pub(super) fn data_backward(
    grad: CubeTensor,
    weight: CubeTensor,
    shape: [usize; 4],
    stride: usize,
    padding: usize,
) -> CubeTensor {
    let (shape, strategy) = (Shape::new(shape), ConvStrategy::default());
    conv_data_backward::<2>(grad, weight, shape, options(stride, padding), strategy)
        .expect("a fallback exists for every shape")
}

/// `shape` is that of the weight.
pub(super) fn weight_backward(
    x: CubeTensor,
    grad: CubeTensor,
    shape: [usize; 4],
    stride: usize,
    padding: usize,
) -> CubeTensor {
    let (shape, strategy) = (Shape::new(shape), ConvStrategy::default());
    conv_weight_backward::<2>(x, grad, shape, options(stride, padding), strategy)
        .expect("a fallback exists for every shape")
}
