//! burn's own kernels.

use burn::backend::TensorMetadata;
use burn::backend::ops::conv::calculate_padding_out;
use burn::backend::ops::{ConvOptions, ConvTransposeOptions};
use burn::tensor::Shape;
use burn_cubecl::kernel::conv::{
    ConvStrategy, ConvTranspose2dStrategy, conv_data_backward, conv_forward, conv_forward_nhwc,
    conv_transpose2d, conv_weight_backward,
};
use burn_cubecl::kernel::slice;
use burn_cubecl::ops::{permute, permute_nchw_to_nhwc, permute_nhwc_to_nchw};
use burn_cubecl::tensor::CubeTensor;

use crate::device::is_software;

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
    // Nothing is tuned on a software rasteriser: a kernel is named.
    let strategy = if is_software() {
        ConvStrategy::Direct
    } else {
        ConvStrategy::default()
    };
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
    if !is_software() {
        let (shape, strategy) = (Shape::new(shape), ConvStrategy::default());
        return conv_data_backward::<2>(grad, weight, shape, options(stride, padding), strategy)
            .expect("a fallback exists for every shape");
    }
    let ([_, _, oh, ow], [_, _, kernel, _]) =
        (grad.shape().dims::<4>(), weight.shape().dims::<4>());
    let out = |n, o| calculate_padding_out(kernel, stride, padding, 1, n, o);
    let options = ConvTransposeOptions::new(
        [stride; 2],
        [padding; 2],
        [out(shape[2], oh), out(shape[3], ow)],
        [1; 2],
        1,
    );
    conv_transpose2d(grad, weight, None, options, ConvTranspose2dStrategy::Direct)
        .expect("a direct transposed convolution exists for every shape")
}

/// `shape` is that of the weight.
pub(super) fn weight_backward(
    x: CubeTensor,
    grad: CubeTensor,
    shape: [usize; 4],
    stride: usize,
    padding: usize,
) -> CubeTensor {
    if !is_software() {
        let (shape, strategy) = (Shape::new(shape), ConvStrategy::default());
        return conv_weight_backward::<2>(x, grad, shape, options(stride, padding), strategy)
            .expect("a fallback exists for every shape");
    }
    // The weight gradient is a convolution of x with grad, batch and channels exchanged, its
    // stride as dilation.
    let swap = [3, 1, 2, 0];
    let swapped = |t| permute(permute_nchw_to_nhwc(t), &swap);
    let options = ConvOptions::new([1; 2], [padding; 2], [stride; 2], 1);
    let direct = ConvStrategy::Direct;
    let grads = conv_forward_nhwc::<2>(swapped(x), swapped(grad), None, options, direct)
        .expect("a direct convolution exists for every shape");
    // A stride may leave taps beyond the kernel.
    let [cout, cin, kernel, _] = shape;
    let grads = slice(
        permute(grads, &swap),
        &[0..cout, 0..kernel, 0..kernel, 0..cin],
    );
    permute_nhwc_to_nchw(grads)
}
