//! From the loader's parameters to tensors on the training device.

use burn::tensor::{Device, Int, Tensor, TensorData};

use super::step::Batch;
use crate::augment::{Interpolation, ViewParams};
use crate::config::RunConfig;
use crate::data::StepBatch;
use crate::loss::Mix;
use crate::model::Architecture;
use crate::ops::{UploadedFrames, gaussian_noise};
use crate::rng::stream_seed;

/// Side of a training image in pixels.
pub const SIDE_PX: usize = 64;

/// Renders all views of a step.
pub fn upload(batch: &StepBatch, config: &RunConfig, device: &Device) -> Batch {
    let frames = UploadedFrames::new(&batch.arena, device);
    let s = frames.render(&batch.recon, SIDE_PX);
    let [n, c, h, w] = s.dims();
    // s and ŝ, and who gives its pose.
    let encoded = 2 * n + batch.recon_twin.len();
    let noise = (n > 0 && config.recon.noise_std > 0.0).then(|| {
        gaussian_noise([encoded, c, h, w], batch.noise_seed, device) * config.recon.noise_std
    });
    // Rendering a mirrored view costs as much as rendering s; mirroring its pixels costs nothing.
    let mirrored = |(s, s_hat): (&ViewParams, &ViewParams)| *s_hat == ViewParams { flip: 1, ..*s };
    let all_mirrored = batch.recon.iter().zip(&batch.recon_hat).all(mirrored);
    Batch {
        s_hat: if n > 0 && all_mirrored {
            s.clone().flip([3])
        } else {
            frames.render(&batch.recon_hat, SIDE_PX)
        },
        s,
        twin: (!batch.recon_twin.is_empty()).then(|| frames.render(&batch.recon_twin, SIDE_PX)),
        noise,
        code_noise: (n > 0)
            .then(|| code_noise(encoded, batch.noise_seed, config, device))
            .flatten(),
        face: frames.render(&batch.face, SIDE_PX),
        pose: frames.render(&batch.pose, SIDE_PX),
        pose_images: config.pose.batch_size,
        face_mix: batch.face_interp.as_ref().map(|i| mix(i, device)),
        pose_mix: batch.pose_interp.as_ref().map(|i| mix(i, device)),
    }
}

/// Noise on the codes of `n` pictures, if the configuration asks for any.
fn code_noise(n: usize, seed: u32, config: &RunConfig, device: &Device) -> Option<[Tensor<2>; 2]> {
    let [face_std, pose_std] = config.recon.code_noise;
    if face_std == 0.0 && pose_std == 0.0 {
        return None;
    }
    let widths = Architecture::from(config).widths();
    let draw = |len: usize, std: f64, stream: &str| {
        let seed = stream_seed(u64::from(seed), stream, 0, 0) as u32;
        gaussian_noise([n, len, 1, 1], seed, device).reshape([n, len]) * std
    };
    Some([
        draw(widths.code_len(), face_std, "face code noise"),
        draw(widths.pose_code_len(), pose_std, "pose code noise"),
    ])
}

/// Interpolation factors and permutation on the training device.
pub(crate) fn mix(drawn: &Interpolation, device: &Device) -> Mix {
    let k = drawn.permutation.len();
    let permutation = drawn
        .permutation
        .iter()
        .map(|&p| p as i32)
        .collect::<Vec<_>>();
    Mix {
        lambda: Tensor::from_data(
            TensorData::new(drawn.lambda.clone(), [drawn.rows, k]),
            device,
        ),
        permutation: Tensor::<1, Int>::from_data(TensorData::new(permutation, [k]), device),
    }
}
