//! Reconstruction grids as PNG files (METHODS row 103).

use std::fs;
use std::io::{self, Cursor};
use std::path::{Path, PathBuf};
use std::sync::Arc;

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
/// More columns, rows or pixels of a tile than this are a damaged record.
const MOST_READ: usize = 1024;

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
        files::replace(&self.folder.join(file_name(kind, *step)), png)?;
        files::replace(&self.folder.join(format!("{kind}_latest.png")), png)
    }
}

/// The name of the picture of this kind and step.
pub fn file_name(kind: &str, step: u64) -> String {
    format!("{kind}_{step:07}.png")
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

/// Takes the pixels of a grid back out of the picture that [`GridFolder`] saved. Pixels that were
/// missing then come back white.
///
/// # Errors
/// [`io::ErrorKind::InvalidData`] when the picture is not one of such a grid, besides what reading
/// a file can bring.
pub fn read_png(
    path: &Path,
    columns: &[String],
    rows: usize,
    tile_px: usize,
) -> io::Result<Vec<u8>> {
    let invalid = |text: String| io::Error::new(io::ErrorKind::InvalidData, text);
    if [columns.len(), rows, tile_px]
        .iter()
        .any(|n| !(1..=MOST_READ).contains(n))
    {
        return Err(invalid("the grid has no tiles or far too many".into()));
    }
    let grid = FaceGrid {
        step: 0,
        kind: String::new(),
        columns: columns.to_vec(),
        rows,
        tile_px,
        pixels: Arc::default(),
    };
    let size = png_size(&grid);
    let bytes = fs::read(path)?;
    let picture = image::load_from_memory_with_format(&bytes, ImageFormat::Png)
        .map_err(|error| invalid(error.to_string()))?
        .into_rgb8();
    if picture.dimensions() != size {
        return Err(invalid(format!(
            "the picture is {} × {} pixels, its grid {} × {}",
            picture.width(),
            picture.height(),
            size.0,
            size.1
        )));
    }
    let drawn = drawn_tile_px(&grid);
    let factor = drawn / tile_px as u32;
    let mut pixels = Vec::with_capacity(rows * columns.len() * tile_px * tile_px * 3);
    for row in 0..rows as u32 {
        for column in 0..columns.len() as u32 {
            let left = GUTTER_PX + column * (drawn + GUTTER_PX);
            let top = HEADING_PX + GUTTER_PX + row * (drawn + GUTTER_PX);
            for y in (top..top + drawn).step_by(factor as usize) {
                for x in (left..left + drawn).step_by(factor as usize) {
                    pixels.extend(picture.get_pixel(x, y).0);
                }
            }
        }
    }
    Ok(pixels)
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
    #[test]
    fn pixels_come_back_out_of_the_picture() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("grid.png");
        for (columns, rows, tile_px) in [(&COLUMNS[..], 3, 64), (&COLUMNS[..1], 8, 48)] {
            let mut grid = grid(columns, rows, tile_px);
            let length = grid.pixels.len();
            grid.pixels = Arc::new((0..length).map(|at| (at * 31 % 251) as u8).collect());
            fs::write(&path, png_bytes(&grid).unwrap()).unwrap();
            let read = |rows| read_png(&path, &grid.columns, rows, tile_px);
            assert!(read(rows).unwrap() == *grid.pixels);
            let wrong_size = read(rows + 1).unwrap_err();
            assert_eq!(wrong_size.kind(), io::ErrorKind::InvalidData);
        }
        let columns = vec![String::new()];
        let read = |path: &Path, rows, side| read_png(path, &columns, rows, side).unwrap_err();
        for (rows, side) in [(0, 64), (1, 0), (usize::MAX, 64), (1, 1 << 40)] {
            assert_eq!(read(&path, rows, side).kind(), io::ErrorKind::InvalidData);
        }
        fs::write(&path, b"no picture").unwrap();
        assert_eq!(read(&path, 1, 64).kind(), io::ErrorKind::InvalidData);
        let nowhere = dir.path().join("none.png");
        assert_eq!(read(&nowhere, 1, 64).kind(), io::ErrorKind::NotFound);
    }
}
