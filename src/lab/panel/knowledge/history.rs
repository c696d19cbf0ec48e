//! One quantity over the steps: a line per code, and what guessing gives.

use eframe::egui::{Align2, Label, Rect, RichText, TextStyle, Ui, vec2};
use egui_plot::{
    GridInput, GridMark, HLine, HoverPosition, Line, LineStyle, MarkerShape, Plot, PlotPoint,
    Points, Text,
};

use super::sentence;
use super::table::{Column, Row, Table};
use crate::lab::look::glossary;
use crate::lab::look::theme::{self, Tone, tone};

/// More points would run into each other; then only the newest has a mark.
const MOST_MARKS: usize = 60;

/// Form of a code's points, and the sign that shows it in the key.
fn marker(code: &str) -> (MarkerShape, &'static str) {
    match code {
        "F_s" => (MarkerShape::Diamond, "◆"),
        "F_f" => (MarkerShape::Square, "■"),
        "F_p" => (MarkerShape::Circle, "●"),
        "untrained F_s" => (MarkerShape::Up, "▲"),
        "untrained F_f" => (MarkerShape::Down, "▼"),
        "untrained F_p" => (MarkerShape::Left, "◀"),
        "PCA (rank)" => (MarkerShape::Plus, "+"),
        "PCA (length)" => (MarkerShape::Asterisk, "∗"),
        _ => (MarkerShape::Cross, "×"),
    }
}

/// Draws the history of a row, `height` points high, with its key above; says where.
pub fn ui(ui: &mut Ui, table: &Table, row: &Row, baselines: bool, height: f32) -> Rect {
    let unit = row.quantity.unit;
    let shown: Vec<(&Column, &[PlotPoint])> = (table.columns.iter().zip(&row.cells))
        .filter(|(column, cell)| (baselines || column.is_learnt) && !cell.history.is_empty())
        .map(|(column, cell)| (column, &cell.history[..]))
        .collect();
    key(ui, row, &shown);
    let colours: Vec<_> = (shown.iter())
        .map(|(column, _)| tone(ui, theme::code(&column.name)))
        .collect();
    let dim = tone(ui, Tone::Dim);
    // One point alone has no scale; it gets that from the beginning.
    let is_alone = shown.iter().all(|(_, points)| points.len() < 2);
    let first_step = if is_alone {
        0.0
    } else {
        let points = shown.iter().flat_map(|(_, points)| *points);
        points.map(|point| point.x).fold(f64::INFINITY, f64::min)
    };
    let small = TextStyle::Small.resolve(ui.style());
    let chance_text = RichText::new("chance").font(small);
    let mut plot = Plot::new("knowledge history")
        .height(height)
        .allow_scroll(false)
        .allow_zoom(false)
        .allow_drag(false)
        .allow_boxed_zoom(false)
        .set_margin_fraction(vec2(0.03, 0.12))
        .y_axis_min_width(44.0)
        .grid_color(dim.gamma_multiply(0.3))
        .x_axis_label("step")
        .x_grid_spacer(|input| grid(input, 100.0))
        .y_grid_spacer(|input| grid(input, 36.0))
        .y_axis_formatter(move |mark, _| unit.rough(mark.value))
        .label_formatter(move |position| label(position, |value| unit.text(value)));
    if is_alone {
        plot = plot.include_x(0.0);
    }
    let shown = plot.show(ui, |plot| {
        if let Some(chance) = row.chance {
            let line = HLine::new("chance", chance).color(dim).width(1.5);
            plot.hline(line.style(LineStyle::dotted_dense()));
            let at = PlotPoint::new(first_step, chance);
            plot.text(
                Text::new("chance", at, chance_text)
                    .color(dim)
                    .anchor(Align2::LEFT_BOTTOM),
            );
        }
        for ((column, points), colour) in shown.iter().zip(&colours) {
            // What is not learnt does not change: thin and broken.
            let (width, style) = if column.is_learnt {
                (2.0, LineStyle::Solid)
            } else {
                (1.0, LineStyle::dashed_dense())
            };
            let line = Line::new(&column.name, *points).color(*colour);
            plot.line(line.width(width).style(style));
            let first_mark = if column.is_learnt && points.len() <= MOST_MARKS {
                0
            } else {
                points.len() - 1
            };
            let marks = Points::new(&column.name, &points[first_mark..]).color(*colour);
            plot.points(marks.shape(marker(&column.name).0).radius(4.0));
        }
    });
    shown.response.rect
}

/// What is drawn, and in which form.
fn key(ui: &mut Ui, row: &Row, shown: &[(&Column, &[PlotPoint])]) {
    ui.horizontal_wrapped(|ui| {
        ui.strong(row.quantity.name)
            .on_hover_text(row.quantity.about);
        let size = TextStyle::Body.resolve(ui.style()).size;
        for (column, _) in shown {
            let colour = tone(ui, theme::code(&column.name));
            let text = format!("{} {}", marker(&column.name).1, column.name);
            ui.add(Label::new(sentence::job(&text, size, colour)).extend())
                .on_hover_text(glossary::about(&column.name));
        }
    });
}

/// Round numbers at least so many points apart.
fn grid(input: GridInput, least_px: f64) -> Vec<GridMark> {
    // The base step is eight points wide.
    let least = input.base_step_size * least_px / 8.0;
    let power = 10f64.powf(least.log10().floor());
    let round = [1.0, 2.0, 5.0].map(|digit| digit * power);
    let step = round.into_iter().find(|step| *step >= least);
    let step_size = step.unwrap_or(10.0 * power);
    let (from, to) = input.bounds;
    let (first, last) = ((from / step_size).ceil(), (to / step_size).floor());
    let count = last - first;
    if !count.is_finite() || count > 1000.0 {
        return Vec::new();
    }
    let marks = (first as i64..=last as i64).map(|index| GridMark {
        value: index as f64 * step_size,
        step_size,
    });
    marks.collect()
}

fn label(position: &HoverPosition<'_>, number: impl Fn(f64) -> String) -> Option<String> {
    match position {
        HoverPosition::NearDataPoint {
            plot_name,
            position,
            ..
        } => Some(format!(
            "{plot_name}: {}\nstep {:.0}",
            number(position.y),
            position.x
        )),
        HoverPosition::Elsewhere { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grids_have_round_numbers_far_enough_apart() {
        let values = |bounds, base_step_size| -> Vec<f64> {
            let input = GridInput {
                bounds,
                base_step_size,
            };
            grid(input, 80.0).iter().map(|mark| mark.value).collect()
        };
        assert_eq!(values((30.0, 1700.0), 40.0), [500.0, 1000.0, 1500.0]);
        assert_eq!(values((-3.0, 9.0), 0.3), [0.0, 5.0]);
        assert!(values((0.0, f64::INFINITY), 0.3).is_empty());
        assert!(values((f64::NAN, 1.0), 0.3).is_empty());
    }
}
