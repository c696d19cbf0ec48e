//! Small pictures on the screen: one texture per sheet of tiles.

use std::sync::Arc;

use eframe::egui::{
    ColorImage, Context, Image, Rect, TextureHandle, TextureOptions, Vec2, load::SizedTexture, pos2,
};

use crate::train::event::FaceGrid;

/// A texture of equal tiles, uploaded again only when the pixels are others.
#[derive(Default)]
pub struct TileSheet {
    pixels: Option<Arc<Vec<u8>>>,
    texture: Option<TextureHandle>,
    tiles: usize,
    columns: usize,
}

impl TileSheet {
    /// Shows these pixels: RGB bytes, tile after tile, within a tile row after row.
    pub fn show(&mut self, ctx: &Context, pixels: &Arc<Vec<u8>>, tile_px: usize) {
        let same = self
            .pixels
            .as_ref()
            .is_some_and(|shown| Arc::ptr_eq(shown, pixels));
        let tile_bytes = 3 * tile_px * tile_px;
        if same || tile_bytes == 0 || pixels.len() < tile_bytes {
            return;
        }
        // About as wide as high: a device has a longest side of a texture.
        self.tiles = pixels.len() / tile_bytes;
        self.columns = (self.tiles as f32).sqrt().ceil() as usize;
        let size = [self.columns, self.tiles.div_ceil(self.columns)].map(|n| n * tile_px);
        let mut rgb = vec![0; 3 * size[0] * size[1]];
        for (index, tile) in pixels.chunks_exact(tile_bytes).enumerate() {
            let (row, column) = (index / self.columns, index % self.columns);
            for (y, line) in tile.chunks_exact(3 * tile_px).enumerate() {
                let start = 3 * ((row * tile_px + y) * size[0] + column * tile_px);
                rgb[start..start + line.len()].copy_from_slice(line);
            }
        }
        let image = ColorImage::from_rgb(size, &rgb);
        match &mut self.texture {
            Some(texture) => texture.set(image, TextureOptions::LINEAR),
            None => self.texture = Some(ctx.load_texture("tiles", image, TextureOptions::LINEAR)),
        }
        self.pixels = Some(pixels.clone());
    }

    /// Shows the tiles of a grid.
    pub fn show_grid(&mut self, ctx: &Context, grid: &FaceGrid) {
        self.show(ctx, &grid.pixels, grid.tile_px);
    }

    /// Tile `index` as an image of `side` points; `None` when there is no such tile.
    pub fn tile(&self, index: usize, side: f32) -> Option<Image<'static>> {
        let texture = self.texture.as_ref().filter(|_| index < self.tiles)?;
        let [width, height] = texture.size().map(|side| side as f32);
        let tile_px = width / self.columns as f32;
        // Half a texel off the edges, so that neighbours do not bleed in.
        let corner = |row: usize, column: usize, inset: f32| {
            pos2(
                (column as f32 * tile_px + inset) / width,
                (row as f32 * tile_px + inset) / height,
            )
        };
        let (row, column) = (index / self.columns, index % self.columns);
        let uv = Rect::from_min_max(corner(row, column, 0.5), corner(row + 1, column + 1, -0.5));
        let sized = SizedTexture::new(texture.id(), Vec2::splat(side));
        Some(
            Image::from_texture(sized)
                .uv(uv)
                .fit_to_exact_size(Vec2::splat(side)),
        )
    }
}

/// Mean absolute difference of two pictures in 0–1, and the picture of the difference (gray: none).
pub fn difference(a: &[u8], b: &[u8]) -> (f32, Vec<u8>) {
    let mut sum = 0.0;
    let picture = a
        .iter()
        .zip(b)
        .map(|(&a, &b)| {
            let difference = f32::from(a) - f32::from(b);
            sum += difference.abs();
            (128.0 + difference / 2.0).round() as u8
        })
        .collect();
    (sum / 255.0 / a.len().min(b.len()).max(1) as f32, picture)
}

/// The bytes of tile `index` of a grid.
pub fn tile_bytes(grid: &FaceGrid, index: usize) -> Option<&[u8]> {
    let bytes = 3 * grid.tile_px * grid.tile_px;
    grid.pixels.get(index * bytes..(index + 1) * bytes)
}
