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

/// 1/√(variance + ε) per channel.
fn inverse_deviation(variance: &[f32], epsilon: f32) -> Vec<f32> {
    variance
        .iter()
        .map(|v| 1.0 / (v + epsilon).sqrt())
        .collect()
}

impl NormOps for Flex {
    fn moments(x: FloatTensor<Self>) -> FloatTensor<Self> {
        let (x, c) = pixels(x);
        let values = numbers(&x);
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
        let mut out = Buffer::new(2 * c);
        out[..c].copy_from_slice(&mean);
        for (o, s) in out[c..].iter_mut().zip(squares.iter()) {
            *o = s * scale;
        }
        plain(out, [2, c])
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
        let (mean, variance) = numbers(&moments).split_at(c);
        let scale = inverse_deviation(variance, epsilon)
            .iter()
            .zip(numbers(&gamma))
            .map(|(i, g)| i * g)
            .collect::<Vec<_>>();
        let beta = numbers(&beta);
        let mut out = Buffer::new(numbers(&x).len());
        let share = (SHARE / c.max(1)).max(1) * c;
        out.par_chunks_mut(share)
            .zip(numbers(&x).par_chunks(share))
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
        let (mean, variance) = numbers(&moments).split_at(c);
        let inverse = inverse_deviation(variance, epsilon);
        let (values, grads) = (numbers(&x), numbers(&grad));
        let rows = values.len() / c.max(1);
        // Σ g and Σ g·x̂.
        let sums = column_sums(
            rows,
            c,
            2 * c,
            #[inline(always)]
            |row, sums| {
                let (plain, scaled) = sums.split_at_mut(c);
                let (x, g) = (&values[row * c..][..c], &grads[row * c..][..c]);
                for i in 0..c {
                    plain[i] += g[i];
                    scaled[i] += g[i] * (x[i] - mean[i]) * inverse[i];
                }
            },
        );
        let (at_beta, at_gamma) = sums.split_at(c);
        // γ/σ · (g − Σg/n − x̂ Σgx̂/n)
        let n = rows.max(1) as f32;
        let scale = inverse
            .iter()
            .zip(numbers(&gamma))
            .map(|(i, g)| i * g)
            .collect::<Vec<_>>();
        let offset = at_beta.iter().map(|sum| sum / n).collect::<Vec<_>>();
        let slant = at_gamma
            .iter()
            .zip(&inverse)
            .map(|(sum, i)| sum / n * i)
            .collect::<Vec<_>>();
        let mut out = Buffer::new(values.len());
        let share = (SHARE / c.max(1)).max(1) * c;
        out.par_chunks_mut(share)
            .zip(values.par_chunks(share).zip(grads.par_chunks(share)))
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
        let vector = |values: &[f32]| {
            let mut part = Buffer::new(c);
            part.copy_from_slice(values);
            plain(part, [c])
        };
        (like(&x, out), vector(at_gamma), vector(at_beta))
    }
}
