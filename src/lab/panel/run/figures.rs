//! The facts of a run in words.

use std::time::Duration;

use eframe::egui::{RichText, Ui};

use super::{controls, played, words};
use crate::lab::look::theme::{Tone, tone};
use crate::lab::state::{LabState, Source};

/// Room for the names of the facts.
const NAME_WIDTH: f32 = 84.0;

/// Draws them, one per line; long ones wrap.
pub(super) fn ui(ui: &mut Ui, state: &LabState) {
    let (dim, ink) = (tone(ui, Tone::Dim), tone(ui, Tone::Ink));
    for (name, text) in rows(state) {
        ui.horizontal_top(|ui| {
            let left = ui.cursor().left();
            ui.label(RichText::new(name).color(dim));
            ui.add_space((left + NAME_WIDTH - ui.cursor().left()).max(0.0));
            ui.vertical(|ui| ui.label(RichText::new(text).color(ink)));
        });
    }
}

/// Name and fact.
fn rows(state: &LabState) -> Vec<(&'static str, String)> {
    let mut rows = Vec::new();
    if let Some(network) = &state.network {
        rows = played::facts(state, network);
    }
    if let Some(info) = &state.info {
        rows.push(("Device", info.device.clone()));
    }
    if let Some(info) = state.info.as_ref().filter(|_| state.network.is_none()) {
        rows.push(("Preset", info.preset.clone()));
        rows.push(("Data", info.data.clone()));
    }
    if let Some(speed) = speed(state) {
        rows.push(("Speed", speed));
    }
    if let Some(left) = time_left(state) {
        rows.push(("Time left", words::duration(left)));
    }
    if let Some(bytes) = state.memory_bytes {
        rows.push(("Memory", words::bytes(bytes)));
    }
    if let Some(info) = &state.info {
        rows.push(("Folder", info.dir.display().to_string()));
    }
    rows
}

/// Time until the last step at the present speed, slow motion included; nothing for a record.
pub(super) fn time_left(state: &LabState) -> Option<Duration> {
    let steps = controls::end_step(state).saturating_sub(state.step);
    if state.source == Source::Replay || !state.is_alive() || steps == 0 {
        return None;
    }
    let slowed = state
        .slow
        .filter(|limit| *limit > 0.0)
        .map_or(0.0, |limit| steps as f64 / limit);
    let slowed = Duration::try_from_secs_f64(slowed).ok()?;
    Some(state.pace.left()?.max(slowed))
}

/// Images and steps per second.
fn speed(state: &LabState) -> Option<String> {
    let images = state.pace.images_per_s();
    if images <= 0.0 {
        return None;
    }
    let mut text = format!("{} images/s", words::count(images.round() as u64));
    let per_step = state.info.as_ref().map_or(0, |info| info.images_per_step);
    if per_step > 0 {
        let steps = images / per_step as f64;
        let steps = state.slow.map_or(steps, |limit| steps.min(limit));
        text += &format!(", {} steps/s", words::significant(steps));
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::super::tests::running;
    use super::*;

    #[test]
    fn slow_motion_takes_longer() {
        let mut state = running();
        let fast = time_left(&state).unwrap();
        state.slow = Some(0.5);
        let slow = time_left(&state).unwrap();
        // 960 − 340 steps at half a step per second.
        assert_eq!(slow, Duration::from_secs(1240));
        assert!(fast < slow, "{fast:?}");
        let speed = speed(&state).unwrap();
        assert!(speed.ends_with("0.5 steps/s"), "{speed}");
    }

    #[test]
    fn facts_are_there_when_they_are_known() {
        let names = |state: &LabState| -> Vec<&str> {
            rows(state).into_iter().map(|(name, _)| name).collect()
        };
        assert!(names(&LabState::default()).is_empty());
        let mut state = running();
        state.memory_bytes = Some(5);
        let all = [
            "Device",
            "Preset",
            "Data",
            "Speed",
            "Time left",
            "Memory",
            "Folder",
        ];
        assert_eq!(names(&state), all);
        state.source = Source::Replay;
        assert!(!names(&state).contains(&"Time left"));
    }
}
