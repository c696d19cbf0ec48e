//! The kernels. Everything is gathered and summed in a fixed order, nothing is added atomically.
//!
//! No kernel takes more than seven tensors: with the buffer of its sizes that makes the eight that
//! WebGPU guarantees. What a later kernel needs of every anchor and negative therefore lies in one
//! buffer, see [`Parts`].

// Kernel code knows `%`, not `is_multiple_of`, and a kernel takes one argument per buffer.
#![allow(clippy::manual_is_multiple_of, clippy::too_many_arguments)]

use burn::backend::TensorMetadata;
use burn::backend::tensor::{FloatTensor, IntTensor};
use burn_cubecl::CubeBackend;
use cubecl::prelude::*;
use cubecl::server::CubeCountSelection;

use super::super::gpu::{
    LogSum, Pair, SMALLEST, UNITS, at_negative, log_sum_of_units, mixed_pair, norms_of, places,
    with_logit,
};
use super::FaceLossOps;
use crate::ops::launch::{dense, elementwise, empty};
use crate::ops::reduce::sum_of_units;

/// Positions that a workgroup of the kernel for products of negatives handles side by side.
const ABREAST: usize = 32;

/// By how much the row at position `k` of an anchor's list lies behind k: the list leaves out the
/// anchor and its partner.
#[cube]
fn shift(k: usize, anchor: usize, half: usize) -> usize {
    let low = anchor % half;
    select(k >= low, 1usize, 0usize) + select(k + 1 >= low + half, 1usize, 0usize)
}

/// The position of a row in an anchor's list.
#[cube]
fn position(row: usize, anchor: usize, half: usize) -> usize {
    let low = anchor % half;
    row - select(row > low, 1usize, 0usize) - select(row > low + half, 1usize, 0usize)
}

/// An anchor and the mixed negative at position `k` of its list.
#[cube]
fn pair(
    gram: &[f32],
    lambda: &[f32],
    permutation: &[i32],
    anchor: usize,
    k: usize,
    half: usize,
) -> Pair {
    let n = 2 * half;
    let moved = permutation[k] as usize;
    let i = k + shift(k, anchor, half);
    let j = moved + shift(moved, anchor, half);
    mixed_pair(gram, n, anchor, i, j, lambda[anchor * (n - 2) + k])
}

/// Cosine of an anchor and its partner.
#[cube]
fn partner_cosine(gram: &[f32], anchor: usize, half: usize) -> f32 {
    let n = 2 * half;
    let partner = (anchor + half) % n;
    gram[anchor * n + partner] / norms_of(gram, n, anchor, partner)
}

/// One workgroup per anchor: logarithm of the sum over all logits, minus the positive.
#[cube(launch)]
fn losses_kernel(
    gram: &[f32],
    lambda: &[f32],
    permutation: &[i32],
    out: &mut [f32],
    inverse_tau: f32,
    half: usize,
) {
    let anchor = CUBE_POS;
    if anchor >= 2 * half {
        terminate!();
    }
    let unit = UNIT_POS as usize;
    let count = 2 * half - 2;
    let positive = partner_cosine(gram, anchor, half) * inverse_tau;
    let mut top = positive;
    let mut sum = select(unit == 0, 1.0f32, 0.0f32);
    let mut k = unit;
    while k < count {
        let logit = pair(gram, lambda, permutation, anchor, k, half).cosine * inverse_tau;
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

/// Gradient at the logit of the positive, before division by τ.
#[cube]
fn at_positive(grad: &[f32], losses: &[f32], anchor: usize, inverse_tau: f32) -> f32 {
    grad[anchor] * ((-losses[anchor]).exp() - 1.0f32) * inverse_tau
}

/// Where the parts of the buffer begin that later kernels share: `[2N, K]` gradients at a·n′, as
/// many at ‖n′‖², and `[2N]` at the cosine of an anchor and its partner.
#[derive(CubeType)]
struct Parts {
    square: usize,
    positive: usize,
}

#[cube]
fn parts(half: usize) -> Parts {
    let negatives = 2 * half * (2 * half - 2);
    Parts {
        square: negatives,
        positive: 2 * negatives,
    }
}

/// One unit per anchor and position: all parts of the shared buffer, and π turned around.
#[cube(launch)]
fn negatives_kernel(
    grad: &[f32],
    losses: &[f32],
    gram: &[f32],
    lambda: &[f32],
    permutation: &[i32],
    shared: &mut [f32],
    inverse: &mut [i32],
    inverse_tau: f32,
    half: usize,
) {
    let at = parts(half);
    if ABSOLUTE_POS >= at.square {
        terminate!();
    }
    let count = 2 * half - 2;
    let anchor = ABSOLUTE_POS / count;
    let k = ABSOLUTE_POS % count;
    let positive = partner_cosine(gram, anchor, half);
    let p = pair(gram, lambda, permutation, anchor, k, half);
    let g = at_negative(
        grad[anchor],
        losses[anchor],
        p.cosine,
        positive,
        inverse_tau,
    );
    shared[ABSOLUTE_POS] = g / p.norms;
    shared[at.square + ABSOLUTE_POS] = select(p.clamped, 0.0f32, -0.5f32 * g * p.cosine / p.square);
    if k == 0 {
        shared[at.positive + anchor] = at_positive(grad, losses, anchor, inverse_tau);
    }
    if anchor == 0 {
        inverse[permutation[k] as usize] = k as i32;
    }
}

/// One workgroup per row c: the gradient at G[c, c], through the norms of all negatives that c is
/// part of, and through the norm of c itself; and, n places further, that at G[c, partner].
#[cube(launch)]
fn diagonal_kernel(
    gram: &[f32],
    lambda: &[f32],
    permutation: &[i32],
    shared: &[f32],
    inverse: &[i32],
    out: &mut [f32],
    half: usize,
) {
    let row = CUBE_POS;
    let n = 2 * half;
    if row >= n {
        terminate!();
    }
    let count = n - 2;
    let at = parts(half);
    let unit = UNIT_POS as usize;
    let partner = (row + half) % n;
    let own = gram[row * n + row];
    let positive = partner_cosine(gram, row, half);
    let through_own = select(own < SMALLEST, 0.0f32, -0.5f32 / own);
    let mut sum = f32::new(0.0);
    let mut anchor = unit;
    while anchor < n {
        if anchor != row && anchor != partner {
            let squares = at.square + anchor * count;
            let k = position(row, anchor, half);
            let l = lambda[anchor * count + k];
            sum += l * l * shared[squares + k];
            let k = inverse[k] as usize;
            let m = 1.0f32 - lambda[anchor * count + k];
            sum += m * m * shared[squares + k];
        } else {
            sum += through_own * positive * shared[at.positive + anchor];
        }
        anchor += UNITS;
    }
    let mut k = unit;
    while k < count {
        // The gradient at a cosine times the cosine is that at a·n′ times a·n′.
        let dot = pair(gram, lambda, permutation, row, k, half).dot;
        sum += through_own * dot * shared[row * count + k];
        k += UNITS;
    }
    let mut sums = Shared::<[f32]>::new_slice(UNITS);
    sums[unit] = sum;
    sum_of_units(&mut sums, unit, UNITS);
    if unit == 0 {
        out[row] = sums[0];
        out[n + row] = shared[at.positive + row] / norms_of(gram, n, row, partner);
    }
}

/// Gradients at n_k·n_π(k) → `[9, K]`: it takes one of nine values per k, by how much either
/// index is shifted for an anchor.
#[cube(launch)]
fn products_kernel(
    lambda: &[f32],
    permutation: &[i32],
    shared: &[f32],
    out: &mut [f32],
    half: usize,
) {
    let n = 2 * half;
    let count = n - 2;
    let squares = parts(half).square;
    let unit = UNIT_POS as usize;
    let lane = unit % ABREAST;
    let slice = unit / ABREAST;
    let slices = comptime!(UNITS / ABREAST);
    let k = CUBE_POS * ABREAST + lane;
    let mut sums = Array::<f32>::new(9usize);
    #[unroll]
    for which in 0..9usize {
        sums[which] = f32::new(0.0);
    }
    if k < count {
        let moved = permutation[k] as usize;
        let mut anchor = slice;
        while anchor < n {
            let l = lambda[anchor * count + k];
            let value = 2.0f32 * (l * (1.0f32 - l)) * shared[squares + anchor * count + k];
            let here = shift(k, anchor, half) * 3 + shift(moved, anchor, half);
            #[unroll]
            for which in 0..9usize {
                sums[which] += select(here == which, value, 0.0f32);
            }
            anchor += slices;
        }
    }
    let mut slices_of = Shared::<[f32]>::new_slice(comptime!(9 * UNITS));
    #[unroll]
    for which in 0..9usize {
        slices_of[which * UNITS + unit] = sums[which];
    }
    sync_cube();
    if slice == 0 && k < count {
        #[unroll]
        for which in 0..9usize {
            let mut sum = f32::new(0.0);
            for s in 0..slices {
                sum += slices_of[which * UNITS + s * ABREAST + lane];
            }
            out[which * count + k] = sum;
        }
    }
}

/// One unit per entry of the Gram matrix.
#[cube(launch)]
fn gather_kernel(
    lambda: &[f32],
    inverse: &[i32],
    permutation: &[i32],
    shared: &[f32],
    diagonal: &[f32],
    products: &[f32],
    out: &mut [f32],
    half: usize,
) {
    if ABSOLUTE_POS >= out.len() {
        terminate!();
    }
    let n = 2 * half;
    let count = n - 2;
    let row = ABSOLUTE_POS / n;
    let column = ABSOLUTE_POS % n;
    let mut value = f32::new(0.0);
    if row == column {
        value += diagonal[row];
    } else if column == (row + half) % n {
        value += diagonal[n + row];
    } else {
        let k = position(column, row, half);
        value += lambda[row * count + k] * shared[row * count + k];
        let k = inverse[k] as usize;
        value += (1.0f32 - lambda[row * count + k]) * shared[row * count + k];
    }
    // As a product of two negatives of other anchors.
    #[unroll]
    for s in 0..3usize {
        if row >= s && row - s < count {
            let k = row - s;
            let moved = permutation[k] as usize;
            if column >= moved && column - moved < 3 {
                value += products[(s * 3 + column - moved) * count + k];
            }
        }
    }
    out[ABSOLUTE_POS] = value;
}

impl FaceLossOps for CubeBackend {
    fn mixed_cross_entropy(
        gram: FloatTensor<Self>,
        lambda: FloatTensor<Self>,
        permutation: IntTensor<Self>,
        tau: f32,
    ) -> FloatTensor<Self> {
        let (gram, lambda, permutation) = (dense(gram), dense(lambda), places(permutation));
        let [n, _] = gram.shape().dims();
        let out = empty(&gram, [n]);
        losses_kernel::launch(
            &out.client,
            CubeCountSelection::new(&out.client, n as u32).cube_count(),
            CubeDim::new_1d(UNITS as u32),
            gram.into_buffer_arg(),
            lambda.into_buffer_arg(),
            permutation.into_buffer_arg(),
            out.clone().into_buffer_arg(),
            1.0 / tau,
            n / 2,
        );
        out
    }

    fn mixed_cross_entropy_backward(
        grad: FloatTensor<Self>,
        losses: FloatTensor<Self>,
        gram: FloatTensor<Self>,
        lambda: FloatTensor<Self>,
        permutation: IntTensor<Self>,
        tau: f32,
    ) -> FloatTensor<Self> {
        let (grad, losses, gram) = (dense(grad), dense(losses), dense(gram));
        let (lambda, permutation) = (dense(lambda), places(permutation));
        let [n, _] = gram.shape().dims();
        let (half, k) = (n / 2, n - 2);
        let inverse_tau = 1.0 / tau;
        let client = gram.client.clone();
        let workgroups = |count: usize| CubeCountSelection::new(&client, count as u32).cube_count();
        let units = CubeDim::new_1d(UNITS as u32);
        let shared = empty(&gram, [2 * n * k + n]);
        // Four bytes each, like the numbers of any other tensor here.
        let inverse = empty(&gram, [k]);
        let (count, dim) = elementwise(&gram, n * k);
        negatives_kernel::launch(
            &client,
            count,
            dim,
            grad.into_buffer_arg(),
            losses.into_buffer_arg(),
            gram.clone().into_buffer_arg(),
            lambda.clone().into_buffer_arg(),
            permutation.clone().into_buffer_arg(),
            shared.clone().into_buffer_arg(),
            inverse.clone().into_buffer_arg(),
            inverse_tau,
            half,
        );
        let diagonal = empty(&gram, [2, n]);
        diagonal_kernel::launch(
            &client,
            workgroups(n),
            units,
            gram.into_buffer_arg(),
            lambda.clone().into_buffer_arg(),
            permutation.clone().into_buffer_arg(),
            shared.clone().into_buffer_arg(),
            inverse.clone().into_buffer_arg(),
            diagonal.clone().into_buffer_arg(),
            half,
        );
        let products = empty(&lambda, [9, k]);
        products_kernel::launch(
            &client,
            workgroups(k.div_ceil(ABREAST)),
            units,
            lambda.clone().into_buffer_arg(),
            permutation.clone().into_buffer_arg(),
            shared.clone().into_buffer_arg(),
            products.clone().into_buffer_arg(),
            half,
        );
        let out = empty(&lambda, [n, n]);
        let (count, dim) = elementwise(&out, n * n);
        gather_kernel::launch(
            &client,
            count,
            dim,
            lambda.into_buffer_arg(),
            inverse.into_buffer_arg(),
            permutation.into_buffer_arg(),
            shared.into_buffer_arg(),
            diagonal.into_buffer_arg(),
            products.into_buffer_arg(),
            out.clone().into_buffer_arg(),
            half,
        );
        out
    }
}
