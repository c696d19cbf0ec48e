//! What each code knows: the measurements as a shaded table with its history.

mod finding;
mod heat;
mod history;
mod pictures;
mod quantity;
mod save;
pub(super) mod sentence;
mod table;
mod words;

#[cfg(test)]
mod tests;

use eframe::egui::{Button, ScrollArea, Ui};

use super::Panel;
use crate::lab::desk::Desk;
use crate::lab::look::theme::{Tone, tone};
use crate::lab::state::{LabState, Source};
use crate::train::ask::Question;
use crate::train::event::KnowledgeReport;
use sentence::sentence;
use table::Table;

/// Least height of the history.
const LEAST_HISTORY_PX: f32 = 190.0;
/// Below the history: its axis and the line that says where the numbers come from.
const HISTORY_REST_PX: f32 = 62.0;
/// With less room beside the table the history stands below it.
const LEAST_HISTORY_WIDTH_PX: f32 = 360.0;
/// Tiles that are lower have room for the table only.
const SMALL_PX: f32 = 300.0;

/// The tile.
#[derive(Clone, Copy)]
struct Room {
    /// Its lower end.
    bottom: f32,
    is_small: bool,
}

/// A measurement that has not come after so many steps does not come.
const PATIENCE_STEPS: u64 = 200;

/// A measurement that was asked for.
#[derive(Clone, Copy, Debug)]
struct Asked {
    /// Step of the newest measurement at that time.
    newest: Option<u64>,
    /// Steps done at that time.
    step: u64,
}

/// The panel "What each code knows".
#[derive(Default)]
pub struct Knowledge {
    asked: Option<Asked>,
    baselines: bool,
    /// Place of the chosen row among the quantities.
    selected: Option<usize>,
    table: Option<Table>,
}

impl Panel for Knowledge {
    fn ui(&mut self, ui: &mut Ui, state: &LabState, desk: &mut Desk) {
        if !self.is_measuring(state) {
            self.asked = None;
        }
        if !(self.table.as_ref()).is_some_and(|table| table.is_of(&state.knowledge)) {
            self.table = Table::new(&state.knowledge);
        }
        let room = Room {
            bottom: ui.max_rect().bottom(),
            is_small: ui.available_height() < SMALL_PX,
        };
        ScrollArea::vertical()
            .auto_shrink(false)
            .show(ui, |ui| self.content(ui, state, desk, room));
    }

    fn questions(&self, state: &LabState) -> Vec<Question> {
        if self.is_measuring(state) || words::is_first(state) {
            vec![Question::Knowledge]
        } else {
            Vec::new()
        }
    }
}

impl Knowledge {
    /// Whether a measurement was asked for and has not come.
    fn is_measuring(&self, state: &LabState) -> bool {
        if words::is_first(state) {
            return words::refusal(state).is_none();
        }
        let Some(asked) = self.asked.filter(|_| state.can_ask) else {
            return false;
        };
        let refused = (state.answers.like(&Question::Knowledge))
            .is_some_and(|answer| answer.step >= asked.step && words::refusal(state).is_some());
        // The trainer measures between two steps or, without labelled faces, not at all.
        let is_in_vain = words::is_missed(state) || state.step > asked.step + PATIENCE_STEPS;
        newest_step(state) <= asked.newest && !refused && !is_in_vain
    }

    fn content(&mut self, ui: &mut Ui, state: &LabState, desk: &mut Desk, room: Room) {
        let Some(newest) = state.knowledge.last() else {
            ui.label(words::empty(state));
            self.controls(ui, state, desk);
            return;
        };
        let numbers = told(ui, newest);
        // In a small tile the table is the first thing to see.
        if room.is_small {
            self.drawn(ui, newest, room);
        }
        for text in &numbers {
            sentence(ui, text, tone(ui, Tone::Ink));
        }
        self.controls(ui, state, desk);
        if !room.is_small {
            self.drawn(ui, newest, room);
        }
    }

    fn controls(&mut self, ui: &mut Ui, state: &LabState, desk: &mut Desk) {
        ui.horizontal_wrapped(|ui| {
            self.measure_button(ui, state);
            let Some(newest) = state.knowledge.last() else {
                return;
            };
            ui.checkbox(&mut self.baselines, "Show baselines")
                .on_hover_text("Columns for raw pixels, their principal components, and a network that was never trained.");
            if ui.button("Save picture").clicked() {
                put(desk, save::PICTURE, save::picture(newest));
            }
            let save_table = ui.button("Save table");
            if save_table
                .on_hover_text("All measurements so far as CSV.")
                .clicked()
            {
                put(desk, save::TABLE, save::table(&state.knowledge));
            }
        });
    }

    fn measure_button(&mut self, ui: &mut Ui, state: &LabState) {
        if self.is_measuring(state) {
            ui.add_enabled(false, Button::new("Measuring…"));
            return;
        }
        let newest = newest_step(state);
        let obstacle = if state.source == Source::Replay {
            Some("This is a record: only what was measured then can be shown.")
        } else if !state.can_ask {
            Some("There is no network to measure: it needs a training that runs or waits.")
        } else if words::is_off(state) {
            Some("This run has no faces to measure on: knowledge.pictures is 0.")
        } else if words::is_missed(state) {
            Some("These faces have no labels to measure with.")
        } else if newest.is_some_and(|newest| newest >= state.step) {
            Some("The network has not changed since the last measurement.")
        } else {
            None
        };
        let button = ui
            .add_enabled(obstacle.is_none(), Button::new("Measure now"))
            .on_hover_text("Measure at this step, without waiting for the end of the epoch.")
            .on_disabled_hover_text(obstacle.unwrap_or_default());
        if button.clicked() {
            self.asked = Some(Asked {
                newest,
                step: state.step,
            });
        }
    }

    fn drawn(&mut self, ui: &mut Ui, newest: &KnowledgeReport, room: Room) {
        let Some(table) = &self.table else {
            return;
        };
        let Some(row) = table.row(self.selected.unwrap_or(quantity::NEAREST_POSE)) else {
            ui.label("The labels of the faces do not allow any measurement.");
            return;
        };
        let baselines = self.baselines;
        let heat = |ui: &mut Ui| {
            let across = ScrollArea::horizontal().auto_shrink([false, true]);
            let clicked = across.show(ui, |ui| heat::ui(ui, table, baselines, Some(row.index)));
            heat::key(ui);
            clicked.inner
        };
        let history = |ui: &mut Ui| {
            let height = room.bottom - ui.cursor().top() - HISTORY_REST_PX;
            history::ui(ui, table, row, baselines, height.max(LEAST_HISTORY_PX))
        };
        let table_width = heat::comfortable_width(table, baselines);
        let is_beside = ui.available_width() - table_width > LEAST_HISTORY_WIDTH_PX;
        let clicked = if is_beside {
            let halves = ui.horizontal_top(|ui| {
                let part = |ui: &mut Ui| {
                    ui.set_width(table_width);
                    heat(ui)
                };
                let clicked = ui.vertical(part).inner;
                ui.add_space(12.0);
                ui.vertical(history);
                clicked
            });
            halves.inner
        } else {
            let clicked = heat(ui);
            ui.add_space(6.0);
            let place = history(ui);
            if clicked.is_some() {
                // The answer to the click may lie outside a small tile.
                ui.scroll_to_rect(place.expand(24.0), None);
            }
            clicked
        };
        provenance(ui, newest);
        self.selected = clicked.or(self.selected);
    }
}

/// The finding, and what is wrong; gives back the numbers behind the finding.
fn told(ui: &mut Ui, newest: &KnowledgeReport) -> Vec<String> {
    let (finding, numbers) = finding::finding(&newest.table).unwrap_or_default();
    if !finding.is_empty() {
        let colour = ui.visuals().strong_text_color();
        sentence(ui, &finding, colour);
    }
    for warning in newest.table.warnings() {
        let colour = tone(ui, Tone::Orange);
        sentence(ui, &format!("⚠ {warning}."), colour);
    }
    numbers
}

/// How true D's pictures are; when, how long and on which faces that was measured.
fn provenance(ui: &mut Ui, newest: &KnowledgeReport) {
    let mut text = format!(
        "Measured at step {} (epoch {}) in {:.1} s",
        newest.step,
        newest.epoch,
        newest.ms / 1e3
    );
    if let Some(note) = &newest.table.note {
        text.push_str(" on ");
        text.push_str(note);
    }
    for text in pictures::sentences(&newest.table) {
        ui.colored_label(tone(ui, Tone::Ink), text);
    }
    ui.colored_label(tone(ui, Tone::Dim), format!("{text}."));
}

fn newest_step(state: &LabState) -> Option<u64> {
    state.knowledge.last().map(|report| report.step)
}

fn put(desk: &mut Desk, name: &str, bytes: Result<Vec<u8>, String>) {
    match bytes {
        Ok(bytes) => desk.save(name, bytes),
        Err(reason) => desk.say(format!("{name} could not be written: {reason}")),
    }
}
