//! As many channels of a pixel as a vector holds; at the end of the channels, fewer.

use pulp::Simd;

/// Numbers of the widest vectors.
const MOST_LANES: usize = 16;

/// One image: sizes of its small map, channels of its large one, and how far apart in memory the
/// products of two taps and of two pixels are.
#[derive(Clone, Copy)]
pub(super) struct Map {
    pub h: usize,
    pub w: usize,
    pub cout: usize,
    pub tap: usize,
    pub pixel: usize,
}

impl Map {
    /// Numbers of one large image.
    pub fn large(&self) -> usize {
        4 * self.h * self.w * self.cout
    }
}

/// A vector of the numbers from `place` on, zeros beyond the last.
#[inline(always)]
pub(super) fn read<S: Simd>(simd: S, numbers: &[f32], place: usize) -> S::f32s {
    match numbers[place..].get(..S::F32_LANES) {
        Some(whole) => S::as_simd_f32s(whole).0[0],
        None => simd.partial_load_f32s(&numbers[place..]),
    }
}

/// The first `there` numbers of a vector to `place` on, one by one: stores under a mask are calls.
#[inline(always)]
fn write_some<S: Simd>(numbers: &mut [f32], place: usize, there: usize, value: S::f32s) {
    let mut all = [0.0; MOST_LANES];
    S::as_mut_simd_f32s(&mut all[..S::F32_LANES]).0[0] = value;
    for (number, value) in numbers[place..place + there].iter_mut().zip(all) {
        *number = value;
    }
}

/// The first `there` numbers of a vector, at most all, to `place` on.
#[inline(always)]
pub(super) fn write<S: Simd>(numbers: &mut [f32], place: usize, there: usize, value: S::f32s) {
    if there < S::F32_LANES {
        write_some::<S>(numbers, place, there, value);
    } else {
        S::as_mut_simd_f32s(&mut numbers[place..place + S::F32_LANES]).0[0] = value;
    }
}

/// a x + b y + sum.
#[inline(always)]
pub(super) fn add_blend<S: Simd>(
    simd: S,
    [a, b]: [f32; 2],
    [x, y]: [S::f32s; 2],
    sum: S::f32s,
) -> S::f32s {
    let sum = simd.mul_add_e_f32s(simd.splat_f32s(a), x, sum);
    simd.mul_add_e_f32s(simd.splat_f32s(b), y, sum)
}
