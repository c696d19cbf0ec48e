//! Building blocks of the encoder: convolution, channel attention, residual block, subnet.

use burn::module::{Initializer, Module, Param};
use burn::tensor::activation::{leaky_relu, softmax};
use burn::tensor::{Device, FloatDType, Tensor};

use crate::device::KernelGroup;
use crate::ops::{Projections, attention, conv, ours, residual};

/// Negative slope of every leaky ReLU in the encoder.
pub const SLOPE: f64 = 0.1;

/// LeakyReLU with the encoder's slope.
fn lrelu<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    leaky_relu(x, SLOPE)
}

/// A map as a code: flattened in C, H, W order, and f32 however the map is stored.
pub(super) fn code_of(map: Tensor<4>) -> Tensor<2> {
    map.flatten::<2>(1, 3).cast(FloatDType::F32)
}

/// A square convolution with bias.
#[derive(Module, Debug)]
pub struct Conv {
    /// `[cout, cin, k, k]`.
    pub weight: Param<Tensor<4>>,
    /// `[cout]`.
    pub bias: Param<Tensor<1>>,
    stride: usize,
    padding: usize,
}

impl Conv {
    /// Zero padding `kernel / 2`.
    ///
    /// Weights start at zero: [`super::initialise`] fills every parameter by name, so that a model
    /// is the same on every device.
    pub fn new(cin: usize, cout: usize, kernel: usize, stride: usize, device: &Device) -> Self {
        Self {
            weight: Initializer::Zeros.init([cout, cin, kernel, kernel], device),
            bias: Initializer::Zeros.init([cout], device),
            stride,
            padding: kernel / 2,
        }
    }

    /// # Shapes
    ///
    /// - `x`: `[b, cin, H, W]`
    /// - output: `[b, cout, ⌈H/stride⌉, ⌈W/stride⌉]`
    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        self.through(x, 1.0)
    }

    /// The same with the encoder's LeakyReLU behind it.
    ///
    /// # Shapes
    ///
    /// As [`Conv::forward`].
    pub fn forward_lrelu(&self, x: Tensor<4>) -> Tensor<4> {
        self.through(x, SLOPE as f32)
    }

    fn through(&self, x: Tensor<4>, slope: f32) -> Tensor<4> {
        let (weight, bias) = (self.weight.val(), self.bias.val());
        conv(x, weight, bias, self.stride, self.padding, slope)
    }
}

/// Residual C×C attention over channels (S000 §3.1): y = LReLU(x + (Φ Θ̃ᵀ) G̃).
#[derive(Module, Debug)]
pub struct ChannelAttention {
    /// 1×1 convolution giving G.
    pub g: Conv,
    /// 1×1 convolution giving Θ.
    pub theta: Conv,
    /// 1×1 convolution giving Φ.
    pub phi: Conv,
}

impl ChannelAttention {
    /// Attention over `channels` channels.
    pub fn new(channels: usize, device: &Device) -> Self {
        let one = || Conv::new(channels, channels, 1, 1, device);
        Self {
            g: one(),
            theta: one(),
            phi: one(),
        }
    }

    /// # Shapes
    ///
    /// - `x`: `[b, C, H, W]`
    /// - output: `[b, C, H, W]`
    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        if ours(KernelGroup::Attention, x.device()) {
            self.forward_as_one(x)
        } else {
            // burn's products want numbers stored alike, and its softmaxes are better in f32.
            let stored = x.dtype();
            self.forward_plain(x.cast(FloatDType::F32)).cast(stored)
        }
    }

    /// The same as one operation of ours.
    ///
    /// # Shapes
    ///
    /// As [`ChannelAttention::forward`].
    pub(crate) fn forward_as_one(&self, x: Tensor<4>) -> Tensor<4> {
        let convs = [&self.g, &self.theta];
        let by = Projections {
            weight: Tensor::cat(convs.map(|conv| conv.weight.val()).to_vec(), 0),
            bias: Tensor::cat(convs.map(|conv| conv.bias.val()).to_vec(), 0),
            phi: self.phi.weight.val(),
            phi_bias: self.phi.bias.val(),
        };
        attention(x, by, SLOPE as f32)
    }

    /// The same from ordinary operations.
    ///
    /// # Shapes
    ///
    /// As [`ChannelAttention::forward`].
    pub fn forward_plain(&self, x: Tensor<4>) -> Tensor<4> {
        let [b, c, h, w] = x.dims();
        let flat = |t: Tensor<4>| t.reshape([b, c, h * w]);
        // Each position of G̃ sums to one over channels, each channel of Θ̃ over positions.
        let g = softmax(flat(self.g.forward(x.clone())), 1);
        let theta = softmax(flat(self.theta.forward(x.clone())), 2);
        let phi = flat(self.phi.forward(x.clone()));
        let mix = phi.matmul(theta.swap_dims(1, 2)).matmul(g);
        lrelu(x + mix.reshape([b, c, h, w]))
    }
}

/// Two 3×3 convolutions with an identity shortcut and no normalisation.
#[derive(Module, Debug)]
pub struct ResidualBlock {
    /// First convolution.
    pub conv1: Conv,
    /// Second convolution.
    pub conv2: Conv,
}

impl ResidualBlock {
    /// A block of `channels` channels.
    pub fn new(channels: usize, device: &Device) -> Self {
        let three = || Conv::new(channels, channels, 3, 1, device);
        Self {
            conv1: three(),
            conv2: three(),
        }
    }

    /// # Shapes
    ///
    /// - `x`: `[b, C, H, W]`
    /// - output: `[b, C, H, W]`
    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let convs = [&self.conv1, &self.conv2];
        let weights = convs.map(|conv| conv.weight.val());
        let biases = convs.map(|conv| conv.bias.val());
        residual(x, weights, biases, SLOPE as f32)
    }

    /// The same from ordinary operations.
    ///
    /// # Shapes
    ///
    /// As [`ResidualBlock::forward`].
    pub fn forward_plain(&self, x: Tensor<4>) -> Tensor<4> {
        lrelu(self.conv2.forward(self.conv1.forward_lrelu(x.clone())) + x)
    }
}

/// A subnet g_f or g_p (or the single tail of FaceCycle): two 3×3 convolutions, each with LReLU.
#[derive(Module, Debug)]
pub struct ConvSubnet {
    /// First convolution.
    pub conv1: Conv,
    /// Second convolution.
    pub conv2: Conv,
}

impl ConvSubnet {
    /// Channels `cin` → `mid` → `cout`.
    pub fn new(cin: usize, mid: usize, cout: usize, device: &Device) -> Self {
        Self {
            conv1: Conv::new(cin, mid, 3, 1, device),
            conv2: Conv::new(mid, cout, 3, 1, device),
        }
    }

    /// Output flattened in C, H, W order.
    ///
    /// # Shapes
    ///
    /// - `map`: `[b, cin, H, W]`
    /// - output: `[b, cout·H·W]`, f32
    pub fn forward(&self, map: Tensor<4>) -> Tensor<2> {
        code_of(self.conv2.forward_lrelu(self.conv1.forward_lrelu(map)))
    }
}
