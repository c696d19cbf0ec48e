//! Buttons that start, pause and end a run.

use eframe::egui::{Button, Context, Id, Ui, vec2};

use super::words;
use crate::lab::desk::{Command, Desk};
use crate::lab::state::{LabState, Phase, Source};
use crate::train::event::Control;

/// Speed of a replay before one is chosen, in steps per second.
const REPLAY_STEPS_PER_S: f64 = 50.0;
/// A round number for "some more".
const SOME_STEPS: u64 = 500;
/// Wide enough for both words, so that nothing beside it jumps.
const TOGGLE_WIDTH: f32 = 72.0;

/// The speed at which a replay goes on after a pause. Both the top bar and the panel need it, so it
/// is kept with the window.
pub(super) fn replay_speed(ctx: &Context) -> f64 {
    let kept = ctx.data(|data| data.get_temp(Id::unique("replay speed")));
    kept.unwrap_or(REPLAY_STEPS_PER_S)
}

/// Chooses the speed of the replay for the next "Play".
pub(super) fn keep_replay_speed(ui: &Ui, steps_per_s: f64) {
    ui.data_mut(|data| data.insert_temp(Id::unique("replay speed"), steps_per_s));
}

/// Step at which the run or the record ends.
pub(super) fn end_step(state: &LabState) -> u64 {
    let planned = || state.info.as_ref().map_or(0, |info| info.last_step);
    match state.replay {
        Some((end, _)) if state.source == Source::Replay => end,
        _ if state.pace.last_step > 0 => state.pace.last_step,
        _ => planned(),
    }
}

/// "Pause" while something moves, "Play" while it waits.
pub(super) fn toggle(ui: &mut Ui, state: &LabState, desk: &mut Desk) {
    let playing = is_playing(state);
    let can = state.source == Source::Replay || playing || state.phase == Phase::Paused;
    let word = if playing { "Pause" } else { "Play" };
    let button = Button::new(word).min_size(vec2(TOGGLE_WIDTH, 0.0));
    let button = ui.add_enabled(can, button).on_disabled_hover_text(
        "There is nothing left to do. The panel Run offers to train longer or to go on.",
    );
    if button.clicked() {
        play_or_pause(ui.ctx(), state, desk);
    }
}

/// Whether something moves that can be paused.
fn is_playing(state: &LabState) -> bool {
    match (state.source, &state.phase) {
        (Source::Replay, _) => state.replay.is_some_and(|(_, speed)| speed > 0.0),
        (Source::Live, phase) => matches!(phase, Phase::Running | Phase::Preparing(_)),
    }
}

/// Pauses what moves, moves what waits.
pub(in crate::lab) fn play_or_pause(ctx: &Context, state: &LabState, desk: &mut Desk) {
    match (state.source, is_playing(state)) {
        (Source::Live, true) => desk.tell(Control::Pause),
        (Source::Live, false) => desk.tell(Control::Run),
        (Source::Replay, true) => desk.commands.push(Command::PlaySpeed(0.0)),
        (Source::Replay, false) => desk.commands.push(Command::PlaySpeed(replay_speed(ctx))),
    }
}

/// Exactly one step, then a pause.
pub(super) fn one_step(ui: &mut Ui, state: &LabState, desk: &mut Desk) {
    let button = ui
        .add_enabled(can_step(state), Button::new("One step"))
        .on_hover_text("Make one step and wait");
    if button.clicked() {
        step(state, desk);
    }
}

fn can_step(state: &LabState) -> bool {
    match state.source {
        Source::Live => matches!(state.phase, Phase::Running | Phase::Paused),
        Source::Replay => state.step < end_step(state),
    }
}

/// Makes one step and waits, where there is one to make.
pub(in crate::lab) fn step(state: &LabState, desk: &mut Desk) {
    if !can_step(state) {
        return;
    }
    match state.source {
        Source::Live => {
            if state.phase == Phase::Running {
                desk.tell(Control::Pause);
            }
            desk.tell(Control::SingleStep);
        }
        Source::Replay => {
            desk.commands.push(Command::PlaySpeed(0.0));
            desk.commands.push(Command::Seek(state.step + 1));
        }
    }
}

/// All buttons of a live run; `asks` whether "Stop" waits for a yes.
pub(super) fn buttons(ui: &mut Ui, state: &LabState, desk: &mut Desk, asks: &mut bool) {
    ui.horizontal_wrapped(|ui| {
        toggle(ui, state, desk);
        one_step(ui, state, desk);
        if ui
            .button("Save a checkpoint")
            .on_hover_text("Everything needed to go on from here, written after the present step")
            .clicked()
        {
            desk.tell(Control::Checkpoint);
        }
        let stop = ui.add_enabled(!*asks, Button::new("Stop"));
        if stop.on_hover_text("End the training").clicked() {
            *asks = true;
        }
    });
    if *asks {
        ui.horizontal_wrapped(|ui| {
            ui.label("Stop for good? The checkpoint is written first.");
            if ui.button("Yes, stop").clicked() {
                desk.tell(Control::Stop);
                *asks = false;
            }
            if ui.button("No").clicked() {
                *asks = false;
            }
        });
    }
}

/// More steps than were planned, offered when the end is near.
pub(super) fn longer(ui: &mut Ui, state: &LabState, desk: &mut Desk) {
    let Some(info) = &state.info else { return };
    let end = end_step(state);
    let near = end.saturating_sub(state.step) <= info.steps_per_epoch;
    if !(near || state.phase == Phase::Finished) {
        return;
    }
    ui.horizontal_wrapped(|ui| {
        ui.label("Train longer:");
        let epoch = format!(
            "One epoch more ({} steps)",
            words::count(info.steps_per_epoch)
        );
        let some = format!("{SOME_STEPS} steps more");
        for (text, steps) in [(epoch, info.steps_per_epoch), (some, SOME_STEPS)] {
            if ui.button(text).clicked() {
                desk.tell(Control::TrainUntil(end + steps));
                desk.tell(Control::Run);
            }
        }
    });
}
