//! Face verification (METHODS 2.2).

use std::path::Path;

use super::{Outcome, Words, blank_report, chance_row, example_places, origin, quote, shown};
use crate::config::{VerifyMode, VerifyThreshold};
use crate::data::labelled::{PairSet, read_pairs};
use crate::eval::EvalError;
use crate::eval::bench::{Bench, Contender, Progress};
use crate::eval::head::{PAIR_OUTPUTS, Recipe, verify_linear};
use crate::eval::input::Input;
use crate::eval::quoted::{ACCURACY, Benchmark};
use crate::eval::report::{Cell, Column, Row};
use crate::eval::rows::Rows;
use crate::eval::verify::{Verification, fixed, kfold, scores};
use crate::figure::examples::Example;

/// Side of the pictures in pixels.
pub const SIDE_PX: usize = 128;

/// Same person or not: LFW and CPLFW.
///
/// # Errors
/// If the data set, a picture or the device cannot be used.
pub fn verification(
    bench: &mut Bench,
    root: &Path,
    side_px: Option<usize>,
) -> Result<Outcome, EvalError> {
    let set = read_pairs(root)?.without(&bench.left_out);
    let options = &bench.config.verify;
    let input = Input {
        crop: options.crop,
        ..Input::whole(side_px.unwrap_or(SIDE_PX))
    };
    let recipe = Recipe::pairs(&bench.config.probe, bench.config.seed);

    let (mut rows, mut examples, mut dim) = (Vec::new(), Vec::new(), 0);
    for whose in bench.contenders.clone() {
        let features = bench.features(whose, &set.pictures, input, "pictures")?;
        if whose == Contender::Learnt {
            dim = features.dim();
        }
        let (verified, best, best_epochs) = match options.mode {
            VerifyMode::Direct => {
                let scores = scores(&features, &set.pairs);
                let verified = match options.threshold {
                    VerifyThreshold::Kfold => kfold(&scores, &set.pairs)?,
                    VerifyThreshold::Fixed => fixed(&scores, &set.pairs, options.theta)?,
                };
                if whose == Contender::Learnt {
                    examples = pair_examples(&set, &scores, &verified)?;
                }
                (verified, None, Vec::new())
            }
            VerifyMode::LinearPairs => {
                let listen = &mut *bench.listen;
                let mut hear = |fold: usize, epoch: u32, _: f64, _: f64| {
                    listen(Progress {
                        what: "epochs of the heads of ten folds",
                        done: fold * recipe.epochs as usize + epoch as usize,
                        total: 10 * recipe.epochs as usize,
                    });
                };
                let linear = verify_linear(&features, &set.pairs, &recipe, &mut hear)?;
                (linear.last, Some(linear.best.mean), linear.best_epochs)
            }
        };
        let accuracies: Vec<f64> = verified.folds.iter().map(|fold| fold.accuracy).collect();
        let cell = Cell {
            best,
            ..Cell::over_folds(&accuracies)
        };
        rows.push(Row {
            best_epochs,
            ..Row::measured(bench.name(whose), origin(whose), vec![Some(cell)])
        });
    }

    let head = match options.mode {
        VerifyMode::Direct => "cosine similarity".to_owned(),
        VerifyMode::LinearPairs => {
            format!("Linear({dim}, {PAIR_OUTPUTS}) trained on nine folds, cosine similarity")
        }
    };
    let threshold = match options.threshold {
        VerifyThreshold::Fixed if options.mode == VerifyMode::Direct => {
            format!("fixed at {}", options.theta)
        }
        _ => "from the nine other folds".to_owned(),
    };
    let words = Words {
        task: "verify",
        title: "Face verification",
        layout: set.layout,
        root,
        parts: vec![("pictures", set.pictures.len()), ("pairs", set.pairs.len())],
        head,
        training: (options.mode == VerifyMode::LinearPairs).then_some(recipe),
        options: vec![
            ("verify.mode", options.mode.to_string()),
            ("threshold", threshold),
        ],
        notes: Vec::new(),
    };
    let columns = vec![Column::percent(ACCURACY)];
    let mut report = blank_report(bench, words, input, dim, columns);
    report.rows = rows;
    let same = set.pairs.iter().filter(|pair| pair.same).count() as f64 / set.pairs.len() as f64;
    report
        .rows
        .push(chance_row(vec![Some(100.0 * same.max(1.0 - same))]));
    quote(&mut report, benchmark(&set), bench.config.eval.feature);
    Ok(Outcome { report, examples })
}

/// The paper's data set of this layout.
pub fn benchmark(set: &PairSet) -> Option<Benchmark> {
    if set.layout.starts_with("LFW") {
        Some(Benchmark::Lfw)
    } else if set.layout.starts_with("CPLFW") {
        Some(Benchmark::Cplfw)
    } else {
        None
    }
}

fn pair_examples(
    set: &PairSet,
    scores: &[f64],
    verified: &Verification,
) -> Result<Vec<Example>, EvalError> {
    let mut examples = Vec::new();
    for place in example_places(set.pairs.len()) {
        let pair = set.pairs[place];
        let Some(fold) = verified.folds.iter().find(|fold| fold.fold == pair.fold) else {
            continue;
        };
        let pictures = [shown(&set.pictures[pair.a])?, shown(&set.pictures[pair.b])?];
        let said_same = scores[place] >= fold.threshold;
        examples.push(Example::pair(
            pictures,
            scores[place] as f32,
            said_same,
            pair.same,
        ));
    }
    Ok(examples)
}
