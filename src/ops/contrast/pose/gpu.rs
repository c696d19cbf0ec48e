//! The kernels: one forward; backward one that turns π around, one for what every anchor and negative
//! pass on, and one that gathers the gradient of every entry of the Gram matrix. Nothing is added
//! atomically.

// A kernel takes one argument per buffer and number.
#![allow(clippy::too_many_arguments)]

use burn::backend::TensorMetadata;
use burn::backend::tensor::{FloatTensor, IntTensor};
use burn_cubecl::CubeBackend;
use cubecl::prelude::*;
use cubecl::server::CubeCountSelection;

use super::super::gpu::{
    LOWEST, LogSum, Pair, SMALLEST, UNITS, at_negative, log_sum_of_units, mixed_pair, norms_of,
    places, with_logit,
};
use super::PoseLossOps;
use crate::ops::launch::{dense, elementwise, empty};

/// B images with M negatives each.
#[derive(CubeType, CubeLaunch, Clone, Copy)]
struct Sizes {
    images: usize,
    negatives: usize,
}

#[cube]
fn rows(sizes: &Sizes) -> usize {
    sizes.images * (2 + sizes.negatives)
}

/// The row of negative `k` of an image.
#[cube]
fn negative(image: usize, k: usize, sizes: &Sizes) -> usize {
    2 * sizes.images + image * sizes.negatives + k
}

/// The other view of an anchor.
#[cube]
fn partner_of(anchor: usize, sizes: &Sizes) -> usize {
    (anchor + sizes.images) % (2 * sizes.images)
}

/// Cosine of an anchor and its other view.
#[cube]
fn partner_cosine(gram: &[f32], anchor: usize, sizes: &Sizes) -> f32 {
    let (n, partner) = (rows(sizes), partner_of(anchor, sizes));
    gram[anchor * n + partner] / norms_of(gram, n, anchor, partner)
}

/// An anchor and mixed negative `k` of its image.
#[cube]
fn pair(
    gram: &[f32],
    lambda: &[f32],
    permutation: &[i32],
    anchor: usize,
    k: usize,
    sizes: &Sizes,
) -> Pair {
    let image = anchor % sizes.images;
    let i = negative(image, k, sizes);
    let j = negative(image, permutation[k] as usize, sizes);
    let l = lambda[image * sizes.negatives + k];
    mixed_pair(gram, rows(sizes), anchor, i, j, l)
}

/// One workgroup per anchor: logarithm of the sum over its logits, minus the positive.
#[cube(launch)]
fn losses_kernel(
    gram: &[f32],
    lambda: &[f32],
    permutation: &[i32],
    out: &mut [f32],
    sizes: Sizes,
    inverse_tau: f32,
    #[comptime] with_positive: bool,
) {
    let anchor = CUBE_POS;
    if anchor >= 2 * sizes.images {
        terminate!();
    }
    let unit = UNIT_POS as usize;
    let positive = partner_cosine(gram, anchor, &sizes) * inverse_tau;
    let mut top = f32::new(LOWEST);
    let mut sum = f32::new(0.0);
    if comptime!(with_positive) {
        top = positive;
        sum = select(unit == 0, 1.0f32, 0.0f32);
    }
    let mut k = unit;
    while k < sizes.negatives {
        let logit = pair(gram, lambda, permutation, anchor, k, &sizes).cosine * inverse_tau;
        let both = with_logit(LogSum { top, sum }, logit);
        top = both.top;
        sum = both.sum;
        k += UNITS;
    }
    let log_sum = log_sum_of_units(LogSum { top, sum }, unit);
    if unit == 0 {
        out[anchor] = log_sum - positive;
    }
}

/// One unit per position: π turned around.
#[cube(launch)]
fn inverse_kernel(permutation: &[i32], out: &mut [i32]) {
    if ABSOLUTE_POS >= permutation.len() {
        terminate!();
    }
    out[permutation[ABSOLUTE_POS] as usize] = ABSOLUTE_POS as i32;
}

/// What an anchor and a negative pass on: the gradient at a·n′ …
const DOT: usize = 0;
/// … that at ‖n′‖² …
const SQUARE: usize = 1;
/// … and that at the cosine times the cosine.
const COSINE: usize = 2;

/// One unit per anchor and negative: `[3, 2B, M]`.
#[cube(launch)]
fn passed_kernel(
    grad: &[f32],
    losses: &[f32],
    gram: &[f32],
    lambda: &[f32],
    permutation: &[i32],
    out: &mut [f32],
    sizes: Sizes,
    inverse_tau: f32,
) {
    let all = 2 * sizes.images * sizes.negatives;
    if ABSOLUTE_POS >= all {
        terminate!();
    }
    let anchor = ABSOLUTE_POS / sizes.negatives;
    let k = ABSOLUTE_POS % sizes.negatives;
    let positive = partner_cosine(gram, anchor, &sizes);
    let p = pair(gram, lambda, permutation, anchor, k, &sizes);
    let g = at_negative(
        grad[anchor],
        losses[anchor],
        p.cosine,
        positive,
        inverse_tau,
    );
    out[DOT * all + ABSOLUTE_POS] = g / p.norms;
    out[SQUARE * all + ABSOLUTE_POS] = select(p.clamped, 0.0f32, -0.5f32 * g * p.cosine / p.square);
    out[COSINE * all + ABSOLUTE_POS] = g * p.cosine;
}

/// One of the three for an anchor and a negative.
#[cube]
fn passed(all: &[f32], #[comptime] which: usize, anchor: usize, k: usize, sizes: &Sizes) -> f32 {
    all[(which * 2 * sizes.images + anchor) * sizes.negatives + k]
}

/// Gradient at the cosine of an anchor and its other view.
#[cube]
fn at_positive(
    grad: &[f32],
    losses: &[f32],
    anchor: usize,
    inverse_tau: f32,
    #[comptime] with_positive: bool,
) -> f32 {
    let mut share = f32::new(-1.0);
    if comptime!(with_positive) {
        share += (-losses[anchor]).exp();
    }
    grad[anchor] * share * inverse_tau
}

/// One unit per entry of the Gram matrix.
#[cube(launch)]
fn gather_kernel(
    grad: &[f32],
    losses: &[f32],
    gram: &[f32],
    lambda: &[f32],
    inverse: &[i32],
    passed_on: &[f32],
    out: &mut [f32],
    sizes: Sizes,
    inverse_tau: f32,
    #[comptime] with_positive: bool,
) {
    if ABSOLUTE_POS >= out.len() {
        terminate!();
    }
    let n = rows(&sizes);
    let (row, column) = (ABSOLUTE_POS / n, ABSOLUTE_POS % n);
    let (images, count) = (sizes.images, sizes.negatives);
    let anchors = 2 * images;
    let mut value = f32::new(0.0);
    if row < anchors && column < anchors {
        let partner = partner_of(row, &sizes);
        if column == row {
            // Through the norm of the anchor: all its negatives, and the positive on both sides.
            let mut sum = partner_cosine(gram, row, &sizes)
                * (at_positive(grad, losses, row, inverse_tau, with_positive)
                    + at_positive(grad, losses, partner, inverse_tau, with_positive));
            for k in 0..count {
                sum += passed(passed_on, COSINE, row, k, &sizes);
            }
            let own = gram[row * n + row];
            value = select(own < SMALLEST, 0.0f32, -0.5f32 * sum / own);
        } else if column == partner {
            value = at_positive(grad, losses, row, inverse_tau, with_positive)
                / norms_of(gram, n, row, partner);
        }
    } else if column >= anchors {
        let image = (column - anchors) / count;
        let k = (column - anchors) % count;
        let before = inverse[k] as usize;
        let here = lambda[image * count + k];
        let there = 1.0f32 - lambda[image * count + before];
        if row < anchors {
            if row % images == image {
                // The negative stands in two mixtures.
                let first = passed(passed_on, DOT, row, k, &sizes);
                let second = passed(passed_on, DOT, row, before, &sizes);
                value = here * first + there * second;
            }
        } else if (row - anchors) / count == image {
            // Through the norms of mixtures, for both anchors of the image: the entry (i, π(i)) is
            // that of the mixed term, the diagonal those of the squares.
            let i = (row - anchors) % count;
            if i == before || row == column {
                for view in 0..2usize {
                    let anchor = image + view * images;
                    let second = passed(passed_on, SQUARE, anchor, before, &sizes);
                    if i == before {
                        value += 2.0f32 * (there * (1.0f32 - there)) * second;
                    }
                    if row == column {
                        let first = passed(passed_on, SQUARE, anchor, k, &sizes);
                        value += here * here * first + there * there * second;
                    }
                }
            }
        }
    }
    out[ABSOLUTE_POS] = value;
}

impl PoseLossOps for CubeBackend {
    fn pose_cross_entropy(
        gram: FloatTensor<Self>,
        lambda: FloatTensor<Self>,
        permutation: IntTensor<Self>,
        tau: f32,
        with_positive: bool,
    ) -> FloatTensor<Self> {
        let (gram, lambda, permutation) = (dense(gram), dense(lambda), places(permutation));
        let [images, negatives] = lambda.shape().dims();
        let out = empty(&gram, [2 * images]);
        losses_kernel::launch(
            &out.client,
            CubeCountSelection::new(&out.client, 2 * images as u32).cube_count(),
            CubeDim::new_1d(UNITS as u32),
            gram.into_buffer_arg(),
            lambda.into_buffer_arg(),
            permutation.into_buffer_arg(),
            out.clone().into_buffer_arg(),
            SizesLaunch::new(images, negatives),
            1.0 / tau,
            with_positive,
        );
        out
    }

    fn pose_cross_entropy_backward(
        grad: FloatTensor<Self>,
        losses: FloatTensor<Self>,
        gram: FloatTensor<Self>,
        lambda: FloatTensor<Self>,
        permutation: IntTensor<Self>,
        tau: f32,
        with_positive: bool,
    ) -> FloatTensor<Self> {
        let (grad, losses, gram) = (dense(grad), dense(losses), dense(gram));
        let (lambda, permutation) = (dense(lambda), places(permutation));
        let [images, negatives] = lambda.shape().dims();
        let client = gram.client.clone();
        // Four bytes each, like the numbers of any other tensor here.
        let inverse = empty(&gram, [negatives]);
        let (count, dim) = elementwise(&inverse, negatives);
        inverse_kernel::launch(
            &client,
            count,
            dim,
            permutation.clone().into_buffer_arg(),
            inverse.clone().into_buffer_arg(),
        );
        let pairs = 2 * images * negatives;
        let passed_on = empty(&gram, [3, 2 * images, negatives]);
        let (count, dim) = elementwise(&passed_on, pairs);
        passed_kernel::launch(
            &client,
            count,
            dim,
            grad.clone().into_buffer_arg(),
            losses.clone().into_buffer_arg(),
            gram.clone().into_buffer_arg(),
            lambda.clone().into_buffer_arg(),
            permutation.into_buffer_arg(),
            passed_on.clone().into_buffer_arg(),
            SizesLaunch::new(images, negatives),
            1.0 / tau,
        );
        let out = empty(&gram, gram.shape());
        let (count, dim) = elementwise(&out, out.meta.num_elements());
        gather_kernel::launch(
            &client,
            count,
            dim,
            grad.into_buffer_arg(),
            losses.into_buffer_arg(),
            gram.into_buffer_arg(),
            lambda.into_buffer_arg(),
            inverse.into_buffer_arg(),
            passed_on.into_buffer_arg(),
            out.clone().into_buffer_arg(),
            SizesLaunch::new(images, negatives),
            1.0 / tau,
            with_positive,
        );
        out
    }
}
