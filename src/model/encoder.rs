//! Backbone B with its subnets (METHODS 1.1, 1.2).

use burn::module::Module;
use burn::nn::Linear;
use burn::tensor::{Device, FloatDType, Tensor};

use super::dense::DenseTrunk;
use super::head::{linear, through};
use super::layers::{ChannelAttention, Conv, ConvSubnet, ResidualBlock, code_of};
use crate::config::Backbone;

/// Widths of a backbone of dense layers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DenseWidths {
    /// Numbers that the first layer reads from a picture.
    pub components: usize,
    /// Numbers between them and F_s.
    pub hidden: usize,
}

/// Channel counts of an encoder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Widths {
    /// Base width (64 at full size); the trunk uses 1×, 2× and 4× of it.
    pub base: usize,
    /// Output channels C of layer 10.
    pub trunk_out: usize,
    /// Middle channels of a subnet.
    pub subnet_mid: usize,
    /// Output channels of g_f.
    pub code: usize,
    /// Output channels of g_p.
    pub pose_code: usize,
    /// Widths of a backbone of dense layers; absent with convolutions.
    pub dense: Option<DenseWidths>,
}

impl Widths {
    /// Channel counts of a backbone, all scaled by `width` (1, ½, ¼ or ⅛).
    pub fn new(backbone: Backbone, width: f64) -> Self {
        let scaled = |channels: usize| ((channels as f64 * width).round() as usize).max(1);
        let (trunk_out, subnet_mid) = match backbone {
            Backbone::FacecyclePaper | Backbone::Dense => (256, 128),
            Backbone::FacecycleReleased => (128, 128),
            Backbone::FacecycleOriginal => (256, 256),
        };
        Self {
            base: scaled(64),
            trunk_out: scaled(trunk_out),
            subnet_mid: scaled(subnet_mid),
            code: scaled(128),
            pose_code: scaled(128),
            dense: None,
        }
    }

    /// The same with so many channels of F_p, or with as many as F_f has for 0.
    pub fn with_pose_channels(self, channels: usize) -> Self {
        let pose_code = if channels == 0 { self.code } else { channels };
        Self { pose_code, ..self }
    }

    /// Length of F_f at 64 px: code channels × 4 × 4.
    pub fn code_len(&self) -> usize {
        self.code * 16
    }

    /// Length of F_p at 64 px.
    pub fn pose_code_len(&self) -> usize {
        self.pose_code * 16
    }
}

/// Layers 1–10 with A1, A2, R1, R2: sixteen layers, four strides of two, no batch-norm.
#[derive(Module, Debug)]
pub struct FaceCycle {
    /// 7×7, stride 2.
    pub layer1: Conv,
    /// 3×3.
    pub layer2: Conv,
    /// 3×3.
    pub layer3: Conv,
    /// Channel attention A1.
    pub a1: ChannelAttention,
    /// 3×3.
    pub layer4: Conv,
    /// 3×3, stride 2.
    pub layer5: Conv,
    /// Channel attention A2.
    pub a2: ChannelAttention,
    /// 3×3.
    pub layer6: Conv,
    /// Residual block R1.
    pub r1: ResidualBlock,
    /// Residual block R2.
    pub r2: ResidualBlock,
    /// 3×3, stride 2.
    pub layer7: Conv,
    /// 3×3.
    pub layer8: Conv,
    /// 3×3, stride 2.
    pub layer9: Conv,
    /// 3×3 to C channels.
    pub layer10: Conv,
    /// How maps are stored, from the picture on.
    #[module(skip)]
    pub(super) maps: FloatDType,
}

impl FaceCycle {
    /// A trunk with the given channel counts.
    pub fn new(w: Widths, device: &Device) -> Self {
        let (c1, c2, c4) = (w.base, 2 * w.base, 4 * w.base);
        let three = |cin, cout, stride| Conv::new(cin, cout, 3, stride, device);
        Self {
            layer1: Conv::new(3, c1, 7, 2, device),
            layer2: three(c1, c1, 1),
            layer3: three(c1, c1, 1),
            a1: ChannelAttention::new(c1, device),
            layer4: three(c1, c1, 1),
            layer5: three(c1, c2, 2),
            a2: ChannelAttention::new(c2, device),
            layer6: three(c2, c2, 1),
            r1: ResidualBlock::new(c2, device),
            r2: ResidualBlock::new(c2, device),
            layer7: three(c2, c2, 2),
            layer8: three(c2, c2, 1),
            layer9: three(c2, c4, 2),
            layer10: three(c4, w.trunk_out, 1),
            maps: FloatDType::F32,
        }
    }

    /// # Shapes
    ///
    /// - `x`: `[b, 3, H, W]`, any size
    /// - output: `[b, C, ⌈H/16⌉, ⌈W/16⌉]`, stored as the network's maps are
    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let x = self.layer1.forward_lrelu(x.cast(self.maps));
        let x = self.layer2.forward_lrelu(x);
        let x = self.a1.forward(self.layer3.forward_lrelu(x));
        let x = self.layer4.forward_lrelu(x);
        let x = self.a2.forward(self.layer5.forward_lrelu(x));
        let x = self.layer6.forward_lrelu(x);
        let x = self.r2.forward(self.r1.forward(x));
        let x = self.layer7.forward_lrelu(x);
        let x = self.layer8.forward_lrelu(x);
        let x = self.layer9.forward_lrelu(x);
        self.layer10.forward_lrelu(x)
    }
}

/// B: a picture becomes the map that F_s is.
// A network has one of them, so that the room of the larger one is no matter.
#[allow(clippy::large_enum_variant)]
#[derive(Module, Debug)]
pub enum Trunk {
    /// Convolutions and attention (METHODS 1.1).
    FaceCycle(FaceCycle),
    /// Dense layers.
    Dense(DenseTrunk),
}

impl Trunk {
    /// A trunk with the given channel counts.
    pub fn new(w: Widths, device: &Device) -> Self {
        match w.dense {
            None => Self::FaceCycle(FaceCycle::new(w, device)),
            Some(widths) => Self::Dense(DenseTrunk::new(widths, w.trunk_out, device)),
        }
    }

    /// # Shapes
    ///
    /// - `x`: `[b, 3, H, W]`, any size
    /// - output: `[b, C, h, w]`: a sixteenth of the picture's sides for convolutions, 4×4 for dense
    ///   layers
    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        match self {
            Self::FaceCycle(trunk) => trunk.forward(x),
            Self::Dense(trunk) => trunk.forward(x),
        }
    }

    /// How maps between convolutions are stored from now on.
    pub(super) fn store_maps(&mut self, maps: FloatDType) {
        if let Self::FaceCycle(trunk) = self {
            trunk.maps = maps;
        }
    }

    fn device(&self) -> Device {
        let weight = match self {
            Self::FaceCycle(trunk) => return trunk.layer1.weight.val().device(),
            Self::Dense(trunk) => &trunk.stem.weight,
        };
        weight.val().device()
    }
}

/// g_f or g_p: the map of B becomes a code.
#[derive(Module, Debug)]
pub enum Subnet {
    /// Two convolutions (METHODS 1.2).
    Convolutions(ConvSubnet),
    /// One linear layer behind a trunk of dense layers, which is not narrowed to a few channels.
    Dense(Linear),
}

impl Subnet {
    /// A subnet behind such a trunk whose code has so many channels.
    pub fn new(w: Widths, code: usize, device: &Device) -> Self {
        match w.dense {
            None => Self::Convolutions(ConvSubnet::new(w.trunk_out, w.subnet_mid, code, device)),
            Some(_) => Self::Dense(linear(16 * w.trunk_out, 16 * code, device)),
        }
    }

    /// Output flattened in C, H, W order.
    ///
    /// # Shapes
    ///
    /// - `map`: `[b, C, h, w]`
    /// - output: `[b, code·h·w]`, f32
    pub fn forward(&self, map: Tensor<4>) -> Tensor<2> {
        match self {
            Self::Convolutions(subnet) => subnet.forward(map),
            Self::Dense(layer) => through(layer, code_of(map), false),
        }
    }

    /// Channels of the code.
    pub fn channels(&self) -> usize {
        match self {
            Self::Convolutions(subnet) => subnet.conv2.bias.lazy_shape()[0],
            Self::Dense(layer) => layer.weight.lazy_shape()[1] / 16,
        }
    }
}

/// B with the two subnets g_f and g_p: what remains of PCL after training.
#[derive(Module, Debug)]
pub struct Encoder {
    /// Backbone B.
    pub trunk: Trunk,
    /// Face subnet.
    pub g_f: Subnet,
    /// Pose subnet.
    pub g_p: Subnet,
}

/// The three features of a batch, flattened in C, H, W order.
#[derive(Clone, Debug)]
pub struct Features {
    /// F_s, the representation used downstream: `[b, C·h·w]`.
    pub f_s: Tensor<2>,
    /// F_f, the face code.
    pub f_f: Tensor<2>,
    /// F_p, the pose code.
    pub f_p: Tensor<2>,
}

impl Encoder {
    /// An encoder with the given channel counts.
    pub fn new(w: Widths, device: &Device) -> Self {
        let subnet = |code| Subnet::new(w, code, device);
        Self {
            trunk: Trunk::new(w, device),
            g_f: subnet(w.code),
            g_p: subnet(w.pose_code),
        }
    }

    /// Where its weights are.
    pub fn device(&self) -> Device {
        self.trunk.device()
    }

    /// F_s, F_f and F_p.
    ///
    /// # Shapes
    ///
    /// - `x`: `[b, 3, H, W]`
    pub fn features(&self, x: Tensor<4>) -> Features {
        let map = self.trunk.forward(x);
        Features {
            f_f: self.g_f.forward(map.clone()),
            f_p: self.g_p.forward(map.clone()),
            f_s: code_of(map),
        }
    }

    /// F_f alone; g_p is not touched.
    pub fn face(&self, x: Tensor<4>) -> Tensor<2> {
        self.g_f.forward(self.trunk.forward(x))
    }

    /// F_p alone; g_f is not touched.
    pub fn pose(&self, x: Tensor<4>) -> Tensor<2> {
        self.g_p.forward(self.trunk.forward(x))
    }
}

/// FaceCycle's encoder: B with a single tail whose output is F_s. It has no F_f and F_p, so PCL
/// cannot train it; it serves single-branch baselines.
#[derive(Module, Debug)]
pub struct SingleTailEncoder {
    /// Backbone B.
    pub trunk: FaceCycle,
    /// The tail.
    pub g: ConvSubnet,
}

impl SingleTailEncoder {
    /// An encoder with the given channel counts.
    pub fn new(w: Widths, device: &Device) -> Self {
        Self {
            trunk: FaceCycle::new(w, device),
            g: ConvSubnet::new(w.trunk_out, w.subnet_mid, w.code, device),
        }
    }

    /// F_s.
    ///
    /// # Shapes
    ///
    /// - `x`: `[b, 3, H, W]`
    /// - output: `[b, code·h·w]`
    pub fn forward(&self, x: Tensor<4>) -> Tensor<2> {
        self.g.forward(self.trunk.forward(x))
    }
}
