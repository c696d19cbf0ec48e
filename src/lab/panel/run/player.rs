//! A recorded run: where to look, and how fast it goes.

use eframe::egui::{Slider, Ui};

use super::held::Held;
use super::{controls, words};
use crate::lab::desk::{Command, Desk};
use crate::lab::state::LabState;

/// Speeds to choose from, in steps per second.
const SPEEDS: [f64; 5] = [2.0, 10.0, 50.0, 200.0, 1000.0];
/// The record obeys at once, and while it plays it soon says something else.
const PATIENCE_S: f64 = 0.3;

/// The controls of a player.
pub(super) struct Player {
    step: Held,
}

impl Default for Player {
    fn default() -> Self {
        Self {
            step: Held::patient(PATIENCE_S),
        }
    }
}

impl Player {
    /// Draws them.
    pub fn ui(&mut self, ui: &mut Ui, state: &LabState, desk: &mut Desk) {
        ui.label("This is a record of a run: it can be watched, not changed.");
        ui.horizontal(|ui| {
            controls::toggle(ui, state, desk);
            controls::one_step(ui, state, desk);
        });
        let end = controls::end_step(state);
        ui.spacing_mut().interact_size.y = 24.0;
        ui.spacing_mut().slider_width = (ui.available_width() - 130.0).max(90.0);
        let (_, send) = self.step.slider(ui, "Step", state.step as f64, |value| {
            Slider::new(value, 0.0..=end as f64)
                .integer()
                .text("Step")
                .custom_formatter(|step, _| words::count(step as u64))
        });
        if let Some(step) = send {
            desk.commands.push(Command::Seek(step as u64));
        }
        speeds(ui, state, desk);
    }
}

fn speeds(ui: &mut Ui, state: &LabState, desk: &mut Desk) {
    let playing = state
        .replay
        .map(|(_, speed)| speed)
        .filter(|speed| *speed > 0.0);
    if let Some(speed) = playing {
        controls::keep_replay_speed(ui, speed);
    }
    let chosen = controls::replay_speed(ui.ctx());
    ui.horizontal_wrapped(|ui| {
        ui.label("Speed");
        for speed in SPEEDS {
            let text = format!("{} steps/s", words::count(speed as u64));
            if ui.selectable_label(speed == chosen, text).clicked() {
                controls::keep_replay_speed(ui, speed);
                if playing.is_some() {
                    desk.commands.push(Command::PlaySpeed(speed));
                }
            }
        }
    });
}
