//! One step of Adam over a flat parameter: one launch on GPUs, one pass over memory on the CPU.

mod cpu;
mod gpu;

use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, Dispatch, backend_extension};
use burn::tensor::Tensor;

/// The numbers of one step, the same for all elements.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdamStep {
    /// Learning rate.
    pub lr: f32,
    /// β₁ and β₂.
    pub betas: [f32; 2],
    /// ε, added to √v̂.
    pub eps: f32,
    /// Added to the gradient as decay · parameter.
    pub weight_decay: f32,
    /// 1 − β₁ᵗ and 1 − β₂ᵗ at step t, counted from one.
    pub corrections: [f32; 2],
}

/// The operation on every backend; it has no gradient.
#[backend_extension(Cube, Flex, Fusion)]
pub trait AdamOps: Backend {
    /// The parameter, m and v after the step; all `[n]`.
    #[fusion(meta = |p, m, v, _, _| (p.clone(), m.clone(), v.clone()))]
    fn adam(
        p: FloatTensor<Self>,
        m: FloatTensor<Self>,
        v: FloatTensor<Self>,
        grad: FloatTensor<Self>,
        step: AdamStep,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>);
}

/// A parameter and its moments after one step with the L2 form of weight decay (METHODS 1.10).
/// Its plain twin is [`adam_plain`].
///
/// Tensors that nobody else holds are written in place, so hand over `p`, `m` and `v` themselves
/// rather than clones.
///
/// # Shapes
///
/// - `p`, `m`, `v`, `grad` and outputs: `[n]`
pub fn adam(
    p: Tensor<1>,
    m: Tensor<1>,
    v: Tensor<1>,
    grad: Tensor<1>,
    step: AdamStep,
) -> [Tensor<1>; 3] {
    let (p, m, v) = <Dispatch as AdamOps>::adam(
        p.into_dispatch(),
        m.into_dispatch(),
        v.into_dispatch(),
        grad.into_dispatch(),
        step,
    );
    [p, m, v].map(Tensor::from_dispatch)
}

/// The plain twin of [`adam`]: ordinary tensor operations.
///
/// # Shapes
///
/// - `p`, `m`, `v`, `grad` and outputs: `[n]`
pub fn adam_plain(
    p: Tensor<1>,
    m: Tensor<1>,
    v: Tensor<1>,
    grad: Tensor<1>,
    step: AdamStep,
) -> [Tensor<1>; 3] {
    let AdamStep {
        lr,
        betas: [b1, b2],
        eps,
        weight_decay,
        corrections: [c1, c2],
    } = step;
    let g = grad + p.clone() * weight_decay;
    let m = m * b1 + g.clone() * (1.0 - b1);
    let v = v * b2 + g.square() * (1.0 - b2);
    let m_hat = m.clone() / c1;
    let v_hat = v.clone() / c2;
    let p = p - m_hat / (v_hat.sqrt() + eps) * lr;
    [p, m, v]
}
