//! The protocols of METHODS 2.1–2.6 and 2.8: data set in, table out.
//!
//! Every table has the network under evaluation, the same network without training, raw pixels,
//! and what the paper printed.

mod classes;
mod finetune;
mod nearest;
mod pose;
mod split;
mod units;
mod verify;

use std::collections::BTreeMap;
use std::path::Path;

use super::EvalError;
use super::bench::{Bench, Contender, feature_name};
use super::head::Recipe;
use super::input::Input;
use super::quoted::{Benchmark, Study, quoted};
use super::report::{Column, DataSet, EvalReport, ModelInfo, Origin, Protocol, Row};
use crate::config::Feature;
use crate::data::labelled::Picture;
use crate::figure::examples::Example;

pub use classes::{expressions, pose_classes};
pub use finetune::{EPOCHS as FINETUNE_EPOCHS, finetune};
pub use nearest::nearest;
pub use pose::pose;
pub use units::action_units;
pub use verify::verification;

/// Pictures on a sheet of examples.
const EXAMPLES: usize = 24;
/// Largest side of a picture on it, in pixels.
const EXAMPLE_PX: u32 = 256;

/// What a protocol gives.
pub struct Outcome {
    /// The table.
    pub report: EvalReport,
    /// Predictions to look at (METHODS row 107); none where nothing can be shown.
    pub examples: Vec<Example>,
}

/// What a protocol says about itself.
struct Words<'a> {
    task: &'a str,
    title: &'a str,
    layout: &'a str,
    root: &'a Path,
    parts: Vec<(&'a str, usize)>,
    head: String,
    training: Option<Recipe>,
    options: Vec<(&'a str, String)>,
    notes: Vec<String>,
}

/// A table without rows.
fn blank_report(
    bench: &Bench,
    words: Words,
    input: Input,
    feature_len: usize,
    columns: Vec<Column>,
) -> EvalReport {
    let config = bench.config;
    let mut options: BTreeMap<String, String> = words
        .options
        .into_iter()
        .map(|(key, value)| (key.to_owned(), value))
        .collect();
    options.insert("input".into(), input.describe());
    if config.eval.same_length {
        options.insert("eval.same_length".into(), "true".into());
    }
    EvalReport {
        task: words.task.into(),
        title: words.title.into(),
        data: DataSet {
            layout: words.layout.into(),
            path: words.root.display().to_string(),
            parts: words
                .parts
                .into_iter()
                .map(|(name, size)| (name.to_owned(), size))
                .collect(),
            left_out: bench.left_out.pairs(),
        },
        protocol: Protocol {
            feature: feature_name(config.eval.feature).into(),
            feature_len,
            input_px: input.side_px as u32,
            head: words.head,
            training: words.training,
            options,
        },
        model: ModelInfo::of(&bench.trained.network, &bench.device_words),
        program: crate::run::program(),
        seed: config.seed,
        select: config.probe.select,
        columns,
        rows: Vec::new(),
        notes: words
            .notes
            .into_iter()
            .chain(bench.left_out.words())
            .collect(),
    }
}

/// Where a contender's numbers come from.
fn origin(whose: Contender) -> Origin {
    match whose {
        Contender::Learnt => Origin::Ours,
        Contender::Untrained | Contender::RawPixels => Origin::Baseline,
    }
}

/// A row of chance.
fn chance_row(cells: Vec<Option<f64>>) -> Row {
    let cells = cells
        .into_iter()
        .map(|cell| cell.map(super::report::Cell::of));
    Row::measured("chance", Origin::Baseline, cells.collect())
}

/// Adds what the paper printed for this data set; for another feature than F_s, its Table 7.
fn quote(report: &mut EvalReport, benchmark: Option<Benchmark>, feature: Feature) {
    let Some(benchmark) = benchmark else { return };
    if feature == Feature::Fs {
        report.quote(&quoted(benchmark, Study::Methods));
    } else {
        report.quote(&quoted(benchmark, Study::Features));
    }
}

/// Evenly spaced places of a list that go on a sheet of examples.
fn example_places(count: usize) -> Vec<usize> {
    let shown = count.min(EXAMPLES);
    (0..shown).map(|k| k * count / shown).collect()
}

/// A picture for a sheet of examples.
fn shown(picture: &Picture) -> Result<image::RgbImage, EvalError> {
    Ok(picture.load(EXAMPLE_PX)?)
}
