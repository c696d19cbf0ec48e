//! The contrastive loss as one operation on the Gram matrix (on GPUs) against its plain twin.

mod support;

use burn::tensor::{Device, Int, Tensor, TensorData};
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use visage::config::Reduction;
use visage::loss::{ContrastiveOptions, Mix, l_face, l_face_plain};

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
        for (what, (a, b)) in ["loss", "z"].iter().zip(actual.iter().zip(&expected)) {
            assert_eq!(a.len(), b.len());
            let scale = b.iter().fold(1e-3f32, |m, v| m.max(v.abs()));
            for (a, b) in a.iter().zip(b) {
                assert!(
                    (a - b).abs() < 1e-4 * scale,
                    "{what}: {a}, not {b}, of {scale} at N = {n}, mixed: {mixed}"
                );
            }
        }
    }
}
