//! Decoded tiles as files: one picture, or all of them back and forth.

use std::io::Cursor;
use std::time::Duration;

use image::codecs::gif::{GifEncoder, Repeat};
use image::imageops::{self, FilterType};
use image::{Delay, DynamicImage, Frame, ImageFormat, ImageResult, RgbImage};

use crate::lab::look::tiles::tile_bytes;
use crate::train::event::FaceGrid;

/// Tiles are enlarged so many times: 64 pixels are small on a slide.
const ENLARGE: u32 = 3;
/// How long a picture stands.
const FRAME_MS: u64 = 80;
/// Of the colour table, 1 (best) to 30 (fastest); this one takes milliseconds per picture.
const SPEED: i32 = 10;

/// A tile as PNG; `None` when there is no such tile.
pub fn png(grid: &FaceGrid, index: usize) -> Option<ImageResult<Vec<u8>>> {
    let tile = enlarged(grid, index)?;
    let mut bytes = Cursor::new(Vec::new());
    let written = tile.write_to(&mut bytes, ImageFormat::Png);
    Some(written.map(|()| bytes.into_inner()))
}

/// All tiles as an animated GIF that goes back and forth for ever.
///
/// # Errors
/// Those of the encoder.
pub fn gif(grid: &FaceGrid) -> ImageResult<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut encoder = GifEncoder::new_with_speed(&mut bytes, SPEED);
    encoder.set_repeat(Repeat::Infinite)?;
    let delay = Delay::from_saturating_duration(Duration::from_millis(FRAME_MS));
    let tiles = back_and_forth(grid.columns.len() * grid.rows);
    let frames = tiles
        .filter_map(|index| enlarged(grid, index))
        .map(|tile| Frame::from_parts(tile.into_rgba8(), 0, 0, delay));
    encoder.encode_frames(frames)?;
    drop(encoder);
    Ok(bytes)
}

/// 0, 1, … n − 1, n − 2, … 1: neither end is shown twice in a row.
fn back_and_forth(count: usize) -> impl Iterator<Item = usize> {
    (0..count).chain((1..count.saturating_sub(1)).rev())
}

fn enlarged(grid: &FaceGrid, index: usize) -> Option<DynamicImage> {
    let side = u32::try_from(grid.tile_px).ok()?;
    let tile = RgbImage::from_raw(side, side, tile_bytes(grid, index)?.to_vec())?;
    let side = side * ENLARGE;
    Some(imageops::resize(&tile, side, side, FilterType::Triangle).into())
}
