//! The random chain of crops and zooms of the head-pose protocol (METHODS 2.4, row 27).
//!
//! Features are made once per picture, so the chain is drawn once per picture and not once per
//! epoch; this is a choice.

use std::sync::Arc;

use image::imageops::{FilterType, crop_imm, replace, resize};
use image::{Rgb, RgbImage};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use super::EvalError;
use crate::data::labelled::{ChannelOrder, Picture};
use crate::rng::stream_seed;

/// A crop takes off at most this many pixels of each side.
const MOST_OFF_PX: u32 = 15;
/// Probability of a zoom.
const ZOOM_P: f64 = 0.7;
/// Zoom factor along each axis.
const ZOOM: std::ops::RangeInclusive<f32> = 0.8..=1.2;

/// The pictures after the chain, in memory.
///
/// # Errors
/// The first picture that cannot be read.
pub fn chained(pictures: &[Picture], seed: u64) -> Result<Vec<Picture>, EvalError> {
    pictures
        .par_iter()
        .enumerate()
        .map(|(at, picture)| {
            let seed = stream_seed(seed, "pose chain", at as u64, 0);
            let image = chain(
                picture.load(u32::MAX)?,
                &mut ChaCha8Rng::seed_from_u64(seed),
            );
            let (width, height) = image.dimensions();
            Ok(Picture::Block {
                pixels: Arc::from(image.into_raw()),
                offset: 0,
                width,
                height,
                order: ChannelOrder::Rgb,
            })
        })
        .collect()
}

fn chain(image: RgbImage, rng: &mut impl Rng) -> RgbImage {
    let (width, height) = image.dimensions();
    let most = MOST_OFF_PX.min(width.min(height) - 1);
    let image = match rng.random_range(0..4u32) {
        3 => image,
        kind => {
            let off = rng.random_range(1..=most.max(1));
            let (left, top) = (rng.random_range(0..=off), rng.random_range(0..=off));
            let cut = crop_imm(&image, left, top, width - off, height - off).to_image();
            match kind {
                0 => resize(&cut, width, height, FilterType::CatmullRom),
                kind => {
                    let ground = if kind == 1 { 0 } else { 255 };
                    let mut out = RgbImage::from_pixel(width, height, Rgb([ground; 3]));
                    replace(&mut out, &cut, i64::from(left), i64::from(top));
                    out
                }
            }
        }
    };
    if rng.random_bool(ZOOM_P) {
        let factors = [rng.random_range(ZOOM), rng.random_range(ZOOM)];
        zoomed(&image, factors)
    } else {
        image
    }
}

/// Enlarged about the centre by a factor along each axis; what comes in from outside repeats the
/// edge.
fn zoomed(image: &RgbImage, [across, down]: [f32; 2]) -> RgbImage {
    let (width, height) = image.dimensions();
    let source = |at: u32, side: u32, factor: f32| {
        let centre = (side - 1) as f32 / 2.0;
        ((at as f32 - centre) / factor + centre).clamp(0.0, (side - 1) as f32)
    };
    RgbImage::from_fn(width, height, |x, y| {
        let (sx, sy) = (source(x, width, across), source(y, height, down));
        let (x0, y0) = (sx as u32, sy as u32);
        let (x1, y1) = ((x0 + 1).min(width - 1), (y0 + 1).min(height - 1));
        let (fx, fy) = (sx - x0 as f32, sy - y0 as f32);
        Rgb(std::array::from_fn(|channel| {
            let at = |x, y| f32::from(image.get_pixel(x, y)[channel]);
            let above = at(x0, y0) * (1.0 - fx) + at(x1, y0) * fx;
            let below = at(x0, y1) * (1.0 - fx) + at(x1, y1) * fx;
            (above * (1.0 - fy) + below * fy).round() as u8
        }))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zoom_keeps_the_centre_and_repeats_the_edge() {
        let ramp = RgbImage::from_fn(5, 5, |x, _| Rgb([10 * x as u8; 3]));
        let row = |image: &RgbImage| (0..5).map(|x| image.get_pixel(x, 2)[0]).collect::<Vec<_>>();
        assert_eq!(row(&zoomed(&ramp, [2.0, 1.0])), [10, 15, 20, 25, 30]);
        assert_eq!(row(&zoomed(&ramp, [0.5, 1.0])), [0, 0, 20, 40, 40]);
    }

    #[test]
    fn the_chain_keeps_the_size_and_follows_the_seed() {
        let image = RgbImage::from_fn(64, 64, |x, y| Rgb([x as u8, y as u8, 128]));
        let run = |seed| chain(image.clone(), &mut ChaCha8Rng::seed_from_u64(seed));
        let mut changed = 0;
        for seed in 0..40 {
            let out = run(seed);
            assert_eq!(out.dimensions(), (64, 64));
            assert_eq!(out, run(seed));
            changed += usize::from(out != image);
        }
        // One in four keeps the frame, three in ten of these the scale: 7.5 % stay as they are.
        assert!((30..40).contains(&changed), "{changed}");
    }
}
