//! `visage train`: from arguments to a run, in the terminal or in the window.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::mpsc::channel;

use anyhow::Result;
use clap::Args;

use super::output::Output;
use super::signal::on_interrupt;
use super::{DONE, INPUT, INTERRUPTED, OURS, UNSAVED, lab, plan};
use crate::config::{RunConfig, keys};
use crate::data;
use crate::device::{DeviceRequest, choose};
use crate::run::{self, CONFIG_FILE, RunFile, RunPlan};
use crate::term::Terminal;
use crate::train::event::{Control, StopReason};
use crate::train::plan::Plan;

/// What to train, in the terminal or in the lab.
#[derive(Args, Debug, Default)]
pub(super) struct TrainArgs {
    /// Folder of faces; without it, generated faces are used.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Preset to start from: paper, released, laptop or demo [default: paper; in the lab, demo].
    #[arg(long, value_name = "NAME")]
    preset: Option<String>,
    /// Configuration file (TOML) on top of the preset.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// One setting on top of both, e.g. --set batch.recon=32; may be repeated. `visage config` lists the keys.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    sets: Vec<String>,
    /// auto (the default), gpu, cpu, software, or a number from `visage devices`.
    #[arg(long, value_name = "DEVICE")]
    device: Option<DeviceRequest>,
    /// Folder of the run [default: runs/<preset>, with a number if it exists].
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// End after this many steps.
    #[arg(long, value_name = "N", conflicts_with = "epochs")]
    steps: Option<u64>,
    /// End after this many epochs; the learning-rate schedule is laid over them.
    #[arg(long, value_name = "N")]
    epochs: Option<u32>,
    /// Go on with a run from its newest checkpoint.
    #[arg(long, value_name = "RUN", conflicts_with_all = ["preset", "config", "out"])]
    resume: Option<PathBuf>,
    /// Stop at the first unusable file instead of skipping it.
    #[arg(long)]
    strict: bool,
    /// Say what the run would need and do, and end.
    #[arg(long)]
    plan: bool,
}

/// Arguments of `visage train`.
#[derive(Args, Debug)]
pub(super) struct TrainCommand {
    #[command(flatten)]
    args: TrainArgs,
    /// Watch and steer it in a window.
    #[arg(long, conflicts_with = "plan")]
    lab: bool,
}

impl TrainArgs {
    /// The same for the lab: where nothing says which network, it is one that learns while one
    /// watches.
    pub(super) fn for_lab(self) -> Self {
        let says_which = self.preset.is_some() || self.config.is_some() || self.resume.is_some();
        Self {
            preset: self.preset.or((!says_which).then(|| "demo".into())),
            ..self
        }
    }

    /// Whether nothing is said about what to train.
    pub(super) fn says_nothing(&self) -> bool {
        let Self {
            data,
            preset,
            config,
            sets,
            device: _,
            out,
            steps,
            epochs,
            resume,
            strict,
            plan,
        } = self;
        let paths = [data, config, out, resume];
        paths.into_iter().all(Option::is_none)
            && preset.is_none()
            && sets.is_empty()
            && steps.is_none()
            && epochs.is_none()
            && !strict
            && !plan
    }

    /// The device that was asked for.
    pub(super) fn device(&self) -> Option<DeviceRequest> {
        self.device
    }

    /// A run of a preset on generated faces.
    pub(super) fn of_preset(preset: &str, device: Option<DeviceRequest>) -> Self {
        Self {
            preset: Some(preset.to_owned()),
            device,
            ..Self::default()
        }
    }

    /// The run these arguments ask for.
    pub(super) fn plan(&self) -> Result<RunPlan> {
        let mut config = match &self.resume {
            Some(run) => RunConfig::load_saved(&run.join(CONFIG_FILE), &self.sets)?,
            None => RunConfig::resolve(self.preset.as_deref(), self.config.as_deref(), &self.sets)?,
        };
        config.data.strict |= self.strict;
        if let Some(epochs) = self.epochs {
            config.epochs = epochs;
            config.validate()?;
        }
        let data = self.data.as_deref();
        let file = match &self.resume {
            Some(run) => {
                RunFile::read(run)?.with(data, self.device, self.steps, self.epochs.is_some())
            }
            None => RunFile::new(data, self.device, self.steps),
        };
        let named = self.resume.as_ref().or(self.out.as_ref());
        Ok(RunPlan {
            dir: named
                .cloned()
                .unwrap_or_else(|| Path::new("runs").join(&config.preset)),
            numbered: named.is_none(),
            config,
            file,
            resume: self.resume.is_some(),
            paused: false,
            stay: false,
            record: true,
            network: None,
            goal: None,
        })
    }
}

/// `visage train`.
pub(super) fn run(command: &TrainCommand) -> Result<u8> {
    start(&command.args, command.lab)
}

/// Trains in the lab or in the terminal, or only says what that would need.
pub(super) fn start(args: &TrainArgs, in_lab: bool) -> Result<u8> {
    let plan = args.plan()?;
    if args.plan {
        let device = choose(plan.file.device()?)?;
        device.store_maps(plan.config.precision)?;
        let source = data::open(plan.file.data.as_deref(), &plan.config)?;
        let (config, notes) = data::settle(&source, &plan.config)?;
        let needs = Plan::new(&config, source.len());
        for note in &notes {
            writeln!(Output, "{note}")?;
        }
        plan::print(&config, &needs, &source.describe(), &device.words)?;
        device.hold(needs.buffer_bytes, needs.buffer_key)?;
        return Ok(DONE);
    }
    if in_lab {
        lab::train(plan)
    } else {
        in_terminal(&plan)
    }
}

/// Trains without a window.
pub(super) fn in_terminal(plan: &RunPlan) -> Result<u8> {
    let (send, controls) = channel();
    on_interrupt(move || send.send(Control::Stop).is_ok())?;
    let mut terminal = Terminal::new();
    let reason = run::go(plan, &controls, &mut |event| terminal.on_event(&event))?;
    Ok(code(&reason))
}

/// The exit code of a run that ended like this.
pub(super) fn code(reason: &StopReason) -> u8 {
    match reason {
        StopReason::Finished => DONE,
        StopReason::Interrupted => INTERRUPTED,
        StopReason::Unusable { .. } => INPUT,
        StopReason::Failed { .. } => OURS,
        StopReason::Unsaved { .. } => UNSAVED,
    }
}

/// `visage config`: the keys with their defaults, or a preset in full.
pub(super) fn show_config(preset: Option<&str>) -> Result<u8> {
    let config = RunConfig::resolve(preset, None, &[])?;
    let mut out = Output;
    writeln!(
        out,
        "# {} keys; set any with --set key=value or in a file given to --config",
        keys().len()
    )?;
    write!(out, "{}", config.to_toml())?;
    Ok(DONE)
}
