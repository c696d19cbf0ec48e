//! 3×3 convolution with stride 1 by Winograd's minimal filtering: 36 multiplications for a tile of
//! 4×4 outputs instead of 144 (Lavin & Gray 2016, F(4×4, 3×3)).
//!
//! Numbers lie channels-last, so every transform works on whole vectors of channels whatever the
//! size of the map. The interpolation points are 0, ±¾, ±3⁄2 and ∞ instead of the usual 0, ±1, ±2:
//! exact in binary, and half the rounding error (relative to the output 6e-7 in f32 with 128
//! channels; a direct sum has 2e-7).

mod points;
mod tile;
mod transform;

use rayon::prelude::*;

use self::points::{
    Filters, Points, Shared, Tiles, filters_from_points, filters_to_points, gradient_to_points,
    image_to_points, points_to_image,
};
use super::geometry::Geometry;
use crate::ops::cpu::Buffer;
use crate::ops::cpu::matrix::{multiply, panels, rows, turned};

/// Outputs along the side of a tile.
const TILE: usize = 4;
/// Inputs along the side of a tile.
const SIDE: usize = 6;
/// Channels that make the transforms worth their while …
pub(super) const WORTH: usize = 16;
/// … and for the gradient at the weight, which transforms both maps.
pub(super) const WORTH_AT_WEIGHT: usize = 32;
/// Tiles done at once, so that their numbers at all points stay in the cache.
const TILES_AT_ONCE: usize = 32;
/// Tiles that a task of the weight gradient transforms.
const TILES_PER_TASK: usize = 16;
/// Numbers of both maps at a point between two sums into the weight gradient, which is then read and
/// written once: at all points they take 5 MB …
const NUMBERS_PER_SUM: usize = 1 << 15;
/// … and as many tiles at most.
const TILES_PER_SUM: usize = 256;

/// Whether a convolution of this geometry is done here, if it has so many channels.
pub(super) fn suits(g: &Geometry, channels: usize) -> bool {
    // Below four outputs a tile is mostly empty.
    let whole = g.kernel == 3 && g.stride == 1 && g.padding == 1 && g.h >= 3 && g.w >= 3;
    whole && g.cin.min(g.cout) >= channels
}

/// `out[b, h, w, cout]` from `x[b, h, w, cin]`: filtered, plus bias, through LeakyReLU.
fn filter_images(
    x: &[f32],
    (cin, cout, map): (usize, usize, Tiles),
    (filters, u): (Filters, Buffer),
    finish: Option<(&[f32], f32)>,
    out: &mut [f32],
) {
    let (image_in, image_out) = (map.pixels() * cin, map.pixels() * cout);
    let b = x.len() / image_in;
    let group = (TILES_AT_ONCE / map.count()).clamp(1, b.div_ceil(2).max(1));
    out.par_chunks_mut(group * image_out)
        .zip(x.par_chunks(group * image_in))
        .for_each(|(out, x)| {
            let all = x.len() / image_in * map.count();
            let rows_at_most = |c: usize| Points {
                rows: all.min(TILES_AT_ONCE),
                c,
            };
            let (at_in, at_out) = (rows_at_most(cin), rows_at_most(cout));
            let (mut v, mut m) = (at_in.buffer(), at_out.buffer());
            for first in (0..all).step_by(at_in.rows) {
                let tiles = first..(first + at_in.rows).min(all);
                // SAFETY: the buffer is this task's own.
                unsafe { image_to_points(x, (map, tiles.clone()), Shared::new(&mut v), at_in, 0) };
                let planes = v
                    .chunks_exact(at_in.plane())
                    .zip(u.chunks_exact(filters.plane()));
                for (m, (v, u)) in m.chunks_exact_mut(at_out.plane()).zip(planes) {
                    let sizes = [tiles.len(), cout, cin];
                    multiply(m, rows(v, cin), panels(u, cin), sizes, false);
                }
                points_to_image(&m, at_out, finish, out, (map, tiles));
            }
        });
}

/// Convolution, bias and LeakyReLU: `x[b, h, w, cin]` → `out[b, h, w, cout]`.
pub(super) fn forward(
    g: &Geometry,
    x: &[f32],
    weight: &[f32],
    (bias, slope): (&[f32], f32),
    out: &mut [f32],
) {
    let filters = filters_to_points::<false>(weight, g.cout, g.cin);
    let sizes = (g.cin, g.cout, Tiles::of(g.h, g.w));
    filter_images(x, sizes, filters, Some((bias, slope)), out);
}

/// Gradient at the input: `grad[b, h, w, cout]` → `out[b, h, w, cin]`.
pub(super) fn data_backward(g: &Geometry, grad: &[f32], weight: &[f32], out: &mut [f32]) {
    let filters = filters_to_points::<true>(weight, g.cout, g.cin);
    let sizes = (g.cout, g.cin, Tiles::of(g.h, g.w));
    filter_images(grad, sizes, filters, None, out);
}

/// Gradient at the weight `[cout, cin, 3, 3]`. Sums are taken in a fixed order.
pub(super) fn weight_backward(g: &Geometry, x: &[f32], grad: &[f32], out: &mut [f32]) {
    let map = Tiles::of(g.h, g.w);
    let (image_in, image_out) = (g.h * g.w * g.cin, g.h * g.w * g.cout);
    let tiles = (NUMBERS_PER_SUM / (g.cin + g.cout)).min(TILES_PER_SUM);
    let group = (tiles / map.count()).clamp(1, g.b.max(1));
    let sized = |images: usize, c: usize| Points {
        rows: images * map.count(),
        c,
    };
    let filters = Points {
        rows: g.cout,
        c: g.cin,
    };
    let (mut v, mut d) = (sized(group, g.cin).buffer(), sized(group, g.cout).buffer());
    let mut u = filters.buffer();
    let groups = x
        .chunks(group * image_in)
        .zip(grad.chunks(group * image_out));
    for (i, (x, grad)) in groups.enumerate() {
        let images = x.len() / image_in;
        let (at_in, at_out) = (sized(images, g.cin), sized(images, g.cout));
        let (v_rows, d_rows) = (Shared::new(&mut v), Shared::new(&mut d));
        let shares = at_in.rows.div_ceil(TILES_PER_TASK);
        (0..shares).into_par_iter().for_each(|share| {
            let first = share * TILES_PER_TASK;
            let tiles = first..(first + TILES_PER_TASK).min(at_in.rows);
            // SAFETY: every task writes the rows of its own tiles only.
            unsafe {
                image_to_points(x, (map, tiles.clone()), v_rows, at_in, first);
                gradient_to_points(grad, (map, tiles), d_rows, at_out, first);
            }
        });
        u.par_chunks_exact_mut(filters.plane())
            .zip(v.par_chunks_exact(at_in.plane()))
            .zip(d.par_chunks_exact(at_out.plane()))
            .for_each(|((u, v), d)| {
                let sizes = [g.cout, g.cin, at_in.rows];
                multiply(u, turned(d, g.cout), rows(v, g.cin), sizes, i > 0);
            });
    }
    filters_from_points(&u, g.cout, g.cin, out);
}
