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

/// Variations of pictures: each of them `views` times in a row, blended with other blobs.
fn views(of: &Tensor<4>, views: usize, index: u64, device: &Device) -> Tensor<4> {
    let copies: Tensor<4> = of
        .clone()
        .unsqueeze_dim::<5>(1)
        .repeat_dim(1, views)
        .flatten(0, 1);
    let [count, ..] = copies.dims();
    copies * 0.6 + pictures(index, count, device) * 0.4
}

/// The inputs of one step: 4 images to reconstruct, 4 faces, 2 poses with 4 negatives each.
///
/// Negatives are variations of their image like the positives, so that L_pose starts near its
/// chance level instead of at zero.
pub fn batch(step: u64, device: &Device) -> Batch {
    let index = 2000 + 10 * step;
    let s = pictures(index, 4, device);
    let faces = pictures(index + 1, 4, device);
    let poses = pictures(index + 2, 2, device);
    let face = [3, 4].map(|offset| views(&faces, 1, index + offset, device));
    let pose = [(1, 5), (1, 6), (4, 7)]
        .map(|(count, offset)| views(&poses, count, index + offset, device));
    Batch {
        s_hat: s.clone().flip([3]),
        twin: None,
        s,
        noise: None,
        code_noise: None,
        face: Tensor::cat(face.to_vec(), 0),
        pose: Tensor::cat(pose.to_vec(), 0),
        pose_images: 2,
        face_mix: Some(mix(index + 8, 8, [3, 0, 5, 1, 4, 2], device)),
        pose_mix: Some(mix(index + 9, 2, [2, 0, 3, 1], device)),
    }
}
