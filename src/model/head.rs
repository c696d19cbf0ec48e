//! Projection heads h_f and h_p (METHODS 1.3).

use burn::module::{Initializer, Module};
use burn::nn::{Linear, LinearConfig};
use burn::tensor::{Device, Tensor};

use super::norm::BatchNorm;
use crate::ops;

/// A linear layer whose parameters [`super::init`] fills.
pub(crate) fn linear(din: usize, dout: usize, device: &Device) -> Linear {
    LinearConfig::new(din, dout)
        .with_initializer(Initializer::Zeros)
        .init(device)
}

/// x W + b, with ReLU behind it if asked.
///
/// # Shapes
///
/// - `x`: `[b, din]`
/// - output: `[b, dout]`
pub(super) fn through(layer: &Linear, x: Tensor<2>, with_relu: bool) -> Tensor<2> {
    let bias = layer.bias.as_ref().map(|bias| bias.val());
    let bias = bias.expect("`linear` makes layers with a bias");
    ops::linear(x, layer.weight.val(), bias, with_relu)
}

/// Linear, ReLU, Linear, BatchNorm. Used inside the contrastive losses only, dropped afterwards.
#[derive(Module, Debug)]
pub struct ProjectionHead {
    /// din → din.
    pub linear1: Linear,
    /// din → dout.
    pub linear2: Linear,
    /// Normalisation of the output, with affine parameters and running statistics.
    pub bn: BatchNorm,
}

impl ProjectionHead {
    /// A head from codes of length `din` to `dout` numbers.
    pub fn new(din: usize, dout: usize, device: &Device) -> Self {
        Self {
            linear1: linear(din, din, device),
            linear2: linear(din, dout, device),
            bn: BatchNorm::new(dout, device),
        }
    }

    /// In training every call normalises with its own batch statistics.
    ///
    /// # Shapes
    ///
    /// - `x`: `[b, din]`
    /// - output: `[b, dout]`
    pub fn forward(&self, x: Tensor<2>) -> Tensor<2> {
        let hidden = through(&self.linear1, x, true);
        self.bn.forward(through(&self.linear2, hidden, false))
    }
}
