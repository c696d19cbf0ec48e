//! Chips that switch curves on and off, and what else can be chosen.

use eframe::egui::containers::menu::{MenuButton, MenuConfig};
use eframe::egui::{
    Atom, Button, PopupCloseBehavior, Response, Role, Slider, Stroke, Ui, WidgetInfo, pos2, vec2,
};

use super::graph::{self, pen::Pen, sign::Sign};
use super::hover::curve_colour;
use super::terms::{TERMS, Term};
use super::traces::{Choice, Traces};
use crate::lab::look::{glossary, theme};

/// What was clicked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Clicked {
    /// Show everything again.
    pub reset: bool,
    /// Save the picture.
    pub picture: bool,
    /// Save the table.
    pub table: bool,
}

/// Draws all controls: in a row or two, or in two menus where the panel is small.
pub fn show(ui: &mut Ui, choice: &mut Choice, traces: &Traces, small: bool) -> Clicked {
    let mut clicked = Clicked::default();
    if !small {
        ui.horizontal_wrapped(|ui| {
            ui.spacing_mut().item_spacing.x = 6.0;
            chips(ui, choice, traces);
        });
        ui.horizontal_wrapped(|ui| tools(ui, choice, &mut clicked));
        return clicked;
    }
    let stay_open = || MenuConfig::new().close_behavior(PopupCloseBehavior::CloseOnClickOutside);
    ui.horizontal(|ui| {
        MenuButton::new("Curves").config(stay_open()).ui(ui, |ui| {
            ui.spacing_mut().button_padding = vec2(8.0, 4.0);
            ui.set_max_width(230.0);
            ui.horizontal_wrapped(|ui| chips(ui, choice, traces));
        });
        MenuButton::new("View").config(stay_open()).ui(ui, |ui| {
            ui.spacing_mut().button_padding = vec2(8.0, 4.0);
            ui.set_max_width(250.0);
            tools(ui, choice, &mut clicked);
        });
    });
    clicked
}

fn chips(ui: &mut Ui, choice: &mut Choice, traces: &Traces) {
    for (index, term) in TERMS.iter().enumerate() {
        let response = chip(ui, term, choice.shown[index], traces.present[index]);
        if response.clicked() {
            choice.shown[index] ^= true;
        }
        let about = glossary::about(term.symbol);
        if traces.present[index] {
            response.on_hover_text(about);
        } else {
            response.on_hover_text(format!("{about} This run has no values of it so far."));
        }
    }
}

/// A button with a piece of the curve's line and its symbol: filled while the curve is shown.
fn chip(ui: &mut Ui, term: &Term, shown: bool, present: bool) -> Response {
    let dim = theme::tone(ui, theme::Tone::Dim);
    let colour = if present {
        curve_colour(ui, term.curve)
    } else {
        dim
    };
    let text = if shown {
        ui.visuals().strong_text_color()
    } else {
        dim
    };
    let pen = Pen {
        colour: if shown {
            colour
        } else {
            colour.gamma_multiply(0.6)
        },
        width: term.width(),
        dash: term.dash,
    };
    let sample = Atom::paint(vec2(26.0, 12.0), move |ui: &Ui, args| {
        let y = args.rect.center().y;
        let mut shapes = Vec::new();
        pen.draw(
            vec![pos2(args.rect.left(), y), pos2(args.rect.right(), y)],
            &mut shapes,
        );
        ui.painter().extend(shapes);
    });
    let sign = Sign::new(ui.painter(), term.symbol, 14.5, text);
    let name = Atom::paint(vec2(sign.size().x, 18.0), move |ui: &Ui, args| {
        sign.paint(ui.painter(), args.rect.left_center());
    });
    let (fill, edge) = if shown { (0.2, 0.9) } else { (0.0, 0.35) };
    let response = ui.add(
        Button::selectable(shown, (sample, name))
            .frame_when_inactive(true)
            .fill(colour.gamma_multiply(fill))
            .stroke(Stroke::new(1.0, colour.gamma_multiply(edge))),
    );
    response.widget_info(|| {
        let label = format!("Show {}", term.symbol);
        WidgetInfo::selected(Role::Button, ui.is_enabled(), shown, label)
    });
    response
}

fn tools(ui: &mut Ui, choice: &mut Choice, clicked: &mut Clicked) {
    ui.spacing_mut().slider_width = 84.0;
    ui.spacing_mut().item_spacing.x = 6.0;
    ui.add(
        Slider::new(&mut choice.smoothing, 0.0..=0.99)
            .step_by(0.01)
            .fixed_decimals(2)
            .text("Smoothing"),
    )
    .on_hover_text(
        "How much each point is mixed with those before it. 0 shows the values as they are; they \
         stay visible faintly behind the line.",
    );
    ui.checkbox(&mut choice.log, "Logarithmic").on_hover_text(
        "Equal distances mean equal factors: shows how small terms go on falling beside large ones.",
    );
    clicked.reset |= ui
        .button("Reset zoom")
        .on_hover_text(graph::MOUSE)
        .clicked();
    clicked.picture |= ui
        .button("Save picture")
        .on_hover_text("Writes the curves that are shown to losses.png in the run's folder.")
        .clicked();
    clicked.table |= ui
        .button("Save table")
        .on_hover_text("Writes all curves to losses.csv in the run's folder.")
        .clicked();
}
