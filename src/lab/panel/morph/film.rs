//! All poses in a row, as on a strip of film.

use eframe::egui::Ui;

use super::thumbs::pick;
use crate::lab::look::tiles::TileSheet;

/// Smallest side of a tile in points.
const LEAST: f32 = 18.0;
/// Largest side of a tile, of the panel's height.
const MOST: f32 = 0.13;
/// Between two tiles, in points.
const GAP: f32 = 2.0;

/// Side of the tiles of a strip of this width in a panel of this height.
pub fn side(width: f32, height: f32, tiles: usize) -> f32 {
    let even = width / tiles.max(1) as f32 - GAP;
    even.min(MOST * height).max(LEAST)
}

/// The strip; the answer is the tile that was clicked.
pub fn strip(
    ui: &mut Ui,
    sheet: &TileSheet,
    shown: usize,
    labels: impl Iterator<Item = String>,
    side: f32,
) -> Option<usize> {
    let mut clicked = None;
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = [GAP, GAP].into();
        for (index, label) in labels.enumerate() {
            if pick(ui, sheet.tile(index, side), side, index == shown, &label) {
                clicked = Some(index);
            }
        }
    });
    clicked
}
