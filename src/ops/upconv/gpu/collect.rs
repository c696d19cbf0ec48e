//! From the products of the small map to the large map: one unit per pixel of the small one and
//! channel of the large one.
//!
//! Along an axis, small position `i` has to do with the large positions 2i−1 … 2i+2. The first of its
//! two outputs takes taps 0, 1, 2 at the first three of them, the second at the last three; beyond
//! the border there is nothing. Products may be stored in 16 bits; sums are f32.

use cubecl::prelude::*;

use crate::ops::upconv::TAPS;

/// Two neighbours along x.
pub(super) type Pair = Vector<f32, Const<2>>;
/// The same as they are stored.
pub(super) type Stored<F> = Vector<F, Const<2>>;

/// Where a position stands on its axis.
#[derive(CubeType, Clone, Copy)]
struct Around {
    /// The positions before and after it; the border repeated.
    before: usize,
    here: usize,
    after: usize,
    /// 1 if there is something before and after it, else 0.
    first: f32,
    last: f32,
}

#[cube]
fn around(i: usize, side: usize) -> Around {
    Around {
        before: i.max(1) - 1,
        here: i,
        after: (i + 1).min(side - 1),
        first: select(i > 0, 1.0f32, 0.0f32),
        last: select(i + 1 < side, 1.0f32, 0.0f32),
    }
}

/// What the taps of a line, `plane` numbers apart from `at` on, give to two outputs.
#[cube]
fn across<F: Float>(products: &[F], at: usize, plane: usize, x: &Around) -> Pair {
    let a0 = f32::cast_from(products[at + x.before]);
    let a1 = f32::cast_from(products[at + x.here]);
    let b0 = f32::cast_from(products[at + plane + x.before]);
    let b1 = f32::cast_from(products[at + plane + x.here]);
    let b2 = f32::cast_from(products[at + plane + x.after]);
    let c1 = f32::cast_from(products[at + 2 * plane + x.here]);
    let c2 = f32::cast_from(products[at + 2 * plane + x.after]);
    let even =
        x.first * (0.75f32 * a0 + 0.25f32 * a1) + 0.25f32 * b0 + 0.75f32 * (b1 + c1) + 0.25f32 * c2;
    let odd =
        0.25f32 * a0 + 0.75f32 * (a1 + b1) + 0.25f32 * b2 + x.last * (0.25f32 * c1 + 0.75f32 * c2);
    let mut pair = Pair::new(even);
    pair.insert(1usize, odd);
    pair
}

/// `[b, 9 · cout, h, w]` → `[b, cout, 2h, 2w]`, plus bias.
#[cube(launch)]
pub(super) fn collect<F: Float>(
    products: &[F],
    bias: &[f32],
    out: &mut [Stored<F>],
    maps: usize,
    h: usize,
    w: usize,
    #[define(F)] _storage: ElemType,
) {
    let plane = h * w;
    if ABSOLUTE_POS >= maps * plane {
        terminate!();
    }
    let x = around(ABSOLUTE_POS % w, w);
    let line = ABSOLUTE_POS / w;
    let y = around(line % h, h);
    let map = line / h;
    let top = map * TAPS * plane;
    let middle = top + 3 * plane;
    let bottom = middle + 3 * plane;
    let (before, here, after) = (y.before * w, y.here * w, y.after * w);

    let a0 = across::<F>(products, top + before, plane, &x);
    let a1 = across::<F>(products, top + here, plane, &x);
    let b0 = across::<F>(products, middle + before, plane, &x);
    let b1 = across::<F>(products, middle + here, plane, &x);
    let b2 = across::<F>(products, middle + after, plane, &x);
    let c1 = across::<F>(products, bottom + here, plane, &x);
    let c2 = across::<F>(products, bottom + after, plane, &x);
    let (near, far) = (Pair::new(0.75f32), Pair::new(0.25f32));
    let start = Pair::new(bias[map % bias.len()]);
    let even = start
        + Pair::new(y.first) * (near * a0 + far * a1)
        + far * b0
        + near * (b1 + c1)
        + far * c2;
    let odd =
        start + far * a0 + near * (a1 + b1) + far * b2 + Pair::new(y.last) * (far * c1 + near * c2);
    out[2 * line * w + x.here] = Stored::<F>::cast_from(even);
    out[(2 * line + 1) * w + x.here] = Stored::<F>::cast_from(odd);
}
