//! L_face (S003 Eq. 6) and L_pose (S003 Eq. 5), both on projected codes (METHODS 1.8.3, 1.8.4).

use burn::tensor::activation::log_softmax;
use burn::tensor::{Int, Tensor, TensorData};

use super::interpolate::{Mix, mixed_cosine};
use crate::config::Reduction;
use crate::device::KernelGroup;
use crate::ops::{mean, mixed_cross_entropy, on_cpu, ours, pose_cross_entropy, product_turned};

/// Settings shared by the two losses.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ContrastiveOptions {
    /// Temperature τ.
    pub tau: f64,
    /// Mean over anchors, or the sum of both directions averaged over pairs.
    pub reduction: Reduction,
    /// L_pose only: whether the positive stands in the denominator.
    pub pos_in_denominator: bool,
}

impl ContrastiveOptions {
    fn reduce(&self, per_anchor: Tensor<1>) -> Tensor<1> {
        match self.reduction {
            Reduction::Mean => mean(per_anchor),
            Reduction::Sum => mean(per_anchor) * 2.0,
        }
    }
}

/// Chance level of L_face in nats: ln(2N − 1).
pub fn chance_face(n: usize) -> f64 {
    ((2 * n).saturating_sub(1).max(1) as f64).ln()
}

/// Chance level of L_pose in nats: ln(M + 1), or ln M without the positive in the denominator.
pub fn chance_pose(m: usize, pos_in_denominator: bool) -> f64 {
    ((m + usize::from(pos_in_denominator)).max(1) as f64).ln()
}

/// Row norms, at least 1e-12: `[n, d]` → `[n, 1]`.
fn norms(x: Tensor<2>) -> Tensor<2> {
    x.square().sum_dim(1).clamp_min(1e-24).sqrt()
}

/// −log softmax of the first column, per row: `[A, 1 + K]` → `[A]`.
fn cross_entropy_first(logits: Tensor<2>) -> Tensor<1> {
    let [rows, _] = logits.dims();
    log_softmax(logits, 1)
        .slice([0..rows, 0..1])
        .neg()
        .reshape([rows])
}

/// For each of the three ways the list of negatives can be shifted against the rows of z
/// (METHODS 1.8.5: anchor and positive are left out of an ascending list), a 0/1 mask `[2N, K]`.
fn shift_masks(z: &Tensor<2>) -> [Tensor<2>; 3] {
    let [n2, _] = z.dims();
    let (half, k) = (n2 / 2, n2 - 2);
    [0, 1, 2].map(|shift| {
        let mask = (0..n2 * k)
            .map(|e| {
                let (a, k) = ((e / k) % half, e % k);
                f32::from(u8::from(
                    (k >= a) as usize + (k + 1 >= a + half) as usize == shift,
                ))
            })
            .collect::<Vec<_>>();
        Tensor::from_data(TensorData::new(mask, [n2, k]), &z.device())
    })
}

/// Ordinary contrastive loss over 2N views. On GPUs one operation computes it from the Gram matrix
/// of z; its plain twin is [`l_face_plain`].
///
/// # Shapes
///
/// - `z`: `[2N, d]`, rows k and k+N are the two views of one image
/// - `mix.lambda`: `[2N, 2N−2]`, `mix.permutation`: `[2N−2]`
/// - output: `[1]`
pub fn l_face(z: Tensor<2>, mix: Option<&Mix>, options: ContrastiveOptions) -> Tensor<1> {
    let [n2, _] = z.dims();
    // A single image has no negatives.
    if n2 >= 4 && ours(KernelGroup::FaceLoss, z.device()) {
        l_face_as_one(z, mix, options)
    } else {
        l_face_plain(z, mix, options)
    }
}

/// The same as one operation on the Gram matrix, for at least two images. GPUs only.
///
/// # Shapes
///
/// As [`l_face`].
pub(crate) fn l_face_as_one(
    z: Tensor<2>,
    mix: Option<&Mix>,
    options: ContrastiveOptions,
) -> Tensor<1> {
    let [n2, _] = z.dims();
    let (lambda, permutation) = mixture(mix, [n2, n2 - 2], &z);
    let gram = product_turned(z.clone(), z);
    let tau = options.tau as f32;
    options.reduce(mixed_cross_entropy(gram, lambda, permutation, tau))
}

/// The same from ordinary operations.
///
/// Everything comes from the Gram matrix of z: the negatives of an anchor are the columns of its
/// row with two of them skipped, which three shifted slices and three masks express without a
/// gather (whose backward is a slow scatter on GPUs).
///
/// # Shapes
///
/// As [`l_face`].
pub fn l_face_plain(z: Tensor<2>, mix: Option<&Mix>, options: ContrastiveOptions) -> Tensor<1> {
    let [n2, _] = z.dims();
    let (half, k) = (n2 / 2, n2 - 2);
    let masks = shift_masks(&z);
    let gram = product_turned(z.clone(), z.clone());
    let squares = z.clone().square().sum_dim(1);
    let norm = norms(z.clone());

    // pick([2N or 1, 2N]) → [2N, K]: entry (a, k) is column idx(a, k).
    let pick = |t: Tensor<2>| {
        let [rows, _] = t.dims();
        let part = |s: usize| masks[s].clone() * t.clone().slice([0..rows, s..s + k]);
        part(0) + part(1) + part(2)
    };
    let dots = pick(gram);
    let negatives = match mix {
        None => dots / (norm.clone() * pick(norm.clone().transpose())),
        Some(mix) => {
            // n_k·n_π(k) takes one of nine values per k, by how much either index is shifted.
            let mut cross = None;
            for (s, left_mask) in masks.iter().enumerate() {
                let left = z.clone().slice([s..s + k]);
                for (t, right_mask) in masks.iter().enumerate() {
                    let right = z
                        .clone()
                        .slice([t..t + k])
                        .select(0, mix.permutation.clone());
                    let value = (left.clone() * right).sum_dim(1).transpose();
                    let part = left_mask.clone() * mix.permute(right_mask.clone()) * value;
                    cross = Some(match cross {
                        None => part,
                        Some(sum) => sum + part,
                    });
                }
            }
            let cross = cross.expect("nine shifts were added");
            mixed_cosine(
                dots,
                pick(squares.transpose()),
                cross,
                norm.clone(),
                mix.lambda.clone(),
                mix,
            )
        }
    };

    let first = z.clone().slice([0..half]);
    let second = z.slice([half..n2]);
    let pair =
        (first * second).sum_dim(1) / (norm.clone().slice([0..half]) * norm.slice([half..n2]));
    let positive = Tensor::cat(vec![pair.clone(), pair], 0);
    options.reduce(cross_entropy_first(
        Tensor::cat(vec![positive, negatives], 1) / options.tau,
    ))
}

/// Chance level of [`l_face_among`] in nats: ln(2N − 1 + K).
pub fn chance_face_among(n: usize, others: usize) -> f64 {
    ((2 * n + others).saturating_sub(1).max(1) as f64).ln()
}

/// [`l_face`] with pictures among the negatives that are nobody's pair.
///
/// # Shapes
///
/// - `z`: `[2N, d]`, rows k and k+N show one person
/// - `others`: `[K, d]`
/// - output: `[1]`
pub fn l_face_among(
    z: Tensor<2>,
    others: Option<Tensor<2>>,
    options: ContrastiveOptions,
) -> Tensor<1> {
    let all = match others {
        Some(others) => Tensor::cat(vec![z.clone(), others], 0),
        None => z.clone(),
    };
    let ([n2, _], [columns, _]) = (z.dims(), all.dims());
    let half = n2 / 2;
    let table = |pick: &dyn Fn(usize, usize) -> bool, value: f32| {
        let entry = |e: usize| {
            if pick(e / columns, e % columns) {
                value
            } else {
                0.0
            }
        };
        let entries = (0..n2 * columns).map(entry).collect::<Vec<_>>();
        Tensor::<2>::from_data(TensorData::new(entries, [n2, columns]), &z.device())
    };
    let itself = table(&|row, column| row == column, -1e9);
    let pair = table(&|row, column| column == (row + half) % n2, 1.0);
    let cosines = product_turned(z.clone() / norms(z), all.clone() / norms(all));
    let likelihood = log_softmax(cosines / options.tau + itself, 1);
    let per_anchor = (likelihood * pair).sum_dim(1).neg().reshape([n2]);
    options.reduce(per_anchor)
}

/// Pose contrastive loss: two views of an image against M views of its flip. On GPUs one operation
/// computes it from the Gram matrix of all codes; its plain twin is [`l_pose_plain`].
///
/// # Shapes
///
/// - `positives`: `[2B, d]`, rows b and b+B are the two views of image b
/// - `negatives`: `[B, M, d]`
/// - `mix.lambda`: `[B, M]`, shared by both anchors of an image; `mix.permutation`: `[M]`
/// - output: `[1]`
pub fn l_pose(
    positives: Tensor<2>,
    negatives: Tensor<3>,
    mix: Option<&Mix>,
    options: ContrastiveOptions,
) -> Tensor<1> {
    if ours(KernelGroup::PoseLoss, positives.device()) {
        l_pose_as_one(positives, negatives, mix, options)
    } else {
        l_pose_plain(positives, negatives, mix, options)
    }
}

/// The same as one operation on the Gram matrix. GPUs only.
///
/// # Shapes
///
/// As [`l_pose`].
pub(crate) fn l_pose_as_one(
    positives: Tensor<2>,
    negatives: Tensor<3>,
    mix: Option<&Mix>,
    options: ContrastiveOptions,
) -> Tensor<1> {
    let [b, m, d] = negatives.dims();
    let z = Tensor::cat(vec![positives, negatives.reshape([b * m, d])], 0);
    let (lambda, permutation) = mixture(mix, [b, m], &z);
    let gram = product_turned(z.clone(), z);
    let (tau, with_positive) = (options.tau as f32, options.pos_in_denominator);
    options.reduce(pose_cross_entropy(
        gram,
        lambda,
        permutation,
        tau,
        with_positive,
    ))
}

/// λ and π; those of negatives that are mixed with nothing if there are none.
fn mixture(mix: Option<&Mix>, [rows, k]: [usize; 2], z: &Tensor<2>) -> (Tensor<2>, Tensor<1, Int>) {
    match mix {
        Some(mix) => (mix.lambda.clone(), mix.permutation.clone()),
        None => (
            Tensor::ones([rows, k], &z.device()),
            Tensor::<1, Int>::arange(0..k as i64, &z.device()),
        ),
    }
}

/// The same as [`l_pose`] from ordinary operations.
///
/// # Shapes
///
/// As [`l_pose`].
pub fn l_pose_plain(
    positives: Tensor<2>,
    negatives: Tensor<3>,
    mix: Option<&Mix>,
    options: ContrastiveOptions,
) -> Tensor<1> {
    let [b, m, d] = negatives.dims();
    let norm = norms(positives.clone());
    let views = positives.reshape([2, b, d]);
    let both = |t: Tensor<2>| Tensor::cat(vec![t.clone(), t], 0); // [B, M] → [2B, M]

    let dots = if on_cpu(views.device()) {
        let anchors = views.clone().swap_dims(0, 1); // [B, 2, d]
        let dots = anchors.matmul(negatives.clone().swap_dims(1, 2)); // [B, 2, M]
        dots.swap_dims(0, 1).reshape([2 * b, m])
    } else {
        // Two anchors per image: a product of their rows with the negatives costs no more than
        // reading the negatives.
        let of = |i: usize| {
            let anchor = views.clone().slice([i..i + 1]).swap_dims(0, 1); // [B, 1, d]
            (negatives.clone() * anchor).sum_dim(2).reshape([b, m])
        };
        Tensor::cat(vec![of(0), of(1)], 0)
    };
    let squares = negatives.clone().square().sum_dim(2).reshape([b, m]);
    let cosines = match mix {
        None => dots / (norm.clone() * both(squares.clamp_min(1e-24).sqrt())),
        Some(mix) => {
            let moved = negatives.clone().select(1, mix.permutation.clone());
            let cross = (negatives * moved).sum_dim(2).reshape([b, m]);
            mixed_cosine(
                dots,
                both(squares),
                both(cross),
                norm.clone(),
                both(mix.lambda.clone()),
                mix,
            )
        }
    };

    let view = |i: usize| views.clone().slice([i..i + 1]).reshape([b, d]);
    let pair =
        (view(0) * view(1)).sum_dim(1) / (norm.clone().slice([0..b]) * norm.slice([b..2 * b]));
    let positive = both(pair) / options.tau;
    let logits = cosines / options.tau;
    let per_anchor = if options.pos_in_denominator {
        cross_entropy_first(Tensor::cat(vec![positive, logits], 1))
    } else {
        // log Σ exp over the negatives alone, minus the positive.
        let top = logits.clone().detach().max_dim(1);
        let lse = (logits - top.clone()).exp().sum_dim(1).log() + top;
        (lse - positive).reshape([2 * b])
    };
    options.reduce(per_anchor)
}

/// The released code's reading of the negatives: the list is negative-major but is cut into B
/// blocks of M rows, so block i holds views of all images (METHODS 1.8.4).
///
/// # Shapes
///
/// - `negatives`: `[B, M, d]`
/// - output: `[B, M, d]`
pub fn mix_blocks(negatives: Tensor<3>) -> Tensor<3> {
    let [b, m, d] = negatives.dims();
    negatives.swap_dims(0, 1).reshape([b, m, d])
}
