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
/// Partial weight gradients that are summed up in order.
const PARTIALS: usize = 8;

/// Whether a convolution of this geometry is done here.
pub(super) fn suits(g: &Geometry) -> bool {
    g.cout <= FEW && g.cin >= 8 * g.cout && g.kernel > 1 && g.stride == 1
}

/// Columns of the products: every tap of every output.
fn columns(g: &Geometry) -> usize {
    g.kernel * g.kernel * g.cout
}

/// For every tap and row of outputs: the outputs whose input lies inside, and the first of those
/// inputs; the others follow one by one.
fn each_run(g: &Geometry, mut each: impl FnMut(usize, std::ops::Range<usize>, usize)) {
    for tap in 0..g.kernel * g.kernel {
        let (ky, kx) = (tap / g.kernel, tap % g.kernel);
        let first = g.padding.saturating_sub(kx);
        let end = (g.w + g.padding).saturating_sub(kx).min(g.ow);
        for oy in 0..g.oh {
            let y = (oy + ky).wrapping_sub(g.padding);
            if y < g.h && first < end {
                let row = oy * g.ow;
                each(
                    tap,
                    row + first..row + end,
                    y * g.w + first + kx - g.padding,
                );
            }
        }
    }
}

/// Filters `[cout, cin, k, k]` → `[cin, k² · cout]`.
fn filters_as_matrix(g: &Geometry, weight: &[f32]) -> Buffer {
    let mut out = Buffer::new(weight.len());
    let area = g.kernel * g.kernel;
    for (i, row) in out.chunks_exact_mut(columns(g)).enumerate() {
        for (at, value) in row.iter_mut().enumerate() {
            let (tap, o) = (at / g.cout, at % g.cout);
            *value = weight[(o * g.cin + i) * area + tap];
        }
    }
    out
}

/// One output gradient `[oh, ow, cout]` moved to the pixels and taps it came from:
/// `[h · w, k² · cout]`.
fn spread(g: &Geometry, grad: &[f32]) -> Buffer {
    let mut out = Buffer::zeros(g.h * g.w * columns(g));
    each_run(g, |tap, from, pixel| {
        let places = out[pixel * columns(g)..].chunks_exact_mut(columns(g));
        let grads = &grad[from.start * g.cout..from.end * g.cout];
        for (place, grad) in places.zip(grads.chunks_exact(g.cout)) {
            place[tap * g.cout..][..g.cout].copy_from_slice(grad);
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
    let width = columns(g);
    out.par_chunks_mut(g.output())
        .zip(x.par_chunks(g.input()))
        .for_each(|(out, x)| {
            let mut products = Buffer::new(g.h * g.w * width);
            let sizes = [g.h * g.w, width, g.cin];
            let filters = rows(&filters, width);
            multiply(&mut products, rows(x, g.cin), filters, sizes, false);
            for pixel in out.chunks_exact_mut(g.cout) {
                pixel.copy_from_slice(bias);
            }
            each_run(g, |tap, to, pixel| {
                let products = products[pixel * width..].chunks_exact(width);
                let outputs = &mut out[to.start * g.cout..to.end * g.cout];
                for (output, product) in outputs.chunks_exact_mut(g.cout).zip(products) {
                    for (o, p) in output.iter_mut().zip(&product[tap * g.cout..]) {
                        *o += p;
                    }
                }
            });
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
                let spread = spread(g, grad);
                let sizes = [g.cin, width, g.h * g.w];
                multiply(sum, turned(x, g.cin), rows(&spread, width), sizes, true);
            }
        });
    let area = g.kernel * g.kernel;
    for (at, value) in out.iter_mut().enumerate() {
        let (o, i, tap) = (at / area / g.cin, at / area % g.cin, at % area);
        let place = i * width + tap * g.cout + o;
        *value = partials.chunks_exact(size).map(|sum| sum[place]).sum();
    }
}
