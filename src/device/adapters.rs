//! Which graphics adapters this machine has, in the order burn counts them.

use std::fmt;

/// What kind of hardware stands behind an adapter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AdapterKind {
    /// A graphics card with memory of its own.
    Discrete,
    /// A GPU that shares the main memory.
    Integrated,
    /// A GPU handed through by a virtual machine.
    Virtual,
    /// A software rasteriser: correct, and slow.
    Software,
}

impl fmt::Display for AdapterKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Discrete => "discrete GPU",
            Self::Integrated => "integrated GPU",
            Self::Virtual => "virtual GPU",
            Self::Software => "software",
        })
    }
}

/// One adapter.
#[derive(Clone, Debug)]
pub struct Adapter {
    /// Name as the driver reports it.
    pub name: String,
    /// Kind of hardware.
    pub kind: AdapterKind,
    /// Place among the adapters of its kind; burn counts per kind.
    pub nth_of_kind: usize,
    /// Graphics API: Vulkan, Metal, Dx12 or Gl.
    pub api: String,
    /// Driver name and version.
    pub driver: String,
    /// Largest single buffer that a kernel can work on, in bytes; wgpu does not tell the total memory.
    pub largest_buffer_bytes: u64,
    /// Whether shaders may use 16-bit floats.
    pub f16: bool,
    /// Whether shaders have subgroup operations.
    pub subgroups: bool,
}

/// All adapters of the graphics API that training would use: Metal on macOS, elsewhere the first
/// of Vulkan, DirectX 12 and OpenGL that has a GPU, or else the first that has anything.
pub fn adapters() -> Vec<Adapter> {
    let chain: &[wgpu::Backends] = if cfg!(target_os = "macos") {
        &[wgpu::Backends::METAL]
    } else {
        &[
            wgpu::Backends::VULKAN,
            wgpu::Backends::DX12,
            wgpu::Backends::GL,
        ]
    };
    let mut fallback = Vec::new();
    for &api in chain {
        let found = of_api(api);
        if found.iter().any(|a| a.kind != AdapterKind::Software) {
            return found;
        }
        if fallback.is_empty() {
            fallback = found;
        }
    }
    fallback
}

/// What a kernel can work on may be less than what can be allocated.
fn largest_buffer(limits: &wgpu::Limits) -> u64 {
    limits
        .max_buffer_size
        .min(limits.max_storage_buffer_binding_size)
}

fn of_api(api: wgpu::Backends) -> Vec<Adapter> {
    let instance = wgpu::Instance::new(wgpu::InstanceDescriptor {
        backends: api,
        ..wgpu::InstanceDescriptor::new_without_display_handle()
    });
    let mut out: Vec<Adapter> = Vec::new();
    for adapter in pollster::block_on(instance.enumerate_adapters(api)) {
        let info = adapter.get_info();
        let features = adapter.features();
        let kind = match info.device_type {
            wgpu::DeviceType::DiscreteGpu => AdapterKind::Discrete,
            wgpu::DeviceType::IntegratedGpu => AdapterKind::Integrated,
            wgpu::DeviceType::VirtualGpu => AdapterKind::Virtual,
            wgpu::DeviceType::Cpu => AdapterKind::Software,
            // OpenGL does not say what its adapters are, and burn cannot open them by kind.
            wgpu::DeviceType::Other => continue,
        };
        out.push(Adapter {
            name: info.name,
            kind,
            nth_of_kind: out.iter().filter(|a| a.kind == kind).count(),
            api: info.backend.to_string(),
            driver: format!("{} {}", info.driver, info.driver_info)
                .trim()
                .to_owned(),
            largest_buffer_bytes: largest_buffer(&adapter.limits()),
            f16: features.contains(wgpu::Features::SHADER_F16),
            subgroups: features.contains(wgpu::Features::SUBGROUP),
        });
    }
    out
}
