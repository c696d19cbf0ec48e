//! Reconstruction grids as PNG files (METHODS row 103).

use std::fs;
use std::io::{self, Cursor};
use std::path::{Path, PathBuf};

use image::{ImageFormat, Rgb, RgbImage};

use super::{files, heading};
use crate::train::event::FaceGrid;

/// Folder name inside a run folder.
pub const FOLDER: &str = "faces";

/// Tiles are enlarged by a whole factor until they have at least this side, in pixels.
const SMALLEST_TILE_PX: usize = 96;
/// White lines between tiles, in pixels.
const GUTTER_PX: u32 = 2;
/// Height of the headings, in pixels.
const HEADING_PX: u32 = 30;

/// Saves grids into the `faces` folder of a run.
pub struct GridFolder {
    folder: PathBuf,
}

impl GridFolder {
    /// The folder of the run in `dir`; it is made with the first picture.
    pub fn new(dir: &Path) -> Self {
        Self {
            folder: dir.join(FOLDER),
        }
    }

    /// Saves the encoded picture as `<kind>_<step>.png` and `<kind>_latest.png`.
    pub fn save(&self, grid: &FaceGrid, png: &[u8]) -> io::Result<()> {
        fs::create_dir_all(&self.folder)?;
        let FaceGrid { kind, step, .. } = grid;
        files::replace(&self.folder.join(format!("{kind}_{step:07}.png")), png)?;
        files::replace(&self.folder.join(format!("{kind}_latest.png")), png)
    }
}

/// Width and height of the grid's picture in pixels.
pub fn png_size(grid: &FaceGrid) -> (u32, u32) {
    let tile = drawn_tile_px(grid);
    let columns = grid.columns.len() as u32;
    let rows = grid.rows as u32;
    (
        columns * (tile + GUTTER_PX) + GUTTER_PX,
        HEADING_PX + rows * (tile + GUTTER_PX) + GUTTER_PX,
    )
}

/// Lays the tiles out under their headings. Pixels the grid lacks stay white.
///
/// # Errors
/// When the embedded font is unusable.
pub fn grid_png(grid: &FaceGrid) -> io::Result<RgbImage> {
    let (width, height) = png_size(grid);
    let mut picture = RgbImage::from_pixel(width, height, Rgb([255; 3]));
    let tile = drawn_tile_px(grid);
    let left_of = |column: usize| GUTTER_PX + column as u32 * (tile + GUTTER_PX);
    for (column, text) in grid.columns.iter().enumerate() {
        let centre = left_of(column) + tile / 2;
        let baseline = HEADING_PX as i32 - 8;
        heading::draw(&mut picture, text, centre as i32, baseline, tile as i32)?;
    }
    let side = grid.tile_px.max(1);
    let (rgb, _) = grid.pixels.as_chunks::<3>();
    for (index, pixels) in rgb.chunks_exact(side * side).enumerate() {
        let (row, column) = (
            index / grid.columns.len().max(1),
            index % grid.columns.len().max(1),
        );
        if row >= grid.rows {
            break;
        }
        let left = left_of(column);
        let top = HEADING_PX + GUTTER_PX + row as u32 * (tile + GUTTER_PX);
        let factor = tile as usize / side;
        for y in 0..tile {
            for x in 0..tile {
                let source = (y as usize / factor) * side + x as usize / factor;
                picture.put_pixel(left + x, top + y, Rgb(pixels[source]));
            }
        }
    }
    Ok(picture)
}

/// [`grid_png`], encoded.
///
/// # Errors
/// When drawing or encoding fails.
pub fn png_bytes(grid: &FaceGrid) -> io::Result<Vec<u8>> {
    encode(&grid_png(grid)?)
}

/// Encodes a picture as PNG.
pub(crate) fn encode(picture: &RgbImage) -> io::Result<Vec<u8>> {
    let mut bytes = Cursor::new(Vec::new());
    picture
        .write_to(&mut bytes, ImageFormat::Png)
        .map_err(io::Error::other)?;
    Ok(bytes.into_inner())
}

/// Side of a tile in the picture, in pixels.
fn drawn_tile_px(grid: &FaceGrid) -> u32 {
    let side = grid.tile_px.max(1);
    (side * SMALLEST_TILE_PX.div_ceil(side)) as u32
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    /// Tiles of one colour each: red tells the column, green the row.
    fn grid(columns: &[&str], rows: usize, tile_px: usize) -> FaceGrid {
        let pixels = (0..rows * columns.len())
            .flat_map(|tile| {
                let colour = [
                    (tile % columns.len()) as u8,
                    (tile / columns.len()) as u8,
                    9,
                ];
                colour.repeat(tile_px * tile_px)
            })
            .collect();
        FaceGrid {
            step: 42,
            kind: "reconstruction".into(),
            columns: columns.iter().map(|&text| text.into()).collect(),
            rows,
            tile_px,
            pixels: Arc::new(pixels),
        }
    }

    const COLUMNS: [&str; 6] = ["s", "F_f^ + F_p", "F_f + F_p^", "F_f", "F_p", "F_p^"];

    #[test]
    fn tiles_are_doubled_and_stand_in_their_places() {
        let picture = grid_png(&grid(&COLUMNS, 3, 64)).unwrap();
        assert_eq!(picture.dimensions(), (6 * 130 + 2, 30 + 3 * 130 + 2));
        for row in 0..3 {
            for column in 0..6 {
                let (left, top) = (2 + column * 130, 32 + row * 130);
                let colour = Rgb([column as u8, row as u8, 9]);
                for (x, y) in [(0, 0), (127, 0), (0, 127), (127, 127)] {
                    assert_eq!(*picture.get_pixel(left + x, top + y), colour);
                }
                assert_eq!(*picture.get_pixel(left - 1, top), Rgb([255; 3]));
                assert_eq!(*picture.get_pixel(left, top + 128), Rgb([255; 3]));
            }
        }
    }

    #[test]
    fn pixels_are_enlarged_without_mixing() {
        let mut small = grid(&["a"], 1, 48);
        let mut pixels = vec![0; 48 * 48 * 3];
        pixels[3 * (48 * 5 + 7)] = 200;
        small.pixels = Arc::new(pixels);
        let picture = grid_png(&small).unwrap();
        assert_eq!(picture.dimensions(), (100, 130));
        let lit: Vec<_> = picture
            .enumerate_pixels()
            .filter(|(.., pixel)| pixel.0 == [200, 0, 0])
            .map(|(x, y, _)| (x - 2, y - 32))
            .collect();
        assert_eq!(lit, [(14, 10), (15, 10), (14, 11), (15, 11)]);
    }

    #[test]
    fn headings_are_drawn_over_every_column() {
        let picture = grid_png(&grid(&COLUMNS, 1, 64)).unwrap();
        for column in 0..6 {
            let dark = (0..128 * 30)
                .filter(|index| {
                    picture.get_pixel(2 + column * 130 + index % 128, index / 128)[0] < 100
                })
                .count();
            assert!(dark > 15, "column {column}: {dark} dark pixels");
        }
    }

    #[test]
    fn missing_and_surplus_pixels_do_no_harm() {
        for length in [0, 100, 64 * 64 * 3 * 7] {
            let mut odd = grid(&["a", "b"], 2, 64);
            odd.pixels = Arc::new(vec![0; length]);
            grid_png(&odd).unwrap();
        }
        grid_png(&grid(&[], 2, 64)).unwrap();
        grid_png(&grid(&["a"], 0, 0)).unwrap();
    }

    #[test]
    fn saved_under_step_and_latest() {
        let dir = tempfile::tempdir().unwrap();
        let grid = grid(&COLUMNS, 2, 64);
        let png = png_bytes(&grid).unwrap();
        GridFolder::new(dir.path()).save(&grid, &png).unwrap();
        for name in ["reconstruction_0000042.png", "reconstruction_latest.png"] {
            let read = image::open(dir.path().join(FOLDER).join(name)).unwrap();
            assert_eq!(read.to_rgb8(), grid_png(&grid).unwrap());
        }
    }
}
