//! A reconstruction enlarged, beside what it should look like.

use std::sync::Arc;

use eframe::egui::{Context, Ui};

use super::columns;
use super::paint::enlarged_side;
use crate::lab::look::symbol::symbol;
use crate::lab::look::tiles::{TileSheet, difference, tile_bytes};
use crate::train::ask;
use crate::train::event::FaceGrid;

/// A tile and its target.
pub(super) struct Compared {
    /// Heading of what the tile should look like.
    pub target: &'static str,
    /// Mean absolute difference, 0–1.
    pub difference: f32,
    target_pixels: Vec<u8>,
    difference_pixels: Vec<u8>,
}

/// Compares a tile with its target; `None` where a code stands alone.
pub(super) fn compare(grid: &FaceGrid, row: usize, column: usize) -> Option<Compared> {
    let target = ask::target(grid.columns.get(column)?)?;
    let tile = |column: usize| tile_bytes(grid, row * grid.columns.len() + column);
    let of = |heading: &str| grid.columns.iter().position(|column| column == heading);
    let target_pixels = match of(target) {
        Some(column) => tile(column)?.to_vec(),
        // The run's own record has no column ŝ.
        None if target == "s^" => mirrored(tile(of("s")?)?, grid.tile_px),
        None => return None,
    };
    let (difference, difference_pixels) = difference(tile(column)?, &target_pixels);
    Some(Compared {
        target,
        difference,
        target_pixels,
        difference_pixels,
    })
}

/// The picture mirrored left to right.
pub(super) fn mirrored(rgb: &[u8], width_px: usize) -> Vec<u8> {
    let (pixels, _) = rgb.as_chunks::<3>();
    let lines = pixels.chunks(width_px.max(1));
    lines
        .flat_map(|line| line.iter().rev())
        .flatten()
        .copied()
        .collect()
}

/// Keeps the tile that was pointed at last.
#[derive(Default)]
pub(super) struct Enlarged {
    shown: Option<(Arc<Vec<u8>>, usize, usize)>,
    compared: Option<Compared>,
    sheet: TileSheet,
}

impl Enlarged {
    /// The tile, its target and the difference beside each other.
    pub fn ui(&mut self, ui: &mut Ui, grid: &FaceGrid, row: usize, column: usize, name: &str) {
        self.look_at(ui.ctx(), grid, row, column);
        let heading = grid.columns.get(column).map_or("", String::as_str);
        let side = enlarged_side(ui, 3);
        let pictures = if self.compared.is_some() { 3 } else { 1 };
        ui.set_max_width((pictures as f32 * (side + 8.0)).max(260.0));
        ui.label(format!("{name}: {}", columns::words(heading)));
        ui.horizontal(|ui| {
            self.picture(ui, 0, side, |ui| drop(symbol(ui, heading)));
            if let Some(compared) = &self.compared {
                self.picture(ui, 1, side, |ui| {
                    ui.spacing_mut().item_spacing.x = 4.0;
                    ui.label("should be");
                    symbol(ui, compared.target);
                });
                self.picture(ui, 2, side, |ui| drop(ui.label("difference (gray: none)")));
            }
        });
        if let Some(compared) = &self.compared {
            ui.strong(differs(compared.difference));
        }
        ui.label(columns::about(heading));
    }

    fn picture(&self, ui: &mut Ui, index: usize, side: f32, caption: impl FnOnce(&mut Ui)) {
        ui.vertical(|ui| {
            ui.set_width(side);
            ui.horizontal(caption);
            if let Some(image) = self.sheet.tile(index, side) {
                ui.add(image);
            }
        });
    }

    fn look_at(&mut self, ctx: &Context, grid: &FaceGrid, row: usize, column: usize) {
        let same = self.shown.as_ref().is_some_and(|(pixels, at, of)| {
            Arc::ptr_eq(pixels, &grid.pixels) && (*at, *of) == (row, column)
        });
        if same {
            return;
        }
        self.shown = Some((grid.pixels.clone(), row, column));
        self.compared = compare(grid, row, column);
        let tile = tile_bytes(grid, row * grid.columns.len() + column);
        let mut pixels = tile.unwrap_or_default().to_vec();
        if let Some(compared) = &self.compared {
            pixels.extend(&compared.target_pixels);
            pixels.extend(&compared.difference_pixels);
        }
        self.sheet.show(ctx, &Arc::new(pixels), grid.tile_px);
    }
}

/// A mean absolute difference as a sentence.
fn differs(amount: f32) -> String {
    format!("Differs by {amount:.3} on average (0: the same, 1: black instead of white).")
}
