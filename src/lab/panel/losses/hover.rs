//! What the curves say at the pointer.

use eframe::egui::{Color32, Grid, PopupAnchor, Response, RichText, Tooltip, Ui, pos2, vec2};
use egui_plot::PlotTransform;

use super::graph::{number, pen::Pen, scale::Scale, trace};
use super::traces::Trace;
use super::{chance, marks};
use crate::lab::look::{symbol, theme};
use crate::lab::state::LabState;
use crate::record::history::Curve;

/// One curve at one place.
pub struct Row<'a> {
    trace: &'a Trace,
    value: f64,
    range: (f64, f64),
}

/// The values of all these curves next to step `x`, and the step at which they lie. Curves that
/// pause there are left out.
pub fn at<'a>(
    traces: &[&'a Trace],
    x: f64,
    scale: Scale,
    reach: f64,
) -> Option<(f64, Vec<Row<'a>>)> {
    let knots = traces
        .iter()
        .filter_map(|trace| trace::nearest(&trace.knots, x));
    let step = knots
        .map(|knot| knot.x)
        .min_by(|a, b| (a - x).abs().total_cmp(&(b - x).abs()))?;
    let rows = traces.iter().filter_map(|trace| {
        let knot = trace::nearest(&trace.knots, step)?;
        ((knot.x - step).abs() <= reach).then(|| Row {
            trace,
            value: scale.value(knot.raw),
            range: (scale.value(knot.low), scale.value(knot.high)),
        })
    });
    Some((step, rows.collect()))
}

/// Shows them beside the pointer, and a ring on each line.
pub fn show(
    ui: &Ui,
    response: &Response,
    transform: &PlotTransform,
    traces: &[&Trace],
    scale: Scale,
    state: &LabState,
) {
    let Some(pointer) = response.hover_pos().filter(|_| !response.dragged()) else {
        return;
    };
    let x = transform.value_from_position(pointer).x;
    let span_steps = state.history.span_steps();
    let Some((step, rows)) = at(traces, x, scale, f64::from(span_steps) / 2.0) else {
        return;
    };
    rings(ui, transform, &rows, step);
    let tooltip = Tooltip::always_open(
        ui.ctx().clone(),
        response.layer_id,
        response.id,
        PopupAnchor::Pointer,
    );
    tooltip.gap(14.0).width(420.0).show(|ui| {
        ui.strong(heading(state, step, span_steps));
        Grid::new("values at the pointer")
            .spacing(vec2(12.0, 3.0))
            .show(ui, |ui| {
                for row in &rows {
                    line(ui, row, span_steps > 1, state);
                    ui.end_row();
                }
            });
        if let Some(step) = marks::checkpoint_near(&state.checkpoints, pointer.x, transform) {
            ui.label(format!(
                "A checkpoint was saved after step {}.",
                number::count(step as f64)
            ));
        }
    });
}

/// `Step 1 234, epoch 3`.
pub fn heading(state: &LabState, step: f64, span_steps: u32) -> String {
    let epoch = marks::epoch_of(&state.epochs, step)
        .map_or(String::new(), |epoch| format!(", epoch {epoch}"));
    if span_steps == 1 {
        return format!("Step {}{epoch}", number::count(step));
    }
    let half = f64::from(span_steps - 1) / 2.0;
    let [from, to] = [step - half, step + half].map(number::count);
    format!("Mean of steps {from} to {to}{epoch}")
}

fn line(ui: &mut Ui, row: &Row, with_range: bool, state: &LabState) {
    let term = row.trace.term;
    symbol::coloured(ui, term.symbol, colour(ui, row.trace));
    ui.label(RichText::new(number::short(row.value)).strong());
    let mut words = term.words.to_owned();
    if with_range {
        let (low, high) = (number::short(row.range.0), number::short(row.range.1));
        words = format!("{low} to {high}: {words}");
    }
    if let Some(level) = chance(state, term.curve) {
        words = format!("{words}; {} is chance", number::short(level));
    }
    ui.label(words);
}

fn rings(ui: &Ui, transform: &PlotTransform, rows: &[Row], step: f64) {
    let painter = ui.painter().with_clip_rect(*transform.frame());
    for row in rows {
        if let Some(knot) = trace::nearest(&row.trace.knots, step) {
            let at = pos2(
                transform.position_from_point_x(knot.x),
                transform.position_from_point_y(knot.y),
            );
            painter.circle_filled(at, 5.0, ui.visuals().extreme_bg_color);
            painter.circle_stroke(at, 5.0, (2.0, colour(ui, row.trace)));
        }
    }
}

/// The colour of a curve's line.
pub fn colour(ui: &Ui, trace: &Trace) -> Color32 {
    curve_colour(ui, trace.term.curve)
}

/// The colour of a curve.
pub fn curve_colour(ui: &Ui, curve: Curve) -> Color32 {
    theme::tone(ui, theme::curve(curve))
}

/// The line of a curve.
pub fn pen(ui: &Ui, trace: &Trace) -> Pen {
    let term = trace.term;
    Pen {
        colour: colour(ui, trace),
        width: term.width(),
        dash: term.dash,
    }
}
