//! The losses of fine-tuning.

use burn::tensor::activation::log_softmax;
use burn::tensor::{Int, Tensor, TensorData};

use crate::data::labelled::Pair;
use crate::model::l2_normalize;

/// Mean cross-entropy of `[n, classes]` logits.
pub fn cross_entropy(logits: Tensor<2>, labels: &[u32]) -> Tensor<1> {
    let device = logits.device();
    let labels: Vec<i32> = labels.iter().map(|&label| label as i32).collect();
    let n = labels.len();
    let index = Tensor::<2, Int>::from_data(TensorData::new(labels, [n, 1]), &device);
    -log_softmax(logits, 1).gather(1, index).mean()
}

/// 1 − cos for the same person, max(0, cos) for two (METHODS 2.2, margin 0). The first half of
/// `z` are the first pictures of the pairs.
pub fn cosine_embedding(z: Tensor<2>, pairs: &[Pair]) -> Tensor<1> {
    let n = pairs.len();
    let device = z.device();
    let unit = l2_normalize(z);
    let cosine = (unit.clone().slice([0..n]) * unit.slice([n..2 * n])).sum_dim(1);
    let same: Vec<f32> = pairs
        .iter()
        .map(|pair| f32::from(u8::from(pair.same)))
        .collect();
    let same = Tensor::<2>::from_data(TensorData::new(same, [n, 1]), &device);
    let apart = (-same.clone() + 1.0) * cosine.clone().clamp_min(0.0);
    (same * (-cosine + 1.0) + apart).mean()
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;

    use super::*;

    fn value(loss: Tensor<1>) -> f32 {
        loss.into_data().iter::<f32>().sum()
    }

    #[test]
    fn cross_entropy_by_hand() {
        let device = Device::flex();
        let logits = Tensor::<2>::from_data([[0.0, 3f32.ln()], [0.0, 0.0]], &device);
        // −ln ¾ and −ln ½.
        let expected = (-(0.75f32.ln()) - 0.5f32.ln()) / 2.0;
        assert!((value(cross_entropy(logits, &[1, 0])) - expected).abs() < 1e-6);
    }

    #[test]
    fn cosine_embedding_by_hand() {
        let device = Device::flex();
        // Cosines 0.6, 0.6 and −1.
        let first = [[2.0f32, 0.0], [1.0, 0.0], [1.0, 0.0]];
        let second = [[3.0, 4.0], [0.6, 0.8], [-5.0, 0.0]];
        let numbers: Vec<f32> = first.into_iter().chain(second).flatten().collect();
        let z = Tensor::<2>::from_data(TensorData::new(numbers, [6, 2]), &device);
        let pair = |same| Pair {
            a: 0,
            b: 0,
            same,
            fold: 0,
        };
        let loss = cosine_embedding(z, &[pair(true), pair(false), pair(false)]);
        assert!((value(loss) - (0.4 + 0.6 + 0.0) / 3.0).abs() < 1e-6);
    }
}
