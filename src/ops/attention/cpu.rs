//! One image per task.

use burn::backend::tensor::FloatTensor;
use burn::backend::{Flex, TensorMetadata};
use rayon::prelude::*;

use super::AttentionOps;
use crate::ops::cpu::matrix::{multiply, multiply_into, rows, turned};
use crate::ops::cpu::{
    Buffer, activate_biased, channels_last, exp, in_order, map, numbers, plain, transpose, wide,
};

/// Partial weight gradients that are summed up in order.
const PARTIALS: usize = 8;

/// Runs a loop at full vector width.
macro_rules! wide {
    ($($body:tt)*) => { wide(#[inline(always)] || { $($body)* }) };
}

/// Softmax of the first `c` columns over the columns.
fn softmax_channels(q: &mut [f32], c: usize) {
    wide!(for row in q.chunks_exact_mut(2 * c) {
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
        for row in q.chunks_exact(2 * c) {
            for (t, v) in top.iter_mut().zip(&row[c..2 * c]) {
                *t = t.max(*v);
            }
        }
        for row in q.chunks_exact_mut(2 * c) {
            for ((v, t), s) in row[c..2 * c].iter_mut().zip(&top).zip(sum.iter_mut()) {
                *v = exp(*v - t);
                *s += *v;
            }
        }
        for s in sum.iter_mut() {
            *s = 1.0 / *s;
        }
        for row in q.chunks_exact_mut(2 * c) {
            for (v, s) in row[c..2 * c].iter_mut().zip(&sum) {
                *v *= s;
            }
        }
    );
}

/// What an image needs on its way forward.
struct Forward<'a> {
    c: usize,
    /// The transpose of G's and Θ's weights: `[c, 2c]`.
    both_turned: &'a [f32],
    bias: &'a [f32],
    /// The transpose of Φ's: `[c, c]`.
    phi_turned: &'a [f32],
    phi_bias: &'a [f32],
    slope: f32,
}

/// What an image needs on its way back.
struct Backward<'a> {
    c: usize,
    /// G's and Θ's weights: `[2c, c]`.
    both: &'a [f32],
    /// Φ's, `[c, c]`, and their transpose.
    phi: &'a [f32],
    phi_turned: &'a [f32],
    slope: f32,
}

/// The transpose of `weight`, `[rows, c]`.
fn upright(weight: &[f32], c: usize) -> Buffer {
    let mut out = Buffer::new(weight.len());
    transpose(weight, c, [weight.len() / c.max(1), c], &mut out);
    out
}

/// (W_Φ (x Θ̃ᵀ))ᵀ from Θ̃ xᵀ: `[c, c]`.
fn mix(products: &[f32], phi_turned: &[f32], c: usize) -> Buffer {
    let mut mix = Buffer::new(c * c);
    multiply(
        &mut mix,
        rows(products, c),
        rows(phi_turned, c),
        [c; 3],
        false,
    );
    mix
}

/// One image: the output, G̃ and Θ̃ side by side, `[positions, 2c]`, and Θ̃ xᵀ, `[c, c]`.
fn forward(x: &[f32], by: &Forward, out: &mut [f32], softmaxes: &mut [f32], products: &mut [f32]) {
    let c = by.c;
    let positions = x.len() / c;
    for row in softmaxes.chunks_exact_mut(2 * c) {
        row.copy_from_slice(by.bias);
    }
    let sizes = [positions, 2 * c, c];
    multiply(
        softmaxes,
        rows(x, c),
        rows(by.both_turned, 2 * c),
        sizes,
        true,
    );
    softmax_channels(softmaxes, c);
    softmax_positions(softmaxes, c);
    let theta = turned(&softmaxes[c..], 2 * c);
    multiply(products, theta, rows(x, c), [c, c, positions], false);
    let mix = mix(products, by.phi_turned, c);
    out.copy_from_slice(x);
    let sizes = [positions, c, c];
    multiply(out, rows(softmaxes, 2 * c), rows(&mix, c), sizes, true);
    activate_biased(out, by.phi_bias, by.slope);
}

/// What one image knows when its gradient comes.
struct Kept<'a> {
    x: &'a [f32],
    out: &'a [f32],
    softmaxes: &'a [f32],
    products: &'a [f32],
}

/// One image: the gradient at `x` into `at_x`; those at weights and biases, `[2c, c]`, `[c, c]`,
/// `[2c]` and `[c]`, added to `sums`.
fn backward(kept: &Kept, grad: &[f32], by: &Backward, at_x: &mut [f32], sums: &mut [f32]) {
    let (c, x, slope) = (by.c, kept.x, by.slope);
    let positions = x.len() / c;
    let (at_both, sums) = sums.split_at_mut(2 * c * c);
    let (at_phi, sums) = sums.split_at_mut(c * c);
    let (at_bias, at_phi_bias) = sums.split_at_mut(2 * c);
    // Behind the sum x + mix: it goes to x and to Φ's bias as it is, and into the products.
    wide!(
        let images = grad.chunks_exact(c).zip(kept.out.chunks_exact(c));
        for (at_x, (grad, out)) in at_x.chunks_exact_mut(c).zip(images) {
            for (((a, g), o), b) in at_x.iter_mut().zip(grad).zip(out).zip(at_phi_bias.iter_mut()) {
                *a = if *o > 0.0 { *g } else { slope * *g };
                *b += *a;
            }
        }
    );
    let theta = rows(&kept.softmaxes[c..], 2 * c);
    let mut at_mix = Buffer::new(c * c);
    let over_positions = [c, c, positions];
    multiply(
        &mut at_mix,
        turned(kept.softmaxes, 2 * c),
        rows(at_x, c),
        over_positions,
        false,
    );
    let mut d = Buffer::new(2 * positions * c);
    let over_channels = [positions, c, c];
    let mix = mix(kept.products, by.phi_turned, c);
    multiply_into(
        (&mut d, 2 * c),
        rows(at_x, c),
        turned(&mix, c),
        over_channels,
        false,
    );
    multiply(
        at_phi,
        turned(&at_mix, c),
        rows(kept.products, c),
        [c; 3],
        true,
    );
    let mut at_products = Buffer::new(c * c);
    multiply(
        &mut at_products,
        rows(&at_mix, c),
        rows(by.phi, c),
        [c; 3],
        false,
    );
    let at_theta = (&mut d[c..], 2 * c);
    multiply_into(
        at_theta,
        rows(x, c),
        turned(&at_products, c),
        over_channels,
        false,
    );
    multiply(at_x, theta, rows(&at_products, c), over_channels, true);

    let mut dots = vec![0.0; c];
    let p = kept.softmaxes;
    wide!(
        for (d, p) in d.chunks_exact_mut(2 * c).zip(p.chunks_exact(2 * c)) {
            let dot = d[..c].iter().zip(&p[..c]).map(|(d, p)| d * p).sum::<f32>();
            for (d, p) in d[..c].iter_mut().zip(&p[..c]) {
                *d = p * (*d - dot);
            }
            for ((dot, d), p) in dots.iter_mut().zip(&d[c..]).zip(&p[c..]) {
                *dot += d * p;
            }
        }
        for (d, p) in d.chunks_exact_mut(2 * c).zip(p.chunks_exact(2 * c)) {
            for ((d, p), dot) in d[c..].iter_mut().zip(&p[c..]).zip(&dots) {
                *d = p * (*d - dot);
            }
            for (b, v) in at_bias.iter_mut().zip(&*d) {
                *b += v;
            }
        }
    );
    let sizes = [positions, c, 2 * c];
    multiply(at_x, rows(&d, 2 * c), rows(by.both, c), sizes, true);
    let sizes = [2 * c, c, positions];
    multiply(at_both, turned(&d, 2 * c), rows(x, c), sizes, true);
}

impl AttentionOps for Flex {
    fn channel_attention(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        phi: FloatTensor<Self>,
        phi_bias: FloatTensor<Self>,
        slope: f32,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        let x = channels_last(x);
        let [weight, bias, phi, phi_bias] =
            [weight, bias, phi, phi_bias].map(|t| t.to_contiguous());
        let [b, c, h, w] = x.shape().dims();
        let [both_turned, phi_turned] = [&weight, &phi].map(|t| upright(numbers(t), c));
        let by = Forward {
            c,
            both_turned: &both_turned,
            bias: numbers(&bias),
            phi_turned: &phi_turned,
            phi_bias: numbers(&phi_bias),
            slope,
        };
        let size = (c * h * w).max(1);
        let mut out = Buffer::new(b * c * h * w);
        let (mut softmaxes, mut products) = (Buffer::new(2 * out.len()), Buffer::new(b * c * c));
        out.par_chunks_mut(size)
            .zip(softmaxes.par_chunks_mut(2 * size))
            .zip(products.par_chunks_mut((c * c).max(1)))
            .zip(numbers(&x).par_chunks(size))
            .for_each(|(((out, softmaxes), products), x)| {
                forward(x, &by, out, softmaxes, products);
            });
        (
            map(out, [b, c, h, w]),
            map(softmaxes, [b, 2 * c, h, w]),
            plain(products, [b, c, 1, c]),
        )
    }

    fn channel_attention_backward(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        phi: FloatTensor<Self>,
        out: FloatTensor<Self>,
        softmaxes: FloatTensor<Self>,
        products: FloatTensor<Self>,
        grad: FloatTensor<Self>,
        slope: f32,
    ) -> (
        FloatTensor<Self>,
        FloatTensor<Self>,
        FloatTensor<Self>,
        FloatTensor<Self>,
        FloatTensor<Self>,
    ) {
        let [x, out, softmaxes, grad] = [x, out, softmaxes, grad].map(channels_last);
        let [weight, phi, products] = [weight, phi, products].map(|t| t.to_contiguous());
        let [b, c, h, w] = x.shape().dims();
        let phi_turned = upright(numbers(&phi), c);
        let by = Backward {
            c,
            both: numbers(&weight),
            phi: numbers(&phi),
            phi_turned: &phi_turned,
            slope,
        };
        let (size, square) = ((c * h * w).max(1), (c * c).max(1));
        let width = 3 * c * (c + 1);
        // A fixed number of partial sums, whatever the number of cores.
        let share = b.div_ceil(PARTIALS).max(1);
        let mut at_x = Buffer::new(b * c * h * w);
        let mut partials = Buffer::zeros(b.div_ceil(share) * width);
        at_x.par_chunks_mut(share * size)
            .zip(partials.par_chunks_mut(width.max(1)))
            .enumerate()
            .for_each(|(i, (at_x, sums))| {
                for (n, at_x) in at_x.chunks_mut(size).enumerate() {
                    let n = i * share + n;
                    let kept = Kept {
                        x: &numbers(&x)[n * size..][..size],
                        out: &numbers(&out)[n * size..][..size],
                        softmaxes: &numbers(&softmaxes)[2 * n * size..][..2 * size],
                        products: &numbers(&products)[n * square..][..square],
                    };
                    let grad = &numbers(&grad)[n * size..][..size];
                    backward(&kept, grad, &by, at_x, sums);
                }
            });
        let total = in_order(&partials, width);
        let split = |range: std::ops::Range<usize>| {
            let mut part = Buffer::new(range.len());
            part.copy_from_slice(&total[range]);
            part
        };
        let [both, phi, bias] = [2 * c * c, 3 * c * c, 3 * c * c + 2 * c];
        (
            map(at_x, [b, c, h, w]),
            plain(split(0..both), [2 * c, c, 1, 1]),
            plain(split(phi..bias), [2 * c]),
            plain(split(both..phi), [c, c, 1, 1]),
            plain(split(bias..width), [c]),
        )
    }
}
