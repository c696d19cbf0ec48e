//! Which of two kernels was faster on an adapter, kept in a small file of the cache folder.
//!
//! The file is written by a measurement that the user asks for and read once, when the adapter is
//! opened. Nothing is measured during training: without a file there are defaults.

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::RwLock;

use serde::{Deserialize, Serialize};

use super::Adapter;
use crate::data::default_cache_folder;

/// Files of another version are ignored.
const VERSION: u32 = 2;

/// Kernels that are tried out, measured and used or not together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum KernelGroup {
    /// Sums over all numbers of a tensor.
    Sums,
    /// Convolutions, and the products that are convolutions over one pixel. Single shapes of them
    /// are chosen by [`ConvTiming`]s.
    Convolution,
    /// Batch normalisation.
    Normalisation,
    /// Channel attention.
    Attention,
    /// D's upsampling and convolution in one.
    UpConvolution,
    /// L_face.
    FaceLoss,
    /// L_pose.
    PoseLoss,
}

impl KernelGroup {
    /// All of them; what others are built on comes first.
    pub const ALL: [Self; 7] = [
        Self::Sums,
        Self::Convolution,
        Self::Normalisation,
        Self::Attention,
        Self::UpConvolution,
        Self::FaceLoss,
        Self::PoseLoss,
    ];
}

impl fmt::Display for KernelGroup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sums => "sums",
            Self::Convolution => "convolution",
            Self::Normalisation => "batch normalisation",
            Self::Attention => "channel attention",
            Self::UpConvolution => "upsampling and convolution",
            Self::FaceLoss => "L_face",
            Self::PoseLoss => "L_pose",
        })
    }
}

/// What a convolution kernel computes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ConvPass {
    /// The convolution.
    Forward,
    /// The gradient at its input.
    Data,
    /// The gradient at its weight.
    Weight,
}

/// A convolution as far as the choice of its kernel depends on it; batches of all sizes share one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ConvShape {
    /// Channels of the input.
    pub cin: usize,
    /// Channels of the output.
    pub cout: usize,
    /// Height of the input.
    pub height: usize,
    /// Width of the input.
    pub width: usize,
    /// Side of the kernel.
    pub kernel: usize,
    /// Stride along both axes.
    pub stride: usize,
}

/// The kernels there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ConvKernel {
    /// Ours, with tiles by the size of the product.
    Ours,
    /// Ours with small tiles.
    Square,
    /// Ours with large tiles.
    Wide,
    /// burn's.
    Burn,
}

/// The fastest kernel for one convolution.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ConvTiming {
    /// What was computed.
    pub pass: ConvPass,
    /// The convolution.
    #[serde(flatten)]
    pub shape: ConvShape,
    /// The fastest kernel.
    pub fastest: ConvKernel,
    /// Milliseconds per call of the fastest of ours.
    pub ours_ms: f64,
    /// Milliseconds per call of burn's.
    pub burns_ms: f64,
}

/// A layer forward and backward, as one operation of ours and from burn's.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct LayerTiming {
    /// Which layer.
    pub layer: KernelGroup,
    /// Milliseconds of ours.
    pub ours_ms: f64,
    /// Milliseconds of burn's.
    pub burns_ms: f64,
}

impl LayerTiming {
    /// Whether ours is to be used.
    pub fn ours(&self) -> bool {
        self.ours_ms <= self.burns_ms
    }
}

/// What was measured on an adapter.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Timings {
    /// Convolutions, one by one.
    pub convolution: Vec<ConvTiming>,
    /// Other layers.
    pub layer: Vec<LayerTiming>,
}

/// The file of one adapter.
#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    version: u32,
    adapter: String,
    #[serde(flatten)]
    timings: Timings,
}

static CHOICES: RwLock<Timings> = RwLock::new(Timings {
    convolution: Vec::new(),
    layer: Vec::new(),
});

/// What was measured for this convolution on the adapter in use, if anything.
pub(crate) fn measured(pass: ConvPass, shape: ConvShape) -> Option<ConvKernel> {
    let choices = CHOICES.read().ok()?;
    let mut all = choices.convolution.iter();
    let found = all.find(|t| t.pass == pass && t.shape == shape);
    found.map(|timing| timing.fastest)
}

/// Whether our operation is to compute this layer on the adapter in use; it is if nothing was
/// measured.
pub(crate) fn layer_is_ours(layer: KernelGroup) -> bool {
    let Ok(choices) = CHOICES.read() else {
        return true;
    };
    let found = choices.layer.iter().find(|t| t.layer == layer);
    found.is_none_or(LayerTiming::ours)
}

/// Uses what is kept for this adapter. A file that cannot be read counts as none.
pub(super) fn read(adapter: &Adapter) {
    let path = path(&default_cache_folder(), &adapter.name);
    let timings = match fs::read_to_string(&path) {
        Ok(text) => parse(&text, &adapter.name).unwrap_or_else(|| {
            tracing::warn!(
                "{} is not a file of kernel timings of this version; the default kernels are used",
                path.display()
            );
            Timings::default()
        }),
        Err(_) => Timings::default(),
    };
    if let Ok(mut choices) = CHOICES.write() {
        *choices = timings;
    }
}

/// Keeps a measurement for the next start and returns the file's path.
///
/// # Errors
///
/// If the cache folder cannot be written.
pub fn keep(adapter: &Adapter, timings: &Timings) -> io::Result<PathBuf> {
    let path = path(&default_cache_folder(), &adapter.name);
    write(&path, &adapter.name, timings)?;
    Ok(path)
}

fn write(path: &Path, adapter: &str, timings: &Timings) -> io::Result<()> {
    let kept = Kept {
        version: VERSION,
        adapter: adapter.to_owned(),
        timings: timings.clone(),
    };
    let text = toml::to_string(&kept).map_err(io::Error::other)?;
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    // A reader sees the old file or the new one, never half of it.
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    io::Write::write_all(&mut file, text.as_bytes())?;
    file.persist(path)?;
    Ok(())
}

fn parse(text: &str, adapter: &str) -> Option<Timings> {
    let kept: Kept = toml::from_str(text).ok()?;
    (kept.version == VERSION && kept.adapter == adapter).then_some(kept.timings)
}

/// `kernels/<adapter>.toml`, with what file systems dislike replaced.
fn path(cache: &Path, adapter: &str) -> PathBuf {
    let name: String = adapter
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() {
                c.to_ascii_lowercase()
            } else {
                '-'
            }
        })
        .collect();
    cache.join("kernels").join(format!("{name}.toml"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let adapter = "NVIDIA GeForce / 4090 (Laptop)";
        let path = path(folder.path(), adapter);
        let timing = ConvTiming {
            pass: ConvPass::Weight,
            shape: ConvShape {
                cin: 3,
                cout: 64,
                height: 64,
                width: 65,
                kernel: 7,
                stride: 2,
            },
            fastest: ConvKernel::Burn,
            ours_ms: 0.25,
            burns_ms: 0.125,
        };
        let layer = LayerTiming {
            layer: KernelGroup::Attention,
            ours_ms: 2.5,
            burns_ms: 2.25,
        };
        assert!(!layer.ours());
        let timings = Timings {
            convolution: vec![timing],
            layer: vec![layer],
        };
        write(&path, adapter, &timings).unwrap();
        let text = fs::read_to_string(&path).unwrap();
        assert_eq!(parse(&text, adapter), Some(timings));
        assert_eq!(parse(&text, "another"), None);
        let newer = text.replace("version = 2", "version = 3");
        assert_eq!(parse(&newer, adapter), None);
        assert_eq!(parse("not a table", adapter), None);
    }
}
