//! One picture with a line of text above and below.

use eframe::egui::{
    Color32, Image, Pos2, Rect, Response, Role, Sense, Ui, Vec2, WidgetInfo, pos2, vec2,
};

use super::{boxes, shown, words};
use crate::lab::look::theme::{Tone, tone};
use crate::lab::panel::faces::paint;
use crate::train::ask::{View, ViewedFace};

/// A view is never smaller than this, in points, so that its role can be read.
pub(super) const SMALLEST: f32 = 76.0;
/// A view is never larger than this, in points.
pub(super) const LARGEST: f32 = 120.0;
/// Room for a line of text, in points.
const LINE: f32 = 16.0;

/// Width of a frame with so many views, in points.
pub(super) fn row_width(views: usize, side: f32, gap: f32) -> f32 {
    frame_side(side) + views as f32 * (side + gap)
}

/// A frame is larger than a view: boxes are drawn over it.
fn frame_side(side: f32) -> f32 {
    side + 2.0 * LINE
}

/// The frame as it was read, with the boxes of its views.
pub(super) fn frame(
    ui: &mut Ui,
    face: &ViewedFace,
    image: Option<Image<'static>>,
    side: f32,
    name: &str,
) {
    let (width, height) = face.frame_px;
    let (rect, response) = cell(
        ui,
        side + LINE,
        side + 2.0 * LINE,
        &format!("{name}: as read"),
    );
    if ui.is_rect_visible(rect) {
        let colour = ui.visuals().text_color();
        text(ui, "As read", rect.left_top(), rect.width(), 1, colour);
        let room = Rect::from_min_max(rect.left_top() + vec2(0.0, LINE), rect.max);
        let picture = fitted((width, height), room);
        if let Some(image) = image {
            image.paint_at(ui, picture);
        }
        boxes::draw(ui, face, &shown(face), picture);
    }
    response.on_hover_text(format!(
        "The frame as it was read: {width} × {height} px. Boxes show which part a view was cut from."
    ));
}

/// A view with its role and what was applied.
pub(super) fn view(
    ui: &mut Ui,
    view: &View,
    side: f32,
    label: &str,
    picture: impl Fn(f32) -> Option<Image<'static>>,
) -> Response {
    let (rect, response) = cell(ui, side, side + 3.0 * LINE, label);
    if ui.is_rect_visible(rect) {
        let (colour, dim) = (ui.visuals().text_color(), tone(ui, Tone::Dim));
        text(ui, words::role(view.role), rect.left_top(), side, 1, colour);
        let place = Rect::from_min_size(rect.left_top() + vec2(0.0, LINE), Vec2::splat(side));
        if let Some(image) = picture(side) {
            image.paint_at(ui, place);
        }
        if words::is_cropped(&view.params, view.frame_px) {
            boxes::outline(ui, view.role, place.shrink(1.0));
        }
        let below = pos2(rect.left(), place.bottom() + 1.0);
        text(ui, &words::applied(view), below, side, 2, dim);
        if response.hovered() {
            paint::outline(ui, place);
        }
    }
    response
}

fn cell(ui: &mut Ui, width: f32, height: f32, label: &str) -> (Rect, Response) {
    let (rect, response) = ui.allocate_exact_size(vec2(width, height), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, label));
    (rect, response)
}

fn text(ui: &Ui, text: &str, place: Pos2, width: f32, lines: usize, colour: Color32) {
    let galley = paint::small_text(ui, text, width, lines, colour);
    ui.painter().galley(place, galley, colour);
}

/// The largest place of this shape in `room`, at its upper edge.
fn fitted((width, height): (u32, u32), room: Rect) -> Rect {
    let size = vec2(width.max(1) as f32, height.max(1) as f32);
    let scale = (room.size() / size).min_elem();
    Rect::from_min_size(room.min, size * scale)
}
