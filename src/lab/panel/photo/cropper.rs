//! The crop box on the screen: drag it, drag its corners, or use the keys.

use eframe::egui::{
    Color32, CursorIcon, EventFilter, Key, Pos2, Rect, Response, Role, Sense, Shape, Stroke,
    StrokeKind, TextureId, Ui, Vec2, WidgetInfo, pos2,
};

use super::crop::{Grab, Square};
use crate::lab::look::theme::{Tone, tone};

/// How near a pointer must be to take hold of a corner, in points.
const REACH: f32 = 16.0;
/// Side of the marks at the corners, in points.
const MARK: f32 = 9.0;
/// A key moves the box by this part of its side.
const KEY_MOVE: f32 = 0.02;
/// A key makes the box so many times larger.
const KEY_GROW: f32 = 1.05;
/// What is outside the box is darkened; on a photo of any colour, in either theme.
const SHADE: Color32 = Color32::from_black_alpha(130);

/// What a drag began with.
#[derive(Clone, Copy, Debug)]
pub struct Drag {
    grab: Grab,
    from: Square,
}

/// Shows the picture as large as `room` allows, and lets the user move the box.
pub fn cropper(
    ui: &mut Ui,
    texture: TextureId,
    size: Vec2,
    square: &mut Square,
    drag: &mut Option<Drag>,
    room: Vec2,
) {
    let scale = (room.x / size.x).min(room.y / size.y);
    let (rect, response) = ui.allocate_exact_size(size * scale, Sense::click_and_drag());
    response.widget_info(|| WidgetInfo::labeled(Role::Group, ui.is_enabled(), "Crop box"));
    let to_picture = |at: Pos2| ((at - rect.min) / scale).to_pos2();

    pointer(ui, &response, to_picture, (scale, size), square, drag);
    if response.clicked() || response.drag_started() {
        response.request_focus();
    }
    if response.has_focus() {
        keys(ui, &response, size, square);
    }
    if ui.is_rect_visible(rect) {
        let whole = Rect::from_min_max(Pos2::ZERO, pos2(1.0, 1.0));
        ui.painter().image(texture, rect, whole, Color32::WHITE);
        paint(ui, rect, scale, *square, response.has_focus());
    }
}

fn pointer(
    ui: &Ui,
    response: &Response,
    to_picture: impl Fn(Pos2) -> Pos2,
    (scale, size): (f32, Vec2),
    square: &mut Square,
    drag: &mut Option<Drag>,
) {
    let reach = REACH / scale;
    if response.drag_started() {
        // A drag is noticed a few points after it began.
        let origin = ui.input(|input| input.pointer.press_origin());
        let grab = origin.and_then(|at| square.grab(to_picture(at), reach));
        *drag = grab.map(|grab| Drag {
            grab,
            from: *square,
        });
    }
    if let (Some(Drag { grab, from }), Some(by)) = (*drag, response.total_drag_delta()) {
        *square = from.dragged(grab, by / scale, size);
    }
    if response.drag_stopped() {
        *drag = None;
    }
    let hovered = response
        .hover_pos()
        .and_then(|at| square.grab(to_picture(at), reach));
    let icon = match drag.map(|drag| drag.grab).or(hovered) {
        Some(Grab::Inside) => CursorIcon::Move,
        Some(Grab::Corner { right, bottom }) if right == bottom => CursorIcon::ResizeNwSe,
        Some(Grab::Corner { .. }) => CursorIcon::ResizeNeSw,
        None => return,
    };
    ui.ctx().set_cursor_icon(icon);
}

fn keys(ui: &Ui, response: &Response, size: Vec2, square: &mut Square) {
    // Otherwise the arrow keys would move on to the next control.
    let filter = EventFilter {
        horizontal_arrows: true,
        vertical_arrows: true,
        ..EventFilter::default()
    };
    ui.memory_mut(|memory| memory.set_focus_lock_filter(response.id, filter));
    let presses = |key: Key| ui.input(|input| input.num_presses(key)) as f32;
    let towards = Vec2::new(
        presses(Key::ArrowRight) - presses(Key::ArrowLeft),
        presses(Key::ArrowDown) - presses(Key::ArrowUp),
    );
    if towards != Vec2::ZERO {
        *square = square.dragged(Grab::Inside, towards * square.side * KEY_MOVE, size);
    }
    // On many keyboards + is the shifted =.
    let larger = presses(Key::Plus) + presses(Key::Equals) - presses(Key::Minus);
    if larger != 0.0 {
        *square = square.scaled(KEY_GROW.powf(larger), size);
    }
}

fn paint(ui: &Ui, rect: Rect, scale: f32, square: Square, focused: bool) {
    let painter = ui.painter();
    let corner = rect.min + Vec2::new(square.left, square.top) * scale;
    let inner = Rect::from_min_size(corner, Vec2::splat(square.side * scale));
    let [above, below] = [(rect.top(), inner.top()), (inner.bottom(), rect.bottom())];
    for (from, to) in [above, below] {
        let band = Rect::from_x_y_ranges(rect.x_range(), from..=to);
        painter.rect_filled(band, 0.0, SHADE);
    }
    for (from, to) in [(rect.left(), inner.left()), (inner.right(), rect.right())] {
        let band = Rect::from_x_y_ranges(from..=to, inner.y_range());
        painter.rect_filled(band, 0.0, SHADE);
    }
    // White on black is seen on every photo.
    let lines = [(3.0, Color32::from_black_alpha(160)), (1.5, Color32::WHITE)];
    for (width, colour) in lines {
        painter.rect_stroke(inner, 0.0, Stroke::new(width, colour), StrokeKind::Middle);
    }
    // Where a head would be: forehead at the upper edge, chin at the lower one.
    let oval = Vec2::new(0.38, 0.5) * inner.width();
    let faint = Stroke::new(1.0, Color32::from_white_alpha(120));
    painter.add(Shape::ellipse_stroke(inner.center(), oval, faint));
    let edge = if focused {
        Stroke::new(2.5, tone(ui, Tone::Blue))
    } else {
        Stroke::new(1.5, Color32::from_black_alpha(200))
    };
    for (at, _) in square.corners() {
        let at = rect.min + at.to_vec2() * scale;
        // Inside the picture, so that none is cut off at its edge.
        let mark = Rect::from_center_size(at, Vec2::splat(MARK));
        painter.rect_filled(mark, 1.0, Color32::WHITE);
        painter.rect_stroke(mark, 1.0, edge, StrokeKind::Inside);
    }
}
