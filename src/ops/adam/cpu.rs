//! The step on the CPU: one pass over memory on all cores.

use burn::backend::Flex;
use burn::backend::tensor::FloatTensor;
use rayon::prelude::*;

use super::{AdamOps, AdamStep};
use crate::ops::cpu::{SHARE, contiguous, numbers, numbers_mut, own, wide};

fn update(p: &mut [f32], m: &mut [f32], v: &mut [f32], grad: &[f32], step: AdamStep) {
    let AdamStep {
        lr,
        betas: [b1, b2],
        eps,
        weight_decay,
        corrections: [c1, c2],
    } = step;
    wide(
        #[inline(always)]
        || {
            for (((p, m), v), g) in p.iter_mut().zip(m).zip(v).zip(grad) {
                let g = g + *p * weight_decay;
                *m = *m * b1 + g * (1.0 - b1);
                *v = *v * b2 + g * g * (1.0 - b2);
                *p -= *m / c1 / ((*v / c2).sqrt() + eps) * lr;
            }
        },
    );
}

impl AdamOps for Flex {
    fn adam(
        p: FloatTensor<Self>,
        m: FloatTensor<Self>,
        v: FloatTensor<Self>,
        grad: FloatTensor<Self>,
        step: AdamStep,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        let [mut p, mut m, mut v] = [p, m, v].map(|t| own(contiguous(t)));
        let grad = contiguous(grad);
        numbers_mut(&mut p)
            .par_chunks_mut(SHARE)
            .zip(numbers_mut(&mut m).par_chunks_mut(SHARE))
            .zip(numbers_mut(&mut v).par_chunks_mut(SHARE))
            .zip(numbers(&grad).par_chunks(SHARE))
            .for_each(|(((p, m), v), grad)| update(p, m, v, grad, step));
        (p, m, v)
    }
}
