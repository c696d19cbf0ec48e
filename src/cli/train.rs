//! `visage train`: puts data, device, trainer, log files and terminal together.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::mpsc::channel;

use anyhow::{Context, Result};
use clap::Args;
use serde::{Deserialize, Serialize};

use super::{DONE, INPUT, INTERRUPTED, InputError, OURS, plan};
use crate::config::{RunConfig, keys};
use crate::data;
use crate::device::{DeviceRequest, choose};
use crate::record::{Recorder, replace};
use crate::term::Terminal;
use crate::train::event::{Control, Event, StopReason};
use crate::train::{Job, Trainer};

/// Arguments of `visage train`.
#[derive(Args, Debug, Default)]
pub(super) struct TrainArgs {
    /// Folder of faces; without it, generated faces are used.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Preset to start from: paper (the default), released, laptop or demo.
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

impl TrainArgs {
    /// What the program does when it is started without a command.
    pub(super) fn first_run() -> Self {
        Self {
            preset: Some("demo".into()),
            ..Self::default()
        }
    }
}

/// What a run folder remembers about how it was started.
#[derive(Serialize, Deserialize)]
struct RunFile {
    program: String,
    data: Option<PathBuf>,
    device: String,
    last_step: Option<u64>,
}

impl RunFile {
    /// What the arguments say, and for a resumed run what they leave open.
    fn new(args: &TrainArgs, saved: Option<Self>) -> Self {
        let request = args.device.map(|request| request.to_string());
        let data = args.data.as_deref().map(absolute);
        let program = format!("visage {}", env!("CARGO_PKG_VERSION"));
        match saved {
            None => Self {
                program,
                data,
                device: request.unwrap_or_else(|| DeviceRequest::Auto.to_string()),
                last_step: args.steps,
            },
            Some(saved) => Self {
                program,
                data: data.or(saved.data),
                device: request.unwrap_or(saved.device),
                // A new number of epochs replaces an old limit.
                last_step: args
                    .steps
                    .or(saved.last_step.filter(|_| args.epochs.is_none())),
            },
        }
    }
}

const RUN_FILE: &str = "run.json";
const CONFIG_FILE: &str = "config.toml";

pub(super) fn run(args: TrainArgs) -> Result<u8> {
    let mut config = match &args.resume {
        Some(run) => RunConfig::load_saved(&run.join(CONFIG_FILE), &args.sets)?,
        None => RunConfig::resolve(args.preset.as_deref(), args.config.as_deref(), &args.sets)?,
    };
    config.data.strict |= args.strict;
    if let Some(epochs) = args.epochs {
        config.epochs = epochs;
        config.validate()?;
    }
    let saved = args.resume.as_deref().map(read_run_file).transpose()?;
    let file = RunFile::new(&args, saved);
    let device = choose(file.device.parse().map_err(InputError)?)?;
    if args.plan {
        let source = data::open(file.data.as_deref(), &config)?;
        plan::print(&config, &source.describe(), source.len(), &device.words)?;
        return Ok(DONE);
    }

    let dir = match (&args.resume, &args.out) {
        (Some(run), _) => run.clone(),
        (None, Some(out)) => fresh(out)?,
        (None, None) => numbered(&Path::new("runs").join(&config.preset)),
    };
    let (send, controls) = channel();
    let mut asked = false;
    ctrlc::set_handler(move || {
        // The first time the step is finished and saved; the second time is an order.
        if std::mem::replace(&mut asked, true) || send.send(Control::Stop).is_err() {
            std::process::exit(i32::from(INTERRUPTED));
        }
    })
    .context("the handler for Ctrl-C could not be installed")?;

    let mut terminal = Terminal::new();
    let job = Job {
        dir: dir.clone(),
        config: config.clone(),
        data: file.data.clone(),
        device,
        last_step: file.last_step,
        resume: args.resume.is_some(),
    };
    let trainer = Trainer::prepare(job, &mut |event| terminal.on_event(&event))?;
    write_run_files(&dir, &config, &file)
        .with_context(|| format!("the run folder {} cannot be written", dir.display()))?;
    let mut recorder = Recorder::open(&dir, trainer.resumed_at());
    let reason = trainer.run(&controls, &mut |event| {
        for text in recorder.on_event(&event) {
            terminal.on_event(&Event::Warning { text });
        }
        terminal.on_event(&event);
    });
    Ok(match reason {
        StopReason::Finished => DONE,
        StopReason::Interrupted => INTERRUPTED,
        StopReason::Unusable { .. } => INPUT,
        StopReason::Failed { .. } => OURS,
    })
}

/// `visage config`: the keys with their defaults, or a preset in full.
pub(super) fn show_config(preset: Option<&str>) -> Result<u8> {
    let config = RunConfig::resolve(preset, None, &[])?;
    let mut out = std::io::stdout().lock();
    writeln!(
        out,
        "# {} keys; set any with --set key=value or in a file given to --config",
        keys().len()
    )?;
    write!(out, "{}", config.to_toml())?;
    Ok(DONE)
}

/// An `--out` folder that does not hold a run yet.
fn fresh(out: &Path) -> Result<PathBuf> {
    if out.join(CONFIG_FILE).exists() {
        return Err(InputError(format!(
            "this folder already holds a run; choose another --out, or go on with --resume {}",
            out.display()
        ))
        .into());
    }
    Ok(out.to_owned())
}

/// `base`, or `base-2`, `base-3`, … if that exists.
fn numbered(base: &Path) -> PathBuf {
    let name = |n: u32| {
        if n == 1 {
            base.to_owned()
        } else {
            PathBuf::from(format!("{}-{n}", base.display()))
        }
    };
    (1..)
        .map(name)
        .find(|path| !path.exists())
        .unwrap_or_else(|| base.to_owned())
}

fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

fn read_run_file(run: &Path) -> Result<RunFile> {
    let path = run.join(RUN_FILE);
    let bytes = std::fs::read(&path).map_err(|e| {
        InputError(format!(
            "this is no run folder, {RUN_FILE} cannot be read ({e}): {}",
            run.display()
        ))
    })?;
    let file = serde_json::from_slice(&bytes).map_err(|e| {
        InputError(format!(
            "{RUN_FILE} is damaged ({e}), so the run cannot be resumed: {}",
            path.display()
        ))
    })?;
    Ok(file)
}

fn write_run_files(dir: &Path, config: &RunConfig, file: &RunFile) -> std::io::Result<()> {
    std::fs::create_dir_all(dir)?;
    replace(&dir.join(RUN_FILE), &serde_json::to_vec_pretty(file)?)?;
    // The last, because it is what makes the folder a run.
    replace(&dir.join(CONFIG_FILE), config.to_toml().as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn run_folders_do_not_overwrite_each_other() {
        let dir = tempfile::tempdir().unwrap();
        let base = dir.path().join("demo");
        assert_eq!(numbered(&base), base);
        std::fs::create_dir(&base).unwrap();
        assert_eq!(numbered(&base), dir.path().join("demo-2"));
        std::fs::write(base.join(CONFIG_FILE), "").unwrap();
        assert!(fresh(&base).unwrap_err().to_string().contains("--resume"));
    }
}
