//! Features of many pictures in one block.

/// Row-major numbers: one row per picture, one column per element of the feature.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Matrix {
    /// Pictures.
    pub rows: usize,
    /// Length of a feature.
    pub cols: usize,
    /// `rows × cols` numbers.
    pub data: Vec<f32>,
}

impl Matrix {
    /// A matrix of these numbers.
    ///
    /// # Panics
    /// If there are not `rows × cols` numbers.
    pub fn new(rows: usize, cols: usize, data: Vec<f32>) -> Self {
        assert_eq!(data.len(), rows * cols, "{rows} rows of {cols}");
        Self { rows, cols, data }
    }

    /// The feature of picture `row`.
    pub fn row(&self, row: usize) -> &[f32] {
        &self.data[row * self.cols..(row + 1) * self.cols]
    }

    /// The rows named by `picks`, in that order.
    pub fn select(&self, picks: &[usize]) -> Self {
        let mut data = Vec::with_capacity(picks.len() * self.cols);
        for &row in picks {
            data.extend_from_slice(self.row(row));
        }
        Self::new(picks.len(), self.cols, data)
    }
}
