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
