//! What D ends with on the CPU: tanh, and the mean distance to a target. On GPUs they are ordinary operations.

mod cpu;

use burn::backend::autodiff::checkpoint::{base::Checkpointer, strategy::CheckpointStrategy};
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, Dispatch, backend_extension};
use burn::tensor::Tensor;

use super::{mean, on_cpu};

/// The operations; only the CPU has them.
#[backend_extension(Flex, Autodiff)]
pub trait PictureOps: Backend {
    /// tanh x.
    fn squash(x: FloatTensor<Self>) -> FloatTensor<Self>;

    /// Gradient at x, from that at `out`.
    fn squash_backward(out: FloatTensor<Self>, grad: FloatTensor<Self>) -> FloatTensor<Self>;

    /// Mean of |image − target|: `[1]`. Nothing flows into the target.
    fn distance(image: FloatTensor<Self>, target: FloatTensor<Self>) -> FloatTensor<Self>;

    /// Gradient at the image, from that at the mean, `[1]`.
    fn distance_backward(
        image: FloatTensor<Self>,
        target: FloatTensor<Self>,
        grad: FloatTensor<Self>,
    ) -> FloatTensor<Self>;
}

impl<B: Backend + PictureOps, C: CheckpointStrategy> PictureOps for Autodiff<B, C> {
    fn squash(x: FloatTensor<Self>) -> FloatTensor<Self> {
        #[derive(Debug)]
        struct Squash;

        impl<B: Backend + PictureOps> Backward<B, 1> for Squash {
            type State = FloatTensor<B>;

            fn backward(
                self,
                ops: Ops<Self::State, 1>,
                grads: &mut Gradients,
                _: &mut Checkpointer,
            ) {
                let grad = grads.consume::<B>(&ops.node);
                if let [Some(node)] = ops.parents {
                    grads.register::<B>(node.id, B::squash_backward(ops.state, grad));
                }
            }
        }

        let (x, node) = x.into_parts();
        let out = B::squash(x);
        match Squash.prepare::<C>([node]).compute_bound().stateful() {
            OpsKind::Tracked(prep) => prep.finish(out.clone(), out),
            OpsKind::UnTracked(prep) => prep.finish(out),
        }
    }

    fn squash_backward(_: FloatTensor<Self>, _: FloatTensor<Self>) -> FloatTensor<Self> {
        unreachable!("training needs no second derivative of the tangent")
    }

    fn distance(image: FloatTensor<Self>, target: FloatTensor<Self>) -> FloatTensor<Self> {
        #[derive(Debug)]
        struct Distance;

        impl<B: Backend + PictureOps> Backward<B, 1> for Distance {
            type State = (FloatTensor<B>, FloatTensor<B>);

            fn backward(
                self,
                ops: Ops<Self::State, 1>,
                grads: &mut Gradients,
                _: &mut Checkpointer,
            ) {
                let grad = grads.consume::<B>(&ops.node);
                let (image, target) = ops.state;
                if let [Some(node)] = ops.parents {
                    grads.register::<B>(node.id, B::distance_backward(image, target, grad));
                }
            }
        }

        let (image, node) = image.into_parts();
        let (target, _) = target.into_parts();
        let out = B::distance(image.clone(), target.clone());
        match Distance.prepare::<C>([node]).compute_bound().stateful() {
            OpsKind::Tracked(prep) => prep.finish((image, target), out),
            OpsKind::UnTracked(prep) => prep.finish(out),
        }
    }

    fn distance_backward(
        _: FloatTensor<Self>,
        _: FloatTensor<Self>,
        _: FloatTensor<Self>,
    ) -> FloatTensor<Self> {
        unreachable!("training needs no second derivative of the distance")
    }
}

/// tanh x.
///
/// # Shapes
///
/// - `x` and output: `[b, c, h, w]`
pub(crate) fn tanh(x: Tensor<4>) -> Tensor<4> {
    if !on_cpu(x.device()) {
        return x.tanh();
    }
    Tensor::from_dispatch(<Dispatch as PictureOps>::squash(x.into_dispatch()))
}

/// Mean of |image − target|, into which nothing flows from the target's side.
///
/// # Shapes
///
/// - `image`, `target`: `[b, c, h, w]`
/// - output: `[1]`
pub(crate) fn mean_distance(image: Tensor<4>, target: Tensor<4>) -> Tensor<1> {
    if !on_cpu(image.device()) {
        return mean((image - target).abs());
    }
    Tensor::from_dispatch(<Dispatch as PictureOps>::distance(
        image.into_dispatch(),
        target.into_dispatch(),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::{Device, Distribution};

    #[test]
    fn both_are_those_of_plain_operations() {
        let device = Device::flex().autodiff();
        // More than one share of the CPU's tasks, and not a whole number of them.
        let shape = [3, 3, 65, 67];
        let draw = || Tensor::<4>::random(shape, Distribution::Uniform(-2.0, 2.0), &device);
        let (x, target) = (draw().require_grad(), draw());
        let run = |ours: bool| {
            let inner = x.clone() * 1.5;
            let loss = if ours {
                mean_distance(tanh(inner), target.clone())
            } else {
                (inner.tanh() - target.clone()).abs().mean()
            };
            let grads = (loss.clone() * 7.0).square().sum().backward();
            let gradient = x.grad(&grads).expect("the loss depends on x");
            let numbers = |t: burn::tensor::TensorData| t.iter::<f32>().collect::<Vec<_>>();
            (
                numbers(loss.inner().into_data()),
                numbers(gradient.into_data()),
            )
        };
        let ((loss, gradient), (right, right_gradient)) = (run(true), run(false));
        assert!(
            (loss[0] / right[0] - 1.0).abs() < 1e-5,
            "{loss:?} {right:?}"
        );
        let scale = right_gradient.iter().fold(0.0f32, |m, v| m.max(v.abs()));
        for (at, (found, right)) in gradient.iter().zip(&right_gradient).enumerate() {
            assert!(
                (found - right).abs() < 1e-5 * scale,
                "{at}: {found} {right}"
            );
        }
    }

    #[test]
    fn equal_pictures_pull_nowhere() {
        let device = Device::flex().autodiff();
        let x = Tensor::<4>::ones([1, 3, 2, 2], &device).require_grad();
        let grads = mean_distance(x.clone(), x.clone().detach()).backward();
        let gradient = x.grad(&grads).expect("the loss depends on x").into_data();
        assert!(gradient.iter::<f32>().all(|g| g == 0.0));
    }
}
