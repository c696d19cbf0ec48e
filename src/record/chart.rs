//! Panels with curves, drawn with plotters: light ground, Okabe–Ito colours.

use std::fmt::Display;
use std::io;

use image::RgbImage;
use plotters::coord::Shift;
use plotters::element::DashedPathElement;
use plotters::prelude::*;

use super::axis::{Axis, Scale};
use super::font;

/// Colours which stay distinct for colour-blind eyes (Okabe & Ito 2008).
pub mod colour {
    use plotters::style::RGBColor;

    /// Black.
    pub const BLACK: RGBColor = RGBColor(0, 0, 0);
    /// Orange.
    pub const ORANGE: RGBColor = RGBColor(230, 159, 0);
    /// Bluish green.
    pub const GREEN: RGBColor = RGBColor(0, 158, 115);
    /// Blue.
    pub const BLUE: RGBColor = RGBColor(0, 114, 178);
    /// Vermillion.
    pub const VERMILLION: RGBColor = RGBColor(213, 94, 0);
    /// Reddish purple.
    pub const PURPLE: RGBColor = RGBColor(204, 121, 167);
}

/// How a line is drawn.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// Every point, joined.
    Plain,
    /// A running mean in front of the pale points.
    Smoothed,
    /// Dotted, for a level to compare with.
    Dotted,
}

/// One curve with its legend entry.
pub struct Line {
    /// Legend text.
    pub label: &'static str,
    /// Colour.
    pub colour: RGBColor,
    /// How it is drawn.
    pub look: Look,
    /// Points in order of x; must be finite.
    pub points: Vec<(f64, f64)>,
}

/// A coordinate system with its curves.
pub struct Panel {
    /// Line above.
    pub title: &'static str,
    /// Name of the x axis.
    pub x_label: &'static str,
    /// Whether y is logarithmic; values that are not positive are then left out.
    pub log: bool,
    /// The curves.
    pub lines: Vec<Line>,
}

impl Panel {
    fn points(&self) -> impl Iterator<Item = &(f64, f64)> {
        self.lines.iter().flat_map(|line| &line.points)
    }
}

const TITLE_PX: f64 = 32.0;
const TEXT_PX: f64 = 24.0;
const GRID: RGBColor = RGBColor(225, 225, 225);
const AXIS: RGBColor = RGBColor(110, 110, 110);
/// Width kept for the legend beside a plot.
const KEY_PX: u32 = 220;
/// Points are marked up to this number, so that a single step or epoch can be seen.
const MOST_MARKED: usize = 40;

/// Draws the panels in rows of `columns`, each `panel_px` (width, height) large. All have the
/// same x range, so that they can be compared.
///
/// # Errors
/// When plotters cannot draw.
pub fn draw(mut panels: Vec<Panel>, columns: usize, panel_px: (u32, u32)) -> io::Result<RgbImage> {
    font::sans(TEXT_PX)?;
    for line in panels
        .iter_mut()
        .filter(|panel| panel.log)
        .flat_map(|panel| &mut panel.lines)
    {
        line.points.retain(|(_, y)| *y > 0.0);
    }
    let xs = panels.iter().flat_map(Panel::points).map(|point| point.0);
    let x_axis = Axis::over(xs, 0.0, Scale::Whole);
    let rows = panels.len().div_ceil(columns);
    let size = (columns as u32 * panel_px.0, rows as u32 * panel_px.1);
    let mut picture = RgbImage::new(size.0, size.1);
    {
        let area = BitMapBackend::with_buffer(&mut picture, size).into_drawing_area();
        area.fill(&WHITE).map_err(other)?;
        for (panel, cell) in panels.iter().zip(area.split_evenly((rows, columns))) {
            let (plot, key) = cell.split_horizontally(panel_px.0 - KEY_PX);
            draw_plot(panel, x_axis, &plot)?;
            draw_key(panel, &key)?;
        }
        area.present().map_err(other)?;
    }
    Ok(picture)
}

type Area<'a> = DrawingArea<BitMapBackend<'a>, Shift>;

/// The coordinate system with its curves.
fn draw_plot(panel: &Panel, x_axis: Axis, area: &Area) -> io::Result<()> {
    let ys = panel.points().map(|point| point.1);
    let scale = if panel.log { Scale::Log } else { Scale::Linear };
    let mut chart = ChartBuilder::on(area)
        .margin(14)
        .margin_right(20)
        .caption(panel.title, (font::FAMILY, TITLE_PX))
        .x_label_area_size(62)
        .y_label_area_size(84)
        .build_cartesian_2d(x_axis, Axis::over(ys, 0.07, scale))
        .map_err(other)?;
    chart
        .configure_mesh()
        .bold_line_style(GRID)
        .light_line_style(TRANSPARENT)
        .axis_style(AXIS)
        .x_desc(panel.x_label)
        .x_labels(8)
        .y_labels(7)
        // plotters sets text a little above the middle of its tick.
        .y_label_offset(5)
        .label_style((font::FAMILY, TEXT_PX))
        .axis_desc_style((font::FAMILY, TEXT_PX))
        .draw()
        .map_err(other)?;
    for line in &panel.lines {
        let points = || line.points.iter().copied();
        let stroke = line.colour.stroke_width(3);
        if line.look != Look::Dotted && line.points.len() <= MOST_MARKED {
            let mark = line.colour.filled();
            let marks = points().map(|at| Circle::new(at, 4, mark));
            chart.draw_series(marks).map_err(other)?;
        }
        let drawn = match line.look {
            Look::Dotted => {
                let dots = line.colour.stroke_width(2);
                chart.draw_series(DashedLineSeries::new(points(), 4, 6, dots))
            }
            Look::Plain => chart.draw_series(LineSeries::new(points(), stroke)),
            Look::Smoothed => {
                let pale = line.colour.mix(0.25).stroke_width(1);
                let raw = LineSeries::new(points(), pale);
                chart.draw_series(raw).map_err(other)?;
                chart.draw_series(LineSeries::new(running_mean(&line.points), stroke))
            }
        };
        drawn.map_err(other)?;
    }
    Ok(())
}

/// The legend, beside the plot where it covers nothing.
fn draw_key(panel: &Panel, area: &Area) -> io::Result<()> {
    let text = (font::FAMILY, TEXT_PX).into_text_style(area);
    for (index, line) in panel.lines.iter().enumerate() {
        let y = 80 + 34 * index as i32;
        let dash_px = if line.look == Look::Dotted { 4 } else { 30 };
        let ends = [(4, y), (34, y)];
        let sample = DashedPathElement::new(ends, dash_px, 6, line.colour.stroke_width(3));
        area.draw(&sample).map_err(other)?;
        area.draw_text(line.label, &text, (44, y - 5))
            .map_err(other)?;
    }
    Ok(())
}

/// Centred mean over a fiftieth of the points.
fn running_mean(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let reach = points.len() / 100;
    (0..points.len())
        .map(|index| {
            // As far on one side as on the other, so that the ends are not drawn inwards.
            let reach = reach.min(index).min(points.len() - 1 - index);
            let near = &points[index - reach..=index + reach];
            let sum: f64 = near.iter().map(|point| point.1).sum();
            (points[index].0, sum / near.len() as f64)
        })
        .collect()
}

fn other(error: impl Display) -> io::Error {
    io::Error::other(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn running_mean_keeps_straight_lines() {
        let line: Vec<_> = (0..500)
            .map(|x| (f64::from(x), 3.0 * f64::from(x)))
            .collect();
        for (mean, exact) in running_mean(&line).into_iter().zip(&line) {
            assert!((mean.1 - exact.1).abs() < 1e-9 && mean.0 == exact.0);
        }
        let alternating: Vec<_> = (0..500).map(|x| (f64::from(x), f64::from(x % 2))).collect();
        assert!((running_mean(&alternating)[250].1 - 0.5).abs() < 0.1);
    }

    #[test]
    fn curves_appear_in_their_colour_and_empty_panels_do_no_harm() {
        let panel = |points: Vec<(f64, f64)>, log| Panel {
            title: "Title",
            x_label: "step",
            log,
            lines: vec![Line {
                label: "curve",
                colour: colour::VERMILLION,
                look: Look::Plain,
                points,
            }],
        };
        let rising = (1..100).map(|x| (f64::from(x), f64::from(x))).collect();
        let panels = vec![
            panel(rising, false),
            panel(vec![], true),
            panel(vec![(1.0, -1.0)], true),
        ];
        let picture = draw(panels, 2, (500, 400)).unwrap();
        assert_eq!(picture.dimensions(), (1000, 800));
        let coloured = |left: u32, top: u32| {
            (0..500 * 400)
                .filter(|index| {
                    let pixel = picture.get_pixel(left + index % 500, top + index / 500);
                    pixel.0 == [213, 94, 0]
                })
                .count()
        };
        assert!(coloured(0, 0) > 400);
        // The sample in the legend alone.
        assert!((20..200).contains(&coloured(500, 0)));
    }
}
