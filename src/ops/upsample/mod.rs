//! ×2 bilinear upsampling, `align_corners = false`, with a backward on every backend (burn's own
//! interpolation panics in the backward on GPUs).
//!
//! Along each axis even outputs are ¼·before + ¾·here and odd ones ¾·here + ¼·after, the border
//! repeated. The backward is the transpose, written as a gather: input i collects outputs
//! 2i−1 … 2i+2 with ¼, ¾, ¾, ¼. No atomics, so it is the same on every run.

mod cpu;
mod gpu;

use burn::backend::autodiff::checkpoint::{base::Checkpointer, strategy::CheckpointStrategy};
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, unary};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, Dispatch, backend_extension};
use burn::tensor::{Shape, Tensor};

/// The operation on every backend.
#[backend_extension(Cube, Flex, Fusion, Autodiff)]
pub trait UpsampleOps: Backend {
    /// `[b, C, h, w]` → `[b, C, 2h, 2w]`.
    #[fusion(dtype = x, shape = doubled(x))]
    fn upsample2(x: FloatTensor<Self>) -> FloatTensor<Self>;

    /// `[b, C, 2h, 2w]` → `[b, C, h, w]`.
    #[fusion(dtype = grad, shape = halved(grad))]
    fn upsample2_backward(grad: FloatTensor<Self>) -> FloatTensor<Self>;
}

fn doubled(x: &Shape) -> Shape {
    Shape::new([x[0], x[1], 2 * x[2], 2 * x[3]])
}

fn halved(grad: &Shape) -> Shape {
    Shape::new([grad[0], grad[1], grad[2] / 2, grad[3] / 2])
}

impl<B: Backend + UpsampleOps, C: CheckpointStrategy> UpsampleOps for Autodiff<B, C> {
    fn upsample2(x: FloatTensor<Self>) -> FloatTensor<Self> {
        #[derive(Debug)]
        struct Upsample2;
        impl<B: Backend + UpsampleOps> Backward<B, 1> for Upsample2 {
            type State = ();
            fn backward(self, ops: Ops<(), 1>, grads: &mut Gradients, _: &mut Checkpointer) {
                unary::<B, _>(ops.parents, ops.node, grads, B::upsample2_backward);
            }
        }
        let (x, node) = x.into_parts();
        Upsample2
            .prepare::<C>([node])
            .compute_bound()
            .stateless(B::upsample2(x))
    }

    fn upsample2_backward(_: FloatTensor<Self>) -> FloatTensor<Self> {
        unreachable!("training needs no second derivative of the upsampling")
    }
}

/// Doubles the sides of a map.
///
/// # Shapes
///
/// - `x`: `[b, C, H, W]`
/// - output: `[b, C, 2H, 2W]`
pub fn upsample2(x: Tensor<4>) -> Tensor<4> {
    Tensor::from_dispatch(<Dispatch as UpsampleOps>::upsample2(x.into_dispatch()))
}

/// The plain twin of [`upsample2`]: shifted sums of ordinary tensor operations.
///
/// # Shapes
///
/// - `x`: `[b, C, H, W]`
/// - output: `[b, C, 2H, 2W]`
pub fn upsample2_plain(x: Tensor<4>) -> Tensor<4> {
    let double = |x: Tensor<4>, dim: usize| {
        let mut shape = x.dims();
        let n = shape[dim];
        let first = x.clone().narrow(dim, 0, 1);
        let last = x.clone().narrow(dim, n - 1, 1);
        let before = Tensor::cat(vec![first, x.clone()], dim).narrow(dim, 0, n);
        let after = Tensor::cat(vec![x.clone(), last], dim).narrow(dim, 1, n);
        let even = x.clone() * 0.75 + before * 0.25;
        let odd = x * 0.75 + after * 0.25;
        shape[dim] = 2 * n;
        Tensor::stack::<5>(vec![even, odd], dim + 1).reshape(shape)
    };
    double(double(x, 2), 3)
}
