//! Matrix products on the CPU.

/// A matrix in somebody else's numbers.
#[derive(Clone, Copy)]
pub(super) struct View<'a> {
    numbers: &'a [f32],
    rows: usize,
    cols: usize,
    row_stride: usize,
    col_stride: usize,
}

impl<'a> View<'a> {
    /// Row-major numbers, `cols` to a row.
    pub fn new(numbers: &'a [f32], cols: usize) -> Self {
        Self {
            numbers,
            rows: numbers.len() / cols,
            cols,
            row_stride: cols,
            col_stride: 1,
        }
    }

    /// Its transpose.
    pub fn transposed(self) -> Self {
        Self {
            rows: self.cols,
            cols: self.rows,
            row_stride: self.col_stride,
            col_stride: self.row_stride,
            ..self
        }
    }

    /// `count` of its columns from `first` on.
    pub fn columns(self, first: usize, count: usize) -> Self {
        assert!(first + count <= self.cols);
        Self {
            numbers: &self.numbers[first * self.col_stride..],
            cols: count,
            ..self
        }
    }

    /// Whether every element lies inside the numbers.
    fn inside(&self) -> bool {
        self.rows == 0
            || self.cols == 0
            || (self.rows - 1) * self.row_stride + (self.cols - 1) * self.col_stride
                < self.numbers.len()
    }
}

/// `out = a · b`, row-major, on this thread.
///
/// # Panics
/// If the sizes do not fit.
pub(super) fn multiply(out: &mut [f32], a: View<'_>, b: View<'_>) {
    assert!(a.cols == b.rows && out.len() == a.rows * b.cols && a.inside() && b.inside());
    // SAFETY: the sizes agree and every element of the three matrices lies inside its slice, as was
    // just checked; `out` is borrowed mutably, so it overlaps neither `a` nor `b`.
    unsafe {
        gemm::gemm(
            a.rows,
            b.cols,
            a.cols,
            out.as_mut_ptr(),
            1,
            b.cols as isize,
            false,
            a.numbers.as_ptr(),
            a.col_stride as isize,
            a.row_stride as isize,
            b.numbers.as_ptr(),
            b.col_stride as isize,
            b.row_stride as isize,
            0.0,
            1.0,
            false,
            false,
            false,
            gemm::Parallelism::None,
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_by_hand() {
        let a = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
        let mut out = [f32::NAN; 4];
        multiply(&mut out, View::new(&a, 3), View::new(&a, 3).transposed());
        assert_eq!(out, [14.0, 32.0, 32.0, 77.0]);
        // Columns 1 and 2 of a, transposed, times a.
        let mut out = [f32::NAN; 6];
        let right = View::new(&a, 3).columns(1, 2).transposed();
        multiply(&mut out, right, View::new(&a, 3));
        assert_eq!(out, [22.0, 29.0, 36.0, 27.0, 36.0, 45.0]);
    }
}
