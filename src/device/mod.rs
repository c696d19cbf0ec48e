//! Choosing where tensors live: a GPU through wgpu, or the CPU.
//!
//! No picture waits for tuning. With its feature `autotune` burn compiles and times every candidate
//! at the first product, convolution, interpolation, sum, mean or maximum of a kind, on its own or
//! fused with what stands before it (element-wise operations never do). The feature is off; burn
//! then takes one kernel for each. For reductions that is one unit per result, which reads a long
//! row alone: along rows of codes that costs little, and over all numbers of a tensor, as for losses
//! and for the norm of a gradient, [`crate::ops`] has a kernel of its own.

mod adapters;
mod kernels;

use std::fmt;
use std::str::FromStr;

use burn::tensor::{Device, DeviceKind};

pub use adapters::{Adapter, AdapterKind, adapters};
pub use kernels::{
    ConvKernel, ConvPass, ConvShape, ConvTiming, KernelGroup, LayerTiming, Timings, keep,
};
pub(crate) use kernels::{layer_is_ours, measured};

use crate::config::Precision;
use crate::ops::try_kernels;

/// What `--device` asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DeviceRequest {
    /// A discrete GPU, else an integrated one, else the CPU.
    #[default]
    Auto,
    /// The best GPU, or an error.
    Gpu,
    /// The CPU.
    Cpu,
    /// The software rasteriser: the GPU path without a GPU, for checks.
    Software,
    /// An adapter by its number in `visage devices`.
    Nth(usize),
}

impl FromStr for DeviceRequest {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "auto" => Ok(Self::Auto),
            "gpu" => Ok(Self::Gpu),
            "cpu" => Ok(Self::Cpu),
            "software" => Ok(Self::Software),
            number => number.parse().map(Self::Nth).map_err(|_| {
                "give auto, gpu, cpu, software, or the number of an adapter from `visage devices`".to_owned()
            }),
        }
    }
}

impl fmt::Display for DeviceRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.write_str("auto"),
            Self::Gpu => f.write_str("gpu"),
            Self::Cpu => f.write_str("cpu"),
            Self::Software => f.write_str("software"),
            Self::Nth(n) => write!(f, "{n}"),
        }
    }
}

/// Why the requested device cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum DeviceError {
    /// No GPU with a driver.
    #[error(
        "no GPU with a Vulkan, Metal or DirectX 12 driver was found; install its driver, or use --device cpu"
    )]
    NoGpu,
    /// No software rasteriser.
    #[error(
        "no software rasteriser was found; on Linux install Mesa's lavapipe (package mesa-vulkan-drivers), or use --device cpu"
    )]
    NoSoftware,
    /// No adapter of that number.
    #[error("there is no adapter {wanted}; this machine has {count}, see `visage devices`")]
    NoSuchAdapter {
        /// The number asked for.
        wanted: usize,
        /// How many there are.
        count: usize,
    },
    /// Its shaders know no 16-bit floats.
    #[error(
        "precision = \"f16\" needs a GPU with 16-bit floats, and this is none: {device}; choose one with --device \
         (`visage devices` says which have them), or --set precision=f32"
    )]
    NoHalf {
        /// The device in words.
        device: String,
    },
    /// Its buffers are too small.
    #[error(
        "a step would need a buffer of {needed_mib:.0} MiB, and {device} gives at most {given_mib:.0}; lower {key}, \
         or choose another device with --device"
    )]
    SmallBuffers {
        /// The device in words.
        device: String,
        /// The largest buffer of a step.
        needed_mib: f64,
        /// The largest that it gives.
        given_mib: f64,
        /// The key that makes a smaller one do.
        key: &'static str,
    },
}

/// A device ready for use.
#[derive(Clone, Debug)]
pub struct ChosenDevice {
    /// The plain device; `device.clone().autodiff()` records gradients.
    pub device: Device,
    /// One line: what it is and why it was taken.
    pub words: String,
    /// The adapter, unless it is the CPU.
    pub adapter: Option<Adapter>,
}

impl ChosenDevice {
    /// Makes sure that buffers of so many bytes can be had; `key` makes smaller ones do.
    ///
    /// # Errors
    ///
    /// If they cannot.
    pub fn hold(&self, bytes: f64, key: &'static str) -> Result<(), DeviceError> {
        let mib = |bytes: f64| bytes / 2f64.powi(20);
        match &self.adapter {
            Some(adapter) if bytes > adapter.largest_buffer_bytes as f64 => {
                Err(DeviceError::SmallBuffers {
                    device: adapter.name.clone(),
                    needed_mib: mib(bytes),
                    given_mib: mib(adapter.largest_buffer_bytes as f64),
                    key,
                })
            }
            _ => Ok(()),
        }
    }

    /// Makes sure that maps can be stored with this precision here. Kernels of ours for maps
    /// of 16 bits are tried out first, except on a software adapter, where the tests do so.
    ///
    /// # Errors
    ///
    /// If the device has no 16-bit floats.
    pub fn store_maps(&self, precision: Precision) -> Result<(), DeviceError> {
        if precision == Precision::F32 {
            return Ok(());
        }
        match &self.adapter {
            Some(adapter) if adapter.f16 => {
                if adapter.kind != AdapterKind::Software {
                    try_out(&self.device, precision, &adapter.name);
                }
                Ok(())
            }
            _ => Err(DeviceError::NoHalf {
                device: self.words.clone(),
            }),
        }
    }
}

/// Does without kernels of ours that are wrong, and says so.
fn try_out(device: &Device, maps: Precision, name: &str) {
    for group in try_kernels(device, maps) {
        tracing::warn!(
            "our kernels for {group} give wrong results on {name}; burn's slower ones are used"
        );
    }
}

/// The place of the adapter that suits a request best.
fn best(found: &[Adapter], kinds: &[AdapterKind]) -> Option<usize> {
    kinds
        .iter()
        .find_map(|kind| found.iter().position(|a| a.kind == *kind))
}

/// Chooses and opens a device.
///
/// # Errors
///
/// If the request names something this machine does not have.
pub fn choose(request: DeviceRequest) -> Result<ChosenDevice, DeviceError> {
    use AdapterKind::{Discrete, Integrated, Software, Virtual};
    const GPUS: [AdapterKind; 3] = [Discrete, Integrated, Virtual];
    if request == DeviceRequest::Cpu {
        return Ok(cpu("as asked"));
    }
    let mut found = adapters();
    let (at, why) = match request {
        DeviceRequest::Auto => match best(&found, &[Discrete, Integrated]) {
            Some(at) if found[at].kind == Discrete => (at, "the first discrete GPU"),
            Some(at) => (at, "the first integrated GPU, there is no discrete one"),
            None => return Ok(cpu("no GPU was found")),
        },
        DeviceRequest::Gpu => (
            best(&found, &GPUS).ok_or(DeviceError::NoGpu)?,
            "the best GPU, as asked",
        ),
        DeviceRequest::Software => (
            best(&found, &[Software]).ok_or(DeviceError::NoSoftware)?,
            "as asked; correct but very slow",
        ),
        DeviceRequest::Nth(n) if n < found.len() => (n, "as asked"),
        DeviceRequest::Nth(wanted) => {
            return Err(DeviceError::NoSuchAdapter {
                wanted,
                count: found.len(),
            });
        }
        DeviceRequest::Cpu => unreachable!("answered above"),
    };
    let adapter = found.swap_remove(at);
    let nth = adapter.nth_of_kind;
    let kind = match adapter.kind {
        Discrete => DeviceKind::DiscreteGpu(nth),
        Integrated => DeviceKind::IntegratedGpu(nth),
        Virtual => DeviceKind::VirtualGpu(nth),
        Software => DeviceKind::Cpu,
    };
    let device = Device::wgpu(kind);
    // A software rasteriser is slow: what is measured or tried there would only cost time.
    if adapter.kind != Software {
        kernels::read(&adapter);
        try_out(&device, Precision::F32, &adapter.name);
    }
    let words = format!(
        "{} ({}, {}, {}): {why}",
        adapter.name, adapter.kind, adapter.api, adapter.driver
    );
    Ok(ChosenDevice {
        device,
        words,
        adapter: Some(adapter),
    })
}

fn cpu(why: &str) -> ChosenDevice {
    let threads = std::thread::available_parallelism().map_or(1, |n| n.get());
    let words = format!("CPU, {threads} threads: {why}");
    ChosenDevice {
        device: Device::flex(),
        words,
        adapter: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_read() {
        assert_eq!("gpu".parse(), Ok(DeviceRequest::Gpu));
        assert_eq!("3".parse(), Ok(DeviceRequest::Nth(3)));
        for request in [
            DeviceRequest::Auto,
            DeviceRequest::Software,
            DeviceRequest::Nth(2),
        ] {
            assert_eq!(request.to_string().parse(), Ok(request));
        }
        assert!(
            "cuda"
                .parse::<DeviceRequest>()
                .unwrap_err()
                .contains("visage devices")
        );
    }

    #[test]
    fn a_discrete_gpu_comes_first_and_software_never_by_itself() {
        let adapter = |kind| Adapter {
            name: "x".into(),
            kind,
            nth_of_kind: 0,
            api: "vulkan".into(),
            driver: String::new(),
            largest_buffer_bytes: 0,
            f16: false,
            subgroups: false,
        };
        let all = [
            AdapterKind::Software,
            AdapterKind::Integrated,
            AdapterKind::Discrete,
        ]
        .map(adapter);
        let order = [AdapterKind::Discrete, AdapterKind::Integrated];
        assert_eq!(best(&all, &order), Some(2));
        assert_eq!(best(&all[..2], &order), Some(1));
        assert_eq!(best(&all[..1], &order), None);
    }

    #[test]
    fn buffers_that_an_adapter_does_not_give_are_refused_in_words() {
        let mut device = choose(DeviceRequest::Cpu).unwrap();
        device.hold(1e12, "batch.recon").unwrap();
        device.adapter = Some(Adapter {
            name: "a small one".into(),
            kind: AdapterKind::Integrated,
            nth_of_kind: 0,
            api: "vulkan".into(),
            driver: String::new(),
            largest_buffer_bytes: 1 << 27,
            f16: false,
            subgroups: false,
        });
        device.hold(2f64.powi(27), "batch.recon").unwrap();
        let error = device.hold(2f64.powi(28), "batch.recon").unwrap_err();
        let words = error.to_string();
        for part in ["256 MiB", "a small one", "at most 128", "batch.recon"] {
            assert!(words.contains(part), "{words}");
        }
    }

    #[test]
    fn maps_of_16_bits_need_a_device_that_has_them() {
        let cpu = choose(DeviceRequest::Cpu).unwrap();
        cpu.store_maps(Precision::F32).unwrap();
        let error = cpu.store_maps(Precision::F16).unwrap_err().to_string();
        assert!(
            error.contains("CPU") && error.contains("precision=f32"),
            "{error}"
        );
    }
}
