//! The run: start, pause, speed, settings, facts, messages.

mod controls;
mod ended;
mod figures;
mod held;
mod messages;
mod played;
mod player;
mod settings;
#[cfg(test)]
mod tests;
mod times;
mod transport;
pub(in crate::lab) mod words;

use eframe::egui::{Align, Layout, ScrollArea, Ui, vec2};

use super::Panel;
use crate::lab::desk::Desk;
use crate::lab::state::{LabState, Source};

pub(in crate::lab) use controls::{play_or_pause, step};
pub use transport::transport;

/// From this width on the messages stand beside the rest.
const TWO_COLUMNS: f32 = 720.0;
/// Below the rest they get so much height.
const MESSAGES_HEIGHT: f32 = 180.0;

/// Controls and facts of the run.
#[derive(Default)]
pub struct Run {
    asks_to_stop: bool,
    settings: settings::Settings,
    player: player::Player,
    times: times::Times,
    messages: messages::Messages,
}

impl Panel for Run {
    fn ui(&mut self, ui: &mut Ui, state: &LabState, desk: &mut Desk) {
        if let Some(last) = &state.last {
            self.times.follow(last);
        }
        if !state.is_alive() {
            self.asks_to_stop = false;
        }
        if ui.available_width() >= TWO_COLUMNS {
            let gap = ui.spacing().item_spacing.x;
            let half = vec2((ui.available_width() - gap) / 2.0, ui.available_height());
            let column = Layout::top_down(Align::Min);
            ui.horizontal_top(|ui| {
                ui.allocate_ui_with_layout(half, column, |ui| {
                    ScrollArea::vertical()
                        .id_salt("run")
                        .auto_shrink(false)
                        .show(ui, |ui| self.controls_and_facts(ui, state, desk));
                });
                ui.allocate_ui_with_layout(half, column, |ui| {
                    self.messages.ui(ui, state, half.y);
                });
            });
        } else {
            ScrollArea::vertical()
                .id_salt("run")
                .auto_shrink(false)
                .show(ui, |ui| {
                    self.controls_and_facts(ui, state, desk);
                    ui.separator();
                    self.messages.ui(ui, state, MESSAGES_HEIGHT);
                });
        }
    }
}

impl Run {
    fn controls_and_facts(&mut self, ui: &mut Ui, state: &LabState, desk: &mut Desk) {
        ended::card(ui, state, desk);
        if let Some(network) = &state.network {
            played::card(ui, network, desk);
            ui.separator();
            figures::ui(ui, state);
            return;
        }
        transport::progress(ui, state, ui.available_width().min(420.0));
        match state.source {
            Source::Replay => self.player.ui(ui, state, desk),
            Source::Live if state.is_alive() => {
                ui.label(words::phase(state));
                controls::buttons(ui, state, desk, &mut self.asks_to_stop);
                controls::longer(ui, state, desk);
                ui.separator();
                self.settings.ui(ui, state, desk);
            }
            Source::Live => {}
        }
        ui.separator();
        figures::ui(ui, state);
        ui.separator();
        self.times.ui(ui);
    }
}
