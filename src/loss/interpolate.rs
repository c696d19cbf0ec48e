//! Negative interpolation in its Gram form (METHODS 1.8.5).
//!
//! A negative n_k becomes λ n_k + (1−λ) n_π(k) before it is normalised. Its cosine with an anchor
//! follows from dot products alone, so no mixed vector is ever built.

use burn::tensor::{Int, Tensor};

/// Interpolation factors and the permutation of one step.
#[derive(Clone, Debug)]
pub struct Mix {
    /// λ: `[2N, 2N−2]` for L_face, `[B, M]` for L_pose.
    pub lambda: Tensor<2>,
    /// π over the positions of an anchor's own list of negatives: `[K]`.
    pub permutation: Tensor<1, Int>,
}

impl Mix {
    /// Moves the positions of a list by π.
    ///
    /// # Shapes
    ///
    /// - `x`: `[…, K]`
    pub(super) fn permute<const D: usize>(&self, x: Tensor<D>) -> Tensor<D> {
        x.select(D - 1, self.permutation.clone())
    }
}

/// Cosine of anchors with mixed negatives.
///
/// - `dots`: a·n_k
/// - `squares`: ‖n_k‖²
/// - `cross`: n_k·n_π(k)
/// - `anchor_norm`: ‖a‖, broadcast over k
///
/// # Shapes
///
/// All `[A, K]` (or broadcastable to it); output `[A, K]`.
pub(super) fn mixed_cosine(
    dots: Tensor<2>,
    squares: Tensor<2>,
    cross: Tensor<2>,
    anchor_norm: Tensor<2>,
    lambda: Tensor<2>,
    mix: &Mix,
) -> Tensor<2> {
    let mu = lambda.clone().neg() + 1.0;
    let mixed = lambda.clone() * dots.clone() + mu.clone() * mix.permute(dots);
    let mixed_square = lambda.clone().square() * squares.clone()
        + mu.clone().square() * mix.permute(squares)
        + lambda * mu * cross * 2.0;
    mixed / (anchor_norm * mixed_square.clamp_min(1e-24).sqrt())
}
