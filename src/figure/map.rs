//! Scatter maps of features (METHODS rows 105 and 106).

use std::path::Path;

use image::RgbImage;
use serde::Serialize;

use super::canvas::{Align, Canvas, Line};
use super::key::{self, ValueScale};
use super::palette::{self, Shape};
use super::{FigureError, csv_beside, write_csv, write_png};
use crate::rng::stream_seed;

/// One map.
#[derive(Clone, Debug)]
pub struct MapPanel {
    /// Line above; `_` sets the next character below the line (`F_p`).
    pub title: String,
    /// Coordinates of the pictures.
    pub points: Vec<[f32; 2]>,
    /// What the colours mean.
    pub colour: Colouring,
}

/// What is known about every point of a map.
#[derive(Clone, Debug)]
pub enum Colouring {
    /// A class each. More than eight classes differ in form as well as in colour.
    Classes {
        /// Names of the classes; `_` as in a title.
        names: Vec<String>,
        /// Index of each point's class; any number beyond the names is unknown and drawn grey.
        of: Vec<u32>,
    },
    /// A quantity each.
    Value {
        /// Its name.
        name: String,
        /// Its unit, empty for none.
        unit: String,
        /// One value per point; NaN is unknown and drawn grey.
        values: Vec<f32>,
    },
}

impl Colouring {
    /// Whether the label of this point is unknown.
    pub(super) fn is_unknown(&self, point: usize) -> bool {
        match self {
            Self::Classes { names, of } => of[point] as usize >= names.len(),
            Self::Value { values, .. } => !values[point].is_finite(),
        }
    }

    fn len(&self) -> usize {
        match self {
            Self::Classes { of, .. } => of.len(),
            Self::Value { values, .. } => values.len(),
        }
    }
}

/// Side of a map in pixels.
const MAP_PX: i32 = 800;
/// White around and between.
const MARGIN_PX: i32 = 30;
/// Height of the title.
const TITLE_PX: i32 = 74;
const TITLE_TEXT_PX: f64 = 46.0;
/// Maps one figure holds.
const MOST_PANELS: usize = 4;

/// A row of a map's CSV.
#[derive(Serialize)]
struct Row<'a> {
    panel: &'a str,
    /// From 0, in the order of the points.
    point: usize,
    x: f32,
    y: f32,
    /// Class or value; empty where unknown.
    label: String,
}

/// Writes the maps as `png` and, beside it, `.csv` with `panel,point,x,y,label`.
///
/// # Errors
/// What [`draw`] brings, and files that cannot be written.
pub fn save(panels: &[MapPanel], png: &Path) -> Result<(), FigureError> {
    let picture = draw(panels)?;
    write_csv(&csv_beside(png), panels.iter().flat_map(rows))?;
    write_png(png, &picture)
}

fn rows(panel: &MapPanel) -> impl Iterator<Item = Row<'_>> {
    panel.points.iter().enumerate().map(|(point, &[x, y])| {
        let label = match &panel.colour {
            _ if panel.colour.is_unknown(point) => String::new(),
            Colouring::Classes { names, of } => names[of[point] as usize].clone(),
            Colouring::Value { values, .. } => values[point].to_string(),
        };
        Row {
            panel: &panel.title,
            point,
            x,
            y,
            label,
        }
    })
}

/// Draws one to four maps: in a row, four as two by two. Axes have the same scale in both
/// directions and no numbers, for t-SNE's have no meaning.
///
/// # Errors
/// No maps or more than four, labels that do not match the points in number, coordinates that are
/// not finite, and a font that cannot be drawn.
pub fn draw(panels: &[MapPanel]) -> Result<RgbImage, FigureError> {
    if !(1..=MOST_PANELS).contains(&panels.len()) {
        return Err(FigureError::Content(format!(
            "a figure holds one to {MOST_PANELS} maps, not {}",
            panels.len()
        )));
    }
    panels.iter().try_for_each(check)?;
    let columns = if panels.len() == 4 { 2 } else { panels.len() };
    let (width, height) = (
        MARGIN_PX + MAP_PX + key::WIDTH_PX,
        TITLE_PX + MAP_PX + MARGIN_PX,
    );
    let rows = panels.len().div_ceil(columns);
    let mut canvas = Canvas::new(columns as u32 * width as u32, rows as u32 * height as u32);
    for (index, panel) in panels.iter().enumerate() {
        let left = MARGIN_PX + (index % columns) as i32 * width;
        let top = TITLE_PX + (index / columns) as i32 * height;
        draw_panel(&mut canvas, panel, left, top)?;
    }
    Ok(canvas.0)
}

fn check(panel: &MapPanel) -> Result<(), FigureError> {
    let (wanted, got) = (panel.points.len(), panel.colour.len());
    if wanted != got {
        return Err(FigureError::Mismatch {
            what: format!("labels of the map \"{}\"", panel.title),
            wanted,
            got,
        });
    }
    let lost = |place: &[f32; 2]| place.iter().any(|value| !value.is_finite());
    match panel.points.iter().position(lost) {
        Some(point) => Err(FigureError::NoPlace {
            panel: panel.title.clone(),
            point,
        }),
        None => Ok(()),
    }
}

fn draw_panel(
    canvas: &mut Canvas,
    panel: &MapPanel,
    left: i32,
    top: i32,
) -> Result<(), FigureError> {
    let title = Line::symbols(&panel.title, TITLE_TEXT_PX)?;
    canvas.write(&title, left, top - 22, Align::Left, palette::INK);
    canvas.frame((left, top), (MAP_PX, MAP_PX), 2, palette::RULE);

    let places = places(&panel.points);
    let radius = mark_radius_px(places.len());
    let scale = match &panel.colour {
        Colouring::Value { values, .. } => Some(ValueScale::over(values)),
        Colouring::Classes { .. } => None,
    };
    for point in drawing_order(panel) {
        let [x, y] = places[point];
        let (colour, shape) = match (&panel.colour, &scale) {
            _ if panel.colour.is_unknown(point) => (palette::UNKNOWN, Shape::Disc),
            (Colouring::Value { values, .. }, Some(scale)) => {
                (scale.colour(values[point]), Shape::Disc)
            }
            (Colouring::Classes { of, .. }, _) => palette::class_mark(of[point] as usize),
            _ => (palette::UNKNOWN, Shape::Disc),
        };
        canvas.mark((left as f32 + x, top as f32 + y), radius, shape, colour);
    }
    let key_at = (left + MAP_PX + 28, top);
    Ok(key::draw(
        canvas,
        &panel.colour,
        scale.as_ref(),
        key_at,
        MAP_PX,
    )?)
}

/// Unknown points first, so that they cover nothing; the others shuffled, so that no class covers
/// another throughout.
fn drawing_order(panel: &MapPanel) -> Vec<usize> {
    let mut order: Vec<usize> = (0..panel.points.len()).collect();
    order.sort_by_key(|&point| {
        let shuffled = stream_seed(0, "figure/map", point as u64, 0);
        (!panel.colour.is_unknown(point), shuffled)
    });
    order
}

/// Pixels within the map, y upwards in the data and downwards in the picture.
fn places(points: &[[f32; 2]]) -> Vec<[f32; 2]> {
    let ends = |axis: usize| {
        let values = points.iter().map(|point| f64::from(point[axis]));
        let low = values.clone().fold(f64::INFINITY, f64::min);
        (low, values.fold(f64::NEG_INFINITY, f64::max))
    };
    let ((left, right), (bottom, top)) = (ends(0), ends(1));
    let extent = (right - left).max(top - bottom);
    let side = f64::from(MAP_PX);
    let px_per_unit = if extent > 0.0 {
        0.92 * side / extent
    } else {
        0.0
    };
    points
        .iter()
        .map(|&[x, y]| {
            let x = (f64::from(x) - (left + right) / 2.0) * px_per_unit;
            let y = (f64::from(y) - (bottom + top) / 2.0) * px_per_unit;
            [(side / 2.0 + x) as f32, (side / 2.0 - y) as f32]
        })
        .collect()
}

/// Marks are smaller where there are many, so that they hide less of each other.
fn mark_radius_px(points: usize) -> f32 {
    (260.0 / (points.max(1) as f32).sqrt()).clamp(4.0, 12.0)
}

#[cfg(test)]
#[path = "map_tests.rs"]
mod tests;
