//! Square 2-D convolution with bias and LeakyReLU: what PCL spends its time on.
//!
//! On the CPU it is Winograd's minimal filtering over groups of images on all cores. On GPUs it is a
//! tiled matrix product in workgroup memory, or burn's own kernel where that was measured to be
//! faster.

mod cpu;
mod gpu;

pub use gpu::measure_kernels;
pub(super) use gpu::{activation_backward, bias_backward, taps, tile};

use burn::backend::autodiff::checkpoint::{base::Checkpointer, strategy::CheckpointStrategy};
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, Dispatch, backend_extension};
use burn::tensor::{DType, Shape, Tensor};

/// The operation on every backend. `stride` and `padding` count for both axes.
#[backend_extension(Cube, Flex, Fusion, Autodiff)]
pub trait ConvOps: Backend {
    /// `x`: `[b, cin, h, w]`, `weight`: `[cout, cin, k, k]`, `bias`: `[cout]`. The sum goes through
    /// LeakyReLU with this slope; 1 leaves it as it is. On GPUs maps and their gradients may be
    /// stored in f16; what comes out is stored as `x` is. Weights, their gradients and all sums are
    /// f32.
    #[fusion(dtype = x, shape = convolved(x, weight, stride, padding))]
    fn conv(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        stride: usize,
        padding: usize,
        slope: f32,
    ) -> FloatTensor<Self>;

    /// Gradient before the LeakyReLU that made `out`, from the one behind it.
    #[fusion(dtype = grad, shape = same(grad))]
    fn conv_activation_backward(
        grad: FloatTensor<Self>,
        out: FloatTensor<Self>,
        slope: f32,
    ) -> FloatTensor<Self>;

    /// Gradient at `x`, which had sides `h` and `w`.
    #[fusion(dtype = grad, shape = input_shape(grad, weight, h, w))]
    fn conv_data_backward(
        grad: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        h: usize,
        w: usize,
        stride: usize,
        padding: usize,
    ) -> FloatTensor<Self>;

    /// Gradient at the weight, which had kernel side `kernel`.
    #[fusion(dtype = DType::F32, shape = weight_shape(x, grad, kernel))]
    fn conv_weight_backward(
        x: FloatTensor<Self>,
        grad: FloatTensor<Self>,
        kernel: usize,
        stride: usize,
        padding: usize,
    ) -> FloatTensor<Self>;

    /// Gradient at the bias: `[b, cout, oh, ow]` → `[cout]`.
    #[fusion(dtype = DType::F32, shape = bias_shape(grad))]
    fn conv_bias_backward(grad: FloatTensor<Self>) -> FloatTensor<Self>;
}

fn same(x: &Shape) -> Shape {
    x.clone()
}

fn convolved(x: &Shape, weight: &Shape, stride: &usize, padding: &usize) -> Shape {
    let side = |n: usize| (n + 2 * padding - weight[2]) / stride + 1;
    Shape::new([x[0], weight[0], side(x[2]), side(x[3])])
}

fn input_shape(grad: &Shape, weight: &Shape, h: &usize, w: &usize) -> Shape {
    Shape::new([grad[0], weight[1], *h, *w])
}

fn weight_shape(x: &Shape, grad: &Shape, kernel: &usize) -> Shape {
    Shape::new([grad[1], x[1], *kernel, *kernel])
}

fn bias_shape(grad: &Shape) -> Shape {
    Shape::new([grad[1]])
}

impl<B: Backend + ConvOps, C: CheckpointStrategy> ConvOps for Autodiff<B, C> {
    fn conv(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        stride: usize,
        padding: usize,
        slope: f32,
    ) -> FloatTensor<Self> {
        #[derive(Debug)]
        struct Conv;

        #[derive(Clone, Debug)]
        struct Saved<B: Backend> {
            x: FloatTensor<B>,
            weight: FloatTensor<B>,
            /// What came out, and the slope of the LeakyReLU that it went through.
            activated: Option<(FloatTensor<B>, f32)>,
            stride: usize,
            padding: usize,
        }

        impl<B: Backend + ConvOps> Backward<B, 3> for Conv {
            type State = Saved<B>;

            fn backward(
                self,
                ops: Ops<Self::State, 3>,
                grads: &mut Gradients,
                _: &mut Checkpointer,
            ) {
                use burn::backend::TensorMetadata;
                let mut grad = grads.consume::<B>(&ops.node);
                let Saved {
                    x,
                    weight,
                    activated,
                    stride,
                    padding,
                } = ops.state;
                if let Some((out, slope)) = activated {
                    grad = B::conv_activation_backward(grad, out, slope);
                }
                let [at_x, at_weight, at_bias] = ops.parents;
                let ([_, _, h, w], [_, _, kernel, _]) = (x.shape().dims(), weight.shape().dims());
                if let Some(node) = at_x {
                    let g = B::conv_data_backward(grad.clone(), weight, h, w, stride, padding);
                    grads.register::<B>(node.id, g);
                }
                if let Some(node) = at_weight {
                    let g = B::conv_weight_backward(x, grad.clone(), kernel, stride, padding);
                    grads.register::<B>(node.id, g);
                }
                if let Some(node) = at_bias {
                    grads.register::<B>(node.id, B::conv_bias_backward(grad));
                }
            }
        }

        let (x, x_node) = x.into_parts();
        let (weight, weight_node) = weight.into_parts();
        let (bias, bias_node) = bias.into_parts();
        let out = B::conv(x.clone(), weight.clone(), bias, stride, padding, slope);
        match Conv
            .prepare::<C>([x_node, weight_node, bias_node])
            .compute_bound()
            .stateful()
        {
            OpsKind::Tracked(prep) => prep.finish(
                Saved {
                    x,
                    weight,
                    activated: (slope != 1.0).then(|| (out.clone(), slope)),
                    stride,
                    padding,
                },
                out,
            ),
            OpsKind::UnTracked(prep) => prep.finish(out),
        }
    }

    fn conv_activation_backward(
        _: FloatTensor<Self>,
        _: FloatTensor<Self>,
        _: f32,
    ) -> FloatTensor<Self> {
        unreachable!("training needs no second derivative of a convolution")
    }

    fn conv_data_backward(
        _: FloatTensor<Self>,
        _: FloatTensor<Self>,
        _: usize,
        _: usize,
        _: usize,
        _: usize,
    ) -> FloatTensor<Self> {
        unreachable!("training needs no second derivative of a convolution")
    }

    fn conv_weight_backward(
        _: FloatTensor<Self>,
        _: FloatTensor<Self>,
        _: usize,
        _: usize,
        _: usize,
    ) -> FloatTensor<Self> {
        unreachable!("training needs no second derivative of a convolution")
    }

    fn conv_bias_backward(_: FloatTensor<Self>) -> FloatTensor<Self> {
        unreachable!("training needs no second derivative of a convolution")
    }
}

/// Square convolution with zero padding, bias and LeakyReLU. Its plain twin is
/// [`burn::tensor::module::conv2d`] with [`burn::tensor::activation::leaky_relu`] behind it.
///
/// # Shapes
///
/// - `x`: `[b, cin, h, w]`, f32 or on GPUs f16
/// - `weight`: `[cout, cin, k, k]`
/// - `bias`: `[cout]`
/// - output, stored as `x` is: `[b, cout, (h + 2p − k)/s + 1, (w + 2p − k)/s + 1]`
pub fn conv(
    x: Tensor<4>,
    weight: Tensor<4>,
    bias: Tensor<1>,
    stride: usize,
    padding: usize,
    slope: f32,
) -> Tensor<4> {
    Tensor::from_dispatch(<Dispatch as ConvOps>::conv(
        x.into_dispatch(),
        weight.into_dispatch(),
        bias.into_dispatch(),
        stride,
        padding,
        slope,
    ))
}
