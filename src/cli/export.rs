//! `visage export`: a trained network as a pair of files to be handed on.

use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::Args;

use super::output::say;
use super::{DONE, InputError, bar};
use crate::device::{DeviceRequest, choose};
use crate::eval::EvalError;
use crate::eval::faces::ProbeFaces;
use crate::eval::knowledge::{Baselines, what_codes_know};
use crate::eval::probe::KnowledgeTable;
use crate::networks::{Facts, Network, PROVENANCE_FILE, WEIGHTS_FILE, command, export};
use crate::record::metrics_csv;
use crate::run::RunFile;

/// Generated pictures for the table, the default of `visage eval`.
const PICTURES: usize = 2400;

/// Arguments of `visage export`.
#[derive(Args, Debug)]
pub(super) struct ExportArgs {
    #[arg(value_name = "RUN|WEIGHTS|NAME", help = super::NETWORK_HELP)]
    weights: PathBuf,
    /// Folder for network.safetensors and network.toml; assets/networks/NAME becomes part of the
    /// next build.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Licence of the faces it was trained on, and whom to cite [default: of generated faces, this
    /// program's].
    #[arg(long, value_name = "TEXT")]
    licence: Option<String>,
    /// Table of `visage eval` (codes-….json) to put beside the weights [default: measured now, on
    /// generated faces nobody trained on].
    #[arg(long, value_name = "FILE")]
    measured: Option<PathBuf>,
    /// auto (the default), gpu, cpu, software, or a number from `visage devices`.
    #[arg(long, value_name = "DEVICE", default_value_t)]
    device: DeviceRequest,
}

pub(super) fn run(args: ExportArgs) -> Result<u8> {
    let network = Network::read(&args.weights)?;
    let facts = facts(&args, &network);
    let bytes = export(&network, facts, &args.out, |rounded| {
        match &args.measured {
            Some(file) => read_table(file),
            None => measure(rounded, args.device),
        }
        .map(|table| table.text())
    })?;
    say!(
        "{}: {:.1} MB",
        args.out.join(WEIGHTS_FILE).display(),
        bytes as f64 / 1e6
    );
    say!("{}", args.out.join(PROVENANCE_FILE).display());
    Ok(DONE)
}

/// What the folder of the run says, or the words of an export before, and what the user says.
fn facts(args: &ExportArgs, network: &Network) -> Facts {
    let known = match &network.provenance {
        Some(old) => Facts {
            command: old.command.clone(),
            hours: old.hours,
            licence: old.licence.clone(),
        },
        None => facts_of_run(&args.weights, network),
    };
    Facts {
        licence: args.licence.clone().or(known.licence),
        ..known
    }
}

/// A weights file alone says nothing about data and time.
fn facts_of_run(folder: &Path, network: &Network) -> Facts {
    let run = RunFile::read(folder).ok();
    let data = run.as_ref().and_then(|run| run.data.as_deref());
    let reports = metrics_csv::read_metrics(&folder.join(metrics_csv::FILE)).unwrap_or_default();
    let step_ms = reports
        .iter()
        .filter(|report| network.steps().is_none_or(|steps| report.step <= steps))
        .map(|report| report.step_ms);
    let generated = run.as_ref().is_some_and(|run| run.data.is_none());
    let own = || format!("drawn by this program: {}", env!("CARGO_PKG_LICENSE"));
    Facts {
        command: command(&network.config, data, network.steps()),
        // To a few seconds.
        hours: run
            .is_some()
            .then(|| (step_ms.sum::<f64>() / 3.6e3).round() / 1e3),
        licence: generated.then(own),
    }
}

/// What the codes know, on generated faces.
fn measure(network: &Network, device: DeviceRequest) -> Result<KnowledgeTable> {
    let device = choose(device)?.device;
    let bar = bar("Measuring what the codes know", 0);
    let faces = ProbeFaces::generated(PICTURES);
    let base = Baselines::of(&network.config, &faces, &device)?;
    let model = network.build(&device).map_err(EvalError::from)?;
    let table = what_codes_know(&model, network.config.recon.combine, &faces, Some(&base))?;
    bar.finish_and_clear();
    Ok(table)
}

fn read_table(file: &Path) -> Result<KnowledgeTable> {
    let table = std::fs::read(file)
        .map_err(|error| error.to_string())
        .and_then(|bytes| serde_json::from_slice(&bytes).map_err(|error| error.to_string()));
    table.map_err(|reason| {
        let text = format!(
            "this is no table that `visage eval` wrote, such as codes-generated.json ({reason}): {}",
            file.display()
        );
        InputError(text).into()
    })
}
