//! Lines that can be told apart without their colour.

use eframe::egui::{Color32, Pos2, Shape, Stroke};

/// Lengths of dashes and gaps in points; none for a solid line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dash {
    dashes: &'static [f32],
    gaps: &'static [f32],
}

impl Dash {
    /// No gaps.
    pub const SOLID: Self = Self::of(&[], &[]);
    /// Long dashes.
    pub const LONG: Self = Self::of(&[16.0], &[5.0]);
    /// Short dashes.
    pub const SHORT: Self = Self::of(&[7.0], &[5.0]);
    /// A dash and a dot.
    pub const DASH_DOT: Self = Self::of(&[13.0, 3.0], &[4.0, 4.0]);
    /// Dots.
    pub const DOTS: Self = Self::of(&[2.5], &[4.5]);

    const fn of(dashes: &'static [f32], gaps: &'static [f32]) -> Self {
        Self { dashes, gaps }
    }

    /// Whether there are no gaps.
    pub fn is_solid(self) -> bool {
        self.dashes.is_empty()
    }
}

/// How a line is drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pen {
    /// Colour.
    pub colour: Color32,
    /// Width in points.
    pub width: f32,
    /// Gaps.
    pub dash: Dash,
}

impl Pen {
    /// Draws along these points of the screen.
    pub fn draw(self, path: Vec<Pos2>, shapes: &mut Vec<Shape>) {
        let stroke = Stroke::new(self.width, self.colour);
        if self.dash.is_solid() {
            shapes.push(Shape::line(path, stroke));
        } else {
            let Dash { dashes, gaps } = self.dash;
            Shape::dashed_line_many_with_offset(&path, stroke, dashes, gaps, 0.0, shapes);
        }
    }
}
