//! The gradient at the input.

use burn::backend::TensorMetadata;
use burn_cubecl::tensor::CubeTensor;

use super::choice;
use super::gather::{Gather, WeightOrder};
use super::product::{Product, run};
use crate::device::ConvKernel;
use crate::ops::launch::{dense, dense_map, empty_map};

/// The taps of one axis that reach input positions of one residue modulo the stride.
struct Reach {
    /// The first of them in the kernel; the others follow at distances of the stride.
    first: usize,
    /// How many there are.
    taps: usize,
    /// Positions of this residue in the input.
    positions: usize,
    /// Input position i·stride + residue reads gradients i + `ahead` − t, t < taps.
    ahead: usize,
}

impl Reach {
    fn new(residue: usize, side: usize, kernel: usize, stride: usize, padding: usize) -> Self {
        // Output o reached input o·stride + tap − padding.
        let first = (residue + padding) % stride;
        Self {
            first,
            taps: kernel.saturating_sub(first).div_ceil(stride),
            positions: side.saturating_sub(residue).div_ceil(stride),
            ahead: (residue + padding) / stride,
        }
    }

    /// Where the first of the turned taps reads: so much before the position, or after it.
    fn before_and_after(&self) -> (usize, usize) {
        let last = self.taps - 1;
        (
            last.saturating_sub(self.ahead),
            self.ahead.saturating_sub(last),
        )
    }
}

/// One product per pair of residues.
pub(super) fn data_backward(
    by: ConvKernel,
    grad: CubeTensor,
    weight: CubeTensor,
    [h, w]: [usize; 2],
    stride: usize,
    padding: usize,
) -> CubeTensor {
    let (grad, weight) = (dense_map(grad), dense(weight));
    let [b, cout, oh, ow] = grad.shape().dims();
    let [_, cin, kernel, _] = weight.shape().dims();
    let out = empty_map(&grad, [b, cin, h, w]);
    for residue_y in 0..stride.min(h) {
        for residue_x in 0..stride.min(w) {
            let y = Reach::new(residue_y, h, kernel, stride, padding);
            let x = Reach::new(residue_x, w, kernel, stride, padding);
            // A stride beyond the kernel skips inputs; one tap outside the picture gives them
            // their zeros.
            let reached = y.taps > 0 && x.taps > 0;
            let (before, after) = if reached {
                let (y, x) = (y.before_and_after(), x.before_and_after());
                ([y.0, x.0], [y.1, x.1])
            } else {
                ([0; 2], [oh, ow])
            };
            let tap = |r: &Reach| (r.first + stride * r.taps.saturating_sub(1)).min(kernel - 1);
            run(Product {
                gather: Gather {
                    tile: choice::tile(by, cin, b * y.positions * x.positions),
                    taps: [y.taps.max(1), x.taps.max(1)],
                    stride: 1,
                    before,
                    after,
                    spread: stride,
                    start: [residue_y, residue_x],
                    weight: WeightOrder::Turned {
                        area: kernel * kernel,
                        last: tap(&y) * kernel + tap(&x),
                        along_y: stride * kernel,
                        along_x: stride,
                    },
                    relu: false,
                    bias: false,
                    activate: false,
                    even: [false; 2],
                },
                x: grad.clone(),
                weight: weight.clone(),
                bias: None,
                out: out.clone(),
                input: [cout, oh, ow],
                grid: [y.positions, x.positions],
                slope: 1.0,
            });
        }
    }
    out
}
