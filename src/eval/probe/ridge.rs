//! Ridge regression on scalar products: one eigendecomposition serves every target and every
//! strength of the penalty.

use nalgebra::{DMatrix, DVector, SymmetricEigen};

use super::gram::Gram;

/// Iterations per picture after which the eigendecomposition is given up; a handful is usual.
const PATIENCE: usize = 100;

/// Strengths of the penalty, strongest first, as shares of the sum of all eigenvalues: from "the
/// mean and nothing else" to "follow every direction that 32-bit products can resolve".
fn penalties(total: f64) -> impl Iterator<Item = f64> {
    (0..=16).map(move |half| total * 10f64.powf(2.0 - 0.5 * f64::from(half)))
}

/// Ridge regressions on parts of the same pictures. The eigendecompositions are kept, since most
/// targets are known for the same pictures.
pub(super) struct Ridges<'a> {
    gram: &'a Gram,
    known: Vec<Ridge>,
}

impl<'a> Ridges<'a> {
    pub fn new(gram: &'a Gram) -> Self {
        Self {
            gram,
            known: Vec::new(),
        }
    }

    pub fn gram(&self) -> &'a Gram {
        self.gram
    }

    /// The regression on the pictures `fit`; `None` for fewer than two.
    pub fn on(&mut self, fit: &[usize]) -> Option<&Ridge> {
        let at = match self.known.iter().position(|ridge| ridge.fit == fit) {
            Some(at) => at,
            None => {
                self.known.push(Ridge::new(self.gram, fit)?);
                self.known.len() - 1
            }
        };
        Some(&self.known[at])
    }
}

/// Ridge regression with a free intercept on some pictures.
pub(super) struct Ridge {
    fit: Vec<usize>,
    values: DVector<f64>,
    vectors: DMatrix<f64>,
    /// Mean scalar product of each fit picture with the fit pictures.
    means: DVector<f64>,
}

/// A solved regression of one or several columns of targets.
pub(super) struct Solution {
    /// Predictions for each fit picture by a regression that has not seen it.
    pub left_out: DMatrix<f64>,
    weights: DMatrix<f64>,
    intercepts: Vec<f64>,
}

impl Ridge {
    fn new(gram: &Gram, fit: &[usize]) -> Option<Self> {
        if fit.len() < 2 {
            return None;
        }
        let centred = gram.centred(fit);
        let eigen = SymmetricEigen::try_new(centred, f64::EPSILON, PATIENCE * fit.len())?;
        Some(Self {
            fit: fit.to_vec(),
            // What is below zero is rounding.
            values: eigen.eigenvalues.map(|value| value.max(0.0)),
            vectors: eigen.eigenvectors,
            means: DVector::from_vec(gram.means(fit, fit)),
        })
    }

    /// Eigenvalues of the centred products, in no order.
    pub fn eigenvalues(&self) -> &[f64] {
        self.values.as_slice()
    }

    /// Fits the columns of `targets` (fit pictures × columns) with the one penalty that gives them
    /// the least squared leave-one-out error; of equals the strongest.
    ///
    /// With `K = V D Vᵀ` the residual of picture i left out is `rᵢ / (1 − Sᵢᵢ)`, where
    /// `r = λ V (D + λ)⁻¹ Vᵀ (y − ȳ)` and `1 − Sᵢᵢ = λ Σₖ Vᵢₖ² / (Dₖ + λ) − 1/n`.
    pub fn solve(&self, targets: &DMatrix<f64>) -> Solution {
        let n = self.fit.len() as f64;
        let intercepts: Vec<f64> = targets.column_iter().map(|column| column.mean()).collect();
        let mut centred = targets.clone();
        for (mut column, mean) in centred.column_iter_mut().zip(&intercepts) {
            column.add_scalar_mut(-mean);
        }
        let turned = self.vectors.tr_mul(&centred);
        let squares = self.vectors.map(|v| v * v);
        let total = self.values.sum();
        let mut best: Option<(f64, f64, DMatrix<f64>)> = None;
        for penalty in penalties(if total > 0.0 { total } else { 1.0 }) {
            let shrink = self.values.map(|value| penalty / (value + penalty));
            let mut residuals = &self.vectors * scaled_rows(&turned, &shrink);
            let free = (&squares * shrink).map(|sum| (sum - 1.0 / n).max(1e-12));
            for mut column in residuals.column_iter_mut() {
                column.component_div_assign(&free);
            }
            let error = residuals.norm_squared();
            if best.as_ref().is_none_or(|(least, ..)| error < *least) {
                best = Some((error, penalty, residuals));
            }
        }
        // Targets that are not finite have no best; the regression then is the mean.
        let (_, penalty, residuals) = best.unwrap_or_else(|| (0.0, f64::INFINITY, centred.clone()));
        let inverse = self.values.map(|value| 1.0 / (value + penalty));
        Solution {
            left_out: targets - residuals,
            weights: &self.vectors * scaled_rows(&turned, &inverse),
            intercepts,
        }
    }

    /// Predictions for the pictures `picks`.
    pub fn predict(&self, gram: &Gram, solution: &Solution, picks: &[usize]) -> DMatrix<f64> {
        // The weights of a column sum to zero, so only the mean over the fit part has to go.
        let mut products = gram.between(picks, &self.fit);
        for (mut column, mean) in products.column_iter_mut().zip(self.means.iter()) {
            column.add_scalar_mut(-mean);
        }
        let mut predictions = products * &solution.weights;
        for (mut column, mean) in predictions.column_iter_mut().zip(&solution.intercepts) {
            column.add_scalar_mut(*mean);
        }
        predictions
    }
}

fn scaled_rows(matrix: &DMatrix<f64>, factors: &DVector<f64>) -> DMatrix<f64> {
    let mut scaled = matrix.clone();
    for mut column in scaled.column_iter_mut() {
        column.component_mul_assign(factors);
    }
    scaled
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eval::matrix::Matrix;

    fn gram(data: Vec<f32>, cols: usize) -> Gram {
        Gram::new(Matrix::new(data.len() / cols, cols, data), 1.0)
    }

    #[test]
    fn left_out_predictions_agree_with_leaving_out() {
        let xs = [0.3, -1.2, 2.0, 0.7, -0.4, 1.1, 0.9, -2.2, 0.1, 1.7];
        let ys = DMatrix::from_column_slice(5, 1, &[1.0, -2.0, 0.5, 3.0, 1.5]);
        let gram = gram(xs.to_vec(), 2);
        let all = [0, 1, 2, 3, 4];
        let ridge = Ridge::new(&gram, &all).unwrap();
        let solution = ridge.solve(&ys);
        // Which penalty was chosen is found again from the weights, λ α = residual of the fit.
        let fitted = ridge.predict(&gram, &solution, &all);
        let penalty = (ys[0] - fitted[0]) / solution.weights[0];
        for out in 0..5 {
            let kept: Vec<usize> = (0..5).filter(|&i| i != out).collect();
            let centred = gram.centred(&kept);
            let y = DVector::from_iterator(4, kept.iter().map(|&i| ys[i]));
            let mean = y.mean();
            let system = centred + DMatrix::identity(4, 4) * penalty;
            let alpha = system.lu().solve(&y.add_scalar(-mean)).unwrap();
            let means = DVector::from_vec(gram.means(&kept, &kept));
            let products = gram.between(&[out], &kept).transpose() - means;
            let expected = mean + products.dot(&alpha);
            let got = solution.left_out[out];
            assert!((got - expected).abs() < 1e-6, "{got} {expected}");
        }
    }

    #[test]
    fn a_line_is_continued() {
        let gram = gram(vec![1.0, 2.0, 4.0, 8.0, -3.0], 1);
        let mut ridges = Ridges::new(&gram);
        let ridge = ridges.on(&[0, 1, 2]).unwrap();
        // y = 10 − 3 x.
        let solution = ridge.solve(&DMatrix::from_column_slice(3, 1, &[7.0, 4.0, -2.0]));
        let far = ridge.predict(&gram, &solution, &[3, 4]);
        assert!((far[0] + 14.0).abs() < 1e-3 && (far[1] - 19.0).abs() < 1e-3);
    }

    #[test]
    fn pictures_that_are_alike_are_given_the_mean() {
        let gram = Gram::of_equals(4);
        let ridge = Ridge::new(&gram, &[0, 1, 2]).unwrap();
        let solution = ridge.solve(&DMatrix::from_column_slice(3, 1, &[1.0, 2.0, 6.0]));
        assert_eq!(ridge.predict(&gram, &solution, &[3])[0], 3.0);
        // Left out: the mean of the other two.
        let expected = [4.0, 3.5, 1.5];
        for (got, expected) in solution.left_out.iter().zip(expected) {
            assert!((got - expected).abs() < 1e-9, "{got} {expected}");
        }
        assert!(Ridge::new(&gram, &[0]).is_none());
    }
}
