//! Sums over all numbers of a tensor on GPUs. burn's sums there, untuned, give one axis after the
//! other to one unit per remaining number: a gradient of four million numbers in a row to a single
//! unit.

mod gpu;

use burn::backend::autodiff::checkpoint::{base::Checkpointer, strategy::CheckpointStrategy};
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind, unary};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, Dispatch, TensorMetadata, backend_extension};
use burn::tensor::{DType, Shape, Tensor};

use super::{on_cpu, ours};
use crate::device::KernelGroup;

/// The operations; only GPUs have them.
#[backend_extension(Cube, Fusion, Autodiff)]
pub trait TotalOps: Backend {
    /// Σ x: `[1]`.
    #[fusion(dtype = DType::F32, shape = one(x))]
    fn total(x: FloatTensor<Self>) -> FloatTensor<Self>;

    /// Σ x²: `[1]`. Not differentiated.
    #[fusion(dtype = DType::F32, shape = one(x))]
    fn total_of_squares(x: FloatTensor<Self>) -> FloatTensor<Self>;
}

fn one(_: &Shape) -> Shape {
    Shape::new([1])
}

impl<B: Backend + TotalOps, C: CheckpointStrategy> TotalOps for Autodiff<B, C> {
    fn total(x: FloatTensor<Self>) -> FloatTensor<Self> {
        #[derive(Debug)]
        struct Total;
        impl<B: Backend + TotalOps> Backward<B, 1> for Total {
            type State = Shape;
            fn backward(
                self,
                ops: Ops<Self::State, 1>,
                grads: &mut Gradients,
                _: &mut Checkpointer,
            ) {
                let shape = ops.state;
                unary::<B, _>(ops.parents, ops.node, grads, |grad| {
                    let ones = vec![1; shape.num_dims()];
                    B::float_expand(B::float_reshape(grad, Shape::from(ones)), shape)
                });
            }
        }
        let (x, node) = x.into_parts();
        let shape = x.shape();
        let out = B::total(x);
        match Total.prepare::<C>([node]).compute_bound().stateful() {
            OpsKind::Tracked(prep) => prep.finish(shape, out),
            OpsKind::UnTracked(prep) => prep.finish(out),
        }
    }

    fn total_of_squares(_: FloatTensor<Self>) -> FloatTensor<Self> {
        unreachable!("the norm of gradients is not trained on")
    }
}

/// Whether the operations are used for this tensor.
fn here<const D: usize>(x: &Tensor<D>) -> bool {
    !on_cpu(x.device()) && ours(KernelGroup::Sums, x.device())
}

/// Σ x. Its plain twin is [`Tensor::sum`].
///
/// # Shapes
///
/// - output: `[1]`
pub(crate) fn total<const D: usize>(x: Tensor<D>) -> Tensor<1> {
    if !here(&x) {
        return x.sum();
    }
    Tensor::from_dispatch(<Dispatch as TotalOps>::total(x.into_dispatch()))
}

/// The mean of all numbers. Its plain twin is [`Tensor::mean`].
///
/// # Shapes
///
/// - output: `[1]`
pub(crate) fn mean<const D: usize>(x: Tensor<D>) -> Tensor<1> {
    if !here(&x) {
        return x.mean();
    }
    let count = x.shape().num_elements();
    total(x) / count as f64
}

/// Σ x² on GPUs.
///
/// # Shapes
///
/// - output: `[1]`
pub(super) fn total_of_squares<const D: usize>(x: Tensor<D>) -> Tensor<1> {
    if !here(&x) {
        return x.square().sum();
    }
    Tensor::from_dispatch(<Dispatch as TotalOps>::total_of_squares(x.into_dispatch()))
}
