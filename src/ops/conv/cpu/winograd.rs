//! 3×3 convolution with stride 1 by Winograd's minimal filtering: 36 multiplications for a tile of
//! 4×4 outputs instead of 144 (Lavin & Gray 2016, F(4×4, 3×3)).
//!
//! Numbers lie channels-last, so every transform works on whole vectors of channels whatever the
//! size of the map. The interpolation points are 0, ±¾, ±3⁄2 and ∞ instead of the usual 0, ±1, ±2:
//! exact in binary, and half the rounding error (relative to the output 6e-7 in f32 with 128
//! channels; a direct sum has 2e-7).

use rayon::prelude::*;

use super::geometry::Geometry;
use crate::ops::cpu::matrix::{multiply, rows, turned};
use crate::ops::cpu::{Buffer, wide};

/// Outputs along the side of a tile.
const TILE: usize = 4;
/// Inputs along the side of a tile.
const SIDE: usize = 6;
/// Products per tile.
const POINTS: usize = SIDE * SIDE;
/// Channels handled at once.
const LANES: usize = 64;
/// Channels that make the transforms worth their while.
const WORTH: usize = 32;
/// Channels that are copied as one vector.
const VECTOR: usize = 16;
/// Tiles a matrix product should have to be worth packing for.
const TILES_AT_ONCE: usize = 64;
/// Tiles between two sums into the weight gradient, which is then read and written once.
const TILES_PER_SUM: usize = 128;

/// The points and what follows from them.
const A: f32 = 0.75;
const B: f32 = 1.5;
const A2: f32 = A * A;
const B2: f32 = B * B;
const A3: f32 = A2 * A;
const B3: f32 = B2 * B;
/// Scales of the filter transform: 1/(a²b²), 1/(2a²(a²−b²)), 1/(2b²(b²−a²)).
const G0: f32 = 1.0 / (A2 * B2);
const GA: f32 = 1.0 / (2.0 * A2 * (A2 - B2));
const GB: f32 = 1.0 / (2.0 * B2 * (B2 - A2));

/// Some channels of one pixel, side by side. Loops over them are written for a number `n` that the
/// compiler does not know: those it turns into vectors, while it unrolls a fixed number and stops.
type Lanes = [f32; LANES];
const NONE: Lanes = [0.0; LANES];

/// Bᵀ: six inputs to six points.
#[inline(always)]
fn to_points(x: [&[f32]; SIDE], n: usize, out: &mut [Lanes; SIDE]) {
    let n = n.min(LANES);
    let x = x.map(|lanes| &lanes[..n]);
    for l in 0..n {
        let (x1, x2, x3, x4) = (x[1][l], x[2][l], x[3][l], x[4][l]);
        let (even_a, odd_a) = (x4 - B2 * x2, A * (x3 - B2 * x1));
        let (even_b, odd_b) = (x4 - A2 * x2, B * (x3 - A2 * x1));
        out[0][l] = x4 - (A2 + B2) * x2 + A2 * B2 * x[0][l];
        out[1][l] = even_a + odd_a;
        out[2][l] = even_a - odd_a;
        out[3][l] = even_b + odd_b;
        out[4][l] = even_b - odd_b;
        out[5][l] = x[5][l] - (A2 + B2) * x3 + A2 * B2 * x1;
    }
}

/// Aᵀ: six products to four outputs.
#[inline(always)]
fn from_points(m: [&[f32]; SIDE], n: usize, out: &mut [Lanes; TILE]) {
    let n = n.min(LANES);
    let m = m.map(|lanes| &lanes[..n]);
    for l in 0..n {
        let (m1, m2, m3, m4) = (m[1][l], m[2][l], m[3][l], m[4][l]);
        let (sum_a, diff_a, sum_b, diff_b) = (m1 + m2, m1 - m2, m3 + m4, m3 - m4);
        out[0][l] = m[0][l] + sum_a + sum_b;
        out[1][l] = A * diff_a + B * diff_b;
        out[2][l] = A2 * sum_a + B2 * sum_b;
        out[3][l] = A3 * diff_a + B3 * diff_b + m[5][l];
    }
}

/// A, the transpose of [`from_points`]: four output gradients to six.
#[inline(always)]
fn spread(y: [&[f32]; TILE], n: usize, out: &mut [Lanes; SIDE]) {
    let n = n.min(LANES);
    let y = y.map(|lanes| &lanes[..n]);
    for l in 0..n {
        let (y0, y1, y2, y3) = (y[0][l], y[1][l], y[2][l], y[3][l]);
        let (even_a, odd_a) = (y0 + A2 * y2, A * y1 + A3 * y3);
        let (even_b, odd_b) = (y0 + B2 * y2, B * y1 + B3 * y3);
        out[0][l] = y0;
        out[1][l] = even_a + odd_a;
        out[2][l] = even_a - odd_a;
        out[3][l] = even_b + odd_b;
        out[4][l] = even_b - odd_b;
        out[5][l] = y3;
    }
}

/// G: three taps of a filter to six points.
#[inline(always)]
fn filter_to_points(g: [&[f32]; 3], n: usize, out: &mut [Lanes; SIDE]) {
    let n = n.min(LANES);
    let g = g.map(|lanes| &lanes[..n]);
    for l in 0..n {
        let (g0, g1, g2) = (g[0][l], g[1][l], g[2][l]);
        let (even_a, odd_a) = (GA * (g0 + A2 * g2), GA * A * g1);
        let (even_b, odd_b) = (GB * (g0 + B2 * g2), GB * B * g1);
        out[0][l] = G0 * g0;
        out[1][l] = even_a + odd_a;
        out[2][l] = even_a - odd_a;
        out[3][l] = even_b + odd_b;
        out[4][l] = even_b - odd_b;
        out[5][l] = g2;
    }
}

/// Gᵀ: six gradients to those of the three taps.
#[inline(always)]
fn filter_from_points(u: [&[f32]; SIDE], n: usize, out: &mut [Lanes; 3]) {
    let n = n.min(LANES);
    let u = u.map(|lanes| &lanes[..n]);
    for l in 0..n {
        let (u1, u2, u3, u4) = (u[1][l], u[2][l], u[3][l], u[4][l]);
        let (sum_a, diff_a) = (GA * (u1 + u2), GA * A * (u1 - u2));
        let (sum_b, diff_b) = (GB * (u3 + u4), GB * B * (u3 - u4));
        out[0][l] = G0 * u[0][l] + sum_a + sum_b;
        out[1][l] = diff_a + diff_b;
        out[2][l] = A2 * sum_a + B2 * sum_b + u[5][l];
    }
}

/// Column `at` of a square array of lanes.
#[inline(always)]
fn column<const R: usize, const C: usize>(x: &[[Lanes; C]; R], at: usize) -> [&[f32]; R] {
    std::array::from_fn(|r| &x[r][at][..])
}

/// How a map is cut into tiles.
#[derive(Clone, Copy)]
struct Tiles {
    h: usize,
    w: usize,
    down: usize,
    across: usize,
}

impl Tiles {
    fn of(h: usize, w: usize) -> Self {
        Self {
            h,
            w,
            down: h.div_ceil(TILE),
            across: w.div_ceil(TILE),
        }
    }
    fn count(&self) -> usize {
        self.down * self.across
    }
    /// Row and column of the first output of every tile.
    fn each(self) -> impl Iterator<Item = (usize, usize)> {
        (0..self.count()).map(move |t| (t / self.across * TILE, t % self.across * TILE))
    }
}

/// The vectors of channels: where each begins and how many channels it has. All but the last are
/// full.
#[inline(always)]
fn vectors(c: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..c)
        .step_by(LANES)
        .map(move |from| (from, LANES.min(c - from)))
}

#[inline(always)]
fn store(to: &mut [f32], at: usize, n: usize, lanes: &Lanes) {
    let (to, to_rest) = to[at..at + n].as_chunks_mut::<VECTOR>();
    let (from, from_rest) = lanes[..n.min(LANES)].as_chunks::<VECTOR>();
    for (to, from) in to.iter_mut().zip(from) {
        *to = *from;
    }
    for (to, from) in to_rest.iter_mut().zip(from_rest) {
        *to = *from;
    }
}

/// Numbers left free between the planes of two points. Without them the planes would lie a power of
/// two apart, and a tile's numbers at all points would fight for the same places of the cache.
const GAP: usize = 80;

/// `[POINTS, rows, c]`, a row for every tile or filter, with gaps between the planes.
#[derive(Clone, Copy)]
struct Points {
    rows: usize,
    c: usize,
}

impl Points {
    /// Numbers from the beginning of a plane to that of the next.
    #[inline(always)]
    fn plane(&self) -> usize {
        self.rows * self.c + GAP
    }
    #[inline(always)]
    fn at(&self, point: usize, row: usize) -> usize {
        point * self.plane() + row * self.c
    }
    fn buffer(&self) -> Buffer {
        Buffer::new(POINTS * self.plane())
    }
}

/// One image `[h, w, c]` into `v`, from tile `first` on; what lies outside the image is zero.
fn image_to_points(image: &[f32], map: Tiles, v: &mut [f32], points: Points, first: usize) {
    let c = points.c;
    let mut half = [[NONE; SIDE]; SIDE];
    let mut line = [NONE; SIDE];
    wide(
        #[inline(always)]
        || {
            for (t, (y, x)) in map.each().enumerate() {
                for (from, n) in vectors(c) {
                    for (i, half) in half.iter_mut().enumerate() {
                        let pixels = std::array::from_fn(|j| {
                            let inside =
                                (1..=map.h).contains(&(y + j)) && (1..=map.w).contains(&(x + i));
                            if !inside {
                                return &NONE[..];
                            }
                            &image[((y + j - 1) * map.w + x + i - 1) * c + from..]
                        });
                        to_points(pixels, n, half);
                    }
                    for j in 0..SIDE {
                        to_points(column(&half, j), n, &mut line);
                        for (i, lanes) in line.iter().enumerate() {
                            store(v, points.at(j * SIDE + i, first + t) + from, n, lanes);
                        }
                    }
                }
            }
        },
    );
}

/// The gradient of one image `[h, w, c]` at the points, as the weight gradient needs it.
fn gradient_to_points(image: &[f32], map: Tiles, v: &mut [f32], points: Points, first: usize) {
    let c = points.c;
    let mut half = [[NONE; SIDE]; TILE];
    let mut line = [NONE; SIDE];
    wide(
        #[inline(always)]
        || {
            for (t, (y, x)) in map.each().enumerate() {
                for (from, n) in vectors(c) {
                    for (i, half) in half.iter_mut().enumerate() {
                        let pixels = std::array::from_fn(|j| {
                            if y + j >= map.h || x + i >= map.w {
                                return &NONE[..];
                            }
                            &image[((y + j) * map.w + x + i) * c + from..]
                        });
                        spread(pixels, n, half);
                    }
                    for j in 0..SIDE {
                        spread(column(&half, j), n, &mut line);
                        for (i, lanes) in line.iter().enumerate() {
                            store(v, points.at(j * SIDE + i, first + t) + from, n, lanes);
                        }
                    }
                }
            }
        },
    );
}

/// Products at the points, from tile `first` on, into one image `[h, w, c]`: plus bias, through
/// LeakyReLU.
fn points_to_image(
    m: &[f32],
    points: Points,
    first: usize,
    (bias, slope): (Option<&[f32]>, f32),
    (image, map): (&mut [f32], Tiles),
) {
    let c = points.c;
    let mut half = [[NONE; TILE]; SIDE];
    let mut line = [NONE; TILE];
    wide(
        #[inline(always)]
        || {
            for (t, (y, x)) in map.each().enumerate() {
                for (from, n) in vectors(c) {
                    let bias = bias.map_or(&NONE[..n], |bias| &bias[from..from + n]);
                    for (j, half) in half.iter_mut().enumerate() {
                        let products = std::array::from_fn(|i| {
                            &m[points.at(j * SIDE + i, first + t) + from..]
                        });
                        from_points(products, n, half);
                    }
                    for i in 0..TILE.min(map.w - x) {
                        from_points(column(&half, i), n, &mut line);
                        for (j, lanes) in line.iter().enumerate().take(map.h - y) {
                            let at = ((y + j) * map.w + x + i) * c + from;
                            let pixel = &mut image[at..at + n];
                            for ((p, v), b) in pixel.iter_mut().zip(lanes).zip(bias) {
                                let sum = v + b;
                                *p = if sum > 0.0 { sum } else { slope * sum };
                            }
                        }
                    }
                }
            }
        },
    );
}

/// The filters `[cout, cin, 3, 3]` at the points: `[POINTS, cin, cout]`, or, turned by 180° for the
/// data gradient, `[POINTS, cout, cin]`.
fn filters_to_points<const TURN: bool>(weight: &[f32], cout: usize, cin: usize, u: &mut [f32]) {
    let (outer, inner) = if TURN { (cout, cin) } else { (cin, cout) };
    // A share of outer channels per task, each with its own piece of every point's plane.
    let share = outer.div_ceil(8).max(1);
    let mut pieces = (0..outer.div_ceil(share))
        .map(|_| Vec::with_capacity(POINTS))
        .collect::<Vec<_>>();
    let points = Points {
        rows: outer,
        c: inner,
    };
    for plane in u.chunks_exact_mut(points.plane()) {
        let plane = &mut plane[..outer * inner];
        for (piece, part) in pieces.iter_mut().zip(plane.chunks_mut(share * inner)) {
            piece.push(part);
        }
    }
    pieces.par_iter_mut().enumerate().for_each(|(p, piece)| {
        wide(
            #[inline(always)]
            || {
                let mut taps = [[NONE; 3]; 3];
                let mut half = [[NONE; SIDE]; 3];
                let mut line = [NONE; SIDE];
                for row in 0..piece[0].len() / inner {
                    let o = p * share + row;
                    for (from, n) in vectors(inner) {
                        for l in 0..n {
                            let i = from + l;
                            let filter = if TURN { o * cin + i } else { i * cin + o };
                            let Some((filter, _)) = weight[filter * 9..].split_first_chunk::<9>()
                            else {
                                continue;
                            };
                            for (kx, column) in taps.iter_mut().enumerate() {
                                for (ky, tap) in column.iter_mut().enumerate() {
                                    let k = if TURN { 8 - 3 * ky - kx } else { 3 * ky + kx };
                                    tap[l] = filter[k];
                                }
                            }
                        }
                        for (taps, half) in taps.iter().zip(&mut half) {
                            filter_to_points(taps.each_ref().map(|t| &t[..]), n, half);
                        }
                        for j in 0..SIDE {
                            filter_to_points(column(&half, j), n, &mut line);
                            for (i, lanes) in line.iter().enumerate() {
                                store(piece[j * SIDE + i], row * inner + from, n, lanes);
                            }
                        }
                    }
                }
            },
        );
    });
}

/// Gradients at the points `[POINTS, cout, cin]` to those of the filters `[cout, cin, 3, 3]`.
fn filters_from_points(u: &[f32], cout: usize, cin: usize, weight: &mut [f32]) {
    let points = Points { rows: cout, c: cin };
    weight
        .par_chunks_mut(cin * 9)
        .enumerate()
        .for_each(|(o, weight)| {
            wide(
                #[inline(always)]
                || {
                    let mut half = [[NONE; 3]; SIDE];
                    let mut taps = [NONE; 3];
                    for (from, n) in vectors(cin) {
                        for (j, half) in half.iter_mut().enumerate() {
                            let line =
                                std::array::from_fn(|i| &u[points.at(j * SIDE + i, o) + from..]);
                            filter_from_points(line, n, half);
                        }
                        for kx in 0..3 {
                            filter_from_points(column(&half, kx), n, &mut taps);
                            for (ky, tap) in taps.iter().enumerate() {
                                for (l, value) in tap.iter().enumerate().take(n) {
                                    weight[(from + l) * 9 + ky * 3 + kx] = *value;
                                }
                            }
                        }
                    }
                },
            );
        });
}

/// Whether a convolution of this geometry is done here.
pub(super) fn suits(g: &Geometry) -> bool {
    // Below four outputs a tile is mostly empty; with few channels the transforms cost more than
    // they save.
    g.kernel == 3
        && g.stride == 1
        && g.padding == 1
        && g.h >= 3
        && g.w >= 3
        && (g.cin.min(g.cout) >= WORTH || g.cin.max(g.cout) >= 2 * WORTH)
}

/// Images done at once.
fn group(b: usize, map: Tiles, tiles: usize) -> usize {
    (tiles / map.count()).clamp(1, b.div_ceil(2).max(1))
}

/// `out[b, h, w, cout]` from `x[b, h, w, cin]`: filtered, plus bias, through LeakyReLU.
fn filter_images(
    x: &[f32],
    (cin, cout, map): (usize, usize, Tiles),
    u: &[f32],
    (bias, slope): (Option<&[f32]>, f32),
    out: &mut [f32],
) {
    let (image_in, image_out) = (map.h * map.w * cin, map.h * map.w * cout);
    let group = group(x.len() / image_in, map, TILES_AT_ONCE);
    out.par_chunks_mut(group * image_out)
        .zip(x.par_chunks(group * image_in))
        .for_each(|(out, x)| {
            let tiles = x.len() / image_in * map.count();
            let at_in = Points {
                rows: tiles,
                c: cin,
            };
            let at_out = Points {
                rows: tiles,
                c: cout,
            };
            let (mut v, mut m) = (at_in.buffer(), at_out.buffer());
            for (n, image) in x.chunks_exact(image_in).enumerate() {
                image_to_points(image, map, &mut v, at_in, n * map.count());
            }
            let filters = Points { rows: cin, c: cout };
            let planes = v
                .chunks_exact(at_in.plane())
                .zip(u.chunks_exact(filters.plane()));
            for (m, (v, u)) in m.chunks_exact_mut(at_out.plane()).zip(planes) {
                multiply(m, rows(v, cin), rows(u, cout), [tiles, cout, cin], false);
            }
            for (n, image) in out.chunks_exact_mut(image_out).enumerate() {
                let first = n * map.count();
                points_to_image(&m, at_out, first, (bias, slope), (image, map));
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
    let mut u = Points {
        rows: g.cin,
        c: g.cout,
    }
    .buffer();
    filters_to_points::<false>(weight, g.cout, g.cin, &mut u);
    let sizes = (g.cin, g.cout, Tiles::of(g.h, g.w));
    filter_images(x, sizes, &u, (Some(bias), slope), out);
}

/// Gradient at the input: `grad[b, h, w, cout]` → `out[b, h, w, cin]`.
pub(super) fn data_backward(g: &Geometry, grad: &[f32], weight: &[f32], out: &mut [f32]) {
    let mut u = Points {
        rows: g.cout,
        c: g.cin,
    }
    .buffer();
    filters_to_points::<true>(weight, g.cout, g.cin, &mut u);
    let sizes = (g.cout, g.cin, Tiles::of(g.h, g.w));
    filter_images(grad, sizes, &u, (None, 1.0), out);
}

/// Gradient at the weight `[cout, cin, 3, 3]`. Sums are taken in a fixed order.
pub(super) fn weight_backward(g: &Geometry, x: &[f32], grad: &[f32], out: &mut [f32]) {
    let map = Tiles::of(g.h, g.w);
    let (image_in, image_out) = (g.h * g.w * g.cin, g.h * g.w * g.cout);
    let group = (TILES_PER_SUM / map.count()).clamp(1, g.b.max(1));
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
    u.fill(0.0);
    for (x, grad) in x
        .chunks(group * image_in)
        .zip(grad.chunks(group * image_out))
    {
        let images = x.len() / image_in;
        let (at_in, at_out) = (sized(images, g.cin), sized(images, g.cout));
        let (v_parts, d_parts) = (Parts::new(&mut v), Parts::new(&mut d));
        (0..images).into_par_iter().for_each(|n| {
            let first = n * map.count();
            // SAFETY: every image writes the rows of its own tiles only.
            let (v, d) = unsafe { (v_parts.all(), d_parts.all()) };
            let image = &x[n * image_in..][..image_in];
            image_to_points(image, map, v, at_in, first);
            let grad = &grad[n * image_out..][..image_out];
            gradient_to_points(grad, map, d, at_out, first);
        });
        u.par_chunks_exact_mut(filters.plane())
            .zip(v.par_chunks_exact(at_in.plane()))
            .zip(d.par_chunks_exact(at_out.plane()))
            .for_each(|((u, v), d)| {
                let sizes = [g.cout, g.cin, at_in.rows];
                multiply(u, turned(d, g.cout), rows(v, g.cin), sizes, true);
            });
    }
    filters_from_points(&u, g.cout, g.cin, out);
}

/// A buffer that several tasks write to, each to places of its own.
struct Parts(*mut f32, usize);

// SAFETY: whoever takes the whole buffer promises to keep to its own places.
unsafe impl Sync for Parts {}

impl Parts {
    fn new(buffer: &mut [f32]) -> Self {
        Self(buffer.as_mut_ptr(), buffer.len())
    }
    /// # Safety
    ///
    /// No two callers may touch the same place.
    #[allow(clippy::mut_from_ref)]
    unsafe fn all(&self) -> &mut [f32] {
        // SAFETY: pointer and length come from a live slice; the caller keeps to its places.
        unsafe { std::slice::from_raw_parts_mut(self.0, self.1) }
    }
}
