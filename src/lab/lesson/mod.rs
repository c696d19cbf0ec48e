//! A guided tour through the method: short steps, each with panels to look at and something to try.

mod experiment;
mod now;
mod prose;
mod steps;
#[cfg(test)]
mod tests;

use eframe::egui::{Align, Button, Frame, Layout, RichText, ScrollArea, Ui, vec2};

use super::desk::{Command, Desk};
use super::panel::PanelKind;
use super::state::LabState;
use experiment::Undo;
use prose::prose;
use steps::{STEPS, Step};

/// For thirty people before one projector.
const TITLE_SIZE: f32 = 26.0;
const TEXT_SIZE: f32 = 19.0;
const BUTTON_SIZE: f32 = 17.0;
/// From this width on the experiment stands beside the text: longer lines are hard to read.
const TWO_COLUMNS: f32 = 800.0;
const WIDEST: f32 = 1240.0;
/// The row with "Back" and "Next".
const FOOT_HEIGHT: f32 = 48.0;

/// Where the tour stands.
#[derive(Default)]
pub struct Lesson {
    /// Which step, from 0.
    pub at: usize,
    /// Whether all bars but the lesson's own are to be hidden.
    pub hide_controls: bool,
    undo: Option<Undo>,
    leaving: bool,
}

impl Lesson {
    /// The panels of the present step.
    pub fn panels(&self) -> &'static [PanelKind] {
        self.step().panels
    }

    /// The next step; after the last one the lesson is left.
    pub fn next(&mut self) {
        self.leaving = self.at + 1 >= STEPS.len();
        self.at = (self.at + 1).min(STEPS.len() - 1);
    }

    /// The step before.
    pub fn back(&mut self) {
        self.at = self.at.saturating_sub(1);
    }

    /// Takes back what an experiment changed. Whoever ends the lesson from outside calls this
    /// first, so that nothing stays changed.
    pub fn take_back(&mut self, desk: &mut Desk) {
        if let Some(undo) = self.undo.take() {
            undo.controls
                .into_iter()
                .for_each(|control| desk.tell(control));
        }
    }

    /// Takes back what an experiment changed, and leaves.
    fn leave(&mut self, desk: &mut Desk) {
        self.take_back(desk);
        desk.commands.push(Command::Lesson(false));
        *self = Self::default();
    }

    /// Draws the card.
    pub fn ui(&mut self, ui: &mut Ui, state: &LabState, desk: &mut Desk) {
        ui.set_max_width(ui.available_width().min(WIDEST));
        self.head(ui);
        let height = (ui.available_height() - FOOT_HEIGHT).max(60.0);
        ScrollArea::vertical()
            .id_salt(("lesson", self.at))
            .max_height(height)
            .auto_shrink(false)
            .show(ui, |ui| self.body(ui, state, desk));
        self.foot(ui);
        if self.leaving {
            self.leave(desk);
        }
    }

    fn step(&self) -> &'static Step {
        &STEPS[self.at.min(STEPS.len() - 1)]
    }

    fn head(&mut self, ui: &mut Ui) {
        ui.horizontal(|ui| {
            ui.label(format!("Step {} of {}", self.at + 1, STEPS.len()));
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                self.leaving |= ui.button("Leave the lesson").clicked();
            });
        });
        ui.label(RichText::new(self.step().title).size(TITLE_SIZE).strong());
    }

    fn body(&mut self, ui: &mut Ui, state: &LabState, desk: &mut Desk) {
        if ui.available_width() < TWO_COLUMNS {
            self.text(ui, state);
            ui.add_space(6.0);
            self.invitation(ui, state, desk);
            return;
        }
        let half = (ui.available_width() - 24.0) / 2.0;
        ui.horizontal_top(|ui| {
            ui.vertical(|ui| {
                ui.set_width(half);
                self.text(ui, state);
            });
            ui.add_space(16.0);
            ui.vertical(|ui| {
                ui.set_width(half);
                self.invitation(ui, state, desk);
            });
        });
    }

    fn text(&self, ui: &mut Ui, state: &LabState) {
        let step = self.step();
        prose(ui, step.text, TEXT_SIZE);
        if let Some(now) = (step.now)(state) {
            ui.add_space(6.0);
            prose(ui, &now, TEXT_SIZE);
        }
    }

    fn invitation(&mut self, ui: &mut Ui, state: &LabState, desk: &mut Desk) {
        let frame = Frame::group(ui.style()).fill(ui.visuals().faint_bg_color);
        frame.inner_margin(10.0).show(ui, |ui| {
            ui.set_width(ui.available_width());
            ui.label(RichText::new("Try it").size(BUTTON_SIZE).strong());
            prose(ui, self.step().experiment.invitation, TEXT_SIZE);
            self.experiment(ui, state, desk);
        });
    }

    /// The button that does it, or the one that takes it back.
    fn experiment(&mut self, ui: &mut Ui, state: &LabState, desk: &mut Desk) {
        let big = |text| Button::new(RichText::new(text).size(BUTTON_SIZE));
        if let Some(undo) = &self.undo {
            if ui.add(big(undo.button)).clicked() {
                self.take_back(desk);
            }
            return;
        }
        let Some(action) = self.step().experiment.action else {
            return;
        };
        let obstacle = action.obstacle(state);
        if ui
            .add_enabled(obstacle.is_none(), big(action.button()))
            .clicked()
        {
            self.undo = action.act(state, desk);
        }
        if let Some(obstacle) = obstacle {
            ui.label(obstacle);
        }
    }

    fn foot(&mut self, ui: &mut Ui) {
        ui.add_space(6.0);
        let (first, last) = (self.at == 0, self.at + 1 == STEPS.len());
        let big =
            |text| Button::new(RichText::new(text).size(BUTTON_SIZE)).min_size(vec2(96.0, 34.0));
        ui.horizontal(|ui| {
            if ui.add_enabled(!first, big("Back")).clicked() {
                self.back();
            }
            let next = if last { "Finish" } else { "Next" };
            if ui.add(big(next)).clicked() {
                self.next();
            }
            ui.checkbox(&mut self.hide_controls, "Hide controls");
        });
    }
}
