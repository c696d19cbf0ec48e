//! A contact sheet: what generated faces look like, at a glance.

use image::{RgbImage, imageops};
use rayon::prelude::*;

use crate::data::generated::{Expression, FaceState, GeneratedFaces, render};

/// Most people on one sheet.
pub const SHEET_PEOPLE: usize = 24;

/// Expression, yaw and pitch in degrees of every column.
const COLUMNS: [(Expression, f32, f32); 9] = [
    (Expression::Neutral, -80.0, 0.0),
    (Expression::Happy, -40.0, 5.0),
    (Expression::Sad, -10.0, -8.0),
    (Expression::Surprise, 10.0, 5.0),
    (Expression::Neutral, 0.0, 0.0),
    (Expression::Disgust, 15.0, 8.0),
    (Expression::Anger, -15.0, -8.0),
    (Expression::Fear, 40.0, -5.0),
    (Expression::Happy, 80.0, 10.0),
];

/// The first people of `faces`, at most [`SHEET_PEOPLE`], a row each, in one expression and pose
/// per column; every picture has `tile_px` pixels a side (64–256).
pub fn contact_sheet(faces: &GeneratedFaces, tile_px: u32) -> RgbImage {
    let rows = faces.identities().min(SHEET_PEOPLE);
    let tiles: Vec<RgbImage> = (0..rows * COLUMNS.len())
        .into_par_iter()
        .map(|tile| {
            let (row, column) = (tile / COLUMNS.len(), tile % COLUMNS.len());
            render(&faces.identity(row), &state(faces, row, column), tile_px)
        })
        .collect();
    let mut sheet = RgbImage::new(COLUMNS.len() as u32 * tile_px, rows as u32 * tile_px);
    for (tile, picture) in tiles.iter().enumerate() {
        let (row, column) = (tile / COLUMNS.len(), tile % COLUMNS.len());
        let [x, y] = [column, row].map(|place| place as i64 * i64::from(tile_px));
        imageops::replace(&mut sheet, picture, x, y);
    }
    sheet
}

/// Background from the person's own clips, light from a clip per column.
fn state(faces: &GeneratedFaces, row: usize, column: usize) -> FaceState {
    let (expression, yaw_deg, pitch_deg) = COLUMNS[column];
    let scene = faces.state(faces.item(row, 0, 0));
    FaceState {
        au_intensity: expression.action_units(),
        yaw_deg,
        pitch_deg,
        background: scene.background,
        background_seed: scene.background_seed,
        ..FaceState::default()
    }
}
