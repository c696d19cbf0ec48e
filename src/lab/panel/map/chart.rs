//! The map itself: points or faces, and the face under the pointer.

use eframe::egui::{
    Pos2, Rect, Response, Role, Sense, Stroke, StrokeKind, Tooltip, Ui, Vec2, WidgetInfo, vec2,
};

use super::align::Place;
use super::colour;
use super::paint::{self, Paint};
use crate::lab::look::theme::{Tone, tone};
use crate::lab::look::tiles::TileSheet;
use crate::train::ask::CodeSet;

/// Side of the faces as they are answered.
const TILE_PX: usize = crate::eval::faces::SIDE_PX;
/// Side of the face under the pointer.
const ENLARGED_PX: f32 = 144.0;
/// A point this far from the pointer is not meant.
const REACH_PX: f32 = 16.0;
/// Marks of classes that are not pointed at in the key.
const FADED: f32 = 0.18;

/// What is drawn of a set.
pub struct Chart<'a> {
    /// The faces.
    pub set: &'a CodeSet,
    /// Where they are, within −1 to 1.
    pub places: &'a [Place],
    /// Their marks.
    pub paint: &'a Paint,
    /// The class that is pointed at in the key.
    pub lit: Option<usize>,
    /// Faces in place of marks.
    pub thumbnails: bool,
    /// What it shows, in words.
    pub title: &'a str,
}

impl Chart<'_> {
    /// Draws it into a field of this size.
    pub fn ui(&self, ui: &mut Ui, sheet: &mut TileSheet, size: Vec2) -> Response {
        sheet.show(ui.ctx(), &self.set.pixels, TILE_PX);
        let (field, response) = ui.allocate_exact_size(size, Sense::hover());
        response.widget_info(|| WidgetInfo::labeled(Role::Image, true, self.title));
        let visuals = ui.visuals();
        let ground = visuals.extreme_bg_color;
        let frame = Stroke::new(1.0, tone(ui, Tone::Dim).gamma_multiply(0.4));
        ui.painter()
            .rect(field, 3.0, ground, frame, StrokeKind::Inside);

        let radius = self.radius(field);
        let at = on_screen(self.places, field.shrink(radius + 6.0));
        let pointed = response
            .hover_pos()
            .and_then(|pointer| nearest(&at, pointer, radius.max(REACH_PX)));
        let order = self
            .paint
            .order
            .iter()
            .copied()
            .filter(|&point| point < at.len());
        // The one under the pointer on top of all others.
        for point in order.chain(pointed) {
            self.draw_point(ui, sheet, point, at[point], radius);
        }
        if let Some(point) = pointed {
            let ring = Stroke::new(2.5, tone(ui, Tone::Ink));
            if self.thumbnails {
                let face = Rect::from_center_size(at[point], Vec2::splat(2.0 * radius));
                ui.painter()
                    .rect_stroke(face, 2.0, ring, StrokeKind::Outside);
            } else {
                ui.painter().circle_stroke(at[point], radius + 4.0, ring);
            }
            self.tell(&response, sheet, point);
        }
        response
    }

    /// Half the size of a point: smaller where there are many, so that they hide less.
    fn radius(&self, field: Rect) -> f32 {
        let count = self.places.len().max(1) as f32;
        if self.thumbnails {
            (0.36 * (field.area() / count).sqrt()).clamp(9.0, 22.0)
        } else {
            (95.0 / count.sqrt()).clamp(4.0, 8.0)
        }
    }

    fn draw_point(&self, ui: &Ui, sheet: &TileSheet, point: usize, at: Pos2, radius: f32) {
        let is_faded = self.lit.is_some() && self.paint.class(point) != self.lit;
        let mut painter = ui.painter().clone();
        if is_faded {
            painter.multiply_opacity(FADED);
        }
        let mark = self.paint.mark(point);
        let dim = tone(ui, Tone::Dim);
        match (mark, self.thumbnails) {
            (_, true) => {
                let face = Rect::from_center_size(at, Vec2::splat(2.0 * radius));
                if let Some(image) = sheet.tile(point, 2.0 * radius) {
                    let veil = if is_faded { FADED } else { 1.0 };
                    let tint = eframe::egui::Color32::WHITE.gamma_multiply(veil);
                    image.tint(tint).paint_at(ui, face);
                }
                let colour = mark.map_or(dim, |(colour, _)| paint::visible(ui, colour));
                let edge = Stroke::new(2.0, colour);
                painter.rect_stroke(face, 1.0, edge, StrokeKind::Outside);
            }
            (Some((colour, form)), false) => {
                let fill = paint::visible(ui, colour);
                paint::mark(&painter, at, radius, form, fill, paint::outline(ui));
            }
            (None, false) => paint::unknown(&painter, at, radius, dim),
        }
    }

    /// The face under the pointer, enlarged, with what is known about it.
    fn tell(&self, response: &Response, sheet: &TileSheet, point: usize) {
        let Some(label) = self.set.labels.get(point) else {
            return;
        };
        Tooltip::for_widget(response)
            .at_pointer()
            .gap(14.0)
            .show(|ui| {
                if let Some(image) = sheet.tile(point, ENLARGED_PX) {
                    ui.add(image);
                }
                ui.label(colour::words(label, &self.set.expressions));
            });
    }
}

/// The places within a field, as large as they fit, up in the data being up.
fn on_screen(places: &[Place], field: Rect) -> Vec<Pos2> {
    let half = |axis: usize| {
        places
            .iter()
            .map(|place| place[axis].abs())
            .fold(0.0, f32::max)
    };
    let scale = |room: f32, half: f32| room / 2.0 / half.max(1e-6);
    let unit_px = scale(field.width(), half(0)).min(scale(field.height(), half(1)));
    // Points that are all in one place stay in the middle.
    let unit_px = unit_px.min(field.width().max(field.height()));
    let at = |place: &Place| field.center() + unit_px * vec2(place[0], -place[1]);
    places.iter().map(at).collect()
}

/// The point nearest to the pointer within reach.
fn nearest(at: &[Pos2], pointer: Pos2, reach: f32) -> Option<usize> {
    let distance = |point: usize| at[point].distance_sq(pointer);
    let nearest = (0..at.len()).min_by(|&a, &b| distance(a).total_cmp(&distance(b)))?;
    (distance(nearest) <= reach * reach).then_some(nearest)
}

#[cfg(test)]
mod tests {
    use eframe::egui::pos2;

    use super::*;

    #[test]
    fn maps_fill_the_field_and_keep_up_up() {
        let field = Rect::from_min_max(pos2(0.0, 0.0), pos2(400.0, 100.0));
        let at = on_screen(&[[-1.0, 0.0], [1.0, 0.0], [0.0, 0.5], [0.0, -0.5]], field);
        assert_eq!(at[2], pos2(200.0, 0.0));
        assert_eq!(at[3], pos2(200.0, 100.0));
        assert_eq!(at[1], pos2(300.0, 50.0));
        let one = on_screen(&[[0.0, 0.0]], field);
        assert_eq!(one, [pos2(200.0, 50.0)]);
        assert!(on_screen(&[], field).is_empty());
    }

    #[test]
    fn the_nearest_point_within_reach_is_meant() {
        let at = [pos2(0.0, 0.0), pos2(10.0, 0.0)];
        assert_eq!(nearest(&at, pos2(6.0, 0.0), 16.0), Some(1));
        assert_eq!(nearest(&at, pos2(40.0, 0.0), 16.0), None);
        assert_eq!(nearest(&[], pos2(0.0, 0.0), 16.0), None);
    }
}
