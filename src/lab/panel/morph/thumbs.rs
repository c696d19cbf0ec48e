//! Small pictures of all faces, to choose from.

use std::collections::HashMap;

use eframe::egui::{
    Color32, Image, Rect, Role, ScrollArea, Sense, Stroke, StrokeKind, Ui, Vec2, WidgetInfo,
};

use super::words;
use crate::lab::look::theme::{Tone, tone};
use crate::lab::look::tiles::TileSheet;
use crate::lab::state::{Face, LabState};
use crate::train::ask::FaceId;

/// Side of a face in pixels.
const FACE_PX: usize = crate::eval::faces::SIDE_PX;
/// Smallest and largest side of a small picture in points.
const SIDE: [f32; 2] = [23.0, 42.0];
/// Between two small pictures, in points.
const GAP: f32 = 3.0;

/// One texture per face, uploaded when its pixels change.
#[derive(Default)]
pub struct Thumbs {
    sheets: HashMap<FaceId, TileSheet>,
}

impl Thumbs {
    /// The face as a picture of `side` points.
    pub fn image(&mut self, ui: &Ui, face: &Face, side: f32) -> Option<Image<'static>> {
        let sheet = self.sheets.entry(face.id).or_default();
        sheet.show(ui.ctx(), &face.pixels, FACE_PX);
        sheet.tile(0, side)
    }

    /// A row of all faces under a title; the answer is the one that was clicked.
    pub fn choose(
        &mut self,
        ui: &mut Ui,
        title: &str,
        state: &LabState,
        chosen: FaceId,
    ) -> Option<FaceId> {
        let mut clicked = None;
        ui.horizontal(|ui| {
            ui.strong(title);
            let each = ui.available_width() / state.faces.len().max(1) as f32 - GAP;
            let side = each.clamp(SIDE[0], SIDE[1]);
            ScrollArea::horizontal()
                .id_salt(title)
                .auto_shrink([false, true])
                .show(ui, |ui| {
                    ui.spacing_mut().item_spacing.x = GAP;
                    ui.horizontal(|ui| {
                        for face in &state.faces {
                            let image = self.image(ui, face, side);
                            let label = format!("{title}: {}", words::name(face));
                            if pick(ui, image, side, face.id == chosen, &label) {
                                clicked = Some(face.id);
                            }
                        }
                    });
                });
        });
        clicked
    }
}

/// A small picture to click; the chosen one has a frame.
pub fn pick(ui: &mut Ui, image: Option<Image<'_>>, side: f32, chosen: bool, label: &str) -> bool {
    let (rect, response) = ui.allocate_exact_size(Vec2::splat(side), Sense::click());
    response.widget_info(|| WidgetInfo::selected(Role::Button, ui.is_enabled(), chosen, label));
    if let Some(image) = image.filter(|_| ui.is_rect_visible(rect)) {
        let inset = if chosen { 4.0 } else { 0.0 };
        image.paint_at(ui, rect.shrink(inset));
        frame(ui, rect, chosen, &response);
    }
    response.on_hover_text(label).clicked()
}

/// Chosen: thick. Under the pointer or with the keyboard's focus: thin.
fn frame(ui: &Ui, rect: Rect, chosen: bool, response: &eframe::egui::Response) {
    let colour = if chosen {
        tone(ui, Tone::Ink)
    } else if response.hovered() || response.has_focus() {
        tone(ui, Tone::Dim)
    } else {
        Color32::TRANSPARENT
    };
    let width = if chosen && response.has_focus() {
        3.5
    } else {
        2.5
    };
    ui.painter()
        .rect_stroke(rect, 3.0, Stroke::new(width, colour), StrokeKind::Inside);
}
