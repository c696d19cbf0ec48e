//! ReLU, ×2 bilinear upsampling and 3×3 convolution, D's block, as one operation that never sees the
//! doubled map.
//!
//! A convolution is a sum over its taps of products of one pixel each, moved. Those products mix
//! channels only, so they are the same whether the map is doubled before or after them: done before,
//! they are a quarter of the arithmetic, and the doubled map with all its channels, D's largest, need
//! not be there at all. What is doubled is their results, nine to an output channel, which live
//! shortly. The way back is the transpose of that: the gradient is gathered at the products, and all
//! that multiplies is small again.

mod cpu;
mod gpu;

use burn::backend::autodiff::checkpoint::{base::Checkpointer, strategy::CheckpointStrategy};
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::fusion::custom::TensorSpec;
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, Dispatch, backend_extension};
use burn::tensor::{Shape, Tensor};

/// Taps of a 3×3 filter.
const TAPS: usize = 9;

/// The operation on every backend. On GPUs maps and their gradients may be stored in f16; weights,
/// their gradients and all sums are f32.
#[backend_extension(Cube, Flex, Fusion, Autodiff)]
pub trait UpConvOps: Backend {
    /// `x`: `[b, cin, h, w]`, `weight`: `[cout, cin, 3, 3]`, `bias`: `[cout]` →
    /// `[b, cout, 2h, 2w]`, stored as `x` is.
    #[fusion(dtype = x, shape = doubled(x, weight))]
    fn up_conv(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
    ) -> FloatTensor<Self>;

    /// Gradients at `x`, the weight and the bias.
    #[fusion(meta = |x, weight, _| gradients(x, weight))]
    fn up_conv_backward(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        grad: FloatTensor<Self>,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>);
}

fn doubled(x: &Shape, weight: &Shape) -> Shape {
    Shape::new([x[0], weight[0], 2 * x[2], 2 * x[3]])
}

fn gradients(x: &TensorSpec, weight: &TensorSpec) -> (TensorSpec, TensorSpec, TensorSpec) {
    let bias = TensorSpec::new(Shape::new([weight.shape[0]]), weight.dtype);
    (x.clone(), weight.clone(), bias)
}

impl<B: Backend + UpConvOps, C: CheckpointStrategy> UpConvOps for Autodiff<B, C> {
    fn up_conv(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
    ) -> FloatTensor<Self> {
        #[derive(Debug)]
        struct UpConv;

        impl<B: Backend + UpConvOps> Backward<B, 3> for UpConv {
            /// x and weight.
            type State = [FloatTensor<B>; 2];

            fn backward(
                self,
                ops: Ops<Self::State, 3>,
                grads: &mut Gradients,
                _: &mut Checkpointer,
            ) {
                let grad = grads.consume::<B>(&ops.node);
                let [x, weight] = ops.state;
                let (x, weight, bias) = B::up_conv_backward(x, weight, grad);
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
        let out = B::up_conv(x.clone(), weight.clone(), bias);
        match UpConv
            .prepare::<C>([x_node, weight_node, bias_node])
            .compute_bound()
            .stateful()
        {
            OpsKind::Tracked(prep) => prep.finish([x, weight], out),
            OpsKind::UnTracked(prep) => prep.finish(out),
        }
    }

    fn up_conv_backward(
        _: FloatTensor<Self>,
        _: FloatTensor<Self>,
        _: FloatTensor<Self>,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        unreachable!("training needs no second derivative of D's block")
    }
}

/// ReLU, twice the sides, 3×3 convolution with bias. Its plain twin is
/// [`burn::tensor::activation::relu`], [`super::upsample2_plain`] and
/// [`burn::tensor::module::conv2d`], one behind the other.
///
/// # Shapes
///
/// - `x`: `[b, cin, H, W]`, f32 or on GPUs f16
/// - `weight`: `[cout, cin, 3, 3]`
/// - `bias`: `[cout]`
/// - output, stored as `x` is: `[b, cout, 2H, 2W]`
pub fn up_conv(x: Tensor<4>, weight: Tensor<4>, bias: Tensor<1>) -> Tensor<4> {
    Tensor::from_dispatch(<Dispatch as UpConvOps>::up_conv(
        x.into_dispatch(),
        weight.into_dispatch(),
        bias.into_dispatch(),
    ))
}
