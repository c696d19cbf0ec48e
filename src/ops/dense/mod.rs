//! A linear layer on the CPU. With few rows it is the weights' way through memory that costs: they
//! are read where they lie, once per product, by all cores.

mod cpu;

use burn::backend::autodiff::checkpoint::{base::Checkpointer, strategy::CheckpointStrategy};
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, Dispatch, backend_extension};
use burn::tensor::Tensor;

/// The operation; only the CPU has it.
#[backend_extension(Flex, Autodiff)]
pub trait DenseOps: Backend {
    /// `x`: `[n, k]`, `weight`: `[k, m]`, `bias`: `[m]` → x W + b, `[n, m]`.
    fn dense(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
    ) -> FloatTensor<Self>;

    /// Gradient at `x`.
    fn dense_data_backward(grad: FloatTensor<Self>, weight: FloatTensor<Self>)
    -> FloatTensor<Self>;

    /// Gradient at the weight.
    fn dense_weight_backward(x: FloatTensor<Self>, grad: FloatTensor<Self>) -> FloatTensor<Self>;

    /// Gradient at the bias: the sum over rows.
    fn dense_bias_backward(grad: FloatTensor<Self>) -> FloatTensor<Self>;
}

impl<B: Backend + DenseOps, C: CheckpointStrategy> DenseOps for Autodiff<B, C> {
    fn dense(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
    ) -> FloatTensor<Self> {
        #[derive(Debug)]
        struct Dense;

        impl<B: Backend + DenseOps> Backward<B, 3> for Dense {
            type State = (FloatTensor<B>, FloatTensor<B>);

            fn backward(
                self,
                ops: Ops<Self::State, 3>,
                grads: &mut Gradients,
                _: &mut Checkpointer,
            ) {
                let grad = grads.consume::<B>(&ops.node);
                let (x, weight) = ops.state;
                let [at_x, at_weight, at_bias] = ops.parents;
                if let Some(node) = at_x {
                    let g = B::dense_data_backward(grad.clone(), weight);
                    grads.register::<B>(node.id, g);
                }
                if let Some(node) = at_weight {
                    let g = B::dense_weight_backward(x, grad.clone());
                    grads.register::<B>(node.id, g);
                }
                if let Some(node) = at_bias {
                    grads.register::<B>(node.id, B::dense_bias_backward(grad));
                }
            }
        }

        let (x, x_node) = x.into_parts();
        let (weight, weight_node) = weight.into_parts();
        let (bias, bias_node) = bias.into_parts();
        let out = B::dense(x.clone(), weight.clone(), bias);
        match Dense
            .prepare::<C>([x_node, weight_node, bias_node])
            .compute_bound()
            .stateful()
        {
            OpsKind::Tracked(prep) => prep.finish((x, weight), out),
            OpsKind::UnTracked(prep) => prep.finish(out),
        }
    }

    fn dense_data_backward(_: FloatTensor<Self>, _: FloatTensor<Self>) -> FloatTensor<Self> {
        unreachable!("training needs no second derivative of a linear layer")
    }

    fn dense_weight_backward(_: FloatTensor<Self>, _: FloatTensor<Self>) -> FloatTensor<Self> {
        unreachable!("training needs no second derivative of a linear layer")
    }

    fn dense_bias_backward(_: FloatTensor<Self>) -> FloatTensor<Self> {
        unreachable!("training needs no second derivative of a linear layer")
    }
}

/// x W + b on the CPU. Its plain twin is [`burn::tensor::module::linear`].
///
/// # Shapes
///
/// - `x`: `[n, k]`, `weight`: `[k, m]`, `bias`: `[m]`
/// - output: `[n, m]`
pub(super) fn dense(x: Tensor<2>, weight: Tensor<2>, bias: Tensor<1>) -> Tensor<2> {
    Tensor::from_dispatch(<Dispatch as DenseOps>::dense(
        x.into_dispatch(),
        weight.into_dispatch(),
        bias.into_dispatch(),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::{Device, Distribution, TensorData, module};

    #[test]
    fn it_is_the_linear_layer_of_plain_operations() {
        let device = Device::flex().autodiff();
        for [n, k, m] in [[1, 1, 1], [5, 300, 70], [33, 64, 513], [20, 257, 8]] {
            let draw = |rows, columns| {
                let between = Distribution::Uniform(-1.0, 1.0);
                Tensor::<2>::random([rows, columns], between, &device)
            };
            let (x, weight) = (draw(n, k).require_grad(), draw(k, m).require_grad());
            let bias = draw(1, m).reshape([m]).detach().require_grad();
            let run = |ours: bool| {
                let (x2, w2) = (x.clone() * 1.5, weight.clone());
                let y = if ours {
                    dense(x2, w2, bias.clone())
                } else {
                    module::linear(x2, w2, Some(bias.clone()))
                };
                let grads = (y.clone() * 0.2).tanh().square().sum().backward();
                let numbers = |data: TensorData| data.iter::<f32>().collect::<Vec<_>>();
                let of = |grad: Option<Tensor<2>>| {
                    numbers(grad.expect("the loss depends on it").into_data())
                };
                [
                    numbers(y.inner().into_data()),
                    of(x.grad(&grads)),
                    of(weight.grad(&grads)),
                    of(bias.grad(&grads).map(|g| g.reshape([1, m]))),
                ]
            };
            for (part, (ours, plain)) in run(true).iter().zip(&run(false)).enumerate() {
                let scale = plain.iter().fold(1e-6f32, |s, v| s.max(v.abs()));
                for (a, b) in ours.iter().zip(plain) {
                    assert!(
                        (a - b).abs() < 2e-5 * scale,
                        "{n}×{k}×{m}, part {part}: {a} {b}"
                    );
                }
            }
        }
    }
}
