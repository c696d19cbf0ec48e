//! The contrastive losses as one operation on the Gram matrix (on GPUs) against their plain twins.

mod support;

use burn::tensor::{Device, Int, Tensor, TensorData};
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use visage::config::Reduction;
use visage::loss::{ContrastiveOptions, Mix, l_face, l_face_plain, l_pose, l_pose_plain};

const TAU: f64 = 0.07;

/// Loss and gradient at z of 2N rows, where another operation stands before and behind.
fn run(n: usize, mixed: bool, reduction: Reduction, ours: bool, device: &Device) -> [Vec<f32>; 2] {
    let mut rng = ChaCha8Rng::seed_from_u64(n as u64);
    let (rows, k, d) = (2 * n, 2 * n - 2, 9);
    let mut numbers = |count: usize, low: f32| -> Vec<f32> {
        (0..count).map(|_| rng.random_range(low..1.0)).collect()
    };
    let z = TensorData::new(numbers(rows * d, -1.0), [rows, d]);
    let lambda = TensorData::new(numbers(rows * k, 0.0), [rows, k]);
    let mut permutation: Vec<i32> = (0..k as i32).collect();
    permutation.shuffle(&mut rng);
    let device = device.clone().autodiff();
    let leaf = Tensor::<2>::from_data(z, &device).require_grad();
    let z = leaf.clone() * 2.0;
    let mix = Mix {
        lambda: Tensor::from_data(lambda, &device),
        permutation: Tensor::<1, Int>::from_data(TensorData::new(permutation, [k]), &device),
    };
    let options = ContrastiveOptions {
        tau: TAU,
        reduction,
        pos_in_denominator: true,
    };
    let form = if ours { l_face } else { l_face_plain };
    let loss = form(z, mixed.then_some(&mix), options);
    let loss = loss.square();
    let grads = loss.backward();
    let grad = leaf.grad(&grads).expect("the loss depends on it");
    [
        loss.into_data().iter().collect(),
        grad.into_data().iter().collect(),
    ]
}

#[test]
fn the_loss_and_its_gradient_are_those_of_the_plain_twin() {
    let Some(device) = support::software() else {
        return;
    };
    use Reduction::{Mean, Sum};
    // One image has no negatives, 2 have one negative pair, 40 more positions than are summed
    // abreast, 150 more than a workgroup has units.
    for (n, mixed, reduction) in [
        (1, true, Mean),
        (2, true, Mean),
        (3, true, Sum),
        (5, true, Mean),
        (5, false, Sum),
        (40, true, Mean),
        (150, true, Mean),
        (150, false, Mean),
    ] {
        let expected = run(n, mixed, reduction, false, &Device::flex());
        let actual = run(n, mixed, reduction, true, &device);
        compare(&actual, &expected, &format!("N = {n}, mixed: {mixed}"));
    }
}

/// Loss and gradients.
fn compare(actual: &[Vec<f32>], expected: &[Vec<f32>], what: &str) {
    assert_eq!(actual.len(), expected.len());
    for (i, (a, b)) in actual.iter().zip(expected).enumerate() {
        assert_eq!(a.len(), b.len());
        let scale = b.iter().fold(1e-3f32, |m, v| m.max(v.abs()));
        for (a, b) in a.iter().zip(b) {
            assert!(
                (a - b).abs() < 1e-4 * scale,
                "part {i}: {a}, not {b}, of {scale} at {what}"
            );
        }
    }
}

/// What a trial of L_pose varies.
#[derive(Clone, Copy, Debug)]
struct PoseTrial {
    images: usize,
    negatives: usize,
    mixed: bool,
    pos_in_denominator: bool,
    reduction: Reduction,
}

fn run_pose(trial: PoseTrial, ours: bool, device: &Device) -> [Vec<f32>; 3] {
    let (b, m, d) = (trial.images, trial.negatives, 9);
    let mut rng = ChaCha8Rng::seed_from_u64(m as u64);
    let mut numbers = |count: usize, low: f32| -> Vec<f32> {
        (0..count).map(|_| rng.random_range(low..1.0)).collect()
    };
    let positives = TensorData::new(numbers(2 * b * d, -1.0), [2 * b, d]);
    let negatives = TensorData::new(numbers(b * m * d, -1.0), [b, m, d]);
    let lambda = TensorData::new(numbers(b * m, 0.0), [b, m]);
    let mut permutation: Vec<i32> = (0..m as i32).collect();
    permutation.shuffle(&mut rng);
    let device = device.clone().autodiff();
    let positives = Tensor::<2>::from_data(positives, &device).require_grad();
    let negatives = Tensor::<3>::from_data(negatives, &device).require_grad();
    let mix = Mix {
        lambda: Tensor::from_data(lambda, &device),
        permutation: Tensor::<1, Int>::from_data(TensorData::new(permutation, [m]), &device),
    };
    let options = ContrastiveOptions {
        tau: TAU,
        reduction: trial.reduction,
        pos_in_denominator: trial.pos_in_denominator,
    };
    let form = if ours { l_pose } else { l_pose_plain };
    let mix = trial.mixed.then_some(&mix);
    let loss = form(
        positives.clone() * 2.0,
        negatives.clone() * 0.5,
        mix,
        options,
    )
    .square();
    let grads = loss.backward();
    [
        loss.into_data().iter().collect(),
        positives
            .grad(&grads)
            .expect("the loss depends on it")
            .into_data()
            .iter()
            .collect(),
        negatives
            .grad(&grads)
            .expect("the loss depends on it")
            .into_data()
            .iter()
            .collect(),
    ]
}

#[test]
fn the_pose_loss_and_its_gradients_are_those_of_the_plain_twin() {
    let Some(device) = support::software() else {
        return;
    };
    // One negative; a permutation with fixed points; more negatives than a workgroup has units.
    for (images, negatives) in [(1, 1), (1, 2), (3, 5), (2, 40), (2, 300)] {
        for (mixed, pos_in_denominator, reduction) in [
            (true, true, Reduction::Mean),
            (true, false, Reduction::Sum),
            (false, true, Reduction::Mean),
        ] {
            let trial = PoseTrial {
                images,
                negatives,
                mixed,
                pos_in_denominator,
                reduction,
            };
            let expected = run_pose(trial, false, &Device::flex());
            compare(
                &run_pose(trial, true, &device),
                &expected,
                &format!("{trial:?}"),
            );
        }
    }
}
