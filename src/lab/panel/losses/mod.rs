//! Loss curves.

pub mod graph;
mod hover;
mod marks;
mod save;
mod terms;
#[cfg(test)]
mod tests;
mod toolbar;
mod traces;

use eframe::egui::{Align2, Id, RichText, ScrollArea, Shape, Ui, vec2};
use egui_plot::{PlotBounds, PlotTransform};
use graph::{Drawn, ends, number, trace};
use terms::Term;
use traces::{Choice, Traces};

use super::Panel;
use crate::lab::desk::Desk;
use crate::lab::look::theme::{self, Tone};
use crate::lab::state::{LabState, Phase};
use crate::record::history::Curve;

/// Below this the controls go into menus.
const SMALL_PT: (f32, f32) = (520.0, 300.0);
/// Height of a plot of a term apart.
const APART_PT: f32 = 92.0;
/// Below this the plot of the losses cannot be read; the panel then scrolls.
const LEAST_PT: f32 = 110.0;
const GAP_PT: f32 = 6.0;

/// The curves of all losses, and of what has a say in them.
#[derive(Default)]
pub struct Losses {
    choice: Choice,
    traces: Traces,
    reset: bool,
}

impl Panel for Losses {
    fn ui(&mut self, ui: &mut Ui, state: &LabState, desk: &mut Desk) {
        if state.history.is_empty() {
            empty(ui, state);
            return;
        }
        self.traces.update(state, &self.choice);
        let size = ui.available_size();
        let small = size.x < SMALL_PT.0 || size.y < SMALL_PT.1;
        let clicked = toolbar::show(ui, &mut self.choice, &self.traces, small);
        self.reset = clicked.reset;
        if clicked.picture {
            match save::picture(state, &self.choice) {
                Ok(png) => desk.save("losses.png", png),
                Err(error) => desk.say(format!("The picture could not be drawn: {error}.")),
            }
        }
        if clicked.table {
            match save::table(state) {
                Ok(csv) => desk.save("losses.csv", csv),
                Err(error) => desk.say(format!("The table could not be made: {error}.")),
            }
        }
        self.traces.update(state, &self.choice);
        self.plots(ui, state, small);
    }
}

impl Losses {
    fn plots(&self, ui: &mut Ui, state: &LabState, small: bool) {
        let hidden = self.hidden_by_scale();
        if !hidden.is_empty() {
            let names = hidden.join(", ");
            let text = format!("{names} cannot be shown on a logarithmic axis: not above zero.");
            ui.label(RichText::new(text).color(theme::tone(ui, Tone::Dim)));
        }
        let apart: Vec<&Term> = self.traces.list.iter().map(|trace| trace.term).collect();
        let apart: Vec<&Term> = apart.into_iter().filter(|term| term.apart).collect();
        let below_pt = apart.len() as f32 * (APART_PT + GAP_PT);
        let height_pt = (ui.available_height() - below_pt - 2.0).max(LEAST_PT);
        ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = GAP_PT;
            let last = apart.is_empty();
            self.plot(
                ui,
                state,
                None,
                Size {
                    height_pt,
                    small,
                    last,
                },
            );
            for (index, term) in apart.iter().enumerate() {
                let last = index + 1 == apart.len();
                self.plot(
                    ui,
                    state,
                    Some(term),
                    Size {
                        height_pt: APART_PT,
                        small,
                        last,
                    },
                );
            }
        });
    }

    /// Terms whose values have no place on the axis.
    fn hidden_by_scale(&self) -> Vec<&'static str> {
        let empty = self
            .traces
            .list
            .iter()
            .filter(|trace| trace.knots.is_empty());
        empty.map(|trace| trace.term.symbol).collect()
    }

    fn plot(&self, ui: &mut Ui, state: &LabState, apart: Option<&Term>, size: Size) {
        let traces = self.traces.of(apart);
        let scale = self.choice.scale();
        let name = apart.map_or("losses", |term| term.column);
        let group = Id::unique("the steps of the losses");
        let label = (size.last && !size.small).then_some(x_label(state));
        let with_values = !size.small;
        let mut plot = graph::plot(ui, name, group, scale, label)
            .width(ui.available_width() - ends::width_pt(with_values))
            .height(size.height_pt)
            .show_axes([size.last, true])
            // The epochs are marked instead.
            .show_grid([false, true]);
        // All plots begin and end at the same step, whatever terms they show.
        let first = state.history.spans(Curve::Total).next();
        if let Some(first) = first.map(|span| span.step) {
            plot = plot
                .include_x(first)
                .include_x((state.step as f64).max(first + 1.0));
        }
        let dim = theme::tone(ui, Tone::Dim);
        let ink = theme::tone(ui, Tone::Ink);
        let lines: Vec<_> = traces
            .iter()
            .map(|trace| (*trace, hover::pen(ui, trace)))
            .collect();
        let levels: Vec<_> = lines
            .iter()
            .filter_map(|(trace, pen)| {
                let level = chance(state, trace.term.curve)?;
                Some((trace.term, scale.place(level)?, pen.colour))
            })
            .collect();
        // A name of two words has no room beside the line.
        let title = apart.map(|term| (term.symbol, hover::curve_colour(ui, term.curve)));
        let reset = self.reset;
        let shown = plot.show(ui, move |plot| {
            if reset {
                plot.set_auto_bounds(true);
            }
            plot.add(marks::epochs(&state.epochs, dim, apart.is_none()));
            for (term, place, colour) in levels {
                plot.add(graph::level(
                    &format!("chance {}", term.symbol),
                    place,
                    colour,
                ));
            }
            for (trace, pen) in lines {
                let draw = move |_: &Ui, at: &PlotTransform, shapes: &mut Vec<Shape>| {
                    trace::draw(&trace.knots, pen, at, shapes);
                };
                let bounds: PlotBounds = trace::bounds(&trace.knots);
                plot.add(Drawn::new(trace.term.symbol, bounds, draw));
            }
            if size.last {
                plot.add(marks::checkpoints(&state.checkpoints, ink));
            }
            if let Some((title, colour)) = title {
                plot.add(Drawn::new(
                    "title",
                    PlotBounds::NOTHING,
                    move |ui: &Ui, at, shapes| {
                        let corner = at.frame().right_top() + vec2(-6.0, 3.0);
                        graph::note(ui, title, corner, Align2::RIGHT_TOP, colour, shapes);
                    },
                ));
            }
        });
        let at = &shown.transform;
        hover::show(ui, &shown.response, at, &traces, scale, state);
        let value = |place| number::short(scale.value(place));
        let mut names = Vec::new();
        for trace in &traces {
            let colour = hover::colour(ui, trace);
            let symbol = if apart.is_none() {
                trace.term.symbol
            } else {
                ""
            };
            names.extend(ends::End::of(symbol, value, colour, &trace.knots, at));
            let level = chance(state, trace.term.curve).and_then(|level| scale.place(level));
            names.extend(level.and_then(|place| ends::End::level("chance", colour, place, at)));
        }
        ends::draw(ui, *at.frame(), names, with_values || apart.is_some());
    }
}

/// How a plot is set.
#[derive(Clone, Copy)]
struct Size {
    height_pt: f32,
    /// Whether room is short.
    small: bool,
    /// Whether it is the lowest, which carries the x axis.
    last: bool,
}

/// The x axis explains the marks on it.
fn x_label(state: &LabState) -> &'static str {
    if state.checkpoints.is_empty() {
        "step"
    } else {
        "step     (▲ checkpoint)"
    }
}

/// The level of a loss that learned nothing; `None` where there is no such level.
fn chance(state: &LabState, curve: Curve) -> Option<f64> {
    let info = state.info.as_ref()?;
    let level = match curve {
        Curve::Face => info.chance_face,
        Curve::Pose => info.chance_pose,
        _ => return None,
    };
    level.is_finite().then_some(level)
}

fn empty(ui: &mut Ui, state: &LabState) {
    ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
        ui.label(
            "With the first step, curves appear here that show how wrong the network still is: \
             the lower, the better.",
        );
        if let Phase::Preparing(what) = &state.phase {
            ui.label(RichText::new(format!("{what} …")).color(theme::tone(ui, Tone::Dim)));
        }
    });
}
