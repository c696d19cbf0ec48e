//! Batches of pictures for fine-tuning: order, flip, colour jitter.

use burn::tensor::{Device, Tensor};
use image::RgbImage;
use image::imageops::FilterType;
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use crate::augment::{FrameArena, ViewParams, whole};
use crate::data::labelled::{LabelledError, Picture};
use crate::eval::EvalError;
use crate::eval::input::DECODE_PX;
use crate::ops::UploadedFrames;
use crate::rng::stream_seed;

/// Probability of a mirrored picture.
pub const FLIP_P: f64 = 0.5;
/// Probability of colour jitter.
pub const JITTER_P: f64 = 0.8;
/// Brightness, contrast and saturation change by at most this share.
const JITTER: f32 = 0.2;
/// Hue turns by at most this share of the circle.
const HUE: f32 = 0.05;

/// Pictures in memory, reduced to twice the side they will have.
///
/// # Errors
/// [`EvalError::Pictures`] with all of them that cannot be used.
pub fn load(pictures: &[Picture], side_px: usize, crop: f64) -> Result<Vec<RgbImage>, EvalError> {
    let most = 2 * side_px as u32;
    let loaded: Result<_, LabelledError> = pictures
        .par_iter()
        .map(|picture| {
            let mut image = picture.load(DECODE_PX)?;
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
        .collect();
    loaded.map_err(|first| EvalError::of_pictures(first, pictures))
}

/// The batches of an epoch, in an order of its own. A last batch of one is left out.
pub fn batches(items: usize, batch: usize, seed: u64, epoch: u32) -> Vec<Vec<usize>> {
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
pub fn jittered(seed: u64, epoch: u32, places: &[usize], images: &[RgbImage]) -> Vec<ViewParams> {
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

/// Views of some pictures: `views[i]` is of `images[places[i]]`.
///
/// # Shapes
///
/// - output: `[n, 3, side_px, side_px]` on the (plain) device
pub fn draw(
    images: &[RgbImage],
    places: &[usize],
    views: Vec<ViewParams>,
    side_px: usize,
    device: &Device,
) -> Tensor<4> {
    let mut arena = FrameArena::default();
    for &at in places {
        let (width, height) = images[at].dimensions();
        arena.push(width, height, images[at].as_raw());
    }
    UploadedFrames::new(&arena, device).render(&views, side_px)
}
