//! Transfer by fine-tuning (METHODS 2.8): the encoder learns on, with a linear head.
//!
//! No source gives a number, so these are choices: Adam 1e-4 for the encoder and 1e-3 for the head,
//! cosine over 100 epochs, 128 pictures (or 64 pairs) a step, flip with probability ½ and mild
//! colour jitter. "Fully supervised" is the same from initial weights.

mod losses;
mod pictures;

use std::path::Path;

use burn::tensor::Tensor;
use image::RgbImage;

use super::classes::{EXPRESSION_PX, fer_benchmark, majority};
use super::verify::{self, benchmark};
use super::{Outcome, Words, blank_report, chance_row, origin};
use crate::augment::whole;
use crate::data::labelled::{ClassTask, FerTest, Pair, PairSet, read_fer, read_pairs};
use crate::eval::EvalError;
use crate::eval::bench::{Bench, Contender, Progress};
use crate::eval::encode::{batch_size, read};
use crate::eval::head::PAIR_OUTPUTS;
use crate::eval::matrix::Matrix;
use crate::eval::metric::{accuracy, accuracy_per_class, classes_of};
use crate::eval::quoted::{ACCURACY, Benchmark, Study, quoted};
use crate::eval::report::{Cell, Column, Row};
use crate::eval::tuner::{ENCODER_LR, HEAD_LR, Tuner};
use crate::eval::verify::{Ranked, scores};
use crate::model::Architecture;
use losses::{cosine_embedding, cross_entropy};
use pictures::{FLIP_P, JITTER_P, batches, draw, jittered, load};

/// Passes over the training part.
pub const EPOCHS: u32 = 100;
/// Pictures per step.
const BATCH: usize = 128;
/// Fine-tunes on an expression data set, or on pairs if the folder holds a pairs file.
///
/// # Errors
/// If the data set, a picture or the device cannot be used.
pub fn finetune(
    bench: &mut Bench,
    root: &Path,
    test: FerTest,
    side_px: Option<usize>,
    epochs: u32,
) -> Result<Outcome, EvalError> {
    let has_pairs = ["pairs.txt", "pairs_CPLFW.txt"]
        .iter()
        .any(|name| root.join(name).is_file());
    if has_pairs {
        let set = read_pairs(root)?.without(&bench.left_out);
        on_pairs(
            bench,
            root,
            &set,
            side_px.unwrap_or(verify::SIDE_PX),
            epochs,
        )
    } else {
        let task = read_fer(root, test, bench.layout)?.without(&bench.left_out);
        on_classes(bench, root, &task, side_px.unwrap_or(EXPRESSION_PX), epochs)
    }
}

/// The networks that are fine-tuned; raw pixels have nothing to tune.
const STARTS: [Contender; 2] = [Contender::Learnt, Contender::Untrained];

fn name(whose: Contender) -> &'static str {
    match whose {
        Contender::Learnt => "ours, fine-tuned",
        _ => "fully supervised, same network",
    }
}

fn on_classes(
    bench: &mut Bench,
    root: &Path,
    task: &ClassTask,
    side_px: usize,
    epochs: u32,
) -> Result<Outcome, EvalError> {
    let (training, test) = (&task.split.train, &task.split.test);
    let classes = task.classes.len();
    let train_images = load(&training.pictures, side_px, 0.0)?;
    let test_images = load(&test.pictures, side_px, 0.0)?;
    let mut rows = Vec::new();
    let mut dim = 0;
    for whose in STARTS {
        let mut tuner = start(bench, whose, side_px, classes, epochs)?;
        dim = tuner.dim;
        let (mut last, mut best) = (Vec::new(), (0.0, 0, Vec::new()));
        for epoch in 0..epochs {
            for step in batches(training.labels.len(), BATCH, bench.config.seed, epoch) {
                let views = jittered(bench.config.seed, epoch, &step, &train_images);
                let images = draw(&train_images, &step, views, side_px, &tuner.inner.device());
                let labels: Vec<u32> = step.iter().map(|&at| training.labels[at]).collect();
                tuner
                    .inner
                    .step(images, epoch, |logits| cross_entropy(logits, &labels))?;
            }
            let outputs = outputs(&tuner, &test_images, side_px)?;
            last = classes_of(&outputs.data, classes);
            let reached = accuracy(&last, &test.labels);
            if reached > best.0 {
                best = (reached, epoch + 1, last.clone());
            }
            (bench.listen)(Progress {
                what: name(whose),
                done: epoch as usize + 1,
                total: epochs as usize,
            });
        }
        let columns = |predicted: &[u32]| {
            let each = accuracy_per_class(predicted, &test.labels, classes);
            std::iter::once(Some(accuracy(predicted, &test.labels))).chain(each)
        };
        let best_cells: Vec<Option<f64>> = if best.2.is_empty() {
            vec![None; classes + 1]
        } else {
            columns(&best.2).collect()
        };
        let cells = columns(&last)
            .zip(best_cells)
            .map(|(last, best)| {
                last.map(|last| Cell {
                    best,
                    ..Cell::of(last)
                })
            })
            .collect();
        rows.push(Row {
            best_epochs: vec![best.1],
            ..Row::measured(name(whose), origin(whose), cells)
        });
    }
    let columns = std::iter::once(Column::percent(ACCURACY))
        .chain(task.classes.iter().map(Column::percent))
        .collect();
    let words = words(
        task.layout,
        root,
        vec![
            ("training pictures", training.pictures.len()),
            ("test pictures", test.pictures.len()),
        ],
        format!("Linear({dim}, {classes}), cross-entropy"),
        epochs,
        task.split.note.clone(),
    );
    let input = crate::eval::input::Input::whole(side_px);
    let mut report = blank_report(bench, words, input, dim, columns);
    report.rows = rows;
    report.rows.push(chance_row(majority(
        &training.labels,
        &test.labels,
        classes,
    )));
    if fer_benchmark(task) == Some(Benchmark::RafDb) {
        report.quote(&quoted(Benchmark::RafDb, Study::Transfer));
    }
    Ok(Outcome {
        report,
        examples: Vec::new(),
    })
}

fn on_pairs(
    bench: &mut Bench,
    root: &Path,
    set: &PairSet,
    side_px: usize,
    epochs: u32,
) -> Result<Outcome, EvalError> {
    let crop = bench.config.verify.crop;
    let images = load(&set.pictures, side_px, crop)?;
    let mut rows = Vec::new();
    let mut dim = 0;
    for whose in STARTS {
        let mut accuracies = Vec::new();
        for fold in 0..10 {
            let outside: Vec<Pair> = set
                .pairs
                .iter()
                .filter(|p| p.fold != fold)
                .copied()
                .collect();
            let mut tuner = start(bench, whose, side_px, PAIR_OUTPUTS, epochs)?;
            dim = tuner.dim;
            for epoch in 0..epochs {
                for step in batches(outside.len(), BATCH / 2, bench.config.seed, epoch) {
                    let pairs: Vec<Pair> = step.iter().map(|&at| outside[at]).collect();
                    let places: Vec<usize> = pairs
                        .iter()
                        .map(|pair| pair.a)
                        .chain(pairs.iter().map(|pair| pair.b))
                        .collect();
                    let views = jittered(bench.config.seed, epoch, &places, &images);
                    let batch = draw(&images, &places, views, side_px, &tuner.inner.device());
                    tuner
                        .inner
                        .step(batch, epoch, |z| cosine_embedding(z, &pairs))?;
                }
                (bench.listen)(Progress {
                    what: name(whose),
                    done: fold * epochs as usize + epoch as usize + 1,
                    total: 10 * epochs as usize,
                });
            }
            let embedded = outputs(&tuner, &images, side_px)?;
            let scores = scores(&embedded, &set.pairs);
            let ranked = Ranked::new(&scores, &set.pairs)?;
            let judged = ranked
                .threshold_without(fold)
                .and_then(|threshold| ranked.judge(fold, threshold));
            accuracies.extend(judged.map(|fold| fold.accuracy));
        }
        let cell = Cell::over_folds(&accuracies);
        rows.push(Row::measured(name(whose), origin(whose), vec![Some(cell)]));
    }
    let words = words(
        set.layout,
        root,
        vec![("pictures", set.pictures.len()), ("pairs", set.pairs.len())],
        format!("Linear({dim}, {PAIR_OUTPUTS}), cosine embedding on nine folds"),
        epochs,
        None,
    );
    let input = crate::eval::input::Input {
        crop,
        ..crate::eval::input::Input::whole(side_px)
    };
    let columns = vec![Column::percent(ACCURACY)];
    let mut report = blank_report(bench, words, input, dim, columns);
    report.rows = rows;
    report.rows.push(chance_row(vec![Some(50.0)]));
    if benchmark(set) == Some(Benchmark::Lfw) {
        report.quote(&quoted(Benchmark::Lfw, Study::Transfer));
    }
    Ok(Outcome {
        report,
        examples: Vec::new(),
    })
}

fn words<'a>(
    layout: &'a str,
    root: &'a Path,
    parts: Vec<(&'a str, usize)>,
    head: String,
    epochs: u32,
    note: Option<String>,
) -> Words<'a> {
    Words {
        task: "finetune",
        title: "Transfer by fine-tuning",
        layout,
        root,
        parts,
        head,
        training: None,
        options: vec![
            ("epochs", epochs.to_string()),
            ("batch", BATCH.to_string()),
            ("schedule", "cosine".to_owned()),
            ("lr, encoder", ENCODER_LR.to_string()),
            ("lr, head", HEAD_LR.to_string()),
            ("flip", FLIP_P.to_string()),
            ("jitter", JITTER_P.to_string()),
        ],
        notes: note.into_iter().collect(),
    }
}

/// A tuner with the length of its feature.
struct Started {
    inner: Tuner,
    dim: usize,
}

fn start(
    bench: &Bench,
    whose: Contender,
    side_px: usize,
    outputs: usize,
    epochs: u32,
) -> Result<Started, EvalError> {
    let network = bench.network(whose);
    let sample = Tensor::zeros([1, 3, side_px, side_px], &bench.device);
    let [_, c, h, w] = network.encoder.trunk.forward(sample).dims();
    let dim = c * h * w;
    let arch = Architecture::from(&bench.trained.network.config);
    let inner = Tuner::new(
        &network.encoder,
        arch,
        [dim, outputs],
        epochs,
        bench.config.seed,
    )?;
    Ok(Started { inner, dim })
}

/// The head's numbers for all pictures, without augmentation.
fn outputs(tuner: &Started, images: &[RgbImage], side_px: usize) -> Result<Matrix, EvalError> {
    let mut data = Vec::new();
    let all: Vec<usize> = (0..images.len()).collect();
    for places in all.chunks(batch_size(side_px)) {
        let views = places
            .iter()
            .enumerate()
            .map(|(frame, &at)| whole(frame as u32, images[at].dimensions()))
            .collect();
        let batch = draw(images, places, views, side_px, &tuner.inner.device());
        data.extend(read(tuner.inner.outputs(batch))?);
    }
    let cols = data.len() / images.len().max(1);
    Ok(Matrix::new(images.len(), cols, data))
}
