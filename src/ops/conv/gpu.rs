//! Convolution on GPUs: burn's kernels.

use burn::backend::TensorMetadata;
use burn::backend::ops::conv::calculate_padding_out;
use burn::backend::ops::{ActivationOps, FloatTensorOps};
use burn::backend::ops::{ConvOptions, ConvTransposeOptions};
use burn::backend::tensor::FloatTensor;
use burn_cubecl::CubeBackend;
use burn_cubecl::kernel::conv::{
    ConvStrategy, ConvTranspose2dStrategy, conv_data_backward, conv_forward, conv_forward_nhwc,
    conv_transpose2d, conv_weight_backward,
};
use burn_cubecl::kernel::slice;
use burn_cubecl::ops::{permute, permute_nchw_to_nhwc, permute_nhwc_to_nchw};

use super::ConvOps;
use crate::device::is_software;

fn options(stride: usize, padding: usize) -> ConvOptions<2> {
    ConvOptions::new([stride; 2], [padding; 2], [1; 2], 1)
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
        let strategy = if is_software() {
            ConvStrategy::Direct
        } else {
            ConvStrategy::default()
        };
        let out = conv_forward::<2>(x, weight, Some(bias), options(stride, padding), strategy)
            .expect("a direct convolution exists for every shape");
        if slope == 1.0 {
            return out;
        }
        Self::leaky_relu(out, slope.into())
    }

    fn conv_activation_backward(
        grad: FloatTensor<Self>,
        out: FloatTensor<Self>,
        slope: f32,
    ) -> FloatTensor<Self> {
        // The slope is positive: the sign of what came out is that of what went in.
        let above = Self::float_clamp_min(Self::float_sign(out), 0f32.into());
        let scale = Self::float_mul_scalar(above, (1.0 - slope).into());
        Self::float_mul(grad, Self::float_add_scalar(scale, slope.into()))
    }

    fn conv_data_backward(
        grad: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        h: usize,
        w: usize,
        stride: usize,
        padding: usize,
    ) -> FloatTensor<Self> {
        let [b, _, oh, ow] = grad.shape().dims();
        let [_, cin, kernel, _] = weight.shape().dims();
        let options = options(stride, padding);
        if !is_software() {
            let shape = burn::tensor::Shape::new([b, cin, h, w]);
            return conv_data_backward::<2>(grad, weight, shape, options, ConvStrategy::default())
                .expect("a fallback exists for every shape");
        }
        let out = |n, o| calculate_padding_out(kernel, stride, padding, 1, n, o);
        let options = ConvTransposeOptions::new(
            [stride; 2],
            [padding; 2],
            [out(h, oh), out(w, ow)],
            [1; 2],
            1,
        );
        conv_transpose2d(grad, weight, None, options, ConvTranspose2dStrategy::Direct)
            .expect("a direct transposed convolution exists for every shape")
    }

    fn conv_weight_backward(
        x: FloatTensor<Self>,
        grad: FloatTensor<Self>,
        kernel: usize,
        stride: usize,
        padding: usize,
    ) -> FloatTensor<Self> {
        let ([_, cin, _, _], [_, cout, _, _]) = (x.shape().dims(), grad.shape().dims());
        if !is_software() {
            let shape = burn::tensor::Shape::new([cout, cin, kernel, kernel]);
            let strategy = ConvStrategy::default();
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
        let grads = slice(
            permute(grads, &swap),
            &[0..cout, 0..kernel, 0..kernel, 0..cin],
        );
        permute_nhwc_to_nchw(grads)
    }

    fn conv_bias_backward(grad: FloatTensor<Self>) -> FloatTensor<Self> {
        let [b, cout, oh, ow] = grad.shape().dims();
        let rows = Self::float_reshape(
            Self::float_swap_dims(grad, 0, 1),
            burn::tensor::Shape::new([cout, b * oh * ow]),
        );
        Self::float_reshape(
            Self::float_sum_dim(rows, 1),
            burn::tensor::Shape::new([cout]),
        )
    }
}
