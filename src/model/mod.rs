//! The PCL network: encoder (B, g_f, g_p), projection heads (h_f, h_p), reconstruction network D.
//!
//! ```text
//!                  ┌─ g_f ─ F_f ──┬── h_f ── L_face
//! image ── B ── F_s┤              ├── combine ── D ── L_dis
//!                  └─ g_p ─ F_p ──┴── h_p ── L_pose
//! ```
//!
//! Parameter names are the paths of the fields (`encoder.trunk.layer1.weight`, `h_f.bn.gamma`, …);
//! files, optimiser state and tests all use them.

mod decoder;
mod encoder;
mod head;
mod init;
mod layers;
mod norm;
mod params;

use burn::module::Module;
use burn::tensor::{Device, FloatDType};

use crate::config::{Backbone, Combine, Precision, RunConfig};

pub(crate) use decoder::through_doubled_plain;
pub use decoder::{Decoder, OutBlock, UpBlock, combine, l2_normalize, single_code};
pub use encoder::{Encoder, Features, SingleTailEncoder, Trunk, Widths};
pub use head::ProjectionHead;
pub(crate) use head::linear;
pub use init::{initial_values, initialise};
pub use layers::{ChannelAttention, Conv, ResidualBlock, SLOPE, Subnet};
pub use norm::BatchNorm;
pub(crate) use params::Path;
pub use params::{
    Buffers, Filler, NamedValues, is_buffer, load_exactly, load_values, parameter_count, values,
};

/// Everything PCL trains.
#[derive(Module, Debug)]
pub struct Pcl {
    /// B, g_f and g_p: 3,059,712 parameters in the paper's variant.
    pub encoder: Encoder,
    /// Face head; absent with `proj.enabled = false`.
    pub h_f: Option<ProjectionHead>,
    /// Pose head.
    pub h_p: Option<ProjectionHead>,
    /// Reconstruction network D.
    pub decoder: Decoder,
}

/// The architecture-defining part of a configuration.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Architecture {
    /// Encoder variant.
    pub backbone: Backbone,
    /// Factor on every channel count.
    pub width: f64,
    /// Projection heads.
    pub heads: bool,
    /// How the codes enter D.
    pub combine: Combine,
    /// Linear layer before D's first block.
    pub decoder_fc: bool,
}

impl From<&RunConfig> for Architecture {
    fn from(config: &RunConfig) -> Self {
        Self {
            backbone: config.backbone,
            width: config.model.width,
            heads: config.proj.enabled,
            combine: config.recon.combine,
            decoder_fc: config.recon.fc,
        }
    }
}

impl From<Precision> for FloatDType {
    /// How the numbers of a map are stored.
    fn from(precision: Precision) -> Self {
        match precision {
            Precision::F32 => Self::F32,
            Precision::F16 => Self::F16,
        }
    }
}

impl Pcl {
    /// The network with all parameters at zero (batch-norm scales at one), ready for
    /// [`load_values`] or [`initialise`].
    pub fn blank(arch: Architecture, device: &Device) -> Self {
        let w = Widths::new(arch.backbone, arch.width);
        let code = w.code_len();
        let head = || {
            arch.heads
                .then(|| ProjectionHead::new(code, 8 * w.base, device))
        };
        let din = if arch.combine == Combine::Concat {
            2 * code
        } else {
            code
        };
        Self {
            encoder: Encoder::new(w, device),
            h_f: head(),
            h_p: head(),
            decoder: Decoder::new(din, w.base, arch.decoder_fc, device),
        }
    }

    /// The same network with its maps stored like this. Weights, batch-norm statistics, codes and
    /// pictures are f32 in any case; f16 needs a device that
    /// [stores maps so](crate::device::ChosenDevice::store_maps).
    pub fn with_precision(mut self, precision: Precision) -> Self {
        let maps = precision.into();
        self.encoder.trunk.maps = maps;
        self.decoder.maps = maps;
        self
    }

    /// The network with its initial weights: the same numbers for a seed on every device.
    pub fn new(arch: Architecture, seed: u64, device: &Device) -> Self {
        initialise(Self::blank(arch, device), seed)
    }
}
