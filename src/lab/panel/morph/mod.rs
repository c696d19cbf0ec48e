//! The morph panel: mix two faces, or turn the head of one.

mod encode;
mod film;
mod mix;
mod swing;
pub(in crate::lab::panel) mod thumbs;
mod turn;
pub(in crate::lab::panel) mod words;

#[cfg(test)]
mod tests;

use eframe::egui::{ScrollArea, Ui};

use super::Panel;
use crate::lab::desk::Desk;
use crate::lab::state::LabState;
use crate::train::ask::{FaceId, Question};
use mix::Mix;
use thumbs::Thumbs;
use turn::Turn;

/// Two faces and two sliders, or one face and one slider.
#[derive(Default)]
pub struct Morph {
    part: Part,
    mix: Mix,
    turn: Turn,
    thumbs: Thumbs,
}

/// What is shown; only that is asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum Part {
    #[default]
    Mix,
    Turn,
}

impl Morph {
    /// Makes this face A and the head that turns, as when a photo is to be morphed.
    pub fn take(&mut self, face: FaceId) {
        self.mix.a = Some(face);
        self.turn.face = Some(face);
    }

    /// Shows a head that turns by itself, or lets it rest.
    pub fn turn_a_head(&mut self, turns: bool) {
        self.part = Part::Turn;
        self.turn.play.set(turns);
    }
}

impl Panel for Morph {
    fn ui(&mut self, ui: &mut Ui, state: &LabState, desk: &mut Desk) {
        let room = ui.available_size();
        ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
            ui.horizontal_wrapped(|ui| {
                ui.selectable_value(&mut self.part, Part::Mix, "Mix two faces")
                    .on_hover_text("What lies between two faces, in look and in pose.");
                ui.selectable_value(&mut self.part, Part::Turn, "Turn the head")
                    .on_hover_text("One look in many poses.");
                let play = match self.part {
                    Part::Mix => &mut self.mix.play,
                    Part::Turn => &mut self.turn.play,
                };
                play.toggle(ui);
            });
            if state.faces.is_empty() {
                ui.label(words::no_faces(state));
                return;
            }
            match self.part {
                Part::Mix => self.mix.ui(ui, state, &mut self.thumbs, room),
                Part::Turn => self.turn.ui(ui, state, &mut self.thumbs, room, desk),
            }
        });
    }

    fn questions(&self, state: &LabState) -> Vec<Question> {
        let question = match self.part {
            Part::Mix => self.mix.question(state),
            Part::Turn => self.turn.question(state),
        };
        question.into_iter().collect()
    }
}
