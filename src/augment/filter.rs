//! Blur and gradient magnitude, in place on planar f32 images.

use super::planes;

/// Pixels on either side of the blur's centre: int(0.1 · 64) = 6 is its full reach.
const RADIUS: usize = 3;
const TAPS: usize = 2 * RADIUS + 1;

/// Weights of red, green and blue in the luma whose gradient is taken.
pub const GRADIENT_LUMA: [f32; 3] = [65.738 / 256.0, 129.057 / 256.0, 25.064 / 256.0];

/// Gaussian weights at −3…3 pixels for `sigma` > 0 in pixels; they sum to one.
pub fn blur_kernel(sigma: f32) -> [f32; TAPS] {
    let sigma = f64::from(sigma);
    let gauss = std::array::from_fn::<f64, TAPS, _>(|i| {
        let distance = i as f64 - RADIUS as f64;
        (-distance * distance / (2.0 * sigma * sigma)).exp()
    });
    let sum: f64 = gauss.iter().sum();
    gauss.map(|weight| (weight / sum) as f32)
}

/// Blurs with a separable 7-tap Gaussian, vertically and then horizontally. The image is reflected
/// at its borders without repeating the edge pixel. `scratch` is working memory.
pub fn blur(image: &mut [f32], side: usize, sigma: f32, scratch: &mut Vec<f32>) {
    let kernel = blur_kernel(sigma);
    for plane in image.chunks_mut(side * side) {
        scratch.clear();
        scratch.extend_from_slice(plane);
        for (y, row) in plane.chunks_mut(side).enumerate() {
            weigh(row, &kernel, |tap| {
                &scratch[reflect(y + tap, side) * side..]
            });
        }
        for row in plane.chunks_mut(side) {
            scratch.clear();
            scratch.extend((0..RADIUS).map(|x| row[reflect(x, side)]));
            scratch.extend_from_slice(row);
            scratch.extend((side..side + RADIUS).map(|x| row[reflect(x + RADIUS, side)]));
            weigh(row, &kernel, |tap| &scratch[tap..]);
        }
    }
}

/// `out[x] = Σ kernel[t] · line(t)[x]`.
fn weigh<'a>(out: &mut [f32], kernel: &[f32; TAPS], line: impl Fn(usize) -> &'a [f32]) {
    let lines = std::array::from_fn::<_, TAPS, _>(|tap| &line(tap)[..out.len()]);
    for (x, out) in out.iter_mut().enumerate() {
        let mut sum = 0.0;
        for tap in 0..TAPS {
            sum += kernel[tap] * lines[tap][x];
        }
        *out = sum;
    }
}

/// The pixel that stands at `padded − RADIUS` of an axis of `length` ≥ 1 pixels.
fn reflect(padded: usize, length: usize) -> usize {
    // Reflection has a period of 2 (length − 1); axes shorter than the radius fold several times.
    let period = 2 * (length - 1);
    if period == 0 {
        return 0;
    }
    let at = (padded + RADIUS * period - RADIUS) % period;
    at.min(period - at)
}

/// Replaces the picture by the magnitude of its luma's gradient, `√(gx² + gy² + 1e-6)` from central
/// differences `Y[x+1] − Y[x−1]` with zero padding, at most 1. `scratch` is working memory.
pub fn gradient(image: &mut [f32], side: usize, scratch: &mut Vec<f32>) {
    let padded = side + 2;
    scratch.clear();
    scratch.resize(padded * padded, 0.0);
    let [red, green, blue] = planes(image);
    let [weight_r, weight_g, weight_b] = GRADIENT_LUMA;
    for y in 0..side {
        let row = &mut scratch[(y + 1) * padded + 1..][..side];
        let from = y * side..(y + 1) * side;
        let (red, green, blue) = (&red[from.clone()], &green[from.clone()], &blue[from]);
        for (x, luma) in row.iter_mut().enumerate() {
            *luma = weight_r * red[x] + weight_g * green[x] + weight_b * blue[x];
        }
    }
    for (y, row) in red.chunks_mut(side).enumerate() {
        let line = |row: usize, column: usize| &scratch[row * padded + column..][..side];
        let (left, right) = (line(y + 1, 0), line(y + 1, 2));
        let (above, below) = (line(y, 1), line(y + 2, 1));
        for (x, out) in row.iter_mut().enumerate() {
            let (gx, gy) = (right[x] - left[x], below[x] - above[x]);
            *out = (gx * gx + gy * gy + 1e-6).sqrt().min(1.0);
        }
    }
    green.copy_from_slice(red);
    blue.copy_from_slice(red);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reflection_does_not_repeat_the_edge() {
        let fold = |length| {
            (0..length + 2 * RADIUS)
                .map(|i| reflect(i, length))
                .collect::<Vec<_>>()
        };
        assert_eq!(fold(5), [3, 2, 1, 0, 1, 2, 3, 4, 3, 2, 1]);
        assert_eq!(fold(2), [1, 0, 1, 0, 1, 0, 1, 0]);
        assert_eq!(fold(1), [0; 7]);
    }

    #[test]
    fn a_kernel_sums_to_one_and_is_symmetric() {
        for sigma in [1e-3, 0.1, 1.0, 2.0, 10.0] {
            let kernel = blur_kernel(sigma);
            assert!((kernel.iter().sum::<f32>() - 1.0).abs() < 1e-6);
            for tap in 0..RADIUS {
                assert_eq!(kernel[tap], kernel[TAPS - 1 - tap]);
                assert!(kernel[tap] <= kernel[tap + 1]);
            }
        }
    }

    #[test]
    fn a_point_spreads_into_the_outer_product_of_the_kernel() {
        let side = 9;
        let mut image = vec![0.0; 3 * side * side];
        image[side * side + 4 * side + 4] = 1.0;
        blur(&mut image, side, 1.3, &mut Vec::new());
        let kernel = blur_kernel(1.3);
        for y in 0..side {
            for x in 0..side {
                let weight = |at: usize| {
                    if (1..8).contains(&at) {
                        kernel[at - 1]
                    } else {
                        0.0
                    }
                };
                let value = image[side * side + y * side + x];
                assert!((value - weight(y) * weight(x)).abs() < 1e-7, "{y} {x}");
            }
        }
        assert!(image[..side * side].iter().all(|&value| value == 0.0));
    }

    #[test]
    fn small_images_keep_their_constant_under_the_blur() {
        for side in 1..8 {
            let mut image = vec![0.5; 3 * side * side];
            blur(&mut image, side, 2.0, &mut Vec::new());
            assert!(image.iter().all(|value| (value - 0.5).abs() < 1e-6));
        }
    }

    #[test]
    fn a_bright_image_has_edges_only_at_its_border() {
        let side = 6;
        let mut image = vec![1.0; 3 * side * side];
        gradient(&mut image, side, &mut Vec::new());
        let luma: f32 = GRADIENT_LUMA.iter().sum();
        for plane in image.chunks(side * side) {
            assert!((plane[2 * side + 3] - 1e-3).abs() < 1e-6);
            assert!((plane[2 * side] - luma).abs() < 1e-5);
            // 1.21 in the corner is cut off.
            assert_eq!(plane[0], 1.0);
        }
    }
}
