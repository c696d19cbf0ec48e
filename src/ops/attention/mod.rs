//! Channel attention. On the CPU it goes forward and backward an image at a time, so that what lies
//! between its matrix products never leaves the cache; on GPUs it takes a launch per softmax and
//! product.

mod cpu;
mod gpu;

use burn::backend::autodiff::checkpoint::{base::Checkpointer, strategy::CheckpointStrategy};
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, Dispatch, backend_extension};
use burn::tensor::Tensor;

/// The operation on every backend. On GPUs `x` may be stored in f16, and what comes out then is too.
#[backend_extension(Cube, Flex, Fusion, Autodiff)]
pub trait AttentionOps: Backend {
    /// `x`: `[b, c, h, w]`; `weight`: `[3c, c, 1, 1]` and `bias`: `[3c]` of G, Θ and Φ in this order.
    #[fusion(dtype = x, shape = x)]
    fn channel_attention(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        slope: f32,
    ) -> FloatTensor<Self>;

    /// Gradients at `x`, `weight` and `bias`. G, Θ and Φ are worked out again: that costs a third of
    /// the backward and saves four maps per map.
    #[fusion(meta = |x, weight, bias, _, _, _| (x.clone(), weight.clone(), bias.clone()))]
    fn channel_attention_backward(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        out: FloatTensor<Self>,
        grad: FloatTensor<Self>,
        slope: f32,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>);
}

impl<B: Backend + AttentionOps, C: CheckpointStrategy> AttentionOps for Autodiff<B, C> {
    fn channel_attention(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        slope: f32,
    ) -> FloatTensor<Self> {
        #[derive(Debug)]
        struct Attention;

        #[derive(Clone, Debug)]
        struct Saved<B: Backend> {
            x: FloatTensor<B>,
            weight: FloatTensor<B>,
            bias: FloatTensor<B>,
            out: FloatTensor<B>,
            slope: f32,
        }

        impl<B: Backend + AttentionOps> Backward<B, 3> for Attention {
            type State = Saved<B>;

            fn backward(
                self,
                ops: Ops<Self::State, 3>,
                grads: &mut Gradients,
                _: &mut Checkpointer,
            ) {
                let grad = grads.consume::<B>(&ops.node);
                let s = ops.state;
                let (x, weight, bias) =
                    B::channel_attention_backward(s.x, s.weight, s.bias, s.out, grad, s.slope);
                for (parent, g) in ops.parents.into_iter().zip([x, weight, bias]) {
                    if let Some(node) = parent {
                        grads.register::<B>(node.id, g);
                    }
                }
            }
        }

        let (x, x_node) = x.into_parts();
        let (weight, weight_node) = weight.into_parts();
        let (bias, bias_node) = bias.into_parts();
        let out = B::channel_attention(x.clone(), weight.clone(), bias.clone(), slope);
        match Attention
            .prepare::<C>([x_node, weight_node, bias_node])
            .compute_bound()
            .stateful()
        {
            OpsKind::Tracked(prep) => {
                let saved = Saved {
                    x,
                    weight,
                    bias,
                    out: out.clone(),
                    slope,
                };
                prep.finish(saved, out)
            }
            OpsKind::UnTracked(prep) => prep.finish(out),
        }
    }

    fn channel_attention_backward(
        _: FloatTensor<Self>,
        _: FloatTensor<Self>,
        _: FloatTensor<Self>,
        _: FloatTensor<Self>,
        _: FloatTensor<Self>,
        _: f32,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        unreachable!("training needs no second derivative of the attention")
    }
}

/// y = LReLU(x + (Φ Θ̃ᵀ) G̃) with G, Θ, Φ from one 1×1 convolution, G̃ summing to one over channels
/// and Θ̃ over positions (S000 §3.1). Its plain twin is
/// [`crate::model::ChannelAttention::forward_plain`].
///
/// # Shapes
///
/// - `x`: `[b, C, H, W]`
/// - `weight`: `[3C, C, 1, 1]`, `bias`: `[3C]`, in the order G, Θ, Φ
/// - output: `[b, C, H, W]`
pub(crate) fn attention(x: Tensor<4>, weight: Tensor<4>, bias: Tensor<1>, slope: f32) -> Tensor<4> {
    Tensor::from_dispatch(<Dispatch as AttentionOps>::channel_attention(
        x.into_dispatch(),
        weight.into_dispatch(),
        bias.into_dispatch(),
        slope,
    ))
}
