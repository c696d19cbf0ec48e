//! `visage devices`.

use std::io::Write;

use anyhow::Result;

use super::output::Output;
use crate::device::{DeviceRequest, adapters, choose};

/// Lists the adapters and says which one `--device auto` takes.
pub(super) fn run() -> Result<u8> {
    let mut out = Output;
    let found = adapters();
    if found.is_empty() {
        writeln!(
            out,
            "No graphics adapter with a Vulkan, Metal or DirectX 12 driver was found."
        )?;
    }
    for (n, a) in found.iter().enumerate() {
        let yes = |b: bool| if b { "yes" } else { "no" };
        writeln!(out, "{n}  {} ({})", a.name, a.kind)?;
        writeln!(out, "   {}, driver {}", a.api, a.driver)?;
        writeln!(
            out,
            "   largest buffer {:.2} GiB, 16-bit floats {}, subgroups {}",
            a.largest_buffer_bytes as f64 / 2f64.powi(30),
            yes(a.f16),
            yes(a.subgroups)
        )?;
    }
    writeln!(
        out,
        "--device auto takes: {}",
        choose(DeviceRequest::Auto)?.words
    )?;
    Ok(super::DONE)
}
