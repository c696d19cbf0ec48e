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
pub(in crate::ops) mod taps;
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

pub(in crate::ops) use activation::activation_backward;
pub use measure::measure_kernels;
pub(in crate::ops) use weight::bias_backward;

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
        activation_backward(out.clone(), out, slope)
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
        activation_backward(grad, out, slope)
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
        bias_backward(grad)
    }
}

#[cfg(test)]
mod tests {
    use ::burn::backend::ops::FloatTensorOps;
    use ::burn::backend::{Backend, BackendTypes, DispatchDevice};
    use ::burn::tensor::{DType, Distribution, FloatDType, Shape};
    use burn_cubecl::ops::into_data_sync;

    use super::*;
    use crate::device::{DeviceRequest, choose};

    type Device = <CubeBackend as BackendTypes>::Device;

    fn random(shape: &[usize], stored: FloatDType, device: &Device) -> CubeTensor {
        let between = Distribution::Uniform(-1.0, 1.0);
        let numbers = CubeBackend::float_random(
            Shape::from(shape.to_vec()),
            between,
            device,
            FloatDType::F32,
        );
        CubeBackend::float_cast(numbers, stored)
    }

    /// Output and gradients at x and weight by one of the kernels.
    fn all(
        by: ConvKernel,
        [x, weight, bias, grad]: [&CubeTensor; 4],
        stride: usize,
    ) -> [CubeTensor; 3] {
        let ([_, _, h, w], [_, _, kernel, _]) = (x.shape().dims::<4>(), weight.shape().dims::<4>());
        let [x, weight, bias, grad] = [x, weight, bias, grad].map(CubeTensor::clone);
        let padding = kernel / 2;
        [
            convolve(by, x.clone(), weight.clone(), bias, stride, padding, 0.1),
            backward_data(by, grad.clone(), weight, [h, w], stride, padding),
            backward_weight(by, x, grad, kernel, stride, padding),
        ]
    }

    /// Whichever kernel is chosen, it takes and leaves maps stored alike.
    #[test]
    fn ours_and_burns_agree_however_maps_are_stored() {
        let Ok(chosen) = choose(DeviceRequest::Software) else {
            assert!(std::env::var_os("VISAGE_REQUIRE_GPU").is_none(), "no GPU");
            return;
        };
        let plain = chosen.device.inner();
        let DispatchDevice::Cube(device) = plain.as_dispatch() else {
            panic!("the software adapter is a GPU");
        };
        // No number here is above 16.
        for (stored, tolerance) in [(FloatDType::F32, 1e-4), (FloatDType::F16, 2e-2)] {
            for (kernel, stride) in [(3, 1), (3, 2), (1, 1)] {
                let x = random(&[2, 5, 9, 8], stored, device);
                let weight = random(&[6, 5, kernel, kernel], FloatDType::F32, device);
                let bias = random(&[6], FloatDType::F32, device);
                let side = |n: usize| (n - 1) / stride + 1;
                let grad = random(&[2, 6, side(9), side(8)], stored, device);
                let tensors = [&x, &weight, &bias, &grad];
                let ours = all(ConvKernel::Ours, tensors, stride);
                let burns = all(ConvKernel::Burn, tensors, stride);
                let map = DType::from(stored);
                assert_eq!(ours.each_ref().map(|t| t.dtype), [map, map, DType::F32]);
                for (a, b) in ours.into_iter().zip(burns) {
                    assert_eq!((a.dtype, a.shape()), (b.dtype, b.shape()));
                    let [a, b] = [a, b].map(|t| into_data_sync(t).convert::<f32>());
                    for (a, b) in a.iter::<f32>().zip(b.iter::<f32>()) {
                        let off = (a - b).abs();
                        assert!(
                            off < tolerance,
                            "{a}, not {b}: {stored:?}, {kernel}, {stride}"
                        );
                    }
                }
            }
        }
        CubeBackend::sync(device).unwrap();
    }
}
