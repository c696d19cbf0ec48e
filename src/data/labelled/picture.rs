//! Where the pixels of a labelled picture are.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use image::imageops::FilterType;
use image::{DynamicImage, RgbImage};

use super::error::LabelledError;
use crate::data::{DecodeError, decode_file};

/// Order of the bytes of one pixel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChannelOrder {
    /// One byte of brightness.
    Gray,
    /// Red, green, blue.
    Rgb,
    /// Blue, green, red, as OpenCV keeps them.
    Bgr,
}

impl ChannelOrder {
    /// Bytes of one pixel.
    pub fn channels(self) -> usize {
        match self {
            Self::Gray => 1,
            Self::Rgb | Self::Bgr => 3,
        }
    }
}

/// Where a labelled picture's pixels come from.
#[derive(Clone, Debug)]
pub enum Picture {
    /// An image file, not yet opened.
    File(PathBuf),
    /// A picture inside a larger block: a row of `fer2013.csv`, or of an array of an npz file.
    Block {
        /// The block, shared by all its pictures.
        pixels: Arc<[u8]>,
        /// First byte of this picture.
        offset: usize,
        /// Width in pixels.
        width: u32,
        /// Height in pixels.
        height: u32,
        /// Bytes of one pixel.
        order: ChannelOrder,
    },
}

impl Picture {
    /// The pixels, upright, RGB, the longest side at most `max_side_px`.
    ///
    /// # Errors
    /// [`LabelledError::Picture`] if the file is unusable, or the block ends too early.
    pub fn load(&self, max_side_px: u32) -> Result<RgbImage, LabelledError> {
        match self {
            Self::File(path) => {
                decode_file(path, max_side_px).map_err(|reason| LabelledError::Picture {
                    path: path.clone(),
                    reason,
                })
            }
            Self::Block {
                pixels,
                offset,
                width,
                height,
                order,
            } => {
                let bytes = (*width as usize)
                    .saturating_mul(*height as usize)
                    .saturating_mul(order.channels());
                let picture = offset
                    .checked_add(bytes)
                    .and_then(|end| pixels.get(*offset..end))
                    .and_then(|bytes| RgbImage::from_raw(*width, *height, rgb(bytes, *order)))
                    .ok_or_else(|| LabelledError::Picture {
                        path: Path::new("a picture of a block").into(),
                        reason: DecodeError::Truncated,
                    })?;
                Ok(shrink(picture, max_side_px))
            }
        }
    }
}

fn rgb(bytes: &[u8], order: ChannelOrder) -> Vec<u8> {
    match order {
        ChannelOrder::Gray => bytes.iter().flat_map(|&gray| [gray; 3]).collect(),
        ChannelOrder::Rgb => bytes.to_vec(),
        ChannelOrder::Bgr => bytes
            .chunks_exact(3)
            .flat_map(|bgr| [bgr[2], bgr[1], bgr[0]])
            .collect(),
    }
}

fn shrink(picture: RgbImage, max_side_px: u32) -> RgbImage {
    if picture.width().max(picture.height()) <= max_side_px {
        return picture;
    }
    let side_px = max_side_px.max(1);
    DynamicImage::from(picture)
        .resize(side_px, side_px, FilterType::Triangle)
        .into_rgb8()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(pixels: &[u8], offset: usize, side: u32, order: ChannelOrder) -> Picture {
        Picture::Block {
            pixels: pixels.into(),
            offset,
            width: side,
            height: side,
            order,
        }
    }

    #[test]
    fn pixels_of_a_block_in_each_order() {
        let bgr = block(&[9, 9, 9, 1, 2, 3], 3, 1, ChannelOrder::Bgr);
        assert_eq!(bgr.load(160).unwrap().into_raw(), [3, 2, 1]);
        let rgb = block(&[1, 2, 3], 0, 1, ChannelOrder::Rgb);
        assert_eq!(rgb.load(160).unwrap().into_raw(), [1, 2, 3]);
        let gray = block(&[0, 10, 20, 30, 40], 1, 2, ChannelOrder::Gray);
        assert_eq!(
            gray.load(160).unwrap().into_raw(),
            [10, 10, 10, 20, 20, 20, 30, 30, 30, 40, 40, 40]
        );
        assert_eq!(gray.load(1).unwrap().dimensions(), (1, 1));
    }

    #[test]
    fn unusable_pictures_are_named() {
        for offset in [2, usize::MAX] {
            let short = block(&[0; 5], offset, 2, ChannelOrder::Gray);
            assert!(short.load(8).is_err());
        }
        let gone = Picture::File("no/such.jpg".into()).load(64).unwrap_err();
        assert!(gone.to_string().ends_with("no/such.jpg"), "{gone}");
    }
}
