//! The bar at the top of the window that is always there.

use eframe::egui::{Align, Label, Layout, ProgressBar, RichText, Ui, vec2};

use super::{controls, figures, played, words};
use crate::lab::desk::Desk;
use crate::lab::look::theme::{Tone, tone};
use crate::lab::state::{LabState, Phase, Source};

/// Widths of the parts, so that no number that changes moves its neighbours.
const PROGRESS: std::ops::RangeInclusive<f32> = 150.0..=270.0;
const SPEED: f32 = 112.0;
const TIME_LEFT: f32 = 132.0;
const PHASE: f32 = 205.0;
/// Widths below which they are of no use.
const NARROW_PROGRESS: f32 = 100.0;
const NARROW_PHASE: f32 = 60.0;
/// From this width on the bar has room for the epoch.
const WITH_EPOCH: f32 = 210.0;
/// Height of the parts, that of a button.
const HEIGHT: f32 = 26.0;

/// Play or pause, one step, how far the run is, how fast it goes, within the width that is there.
pub fn transport(ui: &mut Ui, state: &LabState, desk: &mut Desk) {
    let end = ui.cursor().left() + ui.available_width();
    if let Some(network) = &state.network {
        ui.horizontal(|ui| played::bar(ui, network, desk));
        return;
    }
    ui.horizontal(|ui| {
        controls::toggle(ui, state, desk);
        controls::one_step(ui, state, desk);
        let gap = ui.spacing().item_spacing.x;
        let room = |ui: &Ui| end - ui.cursor().left();
        if let Phase::Preparing(what) = &state.phase
            && state.source == Source::Live
        {
            // Nothing that moves by itself: where no GPU draws it would take the cores from the start.
            let width = room(ui).max(60.0);
            cell(ui, width, |ui| ui.add(Label::new(ink(ui, what)).truncate()));
            return;
        }
        // The least important goes first where room is short.
        let phase_width = (room(ui) - PROGRESS.start() - gap).clamp(NARROW_PHASE, PHASE);
        let mut spare = room(ui) - PROGRESS.start() - phase_width - 2.0 * gap;
        let mut fits = |width: f32| {
            let fits = spare >= width + gap;
            spare -= if fits { width + gap } else { 0.0 };
            fits
        };
        let left = figures::time_left(state).filter(|_| fits(TIME_LEFT));
        let images = state.pace.images_per_s();
        let speed = (images > 0.0 && fits(SPEED)).then_some(images);
        let width = (PROGRESS.start() + spare).clamp(NARROW_PROGRESS, *PROGRESS.end());
        progress(ui, state, width);
        if let Some(images) = speed {
            let text = format!("{} images/s", words::count(images.round() as u64));
            cell(ui, SPEED, |ui| ui.label(ink(ui, text)));
        }
        if let Some(left) = left {
            let text = format!("{} left", words::duration(left));
            cell(ui, TIME_LEFT, |ui| ui.label(ink(ui, text)));
        }
        cell(ui, room(ui).clamp(NARROW_PHASE, PHASE), |ui| {
            phase(ui, state)
        });
    });
}

/// How far the run is; also used by the panel.
pub(super) fn progress(ui: &mut Ui, state: &LabState, width: f32) {
    let end = controls::end_step(state);
    let share = state.step as f32 / end.max(1) as f32;
    let bar = ProgressBar::new(share)
        .desired_width(width)
        .desired_height(HEIGHT - 2.0);
    let text = if width < WITH_EPOCH {
        let end = words::count(controls::end_step(state));
        format!("{} of {end}", words::count(state.step))
    } else {
        place(state)
    };
    ui.add(bar.text(RichText::new(text).size(14.0)));
}

/// `Epoch 2 · step 340 of 960`
fn place(state: &LabState) -> String {
    let end = words::count(controls::end_step(state));
    let step = words::count(state.step);
    let per_epoch = state.info.as_ref().map_or(0, |info| info.steps_per_epoch);
    if per_epoch == 0 {
        return format!("Step {step} of {end}");
    }
    // The last step of an epoch still belongs to it.
    let epoch = state.step.saturating_sub(1) / per_epoch + 1;
    format!("Epoch {epoch} · step {step} of {end}")
}

fn phase(ui: &mut Ui, state: &LabState) {
    let said = words::phase(state);
    match &state.phase {
        Phase::Stopped(reason)
            if state.source == Source::Live
                && let Some(text) = reason.trouble() =>
        {
            let said = RichText::new(format!("⚠ {said}")).color(tone(ui, Tone::Orange));
            ui.label(said).on_hover_text(text);
        }
        _ => {
            ui.add(Label::new(ink(ui, said)).truncate());
        }
    }
}

/// Text that can be read from the last row.
fn ink(ui: &Ui, text: impl Into<String>) -> RichText {
    RichText::new(text).color(tone(ui, Tone::Ink))
}

/// A part of fixed width.
fn cell<R>(ui: &mut Ui, width: f32, add: impl FnOnce(&mut Ui) -> R) {
    let size = vec2(width, HEIGHT);
    ui.allocate_ui_with_layout(size, Layout::left_to_right(Align::Center), |ui| {
        ui.set_min_width(width);
        add(ui);
    });
}
