//! Channel attention. On the CPU it goes forward and backward an image at a time, so that what lies
//! between its matrix products never leaves the cache; on GPUs it takes a launch per softmax and
//! product.
//!
//! Φ as a map is never worked out. Every channel of Θ̃ sums to one over positions and every position
//! of G̃ to one over channels, so
//!
//! (Φ Θ̃ᵀ) G̃ = W_Φ (x Θ̃ᵀ) G̃ + b_Φ,
//!
//! which takes products of a few channels where there were two of whole maps, and three fewer again
//! on the way back.

mod cpu;
mod gpu;

use burn::backend::autodiff::checkpoint::{base::Checkpointer, strategy::CheckpointStrategy};
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::fusion::custom::TensorSpec;
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, AutodiffBackend, Backend, Dispatch, backend_extension};
use burn::tensor::{DType, Shape, Tensor};

/// The operation on every backend. On GPUs `x` may be stored in f16, and what comes out then is too.
#[backend_extension(Cube, Flex, Fusion, Autodiff)]
pub trait AttentionOps: Backend {
    /// `x`: `[b, c, h, w]`; `weight`: `[2c, c, 1, 1]` and `bias`: `[2c]` of G and Θ in this order;
    /// `phi`: `[c, c, 1, 1]` and `phi_bias`: `[c]`.
    ///
    /// Gives the output and what its backward needs: G̃ and Θ̃, `[b, 2c, h, w]`, and x Θ̃ᵀ (or its
    /// transpose, as the backend likes) as `[b, c, 1, c]`.
    #[fusion(meta = |x, weight, _, _, _, _| with_kept(x, weight))]
    fn channel_attention(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        phi: FloatTensor<Self>,
        phi_bias: FloatTensor<Self>,
        slope: f32,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>);

    /// Gradients at `x`, `weight`, `bias`, `phi` and `phi_bias`; `out`, `softmaxes` and `products`
    /// are what [`AttentionOps::channel_attention`] gave.
    #[fusion(meta = |x, weight, phi, _, _, _, _, _| gradients(x, weight, phi))]
    // One argument per tensor is what a backend extension takes.
    #[allow(clippy::too_many_arguments, clippy::type_complexity)]
    fn channel_attention_backward(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        phi: FloatTensor<Self>,
        out: FloatTensor<Self>,
        softmaxes: FloatTensor<Self>,
        products: FloatTensor<Self>,
        grad: FloatTensor<Self>,
        slope: f32,
    ) -> (
        FloatTensor<Self>,
        FloatTensor<Self>,
        FloatTensor<Self>,
        FloatTensor<Self>,
        FloatTensor<Self>,
    );
}

fn with_kept(x: &TensorSpec, weight: &TensorSpec) -> (TensorSpec, TensorSpec, TensorSpec) {
    let [b, c, h, w] = x.shape.dims();
    let softmaxes = Shape::new([b, weight.shape[0], h, w]);
    (
        x.clone(),
        TensorSpec::new(softmaxes, x.dtype),
        TensorSpec::new(Shape::new([b, c, 1, c]), DType::F32),
    )
}

fn gradients(
    x: &TensorSpec,
    weight: &TensorSpec,
    phi: &TensorSpec,
) -> (TensorSpec, TensorSpec, TensorSpec, TensorSpec, TensorSpec) {
    let vector = |like: &TensorSpec| TensorSpec::new(Shape::new([like.shape[0]]), like.dtype);
    (
        x.clone(),
        weight.clone(),
        vector(weight),
        phi.clone(),
        vector(phi),
    )
}

impl<B: Backend + AttentionOps, C: CheckpointStrategy> AttentionOps for Autodiff<B, C> {
    fn channel_attention(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        phi: FloatTensor<Self>,
        phi_bias: FloatTensor<Self>,
        slope: f32,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        #[derive(Debug)]
        struct Attention;

        #[derive(Clone, Debug)]
        struct Saved<B: Backend> {
            x: FloatTensor<B>,
            weight: FloatTensor<B>,
            phi: FloatTensor<B>,
            out: FloatTensor<B>,
            softmaxes: FloatTensor<B>,
            products: FloatTensor<B>,
            slope: f32,
        }

        impl<B: Backend + AttentionOps> Backward<B, 5> for Attention {
            type State = Saved<B>;

            fn backward(
                self,
                ops: Ops<Self::State, 5>,
                grads: &mut Gradients,
                _: &mut Checkpointer,
            ) {
                let grad = grads.consume::<B>(&ops.node);
                let s = ops.state;
                let (x, weight, bias, phi, phi_bias) = B::channel_attention_backward(
                    s.x,
                    s.weight,
                    s.phi,
                    s.out,
                    s.softmaxes,
                    s.products,
                    grad,
                    s.slope,
                );
                let gradients = [x, weight, bias, phi, phi_bias];
                for (parent, g) in ops.parents.into_iter().zip(gradients) {
                    if let Some(node) = parent {
                        grads.register::<B>(node.id, g);
                    }
                }
            }
        }

        let (x, x_node) = x.into_parts();
        let (weight, weight_node) = weight.into_parts();
        let (bias, bias_node) = bias.into_parts();
        let (phi, phi_node) = phi.into_parts();
        let (phi_bias, phi_bias_node) = phi_bias.into_parts();
        let (out, softmaxes, products) = B::channel_attention(
            x.clone(),
            weight.clone(),
            bias,
            phi.clone(),
            phi_bias,
            slope,
        );
        let kept = [&softmaxes, &products].map(|t| Self::from_inner(t.clone()));
        let out = match Attention
            .prepare::<C>([x_node, weight_node, bias_node, phi_node, phi_bias_node])
            .compute_bound()
            .stateful()
        {
            OpsKind::Tracked(prep) => {
                let saved = Saved {
                    x,
                    weight,
                    phi,
                    out: out.clone(),
                    softmaxes,
                    products,
                    slope,
                };
                prep.finish(saved, out)
            }
            OpsKind::UnTracked(prep) => prep.finish(out),
        };
        let [softmaxes, products] = kept;
        (out, softmaxes, products)
    }

    fn channel_attention_backward(
        _: FloatTensor<Self>,
        _: FloatTensor<Self>,
        _: FloatTensor<Self>,
        _: FloatTensor<Self>,
        _: FloatTensor<Self>,
        _: FloatTensor<Self>,
        _: FloatTensor<Self>,
        _: f32,
    ) -> (
        FloatTensor<Self>,
        FloatTensor<Self>,
        FloatTensor<Self>,
        FloatTensor<Self>,
        FloatTensor<Self>,
    ) {
        unreachable!("training needs no second derivative of the attention")
    }
}

/// The 1×1 convolutions of an attention over C channels.
pub(crate) struct Projections {
    /// G and Θ in this order: `[2C, C, 1, 1]`.
    pub weight: Tensor<4>,
    /// `[2C]`.
    pub bias: Tensor<1>,
    /// Φ: `[C, C, 1, 1]`.
    pub phi: Tensor<4>,
    /// `[C]`.
    pub phi_bias: Tensor<1>,
}

/// y = LReLU(x + (Φ Θ̃ᵀ) G̃) with G, Θ, Φ from 1×1 convolutions, G̃ summing to one over channels
/// and Θ̃ over positions (S000 §3.1). Its plain twin is
/// [`crate::model::ChannelAttention::forward_plain`].
///
/// # Shapes
///
/// - `x`: `[b, C, H, W]`
/// - output: `[b, C, H, W]`
pub(crate) fn attention(x: Tensor<4>, by: Projections, slope: f32) -> Tensor<4> {
    let (out, ..) = <Dispatch as AttentionOps>::channel_attention(
        x.into_dispatch(),
        by.weight.into_dispatch(),
        by.bias.into_dispatch(),
        by.phi.into_dispatch(),
        by.phi_bias.into_dispatch(),
        slope,
    );
    Tensor::from_dispatch(out)
}
