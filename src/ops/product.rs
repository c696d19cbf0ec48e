//! Matrix products of the heads and losses. On GPUs they are our convolution over maps of one
//! pixel, whose tiles suit any product; on the CPU a linear layer has an operation of its own.

use burn::tensor::activation::relu;
use burn::tensor::{Tensor, module};

use super::dense::dense;
use super::{conv, ours};
use crate::device::KernelGroup;

/// x W + b, with ReLU behind it if asked.
///
/// # Shapes
///
/// - `x`: `[n, k]`
/// - `weight`: `[k, m]`, as burn's linear layers keep it
/// - `bias`: `[m]`
/// - output: `[n, m]`
pub(crate) fn linear(
    x: Tensor<2>,
    weight: Tensor<2>,
    bias: Tensor<1>,
    with_relu: bool,
) -> Tensor<2> {
    if as_convolution(&x) {
        let slope = if with_relu { 0.0 } else { 1.0 };
        return convolved(x, weight.transpose(), bias, slope);
    }
    let y = if super::on_cpu(x.device()) {
        dense(x, weight, bias)
    } else {
        module::linear(x, weight, Some(bias))
    };
    if with_relu { relu(y) } else { y }
}

/// a bᵀ.
///
/// # Shapes
///
/// - `a`: `[n, k]`, `b`: `[m, k]`
/// - output: `[n, m]`
pub(crate) fn product_turned(a: Tensor<2>, b: Tensor<2>) -> Tensor<2> {
    if as_convolution(&a) {
        let [rows, _] = b.dims();
        let none = Tensor::zeros([rows], &a.device());
        return convolved(a, b, none, 1.0);
    }
    a.matmul(b.transpose())
}

/// Not on the CPU, whose products need no help; not where our convolution is wrong: burn's product
/// suits better than burn's convolution.
fn as_convolution(x: &Tensor<2>) -> bool {
    !super::on_cpu(x.device()) && ours(KernelGroup::Convolution, x.device())
}

/// x wᵀ + b.
fn convolved(x: Tensor<2>, weight: Tensor<2>, bias: Tensor<1>, slope: f32) -> Tensor<2> {
    let ([n, k], [m, _]) = (x.dims(), weight.dims());
    let (x, weight) = (x.reshape([n, k, 1, 1]), weight.reshape([m, k, 1, 1]));
    conv(x, weight, bias, 1, 0, slope).reshape([n, m])
}
