//! L_pose: two views of an image against views of its flip.

mod gpu;

use burn::backend::autodiff::checkpoint::{base::Checkpointer, strategy::CheckpointStrategy};
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::{FloatTensor, IntTensor};
use burn::backend::{Autodiff, Backend, Dispatch, backend_extension};
use burn::tensor::{Int, Shape, Tensor};

/// The operation on GPUs.
#[backend_extension(Cube, Fusion, Autodiff)]
pub trait PoseLossOps: Backend {
    /// `gram`: `[R, R]` with R = 2B + B·M, `lambda`: `[B, M]`, `permutation`: `[M]` → `[2B]`.
    #[fusion(dtype = gram, shape = anchors(lambda))]
    fn pose_cross_entropy(
        gram: FloatTensor<Self>,
        lambda: FloatTensor<Self>,
        permutation: IntTensor<Self>,
        tau: f32,
        with_positive: bool,
    ) -> FloatTensor<Self>;

    /// Gradient at `gram`, from that at the `losses` that came out.
    #[fusion(dtype = gram, shape = same(gram))]
    fn pose_cross_entropy_backward(
        grad: FloatTensor<Self>,
        losses: FloatTensor<Self>,
        gram: FloatTensor<Self>,
        lambda: FloatTensor<Self>,
        permutation: IntTensor<Self>,
        tau: f32,
        with_positive: bool,
    ) -> FloatTensor<Self>;
}

fn anchors(lambda: &Shape) -> Shape {
    Shape::new([2 * lambda[0]])
}

fn same(gram: &Shape) -> Shape {
    gram.clone()
}

impl<B: Backend + PoseLossOps, C: CheckpointStrategy> PoseLossOps for Autodiff<B, C> {
    fn pose_cross_entropy(
        gram: FloatTensor<Self>,
        lambda: FloatTensor<Self>,
        permutation: IntTensor<Self>,
        tau: f32,
        with_positive: bool,
    ) -> FloatTensor<Self> {
        #[derive(Debug)]
        struct PoseCrossEntropy;

        #[derive(Clone, Debug)]
        struct Saved<B: Backend> {
            losses: FloatTensor<B>,
            gram: FloatTensor<B>,
            lambda: FloatTensor<B>,
            permutation: IntTensor<B>,
            tau: f32,
            with_positive: bool,
        }

        impl<B: Backend + PoseLossOps> Backward<B, 1> for PoseCrossEntropy {
            type State = Saved<B>;

            fn backward(
                self,
                ops: Ops<Self::State, 1>,
                grads: &mut Gradients,
                _: &mut Checkpointer,
            ) {
                let grad = grads.consume::<B>(&ops.node);
                let s = ops.state;
                if let [Some(node)] = ops.parents {
                    let at_gram = B::pose_cross_entropy_backward(
                        grad,
                        s.losses,
                        s.gram,
                        s.lambda,
                        s.permutation,
                        s.tau,
                        s.with_positive,
                    );
                    grads.register::<B>(node.id, at_gram);
                }
            }
        }

        let (gram, node) = gram.into_parts();
        // λ is drawn, not learnt.
        let (lambda, _) = lambda.into_parts();
        let losses = B::pose_cross_entropy(
            gram.clone(),
            lambda.clone(),
            permutation.clone(),
            tau,
            with_positive,
        );
        match PoseCrossEntropy
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
                    with_positive,
                },
                losses,
            ),
            OpsKind::UnTracked(prep) => prep.finish(losses),
        }
    }

    fn pose_cross_entropy_backward(
        _: FloatTensor<Self>,
        _: FloatTensor<Self>,
        _: FloatTensor<Self>,
        _: FloatTensor<Self>,
        _: IntTensor<Self>,
        _: f32,
        _: bool,
    ) -> FloatTensor<Self> {
        unreachable!("training needs no second derivative of the contrastive loss")
    }
}

/// −log softmax of the positive among the interpolated negatives of its image, for every anchor; on
/// GPUs. Its plain twin is [`crate::loss::l_pose_plain`].
///
/// # Shapes
///
/// - `gram`: `[R, R]` of R = 2B + B·M rows: first views of B images, second views, and M negatives
///   per image, image by image
/// - `lambda`: `[B, M]`, without gradient
/// - `permutation`: `[M]`
/// - output: `[2B]`
pub(crate) fn pose_cross_entropy(
    gram: Tensor<2>,
    lambda: Tensor<2>,
    permutation: Tensor<1, Int>,
    tau: f32,
    with_positive: bool,
) -> Tensor<1> {
    Tensor::from_dispatch(<Dispatch as PoseLossOps>::pose_cross_entropy(
        gram.into_dispatch(),
        lambda.into_dispatch(),
        permutation.into_dispatch(),
        tau,
        with_positive,
    ))
}
