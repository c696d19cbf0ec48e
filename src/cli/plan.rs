//! `visage train --plan`.

use std::io::Write;

use anyhow::Result;

use super::output::Output;
use crate::config::RunConfig;
use crate::train::plan::Plan;

/// Prints what the configuration would do, without training.
pub(super) fn print(config: &RunConfig, plan: &Plan, data: &str, device: &str) -> Result<()> {
    let gib = |bytes: f64| bytes / 2f64.powi(30);
    let chunk = match config.memory.chunk {
        0 => "each stream whole".to_owned(),
        n => format!("{n} images at a time"),
    };
    let mut out = Output;
    writeln!(out, "Preset        {} (nothing is trained)", config.preset)?;
    writeln!(out, "Device        {device}")?;
    writeln!(out, "Data          {data}")?;
    writeln!(
        out,
        "Network       {:.2} M parameters",
        plan.parameters / 1e6
    )?;
    writeln!(
        out,
        "Step          {:.0} images encoded, {:.0} decoded, {:.3} TFLOP",
        plan.encoder_images,
        plan.decoder_images,
        plan.flops_per_step / 1e12
    )?;
    writeln!(
        out,
        "Memory        about {:.2} GiB on the device: {:.2} for the state, {:.2} for the largest tape ({chunk}, maps in {}); \
         the largest buffer {:.0} MiB",
        gib(plan.peak_bytes),
        gib(plan.state_bytes),
        gib(plan.tape_bytes),
        config.precision,
        plan.buffer_bytes / 2f64.powi(20)
    )?;
    writeln!(
        out,
        "Schedule      {} steps per epoch, {} epochs, {} steps",
        plan.steps_per_epoch, config.epochs, plan.steps
    )?;
    Ok(())
}
