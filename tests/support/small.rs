//! A network of an eighth of the channels and smooth pictures, for tests that take many steps.

use burn::tensor::{Device, Int, Tensor, TensorData};
use visage::config::RunConfig;
use visage::loss::Mix;
use visage::model::{Architecture, Pcl};
use visage::ops::upsample2;
use visage::train::step::Batch;

use super::generator::generate;

/// The paper's network at an eighth of its width.
pub fn network(seed: u64, device: &Device) -> Pcl {
    let mut config = RunConfig::default();
    config.model.width = 0.125;
    Pcl::new(
        Architecture::from(&config),
        seed,
        &device.clone().autodiff(),
    )
}

/// Colour blobs: 4×4 generated numbers, four times doubled.
pub fn pictures(index: u64, count: usize, device: &Device) -> Tensor<4> {
    let shape = [count, 3, 4, 4];
    let coarse = generate(index, &shape, "unit", None);
    let coarse = Tensor::from_data(TensorData::new(coarse, shape), device);
    (0..4).fold(coarse, |x, _| upsample2(x))
}

fn mix<const K: usize>(index: u64, rows: usize, permutation: [i32; K], device: &Device) -> Mix {
    let lambda = generate(index, &[rows, K], "unit", None);
    Mix {
        lambda: Tensor::from_data(TensorData::new(lambda, [rows, K]), device),
        permutation: Tensor::<1, Int>::from_data(permutation, device),
    }
}

/// The inputs of one step: 4 images to reconstruct, 4 faces, 2 poses with 4 negatives each.
pub fn batch(step: u64, device: &Device) -> Batch {
    let index = 2000 + 10 * step;
    let s = pictures(index, 4, device);
    let pose = pictures(index + 2, 2, device);
    // Four flips of each image in a row, blended with others so that they differ.
    let flips: Tensor<4> = pose
        .clone()
        .flip([3])
        .unsqueeze_dim::<5>(1)
        .repeat_dim(1, 4)
        .flatten(0, 1);
    let negatives = flips * 0.7 + pictures(index + 3, 8, device) * 0.3;
    let other_view = pose.clone() * 0.8 + pictures(index + 4, 2, device) * 0.2;
    Batch {
        s_hat: s.clone().flip([3]),
        s,
        noise: None,
        face: pictures(index + 1, 8, device),
        pose: Tensor::cat(vec![pose, other_view, negatives], 0),
        pose_images: 2,
        face_mix: Some(mix(index + 5, 8, [3, 0, 5, 1, 4, 2], device)),
        pose_mix: Some(mix(index + 6, 2, [2, 0, 3, 1], device)),
    }
}
