//! How much the pose and the face loss count, and why.

mod hand;
#[cfg(test)]
mod tests;
mod words;

pub(in crate::lab) use words::first_epoch;

use eframe::egui::{Color32, Id, PopupAnchor, Response, RichText, ScrollArea, Shape, Tooltip, Ui};
use egui_plot::PlotTransform;

use super::Panel;
use super::losses::graph::{
    self, Drawn, ends,
    pen::{Dash, Pen},
    scale::Scale,
    trace::{self, Knot},
};
use crate::lab::desk::Desk;
use crate::lab::look::theme::{self, Tone};
use crate::lab::state::LabState;
use crate::record::history::Curve;
use crate::train::event::EpochReport;
use hand::Hand;

/// Below this there is no room for values beside the lines.
const NARROW_PT: f32 = 520.0;
const LEAST_PT: f32 = 96.0;

/// The weights of the two contrastive losses.
#[derive(Default)]
pub struct Balance {
    hand: Hand,
    lines: Lines,
}

impl Panel for Balance {
    fn ui(&mut self, ui: &mut Ui, state: &LabState, desk: &mut Desk) {
        let narrow = ui.available_width() < NARROW_PT;
        ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
            ui.label(words::explain(state));
            self.hand.ui(ui, state, desk, narrow);
            self.lines.update(state);
            if state.epochs.is_empty() {
                ui.label(
                    "After the first epoch: two curves with the weights of both losses, and below \
                     them how fast each loss fell.",
                );
            } else {
                self.plots(ui, narrow);
            }
        });
    }
}

impl Balance {
    fn plots(&self, ui: &mut Ui, narrow: bool) {
        let row_pt = ui.text_style_height(&eframe::egui::TextStyle::Body);
        let titles_pt = 2.0 * row_pt + 4.0 * ui.spacing().item_spacing.y + 2.0;
        let rest_pt = ui.available_height() - titles_pt;
        let dim = theme::tone(ui, Tone::Dim);
        ui.label(RichText::new("How much each loss counts (1: both the same)").color(dim));
        let lines = &self.lines;
        let weights = [
            ("α_pose", &lines.alpha_pose[..]),
            ("α_face", &lines.alpha_face[..]),
        ];
        self.plot(ui, weights, (rest_pt * 0.54).max(LEAST_PT), narrow, false);
        ui.label(
            RichText::new("Each loss, divided by that of the epoch before (1: unchanged)")
                .color(dim),
        );
        let ratios = [
            ("ω_pose", &lines.omega_pose[..]),
            ("ω_face", &lines.omega_face[..]),
        ];
        self.plot(ui, ratios, (rest_pt * 0.46).max(LEAST_PT), narrow, true);
    }

    fn plot(
        &self,
        ui: &mut Ui,
        curves: [(&'static str, &[Knot]); 2],
        height_pt: f32,
        narrow: bool,
        last: bool,
    ) {
        let tones = [Tone::Blue, Tone::Vermillion].map(|tone| theme::tone(ui, tone));
        let dim = theme::tone(ui, Tone::Dim);
        let group = Id::unique("the epochs of the balance");
        let label = (last && !narrow).then_some("epoch");
        let plot = graph::plot(ui, curves[0].0, group, Scale::Linear, label)
            .width(ui.available_width() - ends::width_pt(!narrow))
            .height(height_pt)
            .show_axes([last, true])
            .include_x(0.0)
            .include_x(self.lines.epochs.max(1.0))
            // Weights that hardly differ should look that way.
            .include_y(0.98)
            .include_y(1.02);
        let shown = plot.show(ui, move |plot| {
            for ((symbol, knots), colour) in curves.into_iter().zip(tones) {
                let dash = if colour == tones[0] {
                    Dash::SOLID
                } else {
                    Dash::LONG
                };
                let pen = Pen {
                    colour,
                    width: 2.5,
                    dash,
                };
                let draw = move |_: &Ui, at: &PlotTransform, shapes: &mut Vec<Shape>| {
                    trace::draw(knots, pen, at, shapes);
                };
                plot.add(Drawn::new(symbol, trace::bounds(knots), draw));
            }
            plot.add(graph::level("middle", 1.0, dim));
        });
        hover(ui, &shown.response, &shown.transform, &curves, tones);
        let names = curves
            .into_iter()
            .zip(tones)
            .filter_map(|((symbol, knots), colour)| {
                ends::End::of(
                    symbol,
                    |y| format!("{y:.3}"),
                    colour,
                    knots,
                    &shown.transform,
                )
            });
        ends::draw(ui, *shown.transform.frame(), names.collect(), !narrow);
    }
}

fn hover(
    ui: &Ui,
    response: &Response,
    transform: &PlotTransform,
    curves: &[(&'static str, &[Knot]); 2],
    tones: [Color32; 2],
) {
    let Some(pointer) = response.hover_pos().filter(|_| !response.dragged()) else {
        return;
    };
    let x = transform.value_from_position(pointer).x;
    let Some(epoch) = trace::nearest(curves[0].1, x).map(|knot| knot.x) else {
        return;
    };
    let tooltip = Tooltip::always_open(
        ui.ctx().clone(),
        response.layer_id,
        response.id,
        PopupAnchor::Pointer,
    );
    tooltip.gap(14.0).show(|ui| {
        ui.strong(format!(
            "After {} epochs",
            graph::number::tick((epoch * 100.0).round() / 100.0)
        ));
        for ((symbol, knots), colour) in curves.iter().zip(tones) {
            if let Some(knot) = trace::nearest(knots, epoch) {
                ui.horizontal(|ui| {
                    crate::lab::look::symbol::coloured(ui, symbol, colour);
                    ui.label(format!("{:.3}", knot.raw));
                });
            }
        }
    });
}

/// Weights and ratios over epochs, made again only when something changed.
#[derive(Default)]
struct Lines {
    alpha_pose: Vec<Knot>,
    alpha_face: Vec<Knot>,
    omega_pose: Vec<Knot>,
    omega_face: Vec<Knot>,
    /// Epochs done, the one under way included.
    epochs: f64,
    made_of: Option<(u64, u64)>,
}

impl Lines {
    fn update(&mut self, state: &LabState) {
        let now = Some((state.events, state.step));
        if self.made_of == now {
            return;
        }
        let Some(last) = state.epochs.last() else {
            return;
        };
        let steps_per_epoch = last.step as f64 / f64::from(last.epoch.max(1));
        let epochs_at = |step: f64| step / steps_per_epoch.max(1.0);
        let alphas = |curve: Curve, next: fn(&EpochReport) -> f64| -> Vec<Knot> {
            if state.history.is_empty() {
                let epochs = state.epochs.iter();
                return epochs
                    .map(|report| Knot::at(report.epoch.into(), next(report)))
                    .collect();
            }
            let spans = state.history.spans(curve);
            spans
                .map(|span| Knot::at(epochs_at(span.step), span.mean))
                .collect()
        };
        let ratios = |omega: fn(&EpochReport) -> Option<f64>| -> Vec<Knot> {
            let epochs = state.epochs.iter();
            epochs
                .filter_map(|report| Some(Knot::at(report.epoch.into(), omega(report)?)))
                .collect()
        };
        *self = Self {
            alpha_pose: alphas(Curve::AlphaPose, |report| report.next_alpha_pose),
            alpha_face: alphas(Curve::AlphaFace, |report| report.next_alpha_face),
            omega_pose: ratios(|report| report.omega_pose),
            omega_face: ratios(|report| report.omega_face),
            epochs: epochs_at(state.step as f64),
            made_of: now,
        };
    }
}
