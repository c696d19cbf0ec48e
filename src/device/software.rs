//! Keeping kernel tuning short on software rasterisers.
//!
//! burn measures several candidates per kernel shape before it settles on one. On a software
//! rasteriser that takes minutes and tells nothing worth knowing. There is no switch for it, so
//! two measures make it take the first candidate that works: one sample per measurement, and a
//! device that is known to be so slow that nothing can disappoint.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use burn::backend::DispatchDevice;
use burn::tensor::Device;
use cubecl::config::autotune::BenchConfig;
use cubecl::config::{CubeClRuntimeConfig, RuntimeConfig};
use cubecl::ir::{ElemType, FloatKind, IntKind, UIntKind};
use cubecl::throughput::{
    MemoryAccess, MemorySpec, ThroughputCache, ThroughputKey, ThroughputMode, ThroughputValue,
};

static OPENED: AtomicBool = AtomicBool::new(false);

/// Whether this process uses the software rasteriser. Kernels then name a fixed strategy where
/// burn would measure several.
pub(crate) fn is_software() -> bool {
    OPENED.load(Ordering::Relaxed)
}

/// One sample per candidate. Has no effect once a device was opened in this process.
pub(super) fn before_first_use() {
    OPENED.store(true, Ordering::Relaxed);
    let mut config = CubeClRuntimeConfig::from_current_dir().override_from_env();
    config.autotune.bench = BenchConfig {
        min_samples: 1,
        max_samples: 1,
        short_circuit_samples: 1,
        ..Default::default()
    };
    config.autotune.disable_cache = true;
    if !CubeClRuntimeConfig::try_set(config) {
        tracing::debug!("the runtime was configured before; kernel tuning may take long");
    }
}

/// Fills in the measurements of the device's peak speed, so that none is taken and every first
/// candidate counts as fast enough.
pub(super) fn after_opening(device: &Device) {
    let DispatchDevice::Cube(cube) = device.as_dispatch() else {
        return;
    };
    let client = cube.client();
    let cache = ThroughputCache::get_for_device(client.name(), client.properties());
    let mut cache = cache.lock();
    let slow = ThroughputValue {
        ops_count: 1,
        duration: Duration::from_secs(1),
    };
    let mut put = |mode, value| {
        cache.insert(ThroughputKey { mode }, value);
    };
    for dtype in [
        ElemType::Float(FloatKind::F32),
        ElemType::Int(IntKind::I32),
        ElemType::UInt(UIntKind::U32),
    ] {
        put(ThroughputMode::ComputeDirect { dtype }, slow);
    }
    for access in [MemoryAccess::Copy, MemoryAccess::Read, MemoryAccess::Write] {
        for shift in 13..40 {
            put(
                ThroughputMode::Memory(MemorySpec::new(access, 1u64 << shift)),
                slow,
            );
        }
    }
    put(
        ThroughputMode::Launch,
        ThroughputValue {
            ops_count: 1,
            duration: Duration::from_secs(3600),
        },
    );
}
