//! Matrix products on one thread.

/// A row-major matrix, or the transpose of one.
#[derive(Clone, Copy)]
pub(in crate::ops) struct Matrix<'a> {
    numbers: &'a [f32],
    /// Distance between two rows in memory.
    pitch: usize,
    transposed: bool,
}

/// The matrix whose rows of `columns` numbers lie one after the other.
pub(in crate::ops) fn rows(numbers: &[f32], columns: usize) -> Matrix<'_> {
    Matrix {
        numbers,
        pitch: columns,
        transposed: false,
    }
}

/// The transpose of [`rows`].
pub(in crate::ops) fn turned(numbers: &[f32], columns: usize) -> Matrix<'_> {
    Matrix {
        transposed: true,
        ..rows(numbers, columns)
    }
}

impl Matrix<'_> {
    /// Distance between columns and between rows.
    fn strides(&self) -> (isize, isize) {
        let pair = (1, self.pitch as isize);
        if self.transposed {
            (pair.1, pair.0)
        } else {
            pair
        }
    }

    /// Whether an `m` × `n` matrix lies inside.
    fn holds(&self, m: usize, n: usize) -> bool {
        let (rows, columns) = if self.transposed { (n, m) } else { (m, n) };
        rows == 0 || columns == 0 || (rows - 1) * self.pitch + columns <= self.numbers.len()
    }
}

/// `out[m, n] = a[m, k] · b[k, n]`, added to what is there if `add`; the rows of `out` are `pitch`
/// numbers apart.
pub(in crate::ops) fn multiply_into(
    (out, pitch): (&mut [f32], usize),
    a: Matrix<'_>,
    b: Matrix<'_>,
    [m, n, k]: [usize; 3],
    add: bool,
) {
    if m == 0 || n == 0 {
        return;
    }
    assert!(pitch >= n && (m - 1) * pitch + n <= out.len() && a.holds(m, k) && b.holds(k, n));
    let ((a_cs, a_rs), (b_cs, b_rs)) = (a.strides(), b.strides());
    // SAFETY: all three matrices were checked to lie inside their slices.
    unsafe {
        gemm::gemm(
            m,
            n,
            k,
            out.as_mut_ptr(),
            1,
            pitch as isize,
            add,
            a.numbers.as_ptr(),
            a_cs,
            a_rs,
            b.numbers.as_ptr(),
            b_cs,
            b_rs,
            1.0,
            1.0,
            false,
            false,
            false,
            gemm::Parallelism::None,
        );
    }
}

/// `out[m, n] = a[m, k] · b[k, n]`, added to what is there if `add`.
pub(in crate::ops) fn multiply(
    out: &mut [f32],
    a: Matrix<'_>,
    b: Matrix<'_>,
    sizes: [usize; 3],
    add: bool,
) {
    multiply_into((out, sizes[1]), a, b, sizes, add);
}
