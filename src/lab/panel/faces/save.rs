//! What is shown, put together as a grid that can be saved.

use std::sync::Arc;

use crate::lab::look::tiles::tile_bytes;
use crate::train::event::FaceGrid;

/// A grid of tiles in row-major order; tiles that are missing stay white.
pub(super) fn grid<'a>(
    like: &FaceGrid,
    columns: Vec<String>,
    rows: usize,
    tiles: impl Iterator<Item = Option<&'a [u8]>>,
) -> FaceGrid {
    let bytes = 3 * like.tile_px * like.tile_px;
    let mut pixels = Vec::with_capacity(rows * columns.len() * bytes);
    for tile in tiles {
        match tile.filter(|tile| tile.len() == bytes) {
            Some(tile) => pixels.extend_from_slice(tile),
            None => pixels.resize(pixels.len() + bytes, 255),
        }
    }
    FaceGrid {
        step: like.step,
        kind: like.kind.clone(),
        columns,
        rows,
        tile_px: like.tile_px,
        pixels: Arc::new(pixels),
    }
}

/// Some rows of a grid.
pub(super) fn rows(of: &FaceGrid, rows: &[usize]) -> FaceGrid {
    let columns = of.columns.len();
    let tiles = rows
        .iter()
        .flat_map(|row| (row * columns..(row + 1) * columns).map(|index| tile_bytes(of, index)));
    grid(of, of.columns.clone(), rows.len(), tiles)
}
