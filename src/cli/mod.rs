//! The command line: reads arguments, hands over, turns the result into an exit code.

mod bench;
mod devices;
mod embed;
mod eval;
mod export;
mod faces;
mod frames;
mod lab;
mod output;
mod plan;
mod signal;
mod swap;
mod train;

use clap::{Parser, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};

use self::output::complain;
use crate::bench::BenchError;
use crate::config::ConfigError;
use crate::data::DataError;
use crate::data::labelled::LabelledError;
use crate::device::DeviceError;
use crate::eval::EvalError;
use crate::lab::replay::ReplayError;
use crate::networks::NetworkError;
use crate::run::RunFolderError;
use crate::train::TrainError;

/// A portable GPU trainer for faces: pose-disentangled contrastive learning without CUDA.
///
/// Without a command it opens the lab: on the trained network that comes with the program, or with
/// the demo preset, which trains on generated faces.
#[derive(Parser, Debug)]
#[command(name = "visage", version)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand, Debug)]
enum Command {
    /// Train on a folder of faces, or on generated ones.
    Train(Box<train::TrainCommand>),
    /// Open the lab: a window in which training can be seen, touched and understood.
    Lab(lab::LabArgs),
    /// Measure what a trained network knows, or run one of the paper's protocols.
    Eval(Box<eval::EvalArgs>),
    /// Write the codes of a folder of faces as npy files.
    Embed(embed::EmbedArgs),
    /// Put the look of one photo into the pose of another.
    Swap(swap::SwapArgs),
    /// Write a trained network as two small files to be handed on: 16-bit weights, and where they
    /// come from.
    Export(export::ExportArgs),
    /// Draw generated faces with labels, in the layout of a known data set.
    Faces(faces::FacesArgs),
    /// Turn videos into folders of frames, one clip each, with an installed ffmpeg.
    Frames(frames::FramesArgs),
    /// Time a training step and its parts, or what the lab's window costs.
    Bench(Box<bench::BenchArgs>),
    /// List the graphics adapters that could train.
    Devices,
    /// List every configuration key with its default, or show a preset.
    Config {
        /// A preset: paper, released, laptop or demo.
        preset: Option<String>,
    },
}

/// What may stand where a trained network is wanted.
const NETWORK_HELP: &str = "Run folder (its newest checkpoint), checkpoint folder, weights file, or the name of a \
                            network that comes with the program, such as demo; a folder of that name comes first";

/// Done.
const DONE: u8 = 0;
/// Our fault.
const OURS: u8 = 1;
/// Something the user gave cannot be used.
const INPUT: u8 = 2;
/// The last steps could not be saved.
const UNSAVED: u8 = 3;
/// Interrupted; a checkpoint is written.
const INTERRUPTED: u8 = 130;

/// Runs the program with the process's arguments and returns its exit code: 0 done, 1 ours, 2 the
/// user's input, 3 the last steps of a run could not be saved, 130 interrupted.
pub fn main() -> u8 {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are no errors; a closed pipe is nobody's fault.
            let _ = error.print();
            return if error.use_stderr() { INPUT } else { DONE };
        }
    };
    let filter = tracing_subscriber::EnvFilter::try_from_env("VISAGE_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("error"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .init();
    let result = match cli.command {
        None => lab::run(lab::LabArgs::default()),
        Some(Command::Train(args)) => train::run(&args),
        Some(Command::Lab(args)) => lab::run(args),
        Some(Command::Eval(args)) => eval::run(*args),
        Some(Command::Embed(args)) => embed::run(args),
        Some(Command::Swap(args)) => swap::run(args),
        Some(Command::Export(args)) => export::run(args),
        Some(Command::Faces(args)) => faces::run(args),
        Some(Command::Frames(args)) => frames::run(args),
        Some(Command::Bench(args)) => bench::run(&args),
        Some(Command::Devices) => devices::run(),
        Some(Command::Config { preset }) => train::show_config(preset.as_deref()),
    };
    result.unwrap_or_else(|error| {
        complain!("visage: {error:#}");
        exit_code(&error)
    })
}

/// Whose fault an error is.
fn exit_code(error: &anyhow::Error) -> u8 {
    let users = error.chain().any(|cause| {
        cause.is::<ConfigError>()
            || cause.is::<DataError>()
            || cause.is::<DeviceError>()
            || cause.is::<TrainError>()
            || cause.is::<LabelledError>()
            || cause.is::<InputError>()
            || cause.is::<RunFolderError>()
            || cause.is::<ReplayError>()
            || cause
                .downcast_ref::<EvalError>()
                .is_some_and(EvalError::is_users)
            || cause
                .downcast_ref::<NetworkError>()
                .is_some_and(NetworkError::is_users)
            || cause
                .downcast_ref::<BenchError>()
                .is_some_and(BenchError::is_users)
    });
    if users { INPUT } else { OURS }
}

/// Something about the arguments that no other error type covers.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct InputError(String);

/// A progress bar on standard error; nothing where that is no terminal.
fn bar(what: &str, total: usize) -> ProgressBar {
    let bar = ProgressBar::new(total as u64).with_message(what.to_owned());
    if let Ok(style) = ProgressStyle::with_template("{msg} {bar:24} {pos}/{len} {eta}") {
        bar.set_style(style);
    }
    bar
}
