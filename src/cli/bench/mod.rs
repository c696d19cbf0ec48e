//! `visage bench`: how long a step takes and where the time goes.

mod lab;

use std::io::Write;
use std::path::PathBuf;
use std::time::Instant;

use anyhow::Result;
use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use serde_json::Value;

use super::output::{Output, complain};
use super::{DONE, OURS};
use crate::bench::baseline::{Baseline, LIMIT};
use crate::bench::{BenchJob, StepReport, alone, kernels, op, step};
use crate::config::RunConfig;
use crate::device::{DeviceRequest, choose};
use crate::train::phase::Phase;

/// Measured steps unless `--steps` says otherwise.
const STEPS: usize = 10;
/// Steps of each run of the comparison with the lab.
const LAB_STEPS: u64 = 120;

/// Arguments of `visage bench`.
#[derive(Args, Debug)]
pub(super) struct BenchArgs {
    /// Preset to start from: paper, released, laptop or demo.
    #[arg(long, value_name = "NAME", default_value = "demo")]
    preset: String,
    /// Configuration file (TOML) on top of the preset.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// One setting on top of both, e.g. --set batch.recon=16; may be repeated. `visage config` lists the keys.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    sets: Vec<String>,
    /// Folder of faces; without it, generated faces are used.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// auto (the default), gpu, cpu, software, or a number from `visage devices`.
    #[arg(long, value_name = "DEVICE")]
    device: Option<DeviceRequest>,
    /// Measured steps [default: 10; with --lab 120].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    steps: Option<u64>,
    /// Steps before the clock starts.
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u64).range(0..=1_000_000))]
    warmup: u64,
    /// Print JSON.
    #[arg(long)]
    json: bool,
    /// Time this phase only.
    #[arg(long, value_name = "PHASE", value_parser = phase_parser(), conflicts_with = "ops")]
    phase: Option<Phase>,
    /// Time operations of the network alone, e.g. conv2,attention1; all of them, or a list of their names.
    #[arg(long = "op", value_name = "NAME[,NAME]|all|list")]
    ops: Option<String>,
    /// Compare our kernels with burn's on this GPU, and use the faster ones from now on.
    #[arg(long, conflicts_with_all = ["phase", "ops", "data", "baseline"])]
    kernels: bool,
    /// Compare with a measurement that --json wrote; a step that takes over 1.5 times as long ends with 1.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["phase", "ops"])]
    baseline: Option<PathBuf>,
    /// Compare training without and with the lab's window open.
    #[arg(long, conflicts_with_all = ["config", "sets", "data", "warmup", "json", "phase", "ops", "kernels", "baseline"])]
    lab: bool,
}

fn phase_parser() -> impl TypedValueParser<Value = Phase> {
    PossibleValuesParser::new(Phase::ALL.map(Phase::name)).map(|name| {
        let named = Phase::ALL.into_iter().find(|phase| phase.name() == name);
        named.expect("only the names of phases pass the parser before")
    })
}

pub(super) fn run(args: &BenchArgs) -> Result<u8> {
    let began = Instant::now();
    if args.lab {
        return lab::run(&args.preset, args.steps.unwrap_or(LAB_STEPS), args.device);
    }
    let ops = match args.ops.as_deref() {
        Some("list") => {
            writeln!(Output, "{}", op::NAMES.join("\n"))?;
            return Ok(DONE);
        }
        list => list.map(op::names).transpose()?,
    };
    // Before anything is measured: it may be the wrong file.
    let then = args.baseline.as_deref().map(Baseline::read).transpose()?;
    let job = BenchJob {
        config: RunConfig::resolve(Some(&args.preset), args.config.as_deref(), &args.sets)?,
        data: args.data.clone(),
        device: choose(args.device.unwrap_or_default())?,
        steps: args.steps.map_or(STEPS, |steps| steps as usize),
        warmup: args.warmup as usize,
        began,
    };
    if args.kernels {
        let report = kernels::measure(&job)?;
        return print(args.json, &report, report.json());
    }
    if let Some(names) = ops {
        let report = op::measure(&job, &names)?;
        return print(args.json, &report, report.json());
    }
    if let Some(phase) = args.phase {
        let report = alone::measure(job, phase)?;
        return print(args.json, &report, report.json());
    }
    let report = step::measure(job)?;
    print(args.json, &report, report.json())?;
    match (&then, &args.baseline) {
        (Some(then), Some(path)) => compare(then, &report, path, args.json),
        _ => Ok(DONE),
    }
}

fn print(json: bool, text: &dyn std::fmt::Display, value: Value) -> Result<u8> {
    let mut out = Output;
    if json {
        writeln!(out, "{}", serde_json::to_string_pretty(&value)?)?;
    } else {
        write!(out, "{text}")?;
    }
    Ok(DONE)
}

/// Says how a step compares with the baseline.
fn compare(then: &Baseline, now: &StepReport, path: &std::path::Path, json: bool) -> Result<u8> {
    let verdict = then.judge(now, path)?;
    if json {
        // Standard output holds one document.
        complain!("Baseline    {verdict}");
    } else {
        writeln!(Output, "Baseline    {verdict}")?;
    }
    if verdict.is_slower() {
        complain!(
            "visage: a step takes {:.2} times as long as in {}, more than {LIMIT}; find out why, or write a new \
             baseline with --json",
            verdict.ratio(),
            path.display()
        );
        return Ok(OURS);
    }
    Ok(DONE)
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        args: BenchArgs,
    }

    fn parse(words: &[&str]) -> Result<BenchArgs, String> {
        let line = std::iter::once(&"bench").chain(words);
        let parsed = Line::try_parse_from(line);
        parsed.map(|line| line.args).map_err(|e| e.to_string())
    }

    #[test]
    fn one_thing_is_measured_at_a_time() {
        assert_eq!(
            parse(&["--phase", "load"]).unwrap().phase,
            Some(Phase::Load)
        );
        let error = parse(&["--phase", "loading"]).unwrap_err();
        assert!(error.contains("optimiser"), "{error}");
        for both in [
            ["--phase", "load", "--op", "adam"],
            ["--baseline", "a.json", "--op", "adam"],
            ["--lab", "--json", "--steps", "30"],
        ] {
            assert!(parse(&both).is_err(), "{both:?}");
        }
        assert!(parse(&["--lab", "--steps", "30", "--preset", "demo"]).is_ok());
        assert!(parse(&["--steps", "0"]).is_err());
    }
}
