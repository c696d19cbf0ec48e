//! The goal beside the young network: what a trained one makes of the same faces.

use eframe::egui::{Align2, FontId, Rect, Sense, Ui, Vec2, pos2, vec2};

use super::{columns, paint};
use crate::lab::look::theme::{Tone, tone};
use crate::lab::look::tiles::TileSheet;
use crate::train::ask::FaceId;
use crate::train::event::FaceGrid;

/// Room between the grid and the goal, in points; the line that parts them lies in it.
pub(super) const GAP: f32 = 18.0;
/// Room above the headings for the word over them, in points.
pub(super) const TITLE: f32 = 16.0;

/// Columns of the goal on a texture.
#[derive(Default)]
pub(super) struct Goal {
    sheet: TileSheet,
}

impl Goal {
    /// The word above all columns, and the line that parts them from the grid.
    pub fn frame(&mut self, ui: &Ui, grid: &FaceGrid, area: Rect) {
        self.sheet.show_grid(ui.ctx(), grid);
        let dim = tone(ui, Tone::Dim);
        let left = area.left() - GAP / 2.0;
        ui.painter().vline(left, area.y_range(), (1.0, dim));
        ui.painter().text(
            pos2(area.center().x, area.top()),
            Align2::CENTER_TOP,
            "goal",
            FontId::proportional(13.0),
            tone(ui, Tone::Green),
        );
    }

    /// One tile; nothing for a face that the trained network was not shown.
    pub fn tile(&self, ui: &Ui, grid: &FaceGrid, face: (FaceId, &str), column: usize, cell: Rect) {
        let (id, name) = face;
        let row = id.0 as usize;
        if id.is_photo() || row >= grid.rows {
            return;
        }
        let index = row * grid.columns.len() + column;
        let words = columns::words(&grid.columns[column]);
        let label = || format!("Goal for {}: {words}", name.to_lowercase());
        let image = self.sheet.tile(index, cell.width());
        let tile_id = ("goal", row, column);
        paint::tile(ui, image, cell, tile_id, Sense::hover(), label).on_hover_ui(|ui| {
            ui.label(label());
            if let Some(image) = self.sheet.tile(index, paint::enlarged_side(ui, 1)) {
                ui.add(image);
            }
            ui.label("What a network that is trained already makes of this face.");
        });
    }
}

/// Room that the goal takes from the grid: nothing without one.
pub(super) fn room(goal: Option<&FaceGrid>) -> Vec2 {
    match goal {
        Some(_) => vec2(GAP, TITLE),
        None => Vec2::ZERO,
    }
}
