//! One Adam step against its plain twin.

mod support;

use burn::tensor::{Device, Tensor, TensorData};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use visage::ops::{AdamStep, adam, adam_plain};

const LEN: usize = 1003;

fn leaf(rng: &mut ChaCha8Rng, low: f32, device: &Device) -> Tensor<1> {
    let numbers: Vec<f32> = (0..LEN).map(|_| rng.random_range(low..1.0)).collect();
    Tensor::from_data(TensorData::new(numbers, [LEN]), device)
}

/// p, m and v after three steps, and the three tensors that went into the first one as they are
/// afterwards: nobody's tensor may change under them.
fn run(ours: bool, shared: bool, device: &Device) -> Vec<Vec<f32>> {
    let mut rng = ChaCha8Rng::seed_from_u64(5);
    let mut state = [
        leaf(&mut rng, -1.0, device),
        leaf(&mut rng, -1.0, device),
        leaf(&mut rng, 0.0, device),
    ]
    .map(|t| t * 0.5);
    let first = shared.then(|| state.clone());
    for t in 1..4 {
        let grad = leaf(&mut rng, -1.0, device) * 2.0;
        let step = AdamStep {
            lr: 0.01,
            betas: [0.9, 0.99],
            eps: 1e-8,
            weight_decay: 0.1,
            corrections: [1.0 - 0.9f32.powi(t), 1.0 - 0.99f32.powi(t)],
        };
        let [p, m, v] = state;
        state = if ours { adam } else { adam_plain }(p, m, v, grad, step);
    }
    // In the middle of a graph: something follows at once.
    let state = state.map(|t| t + 1.0);
    state
        .into_iter()
        .chain(first.into_iter().flatten())
        .map(|t| t.into_data().iter::<f32>().collect())
        .collect()
}

#[test]
fn three_steps_are_those_of_plain_operations() {
    for device in support::devices() {
        for shared in [false, true] {
            let expected = run(false, shared, &Device::flex());
            let ours = run(true, shared, &device);
            assert_eq!(ours.len(), expected.len());
            for (which, (a, b)) in ours.iter().zip(&expected).enumerate() {
                for (i, (a, b)) in a.iter().zip(b).enumerate() {
                    assert!(
                        (a - b).abs() < 2e-6,
                        "tensor {which}, element {i}: {a}, not {b} on {device:?}"
                    );
                }
            }
        }
    }
}
