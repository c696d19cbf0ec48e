//! Drawing aids of the panels that show many small pictures.

use std::sync::Arc;

use eframe::egui::text::LayoutJob;
use eframe::egui::{
    Align, AsIdSalt, Color32, FontId, Galley, Image, Layout, Rect, Response, Role, Sense, Stroke,
    StrokeKind, Ui, WidgetInfo, vec2,
};

use crate::lab::look::theme::{Tone, tone};

/// Size of small text in points.
pub(in crate::lab::panel) const SMALL: f32 = 12.0;

/// A row of controls, as high as a button, so that words before the first button are in line.
pub(in crate::lab::panel) fn row(ui: &mut Ui, add: impl FnOnce(&mut Ui)) {
    let size = vec2(ui.available_width(), 26.0);
    ui.allocate_ui_with_layout(size, Layout::left_to_right(Align::Center), add);
}

/// Small text in at most `rows` lines of this width, with `…` where it had to be cut.
pub(in crate::lab::panel) fn small_text(
    ui: &Ui,
    text: &str,
    width: f32,
    rows: usize,
    colour: Color32,
) -> Arc<Galley> {
    ui.painter()
        .layout_job(small_job(text, width, rows, colour))
}

/// [`small_text`] with its lines centred; draw it at the middle of its upper edge.
pub(in crate::lab::panel) fn small_text_centred(
    ui: &Ui,
    text: &str,
    width: f32,
    rows: usize,
    colour: Color32,
) -> Arc<Galley> {
    let mut job = small_job(text, width, rows, colour);
    job.halign = Align::Center;
    ui.painter().layout_job(job)
}

fn small_job(text: &str, width: f32, rows: usize, colour: Color32) -> LayoutJob {
    let font = FontId::proportional(SMALL);
    let mut job = LayoutJob::simple(text.to_owned(), font, colour, width);
    job.wrap.max_rows = rows;
    // A single line is cut within a word: as much of a name as possible.
    job.wrap.break_anywhere = rows == 1;
    job
}

/// A picture in `rect` that can be pointed at; an empty frame where there is none.
pub(in crate::lab::panel) fn tile(
    ui: &Ui,
    image: Option<Image<'static>>,
    rect: Rect,
    id: impl AsIdSalt,
    sense: Sense,
    label: impl Fn() -> String,
) -> Response {
    let response = ui.interact(rect, ui.scope_id().with(id), sense);
    let role = if sense.senses_click() {
        Role::Button
    } else {
        Role::Image
    };
    response.widget_info(|| WidgetInfo::labeled(role, true, label()));
    if ui.is_rect_visible(rect) {
        let frame = Stroke::new(1.0, tone(ui, Tone::Dim).gamma_multiply(0.5));
        match image {
            Some(image) => image.paint_at(ui, rect),
            None => drop(
                ui.painter()
                    .rect_stroke(rect, 0.0, frame, StrokeKind::Inside),
            ),
        }
        if response.hovered() || response.has_focus() {
            outline(ui, rect);
        }
    }
    response
}

/// Marks a picture.
pub(in crate::lab::panel) fn outline(ui: &Ui, rect: Rect) {
    let stroke = Stroke::new(2.0, tone(ui, Tone::Ink));
    ui.painter()
        .rect_stroke(rect, 0.0, stroke, StrokeKind::Outside);
}

/// Side in points of `count` enlarged pictures beside each other, at most 220.
pub(in crate::lab::panel) fn enlarged_side(ui: &Ui, count: usize) -> f32 {
    let width = ui.ctx().content_rect().width() - 60.0;
    (width / count.max(1) as f32 - 8.0).clamp(64.0, 220.0)
}
