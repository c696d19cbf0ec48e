//! What the device can do at best, measured now: a large matrix product and a large copy.

use std::time::Instant;

use burn::tensor::{Distribution, Tensor};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::{BenchError, sync};
use crate::device::{AdapterKind, ChosenDevice};

/// Repetitions, of which the fastest counts: a ceiling is what is possible.
const TRIES: usize = 5;
/// Side of the square matrices, and numbers that are copied: more than any cache holds.
struct Size {
    side: usize,
    numbers: usize,
}
const CPU: Size = Size {
    side: 1536,
    numbers: 32 << 20,
};
const GPU: Size = Size {
    side: 4096,
    numbers: 64 << 20,
};
/// A software rasteriser needs minutes for what a GPU does in a moment.
const SOFTWARE: Size = Size {
    side: 256,
    numbers: 1 << 20,
};

/// Numbers copied at a time by one core.
const PART: usize = 1 << 20;

/// The best that was seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Ceiling {
    /// Floating-point operations per second of a square f32 matrix product.
    pub flops: f64,
    /// Bytes per second, read and written, of a copy.
    pub bytes_per_s: f64,
}

impl Ceiling {
    /// Measures a device; takes about a second on two cores.
    ///
    /// # Errors
    ///
    /// The device's own words if it fails.
    pub fn measure(device: &ChosenDevice) -> Result<Self, BenchError> {
        let Size { side, numbers } = match &device.adapter {
            None => CPU,
            Some(adapter) if adapter.kind == AdapterKind::Software => SOFTWARE,
            Some(_) => GPU,
        };
        Ok(Self {
            flops: product(device, side)?,
            bytes_per_s: copy(device, numbers)?,
        })
    }

    /// The better of two measurements.
    pub fn or_better(self, other: Self) -> Self {
        Self {
            flops: self.flops.max(other.flops),
            bytes_per_s: self.bytes_per_s.max(other.bytes_per_s),
        }
    }
}

/// Seconds of the fastest of a few tries; the first one may compile and is left out.
fn fastest(mut work: impl FnMut() -> Result<(), BenchError>) -> Result<f64, BenchError> {
    work()?;
    let mut best = f64::INFINITY;
    for _ in 0..TRIES {
        let start = Instant::now();
        work()?;
        best = best.min(start.elapsed().as_secs_f64());
    }
    Ok(best)
}

fn product(device: &ChosenDevice, side: usize) -> Result<f64, BenchError> {
    let random = || {
        Tensor::<2>::random(
            [side, side],
            Distribution::Uniform(-1.0, 1.0),
            &device.device,
        )
    };
    let (a, b) = (random(), random());
    sync(device)?;
    let seconds = fastest(|| {
        let _product = a.clone().matmul(b.clone());
        sync(device)
    })?;
    Ok(2.0 * (side as f64).powi(3) / seconds)
}

fn copy(device: &ChosenDevice, numbers: usize) -> Result<f64, BenchError> {
    let seconds = if device.adapter.is_some() {
        let from = Tensor::<1>::ones([numbers], &device.device);
        sync(device)?;
        fastest(|| {
            // The addition keeps it from being a mere second name for the same memory.
            let _copy = from.clone() + 1.0;
            sync(device)
        })?
    } else {
        // burn's element-wise operations on the CPU use one core and are no ceiling.
        let from = vec![1f32; numbers];
        let mut to = vec![0f32; numbers];
        fastest(|| {
            to.par_chunks_mut(PART)
                .zip(from.par_chunks(PART))
                .for_each(|(to, from)| to.copy_from_slice(from));
            std::hint::black_box(&to);
            Ok(())
        })?
    };
    Ok(2.0 * 4.0 * numbers as f64 / seconds)
}
