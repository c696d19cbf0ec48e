//! Batch normalisation: two passes over the map forward, two backward. Several batches that stand one
//! after the other may be done at once, each with its own statistics.

mod cpu;
mod gpu;

use burn::backend::autodiff::checkpoint::{base::Checkpointer, strategy::CheckpointStrategy};
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, Dispatch, backend_extension};
use burn::tensor::{DType, Shape, Tensor};

/// The operation on every backend. On GPUs `x` may be stored in f16, and what comes out then is too;
/// moments, γ, β and their gradients are f32.
#[backend_extension(Cube, Flex, Fusion, Autodiff)]
pub trait NormOps: Backend {
    /// Mean and biased variance of every channel of `x`, `[b, c, …]`, in each of so many batches of
    /// equal size: `[batches, 2, c]`. Not differentiated.
    #[fusion(dtype = DType::F32, shape = two_rows(x, batches))]
    fn moments(x: FloatTensor<Self>, batches: usize) -> FloatTensor<Self>;

    /// γ (x − mean)/√(variance + ε) + β, by the moments `[batches, 2, c]`. The backward knows that
    /// they are those of `x`.
    #[fusion(dtype = x, shape = x)]
    fn normalise(
        x: FloatTensor<Self>,
        moments: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        epsilon: f32,
    ) -> FloatTensor<Self>;

    /// Gradients at `x`, γ and β.
    #[fusion(meta = |x, _, gamma, _, _| (x.clone(), gamma.clone(), gamma.clone()))]
    fn normalise_backward(
        x: FloatTensor<Self>,
        moments: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        grad: FloatTensor<Self>,
        epsilon: f32,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>);
}

fn two_rows(x: &Shape, batches: &usize) -> Shape {
    Shape::new([*batches, 2, x[1]])
}

impl<B: Backend + NormOps, C: CheckpointStrategy> NormOps for Autodiff<B, C> {
    fn moments(_: FloatTensor<Self>, _: usize) -> FloatTensor<Self> {
        unreachable!("moments are taken of a tensor that records nothing")
    }

    fn normalise(
        x: FloatTensor<Self>,
        moments: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        epsilon: f32,
    ) -> FloatTensor<Self> {
        #[derive(Debug)]
        struct Normalise;

        #[derive(Clone, Debug)]
        struct Saved<B: Backend> {
            x: FloatTensor<B>,
            moments: FloatTensor<B>,
            gamma: FloatTensor<B>,
            epsilon: f32,
        }

        impl<B: Backend + NormOps> Backward<B, 3> for Normalise {
            type State = Saved<B>;

            fn backward(
                self,
                ops: Ops<Self::State, 3>,
                grads: &mut Gradients,
                _: &mut Checkpointer,
            ) {
                let grad = grads.consume::<B>(&ops.node);
                let s = ops.state;
                let (x, gamma, beta) =
                    B::normalise_backward(s.x, s.moments, s.gamma, grad, s.epsilon);
                for (parent, g) in ops.parents.into_iter().zip([x, gamma, beta]) {
                    if let Some(node) = parent {
                        grads.register::<B>(node.id, g);
                    }
                }
            }
        }

        let (x, x_node) = x.into_parts();
        let (gamma, gamma_node) = gamma.into_parts();
        let (beta, beta_node) = beta.into_parts();
        let moments = moments.into_parts().0;
        let out = B::normalise(x.clone(), moments.clone(), gamma.clone(), beta, epsilon);
        match Normalise
            .prepare::<C>([x_node, gamma_node, beta_node])
            .compute_bound()
            .stateful()
        {
            OpsKind::Tracked(prep) => {
                let saved = Saved {
                    x,
                    moments,
                    gamma,
                    epsilon,
                };
                prep.finish(saved, out)
            }
            OpsKind::UnTracked(prep) => prep.finish(out),
        }
    }

    fn normalise_backward(
        _: FloatTensor<Self>,
        _: FloatTensor<Self>,
        _: FloatTensor<Self>,
        _: FloatTensor<Self>,
        _: f32,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        unreachable!("training needs no second derivative of the normalisation")
    }
}

/// What a batch was normalised with, beside the result.
pub(crate) struct Normalised<const D: usize> {
    /// `[b, C, …]`.
    pub output: Tensor<D>,
    /// Mean of every batch: `[batches, C]`.
    pub mean: Tensor<2>,
    /// Biased variance of every batch: `[batches, C]`.
    pub variance: Tensor<2>,
}

/// Batch normalisation by the statistics of the batch, or of each of several batches that stand one
/// after the other in `x`. The plain twin of one is [`burn::tensor::module::batch_norm_train`].
///
/// # Shapes
///
/// - `x`: `[b, C, …]` on a device that records gradients; `b` a multiple of `batches`
/// - `gamma`, `beta`: `[C]`
pub(crate) fn batch_norm<const D: usize>(
    x: Tensor<D>,
    gamma: Tensor<1>,
    beta: Tensor<1>,
    epsilon: f64,
    batches: usize,
) -> Normalised<D> {
    let [b, c, ..] = x.dims()[..] else {
        unreachable!("a batch has channels")
    };
    assert!(
        batches > 0 && b % batches == 0,
        "{b} rows are not {batches} equal batches"
    );
    let plain = x.clone().inner().into_dispatch();
    let moments = Tensor::<3>::from_dispatch(<Dispatch as NormOps>::moments(plain, batches));
    let row = |i: usize| {
        let part = moments.clone().slice([0..batches, i..i + 1]);
        part.reshape([batches, c])
    };
    let (mean, variance) = (row(0), row(1));
    let output = <Dispatch as NormOps>::normalise(
        x.into_dispatch(),
        Tensor::<3>::from_inner(moments).into_dispatch(),
        gamma.into_dispatch(),
        beta.into_dispatch(),
        epsilon as f32,
    );
    Normalised {
        output: Tensor::from_dispatch(output),
        mean: Tensor::from_inner(mean),
        variance: Tensor::from_inner(variance),
    }
}
