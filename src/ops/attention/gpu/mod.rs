//! Channel attention on GPUs: the 1×1 convolution of two maps in one, two softmaxes in place, and
//! products of a picture's maps in workgroup memory. x Θ̃ᵀ is a map of as many pixels as channels, so
//! that the gradient at Φ is that of a convolution.

mod product;
mod softmax;

use burn::backend::TensorMetadata;
use burn::backend::tensor::FloatTensor;
use burn_cubecl::CubeBackend;
use burn_cubecl::tensor::CubeTensor;

use super::AttentionOps;
use crate::ops::conv::ConvOps;
use crate::ops::launch::{dense, dense_map, empty, empty_map};
use crate::ops::residual::ResidualOps;
use product::{Finish, Operand, Shape, product};
use softmax::{apply_softmaxes, softmaxes_backward};

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

    /// a bᵀ: `[b, c, 1, c]`, as a map of `c` pixels.
    fn over_positions(&self, a: Operand, b: Operand, like: &CubeTensor) -> CubeTensor {
        self.square(a, b, self.positions, like)
    }

    /// weight · square.
    fn weighted(&self, weight: Operand, square: &CubeTensor) -> CubeTensor {
        let square_columns = Operand::square(square, self.channels).turned();
        self.square(weight, square_columns, self.channels, square)
    }

    fn square(&self, a: Operand, b: Operand, summed: usize, like: &CubeTensor) -> CubeTensor {
        let c = self.channels;
        let out = empty(like, [self.images, c, 1, c]);
        let shape = Shape {
            images: self.images,
            rows: c,
            columns: c,
            summed,
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
        finish: Option<Finish>,
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
        phi: FloatTensor<Self>,
        phi_bias: FloatTensor<Self>,
        slope: f32,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        let (x, phi, phi_bias) = (dense_map(x), dense(phi), dense(phi_bias));
        let softmaxes = dense_map(CubeBackend::conv(x.clone(), weight, bias, 1, 0, 1.0));
        apply_softmaxes(&softmaxes);
        let products = Products::of(&x);
        let map = |part| products.map(&softmaxes, part, 2);
        let seen = products.over_positions(products.map(&x, 0, 1), map(1), &x);
        let mix = products.weighted(Operand::shared(&phi, products.channels), &seen);
        let out = empty_map(&x, x.shape());
        let matrix = Operand::square(&mix, products.channels);
        let finish = Finish {
            addend: x,
            bias: Some(phi_bias),
            slope,
        };
        products.over_channels(matrix, map(0), (&out, 0, 1), Some(finish));
        (out, softmaxes, seen)
    }

    fn channel_attention_backward(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        phi: FloatTensor<Self>,
        out: FloatTensor<Self>,
        softmaxes: FloatTensor<Self>,
        products: FloatTensor<Self>,
        grad: FloatTensor<Self>,
        slope: f32,
    ) -> (
        FloatTensor<Self>,
        FloatTensor<Self>,
        FloatTensor<Self>,
        FloatTensor<Self>,
        FloatTensor<Self>,
    ) {
        let (x, phi) = (dense_map(x), dense(phi));
        let (softmaxes, seen) = (dense_map(softmaxes), dense(products));
        let [_, c, h, w] = x.shape().dims();
        let products = Products::of(&x);
        // Behind the sum x + mix: it goes to x and Φ's bias as it is, and into the products.
        let grad = dense_map(CubeBackend::conv_activation_backward(grad, out, slope));
        let map = |part| products.map(&softmaxes, part, 2);
        let at_sum = || products.map(&grad, 0, 1);
        let square = |matrices| Operand::square(matrices, c);
        let shared = || Operand::shared(&phi, c);
        let mix = products.weighted(shared(), &seen);
        let at_mix = products.over_positions(at_sum(), map(0), &x);
        let at_seen = products.weighted(shared().turned(), &at_mix);
        let d = empty_map(&softmaxes, softmaxes.shape());
        products.over_channels(square(&mix).turned(), at_sum(), (&d, 0, 2), None);
        let over_x = products.map(&x, 0, 1);
        products.over_channels(square(&at_seen).turned(), over_x, (&d, 1, 2), None);
        softmaxes_backward(&softmaxes, &d);
        let direct = empty_map(&x, x.shape());
        let finish = Finish {
            addend: grad.clone(),
            bias: None,
            slope: 1.0,
        };
        products.over_channels(square(&at_seen), map(1), (&direct, 0, 1), Some(finish));

        let at_phi = CubeBackend::conv_weight_backward(seen, at_mix, 1, 1, 0);
        let at_phi_bias = CubeBackend::conv_bias_backward(grad);
        let at_weight = CubeBackend::conv_weight_backward(x, d.clone(), 1, 1, 0);
        let at_bias = CubeBackend::conv_bias_backward(d.clone());
        let through = CubeBackend::conv_data_backward(d, weight, h, w, 1, 0);
        let at_x = CubeBackend::add_activated(through, direct, 1.0);
        (at_x, at_weight, at_bias, at_phi, at_phi_bias)
    }
}
