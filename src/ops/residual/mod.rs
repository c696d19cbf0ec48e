//! A residual block as one operation: the gradients that meet at its input are added on all cores,
//! or by one launch, and the sum before the last LeakyReLU is kept nowhere.

mod cpu;
mod gpu;

use burn::backend::autodiff::checkpoint::{base::Checkpointer, strategy::CheckpointStrategy};
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, Dispatch, TensorMetadata, backend_extension};
use burn::tensor::Tensor;

use super::conv::ConvOps;

/// The operation on every backend.
#[backend_extension(Cube, Flex, Fusion, Autodiff)]
pub trait ResidualOps: ConvOps {
    /// LReLU(conv₂(LReLU(conv₁(x))) + x), 3×3 convolutions.
    #[fusion(default)]
    fn residual(
        x: FloatTensor<Self>,
        weight1: FloatTensor<Self>,
        bias1: FloatTensor<Self>,
        weight2: FloatTensor<Self>,
        bias2: FloatTensor<Self>,
        slope: f32,
    ) -> FloatTensor<Self> {
        let inner = Self::conv(x.clone(), weight1, bias1, 1, 1, slope);
        let sum = Self::conv(inner, weight2, bias2, 1, 1, 1.0);
        Self::add_activated(sum, x, slope)
    }

    /// LReLU(a + b).
    #[fusion(dtype = a, shape = a)]
    fn add_activated(a: FloatTensor<Self>, b: FloatTensor<Self>, slope: f32) -> FloatTensor<Self>;
}

impl<B: Backend + ResidualOps, C: CheckpointStrategy> ResidualOps for Autodiff<B, C> {
    fn residual(
        x: FloatTensor<Self>,
        weight1: FloatTensor<Self>,
        bias1: FloatTensor<Self>,
        weight2: FloatTensor<Self>,
        bias2: FloatTensor<Self>,
        slope: f32,
    ) -> FloatTensor<Self> {
        #[derive(Debug)]
        struct Residual;

        #[derive(Clone, Debug)]
        struct Saved<B: Backend> {
            x: FloatTensor<B>,
            weight1: FloatTensor<B>,
            /// Behind the first convolution.
            inner: FloatTensor<B>,
            weight2: FloatTensor<B>,
            out: FloatTensor<B>,
            slope: f32,
        }

        impl<B: Backend + ResidualOps> Backward<B, 5> for Residual {
            type State = Saved<B>;

            fn backward(
                self,
                ops: Ops<Self::State, 5>,
                grads: &mut Gradients,
                _: &mut Checkpointer,
            ) {
                let grad = grads.consume::<B>(&ops.node);
                let s = ops.state;
                let [_, _, h, w] = s.x.shape().dims();
                let [x, weight1, bias1, weight2, bias2] = ops.parents;
                let outer = B::conv_activation_backward(grad, s.out, s.slope);
                let inner = B::conv_data_backward(outer.clone(), s.weight2, h, w, 1, 1);
                let inner = B::conv_activation_backward(inner, s.inner.clone(), s.slope);
                if let Some(node) = weight2 {
                    let g = B::conv_weight_backward(s.inner, outer.clone(), 3, 1, 1);
                    grads.register::<B>(node.id, g);
                }
                if let Some(node) = bias2 {
                    grads.register::<B>(node.id, B::conv_bias_backward(outer.clone()));
                }
                if let Some(node) = weight1 {
                    let g = B::conv_weight_backward(s.x, inner.clone(), 3, 1, 1);
                    grads.register::<B>(node.id, g);
                }
                if let Some(node) = bias1 {
                    grads.register::<B>(node.id, B::conv_bias_backward(inner.clone()));
                }
                if let Some(node) = x {
                    let through = B::conv_data_backward(inner, s.weight1, h, w, 1, 1);
                    grads.register::<B>(node.id, B::add_activated(through, outer, 1.0));
                }
            }
        }

        let (x, x_node) = x.into_parts();
        let (weight1, weight1_node) = weight1.into_parts();
        let (bias1, bias1_node) = bias1.into_parts();
        let (weight2, weight2_node) = weight2.into_parts();
        let (bias2, bias2_node) = bias2.into_parts();
        let inner = B::conv(x.clone(), weight1.clone(), bias1, 1, 1, slope);
        let sum = B::conv(inner.clone(), weight2.clone(), bias2, 1, 1, 1.0);
        let out = B::add_activated(sum, x.clone(), slope);
        let nodes = [x_node, weight1_node, bias1_node, weight2_node, bias2_node];
        match Residual.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(prep) => {
                let saved = Saved {
                    x,
                    weight1,
                    inner,
                    weight2,
                    out: out.clone(),
                    slope,
                };
                prep.finish(saved, out)
            }
            OpsKind::UnTracked(prep) => prep.finish(out),
        }
    }

    fn add_activated(_: FloatTensor<Self>, _: FloatTensor<Self>, _: f32) -> FloatTensor<Self> {
        unreachable!("only the forward and backward of the block use it")
    }
}

/// LReLU(conv₂(LReLU(conv₁(x))) + x) with 3×3 convolutions. Its plain twin is
/// [`crate::model::ResidualBlock::forward_plain`].
///
/// # Shapes
///
/// - `x` and output: `[b, C, H, W]`
/// - `weights`: `[C, C, 3, 3]` each
/// - `biases`: `[C]` each
pub(crate) fn residual(
    x: Tensor<4>,
    weights: [Tensor<4>; 2],
    biases: [Tensor<1>; 2],
    slope: f32,
) -> Tensor<4> {
    let [weight1, weight2] = weights.map(Tensor::into_dispatch);
    let [bias1, bias2] = biases.map(Tensor::into_dispatch);
    let x = x.into_dispatch();
    Tensor::from_dispatch(<Dispatch as ResidualOps>::residual(
        x, weight1, bias1, weight2, bias2, slope,
    ))
}
