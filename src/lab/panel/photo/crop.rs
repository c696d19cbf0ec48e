//! The crop box as numbers: always a square, always inside the picture.

use eframe::egui::{Pos2, Vec2, pos2};
use image::RgbImage;

use crate::augment::resize::resize_frame;
use crate::augment::{CropBox, FrameSlot, rgb_bytes};

/// Side of a face as the network takes it, in pixels.
pub const FACE_PX: usize = crate::eval::faces::SIDE_PX;
/// Smallest side of the box, in pixels of the picture; the whole of a smaller picture.
const LEAST_PX: f32 = 16.0;
/// Side at the start, of the picture's shorter side.
const START: f32 = 0.8;
/// Place of the box at the start, of the room above and below it: faces are above the middle.
const START_HIGH: f32 = 0.35;

/// A square in pixels of the picture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Square {
    /// Left edge.
    pub left: f32,
    /// Upper edge.
    pub top: f32,
    /// Side.
    pub side: f32,
}

/// Where a drag has hold of the square.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grab {
    /// It moves as a whole.
    Inside,
    /// The opposite corner stays.
    Corner {
        /// One of the two at the right.
        right: bool,
        /// One of the two at the bottom.
        bottom: bool,
    },
}

impl Square {
    /// Where it is at first.
    pub fn start(size: Vec2) -> Self {
        let side = START * size.min_elem();
        Self {
            left: (size.x - side) / 2.0,
            top: (size.y - side) * START_HIGH,
            side,
        }
        .inside(size)
    }

    /// The four corners with their names.
    pub fn corners(self) -> [(Pos2, Grab); 4] {
        [(false, false), (true, false), (false, true), (true, true)].map(|(right, bottom)| {
            let far = |yes: bool| if yes { self.side } else { 0.0 };
            let at = pos2(self.left + far(right), self.top + far(bottom));
            (at, Grab::Corner { right, bottom })
        })
    }

    /// What a pointer takes hold of: the nearest corner within reach, or the inside.
    pub fn grab(self, at: Pos2, reach: f32) -> Option<Grab> {
        let near = |(corner, _): &(Pos2, Grab)| corner.distance(at);
        let corner = self
            .corners()
            .into_iter()
            .min_by(|a, b| near(a).total_cmp(&near(b)))
            .filter(|corner| near(corner) <= reach);
        let within = |value: f32, low: f32| (low..=low + self.side).contains(&value);
        let inside = within(at.x, self.left) && within(at.y, self.top);
        corner
            .map(|(_, grab)| grab)
            .or(inside.then_some(Grab::Inside))
    }

    /// After a drag by so many pixels of the picture.
    pub fn dragged(self, grab: Grab, by: Vec2, size: Vec2) -> Self {
        let Grab::Corner { right, bottom } = grab else {
            return Self {
                left: self.left + by.x,
                top: self.top + by.y,
                ..self
            }
            .inside(size);
        };
        // Along the diagonal, as far as the opposite corner has room on this side.
        let outward = |by: f32, far: bool| if far { by } else { -by };
        let grown = (outward(by.x, right) + outward(by.y, bottom)) / 2.0;
        let room =
            |low: f32, far: bool, whole: f32| if far { whole - low } else { low + self.side };
        let most = room(self.left, right, size.x).min(room(self.top, bottom, size.y));
        let side = (self.side + grown).clamp(LEAST_PX.min(most), most);
        let low = |low: f32, far: bool| if far { low } else { low + self.side - side };
        Self {
            left: low(self.left, right),
            top: low(self.top, bottom),
            side,
        }
        .inside(size)
    }

    /// Larger or smaller about its centre.
    pub fn scaled(self, factor: f32, size: Vec2) -> Self {
        let most = size.min_elem();
        let side = (self.side * factor).clamp(LEAST_PX.min(most), most);
        Self {
            left: self.left + (self.side - side) / 2.0,
            top: self.top + (self.side - side) / 2.0,
            side,
        }
        .inside(size)
    }

    /// The nearest square of this side that lies inside.
    fn inside(self, size: Vec2) -> Self {
        let side = self.side.min(size.min_elem());
        Self {
            left: self.left.clamp(0.0, size.x - side),
            top: self.top.clamp(0.0, size.y - side),
            side,
        }
    }

    /// In whole pixels.
    fn pixels(self, (width, height): (u32, u32)) -> CropBox {
        let side = (self.side.round() as u32).clamp(1, width.min(height));
        let low = |low: f32, whole: u32| (low.round().max(0.0) as u32).min(whole - side);
        CropBox {
            top: low(self.top, height),
            left: low(self.left, width),
            height: side,
            width: side,
        }
    }
}

/// What is inside the square as the network takes it: 64 × 64 RGB bytes.
///
/// It is resized exactly as the faces of the training are; another filter would be a blur or a
/// sharpness that the network has never seen.
pub fn face(picture: &RgbImage, square: Square) -> Vec<u8> {
    let (width, height) = picture.dimensions();
    let slot = FrameSlot {
        offset: 0,
        width,
        height,
    };
    let mut planes = vec![0.0; 3 * FACE_PX * FACE_PX];
    resize_frame(
        (slot, picture.as_raw()),
        square.pixels((width, height)),
        FACE_PX,
        &mut Vec::new(),
        &mut planes,
    );
    rgb_bytes(&planes, FACE_PX)
}

#[cfg(test)]
mod tests {
    use eframe::egui::vec2;
    use image::Rgb;
    use rand::{Rng, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    use super::*;

    #[test]
    fn the_box_stays_inside_and_square_under_any_drag() {
        let mut rng = ChaCha8Rng::seed_from_u64(5);
        for size in [vec2(640.0, 480.0), vec2(300.0, 1200.0), vec2(9.0, 8.0)] {
            let least = LEAST_PX.min(size.min_elem());
            let mut square = Square::start(size);
            for turn in 0..4000 {
                let by = vec2(
                    rng.random_range(-500.0..500.0),
                    rng.random_range(-500.0..500.0),
                ) * rng.random_range(0.0f32..1.0).powi(3);
                let grab = match rng.random_range(0..5) {
                    4 => Grab::Inside,
                    corner => square.corners()[corner].1,
                };
                let before = square;
                square = if turn % 7 == 0 {
                    square.scaled(rng.random_range(0.3..3.0), size)
                } else {
                    square.dragged(grab, by, size)
                };
                let Square { left, top, side } = square;
                assert!(
                    side >= least - 1e-3 && side <= size.min_elem(),
                    "{square:?}"
                );
                assert!(left >= 0.0 && left + side <= size.x + 1e-3, "{square:?}");
                assert!(top >= 0.0 && top + side <= size.y + 1e-3, "{square:?}");
                if turn % 7 != 0 && grab == Grab::Inside {
                    assert_eq!(side, before.side);
                }
                let whole = square.pixels((size.x as u32, size.y as u32));
                assert_eq!(whole.width, whole.height);
                assert!(whole.left + whole.width <= size.x as u32);
                assert!(whole.top + whole.height <= size.y as u32);
            }
        }
    }

    #[test]
    fn a_corner_moves_and_the_opposite_one_stays() {
        let size = vec2(100.0, 100.0);
        let square = Square {
            left: 20.0,
            top: 30.0,
            side: 40.0,
        };
        let corner = |right, bottom| Grab::Corner { right, bottom };
        let grown = square.dragged(corner(true, true), vec2(10.0, 10.0), size);
        assert_eq!((grown.left, grown.top, grown.side), (20.0, 30.0, 50.0));
        let shrunk = square.dragged(corner(false, false), vec2(10.0, 10.0), size);
        assert_eq!((shrunk.left, shrunk.top, shrunk.side), (30.0, 40.0, 30.0));
        // The left edge is 20 away, the upper one 30: the nearer one is the limit.
        let most = square.dragged(corner(false, false), vec2(-90.0, -90.0), size);
        assert_eq!((most.left, most.top, most.side), (0.0, 10.0, 60.0));
        let reach = 6.0;
        assert_eq!(
            square.grab(pos2(58.0, 72.0), reach),
            Some(corner(true, true))
        );
        assert_eq!(square.grab(pos2(40.0, 50.0), reach), Some(Grab::Inside));
        assert_eq!(square.grab(pos2(5.0, 5.0), reach), None);
    }

    #[test]
    fn the_first_box_is_a_centred_square_a_bit_up() {
        let square = Square::start(vec2(200.0, 300.0));
        assert_eq!((square.left, square.side), (20.0, 160.0));
        assert!(square.top > 20.0 && square.top < 70.0, "{square:?}");
    }

    #[test]
    fn a_face_has_the_colours_of_its_place() {
        // Left half orange, right half blue; the box reaches from the left edge to 3/4.
        let picture = RgbImage::from_fn(200, 150, |x, _| {
            Rgb(if x < 100 {
                [240, 120, 8]
            } else {
                [10, 30, 200]
            })
        });
        let square = Square {
            left: 0.0,
            top: 0.0,
            side: 150.0,
        };
        let face = face(&picture, square);
        assert_eq!(face.len(), 3 * FACE_PX * FACE_PX);
        let pixel = |x: usize, y: usize| &face[3 * (64 * y + x)..][..3];
        // The border lies at 64 · 2/3 = 42.7.
        for y in [0, 31, 63] {
            assert_eq!(pixel(0, y), [240, 120, 8]);
            assert_eq!(pixel(40, y), [240, 120, 8]);
            assert_eq!(pixel(45, y), [10, 30, 200]);
            assert_eq!(pixel(63, y), [10, 30, 200]);
        }
    }
}
