//! Convolution of any kernel and stride: unfold a group of images, multiply, fold.
//!
//! A group holds as many images as give the matrix product about [`ROWS`] rows, and groups run on
//! all cores. Sums over groups are taken in a fixed order.

use rayon::prelude::*;

use super::geometry::Geometry;
use crate::ops::cpu::matrix::{multiply, rows, turned};
use crate::ops::cpu::{Buffer, SHARE, activate, wide};

/// Rows a matrix product should have to be worth packing for.
const ROWS: usize = 512;
/// Partial weight gradients that are summed up in order.
const PARTIALS: usize = 8;

/// Images of a group.
fn group(g: &Geometry) -> usize {
    (ROWS / g.pixels().max(1)).clamp(1, g.b.div_ceil(2).max(1))
}

/// A 1×1 kernel needs no unfolding.
fn is_plain(g: &Geometry) -> bool {
    g.kernel == 1 && g.stride == 1 && g.padding == 0
}

/// For every output pixel and kernel row: which taps lie inside, where they stand in the unfolded
/// row and where in the image.
fn runs(g: &Geometry, mut each: impl FnMut(usize, std::ops::Range<usize>, Option<usize>)) {
    let k = g.kernel;
    for (oy, ox) in (0..g.pixels()).map(|p| (p / g.ow, p % g.ow)) {
        let left = ox * g.stride;
        let first = g.padding.saturating_sub(left).min(k);
        let end = (g.w + g.padding).saturating_sub(left).clamp(first, k);
        for ky in 0..k {
            let row = (oy * g.ow + ox) * g.depth() + ky * k * g.cin;
            let whole = row..row + k * g.cin;
            match (oy * g.stride + ky).checked_sub(g.padding) {
                Some(y) if y < g.h && first < end => {
                    let taps = row + first * g.cin..row + end * g.cin;
                    let from = (y * g.w + left + first - g.padding) * g.cin;
                    if first > 0 {
                        each(row, row..taps.start, None);
                    }
                    if end < k {
                        each(row, taps.end..whole.end, None);
                    }
                    each(row, taps, Some(from));
                }
                _ => each(row, whole, None),
            }
        }
    }
}

/// Images `[h, w, cin]` into `[images · pixels, ky · kx · cin]`.
fn unfold(g: &Geometry, images: &[f32], unfolded: &mut [f32]) {
    let size = g.pixels() * g.depth();
    for (image, out) in images
        .chunks_exact(g.input())
        .zip(unfolded.chunks_exact_mut(size))
    {
        runs(g, |_, at, from| match from {
            Some(from) => {
                let count = at.len();
                out[at].copy_from_slice(&image[from..from + count]);
            }
            None => out[at].fill(0.0),
        });
    }
}

/// Adds `[images · pixels, ky · kx · cin]` up into images.
fn fold(g: &Geometry, unfolded: &[f32], images: &mut [f32]) {
    images.fill(0.0);
    let size = g.pixels() * g.depth();
    for (image, from) in images
        .chunks_exact_mut(g.input())
        .zip(unfolded.chunks_exact(size))
    {
        wide(
            #[inline(always)]
            || {
                runs(g, |_, at, to| {
                    if let Some(to) = to {
                        let part = &from[at];
                        for (t, v) in image[to..to + part.len()].iter_mut().zip(part) {
                            *t += v;
                        }
                    }
                });
            },
        );
    }
}

/// Filters `[cout, cin, k, k]` → `[ky · kx · cin, cout]`.
fn filters_as_matrix(g: &Geometry, weight: &[f32]) -> Buffer {
    let mut out = Buffer::new(weight.len());
    let area = g.kernel * g.kernel;
    out.par_chunks_mut(g.cout).enumerate().for_each(|(d, row)| {
        let (tap, i) = (d / g.cin, d % g.cin);
        for (o, value) in row.iter_mut().enumerate() {
            *value = weight[(o * g.cin + i) * area + tap];
        }
    });
    out
}

/// Convolution, bias and LeakyReLU: `x[b, h, w, cin]` → `out[b, oh, ow, cout]`.
pub(super) fn forward(
    g: &Geometry,
    x: &[f32],
    weight: &[f32],
    (bias, slope): (&[f32], f32),
    out: &mut [f32],
) {
    let filters = filters_as_matrix(g, weight);
    let group = group(g);
    out.par_chunks_mut(group * g.output())
        .zip(x.par_chunks(group * g.input()))
        .for_each(|(out, x)| {
            let count = x.len() / g.input() * g.pixels();
            for pixel in out.chunks_exact_mut(g.cout) {
                pixel.copy_from_slice(bias);
            }
            let sizes = [count, g.cout, g.depth()];
            let filters = rows(&filters, g.cout);
            if is_plain(g) {
                multiply(out, rows(x, g.cin), filters, sizes, true);
            } else {
                let mut unfolded = Buffer::new(count * g.depth());
                unfold(g, x, &mut unfolded);
                multiply(out, rows(&unfolded, g.depth()), filters, sizes, true);
            }
            if slope != 1.0 {
                activate(out, slope);
            }
        });
}

/// Gradient at the input: `grad[b, oh, ow, cout]` → `out[b, h, w, cin]`.
pub(super) fn data_backward(g: &Geometry, grad: &[f32], weight: &[f32], out: &mut [f32]) {
    let filters = filters_as_matrix(g, weight);
    let group = group(g);
    out.par_chunks_mut(group * g.input())
        .zip(grad.par_chunks(group * g.output()))
        .for_each(|(out, grad)| {
            let count = grad.len() / g.cout;
            let sizes = [count, g.depth(), g.cout];
            let (grad, filters) = (rows(grad, g.cout), turned(&filters, g.cout));
            if is_plain(g) {
                multiply(out, grad, filters, sizes, false);
            } else {
                let mut unfolded = Buffer::new(count * g.depth());
                multiply(&mut unfolded, grad, filters, sizes, false);
                fold(g, &unfolded, out);
            }
        });
}

/// Gradient at the weight `[cout, cin, k, k]`.
pub(super) fn weight_backward(g: &Geometry, x: &[f32], grad: &[f32], out: &mut [f32]) {
    let (group, size) = (group(g), g.depth() * g.cout);
    // A fixed number of partial sums, whatever the number of cores.
    let share = g.b.div_ceil(PARTIALS).max(1);
    let mut partials = Buffer::new(g.b.div_ceil(share).max(1) * size);
    if g.b == 0 {
        partials.fill(0.0);
    }
    partials
        .par_chunks_mut(size)
        .zip(x.par_chunks(share * g.input()))
        .zip(grad.par_chunks(share * g.output()))
        .for_each(|((sum, x), grad)| {
            let parts = x
                .chunks(group * g.input())
                .zip(grad.chunks(group * g.output()));
            for (i, (x, grad)) in parts.enumerate() {
                let count = grad.len() / g.cout;
                let sizes = [g.depth(), g.cout, count];
                let grad = rows(grad, g.cout);
                if is_plain(g) {
                    multiply(sum, turned(x, g.cin), grad, sizes, i > 0);
                } else {
                    let mut unfolded = Buffer::new(count * g.depth());
                    unfold(g, x, &mut unfolded);
                    multiply(sum, turned(&unfolded, g.depth()), grad, sizes, i > 0);
                }
            }
        });
    let (total, others) = partials.split_at_mut(size);
    total
        .par_chunks_mut(SHARE)
        .enumerate()
        .for_each(|(i, total)| {
            for other in others.chunks_exact(size) {
                for (t, o) in total.iter_mut().zip(&other[i * SHARE..]) {
                    *t += o;
                }
            }
        });
    let area = g.kernel * g.kernel;
    out.par_chunks_mut(g.cin * area)
        .enumerate()
        .for_each(|(o, filter)| {
            for (at, value) in filter.iter_mut().enumerate() {
                let (i, tap) = (at / area, at % area);
                *value = total[(tap * g.cin + i) * g.cout + o];
            }
        });
}
