//! A share of the pixels per task; sums in a fixed order.

use burn::backend::flex::FlexTensor;
use burn::backend::tensor::FloatTensor;
use burn::backend::{Flex, TensorMetadata};
use rayon::prelude::*;

use super::NormOps;
use crate::ops::cpu::{
    Buffer, SHARE, channels_last, column_sums, map, numbers, plain, sum_of_rows, wide,
};

/// The tensor with channels innermost, and their number.
fn pixels(x: FlexTensor) -> (FlexTensor, usize) {
    let shape = x.shape();
    let c = shape[1];
    match shape.num_dims() {
        4 => (channels_last(x), c),
        2 => (x.to_contiguous(), c),
        other => unreachable!("a network normalises maps and codes, not {other} axes"),
    }
}

fn like(x: &FlexTensor, values: Buffer) -> FlexTensor {
    match x.shape().num_dims() {
        4 => map(values, x.shape().dims()),
        _ => plain(values, x.shape()),
    }
}

/// The numbers of each batch.
fn each(values: &[f32], batches: usize) -> impl Iterator<Item = &[f32]> {
    values.chunks((values.len() / batches.max(1)).max(1))
}

/// 1/√(variance + ε) per channel.
fn inverse_deviation(variance: &[f32], epsilon: f32) -> Vec<f32> {
    variance
        .iter()
        .map(|v| 1.0 / (v + epsilon).sqrt())
        .collect()
}

/// Mean and biased variance of the columns of `values`, `[rows, c]`, into `out`, `[2, c]`.
fn moments_of(values: &[f32], c: usize, out: &mut [f32]) {
    let rows = values.len() / c.max(1);
    let scale = 1.0 / rows.max(1) as f32;
    let mut mean = sum_of_rows(values, c);
    mean.iter_mut().for_each(|m| *m *= scale);
    let squares = column_sums(
        rows,
        c,
        c,
        #[inline(always)]
        |row, sums| {
            let row = &values[row * c..][..c];
            for ((s, v), m) in sums.iter_mut().zip(row).zip(mean.iter()) {
                *s += (v - m) * (v - m);
            }
        },
    );
    out[..c].copy_from_slice(&mean);
    for (o, s) in out[c..].iter_mut().zip(squares.iter()) {
        *o = s * scale;
    }
}

/// Normalises the pixels of `x` by their moments, `[2, c]`, into `out`.
fn normalise_by(
    x: &[f32],
    moments: &[f32],
    (gamma, beta): (&[f32], &[f32]),
    epsilon: f32,
    out: &mut [f32],
) {
    let c = gamma.len();
    let (mean, variance) = moments.split_at(c);
    let scale = inverse_deviation(variance, epsilon)
        .iter()
        .zip(gamma)
        .map(|(i, g)| i * g)
        .collect::<Vec<_>>();
    let share = (SHARE / c.max(1)).max(1) * c.max(1);
    out.par_chunks_mut(share)
        .zip(x.par_chunks(share))
        .for_each(|(out, x)| {
            wide(
                #[inline(always)]
                || {
                    for (out, x) in out.chunks_exact_mut(c).zip(x.chunks_exact(c)) {
                        // The mean first: it may be far larger than the deviation.
                        for i in 0..c {
                            out[i] = (x[i] - mean[i]) * scale[i] + beta[i];
                        }
                    }
                },
            );
        });
}

/// The gradient at the pixels of `x` into `out`: γ/σ · (g − Σg/n − x̂ Σgx̂/n). Gives Σ g and Σ g·x̂,
/// `[2, c]`.
fn gradient_by(
    (x, grad): (&[f32], &[f32]),
    moments: &[f32],
    gamma: &[f32],
    epsilon: f32,
    out: &mut [f32],
) -> Buffer {
    let c = gamma.len();
    let (mean, variance) = moments.split_at(c);
    let inverse = inverse_deviation(variance, epsilon);
    let rows = x.len() / c.max(1);
    let sums = column_sums(
        rows,
        c,
        2 * c,
        #[inline(always)]
        |row, sums| {
            let (plain, scaled) = sums.split_at_mut(c);
            let (x, g) = (&x[row * c..][..c], &grad[row * c..][..c]);
            for i in 0..c {
                plain[i] += g[i];
                scaled[i] += g[i] * (x[i] - mean[i]) * inverse[i];
            }
        },
    );
    let n = rows.max(1) as f32;
    let scale = inverse
        .iter()
        .zip(gamma)
        .map(|(i, g)| i * g)
        .collect::<Vec<_>>();
    let offset = sums[..c].iter().map(|sum| sum / n).collect::<Vec<_>>();
    let slant = sums[c..]
        .iter()
        .zip(&inverse)
        .map(|(sum, i)| sum / n * i)
        .collect::<Vec<_>>();
    let share = (SHARE / c.max(1)).max(1) * c.max(1);
    out.par_chunks_mut(share)
        .zip(x.par_chunks(share).zip(grad.par_chunks(share)))
        .for_each(|(out, (x, g))| {
            wide(
                #[inline(always)]
                || {
                    for (out, (x, g)) in out
                        .chunks_exact_mut(c)
                        .zip(x.chunks_exact(c).zip(g.chunks_exact(c)))
                    {
                        for i in 0..c {
                            let centred = (x[i] - mean[i]) * slant[i];
                            out[i] = scale[i] * (g[i] - offset[i] - centred);
                        }
                    }
                },
            );
        });
    sums
}

impl NormOps for Flex {
    fn moments(x: FloatTensor<Self>, batches: usize) -> FloatTensor<Self> {
        let (x, c) = pixels(x);
        let values = numbers(&x);
        let mut out = Buffer::zeros(batches * 2 * c);
        for (values, out) in each(values, batches).zip(out.chunks_exact_mut((2 * c).max(1))) {
            moments_of(values, c, out);
        }
        plain(out, [batches, 2, c])
    }

    fn normalise(
        x: FloatTensor<Self>,
        moments: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        epsilon: f32,
    ) -> FloatTensor<Self> {
        let (x, c) = pixels(x);
        let [moments, gamma, beta] = [moments, gamma, beta].map(|t| t.to_contiguous());
        let batches = moments.shape()[0];
        let by = (numbers(&gamma), numbers(&beta));
        let mut out = Buffer::new(numbers(&x).len());
        let size = (out.len() / batches.max(1)).max(1);
        let moments = numbers(&moments).chunks_exact((2 * c).max(1));
        for ((out, x), moments) in out
            .chunks_mut(size)
            .zip(each(numbers(&x), batches))
            .zip(moments)
        {
            normalise_by(x, moments, by, epsilon, out);
        }
        like(&x, out)
    }

    fn normalise_backward(
        x: FloatTensor<Self>,
        moments: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        grad: FloatTensor<Self>,
        epsilon: f32,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        let ((x, c), (grad, _)) = (pixels(x), pixels(grad));
        let [moments, gamma] = [moments, gamma].map(|t| t.to_contiguous());
        let batches = moments.shape()[0];
        let mut out = Buffer::new(numbers(&x).len());
        let size = (out.len() / batches.max(1)).max(1);
        let moments = numbers(&moments).chunks_exact((2 * c).max(1));
        let maps = each(numbers(&x), batches).zip(each(numbers(&grad), batches));
        let (mut at_beta, mut at_gamma) = (Buffer::zeros(c), Buffer::zeros(c));
        for ((out, maps), moments) in out.chunks_mut(size).zip(maps).zip(moments) {
            let sums = gradient_by(maps, moments, numbers(&gamma), epsilon, out);
            for (i, (beta, gamma)) in at_beta.iter_mut().zip(at_gamma.iter_mut()).enumerate() {
                *beta += sums[i];
                *gamma += sums[c + i];
            }
        }
        (like(&x, out), plain(at_gamma, [c]), plain(at_beta, [c]))
    }
}
