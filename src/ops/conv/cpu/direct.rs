//! Convolution of any kernel and stride as a product of the images as they lie in memory.
//!
//! The taps of a kernel row lie side by side in an image with its channels innermost. So an output
//! pixel is a product of as many pieces of the image as the kernel has rows, and nothing is unfolded
//! (Dukhan 2019, The Indirect Convolution Algorithm). Images get a border of zeros first.

use rayon::prelude::*;

use super::geometry::Geometry;
use crate::ops::cpu::matrix::{add_product_of_columns_at, multiply_rows_at};
use crate::ops::cpu::product::{RowPlaces, RowsAt};
use crate::ops::cpu::{Buffer, activate_biased, in_order};

/// Outputs that a task should have to be worth starting.
const OUTPUTS: usize = 256;
/// Weights that a task should have to move.
const WEIGHTS: usize = 4096;
/// Partial weight gradients that are summed up in order.
const PARTIALS: usize = 8;
/// Numbers of the filters per output from which partial gradients cost more than they bring.
const MANY_FILTERS: usize = 64;
/// Rows of the weight gradient for one task.
const ROWS: usize = 96;

/// A map with room for a border of zeros around it.
#[derive(Clone, Copy)]
struct Bordered {
    h: usize,
    w: usize,
    c: usize,
    /// Rows and columns of zeros before and after.
    before: usize,
    after: [usize; 2],
}

impl Bordered {
    /// Pixels of a row with its border.
    fn across(&self) -> usize {
        self.before + self.w + self.after[1]
    }
    /// Numbers of a row with its border.
    fn pitch(&self) -> usize {
        self.across() * self.c
    }
    /// Numbers of an image with its border.
    fn size(&self) -> usize {
        (self.before + self.h + self.after[0]) * self.pitch()
    }
    /// Place of a pixel of the bordered image.
    fn place(&self, y: usize, x: usize) -> usize {
        (y * self.across() + x) * self.c
    }

    /// Images `[h, w, c]` with their borders.
    fn fill(&self, images: &[f32], out: &mut [f32]) {
        let (line, left) = (self.w * self.c, self.before * self.c);
        let images = images.chunks_exact((self.h * line).max(1));
        for (image, out) in images.zip(out.chunks_exact_mut(self.size().max(1))) {
            for (y, row) in out.chunks_exact_mut(self.pitch().max(1)).enumerate() {
                match y.checked_sub(self.before) {
                    Some(y) if y < self.h => {
                        row[..left].fill(0.0);
                        row[left..left + line].copy_from_slice(&image[y * line..][..line]);
                        row[left + line..].fill(0.0);
                    }
                    _ => row.fill(0.0),
                }
            }
        }
    }
}

/// The input with a border wide enough for every kernel position.
fn input(g: &Geometry) -> Bordered {
    Bordered {
        h: g.h,
        w: g.w,
        c: g.cin,
        before: g.padding,
        after: [g.padding; 2],
    }
}

/// Where the first tap of every output of `images` images lies.
fn first_taps(g: &Geometry, map: Bordered, images: usize) -> Vec<u32> {
    let mut places = Vec::with_capacity(images * g.pixels());
    for n in 0..images {
        for oy in 0..g.oh {
            for ox in 0..g.ow {
                let place = map.place(oy * g.stride, ox * g.stride);
                places.push((n * map.size() + place) as u32);
            }
        }
    }
    places
}

/// Images of a task.
fn group(g: &Geometry) -> usize {
    (OUTPUTS / g.pixels().max(1)).clamp(1, g.b.div_ceil(2).max(1))
}

/// Filters `[cout, cin, k, k]` → `[ky · kx · cin, cout]`.
fn filters_as_matrix(g: &Geometry, weight: &[f32]) -> Buffer {
    let mut out = Buffer::new(weight.len());
    let area = g.kernel * g.kernel;
    let rows = out.par_chunks_mut(g.cout).enumerate();
    rows.with_min_len(WEIGHTS / g.cout).for_each(|(d, row)| {
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
    let (map, group) = (input(g), group(g));
    let places = first_taps(g, map, group);
    out.par_chunks_mut(group * g.output())
        .zip(x.par_chunks(group * g.input()))
        .for_each(|(out, x)| {
            let images = x.len() / g.input();
            let mut bordered = Buffer::new(images * map.size());
            map.fill(x, &mut bordered);
            let rows = RowsAt {
                places: &places[..images * g.pixels()],
                segments: g.kernel,
                pitch: map.pitch(),
                len: g.kernel * g.cin,
            };
            let to = (&mut *out, RowPlaces::Every(g.cout));
            multiply_rows_at(to, (&bordered, rows), &filters, g.cout);
            activate_biased(out, bias, slope);
        });
}

/// The inputs that share their taps: every `stride`-th along an axis.
#[derive(Clone, Copy)]
struct Class {
    /// First of the taps, which follow each other at the distance of the stride.
    tap: usize,
    /// How many.
    taps: usize,
}

impl Class {
    /// That of the inputs at `at`, `at + stride`, … of an axis.
    fn of(g: &Geometry, at: usize) -> Self {
        let tap = (at + g.padding) % g.stride;
        Self {
            tap,
            taps: g.kernel.saturating_sub(tap).div_ceil(g.stride),
        }
    }
    /// Tap number `i` in the order of the outputs, which is the reverse of that of the taps.
    fn in_order(&self, g: &Geometry, i: usize) -> usize {
        self.tap + (self.taps - 1 - i) * g.stride
    }
    /// The first output, counted with the border, that input `at` went into.
    fn first_output(&self, g: &Geometry, before: usize, at: usize) -> usize {
        (at + g.padding - self.tap) / g.stride + before + 1 - self.taps
    }
}

/// Gradient at the input: `grad[b, oh, ow, cout]` → `out[b, h, w, cin]`.
pub(super) fn data_backward(g: &Geometry, grad: &[f32], weight: &[f32], out: &mut [f32]) {
    let after = |side: usize, outputs: usize| {
        ((side + g.padding).saturating_sub(1) / g.stride + 1).saturating_sub(outputs)
    };
    let map = Bordered {
        h: g.oh,
        w: g.ow,
        c: g.cout,
        before: g.kernel.saturating_sub(1) / g.stride,
        after: [after(g.h, g.oh), after(g.w, g.ow)],
    };
    let group = group(g);
    let classes = (0..g.stride.min(g.h) * g.stride.min(g.w))
        .map(|i| (i / g.stride.min(g.w), i % g.stride.min(g.w)))
        .map(|(y, x)| Part::new(g, weight, map, group, [y, x]))
        .collect::<Vec<_>>();
    out.par_chunks_mut(group * g.input())
        .zip(grad.par_chunks(group * g.output()))
        .for_each(|(out, grad)| {
            let images = out.len() / g.input();
            let mut bordered = Buffer::new(images * map.size());
            map.fill(grad, &mut bordered);
            for part in &classes {
                let count = images * part.from.len() / group;
                let rows = RowsAt {
                    places: &part.from[..count],
                    segments: part.taps[0],
                    pitch: map.pitch(),
                    len: part.taps[1] * g.cout,
                };
                let to = (&mut *out, RowPlaces::At(&part.to[..count]));
                multiply_rows_at(to, (&bordered, rows), &part.filters, g.cin);
            }
        });
}

/// What the inputs of one class need.
struct Part {
    /// Taps along both axes.
    taps: [usize; 2],
    /// `[taps · taps · cout, cin]`, in the order of the outputs.
    filters: Buffer,
    /// Where the gradients of each input begin, and where its own goes.
    from: Vec<u32>,
    to: Vec<u32>,
}

impl Part {
    fn new(g: &Geometry, weight: &[f32], map: Bordered, group: usize, at: [usize; 2]) -> Self {
        let [down, across] = at.map(|at| Class::of(g, at));
        let mut filters = Buffer::new(down.taps * across.taps * g.cout * g.cin);
        let rows = filters.par_chunks_mut(g.cin).enumerate();
        rows.with_min_len(WEIGHTS / g.cin)
            .for_each(|(row, filters)| {
                let (tap, o) = (row / g.cout, row % g.cout);
                let ky = down.in_order(g, tap / across.taps);
                let kx = across.in_order(g, tap % across.taps);
                for (i, value) in filters.iter_mut().enumerate() {
                    *value = weight[((o * g.cin + i) * g.kernel + ky) * g.kernel + kx];
                }
            });
        let (mut from, mut to) = (Vec::new(), Vec::new());
        for n in 0..group {
            for y in (at[0]..g.h).step_by(g.stride) {
                for x in (at[1]..g.w).step_by(g.stride) {
                    to.push((n * g.input() + (y * g.w + x) * g.cin) as u32);
                    let place = if down.taps * across.taps == 0 {
                        0
                    } else {
                        let y = down.first_output(g, map.before, y);
                        map.place(y, across.first_output(g, map.before, x))
                    };
                    from.push((n * map.size() + place) as u32);
                }
            }
        }
        Self {
            taps: [down.taps, across.taps],
            filters,
            from,
            to,
        }
    }
}

/// Gradient at the weight `[cout, cin, k, k]`.
pub(super) fn weight_backward(g: &Geometry, x: &[f32], grad: &[f32], out: &mut [f32]) {
    let total = if g.depth() * g.cout >= MANY_FILTERS * g.b * g.pixels() {
        sum_by_rows(g, x, grad)
    } else {
        sum_by_images(g, x, grad)
    };
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

/// The gradient as a matrix `[ky · kx · cin, cout]`, some rows of it per task.
fn sum_by_rows(g: &Geometry, x: &[f32], grad: &[f32]) -> Buffer {
    let (map, line) = (input(g), g.kernel * g.cin);
    let places = first_taps(g, map, g.b);
    let mut bordered = Buffer::new(g.b * map.size());
    bordered
        .par_chunks_mut(map.size().max(1))
        .zip(x.par_chunks(g.input().max(1)))
        .for_each(|(out, image)| map.fill(image, out));
    let mut total = Buffer::zeros(g.depth() * g.cout);
    let (bordered, places) = (&bordered[..], &places[..]);
    total
        .par_chunks_mut(line * g.cout)
        .enumerate()
        .flat_map(|(ky, rows)| {
            let from = &bordered[ky * map.pitch()..];
            rows.par_chunks_mut(ROWS * g.cout)
                .enumerate()
                .map(move |(i, rows)| (&from[i * ROWS..], rows))
        })
        .for_each(|(from, rows)| {
            let size = [rows.len() / g.cout, g.cout];
            add_product_of_columns_at(rows, (from, places), grad, size);
        });
    total
}

/// The same as the sum over shares of the images, one per task.
fn sum_by_images(g: &Geometry, x: &[f32], grad: &[f32]) -> Buffer {
    let (map, size) = (input(g), g.depth() * g.cout);
    let line = g.kernel * g.cin;
    // A fixed number of partial sums, whatever the number of cores.
    let share = g.b.div_ceil(PARTIALS).max(1);
    let group = group(g).min(share);
    let places = first_taps(g, map, group);
    let mut partials = Buffer::zeros(g.b.div_ceil(share) * size);
    partials
        .par_chunks_mut(size)
        .zip(x.par_chunks(share * g.input()))
        .zip(grad.par_chunks(share * g.output()))
        .for_each(|((sum, x), grad)| {
            let mut bordered = Buffer::new(group * map.size());
            let groups = x
                .chunks(group * g.input())
                .zip(grad.chunks(group * g.output()));
            for (x, grad) in groups {
                let images = x.len() / g.input();
                map.fill(x, &mut bordered);
                let places = &places[..images * g.pixels()];
                for (ky, sum) in sum.chunks_exact_mut(line * g.cout).enumerate() {
                    let left = (&bordered[ky * map.pitch()..], places);
                    add_product_of_columns_at(sum, left, grad, [line, g.cout]);
                }
            }
        });
    in_order(&partials, size)
}
