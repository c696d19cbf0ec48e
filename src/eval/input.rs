//! From labelled pictures to what an encoder sees: crop, resize, planes of numbers in 0–1.

use image::RgbImage;
use image::imageops::FilterType;
use rayon::prelude::*;

use super::{EvalError, without_unusable};
use crate::augment::{FrameArena, ViewParams, render, whole};
use crate::data::labelled::{LabelledError, LeftOut, Picture, unusable};

/// Files are decoded to at most this many pixels a side.
pub const DECODE_PX: u32 = 512;

/// How a protocol prepares its pictures.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Input {
    /// Side of the square the encoder sees, in pixels.
    pub side_px: usize,
    /// Interpolation of the resize.
    pub resize: Resize,
    /// Side of the centred square that is kept, as a fraction of the shorter side; 0 keeps the
    /// whole picture, also if it is not square.
    pub crop: f64,
}

/// Interpolation of a resize.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resize {
    /// As in training.
    Bilinear,
    /// Cubic with a = −½ (head-pose pictures, METHODS 2.4).
    Bicubic,
}

impl Input {
    /// Whole pictures, as in training.
    pub fn whole(side_px: usize) -> Self {
        Self {
            side_px,
            resize: Resize::Bilinear,
            crop: 0.0,
        }
    }

    /// In words: "100 px".
    pub fn describe(&self) -> String {
        let crop = match self.crop {
            0.0 => String::new(),
            1.0 => ", centre square".into(),
            share => format!(", centre square of {share} of the shorter side"),
        };
        let resize = match self.resize {
            Resize::Bilinear => "",
            Resize::Bicubic => ", bicubic",
        };
        format!("{} px{crop}{resize}", self.side_px)
    }

    /// Those of all `pictures` that cannot be used, if `error` says that some cannot.
    pub fn all_unusable(&self, error: EvalError, pictures: &[Picture]) -> EvalError {
        match error {
            EvalError::Pictures(_) => EvalError::Pictures(unusable(pictures, DECODE_PX)),
            other => other,
        }
    }

    /// Reads and prepares pictures on all cores.
    ///
    /// # Shapes
    ///
    /// - output: `[n, 3, side_px, side_px]`, row-major, in 0–1
    ///
    /// # Errors
    /// [`EvalError::Pictures`] with all of them that cannot be used.
    pub fn prepare(&self, pictures: &[Picture]) -> Result<Vec<f32>, EvalError> {
        let mut out = vec![0.0; pictures.len() * 3 * self.side_px * self.side_px];
        out.par_chunks_exact_mut(3 * self.side_px * self.side_px)
            .zip(pictures)
            .try_for_each(|(planes, picture)| {
                let image = picture.load(DECODE_PX)?;
                self.write(&image, planes);
                Ok::<_, LabelledError>(())
            })
            .map_err(|first| EvalError::of_pictures(first, pictures))?;
        Ok(out)
    }

    /// The same without those that cannot be used, which are added to `left_out`. Says which
    /// pictures are left.
    ///
    /// # Errors
    /// As [`Input::prepare`], but not for pictures that cannot be used.
    pub fn prepare_usable(
        &self,
        pictures: &[Picture],
        left_out: &mut LeftOut,
    ) -> Result<(Vec<f32>, Vec<Picture>), EvalError> {
        without_unusable(left_out, |left_out| {
            let usable = left_out.rest_of(pictures.to_vec());
            Ok((self.prepare(&usable)?, usable))
        })
    }

    /// Prepares pictures that are in memory already; otherwise as [`Input::prepare`].
    pub fn prepare_images(&self, images: &[RgbImage]) -> Vec<f32> {
        let mut out = vec![0.0; images.len() * 3 * self.side_px * self.side_px];
        out.par_chunks_exact_mut(3 * self.side_px * self.side_px)
            .zip(images)
            .for_each(|(planes, image)| self.write(image, planes));
        out
    }

    fn write(&self, image: &RgbImage, planes: &mut [f32]) {
        let side = self.side_px as u32;
        match self.resize {
            Resize::Bilinear => {
                let (width, height) = image.dimensions();
                let mut arena = FrameArena::default();
                let frame = arena.push(width, height, image.as_raw());
                let view = self.view(frame, (width, height));
                planes.copy_from_slice(&render(&arena, &[view], self.side_px));
            }
            Resize::Bicubic => {
                let (width, height) = image.dimensions();
                let view = self.view(0, (width, height));
                let cut =
                    image::imageops::crop_imm(image, view.left, view.top, view.width, view.height)
                        .to_image();
                let resized = image::imageops::resize(&cut, side, side, FilterType::CatmullRom);
                for (at, pixel) in resized.pixels().enumerate() {
                    for (channel, &value) in pixel.0.iter().enumerate() {
                        planes[channel * self.side_px * self.side_px + at] =
                            f32::from(value) / 255.0;
                    }
                }
            }
        }
    }

    fn view(&self, frame: u32, (width, height): (u32, u32)) -> ViewParams {
        let mut view = whole(frame, (width, height));
        if self.crop > 0.0 {
            let side = (f64::from(width.min(height)) * self.crop).round().max(1.0) as u32;
            (view.width, view.height) = (side, side);
            (view.left, view.top) = ((width - side) / 2, (height - side) / 2);
        }
        view
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::Rgb;

    /// Left half red, right half blue, 40 × 20 pixels.
    fn halves() -> RgbImage {
        RgbImage::from_fn(40, 20, |x, _| {
            Rgb(if x < 20 { [255, 0, 0] } else { [0, 0, 255] })
        })
    }

    #[test]
    fn the_centre_square_is_kept_by_both_resizes() {
        for resize in [Resize::Bilinear, Resize::Bicubic] {
            let input = Input {
                side_px: 20,
                resize,
                crop: 1.0,
            };
            let planes = input.prepare_images(&[halves()]);
            // The square is columns 10–29, so the border lies in its middle and nothing is scaled.
            let red = &planes[..400];
            assert_eq!((red[9], red[10]), (1.0, 0.0));
            let whole = Input { crop: 0.0, ..input }.prepare_images(&[halves()]);
            assert_eq!((whole[4], whole[15]), (1.0, 0.0));
        }
    }
}
