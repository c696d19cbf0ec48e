//! In place of a run: the trained network that is played with.

use eframe::egui::{Label, RichText, Ui};

use super::words;
use crate::lab::desk::{Command, Desk};
use crate::lab::look::theme::{Tone, tone};
use crate::lab::state::LabState;
use crate::networks::Network;

/// What is played with, and the way to training.
pub(super) fn bar(ui: &mut Ui, network: &Network, desk: &mut Desk) {
    button(ui, desk);
    let name = RichText::new(format!("Trained network: {}", network.name)).size(16.0);
    ui.add(Label::new(name.color(tone(ui, Tone::Ink))).truncate())
        .on_hover_text(network.describe());
}

/// The same in the panel.
pub(super) fn card(ui: &mut Ui, network: &Network, desk: &mut Desk) {
    let title = RichText::new(format!("Trained network: {}", network.name)).size(18.0);
    ui.label(title.color(tone(ui, Tone::Ink)));
    ui.label("Nothing is trained; everything you do is answered by this network.");
    button(ui, desk);
}

fn button(ui: &mut Ui, desk: &mut Desk) {
    let button = ui
        .button("Train from nothing")
        .on_hover_text("Leave this network and watch one learn from the first step (T)");
    if button.clicked() {
        desk.commands.push(Command::TrainFromNothing);
    }
}

/// Name and fact, as far as they are known.
pub(super) fn facts(state: &LabState, network: &Network) -> Vec<(&'static str, String)> {
    let mut facts = vec![("Network", network.describe())];
    facts.extend(network.data().map(|data| ("Trained on", data.to_owned())));
    if let Some(provenance) = &network.provenance {
        let hours = provenance.hours;
        facts.extend(hours.map(|hours| ("Hours", words::significant(hours))));
        let licence = provenance.licence.as_ref();
        facts.extend(licence.map(|licence| ("Licence", licence.clone())));
        facts.push(("Made by", provenance.command.clone()));
    }
    if let Some(info) = &state.info {
        facts.push(("Faces", info.data.clone()));
    }
    facts
}
