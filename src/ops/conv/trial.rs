//! Trying our GPU kernels out before a training run relies on them.
//!
//! They were written without most of the GPUs they will run on, and a driver may understand a
//! kernel in its own way. A few small convolutions and their gradients are therefore compared with
//! the CPU's when a GPU is opened; if they differ, burn's kernels are used.

use burn::tensor::{Device, Tensor, TensorData};

use super::{conv, gpu};

/// How far numbers may be apart, relative to the largest: far above rounding, far below an error.
const TOLERANCE: f32 = 1e-3;

/// A convolution that is tried: b, cin, cout, height, width, kernel, stride.
const TRIED: [[usize; 7]; 5] = [
    [2, 3, 34, 20, 20, 7, 2],
    [3, 40, 70, 13, 11, 3, 1],
    [2, 20, 40, 9, 9, 3, 2],
    [2, 36, 36, 8, 8, 1, 1],
    [2, 70, 3, 17, 16, 3, 1],
];

/// Output and gradients at x, weight and bias; nothing if the device fails.
fn run([b, cin, cout, h, w, kernel, stride]: [usize; 7], device: &Device) -> Option<Vec<Vec<f32>>> {
    let device = device.clone().autodiff();
    let leaf = |shape: [usize; 4], pace: f32| {
        let count = shape.iter().product::<usize>();
        let numbers = (0..count).map(|i| (i as f32 * pace).sin()).collect();
        Tensor::<4>::from_data(TensorData::new::<f32, _>(numbers, shape), &device).require_grad()
    };
    let x = leaf([b, cin, h, w], 0.37);
    let weight = leaf([cout, cin, kernel, kernel], 1.13);
    let bias = leaf([1, 1, 1, cout], 0.71);
    let flat = bias.clone().reshape([cout]);
    let out = conv(x.clone(), weight.clone(), flat, stride, kernel / 2, 0.1);
    let grads = out.clone().square().sum().backward();
    let mut results = vec![out.inner()];
    for leaf in [x, weight, bias] {
        results.push(leaf.grad(&grads)?);
    }
    results
        .into_iter()
        .map(|t| Some(t.try_into_data().ok()?.iter::<f32>().collect()))
        .collect()
}

/// Whether two results are the same but for rounding.
fn agree(ours: &[f32], right: &[f32]) -> bool {
    let largest = right.iter().fold(1e-6f32, |m, v| m.max(v.abs()));
    ours.len() == right.len()
        && ours
            .iter()
            .zip(right)
            .all(|(a, b)| (a - b).abs() <= TOLERANCE * largest)
}

/// Compares our convolutions on a GPU with the CPU's and does without them there if they are wrong.
/// Whether they are right.
pub fn try_kernels(device: &Device) -> bool {
    let cpu = Device::flex();
    let right = TRIED
        .iter()
        .all(|&shape| match (run(shape, device), run(shape, &cpu)) {
            (Some(ours), Some(right)) => ours.iter().zip(&right).all(|(a, b)| agree(a, b)),
            _ => false,
        });
    if !right {
        gpu::distrust();
    }
    right
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrong_and_missing_numbers_are_seen() {
        let right = [1.0, -200.0, 3.0];
        assert!(agree(&[1.0001, -200.01, 3.0], &right));
        assert!(!agree(&[1.0, -199.0, 3.0], &right));
        assert!(!agree(&[1.0, f32::NAN, 3.0], &right));
        assert!(!agree(&[1.0, -200.0], &right));
    }

    #[test]
    fn every_trial_says_something() {
        for shape in TRIED {
            let results = run(shape, &Device::flex()).unwrap();
            assert_eq!(results.len(), 4);
            for result in results {
                let largest = result.iter().fold(0.0f32, |m, v| m.max(v.abs()));
                assert!(largest > 0.1, "{shape:?}");
            }
        }
    }
}
