//! The way back, the transpose of [`super::collect`]: what the large map's gradient is at the
//! products of the small one.

use pulp::{Arch, Simd, WithSimd};

use super::vector::{Map, add_blend, read, write};

/// Outputs along an axis that the taps of small position `i` reach: 2i−2 … 2i+3.
const REACH: usize = 6;

/// Small position `i` of an axis.
struct Reached {
    /// Where the outputs lie that it reaches; any place for those beyond the border.
    places: [usize; REACH],
    /// Per tap, what it weighs in the large positions 2i−1 … 2i+2, as far as there are outputs there.
    weights: [[f32; 4]; 3],
}

impl Reached {
    fn new(i: usize, side: usize) -> Self {
        let output = |r: usize| (2 * i + r).checked_sub(2).filter(|&o| o < 2 * side);
        // A border position is also what lies beyond it.
        let mut shares = [0.25, 0.75, 0.75, 0.25];
        if i == 0 {
            [shares[0], shares[1]] = [0.0, 1.0];
        }
        if i + 1 == side {
            [shares[2], shares[3]] = [1.0, 0.0];
        }
        Self {
            places: std::array::from_fn(|r| output(r).unwrap_or(0)),
            weights: std::array::from_fn(|k| {
                std::array::from_fn(|m| output(m + 2 - k).map_or(0.0, |_| shares[m]))
            }),
        }
    }
}

/// What the outputs along a line give back to tap `K`.
#[inline(always)]
fn narrowed<S: Simd, const K: usize>(
    simd: S,
    line: &[S::f32s; REACH],
    weights: &[[f32; 4]; 3],
) -> S::f32s {
    let [a, b, c, d] = weights[K];
    let outer = simd.mul_f32s(simd.splat_f32s(a), line[2 - K]);
    let sum = add_blend(simd, [b, c], [line[3 - K], line[4 - K]], outer);
    simd.mul_add_e_f32s(simd.splat_f32s(d), line[5 - K], sum)
}

/// The same for all three taps.
#[inline(always)]
fn taps<S: Simd>(simd: S, line: &[S::f32s; REACH], weights: &[[f32; 4]; 3]) -> [S::f32s; 3] {
    [
        narrowed::<S, 0>(simd, line, weights),
        narrowed::<S, 1>(simd, line, weights),
        narrowed::<S, 2>(simd, line, weights),
    ]
}

/// Gives some pixels of the small maps their share of the large maps' gradient.
pub(super) struct Spread<'a> {
    pub map: Map,
    /// `[images, 2h, 2w, cout]`.
    pub grad: &'a [f32],
    /// The first small pixel, counted over all images, …
    pub first: usize,
    /// … and how many.
    pub count: usize,
    /// Gradients at their products.
    pub out: &'a mut [f32],
}

impl Spread<'_> {
    pub fn run(self) {
        Arch::new().dispatch(self);
    }

    /// The nine gradients of pixel number `n` of this part, which belongs to an image whose gradient
    /// begins at `image`; channels from `first` on.
    #[inline(always)]
    fn pixel<S: Simd>(
        &mut self,
        simd: S,
        (n, image): (usize, usize),
        (y, x): (&Reached, &Reached),
        first: usize,
    ) {
        let map = self.map;
        let zero = simd.splat_f32s(0.0);
        let mut lines = [[zero; REACH]; 3];
        for column in 0..REACH {
            let mut down = [zero; REACH];
            for (row, value) in down.iter_mut().enumerate() {
                let pixel = y.places[row] * 2 * map.w + x.places[column];
                *value = read(simd, self.grad, image + pixel * map.cout + first);
            }
            for (line, value) in lines.iter_mut().zip(taps(simd, &down, &y.weights)) {
                line[column] = value;
            }
        }
        for (ky, line) in lines.iter().enumerate() {
            for (kx, value) in taps(simd, line, &x.weights).into_iter().enumerate() {
                let place = n * map.pixel + (ky * 3 + kx) * map.tap;
                write::<S>(self.out, place + first, map.cout - first, value);
            }
        }
    }
}

impl WithSimd for Spread<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let Map { h, w, cout, .. } = self.map;
        for n in 0..self.count {
            let (image, pixel) = ((self.first + n) / (h * w), (self.first + n) % (h * w));
            let (y, x) = (Reached::new(pixel / w, h), Reached::new(pixel % w, w));
            let image = image * self.map.large();
            for first in (0..cout).step_by(S::F32_LANES) {
                self.pixel(simd, (n, image), (&y, &x), first);
            }
        }
    }
}
