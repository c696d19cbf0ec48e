//! The quadrant ("distance") crop of the face stream: 40 % of each side, inside one quadrant.
//!
//! Along each axis the half-extent is `int(0.2 · length)` and the centre keeps that distance from
//! the image's edge and from its middle, so boxes of different quadrants never overlap.
//! Frames below 5 px, where the half-extent is 0, get boxes of one pixel inside their quadrant; an
//! axis of a single pixel cannot be divided, and both of its halves are that pixel.

use rand::Rng;

use super::CropBox;

/// Where the centre of a quadrant crop may lie along one axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Axis {
    /// Half the extent of the box in pixels; 0 below 5 px.
    pub half: u32,
    /// Smallest centre, inclusive.
    pub low: u32,
    /// Largest centre, inclusive.
    pub high: u32,
}

impl Axis {
    /// The range in the first (left, top) or second half of an axis of `length` ≥ 1 pixels.
    pub fn new(length: u32, second: bool) -> Self {
        let middle = length / 2;
        let (start, end) = if second {
            (middle, length)
        } else {
            (0, middle.max(1))
        };
        // Integer division by 5 is int(0.2 · length) for every length.
        let half = length / 5;
        Self {
            half,
            low: start + half,
            high: end - Self::extent_of(half) + half,
        }
    }

    /// Extent of the box in pixels, at least 1.
    pub fn extent(&self) -> u32 {
        Self::extent_of(self.half)
    }

    fn extent_of(half: u32) -> u32 {
        (2 * half).max(1)
    }
}

/// Vertical and horizontal range of a quadrant: 0 top-left, 1 top-right, 2 bottom-left,
/// 3 bottom-right.
pub fn ranges(height: u32, width: u32, quadrant: u32) -> [Axis; 2] {
    [
        Axis::new(height, quadrant >= 2),
        Axis::new(width, quadrant % 2 == 1),
    ]
}

/// The box whose centre lies `dy`, `dx` pixels beyond the smallest centre.
pub fn crop_box([y, x]: [Axis; 2], dy: u32, dx: u32) -> CropBox {
    CropBox {
        top: y.low + dy - y.half,
        left: x.low + dx - x.half,
        height: y.extent(),
        width: x.extent(),
    }
}

/// Draws the two boxes of a face pair: two different quadrants in random order, each centre
/// uniform over its range.
pub fn draw_pair(height: u32, width: u32, rng: &mut impl Rng) -> [CropBox; 2] {
    let first = rng.random_range(0..4u32);
    let second = (first + rng.random_range(1..4u32)) % 4;
    [first, second].map(|quadrant| {
        let [y, x] = ranges(height, width, quadrant);
        let dy = rng.random_range(0..=y.high - y.low);
        let dx = rng.random_range(0..=x.high - x.low);
        crop_box([y, x], dy, dx)
    })
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    use super::*;

    fn overlap(a: CropBox, b: CropBox) -> bool {
        let rows = a.top < b.top + b.height && b.top < a.top + a.height;
        let columns = a.left < b.left + b.width && b.left < a.left + a.width;
        rows && columns
    }

    #[test]
    fn boxes_stay_inside_and_apart() {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        for height in 2..40 {
            for width in 2..40 {
                for _ in 0..20 {
                    let [a, b] = draw_pair(height, width, &mut rng);
                    assert!(!overlap(a, b), "{height} x {width}: {a:?} {b:?}");
                    for c in [a, b] {
                        assert!(
                            c.height >= 1 && c.top + c.height <= height,
                            "{c:?} in {height}"
                        );
                        assert!(
                            c.width >= 1 && c.left + c.width <= width,
                            "{c:?} in {width}"
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn every_place_and_every_ordered_pair_is_reached() {
        let mut rng = ChaCha8Rng::seed_from_u64(2);
        let mut pairs = [[0u32; 4]; 4];
        let mut tops = [0u32; 65];
        for _ in 0..12_000 {
            let boxes = draw_pair(64, 64, &mut rng);
            let [a, b] = boxes.map(|c| (c.top / 32 * 2 + c.left / 32) as usize);
            pairs[a][b] += 1;
            tops[boxes[0].top as usize] += 1;
        }
        for (a, row) in pairs.iter().enumerate() {
            for (b, &count) in row.iter().enumerate() {
                // 1,000 expected, standard deviation 30.
                let fair = if a == b {
                    count == 0
                } else {
                    count.abs_diff(1000) < 120
                };
                assert!(fair, "quadrants {a} then {b}: {count}");
            }
        }
        for (top, &count) in tops.iter().enumerate() {
            // 18 places with 667 expected each, standard deviation 25.
            let allowed = top % 32 <= 8 && top < 64;
            assert!(
                if allowed {
                    count.abs_diff(667) < 100
                } else {
                    count == 0
                },
                "{top}: {count}"
            );
        }
    }

    #[test]
    fn single_pixels_do_not_panic() {
        let mut rng = ChaCha8Rng::seed_from_u64(3);
        for (height, width) in [(1, 1), (1, 7), (7, 1)] {
            for _ in 0..50 {
                for c in draw_pair(height, width, &mut rng) {
                    assert!(c.top + c.height <= height && c.left + c.width <= width);
                }
            }
        }
    }
}
