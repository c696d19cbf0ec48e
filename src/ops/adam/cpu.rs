//! The step on the CPU: one pass over memory on all cores.

use burn::backend::flex::FlexTensor;
use burn::backend::tensor::FloatTensor;
use burn::backend::{Flex, TensorMetadata};
use rayon::prelude::*;

use super::{AdamOps, AdamStep};
use crate::ops::cpu::{Buffer, SHARE, numbers, plain, wide};

/// The tensor for writing: itself if nobody else holds it, else a copy.
fn own(x: FlexTensor) -> FlexTensor {
    let x = x.to_contiguous();
    if x.is_unique() && x.layout().start_offset() == 0 {
        return x;
    }
    let mut copy = Buffer::new(numbers(&x).len());
    copy.copy_from_slice(numbers(&x));
    plain::<1>(copy, x.shape().dims())
}

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
        let [mut p, mut m, mut v] = [p, m, v].map(own);
        let grad = grad.to_contiguous();
        p.storage_mut::<f32>()
            .par_chunks_mut(SHARE)
            .zip(m.storage_mut::<f32>().par_chunks_mut(SHARE))
            .zip(v.storage_mut::<f32>().par_chunks_mut(SHARE))
            .zip(numbers(&grad).par_chunks(SHARE))
            .for_each(|(((p, m), v), grad)| update(p, m, v, grad, step));
        (p, m, v)
    }
}
