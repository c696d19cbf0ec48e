//! A curve on a plot: a line, with the range of its values faintly behind it.

use eframe::egui::epaint::{BandPoint, BandShape};
use eframe::egui::{Pos2, Rangef, Shape, Stroke, pos2};
use egui_plot::{PlotBounds, PlotTransform};

use super::pen::Pen;

/// Up to so many points each gets a dot, so that a single one can be seen.
const MOST_DOTS: usize = 40;
/// Width of what a dash can follow; finer detail would tear it to pieces.
const DASHED_COLUMN_PT: f32 = 4.0;

/// A point of a curve; all but `x` are places on the y axis.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Knot {
    /// Step or epoch.
    pub x: f64,
    /// Where the line goes.
    pub y: f64,
    /// The value itself, not smoothed.
    pub raw: f64,
    /// The smallest value.
    pub low: f64,
    /// The largest value.
    pub high: f64,
}

impl Knot {
    /// A point without a range.
    pub fn at(x: f64, y: f64) -> Self {
        Self {
            x,
            y,
            raw: y,
            low: y,
            high: y,
        }
    }
}

/// What a plot has to show for these knots.
pub fn bounds(knots: &[Knot]) -> PlotBounds {
    let mut bounds = PlotBounds::NOTHING;
    for knot in knots {
        bounds.extend_with_x(knot.x);
        bounds.extend_with_y(knot.low);
        bounds.extend_with_y(knot.high);
    }
    bounds
}

/// The knot next to `x`; the knots are in order.
pub fn nearest(knots: &[Knot], x: f64) -> Option<&Knot> {
    let after = knots.partition_point(|knot| knot.x < x);
    let around = &knots[after.saturating_sub(1)..knots.len().min(after + 1)];
    around
        .iter()
        .min_by(|a, b| (a.x - x).abs().total_cmp(&(b.x - x).abs()))
}

/// Draws the knots that are in sight.
pub fn draw(knots: &[Knot], pen: Pen, transform: &PlotTransform, shapes: &mut Vec<Shape>) {
    let [from, to] = [transform.bounds().min()[0], transform.bounds().max()[0]];
    let first = knots
        .partition_point(|knot| knot.x < from)
        .saturating_sub(1);
    let last = knots.partition_point(|knot| knot.x <= to) + 1;
    let knots = &knots[first..last.min(knots.len())];
    let columns = columns(knots, transform, 1.0);
    draw_range(&columns, pen, columns.len() == knots.len(), shapes);
    let line = |columns: &[Column]| {
        columns
            .iter()
            .map(|column| pos2(column.x, column.y))
            .collect()
    };
    let path: Vec<Pos2> = if pen.dash.is_solid() {
        line(&columns)
    } else {
        line(&self::columns(knots, transform, DASHED_COLUMN_PT))
    };
    if knots.len() <= MOST_DOTS {
        let dot = |at: &Pos2| Shape::circle_filled(*at, pen.width + 0.8, pen.colour);
        shapes.extend(path.iter().map(dot));
    }
    pen.draw(path, shapes);
}

/// The range of the values, and the values themselves where they are not lost in it.
fn draw_range(columns: &[Column], pen: Pen, with_values: bool, shapes: &mut Vec<Shape>) {
    let colour = pen.colour;
    if columns.iter().any(|column| column.range.span() > 1.0) {
        let band = columns
            .iter()
            .map(|column| BandPoint::new(column.x, column.range));
        shapes.push(BandShape::filled(band.collect(), colour.gamma_multiply(0.16)).into());
    }
    let smoothed = columns
        .iter()
        .any(|column| (column.raw - column.y).abs() > 0.5);
    if with_values && smoothed {
        let values = columns.iter().map(|column| pos2(column.x, column.raw));
        let faint = Stroke::new(1.0, colour.gamma_multiply(0.35));
        shapes.push(Shape::line(values.collect(), faint));
    }
}

/// Knots that share a column of the screen, in points of the screen.
struct Column {
    x: f32,
    y: f32,
    raw: f32,
    range: Rangef,
    knots: f32,
}

fn columns(knots: &[Knot], transform: &PlotTransform, column_pt: f32) -> Vec<Column> {
    let y = |place| transform.position_from_point_y(place);
    let mut columns: Vec<Column> = Vec::new();
    let mut start = f32::NEG_INFINITY;
    for knot in knots {
        let x = transform.position_from_point_x(knot.x);
        let range = Rangef::new(y(knot.high), y(knot.low));
        match columns.last_mut() {
            Some(column) if x - start < column_pt => {
                column.x += x;
                column.y += y(knot.y);
                column.raw += y(knot.raw);
                column.range.min = column.range.min.min(range.min);
                column.range.max = column.range.max.max(range.max);
                column.knots += 1.0;
            }
            _ => {
                start = x;
                columns.push(Column {
                    x,
                    y: y(knot.y),
                    raw: y(knot.raw),
                    range,
                    knots: 1.0,
                });
            }
        }
    }
    for column in &mut columns {
        column.x /= column.knots;
        column.y /= column.knots;
        column.raw /= column.knots;
    }
    columns
}
