//! Convolution on the CPU, on all cores.
//!
//! 3×3 convolutions of stride 1, nearly all the arithmetic there is, go through Winograd's
//! transforms; the others are one product of the images as they lie in memory.

mod direct;
mod geometry;
mod winograd;

use burn::backend::tensor::FloatTensor;
use burn::backend::{Flex, TensorMetadata};

use self::geometry::Geometry;
use super::ConvOps;
use crate::ops::cpu::{Buffer, channels_last, combine, map, numbers, plain, sum_of_rows};

impl ConvOps for Flex {
    fn conv(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        stride: usize,
        padding: usize,
        slope: f32,
    ) -> FloatTensor<Self> {
        let x = channels_last(x);
        let (weight, bias) = (weight.to_contiguous(), bias.to_contiguous());
        let ([b, cin, h, w], [cout, _, kernel, _]) = (x.shape().dims(), weight.shape().dims());
        let side = |n: usize| (n + 2 * padding - kernel) / stride + 1;
        let (oh, ow) = (side(h), side(w));
        let g = Geometry::new([b, cin, h, w], [cout, oh, ow], kernel, stride, padding);
        let mut out = Buffer::new(b * g.output());
        let forward = if winograd::suits(&g, winograd::WORTH) {
            winograd::forward
        } else {
            direct::forward
        };
        let (x, weight, bias) = (numbers(&x), numbers(&weight), numbers(&bias));
        forward(&g, x, weight, (bias, slope), &mut out);
        map(out, [b, cout, oh, ow])
    }

    fn conv_activation_backward(
        grad: FloatTensor<Self>,
        out: FloatTensor<Self>,
        slope: f32,
    ) -> FloatTensor<Self> {
        combine(channels_last(grad), &channels_last(out), |g, o| {
            if o > 0.0 { g } else { slope * g }
        })
    }

    fn conv_data_backward(
        grad: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        h: usize,
        w: usize,
        stride: usize,
        padding: usize,
    ) -> FloatTensor<Self> {
        let (grad, weight) = (channels_last(grad), weight.to_contiguous());
        let ([b, cout, oh, ow], [_, cin, kernel, _]) = (grad.shape().dims(), weight.shape().dims());
        let g = Geometry::new([b, cin, h, w], [cout, oh, ow], kernel, stride, padding);
        let mut out = Buffer::new(b * g.input());
        let backward = if winograd::suits(&g, winograd::WORTH) {
            winograd::data_backward
        } else {
            direct::data_backward
        };
        backward(&g, numbers(&grad), numbers(&weight), &mut out);
        map(out, [b, cin, h, w])
    }

    fn conv_weight_backward(
        x: FloatTensor<Self>,
        grad: FloatTensor<Self>,
        kernel: usize,
        stride: usize,
        padding: usize,
    ) -> FloatTensor<Self> {
        let (x, grad) = (channels_last(x), channels_last(grad));
        let ([b, cin, h, w], [_, cout, oh, ow]) = (x.shape().dims(), grad.shape().dims());
        let g = Geometry::new([b, cin, h, w], [cout, oh, ow], kernel, stride, padding);
        let mut out = Buffer::new(cout * g.depth());
        let backward = if winograd::suits(&g, winograd::WORTH_AT_WEIGHT) {
            winograd::weight_backward
        } else {
            direct::weight_backward
        };
        backward(&g, numbers(&x), numbers(&grad), &mut out);
        plain(out, [cout, cin, kernel, kernel])
    }

    fn conv_bias_backward(grad: FloatTensor<Self>) -> FloatTensor<Self> {
        let grad = channels_last(grad);
        let [_, cout, ..] = grad.shape().dims::<4>();
        let sums = sum_of_rows(numbers(&grad), cout);
        plain(sums, [cout])
    }
}
