//! From the products of the small map to the large map.
//!
//! Every tap (ky, kx) of the filters makes a small map of its own. The large map is the sum of the
//! nine, each doubled and moved to where its tap stands. Small position `i` of an axis has to do with
//! the large positions 2i−1 … 2i+2, here numbered 0 … 3; of its two outputs, number `p` takes tap `k`
//! at large position `p + k`.

use pulp::{Arch, Simd, WithSimd};

use super::vector::{Map, add_blend, read, write};

/// Small position `i` of an axis.
struct Around {
    /// The one before, itself and the one after; the border repeated.
    near: [usize; 3],
    /// What the two of them weigh that a large position lies between: the first two in positions 0
    /// and 1, the last two in 2 and 3. Beyond the border there is nothing.
    weights: [[f32; 2]; 4],
}

impl Around {
    fn new(i: usize, side: usize) -> Self {
        let before = if i > 0 { 1.0 } else { 0.0 };
        let after = if i + 1 < side { 1.0 } else { 0.0 };
        Self {
            near: [i.saturating_sub(1), i, (i + 1).min(side - 1)],
            weights: [
                [0.75 * before, 0.25 * before],
                [0.25, 0.75],
                [0.75, 0.25],
                [0.25 * after, 0.75 * after],
            ],
        }
    }
}

/// Whether tap `k` has to do with number `n` of three neighbours.
const fn reaches(k: usize, n: usize) -> bool {
    k == 1 || n == 1 || n == k
}

/// Adds to two outputs along an axis what tap `K` makes of three neighbours.
#[inline(always)]
fn add_doubled<S: Simd, const K: usize>(
    simd: S,
    [a, b, c]: [S::f32s; 3],
    weights: &[[f32; 2]; 4],
    sums: &mut [S::f32s; 2],
) {
    let first = if K < 2 { [a, b] } else { [b, c] };
    let second = if K < 1 { [a, b] } else { [b, c] };
    sums[0] = add_blend(simd, weights[K], first, sums[0]);
    sums[1] = add_blend(simd, weights[K + 1], second, sums[1]);
}

/// Doubles the products of one image and adds them up where they belong, plus bias.
pub(super) struct Collect<'a> {
    pub map: Map,
    pub products: &'a [f32],
    /// `[cout]`.
    pub bias: &'a [f32],
    /// `[2h, 2w, cout]`.
    pub out: &'a mut [f32],
}

impl Collect<'_> {
    pub fn run(self) {
        Arch::new().dispatch(self);
    }

    /// The four outputs of pixel (i, j), channels from `first` on.
    #[inline(always)]
    fn pixel<S: Simd>(
        &mut self,
        simd: S,
        (i, j): (usize, usize),
        (y, x): (&Around, &Around),
        first: usize,
    ) {
        let map = self.map;
        let zero = simd.splat_f32s(0.0);
        let bias = read(simd, self.bias, first);
        // By column and row.
        let mut sums = [[bias; 2]; 2];
        // Along the lines first: the three taps of a line add up before they are doubled down.
        macro_rules! add_tap {
            ($ky:literal, $kx:literal, $row:literal, $sums:ident) => {
                let mut near = [zero; 3];
                for (column, near) in near.iter_mut().enumerate() {
                    if reaches($kx, column) {
                        let pixel = y.near[$row] * map.w + x.near[column];
                        let place = pixel * map.pixel + ($ky * 3 + $kx) * map.tap;
                        *near = read(simd, self.products, place + first);
                    }
                }
                add_doubled::<S, $kx>(simd, near, &x.weights, &mut $sums);
            };
        }
        macro_rules! add_line {
            ($ky:literal: $($row:literal),*) => {
                let mut lines = [[zero; 2]; 3];
                $(
                    let mut line = [zero; 2];
                    add_tap!($ky, 0, $row, line);
                    add_tap!($ky, 1, $row, line);
                    add_tap!($ky, 2, $row, line);
                    lines[$row] = line;
                )*
                for (px, sums) in sums.iter_mut().enumerate() {
                    let down = [lines[0][px], lines[1][px], lines[2][px]];
                    add_doubled::<S, $ky>(simd, down, &y.weights, sums);
                }
            };
        }
        add_line!(0: 0, 1);
        add_line!(1: 0, 1, 2);
        add_line!(2: 1, 2);
        for (px, sums) in sums.into_iter().enumerate() {
            for (py, sum) in sums.into_iter().enumerate() {
                let place = ((2 * i + py) * 2 * map.w + 2 * j + px) * map.cout;
                write::<S>(self.out, place + first, map.cout - first, sum);
            }
        }
    }
}

impl WithSimd for Collect<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let Map { h, w, cout, .. } = self.map;
        for i in 0..h {
            let y = Around::new(i, h);
            for j in 0..w {
                let x = Around::new(j, w);
                for first in (0..cout).step_by(S::F32_LANES) {
                    self.pixel(simd, (i, j), (&y, &x), first);
                }
            }
        }
    }
}
