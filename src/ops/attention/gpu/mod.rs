//! Channel attention on GPUs: the 1×1 convolution of three maps in one, two softmaxes in place, and
//! products of a picture's maps in workgroup memory.

mod product;
mod softmax;

use burn::backend::TensorMetadata;
use burn::backend::tensor::FloatTensor;
use burn_cubecl::CubeBackend;
use burn_cubecl::tensor::CubeTensor;

use super::AttentionOps;
use crate::ops::conv::ConvOps;
use crate::ops::launch::{dense_map, empty, empty_map};
use crate::ops::residual::ResidualOps;
use product::{Operand, Shape, product};
use softmax::{softmaxes, softmaxes_backward};

/// G̃, Θ̃ and Φ: `[b, 3c, h, w]`.
fn projected(x: CubeTensor, weight: CubeTensor, bias: CubeTensor) -> CubeTensor {
    let q = dense_map(CubeBackend::conv(x, weight, bias, 1, 0, 1.0));
    softmaxes(&q);
    q
}

/// The products over positions and channels that all pictures of a map need.
struct Products {
    images: usize,
    channels: usize,
    positions: usize,
}

impl Products {
    fn of(x: &CubeTensor) -> Self {
        let [images, channels, h, w] = x.shape().dims();
        Self {
            images,
            channels,
            positions: h * w,
        }
    }

    /// Part number `part` of `parts` maps that lie one after the other.
    fn map(&self, maps: &CubeTensor, part: usize, parts: usize) -> Operand {
        let sizes = [parts * self.channels, self.channels, self.positions];
        Operand::over_positions(maps, part, sizes)
    }

    /// a bᵀ: `[b, c, c]`.
    fn over_positions(&self, a: Operand, b: Operand, like: &CubeTensor) -> CubeTensor {
        let c = self.channels;
        let out = empty(like, [self.images, c, c]);
        let shape = Shape {
            images: self.images,
            rows: c,
            columns: c,
            summed: self.positions,
        };
        product(a, b, shape, (&out, 0, 1), None);
        out
    }

    /// matrix · map, written as part number `part` of `parts` maps.
    fn over_channels(
        &self,
        matrix: Operand,
        map: Operand,
        out: (&CubeTensor, usize, usize),
        finish: Option<(CubeTensor, f32)>,
    ) {
        let shape = Shape {
            images: self.images,
            rows: self.channels,
            columns: self.positions,
            summed: self.channels,
        };
        product(matrix, map.turned(), shape, out, finish);
    }
}

impl AttentionOps for CubeBackend {
    fn channel_attention(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        slope: f32,
    ) -> FloatTensor<Self> {
        let x = dense_map(x);
        let q = projected(x.clone(), weight, bias);
        let products = Products::of(&x);
        let map = |part| products.map(&q, part, 3);
        let mix = products.over_positions(map(2), map(1), &x);
        let out = empty_map(&x, x.shape());
        let matrix = Operand::square(&mix, products.channels);
        products.over_channels(matrix, map(0), (&out, 0, 1), Some((x, slope)));
        out
    }

    fn channel_attention_backward(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        out: FloatTensor<Self>,
        grad: FloatTensor<Self>,
        slope: f32,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        let x = dense_map(x);
        let [_, c, h, w] = x.shape().dims();
        let products = Products::of(&x);
        // Behind the sum x + mix: it goes to x as it is, and into the products.
        let grad = CubeBackend::conv_activation_backward(grad, out, slope);
        let q = projected(x.clone(), weight.clone(), bias);
        let map = |part| products.map(&q, part, 3);
        let at_sum = || products.map(&grad, 0, 1);
        let mix = products.over_positions(map(2), map(1), &x);
        let at_mix = products.over_positions(at_sum(), map(0), &x);
        let d = empty_map(&q, q.shape());
        let square = |matrices| Operand::square(matrices, c);
        products.over_channels(square(&mix).turned(), at_sum(), (&d, 0, 3), None);
        products.over_channels(square(&at_mix).turned(), map(2), (&d, 1, 3), None);
        products.over_channels(square(&at_mix), map(1), (&d, 2, 3), None);
        softmaxes_backward(&q, &d);

        let at_weight = CubeBackend::conv_weight_backward(x, d.clone(), 1, 1, 0);
        let at_bias = CubeBackend::conv_bias_backward(d.clone());
        let through = CubeBackend::conv_data_backward(d, weight, h, w, 1, 0);
        let at_x = CubeBackend::add_activated(through, grad, 1.0);
        (at_x, at_weight, at_bias)
    }
}
