//! The convolution itself.

use burn::backend::TensorMetadata;
use burn_cubecl::tensor::CubeTensor;

use super::choice;
use super::gather::{Gather, WeightOrder};
use super::product::{Product, run};
use crate::device::ConvKernel;
use crate::ops::launch::{dense, dense_map, empty_map};

/// Convolution, bias and LeakyReLU in one launch; slope 1 is no activation.
pub(super) fn forward(
    by: ConvKernel,
    x: CubeTensor,
    weight: CubeTensor,
    bias: CubeTensor,
    stride: usize,
    padding: usize,
    slope: f32,
) -> CubeTensor {
    let (x, weight, bias) = (dense_map(x), dense(weight), dense(bias));
    let ([b, cin, h, w], [cout, _, kernel, _]) = (x.shape().dims(), weight.shape().dims());
    let side = |n: usize| (n + 2 * padding - kernel) / stride + 1;
    let out = empty_map(&x, [b, cout, side(h), side(w)]);
    run(Product {
        gather: Gather {
            tile: choice::tile(by, cout, b * side(h) * side(w)),
            taps: [kernel; 2],
            stride,
            before: [padding; 2],
            after: [0; 2],
            spread: 1,
            start: [0; 2],
            weight: WeightOrder::Forward,
            relu: false,
            bias: true,
            activate: slope != 1.0,
            even: [false; 2],
        },
        x,
        weight,
        bias: Some(bias),
        out: out.clone(),
        input: [cin, h, w],
        grid: [side(h), side(w)],
        slope,
    });
    out
}
