//! The step on GPUs: one unit per element, in place.

// A kernel takes one argument per buffer and number.
#![allow(clippy::too_many_arguments)]

use burn::backend::tensor::FloatTensor;
use burn_cubecl::CubeBackend;
use burn_cubecl::tensor::CubeTensor;
use cubecl::prelude::*;

use super::{AdamOps, AdamStep};
use crate::ops::launch::{dense, elementwise};

/// Reads four values and writes three per element, which is all the memory traffic there is.
#[cube(launch)]
fn update(
    p: &mut [f32],
    m: &mut [f32],
    v: &mut [f32],
    grad: &[f32],
    lr: f32,
    b1: f32,
    b2: f32,
    eps: f32,
    weight_decay: f32,
    c1: f32,
    c2: f32,
) {
    if ABSOLUTE_POS >= p.len() {
        terminate!();
    }
    let old = p[ABSOLUTE_POS];
    let g = grad[ABSOLUTE_POS] + old * weight_decay;
    let first = m[ABSOLUTE_POS] * b1 + g * (1.0f32 - b1);
    let second = v[ABSOLUTE_POS] * b2 + g * g * (1.0f32 - b2);
    m[ABSOLUTE_POS] = first;
    v[ABSOLUTE_POS] = second;
    p[ABSOLUTE_POS] = old - first / c1 / ((second / c2).sqrt() + eps) * lr;
}

/// The tensor itself if nobody else sees it, else a copy.
fn own(x: CubeTensor) -> CubeTensor {
    let x = dense(x);
    if x.can_mut() { x } else { x.copy() }
}

impl AdamOps for CubeBackend {
    fn adam(
        p: FloatTensor<Self>,
        m: FloatTensor<Self>,
        v: FloatTensor<Self>,
        grad: FloatTensor<Self>,
        step: AdamStep,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        let (p, m, v, grad) = (own(p), own(m), own(v), dense(grad));
        let (count, dim) = elementwise(&p, p.meta.num_elements());
        update::launch(
            &p.client,
            count,
            dim,
            p.clone().into_buffer_arg(),
            m.clone().into_buffer_arg(),
            v.clone().into_buffer_arg(),
            grad.into_buffer_arg(),
            step.lr,
            step.betas[0],
            step.betas[1],
            step.eps,
            step.weight_decay,
            step.corrections[0],
            step.corrections[1],
        );
        (p, m, v)
    }
}
