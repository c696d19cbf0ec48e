//! The way back, the transpose of [`super::collect`]: one unit per pixel of the small map and channel
//! of the large one collects nine gradients from the 6×6 outputs that its products reach.

use cubecl::prelude::*;

use super::collect::{Pair, Stored};
use crate::ops::upconv::TAPS;

/// Outputs along an axis that a small position reaches through its taps: 2i−2 … 2i+3.
const REACH: usize = 6;

/// What small position `i` weighs in the large positions 2i−1 … 2i+2; a border position is also what
/// lies beyond it.
#[cube]
fn shares(i: usize, side: usize) -> Array<f32> {
    let mut shares = Array::<f32>::new(4usize);
    let (first, last) = (i == 0, i + 1 == side);
    shares[0] = select(first, 0.0f32, 0.25f32);
    shares[1] = select(first, 1.0f32, 0.75f32);
    shares[2] = select(last, 1.0f32, 0.75f32);
    shares[3] = select(last, 0.0f32, 0.25f32);
    shares
}

/// `[b, cout, 2h, 2w]` → `[b, 9 · cout, h, w]`.
#[cube(launch)]
pub(super) fn spread<F: Float>(
    grad: &[Stored<F>],
    out: &mut [F],
    maps: usize,
    h: usize,
    w: usize,
    #[define(F)] _storage: ElemType,
) {
    let plane = h * w;
    if ABSOLUTE_POS >= maps * plane {
        terminate!();
    }
    let ix = ABSOLUTE_POS % w;
    let line = ABSOLUTE_POS / w;
    let iy = line % h;
    let map = line / h;
    let (along_x, along_y) = (shares(ix, w), shares(iy, h));
    let (left, right) = (ix > 0, ix + 1 < w);
    // A row has w pairs; those before and after this pixel's may lie outside.
    let before = ix.max(1) - 1;
    let after = (ix + 1).min(w - 1);

    // What each row gives to the three taps along x.
    let mut rows = Array::<f32>::new(comptime!(REACH * 3));
    #[unroll]
    for r in 0..REACH {
        // Two rows above the first wrap, and are nowhere inside.
        let y = 2 * iy + r - 2;
        let inside = y < 2 * h;
        let row = (map * 2 * h + select(inside, y, 0usize)) * w;
        let zero = Pair::new(0.0f32);
        let a = select(inside && left, Pair::cast_from(grad[row + before]), zero);
        let b = select(inside, Pair::cast_from(grad[row + ix]), zero);
        let c = select(inside && right, Pair::cast_from(grad[row + after]), zero);
        let mut outputs = Array::<f32>::new(REACH);
        outputs[0] = a.extract(0usize);
        outputs[1] = a.extract(1usize);
        outputs[2] = b.extract(0usize);
        outputs[3] = b.extract(1usize);
        outputs[4] = c.extract(0usize);
        outputs[5] = c.extract(1usize);
        #[unroll]
        for k in 0..3usize {
            let mut sum = f32::new(0.0);
            #[unroll]
            for m in 0..4usize {
                sum += along_x[m] * outputs[comptime!(m + 2 - k)];
            }
            rows[comptime!(r * 3 + k)] = sum;
        }
    }
    let pixel = map * TAPS * plane + iy * w + ix;
    #[unroll]
    for ky in 0..3usize {
        #[unroll]
        for kx in 0..3usize {
            let mut sum = f32::new(0.0);
            #[unroll]
            for m in 0..4usize {
                sum += along_y[m] * rows[comptime!((m + 2 - ky) * 3 + kx)];
            }
            out[pixel + comptime!(ky * 3 + kx) * plane] = F::cast_from(sum);
        }
    }
}
