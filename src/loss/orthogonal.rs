//! L_orth: F_f and F_p of an image shall not tell the same story (S003 Eq. 3; METHODS 1.8.2).

use burn::tensor::Tensor;

use crate::config::OrthForm;
use crate::ops::{mean, product_turned, total};

/// One pair of L_orth; the loss of a step adds the pair of s and the pair of ŝ.
///
/// # Shapes
///
/// - `face`, `pose`: `[N, d]`; `cross_corr` takes codes of different lengths
/// - output: `[1]`
pub fn l_orth(face: Tensor<2>, pose: Tensor<2>, form: OrthForm) -> Tensor<1> {
    let row_dots_squared = |x: Tensor<2>, y: Tensor<2>| mean((x * y).sum_dim(1).square());
    match form {
        OrthForm::Eq3Raw => row_dots_squared(face, pose),
        OrthForm::Eq3Norm => row_dots_squared(centre_unit(face), centre_unit(pose)),
        OrthForm::CrossCorr => {
            let ([n, d], [_, d_pose]) = (face.dims(), pose.dims());
            let (x, y) = (centre_unit(face), centre_unit(pose));
            if n < d.min(d_pose) {
                // Σ (XᵀY)² = Σ (XXᵀ)∘(YYᵀ): two N×N products instead of one d×d.
                let gram = |z: Tensor<2>| product_turned(z.clone(), z);
                total(gram(x) * gram(y)) / (d * d_pose) as f64
            } else {
                mean(product_turned(x.transpose(), y.transpose()).square())
            }
        }
    }
}

/// Subtracts the batch mean and divides each row by its norm + 1e-6. The norm counts as a constant
/// for the gradient, the mean does not, as in the released code.
fn centre_unit(x: Tensor<2>) -> Tensor<2> {
    let x = x.clone() - x.mean_dim(0);
    let norm = x.clone().detach().square().sum_dim(1).sqrt() + 1e-6;
    x / norm
}
