//! What the kernels of both losses share.

// A kernel takes one argument per buffer and number.
#![allow(clippy::too_many_arguments)]

use burn::tensor::DType;
use burn_cubecl::kernel::into_contiguous;
use burn_cubecl::tensor::CubeTensor;
use cubecl::prelude::*;

/// Units of a workgroup that shares a sum.
pub(super) const UNITS: usize = 256;
/// Smallest squared norm.
pub(super) const SMALLEST: f32 = 1e-24;
/// Below every logit.
pub(super) const LOWEST: f32 = -1e30;

/// A row of the Gram matrix and a mixture of two others.
#[derive(CubeType)]
pub(super) struct Pair {
    /// a·n′.
    pub dot: f32,
    pub cosine: f32,
    /// ‖a‖ · ‖n′‖.
    pub norms: f32,
    /// ‖n′‖², at least [`SMALLEST`].
    pub square: f32,
    /// Whether ‖n′‖² was smaller than that.
    pub clamped: bool,
}

/// Row `a` of a Gram matrix of `n` rows, and λ times row `i` with 1 − λ times row `j`.
#[cube]
pub(super) fn mixed_pair(
    gram: &[f32],
    n: usize,
    a: usize,
    i: usize,
    j: usize,
    lambda: f32,
) -> Pair {
    let mu = 1.0f32 - lambda;
    let raw = lambda * lambda * gram[i * n + i]
        + mu * mu * gram[j * n + j]
        + 2.0f32 * (lambda * mu * gram[i * n + j]);
    let square = raw.max(SMALLEST);
    let norms = (gram[a * n + a].max(SMALLEST)).sqrt() * square.sqrt();
    let dot = lambda * gram[a * n + i] + mu * gram[a * n + j];
    Pair {
        dot,
        cosine: dot / norms,
        norms,
        square,
        clamped: raw < SMALLEST,
    }
}

/// The product of the norms of two rows.
#[cube]
pub(super) fn norms_of(gram: &[f32], n: usize, a: usize, b: usize) -> f32 {
    (gram[a * n + a].max(SMALLEST)).sqrt() * (gram[b * n + b].max(SMALLEST)).sqrt()
}

/// Logits so far: their largest, and the sum of their exponentials relative to it.
#[derive(CubeType, Clone, Copy)]
pub(super) struct LogSum {
    pub top: f32,
    pub sum: f32,
}

/// With one logit more.
#[cube]
pub(super) fn with_logit(so_far: LogSum, logit: f32) -> LogSum {
    let alone = LogSum {
        top: logit,
        sum: f32::new(1.0),
    };
    together(so_far, alone)
}

/// Two such sums in one.
#[cube]
fn together(a: LogSum, b: LogSum) -> LogSum {
    let top = a.top.max(b.top);
    LogSum {
        top,
        sum: a.sum * (a.top - top).exp() + b.sum * (b.top - top).exp(),
    }
}

/// The logarithm of the sum of all units of a workgroup, for every one of them.
#[cube]
pub(super) fn log_sum_of_units(own: LogSum, unit: usize) -> f32 {
    let mut tops = Shared::<[f32]>::new_slice(UNITS);
    let mut sums = Shared::<[f32]>::new_slice(UNITS);
    tops[unit] = own.top;
    sums[unit] = own.sum;
    sync_cube();
    let mut width = comptime!(UNITS / 2).runtime();
    while width > 0 {
        if unit < width {
            let both = together(
                LogSum {
                    top: tops[unit],
                    sum: sums[unit],
                },
                LogSum {
                    top: tops[unit + width],
                    sum: sums[unit + width],
                },
            );
            tops[unit] = both.top;
            sums[unit] = both.sum;
        }
        sync_cube();
        width /= 2;
    }
    tops[0] + sums[0].ln()
}

/// Gradient at the cosine of a negative, from that at the loss. The logarithm of the sum is the loss
/// plus the logit of the positive.
#[cube]
pub(super) fn at_negative(
    grad: f32,
    loss: f32,
    cosine: f32,
    positive: f32,
    inverse_tau: f32,
) -> f32 {
    grad * ((cosine - positive) * inverse_tau - loss).exp() * inverse_tau
}

/// A dense permutation.
pub(super) fn places(permutation: CubeTensor) -> CubeTensor {
    assert_eq!(
        permutation.dtype,
        DType::I32,
        "visage's kernels work on i32"
    );
    into_contiguous(permutation)
}
