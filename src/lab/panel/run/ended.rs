//! When the trainer has ended: why, and how to go on.

use eframe::egui::{Frame, RichText, Stroke, Ui};

use super::words;
use crate::lab::desk::{Command, Desk};
use crate::lab::look::theme::{Tone, tone};
use crate::lab::state::{LabState, Phase, Source};
use crate::train::event::StopReason;

/// Says why the trainer has ended and offers to go on; nothing while it is at work.
pub(super) fn card(ui: &mut Ui, state: &LabState, desk: &mut Desk) {
    let Phase::Stopped(reason) = &state.phase else {
        return;
    };
    let step = words::count(state.step);
    let (title, text, failed) = match reason {
        StopReason::Failed { text } if state.network.is_some() => {
            let title = "The trained network cannot be asked any more";
            (title.into(), Some(text), true)
        }
        StopReason::Failed { text } if state.info.is_none() => {
            ("Training cannot begin".into(), Some(text), true)
        }
        StopReason::Failed { text } => {
            (format!("Training failed at step {step}"), Some(text), true)
        }
        StopReason::Unsaved { text } => ("The last steps are not saved".into(), Some(text), true),
        StopReason::Unusable { text } => ("The faces cannot be used".into(), Some(text), true),
        StopReason::Interrupted => (format!("Stopped at step {step}"), None, false),
        StopReason::Finished => (format!("All {step} steps are done"), None, false),
    };
    let colour = if failed { Tone::Orange } else { Tone::Dim };
    let colour = tone(ui, colour);
    let frame = Frame::group(ui.style()).stroke(Stroke::new(2.0, colour));
    frame.show(ui, |ui| {
        ui.set_width(ui.available_width());
        let sign = if failed { "⚠ " } else { "" };
        ui.label(
            RichText::new(format!("{sign}{title}"))
                .size(18.0)
                .color(colour),
        );
        if let Some(text) = text {
            ui.label(RichText::new(text).size(16.0).color(tone(ui, Tone::Ink)));
        }
        let can_go_on = failed || *reason == StopReason::Interrupted;
        if can_go_on && state.source == Source::Live && state.network.is_none() {
            ways_on(ui, state, desk, failed);
        }
    });
}

/// Buttons for a new trainer.
fn ways_on(ui: &mut Ui, state: &LabState, desk: &mut Desk, failed: bool) {
    let said = state.checkpoints.last().map(|(step, _)| *step);
    let Some(step) = said.max(state.pace.checkpoint) else {
        ui.label("No checkpoint was written yet, so there is nothing to go on from.");
        return;
    };
    ui.label(format!(
        "The last checkpoint is of step {}.",
        words::count(step)
    ));
    ui.horizontal_wrapped(|ui| {
        if ui.button("Go on from the checkpoint").clicked() {
            desk.commands.push(Command::Restart { on_cpu: false });
        }
        let slow = "Slower, but it does not need the device that failed";
        if failed && ui.button("Go on, on the CPU").on_hover_text(slow).clicked() {
            desk.commands.push(Command::Restart { on_cpu: true });
        }
    });
}
