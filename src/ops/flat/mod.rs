//! Gradients as flat vectors on the CPU, on all cores.

mod cpu;

use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, Dispatch, backend_extension};
use burn::tensor::Tensor;

use super::on_cpu;
use super::total::total_of_squares;

/// The operations; only the CPU has them, and they have no gradient.
#[backend_extension(Flex)]
pub trait FlatOps: Backend {
    /// a + b, written over `a` if nobody else holds it.
    fn add(a: FloatTensor<Self>, b: FloatTensor<Self>) -> FloatTensor<Self>;

    /// Σ x²: `[1]`.
    fn sum_of_squares(x: FloatTensor<Self>) -> FloatTensor<Self>;
}

/// a + b.
///
/// # Shapes
///
/// - `a`, `b` and output: `[n]`
pub(crate) fn add(a: Tensor<1>, b: Tensor<1>) -> Tensor<1> {
    if !on_cpu(a.device()) {
        return a + b;
    }
    Tensor::from_dispatch(<Dispatch as FlatOps>::add(
        a.into_dispatch(),
        b.into_dispatch(),
    ))
}

/// Σ x².
///
/// # Shapes
///
/// - `x`: `[n]`
/// - output: `[1]`
pub(crate) fn sum_of_squares(x: Tensor<1>) -> Tensor<1> {
    if !on_cpu(x.device()) {
        return total_of_squares(x);
    }
    Tensor::from_dispatch(<Dispatch as FlatOps>::sum_of_squares(x.into_dispatch()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::{Device, TensorData};

    #[test]
    fn they_are_what_burn_computes() {
        let device = Device::flex();
        let make = |scale: f32| {
            let values = (0..40_001)
                .map(|i| (i as f32 * scale).sin())
                .collect::<Vec<_>>();
            Tensor::<1>::from_data(TensorData::new(values, [40_001]), &device)
        };
        let (a, b) = (make(0.37), make(0.11));
        let ours = add(a.clone(), b.clone()).into_data();
        ours.assert_eq(&(a.clone() + b.clone()).into_data(), true);
        // Nobody else holds these: the sum is written over the first.
        add(make(0.37), make(0.11))
            .into_data()
            .assert_eq(&ours, true);
        let right = a.clone().square().sum().into_scalar::<f32>();
        let sum = sum_of_squares(a).into_scalar::<f32>();
        assert!((sum / right - 1.0).abs() < 1e-5, "{sum} {right}");
    }
}
