//! Products of the single taps of a 3×3 convolution, pixel by pixel: what it is before its taps are
//! moved to where they stand. For [`crate::ops::up_conv`], which doubles the map in between.

use burn::backend::TensorMetadata;
use burn_cubecl::tensor::CubeTensor;

use super::choice;
use super::gather::{Gather, WeightOrder};
use super::product::{Product, run};
use super::weight::{Form, add_parts_by_tap, partials, tile};
use crate::device::ConvKernel;
use crate::ops::launch::{elementwise, empty};

/// Taps.
const AREA: usize = 9;

/// `x` `[b, c, h, w]` by the weight read in this order, into `out` `[b, rows, h, w]`.
fn product(x: CubeTensor, weight: CubeTensor, out: CubeTensor, order: WeightOrder, relu: bool) {
    let ([b, channels, h, w], [_, rows, ..]) = (x.shape().dims(), out.shape().dims::<4>());
    run(Product {
        gather: Gather {
            tile: choice::tile(ConvKernel::Ours, rows, b * h * w),
            taps: [1; 2],
            stride: 1,
            before: [0; 2],
            after: [0; 2],
            spread: 1,
            start: [0; 2],
            weight: order,
            relu,
            bias: false,
            activate: false,
            even: [false; 2],
        },
        x,
        weight,
        bias: None,
        out,
        input: [channels, h, w],
        grid: [h, w],
        slope: 1.0,
    });
}

/// Every tap's product with the positive part of `x`: `[b, cin, h, w]`, weight `[cout, cin, 3, 3]`
/// → `out` `[b, 9 · cout, h, w]`, the taps of a channel one after the other. All dense.
pub(in crate::ops) fn forward(x: CubeTensor, weight: CubeTensor, out: CubeTensor) {
    product(x, weight, out, WeightOrder::ByTap { area: AREA }, true);
}

/// From the gradient at those products to that at the positive part of `x`, into `out`.
pub(in crate::ops) fn data_backward(grad: CubeTensor, weight: CubeTensor, out: CubeTensor) {
    let order = WeightOrder::ByTapTurned { area: AREA };
    product(grad, weight, out, order, false);
}

/// From the gradient at those products to that at the weight, f32.
pub(in crate::ops) fn weight_backward(x: CubeTensor, grad: CubeTensor) -> CubeTensor {
    let ([_, cin, ..], [_, rows, ..]) = (x.shape().dims::<4>(), grad.shape().dims::<4>());
    let out = empty(&x, [rows / AREA, cin, 3, 3]);
    let form = Form {
        tile: tile(rows),
        kernel: 1,
        stride: 1,
        padding: 0,
        relu: true,
    };
    let (partial, parts) = partials(x, grad, form);
    let (count, dim) = elementwise(&out, out.meta.num_elements());
    add_parts_by_tap::launch(
        &out.client,
        count,
        dim,
        partial.into_buffer_arg(),
        out.clone().into_buffer_arg(),
        parts,
        cin,
        AREA,
    );
    out
}
