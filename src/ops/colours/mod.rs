//! Red, green and blue from brightness at full size and two colours at half of it.
//!
//! Y is the mean of the channels, and the colours are R − Y and B − Y; so G is Y less both.

mod cpu;

use burn::backend::autodiff::checkpoint::{base::Checkpointer, strategy::CheckpointStrategy};
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind, unary};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, Dispatch, backend_extension};
use burn::tensor::Tensor;

use super::{on_cpu, upsample2};

/// The operations; only the CPU has them.
#[backend_extension(Flex, Autodiff)]
pub trait ColourOps: Backend {
    /// `[b, 3/2·side²]` → `[b, 3, side, side]`.
    fn colours(numbers: FloatTensor<Self>) -> FloatTensor<Self>;

    /// The same, added to `base`, `[b, 3, side, side]`.
    fn painted(base: FloatTensor<Self>, numbers: FloatTensor<Self>) -> FloatTensor<Self>;

    /// Gradient at the numbers.
    fn colours_backward(grad: FloatTensor<Self>) -> FloatTensor<Self>;
}

impl<B: Backend + ColourOps, C: CheckpointStrategy> ColourOps for Autodiff<B, C> {
    fn colours(numbers: FloatTensor<Self>) -> FloatTensor<Self> {
        #[derive(Debug)]
        struct Colours;
        impl<B: Backend + ColourOps> Backward<B, 1> for Colours {
            type State = ();
            fn backward(self, ops: Ops<(), 1>, grads: &mut Gradients, _: &mut Checkpointer) {
                unary::<B, _>(ops.parents, ops.node, grads, B::colours_backward);
            }
        }
        let (numbers, node) = numbers.into_parts();
        Colours
            .prepare::<C>([node])
            .compute_bound()
            .stateless(B::colours(numbers))
    }

    fn painted(base: FloatTensor<Self>, numbers: FloatTensor<Self>) -> FloatTensor<Self> {
        #[derive(Debug)]
        struct Painted;
        impl<B: Backend + ColourOps> Backward<B, 2> for Painted {
            type State = ();
            fn backward(self, ops: Ops<(), 2>, grads: &mut Gradients, _: &mut Checkpointer) {
                let grad = grads.consume::<B>(&ops.node);
                let [at_base, at_numbers] = ops.parents;
                if let Some(node) = at_numbers {
                    grads.register::<B>(node.id, B::colours_backward(grad.clone()));
                }
                if let Some(node) = at_base {
                    grads.register::<B>(node.id, grad);
                }
            }
        }
        let (base, base_node) = base.into_parts();
        let (numbers, numbers_node) = numbers.into_parts();
        let out = B::painted(base, numbers);
        match Painted
            .prepare::<C>([base_node, numbers_node])
            .compute_bound()
            .stateful()
        {
            OpsKind::Tracked(prep) => prep.finish((), out),
            OpsKind::UnTracked(prep) => prep.finish(out),
        }
    }

    fn colours_backward(_: FloatTensor<Self>) -> FloatTensor<Self> {
        unreachable!("training needs no second derivative of a linear operation")
    }
}

/// Side of the picture that so many numbers show.
fn side_of(count: usize) -> usize {
    (count * 2 / 3).isqrt()
}

/// Red, green and blue of brightness and colours.
///
/// # Shapes
///
/// - `numbers`: `[b, 3/2·side²]`: Y of every pixel, then R − Y and B − Y of every 2×2 pixels
/// - output: `[b, 3, side, side]`
pub(crate) fn colours(numbers: Tensor<2>) -> Tensor<4> {
    if on_cpu(numbers.device()) {
        let dispatch = <Dispatch as ColourOps>::colours(numbers.into_dispatch());
        return Tensor::from_dispatch(dispatch);
    }
    colours_plain(numbers)
}

/// `base` with [`colours`] added to it.
///
/// # Shapes
///
/// As [`colours`], `base` like the output.
pub(crate) fn painted(base: Tensor<4>, numbers: Tensor<2>) -> Tensor<4> {
    if on_cpu(numbers.device()) {
        return Tensor::from_dispatch(<Dispatch as ColourOps>::painted(
            base.into_dispatch(),
            numbers.into_dispatch(),
        ));
    }
    base + colours_plain(numbers)
}

/// The plain twin of [`colours`].
///
/// # Shapes
///
/// As [`colours`].
pub(crate) fn colours_plain(numbers: Tensor<2>) -> Tensor<4> {
    let [b, count] = numbers.dims();
    let side = side_of(count);
    let y = numbers
        .clone()
        .slice([0..b, 0..side * side])
        .reshape([b, 1, side, side]);
    let colours = numbers
        .slice([0..b, side * side..count])
        .reshape([b, 2, side / 2, side / 2]);
    let colours = upsample2(colours);
    let [red, blue] = [0, 1].map(|at| colours.clone().slice([0..b, at..at + 1]));
    let green = y.clone() - red.clone() - blue.clone();
    Tensor::cat(vec![y.clone() + red, green, y + blue], 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::{Device, Distribution, TensorData};

    #[test]
    fn they_are_what_plain_operations_make_of_them() {
        let device = Device::flex().autodiff();
        let between = Distribution::Uniform(-1.0, 1.0);
        for (b, side) in [(1, 2), (2, 6), (3, 64)] {
            let count = 3 * side * side / 2;
            assert_eq!(side_of(count), side);
            let numbers = Tensor::<2>::random([b, count], between, &device).require_grad();
            let base = Tensor::<4>::random([b, 3, side, side], between, &device).require_grad();
            // In the middle of a graph, with a slope of its own everywhere.
            let run = |ours: bool| {
                let (numbers2, base2) = (numbers.clone() * 1.5, base.clone() * 0.5);
                let out = match ours {
                    true => painted(base2, numbers2.clone()) * colours(numbers2),
                    false => (base2 + colours_plain(numbers2.clone())) * colours_plain(numbers2),
                };
                let grads = (out.clone() + 0.3).square().mean().backward();
                let list = |data: TensorData| data.iter::<f32>().collect::<Vec<_>>();
                [
                    list(out.inner().into_data()),
                    list(numbers.grad(&grads).expect("a gradient").into_data()),
                    list(base.grad(&grads).expect("a gradient").into_data()),
                ]
            };
            for (part, (ours, plain)) in run(true).iter().zip(&run(false)).enumerate() {
                assert_eq!(ours.len(), plain.len());
                for (a, b) in ours.iter().zip(plain) {
                    assert!((a - b).abs() < 1e-5, "side {side}, part {part}: {a} {b}");
                }
            }
        }
    }
}
