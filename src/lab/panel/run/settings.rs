//! What can be changed while training runs: speed, learning rate, weight of L_orth, which part.

use eframe::egui::{RichText, Slider, SliderClamping, Ui};

use super::held::Held;
use super::words;
use crate::lab::desk::Desk;
use crate::lab::look::glossary;
use crate::lab::look::symbol::symbol;
use crate::lab::look::theme::{Tone, tone};
use crate::lab::state::LabState;
use crate::train::event::{Control, LiveSetting, Part};

/// Slowest and fastest limit of the steps per second; above the fastest there is none.
const SLOWEST: f64 = 0.2;
const FASTEST: f64 = 50.0;
/// Learning rates within reach of the slider.
const RATES: std::ops::RangeInclusive<f64> = 1e-6..=0.1;
/// Weights of L_orth within reach of the slider; the smallest beside 0.
const ORTH_MOST: f64 = 1000.0;
const ORTH_LEAST: f64 = 0.01;

/// From this width on a slider stands beside its name, with the widths of the two, of the number
/// and of the remark after it.
const ONE_LINE: f32 = 520.0;
const NAME: f32 = 126.0;
const NUMBER: f32 = 150.0;
const REMARK: f32 = 90.0;

/// The sliders, each with what the hand holds.
#[derive(Default)]
pub(super) struct Settings {
    slow: Held,
    rate: Held,
    orth: Held,
}

impl Settings {
    /// Draws all of them.
    pub fn ui(&mut self, ui: &mut Ui, state: &LabState, desk: &mut Desk) {
        ui.scope(|ui| {
            let taken = match ui.available_width() < ONE_LINE {
                true => NUMBER,
                false => NAME + NUMBER + REMARK,
            };
            let rail = (ui.available_width() - taken).clamp(90.0, 320.0);
            ui.spacing_mut().slider_width = rail;
            ui.spacing_mut().interact_size.y = 24.0;
            self.speed(ui, state, desk);
            self.learning_rate(ui, state, desk);
            self.orth_weight(ui, state, desk);
        });
        part(ui, state, desk);
    }

    fn speed(&mut self, ui: &mut Ui, state: &LabState, desk: &mut Desk) {
        let truth = state.slow.unwrap_or(f64::INFINITY);
        let name = |ui: &mut Ui| {
            ui.label("Steps per second");
        };
        line(ui, name, |ui| {
            let (response, send) = self.slow.slider(ui, "Steps per second", truth, |value| {
                numbered(Slider::new(value, SLOWEST..=f64::INFINITY))
                    .largest_finite(FASTEST)
                    .custom_formatter(|value, _| match value.is_finite() {
                        true => words::significant(value),
                        false => "as fast as it can".into(),
                    })
            });
            response.on_hover_text("Slow motion: at most so many steps per second");
            if let Some(limit) = send {
                desk.tell(Control::Slow(limit.is_finite().then_some(limit)));
            }
        });
    }

    fn learning_rate(&mut self, ui: &mut Ui, state: &LabState, desk: &mut Desk) {
        let Some(truth) = state.base_lr() else { return };
        let name = |ui: &mut Ui| {
            ui.label("Learning rate");
        };
        line(ui, name, |ui| {
            let (response, send) = self.rate.slider(ui, "Learning rate", truth, |value| {
                numbered(Slider::new(value, RATES))
            });
            response.on_hover_text(format!(
                "{} The schedule of the run goes on from here.",
                glossary::about("learning rate")
            ));
            if let Some(rate) = send {
                desk.set(LiveSetting::LearningRate(rate));
            }
            if let Some(last) = &state.last {
                let now = format!("by the schedule {}", words::significant(last.lr));
                ui.label(RichText::new(now).color(tone(ui, Tone::Dim)));
            }
        });
    }

    fn orth_weight(&mut self, ui: &mut Ui, state: &LabState, desk: &mut Desk) {
        let Some(truth) = state.orth_weight() else {
            return;
        };
        let name = |ui: &mut Ui| {
            ui.label("Weight of");
            symbol(ui, "L_orth");
        };
        let configured = state.config.as_ref().is_none_or(|c| c.orth.weight != 0.0);
        line(ui, name, |ui| {
            let slider = |ui: &mut Ui| {
                self.orth.slider(ui, "Weight of L_orth", truth, |value| {
                    numbered(Slider::new(value, 0.0..=ORTH_MOST)).smallest_positive(ORTH_LEAST)
                })
            };
            let (response, send) = ui.add_enabled_ui(configured, slider).inner;
            response
                .on_hover_text("0 switches it off; at 1000 all codes may become the same")
                .on_disabled_hover_text("This run was begun without L_orth.");
            if let Some(weight) = send {
                desk.set(LiveSetting::OrthWeight(weight));
            }
        });
    }
}

/// A name and its slider: side by side, or below each other in a narrow tile.
fn line(ui: &mut Ui, name: impl FnOnce(&mut Ui), slider: impl FnOnce(&mut Ui)) {
    if ui.available_width() < ONE_LINE {
        ui.horizontal(name);
        ui.horizontal_wrapped(slider);
        return;
    }
    ui.horizontal(|ui| {
        let left = ui.cursor().left();
        name(ui);
        ui.add_space((left + NAME - ui.cursor().left()).max(0.0));
        slider(ui);
    });
}

/// A slider over powers of ten that keeps a value from outside until it is moved.
fn numbered(slider: Slider<'_>) -> Slider<'_> {
    slider
        .logarithmic(true)
        .clamping(SliderClamping::Edits)
        .update_while_editing(false)
        .custom_formatter(|value, _| words::significant(value))
        .custom_parser(|text| text.trim().parse().ok())
}

fn part(ui: &mut Ui, state: &LabState, desk: &mut Desk) {
    let present = state.part();
    ui.horizontal_wrapped(|ui| {
        ui.label("Train");
        for (part, about) in [
            (Part::All, "All losses that the run was begun with"),
            (
                Part::Reconstruction,
                "Only L_dis and L_orth; F_f and F_p learn to rebuild and swap faces",
            ),
            (Part::Face, "Only L_face; F_f learns to tell faces apart"),
            (Part::Pose, "Only L_pose; F_p learns to tell poses apart"),
        ] {
            let radio = ui.radio(part == present, words::part_words(part));
            if radio.on_hover_text(about).clicked() && part != present {
                desk.set(LiveSetting::Train(part));
            }
        }
    });
}
