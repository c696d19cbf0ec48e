//! Winograd's five transforms between numbers side by side and numbers at points, for as many
//! channels at once as a vector holds.

use pulp::Simd;

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

/// A linear map of `I` numbers to `O`.
pub(super) trait Transform<const I: usize, const O: usize> {
    fn apply<S: Simd>(s: S, x: [S::f32s; I]) -> [S::f32s; O];
}

/// Along both axes: `I` × `I` numbers from `load(row, column)` to `O` × `O` for
/// `store(row, column, numbers)`.
#[inline(always)]
pub(super) fn both_axes<T: Transform<I, O>, const I: usize, const O: usize, S: Simd>(
    s: S,
    load: impl Fn(usize, usize) -> S::f32s,
    mut store: impl FnMut(usize, usize, S::f32s),
) {
    let zero = s.splat_f32s(0.0);
    let mut half = [[zero; I]; O];
    for i in 0..I {
        let mut x = [zero; I];
        for (j, x) in x.iter_mut().enumerate() {
            *x = load(j, i);
        }
        for (half, y) in half.iter_mut().zip(T::apply(s, x)) {
            half[i] = y;
        }
    }
    for (j, half) in half.iter().enumerate() {
        let y = T::apply(s, *half);
        for (i, y) in y.iter().enumerate() {
            store(j, i, *y);
        }
    }
}

/// a x + y.
#[inline(always)]
fn plus<S: Simd>(s: S, y: S::f32s, a: f32, x: S::f32s) -> S::f32s {
    s.mul_add_e_f32s(s.splat_f32s(a), x, y)
}

#[inline(always)]
fn times<S: Simd>(s: S, a: f32, x: S::f32s) -> S::f32s {
    s.mul_f32s(s.splat_f32s(a), x)
}

/// Bᵀ: six inputs to six points.
pub(super) struct ToPoints;

impl Transform<6, 6> for ToPoints {
    #[inline(always)]
    fn apply<S: Simd>(s: S, x: [S::f32s; 6]) -> [S::f32s; 6] {
        let even_a = plus(s, x[4], -B2, x[2]);
        let odd_a = times(s, A, plus(s, x[3], -B2, x[1]));
        let even_b = plus(s, x[4], -A2, x[2]);
        let odd_b = times(s, B, plus(s, x[3], -A2, x[1]));
        [
            plus(s, plus(s, x[4], -(A2 + B2), x[2]), A2 * B2, x[0]),
            s.add_f32s(even_a, odd_a),
            s.sub_f32s(even_a, odd_a),
            s.add_f32s(even_b, odd_b),
            s.sub_f32s(even_b, odd_b),
            plus(s, plus(s, x[5], -(A2 + B2), x[3]), A2 * B2, x[1]),
        ]
    }
}

/// Aᵀ: six products to four outputs.
pub(super) struct FromPoints;

impl Transform<6, 4> for FromPoints {
    #[inline(always)]
    fn apply<S: Simd>(s: S, m: [S::f32s; 6]) -> [S::f32s; 4] {
        let (sum_a, diff_a) = (s.add_f32s(m[1], m[2]), s.sub_f32s(m[1], m[2]));
        let (sum_b, diff_b) = (s.add_f32s(m[3], m[4]), s.sub_f32s(m[3], m[4]));
        [
            s.add_f32s(m[0], s.add_f32s(sum_a, sum_b)),
            plus(s, times(s, A, diff_a), B, diff_b),
            plus(s, times(s, A2, sum_a), B2, sum_b),
            plus(s, plus(s, m[5], A3, diff_a), B3, diff_b),
        ]
    }
}

/// A, the transpose of [`FromPoints`]: four output gradients to six.
pub(super) struct Spread;

impl Transform<4, 6> for Spread {
    #[inline(always)]
    fn apply<S: Simd>(s: S, y: [S::f32s; 4]) -> [S::f32s; 6] {
        let even_a = plus(s, y[0], A2, y[2]);
        let odd_a = plus(s, times(s, A, y[1]), A3, y[3]);
        let even_b = plus(s, y[0], B2, y[2]);
        let odd_b = plus(s, times(s, B, y[1]), B3, y[3]);
        [
            y[0],
            s.add_f32s(even_a, odd_a),
            s.sub_f32s(even_a, odd_a),
            s.add_f32s(even_b, odd_b),
            s.sub_f32s(even_b, odd_b),
            y[3],
        ]
    }
}

/// G: three taps of a filter to six points.
pub(super) struct FilterToPoints;

impl Transform<3, 6> for FilterToPoints {
    #[inline(always)]
    fn apply<S: Simd>(s: S, g: [S::f32s; 3]) -> [S::f32s; 6] {
        let even_a = times(s, GA, plus(s, g[0], A2, g[2]));
        let odd_a = times(s, GA * A, g[1]);
        let even_b = times(s, GB, plus(s, g[0], B2, g[2]));
        let odd_b = times(s, GB * B, g[1]);
        [
            times(s, G0, g[0]),
            s.add_f32s(even_a, odd_a),
            s.sub_f32s(even_a, odd_a),
            s.add_f32s(even_b, odd_b),
            s.sub_f32s(even_b, odd_b),
            g[2],
        ]
    }
}

/// Gᵀ: six gradients to those of the three taps.
pub(super) struct FilterFromPoints;

impl Transform<6, 3> for FilterFromPoints {
    #[inline(always)]
    fn apply<S: Simd>(s: S, u: [S::f32s; 6]) -> [S::f32s; 3] {
        let sum_a = times(s, GA, s.add_f32s(u[1], u[2]));
        let diff_a = times(s, GA * A, s.sub_f32s(u[1], u[2]));
        let sum_b = times(s, GB, s.add_f32s(u[3], u[4]));
        let diff_b = times(s, GB * B, s.sub_f32s(u[3], u[4]));
        [
            plus(s, s.add_f32s(sum_a, sum_b), G0, u[0]),
            s.add_f32s(diff_a, diff_b),
            plus(s, plus(s, u[5], A2, sum_a), B2, sum_b),
        ]
    }
}
