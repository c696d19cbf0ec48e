//! One image per task.

use burn::backend::tensor::FloatTensor;
use burn::backend::{Flex, TensorMetadata};
use rayon::prelude::*;

use super::AttentionOps;
use crate::ops::cpu::matrix::{multiply, multiply_into, rows, turned};
use crate::ops::cpu::{Buffer, activate, channels_last, exp, in_order, map, numbers, plain, wide};

/// Partial weight gradients that are summed up in order.
const PARTIALS: usize = 8;

/// What the products of one image give.
struct Parts {
    /// G̃, Θ̃ and Φ side by side: `[positions, 3c]`.
    projected: Buffer,
    /// Φᵀ Θ̃: `[c, c]`.
    mix: Buffer,
}

/// Runs a loop at full vector width.
macro_rules! wide {
    ($($body:tt)*) => { wide(#[inline(always)] || { $($body)* }) };
}

/// Softmax of the first `c` columns over the columns.
fn softmax_channels(q: &mut [f32], c: usize) {
    wide!(for row in q.chunks_exact_mut(3 * c) {
        let row = &mut row[..c];
        let top = row.iter().fold(f32::NEG_INFINITY, |m, v| m.max(*v));
        for v in row.iter_mut() {
            *v = exp(*v - top);
        }
        let scale = 1.0 / row.iter().sum::<f32>();
        for v in row.iter_mut() {
            *v *= scale;
        }
    });
}

/// Softmax of columns `c..2c` over the rows.
fn softmax_positions(q: &mut [f32], c: usize) {
    let (mut top, mut sum) = (vec![f32::NEG_INFINITY; c], vec![0.0; c]);
    wide!(
        for row in q.chunks_exact(3 * c) {
            for (t, v) in top.iter_mut().zip(&row[c..2 * c]) {
                *t = t.max(*v);
            }
        }
        for row in q.chunks_exact_mut(3 * c) {
            for ((v, t), s) in row[c..2 * c].iter_mut().zip(&top).zip(sum.iter_mut()) {
                *v = exp(*v - t);
                *s += *v;
            }
        }
        for s in sum.iter_mut() {
            *s = 1.0 / *s;
        }
        for row in q.chunks_exact_mut(3 * c) {
            for (v, s) in row[c..2 * c].iter_mut().zip(&sum) {
                *v *= s;
            }
        }
    );
}

fn parts(x: &[f32], c: usize, weight: &[f32], bias: &[f32]) -> Parts {
    let positions = x.len() / c;
    let mut projected = Buffer::new(positions * 3 * c);
    for row in projected.chunks_exact_mut(3 * c) {
        row.copy_from_slice(bias);
    }
    let sizes = [positions, 3 * c, c];
    multiply(&mut projected, rows(x, c), turned(weight, c), sizes, true);
    softmax_channels(&mut projected, c);
    softmax_positions(&mut projected, c);
    let mut mix = Buffer::new(c * c);
    let (theta, phi) = (&projected[c..], &projected[2 * c..]);
    let sizes = [c, c, positions];
    multiply(
        &mut mix,
        turned(phi, 3 * c),
        rows(theta, 3 * c),
        sizes,
        false,
    );
    Parts { projected, mix }
}

fn forward(x: &[f32], c: usize, weight: &[f32], bias: &[f32], slope: f32, out: &mut [f32]) {
    let Parts { projected, mix } = parts(x, c, weight, bias);
    out.copy_from_slice(x);
    let sizes = [x.len() / c, c, c];
    multiply(out, rows(&projected, 3 * c), turned(&mix, c), sizes, true);
    activate(out, slope);
}

/// One image: the gradient at `x` into `out`, those at weight and bias added to `sums`.
fn backward(
    (x, out, grad): (&[f32], &[f32], &[f32]),
    c: usize,
    (weight, bias, slope): (&[f32], &[f32], f32),
    at_x: &mut [f32],
    sums: &mut [f32],
) {
    let positions = x.len() / c;
    let Parts { projected, mix } = parts(x, c, weight, bias);
    // Behind the sum x + mix: it goes to x as it is, and into the products.
    wide!(for ((a, g), o) in at_x.iter_mut().zip(grad).zip(out) {
        *a = if *o > 0.0 { *g } else { slope * *g };
    });
    let (g, theta, phi) = (&projected[..], &projected[c..], &projected[2 * c..]);
    let mut at_mix = Buffer::new(c * c);
    let sizes = [c, c, positions];
    multiply(&mut at_mix, turned(at_x, c), rows(g, 3 * c), sizes, false);
    let mut d = Buffer::new(projected.len());
    let sizes = [positions, c, c];
    multiply_into((&mut d, 3 * c), rows(at_x, c), rows(&mix, c), sizes, false);
    let at_theta = (&mut d[c..], 3 * c);
    multiply_into(at_theta, rows(phi, 3 * c), rows(&at_mix, c), sizes, false);
    let at_phi = (&mut d[2 * c..], 3 * c);
    multiply_into(at_phi, rows(theta, 3 * c), turned(&at_mix, c), sizes, false);

    let mut dots = vec![0.0; c];
    wide!(
        for (d, p) in d.chunks_exact_mut(3 * c).zip(projected.chunks_exact(3 * c)) {
            let dot = d[..c].iter().zip(&p[..c]).map(|(d, p)| d * p).sum::<f32>();
            for (d, p) in d[..c].iter_mut().zip(&p[..c]) {
                *d = p * (*d - dot);
            }
            for ((dot, d), p) in dots.iter_mut().zip(&d[c..2 * c]).zip(&p[c..2 * c]) {
                *dot += d * p;
            }
        }
        for (d, p) in d.chunks_exact_mut(3 * c).zip(projected.chunks_exact(3 * c)) {
            for ((d, p), dot) in d[c..2 * c].iter_mut().zip(&p[c..2 * c]).zip(&dots) {
                *d = p * (*d - dot);
            }
        }
    );
    let (at_weight, at_bias) = sums.split_at_mut(3 * c * c);
    let sizes = [positions, c, 3 * c];
    multiply(at_x, rows(&d, 3 * c), rows(weight, c), sizes, true);
    let sizes = [3 * c, c, positions];
    multiply(at_weight, turned(&d, 3 * c), rows(x, c), sizes, true);
    wide!(for row in d.chunks_exact(3 * c) {
        for (b, v) in at_bias.iter_mut().zip(row) {
            *b += v;
        }
    });
}

impl AttentionOps for Flex {
    fn channel_attention(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        slope: f32,
    ) -> FloatTensor<Self> {
        let x = channels_last(x);
        let (weight, bias) = (weight.to_contiguous(), bias.to_contiguous());
        let [b, c, h, w] = x.shape().dims();
        let size = (c * h * w).max(1);
        let (weight, bias) = (numbers(&weight), numbers(&bias));
        let mut out = Buffer::new(b * c * h * w);
        out.par_chunks_mut(size)
            .zip(numbers(&x).par_chunks(size))
            .for_each(|(out, x)| forward(x, c, weight, bias, slope, out));
        map(out, [b, c, h, w])
    }

    fn channel_attention_backward(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        out: FloatTensor<Self>,
        grad: FloatTensor<Self>,
        slope: f32,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        let [x, out, grad] = [x, out, grad].map(channels_last);
        let (weight, bias) = (weight.to_contiguous(), bias.to_contiguous());
        let [b, c, h, w] = x.shape().dims();
        let (weight, bias) = (numbers(&weight), numbers(&bias));
        let (size, width) = ((c * h * w).max(1), 3 * c * (c + 1));
        // A fixed number of partial sums, whatever the number of cores.
        let share = b.div_ceil(PARTIALS).max(1) * size;
        let mut at_x = Buffer::new(b * c * h * w);
        let mut partials = Buffer::zeros(at_x.len().div_ceil(share) * width);
        let images = numbers(&x)
            .par_chunks(share)
            .zip(numbers(&out).par_chunks(share))
            .zip(numbers(&grad).par_chunks(share));
        at_x.par_chunks_mut(share)
            .zip(partials.par_chunks_mut(width))
            .zip(images)
            .for_each(|((at_x, sums), ((x, out), grad))| {
                let images = x.chunks(size).zip(out.chunks(size)).zip(grad.chunks(size));
                for (at_x, ((x, out), grad)) in at_x.chunks_mut(size).zip(images) {
                    backward((x, out, grad), c, (weight, bias, slope), at_x, sums);
                }
            });
        let total = in_order(&partials, width);
        let split = |range: std::ops::Range<usize>| {
            let mut part = Buffer::new(range.len());
            part.copy_from_slice(&total[range]);
            part
        };
        (
            map(at_x, [b, c, h, w]),
            plain(split(0..3 * c * c), [3 * c, c, 1, 1]),
            plain(split(3 * c * c..width), [3 * c]),
        )
    }
}
