//! Transfer by fine-tuning (METHODS 2.8): the encoder learns on, with a linear head.
//!
//! No source gives a number, so these are choices: Adam 1e-4 for the encoder and 1e-3 for the head,
//! cosine over 100 epochs, 128 pictures (or 64 pairs) a step, flip with probability ½ and mild
//! colour jitter. "Fully supervised" is the same from initial weights.

use std::path::Path;

use burn::tensor::activation::log_softmax;
use burn::tensor::{Int, Tensor, TensorData};
use image::RgbImage;
use image::imageops::FilterType;
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use super::classes::{EXPRESSION_PX, fer_benchmark, majority};
use super::verify::{self, benchmark};
use super::{Outcome, Words, blank_report, chance_row, origin};
use crate::augment::{FrameArena, ViewParams, whole};
use crate::data::labelled::{ClassTask, FerTest, Pair, PairSet, Picture, read_fer, read_pairs};
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
use crate::ops::UploadedFrames;
use crate::rng::stream_seed;

/// Passes over the training part.
pub const EPOCHS: u32 = 100;
/// Pictures per step.
const BATCH: usize = 128;
/// Probability of a mirrored picture.
const FLIP_P: f64 = 0.5;
/// Probability of colour jitter.
const JITTER_P: f64 = 0.8;
/// Brightness, contrast and saturation change by at most this share.
const JITTER: f32 = 0.2;
/// Hue turns by at most this share of the circle.
const HUE: f32 = 0.05;

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
        let set = read_pairs(root)?;
        on_pairs(
            bench,
            root,
            &set,
            side_px.unwrap_or(verify::SIDE_PX),
            epochs,
        )
    } else {
        let task = read_fer(root, test)?;
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
                let images = draw(&train_images, &step, views, side_px, &tuner);
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
                    let batch = draw(&images, &places, views, side_px, &tuner);
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
    let arch = Architecture::from(&bench.trained.config);
    let inner = Tuner::new(
        &network.encoder,
        arch,
        [dim, outputs],
        epochs,
        bench.config.seed,
    )?;
    Ok(Started { inner, dim })
}

/// Pictures in memory, reduced to twice the side they will have.
fn load(pictures: &[Picture], side_px: usize, crop: f64) -> Result<Vec<RgbImage>, EvalError> {
    let most = 2 * side_px as u32;
    pictures
        .par_iter()
        .map(|picture| {
            let mut image = picture.load(512)?;
            if crop > 0.0 {
                let (width, height) = image.dimensions();
                let side = (f64::from(width.min(height)) * crop).round().max(1.0) as u32;
                let (left, top) = ((width - side) / 2, (height - side) / 2);
                image = image::imageops::crop_imm(&image, left, top, side, side).to_image();
            }
            let (width, height) = image.dimensions();
            let scale = f64::from(most) / f64::from(width.max(height));
            if scale < 1.0 {
                let size = [width, height].map(|s| (f64::from(s) * scale).round().max(1.0) as u32);
                image = image::imageops::resize(&image, size[0], size[1], FilterType::Triangle);
            }
            Ok(image)
        })
        .collect()
}

/// The batches of an epoch, in an order of its own. A last batch of one is left out.
fn batches(items: usize, batch: usize, seed: u64, epoch: u32) -> Vec<Vec<usize>> {
    let mut order: Vec<usize> = (0..items).collect();
    let seed = stream_seed(seed, "finetune order", u64::from(epoch), 0);
    order.shuffle(&mut ChaCha8Rng::seed_from_u64(seed));
    order
        .chunks(batch)
        .filter(|batch| batch.len() > 1)
        .map(<[usize]>::to_vec)
        .collect()
}

/// Views with flip and mild jitter.
fn jittered(seed: u64, epoch: u32, places: &[usize], images: &[RgbImage]) -> Vec<ViewParams> {
    places
        .iter()
        .enumerate()
        .map(|(frame, &at)| {
            let seed = stream_seed(seed, "finetune view", u64::from(epoch), at as u64);
            let rng = &mut ChaCha8Rng::seed_from_u64(seed);
            let mut view = whole(frame as u32, images[at].dimensions());
            view.flip = rng.random_bool(FLIP_P).into();
            view.jitter = rng.random_bool(JITTER_P).into();
            let mut factor = || rng.random_range(1.0 - JITTER..=1.0 + JITTER);
            (view.brightness, view.contrast, view.saturation) = (factor(), factor(), factor());
            view.hue = rng.random_range(-HUE..=HUE);
            view
        })
        .collect()
}

/// Views of some pictures on the tuner's plain device.
fn draw(
    images: &[RgbImage],
    places: &[usize],
    views: Vec<ViewParams>,
    side_px: usize,
    tuner: &Started,
) -> Tensor<4> {
    let mut arena = FrameArena::default();
    for &at in places {
        let (width, height) = images[at].dimensions();
        arena.push(width, height, images[at].as_raw());
    }
    UploadedFrames::new(&arena, &tuner.inner.device()).render(&views, side_px)
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
        let batch = draw(images, places, views, side_px, tuner);
        data.extend(read(tuner.inner.outputs(batch))?);
    }
    let cols = data.len() / images.len().max(1);
    Ok(Matrix::new(images.len(), cols, data))
}

fn cross_entropy(logits: Tensor<2>, labels: &[u32]) -> Tensor<1> {
    let device = logits.device();
    let labels: Vec<i32> = labels.iter().map(|&label| label as i32).collect();
    let n = labels.len();
    let index = Tensor::<2, Int>::from_data(TensorData::new(labels, [n, 1]), &device);
    -log_softmax(logits, 1).gather(1, index).mean()
}

/// 1 − cos for the same person, max(0, cos) for two (METHODS 2.2, margin 0). The first half of
/// `z` are the first pictures of the pairs.
fn cosine_embedding(z: Tensor<2>, pairs: &[Pair]) -> Tensor<1> {
    let n = pairs.len();
    let device = z.device();
    let unit = crate::model::l2_normalize(z);
    let cosine = (unit.clone().slice([0..n]) * unit.slice([n..2 * n])).sum_dim(1);
    let same: Vec<f32> = pairs
        .iter()
        .map(|pair| f32::from(u8::from(pair.same)))
        .collect();
    let same = Tensor::<2>::from_data(TensorData::new(same, [n, 1]), &device);
    let apart = (-same.clone() + 1.0) * cosine.clone().clamp_min(0.0);
    (same * (-cosine + 1.0) + apart).mean()
}
