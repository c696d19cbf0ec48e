//! Colour jitter and gray, in place on planar f32 images.
//!
//! Every operation ends inside [0, 1].

use super::{ViewParams, planes};

/// Weights of red, green and blue in the luma of jitter and gray.
pub const GRAY: [f32; 3] = [0.299, 0.587, 0.114];

fn luma(red: f32, green: f32, blue: f32) -> f32 {
    GRAY[0] * red + GRAY[1] * green + GRAY[2] * blue
}

/// Applies the four jitter operations of a view in its drawn order.
pub fn jitter(image: &mut [f32], view: &ViewParams) {
    for operation in view.order {
        match operation {
            0 => brightness(image, view.brightness),
            1 => contrast(image, view.contrast),
            2 => saturation(image, view.saturation),
            _ => hue(image, view.hue),
        }
    }
}

/// Multiplies by `factor`.
pub fn brightness(image: &mut [f32], factor: f32) {
    for value in image {
        *value = (factor * *value).clamp(0.0, 1.0);
    }
}

/// Blends with the mean luma of the whole image.
pub fn contrast(image: &mut [f32], factor: f32) {
    let base = (1.0 - factor) * mean_luma(image);
    for value in image {
        *value = (factor * *value + base).clamp(0.0, 1.0);
    }
}

/// Blends each pixel with its luma.
pub fn saturation(image: &mut [f32], factor: f32) {
    each_pixel(image, |[red, green, blue]| {
        let base = (1.0 - factor) * luma(red, green, blue);
        [red, green, blue].map(|value| (factor * value + base).clamp(0.0, 1.0))
    });
}

/// Rotates the hue by `shift`, a fraction of the circle, in HSV space.
pub fn hue(image: &mut [f32], shift: f32) {
    // In [0, 6), so that one conditional step brings every sum below back into one turn.
    let turn = 6.0 * shift.rem_euclid(1.0);
    each_pixel(image, |[red, green, blue]| {
        let value = larger(larger(red, green), blue);
        let chroma = value - smaller(smaller(red, green), blue);
        let divisor = if chroma > 0.0 { chroma } else { 1.0 };
        let (difference, start) = if value == red {
            (green - blue, 0.0)
        } else if value == green {
            (blue - red, 2.0)
        } else {
            (red - green, 4.0)
        };
        let sector = wrap(difference / divisor + start + turn);
        [5.0, 3.0, 1.0].map(|offset| {
            let k = wrap(offset + sector);
            value - chroma * smaller(k, 4.0 - k).clamp(0.0, 1.0)
        })
    });
}

/// Replaces all channels by the luma.
pub fn grayscale(image: &mut [f32]) {
    each_pixel(image, |[red, green, blue]| [luma(red, green, blue); 3]);
}

fn mean_luma(image: &mut [f32]) -> f32 {
    // Short f32 sums, added up in f64: no rounding that grows with the image.
    const RUN: usize = 64;
    let pixels = image.len() / 3;
    let sums = planes(image).map(|plane| {
        plane
            .chunks(RUN)
            .map(|run| f64::from(run.iter().sum::<f32>()))
            .sum::<f64>()
    });
    let [red, green, blue] = sums.map(|sum| (sum / pixels as f64) as f32);
    luma(red, green, blue)
}

/// Brings a sector in [−6, 12) into [0, 6).
fn wrap(sector: f32) -> f32 {
    let sector = if sector < 0.0 { sector + 6.0 } else { sector };
    if sector >= 6.0 { sector - 6.0 } else { sector }
}

// Comparisons, not `f32::max`: without its handling of NaN they are single vector instructions.
fn larger(a: f32, b: f32) -> f32 {
    if a > b { a } else { b }
}

fn smaller(a: f32, b: f32) -> f32 {
    if a < b { a } else { b }
}

fn each_pixel(image: &mut [f32], change: impl Fn([f32; 3]) -> [f32; 3]) {
    let [red, green, blue] = planes(image);
    for ((red, green), blue) in red.iter_mut().zip(green).zip(blue) {
        [*red, *green, *blue] = change([*red, *green, *blue]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLOURS: [[f32; 3]; 6] = [
        [1.0, 0.0, 0.0],
        [0.2, 0.9, 0.4],
        [0.1, 0.3, 0.8],
        [0.5, 0.5, 0.5],
        [0.0, 0.0, 0.0],
        [0.7, 0.7, 0.1],
    ];

    fn image() -> Vec<f32> {
        (0..3)
            .flat_map(|channel| COLOURS.map(|colour| colour[channel]))
            .collect()
    }

    fn assert_close(a: &[f32], b: &[f32]) {
        assert!(
            a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-6),
            "{a:?} {b:?}"
        );
    }

    #[test]
    fn a_third_of_the_circle_permutes_the_channels() {
        let mut turned = image();
        hue(&mut turned, 1.0 / 3.0);
        let expected: Vec<f32> = [2, 0, 1]
            .iter()
            .flat_map(|&channel| COLOURS.map(|colour| colour[channel]))
            .collect();
        assert_close(&turned, &expected);
        hue(&mut turned, -1.0 / 3.0);
        assert_close(&turned, &image());
    }

    #[test]
    fn factors_of_one_and_no_shift_change_nothing() {
        let operations: [fn(&mut [f32]); 4] = [
            |image| brightness(image, 1.0),
            |image| contrast(image, 1.0),
            |image| saturation(image, 1.0),
            |image| hue(image, 0.0),
        ];
        for operation in operations {
            let mut same = image();
            operation(&mut same);
            assert_close(&same, &image());
        }
    }

    #[test]
    fn nothing_leaves_the_unit_range() {
        for factor in [0.0, 0.2, 1.8, 10.0] {
            for shift in [-0.5, -0.2, 0.1, 0.5] {
                let mut changed = image();
                contrast(&mut changed, factor);
                saturation(&mut changed, factor);
                hue(&mut changed, shift);
                brightness(&mut changed, factor);
                assert!(changed.iter().all(|value| (0.0..=1.0).contains(value)));
            }
        }
    }

    #[test]
    fn no_saturation_is_gray_and_no_contrast_is_the_mean() {
        let (mut gray, mut unsaturated) = (image(), image());
        grayscale(&mut gray);
        saturation(&mut unsaturated, 0.0);
        assert_close(&gray, &unsaturated);
        let mean = gray[..6].iter().sum::<f32>() / 6.0;
        let mut flat = image();
        contrast(&mut flat, 0.0);
        assert_close(&flat, &[mean; 18]);
    }
}
