//! Antialiased bilinear resizing as Pillow does it, out of a crop box.
//!
//! The triangle filter is widened by the scale when shrinking and never narrowed when enlarging.
//! Taps outside the box are dropped and the remaining weights sum to one.

use super::{CropBox, FrameSlot};

/// The non-zero weights of resizing one axis.
#[derive(Clone, Debug, PartialEq)]
pub struct Taps {
    /// First source pixel of every output pixel.
    first: Vec<usize>,
    /// Where the weights of every output pixel end.
    end: Vec<usize>,
    weights: Vec<f32>,
}

impl Taps {
    /// Number of output pixels.
    pub fn outputs(&self) -> usize {
        self.first.len()
    }

    /// First source pixel of output pixel `i`, and the weights from there on.
    pub fn of(&self, i: usize) -> (usize, &[f32]) {
        let start = if i == 0 { 0 } else { self.end[i - 1] };
        (self.first[i], &self.weights[start..self.end[i]])
    }
}

/// The weights that take `n_in` ≥ 1 pixels to `n_out`.
pub fn weights(n_in: usize, n_out: usize) -> Taps {
    let scale = n_in as f64 / n_out as f64;
    let reach = scale.max(1.0);
    let mut taps = Taps {
        first: Vec::with_capacity(n_out),
        end: Vec::with_capacity(n_out),
        weights: Vec::with_capacity(n_out * (2.0 * reach).ceil() as usize),
    };
    for i in 0..n_out {
        let centre = (i as f64 + 0.5) * scale;
        let first = ((centre - reach - 0.5).floor() + 1.0).max(0.0) as usize;
        let end = ((centre + reach - 0.5).ceil() as usize).min(n_in);
        let triangle = |tap: usize| (1.0 - (tap as f64 + 0.5 - centre).abs() / reach).max(0.0);
        let sum: f64 = (first..end).map(triangle).sum();
        taps.weights
            .extend((first..end).map(|tap| (triangle(tap) / sum) as f32));
        taps.first.push(first);
        taps.end.push(taps.weights.len());
    }
    taps
}

/// Resizes the box of an 8-bit frame into `image`, planar side × side in [0, 1]. `scratch` is
/// working memory.
///
/// # Panics
/// If the box is empty or leaves the frame.
pub fn resize_frame(
    (slot, rgb): (FrameSlot, &[u8]),
    crop: CropBox,
    side: usize,
    scratch: &mut Vec<f32>,
    image: &mut [f32],
) {
    let [rows, columns] = both(crop, side);
    let stride = 3 * slot.width as usize;
    let origin = crop.top as usize * stride + 3 * crop.left as usize;
    resample::<u8, 3>(
        &rgb[origin..],
        stride,
        [&rows, &columns],
        1.0 / 255.0,
        scratch,
        image,
    );
}

/// Resizes the box of a planar f32 image of `(height, width)` pixels to 3 × side × side.
///
/// # Panics
/// If the box is empty or leaves the image.
pub fn resize_planar(
    image: &[f32],
    (height, width): (usize, usize),
    crop: CropBox,
    side: usize,
) -> Vec<f32> {
    let [rows, columns] = both(crop, side);
    let origin = crop.top as usize * width + crop.left as usize;
    let mut out = vec![0.0; 3 * side * side];
    let mut scratch = Vec::new();
    for (from, to) in image
        .chunks(height * width)
        .zip(out.chunks_mut(side * side))
    {
        let from = &from[origin..];
        resample::<f32, 1>(from, width, [&rows, &columns], 1.0, &mut scratch, to);
    }
    out
}

/// Mirrors a planar image horizontally.
///
/// The filter is symmetric, so mirroring after the resize is mirroring before it.
pub fn hflip(image: &mut [f32], side: usize) {
    image.chunks_mut(side).for_each(<[f32]>::reverse);
}

fn both(crop: CropBox, side: usize) -> [Taps; 2] {
    [
        weights(crop.height as usize, side),
        weights(crop.width as usize, side),
    ]
}

/// Resizes `C` interleaved channels into `C` planes, each value times `unit`.
///
/// Columns of a row first add up along the vertical taps, where memory is contiguous; the
/// horizontal taps then read that one row.
fn resample<T: Copy + Into<f32>, const C: usize>(
    source: &[T],
    stride: usize,
    [rows, columns]: [&Taps; 2],
    unit: f32,
    row: &mut Vec<f32>,
    out: &mut [f32],
) {
    let (last, weights) = columns.of(columns.outputs() - 1);
    let length = C * (last + weights.len());
    let (width, plane) = (columns.outputs(), rows.outputs() * columns.outputs());
    for y in 0..rows.outputs() {
        row.clear();
        row.resize(length, 0.0);
        let (first, weights) = rows.of(y);
        for (tap, &weight) in weights.iter().enumerate() {
            let line = &source[(first + tap) * stride..][..length];
            for (sum, &value) in row.iter_mut().zip(line) {
                *sum += weight * value.into();
            }
        }
        for x in 0..width {
            let (first, weights) = columns.of(x);
            let mut sum = [0.0; C];
            for (pixel, &weight) in row[C * first..].as_chunks::<C>().0.iter().zip(weights) {
                for (sum, value) in sum.iter_mut().zip(pixel) {
                    *sum += weight * value;
                }
            }
            for (channel, sum) in sum.into_iter().enumerate() {
                out[channel * plane + y * width + x] = sum * unit;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_are_the_dense_triangle_without_its_zeros() {
        for (n_in, n_out) in [
            (160, 64),
            (64, 64),
            (24, 64),
            (1, 8),
            (3, 64),
            (65, 64),
            (1000, 3),
        ] {
            let taps = weights(n_in, n_out);
            let scale = n_in as f64 / n_out as f64;
            for i in 0..n_out {
                let centre = (i as f64 + 0.5) * scale;
                let dense: Vec<f64> = (0..n_in)
                    .map(|t| (1.0 - (t as f64 + 0.5 - centre).abs() / scale.max(1.0)).max(0.0))
                    .collect();
                let sum: f64 = dense.iter().sum();
                let (first, sparse) = taps.of(i);
                for (t, &w) in dense.iter().enumerate() {
                    let own = t.checked_sub(first).and_then(|k| sparse.get(k)).copied();
                    assert_eq!(own.is_some(), w > 0.0, "{n_in} to {n_out}: {i}, tap {t}");
                    assert!((f64::from(own.unwrap_or(0.0)) - w / sum).abs() < 1e-7);
                }
            }
        }
    }

    #[test]
    fn bytes_and_floats_agree() {
        let (height, width) = (37, 51);
        let rgb: Vec<u8> = (0..3 * height * width)
            .map(|i| (i * 7919 % 251) as u8)
            .collect();
        let planar: Vec<f32> = (0..3 * height * width)
            .map(|i| f32::from(rgb[i % (height * width) * 3 + i / (height * width)]) / 255.0)
            .collect();
        let slot = FrameSlot {
            offset: 0,
            width: width as u32,
            height: height as u32,
        };
        let last_corner = CropBox {
            top: 17,
            left: 11,
            height: 20,
            width: 40,
        };
        for crop in [
            CropBox {
                top: 0,
                left: 0,
                height: 37,
                width: 51,
            },
            last_corner,
        ] {
            let mut bytes = vec![0.0; 3 * 16 * 16];
            resize_frame((slot, &rgb), crop, 16, &mut Vec::new(), &mut bytes);
            let floats = resize_planar(&planar, (height, width), crop, 16);
            for (a, b) in bytes.iter().zip(&floats) {
                assert!((a - b).abs() < 1e-6, "{a} {b}");
            }
        }
    }

    #[test]
    fn flipping_twice_changes_nothing() {
        let image: Vec<f32> = (0..3 * 25).map(|i| i as f32).collect();
        let mut flipped = image.clone();
        hflip(&mut flipped, 5);
        assert_eq!(flipped[..5], [4.0, 3.0, 2.0, 1.0, 0.0]);
        hflip(&mut flipped, 5);
        assert_eq!(flipped, image);
    }

    #[test]
    fn flipping_before_and_after_the_resize_is_the_same() {
        let image: Vec<f32> = (0..3 * 81).map(|i| (i * 37 % 81) as f32 / 81.0).collect();
        let crop = CropBox {
            top: 0,
            left: 0,
            height: 9,
            width: 9,
        };
        let mut after = resize_planar(&image, (9, 9), crop, 6);
        hflip(&mut after, 6);
        let mut before = image;
        hflip(&mut before, 9);
        let before = resize_planar(&before, (9, 9), crop, 6);
        for (a, b) in after.iter().zip(&before) {
            assert!((a - b).abs() < 1e-6);
        }
    }
}
