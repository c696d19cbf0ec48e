//! `visage eval`: what each code knows, or one of the paper's protocols.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::{Args, ValueEnum};
use serde::Serialize;

use super::output::{complain, name_left_out, say};
use super::{DONE, InputError, bar};
use crate::config::{Feature, RunConfig};
use crate::data::labelled::{FerLayout, LabelledError, LeftOut};
use crate::data::{self, labelled};
use crate::device::{ChosenDevice, DeviceRequest, choose};
use crate::eval::bench::{Bench, Contender, Progress};
use crate::eval::encode::{Codes, encode};
use crate::eval::faces::{ProbeFaces, SIDE_PX};
use crate::eval::knowledge::{Baselines, what_codes_know};
use crate::eval::probe::KnowledgeTable;
use crate::eval::protocol::{self, Outcome};
use crate::eval::report::ModelInfo;
use crate::eval::trained::Trained;
use crate::eval::{EvalError, without_unusable};
use crate::figure::{self, examples};
use crate::record::replace;

/// Pictures of `codes`, fit and test part together.
const PICTURES: usize = 2400;
/// What `--set` may change: how something is measured, not the network that it is measured on.
const SETTINGS: [&str; 6] = [
    "eval.",
    "probe.",
    "verify.",
    "pose_probe.",
    "seed",
    "data.exclude",
];
/// Columns of a sheet of examples.
const EXAMPLE_COLUMNS: usize = 6;

/// Arguments of `visage eval`.
#[derive(Args, Debug)]
pub(super) struct EvalArgs {
    #[arg(value_name = "RUN|WEIGHTS|NAME", help = super::NETWORK_HELP)]
    weights: PathBuf,
    /// What to measure.
    #[arg(long, value_enum, default_value_t = Task::Codes)]
    task: Task,
    /// Folder of the data set; without it, `codes` uses generated faces nobody has trained on.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Feature under test: fs, ff, fp or ff+fp [default: what the run says, fs].
    #[arg(long, value_name = "FEATURE", value_parser = feature)]
    feature: Option<Feature>,
    /// One setting for the protocol, e.g. --set probe.epochs=50; may be repeated.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    sets: Vec<String>,
    /// `codes`: sub-folders or files of --data that are the test part; may be repeated.
    #[arg(long, value_name = "PLACE")]
    hold_out: Vec<String>,
    /// `codes`: pictures, fit and test part together [default: 2400].
    #[arg(long, value_name = "N")]
    pictures: Option<usize>,
    /// `fer`, `knn`, `finetune`: which data set it is, where its classes are numbers and its names do
    /// not tell.
    #[arg(long, value_enum, value_name = "NAME")]
    layout: Option<FerLayout>,
    /// `fer`, `knn`, `finetune`: test on FER-2013's PublicTest instead of PrivateTest.
    #[arg(long)]
    public_test: bool,
    /// Side of the pictures in pixels [default: the protocol's].
    #[arg(long, value_name = "PX", value_parser = clap::value_parser!(u16).range(16..=512))]
    size: Option<u16>,
    /// `finetune`: epochs [default: 100].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    epochs: Option<u32>,
    /// Leave out the rows of the untrained encoder and of raw pixels.
    #[arg(long)]
    no_baselines: bool,
    /// Also draw t-SNE maps of the codes (`codes` only).
    #[arg(long)]
    maps: bool,
    /// Folder for the results [default: eval/ in the run folder, or beside the weights; eval-NAME
    /// here for a network that comes with the program].
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// auto (the default), gpu, cpu, software, or a number from `visage devices`.
    #[arg(long, value_name = "DEVICE", default_value_t)]
    device: DeviceRequest,
}

/// What `visage eval` can measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Task {
    /// What each code knows: pose, identity, expression, action units, swaps.
    Codes,
    /// Expressions: RAF-DB, FER-2013 or a labelled folder.
    Fer,
    /// Same person or not: LFW, CPLFW.
    Verify,
    /// Action units: DISFA.
    Au,
    /// Yaw, pitch and roll in degrees: 300W-LP and AFLW2000 (npz).
    Pose,
    /// Classes of head pose: BU-3DFE.
    PoseClass,
    /// Five nearest neighbours, no training: data as for `fer`.
    Knn,
    /// Train the whole encoder on: data as for `fer` or `verify`.
    Finetune,
}

impl Task {
    /// As on the command line.
    fn name(self) -> String {
        let value = self.to_possible_value();
        value.map_or_else(String::new, |value| value.get_name().to_owned())
    }
}

/// Refuses what the task would not look at: a number that was asked for and has no effect is taken
/// for one that had.
fn refuse_unused(args: &EvalArgs) -> Result<(), InputError> {
    use Task::{Codes, Fer, Finetune, Knn};
    let heads: Vec<Task> = Task::value_variants()
        .iter()
        .copied()
        .filter(|task| *task != Codes)
        .collect();
    let uses: [(&str, bool, &[Task], &str); 9] = [
        (
            "--layout",
            args.layout.is_some(),
            &[Fer, Knn, Finetune],
            "it is about expressions",
        ),
        (
            "--feature",
            args.feature.is_some(),
            &heads,
            "codes measures every code",
        ),
        (
            "--size",
            args.size.is_some(),
            &heads,
            "codes is measured at 64 px",
        ),
        (
            "--hold-out",
            !args.hold_out.is_empty(),
            &[Codes],
            "the data set says what is tested",
        ),
        (
            "--pictures",
            args.pictures.is_some(),
            &[Codes],
            "the data set says how many there are",
        ),
        ("--maps", args.maps, &[Codes], "it draws the codes"),
        (
            "--public-test",
            args.public_test,
            &[Fer, Knn, Finetune],
            "it is a part of FER-2013",
        ),
        (
            "--epochs",
            args.epochs.is_some(),
            &[Finetune],
            "heads take --set probe.epochs=N",
        ),
        (
            "--no-baselines",
            args.no_baselines && args.task == Finetune,
            &[],
            "both rows are its result",
        ),
    ];
    for (name, given, tasks, why) in uses {
        if given && !tasks.contains(&args.task) {
            let names: Vec<_> = tasks.iter().map(|task| task.name()).collect();
            let whom = match names.as_slice() {
                [] => String::new(),
                names => format!(" (it is for {})", names.join(", ")),
            };
            return Err(InputError(format!(
                "`{name}` does nothing for --task {}{whom}: {why}; leave it out",
                args.task.name()
            )));
        }
    }
    let strange = args
        .sets
        .iter()
        .find(|set| !SETTINGS.iter().any(|known| set.starts_with(known)));
    strange.map_or(Ok(()), |set| {
        let key = set.split('=').next().unwrap_or(set);
        Err(InputError(format!(
            "`--set {key}` says how a network is built or trained, which is settled for this one; an evaluation \
             takes keys that begin with eval, probe, verify or pose_probe, and seed and data.exclude"
        )))
    })
}

/// A name that says which feature and which part was tested, so that neither replaces the other.
fn stem(args: &EvalArgs, config: &RunConfig, task: &str, root: &Path) -> String {
    let mut parts = vec![task.to_owned(), folder_name(root)];
    if config.eval.feature != Feature::Fs {
        parts.push(config.eval.feature.to_string());
    }
    if args.public_test {
        parts.push("public".into());
    }
    parts.join("-")
}

fn feature(text: &str) -> Result<Feature, String> {
    match text {
        "fs" => Ok(Feature::Fs),
        "ff" => Ok(Feature::Ff),
        "fp" => Ok(Feature::Fp),
        "ff+fp" | "ff_plus_fp" => Ok(Feature::FfPlusFp),
        _ => Err("give fs, ff, fp or ff+fp".into()),
    }
}

pub(super) fn run(args: EvalArgs) -> Result<u8> {
    refuse_unused(&args)?;
    let device = choose(args.device)?;
    let trained = Trained::open(&args.weights, &device.device)?;
    let mut config = trained.network.config.with(&args.sets)?;
    if let Some(feature) = args.feature {
        config.eval.feature = feature;
    }
    let out = args
        .out
        .clone()
        .unwrap_or_else(|| results_folder(&args.weights, &trained.network.path));
    std::fs::create_dir_all(&out)
        .with_context(|| format!("cannot make the folder {}", out.display()))?;
    if args.task == Task::Codes {
        return codes(&args, &trained, &config, &device, &out);
    }
    let Some(root) = &args.data else {
        return Err(
            InputError("this task needs a data set; give its folder with --data".into()).into(),
        );
    };
    // What cannot be used is found where it is needed, and everything begins again without it.
    let mut left_out = LeftOut::default();
    let outcome = without_unusable(&mut left_out, |left_out| {
        protocol(&args, &trained, &config, &device, root, left_out)
    })?;
    name_left_out(&left_out);
    let stem = stem(&args, &config, &outcome.report.task, root);
    let json = out.join(format!("{stem}.json"));
    write(&json, outcome.report.to_json()?.as_bytes())?;
    let png = out.join(format!("{stem}-examples.png"));
    if !outcome.examples.is_empty() {
        examples::save(
            &outcome.report.title,
            &outcome.examples,
            EXAMPLE_COLUMNS,
            &png,
        )?;
    }
    say!("{}", outcome.report);
    say!("{}", json.display());
    if !outcome.examples.is_empty() {
        say!("{}", png.display());
    }
    Ok(DONE)
}

fn protocol(
    args: &EvalArgs,
    trained: &Trained,
    config: &RunConfig,
    device: &ChosenDevice,
    root: &Path,
    left_out: &LeftOut,
) -> Result<Outcome, EvalError> {
    let progress = bar("", 0);
    let mut shown = String::new();
    let mut listen = |at: Progress| {
        if shown != at.what {
            shown = at.what.to_owned();
            progress.set_message(shown.clone());
            progress.reset_eta();
        }
        progress.set_length(at.total as u64);
        progress.set_position(at.done as u64);
    };
    let cache = data::default_cache_folder().join("features");
    let mut bench = Bench::new(trained, config, device, cache, &mut listen);
    bench.left_out = left_out.clone();
    bench.layout = args.layout;
    if args.no_baselines {
        bench.contenders = vec![Contender::Learnt];
    }
    let side_px = args.size.map(usize::from);
    let test = if args.public_test {
        labelled::FerTest::Public
    } else {
        labelled::FerTest::Private
    };
    let outcome = match args.task {
        Task::Codes => unreachable!("answered before"),
        Task::Fer => protocol::expressions(&mut bench, root, test, side_px),
        Task::Verify => protocol::verification(&mut bench, root, side_px),
        Task::Au => protocol::action_units(&mut bench, root, side_px),
        Task::Pose => protocol::pose(&mut bench, root, side_px),
        Task::PoseClass => protocol::pose_classes(&mut bench, root, side_px),
        Task::Knn => protocol::nearest(&mut bench, root, test, side_px),
        Task::Finetune => {
            let epochs = args.epochs.unwrap_or(protocol::FINETUNE_EPOCHS);
            protocol::finetune(&mut bench, root, test, side_px, epochs)
        }
    };
    progress.finish_and_clear();
    outcome
}

/// What each code knows, on generated faces or a labelled folder.
fn codes(
    args: &EvalArgs,
    trained: &Trained,
    config: &RunConfig,
    device: &ChosenDevice,
    out: &Path,
) -> Result<u8> {
    let progress = bar("Preparing faces", 0);
    let pictures = args.pictures.unwrap_or(PICTURES);
    let (faces, left_out, name) = match &args.data {
        None => (
            ProbeFaces::generated(pictures),
            LeftOut::default(),
            "generated".to_owned(),
        ),
        Some(root) => {
            let labelled = match labelled::read_labels(root) {
                // Without labels the sub-folders may still tell people apart.
                Err(LabelledError::NoLabels(_)) => {
                    let found = labelled::read_people_folders(root)?;
                    let some: Vec<_> = found
                        .identities
                        .iter()
                        .take(5)
                        .map(String::as_str)
                        .collect();
                    complain!(
                        "There is no labels.csv, so each of {} folders is taken for one person: {}{}",
                        found.identities.len(),
                        some.join(", "),
                        if found.identities.len() > some.len() {
                            ", …"
                        } else {
                            ""
                        }
                    );
                    found
                }
                other => other?,
            };
            let hold_out = if args.hold_out.is_empty() {
                &config.data.exclude
            } else {
                &args.hold_out
            };
            let (faces, left_out) = ProbeFaces::labelled(&labelled, hold_out, pictures)?;
            name_left_out(&left_out);
            (faces, left_out, folder_name(root))
        }
    };
    progress.finish_and_clear();
    let baselines = if args.no_baselines {
        None
    } else {
        Some(Baselines::of(config, &faces, &device.device)?)
    };
    let combine = config.recon.combine;
    let table = what_codes_know(&trained.model, combine, &faces, baselines.as_ref())?;
    let measured = Measured {
        table: &table,
        model: ModelInfo::of(&trained.network, &device.words),
        data: args.data.as_ref().map(|root| root.display().to_string()),
        pictures: faces.words.clone(),
        left_out: left_out.pairs(),
        program: crate::run::program(),
    };
    let [json, png] = ["json", "png"].map(|kind| out.join(format!("codes-{name}.{kind}")));
    write(&json, &serde_json::to_vec_pretty(&measured)?)?;
    figure::knowledge::save(&figure::codes::heat_table(&table), &png)?;
    say!("{}, on {}", trained.network.describe(), device.words);
    say!("{}", table.text().trim_end());
    say!("{}\n{}", json.display(), png.display());
    if args.maps {
        let codes = encode(&trained.model.encoder, &faces.planes, SIDE_PX)?;
        maps(&codes, &faces, out, &name)?;
    }
    Ok(DONE)
}

/// t-SNE maps: F_p and F_f in one (METHODS row 105), and the codes by label (row 106).
fn maps(codes: &Codes, faces: &ProbeFaces, out: &Path, name: &str) -> Result<()> {
    let progress = bar("t-SNE", 0);
    let mut hear = |done: usize, total: usize| {
        progress.set_length(total as u64);
        progress.set_position(done as u64);
    };
    for (kind, panels) in figure::codes::code_maps(codes, &faces.set, &mut hear)? {
        let png = out.join(format!("map-{kind}-{name}.png"));
        figure::map::save(&panels, &png)?;
        progress.suspend(|| say!("{}", png.display()));
    }
    progress.finish_and_clear();
    Ok(())
}

/// What `codes` leaves in a file: the table and where it comes from.
#[derive(Serialize)]
struct Measured<'a> {
    #[serde(flatten)]
    table: &'a KnowledgeTable,
    model: ModelInfo,
    /// Folder of the data set; none for generated faces.
    data: Option<String>,
    /// Which pictures these were, in words.
    pictures: String,
    /// Pictures that could not be used, and why.
    left_out: Vec<(String, String)>,
    /// Name and version of the program.
    program: String,
}

fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    replace(path, bytes).with_context(|| format!("cannot write {}", path.display()))
}

/// `eval` inside a folder, or beside a file; a network that comes with the program has neither, also
/// where a folder happens to have its name.
fn results_folder(place: &Path, weights: &Path) -> PathBuf {
    if place.is_dir() && weights.is_file() {
        place.join("eval")
    } else if weights.is_file() {
        place.with_file_name("eval")
    } else {
        PathBuf::from(format!("eval-{}", place.display()))
    }
}

/// The last part of a folder's full path.
fn folder_name(root: &Path) -> String {
    let full = std::fs::canonicalize(root).unwrap_or_else(|_| root.to_owned());
    full.file_name()
        .map_or_else(|| "data".into(), |name| name.to_string_lossy().into_owned())
}
