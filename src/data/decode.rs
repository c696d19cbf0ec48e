//! From a file to an RGB frame: limits first, then pixels, orientation, and size.
//!
//! Gray becomes three equal channels. Alpha is composited on mid gray (128), so transparent
//! surroundings look like no colour in particular.

use std::fs::File;
use std::io::{Cursor, Read};
use std::path::Path;

use image::imageops::{self, FilterType};
use image::{DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits, RgbImage};

use super::jpeg;

/// Longest side a header may claim, in pixels.
pub const MAX_SIDE_PX: u32 = 20_000;
/// Most pixels a header may claim.
pub const MAX_PIXELS: u64 = 256 << 20;
/// Shortest usable side in pixels: a 40 % crop of it is still two pixels wide.
pub const MIN_SIDE_PX: u32 = 8;
/// Largest decoded picture and largest file, in bytes.
const MAX_BYTES: u64 = 1 << 30;

/// Why one file is no frame: clauses that do not repeat the path.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// The file cannot be opened or read.
    #[error("it cannot be read ({0})")]
    Unreadable(String),
    /// The content is none of the known formats, whatever the name says.
    #[error("its content is not an image of a known kind, whatever its name says")]
    NotAnImage,
    /// Larger than the limits.
    #[error(
        "its header claims {width} × {height} pixels, beyond the limit of 20,000 a side, 268 million in all and 1 GiB decoded"
    )]
    TooLarge {
        /// Width in pixels.
        width: u32,
        /// Height in pixels.
        height: u32,
    },
    /// The file itself is larger than 1 GiB.
    #[error("the file is larger than 1 GiB")]
    TooManyBytes,
    /// Smaller than a face can be.
    #[error("it is {width} × {height} pixels at the working size; both sides must be at least 8")]
    TooSmall {
        /// Width in pixels.
        width: u32,
        /// Height in pixels.
        height: u32,
    },
    /// The data ends early.
    #[error("it is cut off: not all of its rows are there")]
    Truncated,
    /// The decoder gave up.
    #[error("it is damaged ({0})")]
    Damaged(String),
}

/// Reads a file and returns it upright, as RGB, its longest side at most `max_side_px`.
///
/// # Errors
/// See [`DecodeError`]; header limits are checked before any pixel is decoded.
pub fn decode_file(path: &Path, max_side_px: u32) -> Result<RgbImage, DecodeError> {
    let unreadable = |error: std::io::Error| DecodeError::Unreadable(error.to_string());
    let mut bytes = Vec::new();
    File::open(path)
        .map_err(unreadable)?
        .take(MAX_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(unreadable)?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(DecodeError::TooManyBytes);
    }
    decode(&bytes, max_side_px)
}

/// [`decode_file`] for a file already in memory.
///
/// # Errors
/// See [`DecodeError`].
pub fn decode(bytes: &[u8], max_side_px: u32) -> Result<RgbImage, DecodeError> {
    let format = image::guess_format(bytes).map_err(|_| DecodeError::NotAnImage)?;
    let picture = match format {
        ImageFormat::Jpeg => {
            let [file, other] = jpeg::continued(bytes);
            let picture = upright(&file, format)?;
            // A decoder fills what is missing with gray instead of failing.
            if upright(&other, format).as_ref() != Ok(&picture) {
                return Err(DecodeError::Truncated);
            }
            picture
        }
        _ => upright(bytes, format)?,
    };
    shrink(to_rgb(picture), max_side_px)
}

/// The picture as it is meant to be seen, in its own size and colours.
fn upright(bytes: &[u8], format: ImageFormat) -> Result<DynamicImage, DecodeError> {
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    let mut limits = Limits::default();
    limits.max_alloc = Some(MAX_BYTES);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(damage)?;

    let (width, height) = decoder.dimensions();
    let too_many =
        u64::from(width) * u64::from(height) > MAX_PIXELS || decoder.total_bytes() > MAX_BYTES;
    if width.max(height) > MAX_SIDE_PX || too_many {
        return Err(DecodeError::TooLarge { width, height });
    }
    if width.min(height) < MIN_SIDE_PX {
        return Err(DecodeError::TooSmall { width, height });
    }
    let orientation = decoder.orientation().map_err(damage)?;
    let mut picture = DynamicImage::from_decoder(decoder).map_err(damage)?;
    picture.apply_orientation(orientation);
    Ok(picture)
}

fn damage(error: ImageError) -> DecodeError {
    match error {
        ImageError::Unsupported(_) => DecodeError::NotAnImage,
        ImageError::IoError(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
            DecodeError::Truncated
        }
        other => DecodeError::Damaged(other.to_string()),
    }
}

fn to_rgb(picture: DynamicImage) -> RgbImage {
    if !picture.color().has_alpha() {
        return picture.into_rgb8();
    }
    let rgba = picture.into_rgba8();
    RgbImage::from_fn(rgba.width(), rgba.height(), |x, y| {
        let [r, g, b, alpha] = rgba.get_pixel(x, y).0.map(u32::from);
        image::Rgb([r, g, b].map(|c| ((c * alpha + 128 * (255 - alpha) + 127) / 255) as u8))
    })
}

/// Shrinks to at most `max_side_px` on the longest side with an antialiasing filter.
fn shrink(picture: RgbImage, max_side_px: u32) -> Result<RgbImage, DecodeError> {
    let (width, height) = picture.dimensions();
    let longest = width.max(height);
    if longest <= max_side_px {
        return Ok(picture);
    }
    let scaled = |side: u32| {
        let longest = u64::from(longest);
        ((u64::from(side) * u64::from(max_side_px) + longest / 2) / longest) as u32
    };
    let (width, height) = (scaled(width), scaled(height));
    if width.min(height) < MIN_SIDE_PX {
        return Err(DecodeError::TooSmall { width, height });
    }
    Ok(imageops::resize(
        &picture,
        width,
        height,
        FilterType::Triangle,
    ))
}

#[cfg(test)]
mod tests {
    use image::codecs::jpeg::JpegEncoder;
    use image::{GrayImage, ImageEncoder, Luma, Rgb, Rgba, RgbaImage};

    use super::*;

    fn encoded(picture: impl Into<DynamicImage>, format: ImageFormat) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        picture.into().write_to(&mut bytes, format).unwrap();
        bytes.into_inner()
    }

    fn gradient(width: u32, height: u32) -> RgbImage {
        RgbImage::from_fn(width, height, |x, y| {
            Rgb([(x * 255 / width) as u8, (y * 255 / height) as u8, 90])
        })
    }

    #[test]
    fn colour_gray_and_alpha() {
        let colour = gradient(20, 30);
        assert_eq!(
            decode(&encoded(colour.clone(), ImageFormat::Png), 160).unwrap(),
            colour
        );

        let gray = GrayImage::from_fn(12, 9, |x, y| Luma([(x * 10 + y) as u8]));
        for format in [ImageFormat::Png, ImageFormat::Pnm, ImageFormat::Bmp] {
            let rgb = decode(&encoded(gray.clone(), format), 160).unwrap();
            assert_eq!(rgb.dimensions(), (12, 9));
            assert!(
                rgb.pixels()
                    .zip(gray.pixels())
                    .all(|(c, g)| c.0 == [g.0[0]; 3]),
                "{format:?}"
            );
        }

        let mut alpha = RgbaImage::from_pixel(8, 8, Rgba([200, 100, 0, 255]));
        alpha.put_pixel(0, 0, Rgba([255, 255, 255, 0]));
        alpha.put_pixel(1, 0, Rgba([200, 100, 0, 51]));
        let rgb = decode(&encoded(alpha, ImageFormat::Png), 160).unwrap();
        assert_eq!(rgb.get_pixel(0, 0).0, [128, 128, 128]);
        assert_eq!(rgb.get_pixel(1, 0).0, [142, 122, 102]);
        assert_eq!(rgb.get_pixel(2, 0).0, [200, 100, 0]);
    }

    #[test]
    fn long_sides_shrink_with_their_aspect_and_without_aliasing() {
        let checker = RgbImage::from_fn(640, 320, |x, y| {
            Rgb([if (x + y) % 2 == 0 { 255 } else { 0 }; 3])
        });
        let small = decode(&encoded(checker, ImageFormat::Png), 160).unwrap();
        assert_eq!(small.dimensions(), (160, 80));
        assert!(
            small.pixels().all(|p| p.0[0].abs_diff(128) < 8),
            "a fine checker averages to gray"
        );
        let exact = decode(&encoded(gradient(160, 100), ImageFormat::Png), 160).unwrap();
        assert_eq!(exact.dimensions(), (160, 100));
    }

    /// A TIFF block whose only entry is the orientation.
    fn exif(orientation: u8) -> Vec<u8> {
        let mut block = b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0".to_vec();
        block.extend([orientation, 0, 0, 0, 0, 0, 0, 0]);
        block
    }

    #[test]
    fn exif_orientation_is_applied() {
        // Left half dark, right half bright; orientation 6 means "turn clockwise to view".
        let stored = RgbImage::from_fn(32, 16, |x, _| Rgb([if x < 16 { 10 } else { 240 }; 3]));
        let mut bytes = Vec::new();
        let mut encoder = JpegEncoder::new_with_quality(&mut bytes, 95);
        encoder.set_exif_metadata(exif(6)).unwrap();
        encoder.encode_image(&stored).unwrap();
        let upright = decode(&bytes, 160).unwrap();
        assert_eq!(upright.dimensions(), (16, 32));
        assert!(upright.get_pixel(8, 4).0[0] < 60 && upright.get_pixel(8, 28).0[0] > 200);
    }

    #[test]
    fn cut_off_files_are_refused() {
        let picture = gradient(64, 64);
        for format in [
            ImageFormat::Jpeg,
            ImageFormat::Png,
            ImageFormat::WebP,
            ImageFormat::Bmp,
            ImageFormat::Pnm,
            ImageFormat::Tiff,
        ] {
            let bytes = encoded(picture.clone(), format);
            assert!(decode(&bytes, 160).is_ok(), "{format:?}");
            for keep in [
                bytes.len() / 4,
                bytes.len() / 2,
                bytes.len() * 9 / 10,
                bytes.len() - 20,
            ] {
                let error = decode(&bytes[..keep], 160)
                    .expect_err(&format!("{format:?} {keep} of {}", bytes.len()));
                assert!(
                    matches!(error, DecodeError::Truncated | DecodeError::Damaged(_)),
                    "{format:?} {error:?}"
                );
            }
        }
    }

    /// Scanners, phones and downloads leave end markers out, put something else in their place or
    /// write something between segments. What counts is that all rows are there.
    #[test]
    fn a_jpeg_is_whole_when_its_rows_are_there() {
        let mut picture = gradient(64, 48);
        picture.put_pixel(30, 40, Rgb([255, 0, 255]));
        let whole = encoded(picture, ImageFormat::Jpeg);
        let shown = decode(&whole, 160).unwrap();
        let scans = &whole[..whole.len() - 2];
        let with = |tail: &[u8]| [scans, tail].concat();
        let mut between = whole.clone();
        let second = 4 + usize::from(u16::from_be_bytes([whole[4], whole[5]]));
        between.splice(second..second, [1, 2, 3]);
        for (what, bytes) in [
            ("no end marker", with(&[])),
            ("a trailer instead", with(&[1; 70])),
            ("a trailer that looks like a marker", with(b"\xFF\xE1SEFT")),
            (
                "a trailer behind it",
                with(b"\xFF\xD9 Samsung trailer \xFF\xD8\xFF\xDB"),
            ),
            ("bytes between segments", between),
        ] {
            assert!(decode(&bytes, 160).as_ref() == Ok(&shown), "{what}");
        }
        // Of 48 rows those of the last blocks are missing, end marker or not.
        for keep in [scans.len() - 100, scans.len() - 20] {
            for tail in [&[][..], &[0xFF, 0xD9]] {
                let cut = [&scans[..keep], tail].concat();
                assert_eq!(
                    decode(&cut, 160),
                    Err(DecodeError::Truncated),
                    "{keep} {tail:?}"
                );
            }
        }
    }

    #[test]
    fn text_is_not_an_image_and_a_wrong_name_does_no_harm() {
        let dir = tempfile::tempdir().unwrap();
        let text = dir.path().join("text.png");
        std::fs::write(&text, "this is no picture at all, only words").unwrap();
        assert_eq!(decode_file(&text, 160), Err(DecodeError::NotAnImage));
        std::fs::write(&text, "").unwrap();
        assert_eq!(decode_file(&text, 160), Err(DecodeError::NotAnImage));
        std::fs::write(&text, encoded(gradient(16, 16), ImageFormat::Jpeg)).unwrap();
        assert!(
            decode_file(&text, 160).is_ok(),
            "a JPEG under the name of a PNG"
        );
        assert!(matches!(
            decode_file(&dir.path().join("gone.png"), 160),
            Err(DecodeError::Unreadable(_))
        ));
        assert!(matches!(
            decode_file(dir.path(), 160),
            Err(DecodeError::Unreadable(_))
        ));
    }

    #[test]
    fn sizes_beyond_the_limits_are_refused() {
        let tiny = encoded(RgbImage::new(1, 1), ImageFormat::Png);
        assert_eq!(
            decode(&tiny, 160),
            Err(DecodeError::TooSmall {
                width: 1,
                height: 1
            })
        );
        let strip = encoded(RgbImage::new(2000, 16), ImageFormat::Png);
        assert_eq!(
            decode(&strip, 160),
            Err(DecodeError::TooSmall {
                width: 160,
                height: 1
            })
        );

        // A PNG whose header claims 60000 × 60000: width and height sit at byte 16, then the CRC
        // of the header chunk has to be right again.
        let mut huge = encoded(gradient(16, 16), ImageFormat::Png);
        huge[16..20].copy_from_slice(&60_000u32.to_be_bytes());
        huge[20..24].copy_from_slice(&60_000u32.to_be_bytes());
        let crc = crc32fast::hash(&huge[12..29]);
        huge[29..33].copy_from_slice(&crc.to_be_bytes());
        assert_eq!(
            decode(&huge, 160),
            Err(DecodeError::TooLarge {
                width: 60_000,
                height: 60_000
            })
        );
        huge[20..24].copy_from_slice(&16u32.to_be_bytes());
        let crc = crc32fast::hash(&huge[12..29]);
        huge[29..33].copy_from_slice(&crc.to_be_bytes());
        assert_eq!(
            decode(&huge, 160),
            Err(DecodeError::TooLarge {
                width: 60_000,
                height: 16
            })
        );
    }
}
