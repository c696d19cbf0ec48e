//! The inner loops of a matrix product: a block of the result stays in registers while the sum runs.
//!
//! Nothing is packed. The right matrix has its columns side by side, which is what a vector reads;
//! of the left one a number at a time is spread over a vector, wherever it lies. So its rows may
//! overlap or lie anywhere, and a convolution is a product of its images as they are (Dukhan 2019).

use pulp::{Arch, MemMask, Simd, WithSimd};

/// Where the numbers of the left matrix lie. Its depth consists of segments of equal length.
pub(in crate::ops) trait Left: Copy {
    /// Whether every row needs a pointer of its own, for which there are not so many registers.
    const SCATTERED: bool = false;

    /// Number of segments.
    fn segments(self) -> usize;
    /// Length of a segment.
    fn len(self) -> usize;
    /// Place of row `i` in a segment.
    fn row(self, i: usize, segment: usize) -> usize;
    /// Distance of number `k` of a segment from the row's place.
    fn depth(self, k: usize) -> usize;
}

/// Rows and columns at fixed distances.
#[derive(Clone, Copy)]
pub(in crate::ops) struct Strided {
    pub rows: usize,
    pub columns: usize,
    pub k: usize,
}

impl Left for Strided {
    #[inline(always)]
    fn segments(self) -> usize {
        1
    }
    #[inline(always)]
    fn len(self) -> usize {
        self.k
    }
    #[inline(always)]
    fn row(self, i: usize, _: usize) -> usize {
        i * self.rows
    }
    #[inline(always)]
    fn depth(self, k: usize) -> usize {
        k * self.columns
    }
}

/// Rows anywhere; each consists of segments at a fixed distance.
#[derive(Clone, Copy)]
pub(in crate::ops) struct RowsAt<'a> {
    pub places: &'a [u32],
    pub segments: usize,
    pub pitch: usize,
    pub len: usize,
}

impl Left for RowsAt<'_> {
    const SCATTERED: bool = true;

    #[inline(always)]
    fn segments(self) -> usize {
        self.segments
    }
    #[inline(always)]
    fn len(self) -> usize {
        self.len
    }
    #[inline(always)]
    fn row(self, i: usize, segment: usize) -> usize {
        self.places[i] as usize + segment * self.pitch
    }
    #[inline(always)]
    fn depth(self, k: usize) -> usize {
        k
    }
}

/// Columns anywhere; each has its rows side by side.
#[derive(Clone, Copy)]
pub(in crate::ops) struct ColumnsAt<'a> {
    pub places: &'a [u32],
}

impl Left for ColumnsAt<'_> {
    #[inline(always)]
    fn segments(self) -> usize {
        1
    }
    #[inline(always)]
    fn len(self) -> usize {
        self.places.len()
    }
    #[inline(always)]
    fn row(self, i: usize, _: usize) -> usize {
        i
    }
    #[inline(always)]
    fn depth(self, k: usize) -> usize {
        self.places[k] as usize
    }
}

/// Where the rows of the result lie.
#[derive(Clone, Copy)]
pub(in crate::ops) enum RowPlaces<'a> {
    /// At a fixed distance.
    Every(usize),
    /// Anywhere.
    At(&'a [u32]),
}

impl RowPlaces<'_> {
    #[inline(always)]
    fn at(self, i: usize) -> usize {
        match self {
            Self::Every(pitch) => i * pitch,
            Self::At(places) => places[i] as usize,
        }
    }
}

/// Columns of a panel.
pub(in crate::ops) const PANEL: usize = 32;

/// `out[m, n] = left[m, k] · right[k, n]`, added to what is there if `add`.
#[derive(Clone, Copy)]
pub(in crate::ops) struct Product<'a, L> {
    pub out: *mut f32,
    pub places: RowPlaces<'a>,
    pub left: *const f32,
    pub shape: L,
    pub right: *const f32,
    pub pitch: usize,
    /// Distance from one panel of [`PANEL`] columns of the right matrix to the next: [`PANEL`] if its
    /// rows are whole.
    pub panel: usize,
    pub m: usize,
    pub n: usize,
    pub add: bool,
}

/// Asks for numbers that will be needed: the sum that is to be added to may lie far away.
#[inline(always)]
fn fetch(numbers: *const f32, count: usize) {
    /// Numbers that come together.
    const LINE: usize = 16;
    #[cfg(target_arch = "x86_64")]
    for at in (0..count).step_by(LINE) {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: it is a hint, whatever the place.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(numbers.wrapping_add(at).cast()) };
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (numbers, count, LINE);
}

impl<L: Left> Product<'_, L> {
    /// # Safety
    ///
    /// Every number that the places and sizes name must lie inside the memory behind the pointers.
    pub(in crate::ops) unsafe fn run(self) {
        // SAFETY: as promised to this function; a part of a product stays within it.
        unsafe {
            let done = Arch::new().dispatch(self);
            if done == self.n {
                return;
            }
            let rest = self.beyond(done);
            // Eight columns fill half of the widest vectors, whose halves are as fast.
            #[cfg(target_arch = "x86_64")]
            if rest.n <= 8
                && let Some(v3) = pulp::x86::V3::try_new()
            {
                Simd::vectorize(v3, LastColumns(rest));
                return;
            }
            Arch::new().dispatch(LastColumns(rest));
        }
    }

    /// # Safety
    ///
    /// `column` is at most `n`, and what follows lies within one panel unless the rows are whole.
    unsafe fn beyond(self, column: usize) -> Self {
        // SAFETY: the columns lie side by side.
        unsafe {
            Self {
                out: self.out.add(column),
                right: self.right.add(column / PANEL * self.panel + column % PANEL),
                n: self.n - column,
                ..self
            }
        }
    }

    /// `R` rows from `i` on, `V` vectors of columns from `j` on; with `MASKED` only what lies under
    /// the mask.
    #[inline(always)]
    unsafe fn block<S: Simd, const R: usize, const V: usize, const MASKED: bool>(
        &self,
        simd: S,
        (i, j): (usize, usize),
        mask: MemMask<S::m32s>,
    ) {
        let lanes = S::F32_LANES;
        // SAFETY: the caller keeps within `m` and `n`, and masks what lies beyond.
        let read = |at: *const f32| unsafe {
            if MASKED {
                simd.mask_load_ptr_f32s(mask, at)
            } else {
                at.cast::<S::f32s>().read_unaligned()
            }
        };
        // SAFETY: as before.
        let write = |at: *mut f32, value: S::f32s| unsafe {
            if MASKED {
                simd.mask_store_ptr_f32s(mask, at, value);
            } else {
                at.cast::<S::f32s>().write_unaligned(value);
            }
        };
        // SAFETY: as before; whoever made the product vouches for the places.
        unsafe {
            let mut sums = [[simd.splat_f32s(0.0); V]; R];
            if self.add {
                for r in 0..R {
                    fetch(self.out.add(self.places.at(i + r) + j), V * lanes);
                }
            }
            let mut right = self.right.add(j / PANEL * self.panel + j % PANEL);
            for segment in 0..self.shape.segments() {
                let rows: [*const f32; R] =
                    std::array::from_fn(|r| self.left.add(self.shape.row(i + r, segment)));
                for k in 0..self.shape.len() {
                    let columns: [S::f32s; V] = std::array::from_fn(|v| read(right.add(v * lanes)));
                    let depth = self.shape.depth(k);
                    for r in 0..R {
                        let x = simd.splat_f32s(*rows[r].add(depth));
                        for (sum, columns) in sums[r].iter_mut().zip(columns) {
                            *sum = simd.mul_add_e_f32s(x, columns, *sum);
                        }
                    }
                    right = right.add(self.pitch);
                }
            }
            // Loops of known length throughout: they are unrolled, and the sums never leave the
            // registers.
            let out: [*mut f32; R] =
                std::array::from_fn(|r| self.out.add(self.places.at(i + r) + j));
            if self.add {
                for (out, sums) in out.iter().zip(&mut sums) {
                    for (v, sum) in sums.iter_mut().enumerate() {
                        *sum = simd.add_f32s(read(out.add(v * lanes)), *sum);
                    }
                }
            }
            for (out, sums) in out.iter().zip(&sums) {
                for (v, sum) in sums.iter().enumerate() {
                    write(out.add(v * lanes), *sum);
                }
            }
        }
    }

    /// `V` vectors of columns from `j` on, all rows.
    #[inline(always)]
    unsafe fn columns<S: Simd, const V: usize, const MASKED: bool>(
        &self,
        simd: S,
        j: usize,
        mask: MemMask<S::m32s>,
    ) {
        let mut i = 0;
        // As many rows as there are registers for the sums; what is left in few, not too thin blocks.
        macro_rules! rows {
            ($count:literal) => {{
                // SAFETY: there are that many rows left.
                unsafe { self.block::<S, $count, V, MASKED>(simd, (i, j), mask) };
                i += $count;
            }};
        }
        let many = V == 1 || S::REGISTER_COUNT >= 32;
        while i < self.m {
            match self.m - i {
                16 if many => rows!(8),
                12.. if many && !L::SCATTERED => rows!(12),
                8.. if many => rows!(8),
                8 => rows!(4),
                6.. => rows!(6),
                4.. => rows!(4),
                2.. => rows!(2),
                _ => rows!(1),
            }
        }
    }
}

impl<L: Left> WithSimd for Product<'_, L> {
    /// Columns that are done: what is left is less than a vector.
    type Output = usize;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> usize {
        let lanes = S::F32_LANES;
        let all = simd.mask_between_m32s(0, lanes as u32);
        let mut j = 0;
        while j + 2 * lanes <= self.n {
            // SAFETY: two vectors of columns are left.
            unsafe { self.columns::<S, 2, false>(simd, j, all) };
            j += 2 * lanes;
        }
        if j + lanes <= self.n {
            // SAFETY: one vector of columns is left.
            unsafe { self.columns::<S, 1, false>(simd, j, all) };
            j += lanes;
        }
        j
    }
}

/// Columns that do not fill a vector of the widest kind.
struct LastColumns<'a, L>(Product<'a, L>);

impl<L: Left> WithSimd for LastColumns<'_, L> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let product = self.0;
        let mut j = 0;
        while j < product.n {
            let left = (product.n - j).min(S::F32_LANES);
            let mask = simd.mask_between_m32s(0, left as u32);
            // SAFETY: what lies beyond the last column is masked.
            unsafe {
                if left == S::F32_LANES {
                    product.columns::<S, 1, false>(simd, j, mask);
                } else {
                    product.columns::<S, 1, true>(simd, j, mask);
                }
            }
            j += left;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows that lie anywhere times a matrix in panels, by the vectors of `s`.
    fn run<S: Simd>(s: S, [m, n, k]: [usize; 3]) -> Vec<f32> {
        let number = |i: usize, pace: usize| (i * pace % 23) as f32 / 11.0 - 1.0;
        let left = (0..m * (k + 3)).map(|i| number(i, 7)).collect::<Vec<_>>();
        let places = (0..m)
            .rev()
            .map(|i| (i * (k + 3)) as u32)
            .collect::<Vec<_>>();
        let panels = n.div_ceil(PANEL);
        let right = (0..panels * k * PANEL)
            .map(|i| number(i, 5))
            .collect::<Vec<_>>();
        let mut out = vec![1.0; m * n];
        let product = Product {
            out: out.as_mut_ptr(),
            places: RowPlaces::Every(n),
            left: left.as_ptr(),
            shape: RowsAt {
                places: &places,
                segments: 1,
                pitch: 0,
                len: k,
            },
            right: right.as_ptr(),
            pitch: PANEL,
            panel: k * PANEL,
            m,
            n,
            add: true,
        };
        let done = s.vectorize(product);
        // SAFETY: the rest begins where the whole vectors end.
        let rest = unsafe { product.beyond(done) };
        s.vectorize(LastColumns(rest));
        out
    }

    #[test]
    fn vectors_of_every_width_give_the_same() {
        for sizes in [
            [1, 1, 1],
            [13, 47, 20],
            [16, 64, 9],
            [7, 8, 33],
            [29, 33, 5],
        ] {
            let plain = run(pulp::Scalar, sizes);
            let same = |what: &str, found: Vec<f32>| {
                for (a, b) in found.iter().zip(&plain) {
                    assert!((a - b).abs() < 1e-5, "{what}, {sizes:?}: {a}, not {b}");
                }
            };
            #[cfg(target_arch = "x86_64")]
            {
                use pulp::x86::{V2, V3, V4};
                if let Some(s) = V2::try_new() {
                    same("128 bits", run(s, sizes));
                }
                if let Some(s) = V3::try_new() {
                    same("256 bits", run(s, sizes));
                }
                if let Some(s) = V4::try_new() {
                    same("512 bits", run(s, sizes));
                }
            }
            #[cfg(target_arch = "aarch64")]
            if let Some(s) = pulp::aarch64::Neon::try_new() {
                same("128 bits", run(s, sizes));
            }
        }
    }
}
