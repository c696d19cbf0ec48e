//! The random resized crop: area and aspect drawn at random, as torchvision does it.

use rand::Rng;

use super::CropBox;

/// Share of the frame's area.
const AREA: [f64; 2] = [0.08, 1.0];
/// Width over height.
const ASPECT: [f64; 2] = [3.0 / 4.0, 4.0 / 3.0];
/// Boxes drawn before the central fallback.
const ATTEMPTS: usize = 10;

/// Draws a box: area uniform in 8–100 % of the frame, aspect log-uniform in 3/4–4/3, place
/// uniform. After ten boxes that do not fit it is the largest central one of an allowed aspect.
pub fn draw_box(height: u32, width: u32, rng: &mut impl Rng) -> CropBox {
    let area = f64::from(height) * f64::from(width);
    for _ in 0..ATTEMPTS {
        let target = area * uniform(AREA, rng);
        let aspect = uniform(ASPECT.map(f64::ln), rng).exp();
        let box_width = (target * aspect).sqrt().round_ties_even() as u32;
        let box_height = (target / aspect).sqrt().round_ties_even() as u32;
        if (1..=width).contains(&box_width) && (1..=height).contains(&box_height) {
            return CropBox {
                top: rng.random_range(0..=height - box_height),
                left: rng.random_range(0..=width - box_width),
                height: box_height,
                width: box_width,
            };
        }
    }
    central(height, width)
}

/// The largest central box of an allowed aspect.
fn central(height: u32, width: u32) -> CropBox {
    let (h, w) = (f64::from(height), f64::from(width));
    let box_height = h.min((w / ASPECT[0]).round_ties_even()) as u32;
    let box_width = w.min((h * ASPECT[1]).round_ties_even()) as u32;
    CropBox {
        top: (height - box_height) / 2,
        left: (width - box_width) / 2,
        height: box_height,
        width: box_width,
    }
}

fn uniform([low, high]: [f64; 2], rng: &mut impl Rng) -> f64 {
    low + (high - low) * rng.random::<f64>()
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    use super::*;

    #[test]
    fn boxes_fit_any_frame() {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        for (height, width) in [
            (1, 1),
            (3, 3),
            (1, 90),
            (90, 1),
            (2, 5),
            (160, 120),
            (64, 64),
        ] {
            for _ in 0..500 {
                let c = draw_box(height, width, &mut rng);
                assert!(c.height >= 1 && c.top + c.height <= height, "{c:?}");
                assert!(c.width >= 1 && c.left + c.width <= width, "{c:?}");
            }
        }
    }

    #[test]
    fn area_and_aspect_keep_their_ranges() {
        let mut rng = ChaCha8Rng::seed_from_u64(2);
        let mut mean_area = 0.0;
        for _ in 0..4000 {
            let c = draw_box(1000, 1000, &mut rng);
            let area = f64::from(c.height) * f64::from(c.width) / 1e6;
            let aspect = f64::from(c.width) / f64::from(c.height);
            assert!((0.079..=1.0).contains(&area), "{area}");
            assert!((0.748..=1.337).contains(&aspect), "{aspect}");
            mean_area += area / 4000.0;
        }
        // Slightly below the 0.54 of the draw: the largest boxes fit least often.
        assert!((0.46..0.54).contains(&mean_area), "{mean_area}");
    }

    #[test]
    fn long_frames_fall_back_to_the_centre() {
        let wide = CropBox {
            top: 0,
            left: 433,
            height: 100,
            width: 133,
        };
        assert_eq!(central(100, 1000), wide);
        let tall = CropBox {
            top: 433,
            left: 0,
            height: 133,
            width: 100,
        };
        assert_eq!(central(1000, 100), tall);
        assert_eq!(
            central(9, 9),
            CropBox {
                top: 0,
                left: 0,
                height: 9,
                width: 9
            }
        );
    }
}
