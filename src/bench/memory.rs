//! The most memory that was in use.

use burn::tensor::Device;
use serde::{Deserialize, Serialize};

/// Where a figure about memory comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PeakSource {
    /// What the runtime had reserved on the device after a step, its largest value.
    DevicePool,
    /// The operating system's record of the process's largest resident memory.
    ResidentPeak,
    /// The process's resident memory after a step, its largest value.
    ResidentSampled,
}

impl PeakSource {
    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Self::DevicePool => "reserved on the device, looked at after every step",
            Self::ResidentPeak => "largest resident memory of the process",
            Self::ResidentSampled => "resident memory of the process, looked at after every step",
        }
    }
}

/// The most memory so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PeakMemory {
    /// Bytes.
    pub bytes: u64,
    /// Where the figure comes from.
    pub source: PeakSource,
}

impl PeakMemory {
    /// Looks once; the device must have nothing left to do.
    pub fn look(device: &Device) -> Self {
        if let Some(pool) = device.memory_pool_usage() {
            return Self {
                bytes: pool.bytes_reserved,
                source: PeakSource::DevicePool,
            };
        }
        if let Some(bytes) = resident_peak() {
            return Self {
                bytes,
                source: PeakSource::ResidentPeak,
            };
        }
        let now = memory_stats::memory_stats().map_or(0, |m| m.physical_mem as u64);
        Self {
            bytes: now,
            source: PeakSource::ResidentSampled,
        }
    }

    /// The larger one.
    pub fn max(self, other: Self) -> Self {
        if other.bytes > self.bytes {
            other
        } else {
            self
        }
    }
}

/// Linux keeps the largest resident memory of a process.
fn resident_peak() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_uses_memory() {
        let peak = PeakMemory::look(&Device::flex());
        assert!(peak.bytes > 1 << 20, "{peak:?}");
        if cfg!(target_os = "linux") {
            assert_eq!(peak.source, PeakSource::ResidentPeak);
        }
    }
}
