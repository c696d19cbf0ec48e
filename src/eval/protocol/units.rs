//! Action units (METHODS 2.3): eight yes-or-no labels, three folds without a shared person.

use std::path::Path;

use super::{Outcome, Words, blank_report, chance_row, example_places, origin, quote, shown};
use crate::data::labelled::read_disfa;
use crate::eval::EvalError;
use crate::eval::bench::{Bench, Contender, Progress};
use crate::eval::head::{Better, BinaryCrossEntropy, Evaluation, Recipe, train};
use crate::eval::input::Input;
use crate::eval::metric::{au_present, count, f1_per_unit, mean_f1, pool};
use crate::eval::quoted::{ACTION_UNITS, Benchmark, MEAN};
use crate::eval::report::{Column, Row};
use crate::eval::rows::{Rows, Subset};
use crate::figure::examples::Example;

/// Side of the pictures in pixels.
const SIDE_PX: usize = 256;
/// Action units.
const UNITS: usize = ACTION_UNITS.len();

/// Eight action units of DISFA.
///
/// # Errors
/// If the data set, a picture or the device cannot be used.
pub fn action_units(
    bench: &mut Bench,
    root: &Path,
    side_px: Option<usize>,
) -> Result<Outcome, EvalError> {
    let set = read_disfa(root)?.without(&bench.left_out);
    let input = Input::whole(side_px.unwrap_or(SIDE_PX));
    let recipe = Recipe::action_units(&bench.config.probe, bench.config.seed);
    let present: Vec<bool> = set
        .intensity
        .iter()
        .flatten()
        .map(|&i| au_present(i))
        .collect();
    let folds: Vec<Fold> = (0..3)
        .map(|fold| Fold::new(&set.fold, &present, fold))
        .collect();

    let (mut rows, mut examples, mut notes, mut dim) = (Vec::new(), Vec::new(), Vec::new(), 0);
    for whose in bench.contenders.clone() {
        let features = bench.features(whose, &set.pictures, input, "pictures")?;
        let mut heads = Vec::new();
        for (number, fold) in folds.iter().enumerate() {
            let held_out = Subset::new(&features, &fold.test);
            let evaluation = Evaluation {
                rows: &held_out,
                metric: &|outputs| mean_f1(&count(outputs, &fold.test_present, UNITS)),
                better: Better::Higher,
            };
            let objective = BinaryCrossEntropy::new(&fold.train_present, UNITS);
            let training = Subset::new(&features, &fold.train);
            heads.push(train(
                &training,
                &objective,
                &evaluation,
                &recipe,
                &mut |epoch, _, _| {
                    (bench.listen)(Progress {
                        what: "epochs of the heads of three folds",
                        done: number * recipe.epochs as usize + epoch as usize,
                        total: folds.len() * recipe.epochs as usize,
                    });
                },
            )?);
        }
        if whose == Contender::Learnt {
            dim = features.dim();
            let counts: Vec<_> = folds
                .iter()
                .zip(&heads)
                .map(|(fold, head)| count(&head.last, &fold.test_present, UNITS))
                .collect();
            notes.push(format!(
                "F1 pooled over the folds instead of averaged: {:.1} %",
                mean_f1(&pool(&counts))
            ));
            let (fold, head) = (&folds[0], &heads[0]);
            for place in example_places(fold.test.len()) {
                let units = |flags: &[bool]| -> [bool; UNITS] {
                    std::array::from_fn(|unit| flags[place * UNITS + unit])
                };
                let said: Vec<bool> = head.last.iter().map(|&logit| logit >= 0.0).collect();
                examples.push(Example::action_units(
                    shown(&set.pictures[fold.test[place]])?,
                    units(&said),
                    units(&fold.test_present),
                ));
            }
        }
        rows.push(Row::trained(
            bench.name(whose),
            origin(whose),
            &heads,
            |fold, outputs| f1_columns(outputs, &folds[fold].test_present),
        ));
    }
    let columns = std::iter::once(MEAN)
        .chain(ACTION_UNITS)
        .map(Column::percent)
        .collect();
    let words = Words {
        task: "au",
        title: "Action unit detection (F1)",
        layout: set.layout,
        root,
        parts: vec![("pictures in three folds", set.pictures.len())],
        head: format!("Linear({dim}, {UNITS}), binary cross-entropy; present from intensity 2"),
        training: Some(recipe),
        options: Vec::new(),
        notes,
    };
    let mut report = blank_report(bench, words, input, dim, columns);
    report.rows = rows;
    report.rows.push(always_present(&present));
    quote(
        &mut report,
        Some(Benchmark::Disfa),
        bench.config.eval.feature,
    );
    Ok(Outcome { report, examples })
}

/// One division into training and test part.
struct Fold {
    train: Vec<usize>,
    test: Vec<usize>,
    train_present: Vec<bool>,
    test_present: Vec<bool>,
}

impl Fold {
    fn new(fold_of: &[usize], present: &[bool], fold: usize) -> Self {
        let part = |inside: bool| -> Vec<usize> {
            (0..fold_of.len())
                .filter(|&at| (fold_of[at] == fold) == inside)
                .collect()
        };
        let flags = |part: &[usize]| -> Vec<bool> {
            let rows = part
                .iter()
                .map(|&at| &present[at * UNITS..(at + 1) * UNITS]);
            rows.flatten().copied().collect()
        };
        let (train, test) = (part(false), part(true));
        Self {
            train_present: flags(&train),
            test_present: flags(&test),
            train,
            test,
        }
    }
}

/// Mean F1, then F1 per unit.
fn f1_columns(logits: &[f32], present: &[bool]) -> Vec<Option<f64>> {
    let counts = count(logits, present, UNITS);
    std::iter::once(mean_f1(&counts))
        .chain(f1_per_unit(&counts))
        .map(Some)
        .collect()
}

/// What saying "present" every time gives.
fn always_present(present: &[bool]) -> Row {
    chance_row(f1_columns(&vec![1.0; present.len()], present))
}
