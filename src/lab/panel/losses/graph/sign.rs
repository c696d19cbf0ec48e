//! A symbol such as `L_dis` where it cannot be a widget: on a button, beside a line.

use std::sync::Arc;

use eframe::egui::{Color32, FontId, Galley, Painter, Pos2, Vec2, vec2};

/// A symbol that is laid out; what follows `_` stands below the line.
pub struct Sign {
    base: Arc<Galley>,
    below: Option<Arc<Galley>>,
    drop: f32,
    colour: Color32,
}

impl Sign {
    /// Lays out a symbol in this size.
    pub fn new(painter: &Painter, symbol: &str, size: f32, colour: Color32) -> Self {
        let (base, below) = symbol
            .split_once('_')
            .map_or((symbol, None), |(base, below)| (base, Some(below)));
        let lay_out = |text: &str, size: f32| {
            painter.layout_no_wrap(text.to_owned(), FontId::proportional(size), colour)
        };
        // Never smaller than can be read from the back row.
        let small = (size * 0.8).max(12.0);
        Self {
            base: lay_out(base, size),
            below: below.map(|text| lay_out(text, small)),
            drop: size * 0.38,
            colour,
        }
    }

    /// What it covers.
    pub fn size(&self) -> Vec2 {
        let base = self.base.size();
        let below = self.below.as_ref().map_or(Vec2::ZERO, |below| below.size());
        vec2(
            base.x + below.x,
            base.y.max(if below.y > 0.0 {
                self.drop + below.y
            } else {
                0.0
            }),
        )
    }

    /// Paints it to the right of a point, the capital letter at the point's height.
    pub fn paint(&self, painter: &Painter, left_centre: Pos2) {
        let top = left_centre - vec2(0.0, self.base.size().y / 2.0);
        painter.galley(top, self.base.clone(), self.colour);
        if let Some(below) = &self.below {
            let at = top + vec2(self.base.size().x, self.drop);
            painter.galley(at, below.clone(), self.colour);
        }
    }
}
