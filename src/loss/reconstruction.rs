//! L_dis: four reconstructions of s and ŝ from swapped codes (S003 Eq. 1–2).

use burn::tensor::Tensor;

use crate::config::{Reduction, WeightSchedule};
use crate::ops::mean;

/// Order in which the released code decodes the terms, as indices of t1…t4. It decides the running
/// statistics of D, nothing else.
pub const RECON_ORDER: [usize; 4] = [1, 2, 0, 3];

/// |image − target|₁.
///
/// `Mean` averages over everything; `Sum` adds the pixels of an image and averages over images.
///
/// # Shapes
///
/// - `image`, `target`: `[b, 3, H, W]`
/// - output: `[1]`
pub fn l1(image: Tensor<4>, target: Tensor<4>, reduction: Reduction) -> Tensor<1> {
    let [_, c, h, w] = image.dims();
    let mean = mean((image - target).abs());
    match reduction {
        Reduction::Mean => mean,
        Reduction::Sum => mean * (c * h * w) as f64,
    }
}

/// Weight of L_dis in an epoch counted from 1 (METHODS table 1.13, row 34).
pub fn recon_weight(schedule: WeightSchedule, epoch: u32) -> f64 {
    let e = epoch as f64;
    match schedule {
        WeightSchedule::Constant => 1.0,
        WeightSchedule::RiseFall if epoch < 200 => 2.0 * (1.0 / (1.0 + (-e / 5.0).exp()) - 0.5),
        WeightSchedule::RiseFall => (-(e - 200.0) / 5.0).exp(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schedule_rises_and_falls() {
        let w = |e| recon_weight(WeightSchedule::RiseFall, e);
        assert!(w(0).abs() < 1e-12 && (w(50) - 1.0).abs() < 1e-3);
        assert!((w(200) - 1.0).abs() < 1e-12 && (w(205) - (-1f64).exp()).abs() < 1e-12);
        assert_eq!(recon_weight(WeightSchedule::Constant, 300), 1.0);
    }
}
