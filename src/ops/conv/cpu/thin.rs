//! 3×3-like convolution to very few channels, D's last: multiply first, shift afterwards.
//!
//! A product with three columns leaves most of a vector empty. Here each pixel is multiplied with all
//! taps of all outputs at once, `[pixels, cin] · [cin, k² · cout]`, and the small results are moved to
//! where they belong. The gradient at the weight goes the same way back; that at the input has
//! columns enough.

use rayon::prelude::*;

use super::geometry::Geometry;
use crate::ops::cpu::matrix::{multiply, rows, turned};
use crate::ops::cpu::{Buffer, activate};

/// Channels up to which this is done.
const FEW: usize = 4;
/// Columns are filled up to a multiple of this, which every vector divides.
const VECTOR: usize = 16;
/// Pixels whose numbers stay in the cache while the weight gradient takes them up.
const PIXELS: usize = 512;
/// Partial weight gradients that are summed up in order.
const PARTIALS: usize = 8;

/// Whether a convolution of this geometry is done here.
pub(super) fn suits(g: &Geometry) -> bool {
    g.cout <= FEW && g.cin >= 8 * g.cout && g.kernel > 1 && g.stride == 1
}

/// Columns of the products: every tap of every output, and zeros that fill the last vector.
fn columns(g: &Geometry) -> usize {
    (g.kernel * g.kernel * g.cout).next_multiple_of(VECTOR)
}

/// The taps along an axis whose other end lies inside: of those of a pixel at `at`, counted with the
/// padding, `inside` outputs or inputs further on.
fn taps(g: &Geometry, at: usize, inside: usize) -> std::ops::Range<usize> {
    (at + 1).saturating_sub(inside)..(at + 1).min(g.kernel)
}

/// Filters `[cout, cin, k, k]` → `[cin, k² · cout]`, filled up with zeros.
fn filters_as_matrix(g: &Geometry, weight: &[f32]) -> Buffer {
    let mut out = Buffer::zeros(g.cin * columns(g));
    let area = g.kernel * g.kernel;
    for (i, row) in out.chunks_exact_mut(columns(g)).enumerate() {
        for (at, value) in row.iter_mut().enumerate().take(area * g.cout) {
            let (tap, o) = (at / g.cout, at % g.cout);
            *value = weight[(o * g.cin + i) * area + tap];
        }
    }
    out
}

/// One output gradient `[oh, ow, C]` moved to the pixels and taps it came from: `[h · w, columns]`.
fn spread<const C: usize>(g: &Geometry, grad: &[f32]) -> Buffer {
    let mut out = Buffer::zeros(g.h * g.w * columns(g));
    let (grads, _) = grad.as_chunks::<C>();
    for (pixel, places) in out.chunks_exact_mut(columns(g)).enumerate() {
        let (y, x) = (pixel / g.w + g.padding, pixel % g.w + g.padding);
        let (places, _) = places.as_chunks_mut::<C>();
        for ky in taps(g, y, g.oh) {
            for kx in taps(g, x, g.ow) {
                places[ky * g.kernel + kx] = grads[(y - ky) * g.ow + x - kx];
            }
        }
    }
    out
}

/// The products of one image, `[h · w, columns]`, added up where they belong, plus bias:
/// `[oh, ow, C]`.
fn gather<const C: usize>(g: &Geometry, products: &[f32], bias: &[f32], out: &mut [f32]) {
    let width = columns(g);
    let (outputs, _) = out.as_chunks_mut::<C>();
    for (at, output) in outputs.iter_mut().enumerate() {
        let (oy, ox) = (at / g.ow, at % g.ow);
        let mut sum = [0.0; C];
        sum.copy_from_slice(bias);
        // Tap ky takes row oy + ky − padding.
        let inside = |o: usize, side: usize| {
            g.padding.saturating_sub(o)..(side + g.padding).saturating_sub(o).min(g.kernel)
        };
        for ky in inside(oy, g.h) {
            for kx in inside(ox, g.w) {
                let pixel = (oy + ky - g.padding) * g.w + ox + kx - g.padding;
                let place = pixel * width + (ky * g.kernel + kx) * C;
                for (s, p) in sum.iter_mut().zip(&products[place..place + C]) {
                    *s += p;
                }
            }
        }
        *output = sum;
    }
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
    let width = columns(g);
    out.par_chunks_mut(g.output())
        .zip(x.par_chunks(g.input()))
        .for_each(|(out, x)| {
            let mut products = Buffer::new(g.h * g.w * width);
            let sizes = [g.h * g.w, width, g.cin];
            let filters = rows(&filters, width);
            multiply(&mut products, rows(x, g.cin), filters, sizes, false);
            match g.cout {
                1 => gather::<1>(g, &products, bias, out),
                2 => gather::<2>(g, &products, bias, out),
                3 => gather::<3>(g, &products, bias, out),
                _ => gather::<FEW>(g, &products, bias, out),
            }
            if slope != 1.0 {
                activate(out, slope);
            }
        });
}

/// Gradient at the weight `[cout, cin, k, k]`.
pub(super) fn weight_backward(g: &Geometry, x: &[f32], grad: &[f32], out: &mut [f32]) {
    let (width, size) = (columns(g), g.cin * columns(g));
    // A fixed number of partial sums, whatever the number of cores.
    let share = g.b.div_ceil(PARTIALS).max(1);
    let mut partials = Buffer::zeros(g.b.div_ceil(share).max(1) * size);
    partials
        .par_chunks_mut(size)
        .zip(x.par_chunks(share * g.input()))
        .zip(grad.par_chunks(share * g.output()))
        .for_each(|((sum, x), grad)| {
            for (x, grad) in x.chunks(g.input()).zip(grad.chunks(g.output())) {
                let spread = match g.cout {
                    1 => spread::<1>(g, grad),
                    2 => spread::<2>(g, grad),
                    3 => spread::<3>(g, grad),
                    _ => spread::<FEW>(g, grad),
                };
                let parts = x.chunks(PIXELS * g.cin).zip(spread.chunks(PIXELS * width));
                for (x, spread) in parts {
                    let sizes = [g.cin, width, x.len() / g.cin];
                    multiply(sum, turned(x, g.cin), rows(spread, width), sizes, true);
                }
            }
        });
    let area = g.kernel * g.kernel;
    for (at, value) in out.iter_mut().enumerate() {
        let (o, i, tap) = (at / area / g.cin, at / area % g.cin, at % area);
        let place = i * width + tap * g.cout + o;
        *value = partials.chunks_exact(size).map(|sum| sum[place]).sum();
    }
}
