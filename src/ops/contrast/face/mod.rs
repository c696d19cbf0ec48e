//! L_face: every view against all others but its partner.

mod gpu;

use burn::backend::autodiff::checkpoint::{base::Checkpointer, strategy::CheckpointStrategy};
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::{FloatTensor, IntTensor};
use burn::backend::{Autodiff, Backend, Dispatch, backend_extension};
use burn::tensor::{Int, Shape, Tensor};

/// The operation on GPUs.
#[backend_extension(Cube, Fusion, Autodiff)]
pub trait FaceLossOps: Backend {
    /// `gram`: `[2N, 2N]`, `lambda`: `[2N, 2N−2]`, `permutation`: `[2N−2]` → `[2N]`.
    #[fusion(dtype = gram, shape = rows(gram))]
    fn mixed_cross_entropy(
        gram: FloatTensor<Self>,
        lambda: FloatTensor<Self>,
        permutation: IntTensor<Self>,
        tau: f32,
    ) -> FloatTensor<Self>;

    /// Gradient at `gram`, from that at the `losses` that came out.
    #[fusion(dtype = gram, shape = same(gram))]
    fn mixed_cross_entropy_backward(
        grad: FloatTensor<Self>,
        losses: FloatTensor<Self>,
        gram: FloatTensor<Self>,
        lambda: FloatTensor<Self>,
        permutation: IntTensor<Self>,
        tau: f32,
    ) -> FloatTensor<Self>;
}

fn rows(gram: &Shape) -> Shape {
    Shape::new([gram[0]])
}

fn same(gram: &Shape) -> Shape {
    gram.clone()
}

impl<B: Backend + FaceLossOps, C: CheckpointStrategy> FaceLossOps for Autodiff<B, C> {
    fn mixed_cross_entropy(
        gram: FloatTensor<Self>,
        lambda: FloatTensor<Self>,
        permutation: IntTensor<Self>,
        tau: f32,
    ) -> FloatTensor<Self> {
        #[derive(Debug)]
        struct MixedCrossEntropy;

        #[derive(Clone, Debug)]
        struct Saved<B: Backend> {
            losses: FloatTensor<B>,
            gram: FloatTensor<B>,
            lambda: FloatTensor<B>,
            permutation: IntTensor<B>,
            tau: f32,
        }

        impl<B: Backend + FaceLossOps> Backward<B, 1> for MixedCrossEntropy {
            type State = Saved<B>;

            fn backward(
                self,
                ops: Ops<Self::State, 1>,
                grads: &mut Gradients,
                _: &mut Checkpointer,
            ) {
                let grad = grads.consume::<B>(&ops.node);
                let Saved {
                    losses,
                    gram,
                    lambda,
                    permutation,
                    tau,
                } = ops.state;
                let [at_gram] = ops.parents;
                if let Some(node) = at_gram {
                    let g = B::mixed_cross_entropy_backward(
                        grad,
                        losses,
                        gram,
                        lambda,
                        permutation,
                        tau,
                    );
                    grads.register::<B>(node.id, g);
                }
            }
        }

        let (gram, node) = gram.into_parts();
        // λ is drawn, not learnt.
        let (lambda, _) = lambda.into_parts();
        let losses = B::mixed_cross_entropy(gram.clone(), lambda.clone(), permutation.clone(), tau);
        match MixedCrossEntropy
            .prepare::<C>([node])
            .compute_bound()
            .stateful()
        {
            OpsKind::Tracked(prep) => prep.finish(
                Saved {
                    losses: losses.clone(),
                    gram,
                    lambda,
                    permutation,
                    tau,
                },
                losses,
            ),
            OpsKind::UnTracked(prep) => prep.finish(losses),
        }
    }

    fn mixed_cross_entropy_backward(
        _: FloatTensor<Self>,
        _: FloatTensor<Self>,
        _: FloatTensor<Self>,
        _: FloatTensor<Self>,
        _: IntTensor<Self>,
        _: f32,
    ) -> FloatTensor<Self> {
        unreachable!("training needs no second derivative of the contrastive loss")
    }
}

/// −log softmax of the positive among all interpolated negatives, for every anchor; on GPUs. Its
/// plain twin is [`crate::loss::l_face_plain`].
///
/// # Shapes
///
/// - `gram`: `[2N, 2N]`, of rows of which k and k+N belong together
/// - `lambda`: `[2N, 2N−2]`, without gradient
/// - `permutation`: `[2N−2]`
/// - output: `[2N]`
pub(crate) fn mixed_cross_entropy(
    gram: Tensor<2>,
    lambda: Tensor<2>,
    permutation: Tensor<1, Int>,
    tau: f32,
) -> Tensor<1> {
    Tensor::from_dispatch(<Dispatch as FaceLossOps>::mixed_cross_entropy(
        gram.into_dispatch(),
        lambda.into_dispatch(),
        permutation.into_dispatch(),
        tau,
    ))
}
