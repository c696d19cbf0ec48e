//! Trying our GPU kernels out before a training run relies on them.
//!
//! They were written without most of the GPUs they will run on, and a driver may understand a
//! kernel in its own way. A few small layers and their gradients are therefore compared with the
//! CPU's when a GPU is opened; where they differ, burn's operations are used.

use std::sync::atomic::{AtomicBool, Ordering};

use burn::tensor::{Device, FloatDType, Gradients, Tensor, TensorData};

use super::{Projections, attention, batch_norm, conv, sum_of_squares, total, up_conv};
use crate::config::{Precision, Reduction};
use crate::device::KernelGroup;
use crate::loss::{ContrastiveOptions, Mix, l_face, l_pose};

/// How far numbers may be apart, relative to the largest: far above rounding, far below an error.
fn tolerance(maps: Precision) -> f32 {
    match maps {
        Precision::F32 => 1e-3,
        Precision::F16 => 1e-2,
    }
}

/// Numbers in a row that are summed: by one workgroup, and by several.
const SUMMED: [usize; 2] = [300, 20_000];
/// A convolution that is tried: b, cin, cout, height, width, kernel, stride. The last is a linear
/// layer.
const CONVOLUTIONS: [[usize; 7]; 6] = [
    [2, 3, 34, 20, 20, 7, 2],
    [3, 40, 70, 13, 11, 3, 1],
    [2, 20, 40, 9, 9, 3, 2],
    [2, 36, 36, 8, 8, 1, 1],
    [2, 70, 3, 17, 16, 3, 1],
    [9, 130, 70, 1, 1, 1, 1],
];
/// Batches and maps that are normalised; the second and the third are large enough to be shared out.
const NORMALISED: [(usize, [usize; 4]); 4] = [
    (1, [3, 20, 5, 7]),
    (1, [4, 3, 48, 50]),
    (3, [6, 3, 48, 50]),
    (3, [33, 70, 1, 1]),
];
/// Maps for channel attention, for every tile.
const ATTENDED: [[usize; 4]; 3] = [[2, 9, 9, 8], [2, 20, 7, 6], [2, 70, 17, 16]];
/// D's blocks: b, cin, cout, height, width. The last makes a picture.
const DOUBLED: [[usize; 5]; 4] = [
    [3, 40, 20, 1, 1],
    [2, 70, 20, 5, 7],
    [3, 20, 9, 9, 8],
    [2, 36, 3, 17, 16],
];
/// Images of a face loss.
const FACES: [usize; 2] = [3, 40];
/// Images and negatives of a pose loss.
const POSES: [[usize; 2]; 2] = [[2, 6], [3, 300]];

static DISTRUSTED: [AtomicBool; KernelGroup::ALL.len()] =
    [const { AtomicBool::new(false) }; KernelGroup::ALL.len()];

fn trust(group: KernelGroup, trusted: bool) {
    DISTRUSTED[group as usize].store(!trusted, Ordering::Relaxed);
}

/// Whether these kernels may be used: nothing was found wrong with them.
pub(super) fn trusted(group: KernelGroup) -> bool {
    !DISTRUSTED[group as usize].load(Ordering::Relaxed)
}

/// Output and gradients; nothing if the device fails.
type Results = Option<Vec<Vec<f32>>>;

/// Numbers of many values, as a leaf. They have few bits, so that 16 hold them as well as 32 do.
fn leaf<const D: usize>(shape: [usize; D], pace: f32, device: &Device) -> Tensor<D> {
    let count = shape.iter().product::<usize>();
    let number = |i| ((i as f32 * pace).sin() * 1024.0).round() / 1024.0;
    let numbers = (0..count).map(number).collect();
    Tensor::from_data(TensorData::new::<f32, _>(numbers, shape), device).require_grad()
}

fn numbers<const D: usize>(tensor: Tensor<D>) -> Option<Vec<f32>> {
    Some(tensor.try_into_data().ok()?.iter::<f32>().collect())
}

fn gradient<const D: usize>(leaf: &Tensor<D>, grads: &Gradients) -> Option<Vec<f32>> {
    numbers(leaf.grad(grads)?)
}

fn sums(count: usize, device: &Device) -> Results {
    let recording = device.clone().autodiff();
    let x = leaf([count], 0.37, &recording);
    let sum = total(x.clone() + 1.0);
    let grads = sum.clone().square().backward();
    let squares = sum_of_squares(x.clone().inner());
    Some(vec![
        numbers(sum.inner())?,
        numbers(squares)?,
        gradient(&x, &grads)?,
    ])
}

fn convolution(
    [b, cin, cout, h, w, kernel, stride]: [usize; 7],
    maps: FloatDType,
    device: &Device,
) -> Results {
    let device = device.clone().autodiff();
    let x = leaf([b, cin, h, w], 0.37, &device);
    let weight = leaf([cout, cin, kernel, kernel], 1.13, &device);
    let bias = leaf([cout], 0.71, &device);
    let (stored, padding) = (x.clone().cast(maps), kernel / 2);
    let out = conv(stored, weight.clone(), bias.clone(), stride, padding, 0.1);
    let out = out.cast(FloatDType::F32);
    let grads = out.clone().square().sum().backward();
    Some(vec![
        numbers(out.inner())?,
        gradient(&x, &grads)?,
        gradient(&weight, &grads)?,
        gradient(&bias, &grads)?,
    ])
}

fn normalisation(
    (batches, shape): (usize, [usize; 4]),
    maps: FloatDType,
    device: &Device,
) -> Results {
    let device = device.clone().autodiff();
    let x = leaf(shape, 0.37, &device);
    let gamma = leaf([shape[1]], 1.13, &device);
    let beta = leaf([shape[1]], 0.71, &device);
    // A mean that is larger than the deviation.
    let stored = (x.clone() + 5.0).cast(maps);
    let result = batch_norm(stored, gamma.clone(), beta.clone(), 1e-5, batches);
    let output = result.output.cast(FloatDType::F32);
    let grads = output.clone().tanh().square().sum().backward();
    Some(vec![
        numbers(output.inner())?,
        numbers(result.mean.inner())?,
        numbers(result.variance.inner())?,
        gradient(&x, &grads)?,
        gradient(&gamma, &grads)?,
        gradient(&beta, &grads)?,
    ])
}

fn attended(shape: [usize; 4], maps: FloatDType, device: &Device) -> Results {
    let device = device.clone().autodiff();
    let c = shape[1];
    let x = leaf(shape, 0.37, &device);
    let weight = leaf([2 * c, c, 1, 1], 1.13, &device);
    let bias = leaf([2 * c], 0.71, &device);
    let phi = leaf([c, c, 1, 1], 0.83, &device);
    let phi_bias = leaf([c], 0.59, &device);
    let by = Projections {
        weight: weight.clone(),
        bias: bias.clone(),
        phi: phi.clone(),
        phi_bias: phi_bias.clone(),
    };
    let out = attention(x.clone().cast(maps), by, 0.1).cast(FloatDType::F32);
    let grads = out.clone().square().sum().backward();
    Some(vec![
        numbers(out.inner())?,
        gradient(&x, &grads)?,
        gradient(&weight, &grads)?,
        gradient(&bias, &grads)?,
        gradient(&phi, &grads)?,
        gradient(&phi_bias, &grads)?,
    ])
}

fn doubled([b, cin, cout, h, w]: [usize; 5], maps: FloatDType, device: &Device) -> Results {
    let device = device.clone().autodiff();
    let x = leaf([b, cin, h, w], 0.37, &device);
    let weight = leaf([cout, cin, 3, 3], 1.13, &device);
    let bias = leaf([cout], 0.71, &device);
    let out = up_conv(x.clone().cast(maps), weight.clone(), bias.clone()).cast(FloatDType::F32);
    let grads = out.clone().square().sum().backward();
    Some(vec![
        numbers(out.inner())?,
        gradient(&x, &grads)?,
        gradient(&weight, &grads)?,
        gradient(&bias, &grads)?,
    ])
}

/// How the contrastive losses are taken.
const CONTRASTIVE: ContrastiveOptions = ContrastiveOptions {
    tau: 0.5,
    reduction: Reduction::Mean,
    pos_in_denominator: true,
};

/// An interpolation of `k` negatives.
fn mixture([rows, k]: [usize; 2], device: &Device) -> Mix {
    // 7 and K have no common factor: every position once.
    let moved = (0..k).map(|i| ((i * 7 + 3) % k) as i32).collect::<Vec<_>>();
    Mix {
        lambda: (leaf([rows, k], 1.13, device) * 0.5 + 0.5).detach(),
        permutation: Tensor::from_data(TensorData::new(moved, [k]), device),
    }
}

fn face_loss(n: usize, device: &Device) -> Results {
    let device = device.clone().autodiff();
    let z = leaf([2 * n, 9], 0.37, &device);
    let mix = mixture([2 * n, 2 * n - 2], &device);
    let loss = l_face(z.clone(), Some(&mix), CONTRASTIVE);
    let grads = loss.backward();
    Some(vec![numbers(loss.inner())?, gradient(&z, &grads)?])
}

/// `images` with `k` negatives each.
fn pose_loss([images, k]: [usize; 2], device: &Device) -> Results {
    let device = device.clone().autodiff();
    let positives = leaf([2 * images, 9], 0.37, &device);
    let negatives = leaf([images, k, 9], 0.53, &device);
    let mix = mixture([images, k], &device);
    let loss = l_pose(
        positives.clone(),
        negatives.clone(),
        Some(&mix),
        CONTRASTIVE,
    );
    let grads = loss.backward();
    Some(vec![
        numbers(loss.inner())?,
        gradient(&positives, &grads)?,
        gradient(&negatives, &grads)?,
    ])
}

/// All results of a group's trials, with maps that are stored like this.
fn run(group: KernelGroup, maps: Precision, device: &Device) -> Results {
    let maps = maps.into();
    let all: Option<Vec<Vec<Vec<f32>>>> = match group {
        KernelGroup::Sums => SUMMED.map(|t| sums(t, device)).into_iter().collect(),
        KernelGroup::Convolution => CONVOLUTIONS
            .map(|t| convolution(t, maps, device))
            .into_iter()
            .collect(),
        KernelGroup::Normalisation => NORMALISED
            .map(|t| normalisation(t, maps, device))
            .into_iter()
            .collect(),
        KernelGroup::Attention => ATTENDED
            .map(|t| attended(t, maps, device))
            .into_iter()
            .collect(),
        KernelGroup::UpConvolution => DOUBLED
            .map(|t| doubled(t, maps, device))
            .into_iter()
            .collect(),
        KernelGroup::FaceLoss => FACES.map(|t| face_loss(t, device)).into_iter().collect(),
        KernelGroup::PoseLoss => POSES.map(|t| pose_loss(t, device)).into_iter().collect(),
    };
    Some(all?.concat())
}

/// Whether two results are the same but for rounding.
fn agree(ours: &[f32], right: &[f32], tolerance: f32) -> bool {
    let largest = right.iter().fold(1e-6f32, |m, v| m.max(v.abs()));
    ours.len() == right.len()
        && ours
            .iter()
            .zip(right)
            .all(|(a, b)| (a - b).abs() <= tolerance * largest)
}

/// Compares our layers on a GPU, on maps that are stored like this, with the CPU's on f32, and from
/// now on does without those that are wrong. Which they are.
pub fn try_kernels(device: &Device, maps: Precision) -> Vec<KernelGroup> {
    let tolerance = tolerance(maps);
    let wrong = |group: &KernelGroup| {
        let cpu = run(*group, Precision::F32, &Device::flex());
        match (run(*group, maps, device), cpu) {
            (Some(ours), Some(right)) => {
                let mut pairs = ours.iter().zip(&right);
                ours.len() != right.len() || !pairs.all(|(a, b)| agree(a, b, tolerance))
            }
            _ => true,
        }
    };
    let mut found = Vec::new();
    for group in KernelGroup::ALL {
        if wrong(&group) {
            // At once: the groups after it are built on burn's then.
            trust(group, false);
            found.push(group);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::{DeviceRequest, choose};
    use crate::ops::{linear, ours, product_turned};

    #[test]
    fn wrong_and_missing_numbers_are_seen() {
        let right = [1.0, -200.0, 3.0];
        assert!(agree(&[1.0001, -200.01, 3.0], &right, 1e-3));
        assert!(!agree(&[1.0, -199.0, 3.0], &right, 1e-3));
        assert!(!agree(&[1.0, f32::NAN, 3.0], &right, 1e-3));
        assert!(!agree(&[1.0, -200.0], &right, 1e-3));
    }

    /// Without ours every layer is ordinary operations, which are right as well.
    #[test]
    fn what_is_distrusted_is_switched_off() {
        let found = choose(DeviceRequest::Software);
        let required = std::env::var_os("VISAGE_REQUIRE_GPU").is_some();
        assert!(!required || found.is_ok(), "VISAGE_REQUIRE_GPU is set");
        let Ok(gpu) = found.map(|chosen| chosen.device) else {
            return;
        };
        let heads = |device: &Device| {
            let x = leaf([3, 8], 0.37, &device.clone().autodiff());
            let y = linear(
                x.clone(),
                leaf([8, 5], 1.13, &x.device()),
                leaf([5], 0.71, &x.device()),
                true,
            );
            let loss = total(product_turned(y.clone(), y).square());
            let grads = loss.clone().backward();
            [
                numbers(loss.inner()).unwrap(),
                gradient(&x, &grads).unwrap(),
            ]
        };
        let right = heads(&Device::flex());
        for group in KernelGroup::ALL {
            assert!(ours(group, gpu.clone()), "{group}");
            trust(group, false);
            let still = ours(group, gpu.clone());
            let cpu = ours(group, Device::flex());
            let now = heads(&gpu);
            trust(group, true);
            assert!(!still, "{group} is still ours");
            let contrastive = matches!(group, KernelGroup::FaceLoss | KernelGroup::PoseLoss);
            assert_eq!(cpu, !contrastive, "{group}");
            for (a, b) in now.iter().zip(&right) {
                assert!(
                    agree(a, b, tolerance(Precision::F32)),
                    "{group}: {a:?}, not {b:?}"
                );
            }
        }
    }

    #[test]
    fn every_trial_says_something() {
        for group in KernelGroup::ALL {
            let results = run(group, Precision::F32, &Device::flex()).unwrap();
            assert!(results.len() >= 4, "{group}");
            for (i, result) in results.iter().enumerate() {
                let largest = result.iter().fold(0.0f32, |m, v| m.max(v.abs()));
                assert!(largest > 0.01, "{group}, result {i}: {largest}");
            }
        }
    }
}
