//! Which faces are looked at.

use eframe::egui::{
    Response, Role, ScrollArea, Sense, Stroke, StrokeKind, Ui, Vec2, WidgetInfo, vec2,
};

use super::thumbs::FaceSheet;
use super::title;
use crate::lab::look::theme::{Tone, tone};
use crate::lab::state::{Face, LabState};
use crate::train::ask::FaceId;

/// So many are chosen until the user chooses.
const FIRST: usize = 6;
/// Side of a thumbnail in points.
const SIDE: f32 = 40.0;

/// The faces that are looked at: the first few until the user chooses.
#[derive(Default)]
pub(super) struct Choice {
    by_hand: Option<Vec<FaceId>>,
}

impl Choice {
    /// The chosen faces, in the order in which all faces stand.
    pub fn faces(&self, state: &LabState) -> Vec<FaceId> {
        let all = state.faces.iter().map(|face| face.id);
        match &self.by_hand {
            Some(chosen) => all.filter(|id| chosen.contains(id)).collect(),
            None => all.take(FIRST).collect(),
        }
    }

    /// One thumbnail per face, to be chosen or not.
    pub fn ui(&mut self, ui: &mut Ui, state: &LabState, thumbs: &FaceSheet) {
        let mut chosen = self.faces(state);
        let row = |ui: &mut Ui| {
            ui.spacing_mut().item_spacing.x = 4.0;
            for face in &state.faces {
                let at = chosen.iter().position(|&id| id == face.id);
                if !thumbnail(ui, face, at.is_some(), thumbs).clicked() {
                    continue;
                }
                match at {
                    Some(at) => drop(chosen.remove(at)),
                    None => chosen.push(face.id),
                }
                self.by_hand = Some(chosen.clone());
            }
        };
        ScrollArea::horizontal()
            .id_salt("choice")
            .show(ui, |ui| ui.horizontal(row));
    }
}

fn thumbnail(ui: &mut Ui, face: &Face, selected: bool, thumbs: &FaceSheet) -> Response {
    let (rect, response) = ui.allocate_exact_size(Vec2::splat(SIDE), Sense::click());
    response.widget_info(|| WidgetInfo::selected(Role::Button, true, selected, title(face)));
    if ui.is_rect_visible(rect) {
        let picture = rect.shrink(2.0);
        if let Some(image) = thumbs.tile(face.id, picture.width()) {
            image.paint_at(ui, picture);
        }
        if !selected {
            let veil = ui.visuals().panel_fill.gamma_multiply(0.6);
            ui.painter().rect_filled(picture, 0.0, veil);
        }
        let accent = tone(ui, Tone::Sky);
        let stroke = match (response.hovered() || response.has_focus(), selected) {
            (true, _) => Stroke::new(2.0, tone(ui, Tone::Ink)),
            (false, true) => Stroke::new(2.0, accent),
            (false, false) => Stroke::new(1.0, tone(ui, Tone::Dim)),
        };
        ui.painter()
            .rect_stroke(rect.shrink(1.0), 2.0, stroke, StrokeKind::Inside);
        if selected {
            let corner = picture.right_bottom() - Vec2::splat(6.5);
            ui.painter().circle_filled(corner, 6.5, accent);
            let tick = [(-3.0, 0.0), (-1.0, 2.5), (3.0, -2.5)].map(|(x, y)| corner + vec2(x, y));
            let ink = Stroke::new(1.5, ui.visuals().extreme_bg_color);
            ui.painter().line(tick.to_vec(), ink);
        }
    }
    response.on_hover_text(format!(
        "{}: click to {} it",
        title(face),
        if selected { "leave out" } else { "show" }
    ))
}
