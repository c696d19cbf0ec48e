//! Convolution on GPUs: tiled matrix products of our own, and burn's kernels where they were
//! measured to be faster.

mod activation;
mod burn;
mod choice;
mod data;
mod forward;
mod gather;
mod measure;
mod product;
mod thin;
pub(in crate::ops) mod tile;
mod weight;

use ::burn::backend::TensorMetadata;
use ::burn::backend::tensor::FloatTensor;
use burn_cubecl::CubeBackend;
use burn_cubecl::tensor::CubeTensor;
use cubecl::CubeCount;
use cubecl::server::CubeCountSelection;

use super::ConvOps;
use crate::device::{ConvKernel, ConvPass, ConvShape};

pub use measure::measure_kernels;

/// So many workgroups, folded so that no axis exceeds the device's limit; there may be some more.
fn workgroups(like: &CubeTensor, count: usize) -> CubeCount {
    CubeCountSelection::new(&like.client, count as u32).cube_count()
}

fn convolve(
    by: ConvKernel,
    x: CubeTensor,
    weight: CubeTensor,
    bias: CubeTensor,
    stride: usize,
    padding: usize,
    slope: f32,
) -> CubeTensor {
    if by != ConvKernel::Burn {
        return forward::forward(by, x, weight, bias, stride, padding, slope);
    }
    let out = burn::forward(x, weight, bias, stride, padding);
    if slope == 1.0 {
        out
    } else {
        activation::activation_backward(out.clone(), out, slope)
    }
}

fn backward_data(
    by: ConvKernel,
    grad: CubeTensor,
    weight: CubeTensor,
    [h, w]: [usize; 2],
    stride: usize,
    padding: usize,
) -> CubeTensor {
    if by != ConvKernel::Burn {
        return data::data_backward(by, grad, weight, [h, w], stride, padding);
    }
    let ([b, ..], [_, cin, ..]) = (grad.shape().dims::<4>(), weight.shape().dims::<4>());
    burn::data_backward(grad, weight, [b, cin, h, w], stride, padding)
}

fn backward_weight(
    by: ConvKernel,
    x: CubeTensor,
    grad: CubeTensor,
    kernel: usize,
    stride: usize,
    padding: usize,
) -> CubeTensor {
    if by != ConvKernel::Burn {
        return weight::weight_backward(x, grad, kernel, stride, padding);
    }
    let ([_, cin, ..], [_, cout, ..]) = (x.shape().dims::<4>(), grad.shape().dims::<4>());
    burn::weight_backward(x, grad, [cout, cin, kernel, kernel], stride, padding)
}

impl ConvOps for CubeBackend {
    fn conv(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        stride: usize,
        padding: usize,
        slope: f32,
    ) -> FloatTensor<Self> {
        let ([_, cin, height, width], [cout, _, kernel, _]) =
            (x.shape().dims(), weight.shape().dims());
        let shape = ConvShape {
            cin,
            cout,
            height,
            width,
            kernel,
            stride,
        };
        let by = choice::kernel(ConvPass::Forward, shape);
        convolve(by, x, weight, bias, stride, padding, slope)
    }

    fn conv_activation_backward(
        grad: FloatTensor<Self>,
        out: FloatTensor<Self>,
        slope: f32,
    ) -> FloatTensor<Self> {
        activation::activation_backward(grad, out, slope)
    }

    fn conv_data_backward(
        grad: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        h: usize,
        w: usize,
        stride: usize,
        padding: usize,
    ) -> FloatTensor<Self> {
        let [cout, cin, kernel, _] = weight.shape().dims();
        let shape = ConvShape {
            cin,
            cout,
            height: h,
            width: w,
            kernel,
            stride,
        };
        let by = choice::kernel(ConvPass::Data, shape);
        backward_data(by, grad, weight, [h, w], stride, padding)
    }

    fn conv_weight_backward(
        x: FloatTensor<Self>,
        grad: FloatTensor<Self>,
        kernel: usize,
        stride: usize,
        padding: usize,
    ) -> FloatTensor<Self> {
        let ([_, cin, height, width], [_, cout, ..]) =
            (x.shape().dims::<4>(), grad.shape().dims::<4>());
        let shape = ConvShape {
            cin,
            cout,
            height,
            width,
            kernel,
            stride,
        };
        let by = choice::kernel(ConvPass::Weight, shape);
        backward_weight(by, x, grad, kernel, stride, padding)
    }

    fn conv_bias_backward(grad: FloatTensor<Self>) -> FloatTensor<Self> {
        weight::bias_backward(grad)
    }
}
