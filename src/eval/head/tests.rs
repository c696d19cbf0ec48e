use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::model::Model;
use super::pytorch_tests::{INPUTS, OUTPUTS, features};
use super::*;
use crate::config::{PoseProbeConfig, ProbeConfig};
use crate::data::labelled::Pair;
use crate::eval::matrix::Matrix;
use crate::eval::metric::{accuracy, classes_of, mean_absolute_error, mean_of};
use crate::eval::rows::RowsError;
use crate::eval::verify;

/// Every parameter's gradient against the difference quotient of the loss.
#[test]
fn gradients_are_those_of_the_loss() {
    let present = [
        1, 0, 1, 0, 0, 1, 1, 1, 0, 0, 1, 0, 1, 0, 0, 0, 1, 1, 1, 1, 1, 0, 0, 0,
    ];
    let present = present.map(|bit| bit == 1);
    let targets = (0..24)
        .map(|i| (i * 5 % 9) as f32 - 4.2)
        .collect::<Vec<_>>();
    let pairs = [
        (0, 4, true),
        (1, 5, false),
        (2, 6, true),
        (3, 7, false),
        (1, 7, false),
    ];
    let objectives: [&dyn Objective; 4] = [
        &CrossEntropy::new(&[0, 1, 2, 1, 0, 2, 2, 1], OUTPUTS).unwrap(),
        &BinaryCrossEntropy::new(&present, OUTPUTS),
        &AbsoluteError::new(&targets, OUTPUTS),
        &CosineEmbedding::new(&pairs, OUTPUTS, 0.1),
    ];
    let all = features();
    for (number, objective) in objectives.into_iter().enumerate() {
        for batch_norm in [false, true] {
            let mut model = Model::new(INPUTS, OUTPUTS, batch_norm, 16, 5);
            let mut rng = ChaCha8Rng::seed_from_u64(number as u64);
            for p in &mut model.parameters {
                *p += rng.random_range(-0.7..0.7f32);
            }
            let items = (0..objective.items()).collect::<Vec<_>>();
            let mut picks = Vec::new();
            objective.rows(&items, &mut picks);
            let x = all.select(&picks).data;
            model.backward(&mut x.clone(), objective, &items);
            let gradient = model.gradient.clone();
            for (i, gradient) in gradient.into_iter().enumerate() {
                let (kept, step) = (model.parameters[i], 2e-3);
                let mut at = |p: f32| {
                    model.parameters[i] = p;
                    model.backward(&mut x.clone(), objective, &items)
                };
                let quotient = (at(kept + step) - at(kept - step)) / f64::from(2.0 * step);
                model.parameters[i] = kept;
                let error = (f64::from(gradient) - quotient).abs();
                assert!(
                    error < 2e-3,
                    "loss {number}, parameter {i}: {gradient} and {quotient}"
                );
            }
        }
    }
}

/// Two clouds on either side of a plane.
fn clouds(count: usize, seed: u64) -> (Matrix, Vec<u32>) {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let labels = (0..count as u32).map(|i| i % 2).collect::<Vec<_>>();
    let row = |label: &u32| {
        let side = 2.0 * *label as f32 - 1.0;
        let mut row = [0.0; 20].map(|_: f32| rng.random_range(-1.0..1.0f32));
        row[3] = side * rng.random_range(0.3..1.0f32);
        row
    };
    let data = labels.iter().flat_map(row).collect();
    (Matrix::new(count, 20, data), labels)
}

#[test]
fn two_classes_are_told_apart() {
    let ((features, labels), (test, truth)) = (clouds(600, 1), clouds(200, 2));
    let objective = CrossEntropy::new(&labels, 2).unwrap();
    let evaluation = Evaluation {
        rows: &test,
        metric: &|y| accuracy(&classes_of(y, 2), &truth),
        better: Better::Higher,
    };
    let recipe = Recipe::classes(&ProbeConfig::default(), 3);
    let mut heard = Vec::new();
    let mut hear = |epoch, _, metric| heard.push((epoch, metric));
    let trained = train(&features, &objective, &evaluation, &recipe, &mut hear).unwrap();
    assert_eq!(trained.last_metric(), 100.0);
    assert!(trained.losses[299] < 0.1 * trained.losses[0]);
    assert_eq!(heard.len(), 300);
    // The best is the first epoch that reached it, and its numbers are kept.
    let first = trained.metrics.iter().position(|&m| m == 100.0).unwrap();
    assert_eq!(trained.best_epoch as usize, first + 1);
    assert_eq!(accuracy(&classes_of(&trained.best, 2), &truth), 100.0);
    assert_ne!(trained.best, trained.last);
    assert_eq!(trained.head.apply(&test), trained.last);

    // The same seed gives the same head; another order or another seed does not.
    let again = train(
        &features,
        &objective,
        &evaluation,
        &recipe,
        &mut |_, _, _| (),
    )
    .unwrap();
    assert_eq!(again.head, trained.head);
    for other in [
        Recipe {
            shuffle: false,
            ..recipe.clone()
        },
        Recipe {
            seed: 4,
            ..recipe.clone()
        },
    ] {
        let other = train(
            &features,
            &objective,
            &evaluation,
            &other,
            &mut |_, _, _| (),
        )
        .unwrap();
        assert_ne!(other.head, trained.head);
    }
}

#[test]
fn a_pose_is_read_from_features_of_any_scale() {
    // Angles hide in two columns; others are noise, one is constant.
    let mut rng = ChaCha8Rng::seed_from_u64(8);
    let mut set = |count: usize| {
        let (mut data, mut pose) = (Vec::new(), Vec::new());
        for _ in 0..count {
            let (yaw, pitch) = (
                rng.random_range(-60.0..60.0f32),
                rng.random_range(-30.0..30.0f32),
            );
            data.extend([0.001 * yaw, 500.0 + pitch, rng.random_range(-1.0..1.0), 3.0]);
            pose.push([yaw, pitch, 0.0]);
        }
        (Matrix::new(count, 4, data), pose)
    };
    let ((features, pose), (test, truth)) = (set(1000), set(100));
    let targets = pose.concat();
    let objective = AbsoluteError::new(&targets, 3);
    let evaluation = Evaluation {
        rows: &test,
        metric: &|y| mean_of(&mean_absolute_error(y, &truth)),
        better: Better::Lower,
    };
    let recipe = Recipe {
        lr: 0.1,
        epochs: 100,
        ..Recipe::pose(&ProbeConfig::default(), &PoseProbeConfig::default(), 1)
    };
    let trained = train(
        &features,
        &objective,
        &evaluation,
        &recipe,
        &mut |_, _, _| (),
    )
    .unwrap();
    assert!(
        trained.metrics[0] > 10.0 && trained.last_metric() < 1.5,
        "{:?}",
        trained.metrics
    );
    assert!(trained.best_metric() <= trained.last_metric());
}

/// Persons differ in two columns; six louder ones are noise that the plain cosine follows.
#[test]
fn a_layer_on_pairs_beats_the_plain_cosine() {
    let mut rng = ChaCha8Rng::seed_from_u64(4);
    let (mut data, mut pairs) = (Vec::new(), Vec::new());
    for i in 0..600 {
        let same = i % 2 == 0;
        let angle = rng.random_range(0.0..std::f32::consts::TAU);
        for angle in [angle, if same { angle } else { angle + 3.0 }] {
            data.extend([angle.cos(), angle.sin()]);
            data.extend([0.0; 6].map(|_: f32| rng.random_range(-2.0..2.0f32)));
        }
        pairs.push(Pair {
            a: 2 * i,
            b: 2 * i + 1,
            same,
            fold: i % 3,
        });
    }
    let features = Matrix::new(1200, 8, data);
    let plain = verify::scores(&features, &pairs);
    let plain = verify::kfold(&plain, &pairs).unwrap().accuracy.mean;
    let recipe = Recipe::pairs(&ProbeConfig::default(), 1);
    let recipe = Recipe {
        batch_size: 32,
        ..recipe
    };
    let mut heard = 0;
    let result = verify_linear(&features, &pairs, &recipe, &mut |_, _, _, _| heard += 1).unwrap();
    assert_eq!(
        (heard, result.last.folds.len(), result.best_epochs.len()),
        (30, 3, 3)
    );
    let last = result.last.accuracy.mean;
    assert!(plain < 75.0 && last > plain + 15.0, "{plain} {last}");
    assert!(result.best.mean >= last);
}

#[test]
fn refuses_what_does_not_fit() {
    let (features, labels) = clouds(10, 1);
    let recipe = Recipe {
        epochs: 2,
        ..Recipe::classes(&ProbeConfig::default(), 1)
    };
    let run = |features: &Matrix, labels: &[u32], test: &Matrix, recipe: &Recipe| {
        let objective = CrossEntropy::new(labels, 2)?;
        let evaluation = Evaluation {
            rows: test,
            metric: &|_| 0.0,
            better: Better::Higher,
        };
        train(features, &objective, &evaluation, recipe, &mut |_, _, _| ()).map(|_| ())
    };
    assert_eq!(run(&features, &labels, &features, &recipe), Ok(()));
    let error = RowsError::Labels {
        labels: 9,
        rows: 10,
    };
    assert_eq!(
        run(&features, &labels[1..], &features, &recipe),
        Err(error.into())
    );
    let other = Matrix::new(1, 3, vec![0.0; 3]);
    let error = RowsError::Lengths { train: 20, test: 3 };
    assert_eq!(run(&features, &labels, &other, &recipe), Err(error.into()));
    let class = RowsError::Class {
        index: 0,
        label: 7,
        classes: 2,
    };
    assert_eq!(
        run(&features, &[7; 10], &features, &recipe),
        Err(class.into())
    );
    let none = Recipe {
        epochs: 0,
        ..recipe.clone()
    };
    let error = HeadError::Recipe {
        epochs: 0,
        batch: 256,
    };
    assert_eq!(run(&features, &labels, &features, &none), Err(error));
    let mut broken = features.clone();
    broken.data[7] = f32::NAN;
    assert_eq!(
        run(&broken, &labels, &features, &recipe),
        Err(HeadError::Diverged { epoch: 1 })
    );
}
