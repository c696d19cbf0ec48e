//! The step on the CPU.

use burn::backend::Flex;
use burn::backend::flex::FlexTensor;
use burn::backend::tensor::FloatTensor;
use burn::tensor::TensorData;

use super::{AdamOps, AdamStep};
use crate::ops::cpu::numbers;

impl AdamOps for Flex {
    fn adam(
        p: FloatTensor<Self>,
        m: FloatTensor<Self>,
        v: FloatTensor<Self>,
        grad: FloatTensor<Self>,
        step: AdamStep,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        let AdamStep {
            lr,
            betas: [b1, b2],
            eps,
            weight_decay,
            corrections: [c1, c2],
        } = step;
        let own = |t: FloatTensor<Self>| numbers(&t.to_contiguous()).to_vec();
        let (mut p, mut m, mut v) = (own(p), own(m), own(v));
        let grad = grad.to_contiguous();
        let grad = numbers(&grad);
        for (((p, m), v), g) in p.iter_mut().zip(&mut m).zip(&mut v).zip(grad) {
            let g = g + *p * weight_decay;
            *m = *m * b1 + g * (1.0 - b1);
            *v = *v * b2 + g * g * (1.0 - b2);
            *p -= *m / c1 / ((*v / c2).sqrt() + eps) * lr;
        }
        let n = p.len();
        let tensor = |values| FlexTensor::from_data(TensorData::new(values, [n]));
        (tensor(p), tensor(m), tensor(v))
    }
}
