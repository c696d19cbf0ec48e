//! The same on the CPU, on all cores.

mod collect;
mod layer;
mod spread;
mod vector;

use burn::backend::tensor::FloatTensor;
use burn::backend::{Flex, TensorMetadata};

use self::layer::Sizes;
use super::UpConvOps;
use crate::ops::cpu::{Buffer, channels_last, map, numbers, plain, sum_of_rows};

impl UpConvOps for Flex {
    fn up_conv(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
    ) -> FloatTensor<Self> {
        let x = channels_last(x);
        let (weight, bias) = (weight.to_contiguous(), bias.to_contiguous());
        let ([b, cin, h, w], [cout, ..]) = (x.shape().dims(), weight.shape().dims::<4>());
        let mut out = Buffer::new(b * cout * 4 * h * w);
        let (x, weight, bias) = (numbers(&x), numbers(&weight), numbers(&bias));
        layer::forward(Sizes { cin, cout, h, w }, x, weight, bias, &mut out);
        map(out, [b, cout, 2 * h, 2 * w])
    }

    fn up_conv_backward(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        grad: FloatTensor<Self>,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        let (x, grad) = (channels_last(x), channels_last(grad));
        let weight = weight.to_contiguous();
        let ([b, cin, h, w], [cout, ..]) = (x.shape().dims(), weight.shape().dims::<4>());
        let (x, grad, weight) = (numbers(&x), numbers(&grad), numbers(&weight));
        let (mut at_x, mut at_weight) = (Buffer::new(x.len()), Buffer::new(weight.len()));
        let sizes = Sizes { cin, cout, h, w };
        layer::backward(sizes, (x, grad), weight, (&mut at_x, &mut at_weight));
        (
            map(at_x, [b, cin, h, w]),
            plain(at_weight, [cout, cin, 3, 3]),
            plain(sum_of_rows(grad, cout), [cout]),
        )
    }
}
