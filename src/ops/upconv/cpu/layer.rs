//! The layer as products of its small map, shared out over the cores.

use rayon::prelude::*;

use super::collect::Collect;
use super::spread::Spread;
use super::vector::Map;
use crate::ops::cpu::matrix::{multiply, panels, rows, turned};
use crate::ops::cpu::product::PANEL;
use crate::ops::cpu::{Buffer, wide};
use crate::ops::upconv::TAPS;

/// Pixels of a task.
const PIXELS: usize = 128;
/// Products that are worked on between two waits of all cores: they stay in the cache.
const PRODUCTS_AT_ONCE: usize = 5 << 18;
/// Columns are filled up to a multiple of this, which every vector divides.
const VECTOR: usize = 16;
/// Rows of the weight gradient per task.
const ROWS: usize = 64;

/// Sizes of a layer: the small map and the channels of the large one.
#[derive(Clone, Copy)]
pub(super) struct Sizes {
    pub cin: usize,
    pub cout: usize,
    pub h: usize,
    pub w: usize,
}

impl Sizes {
    fn pixels(&self) -> usize {
        self.h * self.w
    }

    /// Images that are worked on at once.
    fn images(&self) -> usize {
        let (matrices, columns) = self.matrices();
        (PRODUCTS_AT_ONCE / (self.pixels() * matrices * columns)).max(1)
    }

    /// Matrices that the filters make, and columns of each: one per tap, unless few channels would
    /// leave most of a panel empty. Then it is one, filled up with zeros to whole vectors.
    fn matrices(&self) -> (usize, usize) {
        if self.cout < PANEL {
            (1, (TAPS * self.cout).next_multiple_of(VECTOR))
        } else {
            (TAPS, self.cout)
        }
    }

    /// Where products lie that were worked out for `pixels` pixels, matrix by matrix.
    fn map(&self, pixels: usize) -> Map {
        let (matrices, columns) = self.matrices();
        Map {
            h: self.h,
            w: self.w,
            cout: self.cout,
            tap: if matrices == 1 {
                self.cout
            } else {
                pixels * columns
            },
            pixel: columns,
        }
    }
}

/// What the filters `[cout, cin, 3, 3]` have in a column, counted over all matrices, for input channel
/// `i`: nothing where vectors are filled up.
fn filter(s: Sizes, weight: &[f32], column: usize, i: usize) -> f32 {
    let (tap, o) = (column / s.cout, column % s.cout);
    if tap < TAPS {
        weight[(o * s.cin + i) * TAPS + tap]
    } else {
        0.0
    }
}

/// Filters `[cout, cin, 3, 3]` as matrices `[cin, columns]` in panels.
fn filters(s: Sizes, weight: &[f32]) -> Buffer {
    let (matrices, columns) = s.matrices();
    let per_matrix = columns.div_ceil(PANEL);
    let mut out = Buffer::zeros(matrices * per_matrix * s.cin * PANEL);
    out.par_chunks_mut(s.cin * PANEL)
        .enumerate()
        .for_each(|(panel, out)| {
            let (matrix, first) = (panel / per_matrix, panel % per_matrix * PANEL);
            for (i, row) in out.chunks_exact_mut(PANEL).enumerate() {
                for (value, column) in row.iter_mut().zip(first..columns) {
                    *value = filter(s, weight, matrix * columns + column, i);
                }
            }
        });
    out
}

/// The transposes of [`filters`], `[columns, cin]`, in panels.
fn filters_turned(s: Sizes, weight: &[f32]) -> Buffer {
    let (matrices, columns) = s.matrices();
    let per_matrix = s.cin.div_ceil(PANEL);
    let mut out = Buffer::zeros(matrices * per_matrix * columns * PANEL);
    out.par_chunks_mut(columns * PANEL)
        .enumerate()
        .for_each(|(panel, out)| {
            let (matrix, first) = (panel / per_matrix, panel % per_matrix * PANEL);
            for (column, row) in out.chunks_exact_mut(PANEL).enumerate() {
                for (value, i) in row.iter_mut().zip(first..s.cin) {
                    *value = filter(s, weight, matrix * columns + column, i);
                }
            }
        });
    out
}

/// What is positive, and zero for the rest.
fn relu(x: &[f32], out: &mut [f32]) {
    wide(
        #[inline(always)]
        || {
            for (o, x) in out.iter_mut().zip(x) {
                *o = x.max(0.0);
            }
        },
    );
}

/// `x[b, h, w, cin]` → `out[b, 2h, 2w, cout]`.
pub(super) fn forward(s: Sizes, x: &[f32], weight: &[f32], bias: &[f32], out: &mut [f32]) {
    let filters = filters(s, weight);
    let (matrices, columns) = s.matrices();
    let size = filters.len() / matrices;
    let at_once = s.images() * s.pixels();
    let mut positive = Buffer::new(at_once * s.cin);
    let mut products = Buffer::new(at_once * matrices * columns);
    for (x, out) in x
        .chunks(at_once * s.cin)
        .zip(out.chunks_mut(at_once * 4 * s.cout))
    {
        let pixels = x.len() / s.cin;
        let (positive, products) = (
            &mut positive[..x.len()],
            &mut products[..pixels * matrices * columns],
        );
        positive
            .par_chunks_mut(PIXELS * s.cin)
            .zip(x.par_chunks(PIXELS * s.cin))
            .for_each(|(positive, x)| relu(x, positive));
        products
            .par_chunks_mut(pixels * columns)
            .zip(filters.par_chunks(size))
            .for_each(|(products, filters)| {
                products
                    .par_chunks_mut(PIXELS * columns)
                    .zip(positive.par_chunks(PIXELS * s.cin))
                    .for_each(|(products, x)| {
                        let sizes = [x.len() / s.cin, columns, s.cin];
                        let filters = panels(filters, s.cin);
                        multiply(products, rows(x, s.cin), filters, sizes, false);
                    });
            });
        let map = s.map(pixels);
        out.par_chunks_mut(4 * s.pixels() * s.cout)
            .enumerate()
            .for_each(|(image, out)| {
                let products = &products[image * s.pixels() * columns..];
                Collect {
                    map,
                    products,
                    bias,
                    out,
                }
                .run();
            });
    }
}

/// Gradients at `x` and at the weight `[cout, cin, 3, 3]`. Sums are taken in a fixed order.
pub(super) fn backward(
    s: Sizes,
    (x, grad): (&[f32], &[f32]),
    weight: &[f32],
    (at_x, at_weight): (&mut [f32], &mut [f32]),
) {
    let filters = filters_turned(s, weight);
    let (matrices, columns) = s.matrices();
    let size = filters.len() / matrices;
    let all_columns = matrices * columns;
    let at_once = s.images() * s.pixels();
    let mut positive = Buffer::new(at_once * s.cin);
    let mut at_products = Buffer::zeros(at_once * all_columns);
    let mut sums = Buffer::zeros(all_columns * s.cin);
    let groups = x
        .chunks(at_once * s.cin)
        .zip(at_x.chunks_mut(at_once * s.cin))
        .zip(grad.chunks(at_once * 4 * s.cout));
    for ((x, at_x), grad) in groups {
        let pixels = x.len() / s.cin;
        let positive = &mut positive[..x.len()];
        let at_products = &mut at_products[..pixels * all_columns];
        // The products of a task lie together, matrix by matrix.
        x.par_chunks(PIXELS * s.cin)
            .zip(at_x.par_chunks_mut(PIXELS * s.cin))
            .zip(positive.par_chunks_mut(PIXELS * s.cin))
            .zip(at_products.par_chunks_mut(PIXELS * all_columns))
            .enumerate()
            .for_each(|(task, (((x, at_x), positive), at_products))| {
                let count = x.len() / s.cin;
                relu(x, positive);
                Spread {
                    map: s.map(count),
                    grad,
                    first: task * PIXELS,
                    count,
                    out: at_products,
                }
                .run();
                let parts = at_products
                    .chunks_exact(count * columns)
                    .zip(filters.chunks_exact(size));
                for (i, (at_products, filters)) in parts.enumerate() {
                    let sizes = [count, s.cin, columns];
                    let (left, right) = (rows(at_products, columns), panels(filters, columns));
                    multiply(at_x, left, right, sizes, i > 0);
                }
                wide(
                    #[inline(always)]
                    || {
                        for (g, x) in at_x.iter_mut().zip(x) {
                            *g = if *x > 0.0 { *g } else { 0.0 };
                        }
                    },
                );
            });
        sums.par_chunks_mut(columns * s.cin)
            .enumerate()
            .for_each(|(matrix, sums)| {
                sums.par_chunks_mut(ROWS * s.cin)
                    .enumerate()
                    .for_each(|(part, sums)| {
                        let tasks = at_products
                            .chunks(PIXELS * all_columns)
                            .zip(positive.chunks(PIXELS * s.cin));
                        for (at_products, positive) in tasks {
                            let count = positive.len() / s.cin;
                            let first = matrix * count * columns + part * ROWS;
                            let left = turned(&at_products[first..], columns);
                            let sizes = [sums.len() / s.cin, s.cin, count];
                            multiply(sums, left, rows(positive, s.cin), sizes, true);
                        }
                    });
            });
    }
    at_weight
        .par_chunks_mut(TAPS * s.cin)
        .enumerate()
        .for_each(|(o, at_weight)| {
            for (at, value) in at_weight.iter_mut().enumerate() {
                let (i, tap) = (at / TAPS, at % TAPS);
                *value = sums[(tap * s.cout + o) * s.cin + i];
            }
        });
}
