//! Measurements as text and as JSON.

use std::collections::BTreeMap;
use std::fmt::{self, Display, Formatter};

use serde::Serialize;
use serde_json::{Value, json};

use super::{Ceiling, PeakMemory, Spread};
use crate::config::RunConfig;
use crate::device::ChosenDevice;
use crate::train::phase::Phase;

/// What was measured on what.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Setting {
    /// Name and version of the program.
    pub program: String,
    /// Preset the configuration started from.
    pub preset: String,
    /// What of the configuration decides how much a step computes.
    pub config: String,
    /// The device in words.
    pub device: String,
    /// The adapter's name; "CPU" without one.
    pub adapter: String,
    /// Its driver; the tensor library without one.
    pub driver: String,
    /// Cores that this process may use.
    pub cores: usize,
    /// The faces in words.
    pub data: String,
}

impl Setting {
    pub(super) fn new(config: &RunConfig, device: &ChosenDevice, data: &str) -> Self {
        let RunConfig {
            backbone,
            batch,
            pose,
            ..
        } = config;
        let backbone = serde_json::to_string(backbone).unwrap_or_default();
        let (adapter, driver) = match &device.adapter {
            Some(adapter) => (adapter.name.clone(), adapter.driver.clone()),
            None => ("CPU".to_owned(), "burn-flex".to_owned()),
        };
        Self {
            program: format!("visage {}", env!("CARGO_PKG_VERSION")),
            preset: config.preset.clone(),
            config: format!(
                "{}, width {}, batch {}/{}/{}x{}, {:?} updates, {:?}, chunk {}",
                backbone.replace('"', ""),
                config.model.width,
                batch.recon,
                batch.face,
                pose.batch_size,
                pose.num_negatives,
                config.step_mode,
                config.precision,
                config.memory.chunk,
            )
            .to_lowercase(),
            device: device.words.clone(),
            adapter,
            driver,
            cores: std::thread::available_parallelism().map_or(1, |n| n.get()),
            data: data.to_owned(),
        }
    }

    fn write(&self, f: &mut Formatter<'_>) -> fmt::Result {
        line(f, "Device", &self.device)?;
        line(f, "Setting", format!("{}: {}", self.preset, self.config))?;
        line(f, "Data", &self.data)
    }

    /// Its fields with those of a measurement.
    fn json(&self, measured: Value) -> Value {
        let mut all = serde_json::to_value(self).unwrap_or_default();
        if let (Value::Object(all), Value::Object(measured)) = (&mut all, measured) {
            all.extend(measured);
        }
        all
    }
}

/// The joint step, taken apart.
#[derive(Clone, Debug, PartialEq)]
pub struct StepReport {
    /// On what.
    pub setting: Setting,
    /// Encoder images per step.
    pub images: u64,
    /// Measured steps.
    pub steps: usize,
    /// Steps before them.
    pub warmup: usize,
    /// Floating-point operations of a step.
    pub flops_per_step: f64,
    /// A whole step in milliseconds: all phases but the snapshot.
    pub step: Spread,
    /// Forward, backward and update alone.
    pub train: Spread,
    /// Every phase.
    pub phases: BTreeMap<Phase, Spread>,
    /// Milliseconds of a step where nothing waits for the device in between.
    pub end_to_end_ms: f64,
    /// Milliseconds from the beginning of the command to the end of the first step.
    pub first_step_ms: f64,
    /// What the device can do.
    pub ceiling: Ceiling,
    /// The most memory in use.
    pub peak: PeakMemory,
}

impl StepReport {
    /// Encoder images per second.
    pub fn images_per_s(&self) -> f64 {
        per_s(self.images as f64, self.step.median)
    }

    /// Floating-point operations per second.
    pub fn flops(&self) -> f64 {
        per_s(self.flops_per_step, self.step.median)
    }

    /// Everything, medians under the plain names.
    pub fn json(&self) -> Value {
        let medians: BTreeMap<_, _> = self.named(|spread| spread.median);
        let spreads: BTreeMap<_, _> = self.named(|spread| spread);
        self.setting.json(json!({
            "steps": self.steps,
            "warmup": self.warmup,
            "images_per_step": self.images,
            "images_per_s": self.images_per_s(),
            "step_ms": self.step.median,
            "step_spread_ms": self.step,
            "train_ms": self.train.median,
            "train_spread_ms": self.train,
            "phases_ms": medians,
            "phases_spread_ms": spreads,
            "end_to_end_ms": self.end_to_end_ms,
            "first_step_ms": self.first_step_ms,
            "flops_per_step": self.flops_per_step,
            "flops": self.flops(),
            "ceiling_flops": self.ceiling.flops,
            "ceiling_bytes_per_s": self.ceiling.bytes_per_s,
            "peak_bytes": self.peak.bytes,
            "peak_source": self.peak.source,
        }))
    }

    fn named<T>(&self, value: impl Fn(Spread) -> T) -> BTreeMap<&'static str, T> {
        let named = self.phases.iter();
        named
            .map(|(phase, spread)| (phase.name(), value(*spread)))
            .collect()
    }
}

impl Display for StepReport {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.setting.write(f)?;
        line(
            f,
            "Step",
            format!(
                "{}, {:.0} images/s ({} encoded), {} steps after {}",
                ms(self.step),
                self.images_per_s(),
                self.images,
                self.steps,
                self.warmup
            ),
        )?;
        let inside = self.phases.iter().filter(|(p, _)| **p != Phase::Snapshot);
        for (phase, spread) in inside {
            let share = 100.0 * spread.median / self.step.median.max(1e-9);
            line(
                f,
                &format!("  {}", phase.name()),
                format!("{}, {share:.0} %", ms(*spread)),
            )?;
        }
        line(
            f,
            "Trained",
            format!("{} without load and augment", ms(self.train)),
        )?;
        line(
            f,
            "End to end",
            format!(
                "{:.1} ms a step, nothing waited for in between",
                self.end_to_end_ms
            ),
        )?;
        if let Some(snapshot) = self.phases.get(&Phase::Snapshot) {
            line(f, "Snapshot", format!("{} each", ms(*snapshot)))?;
        }
        line(
            f,
            "First step",
            format!("{:.2} s after the command began", self.first_step_ms / 1e3),
        )?;
        line(
            f,
            "Arithmetic",
            format!(
                "{:.2} GFLOP a step, {:.2} GFLOP/s: {:.0} % of a large matrix product ({:.2} GFLOP/s)",
                self.flops_per_step / 1e9,
                self.flops() / 1e9,
                100.0 * self.flops() / self.ceiling.flops,
                self.ceiling.flops / 1e9
            ),
        )?;
        line(
            f,
            "Copy",
            format!(
                "{:.1} GB/s read and written",
                self.ceiling.bytes_per_s / 1e9
            ),
        )?;
        line(
            f,
            "Memory",
            format!(
                "{:.2} GiB, {}",
                self.peak.bytes as f64 / 2f64.powi(30),
                self.peak.source.words()
            ),
        )
    }
}

/// One phase by itself.
#[derive(Clone, Debug, PartialEq)]
pub struct PhaseReport {
    /// On what.
    pub setting: Setting,
    /// Which.
    pub phase: Phase,
    /// Milliseconds per step.
    pub ms: Spread,
    /// Faces per second, where faces are what it works on.
    pub images_per_s: Option<f64>,
    /// Views of them per second.
    pub views_per_s: Option<f64>,
}

impl PhaseReport {
    /// Everything.
    pub fn json(&self) -> Value {
        self.setting.json(json!({
            "phase": self.phase.name(),
            "ms": self.ms.median,
            "spread_ms": self.ms,
            "images_per_s": self.images_per_s,
            "views_per_s": self.views_per_s,
        }))
    }
}

impl Display for PhaseReport {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.setting.write(f)?;
        let name = self.phase.name();
        let title = name[..1].to_uppercase() + &name[1..];
        line(f, &title, format!("{} a step", ms(self.ms)))?;
        if let (Some(images), Some(views)) = (self.images_per_s, self.views_per_s) {
            line(
                f,
                "Rate",
                format!("{images:.0} images/s, {views:.0} views/s"),
            )?;
        }
        Ok(())
    }
}

/// One operation.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OpTime {
    /// Its name.
    pub name: String,
    /// What goes in and comes out.
    pub shape: String,
    /// Milliseconds forward.
    pub forward: Spread,
    /// Milliseconds backward, if there is a backward.
    pub backward: Option<Spread>,
    /// Floating-point operations forward; 0 where moving bytes is what counts.
    pub forward_flop: f64,
    /// The same backward.
    pub backward_flop: f64,
    /// Bytes that have to be moved forward.
    pub forward_bytes: f64,
    /// The same backward.
    pub backward_bytes: f64,
}

/// Operations of the network alone.
#[derive(Clone, Debug, PartialEq)]
pub struct OpReport {
    /// On what.
    pub setting: Setting,
    /// What the device can do.
    pub ceiling: Ceiling,
    /// One after the other.
    pub ops: Vec<OpTime>,
}

impl OpReport {
    /// Everything.
    pub fn json(&self) -> Value {
        self.setting.json(json!({
            "ceiling_flops": self.ceiling.flops,
            "ceiling_bytes_per_s": self.ceiling.bytes_per_s,
            "ops": self.ops,
        }))
    }

    /// Speed and share of the ceiling, in words.
    fn rate(&self, flop: f64, bytes: f64, ms: f64) -> String {
        let (what, unit, ceiling) = if flop > 0.0 {
            (flop, "GFLOP/s", self.ceiling.flops)
        } else {
            (bytes, "GB/s", self.ceiling.bytes_per_s)
        };
        let rate = per_s(what, ms);
        let share = 100.0 * rate / ceiling;
        format!("{:>8.1} {unit:<7} {share:>3.0} %", rate / 1e9)
    }
}

impl Display for OpReport {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.setting.write(f)?;
        line(
            f,
            "Ceiling",
            format!(
                "{:.1} GFLOP/s (matrix product), {:.1} GB/s (copy)",
                self.ceiling.flops / 1e9,
                self.ceiling.bytes_per_s / 1e9
            ),
        )?;
        for op in &self.ops {
            writeln!(f, "{:<11} {}", op.name, op.shape)?;
            let rate = self.rate(op.forward_flop, op.forward_bytes, op.forward.median);
            writeln!(f, "  forward   {rate}   {}", ms(op.forward))?;
            if let Some(backward) = op.backward {
                let rate = self.rate(op.backward_flop, op.backward_bytes, backward.median);
                writeln!(f, "  backward  {rate}   {}", ms(backward))?;
            }
        }
        Ok(())
    }
}

fn per_s(count: f64, ms: f64) -> f64 {
    count / (ms / 1e3).max(1e-12)
}

fn ms(spread: Spread) -> String {
    let Spread {
        median,
        min,
        max,
        mad,
    } = spread;
    // Small operations need more places than whole steps.
    let places = if median < 10.0 { 3 } else { 1 };
    format!("{median:.places$} ms ({min:.places$} to {max:.places$}, MAD {mad:.places$})")
}

fn line(f: &mut Formatter<'_>, name: &str, text: impl Display) -> fmt::Result {
    writeln!(f, "{name:<11} {text}")
}
