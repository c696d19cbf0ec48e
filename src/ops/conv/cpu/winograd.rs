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
const LANES: usize = 16;
/// Tiles a matrix product should have to be worth packing for.
const TILES_AT_ONCE: usize = 128;
/// Tiles between two sums into the weight gradient, which is then read and written once.
const TILES_PER_SUM: usize = 512;

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

type Lane<const L: usize> = [f32; L];

#[inline(always)]
fn lanes<const L: usize>(f: impl Fn(usize) -> f32) -> Lane<L> {
    std::array::from_fn(f)
}

/// Bᵀ: six inputs to six points.
#[inline(always)]
fn to_points<const L: usize>(x: [Lane<L>; SIDE]) -> [Lane<L>; SIDE] {
    let mut out = [[0.0; L]; SIDE];
    for l in 0..L {
        let [x0, x1, x2, x3, x4, x5] = [x[0][l], x[1][l], x[2][l], x[3][l], x[4][l], x[5][l]];
        let (even_a, odd_a) = (x4 - B2 * x2, A * (x3 - B2 * x1));
        let (even_b, odd_b) = (x4 - A2 * x2, B * (x3 - A2 * x1));
        out[0][l] = x4 - (A2 + B2) * x2 + A2 * B2 * x0;
        out[1][l] = even_a + odd_a;
        out[2][l] = even_a - odd_a;
        out[3][l] = even_b + odd_b;
        out[4][l] = even_b - odd_b;
        out[5][l] = x5 - (A2 + B2) * x3 + A2 * B2 * x1;
    }
    out
}

/// Aᵀ: six products to four outputs.
#[inline(always)]
fn from_points<const L: usize>(m: [Lane<L>; SIDE]) -> [Lane<L>; TILE] {
    let mut out = [[0.0; L]; TILE];
    for l in 0..L {
        let [m0, m1, m2, m3, m4, m5] = [m[0][l], m[1][l], m[2][l], m[3][l], m[4][l], m[5][l]];
        let (sum_a, diff_a, sum_b, diff_b) = (m1 + m2, m1 - m2, m3 + m4, m3 - m4);
        out[0][l] = m0 + sum_a + sum_b;
        out[1][l] = A * diff_a + B * diff_b;
        out[2][l] = A2 * sum_a + B2 * sum_b;
        out[3][l] = A3 * diff_a + B3 * diff_b + m5;
    }
    out
}

/// A, the transpose of [`from_points`]: four output gradients to six.
#[inline(always)]
fn spread<const L: usize>(y: [Lane<L>; TILE]) -> [Lane<L>; SIDE] {
    let mut out = [[0.0; L]; SIDE];
    for l in 0..L {
        let [y0, y1, y2, y3] = [y[0][l], y[1][l], y[2][l], y[3][l]];
        let (even_a, odd_a) = (y0 + A2 * y2, A * y1 + A3 * y3);
        let (even_b, odd_b) = (y0 + B2 * y2, B * y1 + B3 * y3);
        out[0][l] = y0;
        out[1][l] = even_a + odd_a;
        out[2][l] = even_a - odd_a;
        out[3][l] = even_b + odd_b;
        out[4][l] = even_b - odd_b;
        out[5][l] = y3;
    }
    out
}

/// G: three taps of a filter to six points.
#[inline(always)]
fn filter_to_points<const L: usize>(g: [Lane<L>; 3]) -> [Lane<L>; SIDE] {
    let mut out = [[0.0; L]; SIDE];
    for l in 0..L {
        let [g0, g1, g2] = [g[0][l], g[1][l], g[2][l]];
        let (even_a, odd_a) = (GA * (g0 + A2 * g2), GA * A * g1);
        let (even_b, odd_b) = (GB * (g0 + B2 * g2), GB * B * g1);
        out[0][l] = G0 * g0;
        out[1][l] = even_a + odd_a;
        out[2][l] = even_a - odd_a;
        out[3][l] = even_b + odd_b;
        out[4][l] = even_b - odd_b;
        out[5][l] = g2;
    }
    out
}

/// Gᵀ: six gradients to those of the three taps.
#[inline(always)]
fn filter_from_points<const L: usize>(u: [Lane<L>; SIDE]) -> [Lane<L>; 3] {
    let mut out = [[0.0; L]; 3];
    for l in 0..L {
        let [u0, u1, u2, u3, u4, u5] = [u[0][l], u[1][l], u[2][l], u[3][l], u[4][l], u[5][l]];
        let (sum_a, diff_a) = (GA * (u1 + u2), GA * A * (u1 - u2));
        let (sum_b, diff_b) = (GB * (u3 + u4), GB * B * (u3 - u4));
        out[0][l] = G0 * u0 + sum_a + sum_b;
        out[1][l] = diff_a + diff_b;
        out[2][l] = A2 * sum_a + B2 * sum_b + u5;
    }
    out
}

/// The columns of a square array of lanes become its rows.
#[inline(always)]
fn column<const L: usize, const R: usize, const C: usize>(
    x: &[[Lane<L>; C]; R],
    at: usize,
) -> [Lane<L>; R] {
    std::array::from_fn(|r| x[r][at])
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

/// Calls `wide_part` for every whole vector of channels and `narrow_part` for each that is left.
macro_rules! over_channels {
    ($c:expr, $f:ident ( $($arg:expr),* )) => {{
        let mut from = 0;
        while from + LANES <= $c {
            $f::<LANES>($($arg,)* from);
            from += LANES;
        }
        while from < $c {
            $f::<1>($($arg,)* from);
            from += 1;
        }
    }};
}

#[inline(always)]
fn load<const L: usize>(from: &[f32], at: usize) -> Lane<L> {
    let part = &from[at..at + L];
    lanes(|l| part[l])
}

#[inline(always)]
fn store<const L: usize>(to: &mut [f32], at: usize, value: Lane<L>) {
    to[at..at + L].copy_from_slice(&value);
}

/// One image `[h, w, c]` into `v`, `[POINTS, tiles, c]`, from tile `first` on; outside is zero.
fn image_to_points(image: &[f32], c: usize, map: Tiles, v: &mut [f32], tiles: usize, first: usize) {
    #[inline(always)]
    fn tile<const L: usize>(
        image: &[f32],
        c: usize,
        map: Tiles,
        (y, x): (usize, usize),
        (v, plane, row): (&mut [f32], usize, usize),
        from: usize,
    ) {
        let inside = y > 0 && x > 0 && y + SIDE - 1 <= map.h && x + SIDE - 1 <= map.w;
        let mut half = [[[0.0; L]; SIDE]; SIDE];
        for i in 0..SIDE {
            let column: [Lane<L>; SIDE] = std::array::from_fn(|j| {
                if inside || ((1..=map.h).contains(&(y + j)) && (1..=map.w).contains(&(x + i))) {
                    load(image, ((y + j - 1) * map.w + x + i - 1) * c + from)
                } else {
                    [0.0; L]
                }
            });
            half[i] = to_points(column);
        }
        for j in 0..SIDE {
            let line = to_points(column(&half, j));
            for (i, value) in line.into_iter().enumerate() {
                store(v, (j * SIDE + i) * plane + row * c + from, value);
            }
        }
    }
    let plane = tiles * c;
    wide(
        #[inline(always)]
        || {
            for (t, at) in map.each().enumerate() {
                over_channels!(c, tile(image, c, map, at, (v, plane, first + t)));
            }
        },
    );
}

/// The gradient of one image `[h, w, c]` into `[POINTS, tiles, c]`, as the weight gradient needs it.
fn gradient_to_points(
    image: &[f32],
    c: usize,
    map: Tiles,
    v: &mut [f32],
    tiles: usize,
    first: usize,
) {
    #[inline(always)]
    fn tile<const L: usize>(
        image: &[f32],
        c: usize,
        map: Tiles,
        (y, x): (usize, usize),
        (v, plane, row): (&mut [f32], usize, usize),
        from: usize,
    ) {
        let mut half = [[[0.0; L]; SIDE]; TILE];
        for i in 0..TILE {
            let column: [Lane<L>; TILE] = std::array::from_fn(|j| {
                if y + j < map.h && x + i < map.w {
                    load(image, ((y + j) * map.w + x + i) * c + from)
                } else {
                    [0.0; L]
                }
            });
            half[i] = spread(column);
        }
        for j in 0..SIDE {
            let line = spread(column(&half, j));
            for (i, value) in line.into_iter().enumerate() {
                store(v, (j * SIDE + i) * plane + row * c + from, value);
            }
        }
    }
    let plane = tiles * c;
    wide(
        #[inline(always)]
        || {
            for (t, at) in map.each().enumerate() {
                over_channels!(c, tile(image, c, map, at, (v, plane, first + t)));
            }
        },
    );
}

/// Products `[POINTS, tiles, c]` from tile `first` on into one image `[h, w, c]`.
fn points_to_image(
    m: &[f32],
    tiles: usize,
    first: usize,
    (bias, slope): (Option<&[f32]>, f32),
    (image, c, map): (&mut [f32], usize, Tiles),
) {
    #[inline(always)]
    fn tile<const L: usize>(
        (m, plane, row): (&[f32], usize, usize),
        (bias, slope): (Option<&[f32]>, f32),
        (image, c, map): (&mut [f32], usize, Tiles),
        (y, x): (usize, usize),
        from: usize,
    ) {
        let mut half = [[[0.0; L]; TILE]; SIDE];
        for j in 0..SIDE {
            let line: [Lane<L>; SIDE] =
                std::array::from_fn(|i| load(m, (j * SIDE + i) * plane + row * c + from));
            half[j] = from_points(line);
        }
        let bias = match bias {
            Some(bias) => load(bias, from),
            None => [0.0; L],
        };
        for i in 0..TILE.min(map.w - x) {
            let line = from_points(column(&half, i));
            for j in 0..TILE.min(map.h - y) {
                let sum: Lane<L> = lanes(|l| line[j][l] + bias[l]);
                let value: Lane<L> = lanes(|l| if sum[l] > 0.0 { sum[l] } else { slope * sum[l] });
                store(image, ((y + j) * map.w + x + i) * c + from, value);
            }
        }
    }
    let plane = tiles * c;
    wide(
        #[inline(always)]
        || {
            for (t, at) in map.each().enumerate() {
                over_channels!(
                    c,
                    tile((m, plane, first + t), (bias, slope), (image, c, map), at)
                );
            }
        },
    );
}

/// The filters `[cout, cin, 3, 3]` at the points: `[POINTS, cin, cout]`, or, turned by 180° for the
/// data gradient, `[POINTS, cout, cin]`.
fn filters_to_points(weight: &[f32], cout: usize, cin: usize, turn: bool, u: &mut [f32]) {
    let (outer, inner) = if turn { (cout, cin) } else { (cin, cout) };
    // Where the filter of an outer and an inner channel begins.
    let start = move |o: usize, i: usize| if turn { o * cin + i } else { i * cin + o } * 9;
    #[inline(always)]
    fn filter<const L: usize>(
        weight: &[f32],
        start: &impl Fn(usize, usize) -> usize,
        (outer, turn): (usize, bool),
        (u, plane, row): (&mut [&mut [f32]], usize, usize),
        from: usize,
    ) {
        let _ = plane;
        let taps: [[Lane<L>; 3]; 3] = std::array::from_fn(|kx| {
            std::array::from_fn(|ky| {
                let tap = if turn { 8 - (ky * 3 + kx) } else { ky * 3 + kx };
                lanes(|l| weight[start(outer, from + l) + tap])
            })
        });
        let half = taps.map(filter_to_points);
        for j in 0..SIDE {
            let line = filter_to_points(column(&half, j));
            for (i, value) in line.into_iter().enumerate() {
                store(u[j * SIDE + i], row + from, value);
            }
        }
    }
    // A share of outer channels per task, each with its own piece of every point's plane.
    let share = outer.div_ceil(8).max(1);
    let plane = outer * inner;
    let mut pieces = (0..outer.div_ceil(share))
        .map(|_| Vec::with_capacity(POINTS))
        .collect::<Vec<_>>();
    for plane in u.chunks_mut(plane) {
        for (piece, part) in pieces.iter_mut().zip(plane.chunks_mut(share * inner)) {
            piece.push(part);
        }
    }
    pieces.par_iter_mut().enumerate().for_each(|(p, piece)| {
        wide(
            #[inline(always)]
            || {
                for row in 0..piece[0].len() / inner {
                    let at = (p * share + row, turn);
                    over_channels!(
                        inner,
                        filter(weight, &start, at, (&mut piece[..], 0, row * inner))
                    );
                }
            },
        );
    });
}

/// Gradients at the points `[POINTS, cout, cin]` to those of the filters `[cout, cin, 3, 3]`.
fn filters_from_points(u: &[f32], cout: usize, cin: usize, weight: &mut [f32]) {
    #[inline(always)]
    fn filter<const L: usize>(
        (u, plane, row): (&[f32], usize, usize),
        weight: &mut [f32],
        from: usize,
    ) {
        let mut half = [[[0.0; L]; 3]; SIDE];
        for j in 0..SIDE {
            let line: [Lane<L>; SIDE] =
                std::array::from_fn(|i| load(u, (j * SIDE + i) * plane + row + from));
            half[j] = filter_from_points(line);
        }
        for kx in 0..3 {
            let taps = filter_from_points(column(&half, kx));
            for (ky, tap) in taps.iter().enumerate() {
                for (l, value) in tap.iter().enumerate() {
                    weight[(from + l) * 9 + ky * 3 + kx] = *value;
                }
            }
        }
    }
    let plane = cout * cin;
    weight
        .par_chunks_mut(cin * 9)
        .enumerate()
        .for_each(|(o, weight)| {
            wide(
                #[inline(always)]
                || over_channels!(cin, filter((u, plane, o * cin), weight)),
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
        && g.cin.min(g.cout) >= 3
        && g.cin.max(g.cout) >= LANES
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
            let mut v = Buffer::new(POINTS * tiles * cin);
            let mut m = Buffer::new(POINTS * tiles * cout);
            for (n, image) in x.chunks_exact(image_in).enumerate() {
                image_to_points(image, cin, map, &mut v, tiles, n * map.count());
            }
            let planes = v.chunks_exact(tiles * cin).zip(u.chunks_exact(cin * cout));
            for (m, (v, u)) in m.chunks_exact_mut(tiles * cout).zip(planes) {
                multiply(m, rows(v, cin), rows(u, cout), [tiles, cout, cin], false);
            }
            for (n, image) in out.chunks_exact_mut(image_out).enumerate() {
                let first = n * map.count();
                points_to_image(&m, tiles, first, (bias, slope), (image, cout, map));
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
    let mut u = Buffer::new(POINTS * g.cin * g.cout);
    filters_to_points(weight, g.cout, g.cin, false, &mut u);
    let sizes = (g.cin, g.cout, Tiles::of(g.h, g.w));
    filter_images(x, sizes, &u, (Some(bias), slope), out);
}

/// Gradient at the input: `grad[b, h, w, cout]` → `out[b, h, w, cin]`.
pub(super) fn data_backward(g: &Geometry, grad: &[f32], weight: &[f32], out: &mut [f32]) {
    let mut u = Buffer::new(POINTS * g.cin * g.cout);
    filters_to_points(weight, g.cout, g.cin, true, &mut u);
    let sizes = (g.cout, g.cin, Tiles::of(g.h, g.w));
    filter_images(grad, sizes, &u, (None, 1.0), out);
}

/// Gradient at the weight `[cout, cin, 3, 3]`. Sums are taken in a fixed order.
pub(super) fn weight_backward(g: &Geometry, x: &[f32], grad: &[f32], out: &mut [f32]) {
    let map = Tiles::of(g.h, g.w);
    let (image_in, image_out) = (g.h * g.w * g.cin, g.h * g.w * g.cout);
    let group = (TILES_PER_SUM / map.count()).clamp(1, g.b.max(1));
    let tiles = group * map.count();
    let mut v = Buffer::new(POINTS * tiles * g.cin);
    let mut d = Buffer::new(POINTS * tiles * g.cout);
    let mut u = Buffer::zeros(POINTS * g.cout * g.cin);
    for (x, grad) in x
        .chunks(group * image_in)
        .zip(grad.chunks(group * image_out))
    {
        let tiles = x.len() / image_in * map.count();
        let (v, d) = (
            &mut v[..POINTS * tiles * g.cin],
            &mut d[..POINTS * tiles * g.cout],
        );
        let images = x.len() / image_in;
        let (v_parts, d_parts) = (Parts::new(v), Parts::new(d));
        (0..images).into_par_iter().for_each(|n| {
            let first = n * map.count();
            // SAFETY: every image writes the rows of its own tiles only.
            let (v, d) = unsafe { (v_parts.all(), d_parts.all()) };
            image_to_points(&x[n * image_in..][..image_in], g.cin, map, v, tiles, first);
            let grad = &grad[n * image_out..][..image_out];
            gradient_to_points(grad, g.cout, map, d, tiles, first);
        });
        u.par_chunks_mut(g.cout * g.cin)
            .zip(v.par_chunks(tiles * g.cin))
            .zip(d.par_chunks(tiles * g.cout))
            .for_each(|((u, v), d)| {
                let sizes = [g.cout, g.cin, tiles];
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
