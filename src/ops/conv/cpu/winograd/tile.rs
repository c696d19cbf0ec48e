//! One tile through a transform: from where its numbers lie to where the transformed ones go, all
//! channels, at the processor's full vector width.

use std::marker::PhantomData;

use pulp::{Arch, MemMask, Simd, WithSimd};

use super::transform::{Transform, both_axes};

/// `I` × `I` places with `c` channels each that become `O` × `O` places.
pub(super) struct Tile<'a, T, const I: usize, const O: usize> {
    c: usize,
    from: [[*const f32; I]; I],
    to: [[*mut f32; O]; O],
    /// Bias, and the slope of a LeakyReLU, for what comes out.
    finish: Option<(&'a [f32], f32)>,
    transform: PhantomData<T>,
}

impl<'a, T: Transform<I, O>, const I: usize, const O: usize> Tile<'a, T, I, O> {
    /// Numbers come from `from(row, column)` and go to `to(row, column)`.
    pub fn new(
        c: usize,
        from: impl Fn(usize, usize) -> *const f32,
        to: impl Fn(usize, usize) -> *mut f32,
    ) -> Self {
        Self {
            c,
            from: std::array::from_fn(|j| std::array::from_fn(|i| from(j, i))),
            to: std::array::from_fn(|j| std::array::from_fn(|i| to(j, i))),
            finish: None,
            transform: PhantomData,
        }
    }

    /// With a bias of `c` numbers and a LeakyReLU of this slope, at most 1.
    pub fn finished(self, finish: Option<(&'a [f32], f32)>) -> Self {
        Self { finish, ..self }
    }

    /// # Safety
    ///
    /// Behind every pointer lie `c` numbers, and none of those written to is borrowed elsewhere.
    pub unsafe fn run(self) {
        if let Some((bias, _)) = self.finish {
            assert!(bias.len() >= self.c);
        }
        Arch::new().dispatch(&self);
    }

    /// A vector of channels from `at` on; with `MASKED` only those under the mask.
    #[inline(always)]
    unsafe fn lanes<S: Simd, const MASKED: bool>(&self, s: S, at: usize, mask: MemMask<S::m32s>) {
        // SAFETY: the caller of `run` vouches for the places, and what lies beyond `c` is masked.
        let read = |from: *const f32| unsafe {
            let from = from.add(at);
            if MASKED {
                s.mask_load_ptr_f32s(mask, from)
            } else {
                from.cast::<S::f32s>().read_unaligned()
            }
        };
        // SAFETY: as before.
        let write = |to: *mut f32, value: S::f32s| unsafe {
            let to = to.add(at);
            if MASKED {
                s.mask_store_ptr_f32s(mask, to, value);
            } else {
                to.cast::<S::f32s>().write_unaligned(value);
            }
        };
        let load = |j: usize, i: usize| read(self.from[j][i]);
        match self.finish {
            None => both_axes::<T, I, O, S>(s, load, |j, i, value| write(self.to[j][i], value)),
            Some((bias, slope)) => {
                let (bias, slope) = (read(bias.as_ptr()), s.splat_f32s(slope));
                both_axes::<T, I, O, S>(s, load, |j, i, value| {
                    let sum = s.add_f32s(value, bias);
                    write(self.to[j][i], s.max_f32s(sum, s.mul_f32s(slope, sum)));
                });
            }
        }
    }
}

impl<T: Transform<I, O>, const I: usize, const O: usize> WithSimd for &Tile<'_, T, I, O> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, s: S) {
        let rest = self.c % S::F32_LANES;
        let mask = s.mask_between_m32s(0, rest as u32);
        for at in (0..self.c - rest).step_by(S::F32_LANES) {
            // SAFETY: a whole vector lies before `c`.
            unsafe { self.lanes::<S, false>(s, at, mask) };
        }
        if rest > 0 {
            // SAFETY: what lies beyond `c` is masked.
            unsafe { self.lanes::<S, true>(s, self.c - rest, mask) };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::transform::{FromPoints, ToPoints};
    use super::*;

    /// What a tile of `c` channels becomes at the points, and from there with bias and LeakyReLU.
    fn run<S: Simd>(s: S, c: usize) -> [Vec<f32>; 2] {
        let number = |i: usize| (i * 7 % 23) as f32 / 11.0 - 1.0;
        let image = (0..36 * c).map(number).collect::<Vec<_>>();
        let bias = (0..c).map(number).collect::<Vec<_>>();
        let (mut points, mut outputs) = (vec![0.0f32; 36 * c], vec![0.0f32; 16 * c]);
        let at = points.as_mut_ptr();
        let forth = Tile::<ToPoints, 6, 6>::new(
            c,
            |j, i| image[(6 * j + i) * c..].as_ptr(),
            |j, i| at.wrapping_add((6 * j + i) * c),
        );
        s.vectorize(&forth);
        let to = outputs.as_mut_ptr();
        let back = Tile::<FromPoints, 6, 4>::new(
            c,
            |j, i| points[(6 * j + i) * c..].as_ptr(),
            |j, i| to.wrapping_add((4 * j + i) * c),
        );
        s.vectorize(&back.finished(Some((&bias, 0.1))));
        [points, outputs]
    }

    #[test]
    fn vectors_of_every_width_give_the_same() {
        for c in [1, 8, 13, 16, 40] {
            let plain = run(pulp::Scalar, c);
            let same = |what: &str, found: [Vec<f32>; 2]| {
                for (a, b) in found.iter().flatten().zip(plain.iter().flatten()) {
                    let apart = (a - b).abs() / b.abs().max(1.0);
                    assert!(apart < 1e-5, "{what}, {c} channels: {a}, not {b}");
                }
            };
            #[cfg(target_arch = "x86_64")]
            {
                use pulp::x86::{V2, V3, V4};
                if let Some(s) = V2::try_new() {
                    same("128 bits", run(s, c));
                }
                if let Some(s) = V3::try_new() {
                    same("256 bits", run(s, c));
                }
                if let Some(s) = V4::try_new() {
                    same("512 bits", run(s, c));
                }
            }
            #[cfg(target_arch = "aarch64")]
            if let Some(s) = pulp::aarch64::Neon::try_new() {
                same("128 bits", run(s, c));
            }
        }
    }
}
