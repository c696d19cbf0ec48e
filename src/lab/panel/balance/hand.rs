//! Taking the weights over by hand.

use eframe::egui::{Button, Checkbox, RichText, Slider, Ui};

use crate::config::DwaMode;
use crate::lab::desk::Desk;
use crate::lab::look::glossary;
use crate::lab::look::theme::{self, Tone};
use crate::lab::state::{LabState, Source};
use crate::train::event::LiveSetting;

/// α_pose and α_face, or DWA's.
type ByHand = Option<(f64, f64)>;

/// What was asked for and is not in force yet: the trainer looks up between two steps only, and the
/// slider should not jump back until then.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Wish {
    wanted: ByHand,
    /// In force when it was asked for.
    before: ByHand,
}

/// Checkbox, slider and button.
#[derive(Default)]
pub struct Hand {
    wish: Option<Wish>,
}

impl Hand {
    /// Draws the controls; their changes go to the trainer.
    pub fn ui(&mut self, ui: &mut Ui, state: &LabState, desk: &mut Desk, narrow: bool) {
        let in_force = state.alphas_by_hand();
        let obstacle = cannot_change(state);
        let can_change = obstacle.is_none();
        if self
            .wish
            .is_some_and(|wish| in_force != wish.before || !can_change)
        {
            self.wish = None;
        }
        let shown = self.wish.map_or(in_force, |wish| wish.wanted);
        let pose = shown.map_or_else(|| alpha_pose_now(state), |(pose, _)| pose);
        let mut controls = Controls {
            can_change,
            shown,
            wanted: shown,
            pose: hundredths(pose),
        };
        if narrow {
            ui.horizontal(|ui| {
                controls.checkbox(ui);
                controls.back(ui, state);
            });
            controls.slider(ui, 84.0, false);
        } else {
            ui.horizontal(|ui| {
                controls.checkbox(ui);
                controls.slider(ui, 120.0, true);
                controls.back(ui, state);
            });
        }
        let wanted = controls.wanted;
        if let Some(why) = obstacle {
            ui.label(RichText::new(why).color(theme::tone(ui, Tone::Dim)));
        }
        if wanted != shown {
            self.wish = Some(Wish {
                wanted,
                before: in_force,
            });
            desk.set(LiveSetting::Alphas(wanted));
        }
    }
}

/// The controls of one frame.
struct Controls {
    can_change: bool,
    shown: ByHand,
    wanted: ByHand,
    pose: f64,
}

impl Controls {
    fn checkbox(&mut self, ui: &mut Ui) {
        let mut by_hand = self.shown.is_some();
        let checkbox = Checkbox::new(&mut by_hand, "By hand");
        let checkbox = ui.add_enabled(self.can_change, checkbox);
        if checkbox.changed() {
            self.wanted = by_hand.then(|| pair(self.pose));
        }
        checkbox.on_hover_text("Choose the weights yourself instead of leaving them to DWA.");
    }

    fn slider(&mut self, ui: &mut Ui, width: f32, with_value: bool) {
        ui.spacing_mut().slider_width = width;
        let mut pose = self.pose;
        let slider = Slider::new(&mut pose, 0.0..=2.0)
            .step_by(0.01)
            .fixed_decimals(2)
            .show_value(with_value)
            .text("Weight of the pose loss");
        let enabled = self.can_change && self.shown.is_some();
        let slider = ui.add_enabled(enabled, slider);
        // A slider also rounds what it is given; only a hand on it counts.
        if enabled && hundredths(pose) != self.pose {
            self.wanted = Some(pair(pose));
        }
        let about = glossary::about("α_pose");
        slider
            .on_hover_text(format!("{about} The face loss counts what is left of 2."))
            .on_disabled_hover_text("Switch on “By hand” first.");
    }

    fn back(&mut self, ui: &mut Ui, state: &LabState) {
        let button = Button::new(back_text(state));
        let back = ui.add_enabled(self.can_change && self.shown.is_some(), button);
        if back.clicked() {
            self.wanted = None;
        }
        back.on_hover_text(
            "From the next step on, the weights are what they would be without you.",
        );
    }
}

fn hundredths(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}

/// Both weights; they share 2.
fn pair(pose: f64) -> (f64, f64) {
    let pose = hundredths(pose);
    // Rounded again: 2 − 1.1 is not quite 0.9.
    (pose, hundredths(2.0 - pose))
}

/// α_pose of the latest step, on the slider's scale.
fn alpha_pose_now(state: &LabState) -> f64 {
    let pose = state.last.as_ref().map_or(1.0, |last| last.alpha_pose);
    pose.clamp(0.0, 2.0)
}

fn back_text(state: &LabState) -> &'static str {
    let mode = state.config.as_ref().map(|config| config.dwa.mode);
    match mode {
        Some(DwaMode::Off | DwaMode::Manual) => "Give back to the configuration",
        _ => "Give back to DWA",
    }
}

/// Why the controls are off.
fn cannot_change(state: &LabState) -> Option<&'static str> {
    if state.source == Source::Replay {
        Some("This is a record: the weights can only be set while a run is trained.")
    } else if !state.is_alive() {
        Some("The trainer has ended: the weights cannot be set any more.")
    } else {
        None
    }
}
