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
mod dense;
mod encoder;
mod head;
mod init;
mod layers;
mod norm;
mod params;
mod picture;

use burn::module::Module;
use burn::tensor::{Device, FloatDType};

use crate::config::{Backbone, Combine, Precision, RunConfig};

pub(crate) use decoder::through_doubled_plain;
pub use decoder::{
    Decoder, DecoderShape, OutBlock, UpBlock, combine, combine_noisy, l2_normalize, single_code,
    unit_rms,
};
pub use dense::{DenseTrunk, REDUCED_NUMBERS, REDUCED_PX, stem_of_components};
pub use encoder::{
    DenseWidths, Encoder, FaceCycle, Features, SingleTailEncoder, Subnet, Trunk, Widths,
};
pub use head::ProjectionHead;
pub(crate) use head::linear;
pub use init::{initial_values, initialise};
pub use layers::{ChannelAttention, Conv, ConvSubnet, ResidualBlock, SLOPE};
pub use norm::BatchNorm;
pub(crate) use params::Path;
pub use params::{
    Buffers, Filler, NamedValues, is_buffer, load_exactly, load_values, parameter_count, values,
};
pub use picture::{
    COMPONENT_NUMBERS, Deformation, LinearPicture, component_numbers, draw_components,
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
    /// Factor on every channel count of encoder and heads.
    pub width: f64,
    /// Channels of F_p; 0: as many as F_f.
    pub pose_channels: usize,
    /// Widths of a dense backbone; of no effect with others.
    pub dense: DenseWidths,
    /// Projection heads.
    pub heads: bool,
    /// How the codes enter D.
    pub combine: Combine,
    /// Linear layer before D's first block.
    pub decoder_fc: bool,
    /// Factor on D's channel counts.
    pub decoder_width: f64,
    /// Side of D's first map, 1 or 4; 0: D has no convolutions.
    pub decoder_start_px: usize,
    /// Width of D's dense layers; 0: none.
    pub decoder_hidden: usize,
    /// Components of the picture that D draws without convolutions; 0: none.
    pub decoder_components: usize,
    /// Whether D moves the pixels of a face.
    pub decoder_deform: bool,
}

impl Architecture {
    /// Channel counts of the encoder.
    pub fn widths(&self) -> Widths {
        Widths {
            dense: (self.backbone == Backbone::Dense).then_some(self.dense),
            ..Widths::new(self.backbone, self.width).with_pose_channels(self.pose_channels)
        }
    }

    /// The size of D.
    pub fn decoder_shape(&self) -> DecoderShape {
        let w = self.widths();
        let din = match self.combine {
            Combine::SumL2 | Combine::Sum => w.code_len(),
            Combine::Concat | Combine::UnitConcat => w.code_len() + w.pose_code_len(),
        };
        DecoderShape {
            din,
            base: Widths::new(self.backbone, self.decoder_width).base,
            fc: self.decoder_fc,
            start_px: self.decoder_start_px,
            hidden: self.decoder_hidden,
            moved_face: if self.decoder_deform { w.code_len() } else { 0 },
            components: self.decoder_components,
        }
    }
}

impl From<&RunConfig> for Architecture {
    fn from(config: &RunConfig) -> Self {
        Self {
            backbone: config.backbone,
            width: config.model.width,
            pose_channels: config.model.pose_channels,
            dense: DenseWidths {
                components: config.model.components,
                hidden: config.model.hidden,
            },
            heads: config.proj.enabled,
            combine: config.recon.combine,
            decoder_fc: config.recon.fc,
            decoder_width: match config.recon.width {
                0.0 => config.model.width,
                own => own,
            },
            decoder_start_px: config.recon.start_px,
            decoder_hidden: config.recon.hidden,
            decoder_components: config.recon.components,
            decoder_deform: config.recon.deform,
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
        let w = arch.widths();
        let head = |code| {
            arch.heads
                .then(|| ProjectionHead::new(code, 8 * w.base, device))
        };
        Self {
            encoder: Encoder::new(w, device),
            h_f: head(w.code_len()),
            h_p: head(w.pose_code_len()),
            decoder: Decoder::new(arch.decoder_shape(), device),
        }
    }

    /// The same network with its maps stored like this. Weights, batch-norm statistics, codes and
    /// pictures are f32 in any case; f16 needs a device that
    /// [stores maps so](crate::device::ChosenDevice::store_maps).
    pub fn with_precision(mut self, precision: Precision) -> Self {
        let maps = precision.into();
        self.encoder.trunk.store_maps(maps);
        self.decoder.maps = maps;
        self
    }

    /// The network with its initial weights: the same numbers for a seed on every device.
    pub fn new(arch: Architecture, seed: u64, device: &Device) -> Self {
        initialise(Self::blank(arch, device), seed)
    }
}
