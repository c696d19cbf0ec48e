//! Colours and shapes that colour-blind eyes tell apart.

use plotters::style::RGBColor;

use crate::record::chart::colour;

/// Red, green and blue.
pub type Rgb = [u8; 3];

/// Text and outlines.
pub const INK: Rgb = [20, 20, 20];
/// Text of lesser weight.
pub const DIM: Rgb = [95, 95, 95];
/// Frames.
pub const RULE: Rgb = [190, 190, 190];
/// What is not known.
pub const UNKNOWN: Rgb = [190, 190, 190];
/// What is right.
pub const RIGHT: Rgb = rgb(colour::BLUE);
/// What is wrong.
pub const WRONG: Rgb = rgb(colour::VERMILLION);

/// The colours of Okabe & Ito (2008), those that show best on white first.
const OKABE_ITO: [Rgb; 8] = [
    rgb(colour::BLUE),
    rgb(colour::VERMILLION),
    rgb(colour::GREEN),
    rgb(colour::ORANGE),
    rgb(colour::PURPLE),
    [86, 180, 233],
    rgb(colour::BLACK),
    [240, 228, 66],
];

/// Viridis at equal steps (van der Walt & Smith 2015).
const VIRIDIS: [Rgb; 8] = [
    [68, 1, 84],
    [70, 50, 127],
    [54, 92, 141],
    [39, 127, 143],
    [31, 162, 136],
    [74, 194, 110],
    [160, 219, 57],
    [254, 232, 37],
];

/// The form of a mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Shape {
    /// ●
    Disc,
    /// ▲
    Triangle,
    /// ■
    Square,
    /// ◆
    Diamond,
    /// ▼
    Wedge,
    /// ✚
    Cross,
}

const SHAPES: [Shape; 6] = [
    Shape::Disc,
    Shape::Triangle,
    Shape::Square,
    Shape::Diamond,
    Shape::Wedge,
    Shape::Cross,
];

impl Shape {
    /// Whether the point lies in the shape of about unit area-equivalent radius around the origin
    /// (y grows downwards).
    pub fn contains(self, x: f32, y: f32) -> bool {
        match self {
            Self::Disc => x * x + y * y <= 1.0,
            Self::Square => x.abs().max(y.abs()) <= 0.87,
            Self::Diamond => x.abs() + y.abs() <= 1.22,
            // Equilateral, with its centre of mass at the origin.
            Self::Triangle => y <= 0.68 && 1.732 * x.abs() <= y + 1.36,
            Self::Wedge => Self::Triangle.contains(x, -y),
            Self::Cross => x.abs().min(y.abs()) <= 0.42 && x.abs().max(y.abs()) <= 1.1,
        }
    }
}

/// How class `index` is marked. The first eight differ in colour; the forms change along with
/// them, so that colour never stands alone, and the first 48 classes all differ.
pub fn class_mark(index: usize) -> (Rgb, Shape) {
    let (colour, round) = (index % OKABE_ITO.len(), index / OKABE_ITO.len());
    (OKABE_ITO[colour], SHAPES[(colour + round) % SHAPES.len()])
}

/// A colour between dark violet (0) and yellow (1): viridis, whose lightness rises evenly.
pub fn value_colour(fraction: f32) -> Rgb {
    let fraction = if fraction.is_nan() { 0.0 } else { fraction };
    let place = fraction.clamp(0.0, 1.0) * (VIRIDIS.len() - 1) as f32;
    let below = (place as usize).min(VIRIDIS.len() - 2);
    blend(VIRIDIS[below], VIRIDIS[below + 1], place - below as f32)
}

/// From `from` (0) to `to` (1).
pub fn blend(from: Rgb, to: Rgb, fraction: f32) -> Rgb {
    std::array::from_fn(|channel| {
        let (from, to) = (f32::from(from[channel]), f32::from(to[channel]));
        (from + (to - from) * fraction.clamp(0.0, 1.0)).round() as u8
    })
}

const fn rgb(colour: RGBColor) -> Rgb {
    [colour.0, colour.1, colour.2]
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn first_eight_differ_in_colour_and_the_first_48_at_all() {
        let colours: HashSet<_> = (0..8).map(|index| class_mark(index).0).collect();
        assert_eq!(colours.len(), 8);
        let marks: HashSet<_> = (0..48).map(class_mark).collect();
        assert_eq!(marks.len(), 48);
        assert_ne!(class_mark(0).1, class_mark(1).1);
    }

    #[test]
    fn values_get_lighter() {
        let light = |fraction| {
            let [r, g, b] = value_colour(fraction).map(f32::from);
            0.3 * r + 0.6 * g + 0.1 * b
        };
        assert!((1..=20).all(|step| light(step as f32 / 20.0) > light((step - 1) as f32 / 20.0)));
        assert_eq!(value_colour(f32::NAN), value_colour(0.0));
        assert_eq!(value_colour(7.0), value_colour(1.0));
    }

    #[test]
    fn shapes_are_of_like_area() {
        for shape in SHAPES {
            let inside = (0..400 * 400)
                .map(|index| ((index % 400) as f32, (index / 400) as f32))
                .filter(|(x, y)| shape.contains(x / 100.0 - 2.0, y / 100.0 - 2.0))
                .count() as f32;
            let area = inside / 10_000.0;
            assert!((2.2..3.3).contains(&area), "{shape:?} {area}");
        }
    }
}
