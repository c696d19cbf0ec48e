//! The crop boxes of the views, drawn over their frame.

use eframe::egui::{Align2, Color32, FontId, Painter, Pos2, Rect, Shape, Stroke, Ui, pos2};

use super::words;
use crate::augment::ViewParams;
use crate::lab::look::theme::{Tone, tone};
use crate::lab::panel::faces::paint::SMALL;
use crate::train::ask::{View, ViewRole, ViewedFace};

/// Tone of a view's outline; the line style differs as well, see [`outline`].
fn role_tone(role: ViewRole) -> Tone {
    match role {
        ViewRole::Second => Tone::Yellow,
        ViewRole::Negative => Tone::Purple,
        _ => Tone::Sky,
    }
}

/// The place of a crop box on a frame that is drawn in `rect`.
pub(super) fn place(params: &ViewParams, (width, height): (u32, u32), rect: Rect) -> Rect {
    let at = |column: u32, row: u32| {
        pos2(
            rect.left() + rect.width() * column as f32 / width.max(1) as f32,
            rect.top() + rect.height() * row as f32 / height.max(1) as f32,
        )
    };
    Rect::from_min_max(
        at(params.left, params.top),
        at(params.left + params.width, params.top + params.height),
    )
}

/// Draws the boxes of all views that show a part of this frame.
pub(super) fn draw(ui: &Ui, face: &ViewedFace, views: &[&View], rect: Rect) {
    let is_cropped =
        |view: &&&View| !view.other_picture && words::is_cropped(&view.params, face.frame_px);
    let crop = |view: &View| place(&view.params, face.frame_px, rect).shrink(1.0);
    // The pair lies over its many negatives, and names over everything.
    for view in views.iter().rev().filter(is_cropped) {
        outline(ui, view.role, crop(view));
    }
    for role in [ViewRole::Negative, ViewRole::Second, ViewRole::First] {
        let view = views
            .iter()
            .filter(is_cropped)
            .find(|view| view.role == role);
        if let Some(view) = view {
            name(ui, role, crop(view));
        }
    }
}

/// The outline of a view: solid for the first, dashed for the second, dotted for negatives.
pub(super) fn outline(ui: &Ui, role: ViewRole, rect: Rect) {
    let corners = [
        rect.left_top(),
        rect.right_top(),
        rect.right_bottom(),
        rect.left_bottom(),
        rect.left_top(),
    ];
    let painter = ui.painter();
    let colour = tone(ui, role_tone(role));
    // Dark below, so that it is seen on bright and on dark faces.
    painter.line(
        corners.to_vec(),
        Stroke::new(3.5, Color32::from_black_alpha(170)),
    );
    painter.extend(styled(role, &corners, colour));
}

fn styled(role: ViewRole, path: &[Pos2], colour: Color32) -> Vec<Shape> {
    let stroke = Stroke::new(2.0, colour);
    match role {
        ViewRole::Second => Shape::dashed_line(path, stroke, 7.0, 5.0),
        ViewRole::Negative => Shape::dotted_line(path, colour, 5.0, 1.2),
        _ => vec![Shape::line(path.to_vec(), stroke)],
    }
}

/// Names a box in a corner of its own, so that the names of two boxes do not cover each other.
fn name(ui: &Ui, role: ViewRole, crop: Rect) {
    let (text, place, align) = match role {
        ViewRole::Second => ("2nd", crop.right_bottom(), Align2::RIGHT_BOTTOM),
        ViewRole::Negative => ("neg.", crop.left_bottom(), Align2::LEFT_BOTTOM),
        _ => ("1st", crop.left_top(), Align2::LEFT_TOP),
    };
    chip(ui.painter(), text, place, align, tone(ui, role_tone(role)));
}

fn chip(painter: &Painter, text: &str, place: Pos2, align: Align2, colour: Color32) {
    let font = FontId::proportional(SMALL);
    let galley = painter.layout_no_wrap(text.to_owned(), font, Color32::BLACK);
    let rect = align.anchor_size(place, galley.size());
    painter.rect_filled(rect, 0.0, colour);
    painter.galley(rect.min, galley, Color32::BLACK);
}
