//! What the codes hold, decoded to pictures: reconstructions of chosen faces, and looks in other
//! poses.

mod choice;
mod columns;
mod enlarged;
mod goal;
mod lattice;
mod moment;
pub(in crate::lab::panel) mod paint;
mod reconstructions;
mod save;
mod strip;
mod swap;
#[cfg(test)]
mod tests;
mod thumbs;

use eframe::egui::{ScrollArea, Ui};

use super::Panel;
use crate::lab::desk::Desk;
use crate::lab::look::theme::{Tone, tone};
use crate::lab::state::{Face, LabState, Source};
use crate::train::ask::{FaceId, Question, Reply};
use crate::train::event::FaceGrid;

use choice::Choice;
use moment::Moment;
use reconstructions::Reconstructions;
use swap::Swap;
use thumbs::FaceSheet;

/// Wider panels show views and time in one row, in points.
const ONE_ROW: f32 = 700.0;

/// Which pictures are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum View {
    #[default]
    Reconstructions,
    Swap,
}

/// Reconstructions and the swap matrix.
#[derive(Default)]
pub struct Faces {
    view: View,
    choice: Choice,
    moment: Moment,
    thumbs: FaceSheet,
    reconstructions: Reconstructions,
    swap: Swap,
    hides_goal: bool,
}

impl Panel for Faces {
    fn ui(&mut self, ui: &mut Ui, state: &LabState, desk: &mut Desk) {
        self.thumbs.show(ui.ctx(), &state.faces);
        ScrollArea::vertical()
            .auto_shrink(false)
            .show(ui, |ui| self.content(ui, state, desk));
    }

    fn questions(&self, state: &LabState) -> Vec<Question> {
        // A record shows other steps than the network that answers has behind it.
        if state.source == Source::Replay {
            return Vec::new();
        }
        let faces = self.choice.faces(state);
        let question = match self.view {
            View::Reconstructions => Question::Faces {
                faces: self.reconstructions.asked(state, &faces),
            },
            View::Swap => Question::Swap {
                looks: faces.clone(),
                poses: faces,
            },
        };
        match &question {
            Question::Faces { faces } if faces.is_empty() => Vec::new(),
            Question::Swap { looks, .. } if looks.is_empty() => Vec::new(),
            // Nothing new replaces a matrix of the past, so there is nothing to ask.
            Question::Swap { .. } if !self.moment.is_live() => Vec::new(),
            _ => vec![question],
        }
    }
}

impl Faces {
    fn content(&mut self, ui: &mut Ui, state: &LabState, desk: &mut Desk) {
        let space = ui.available_size();
        let top = ui.cursor().top();
        self.bar(ui, state, desk);
        if state.faces.is_empty() && self.shown(state).is_none() {
            ui.label(empty(state, self.view));
            return;
        }
        self.choice.ui(ui, state, &self.thumbs);
        let chosen = self.choice.faces(state);
        if chosen.is_empty() {
            ui.label("Choose one or more faces above.");
            return;
        }
        if self.shown(state).is_none() {
            ui.label(empty(state, self.view));
            return;
        }
        if let Some(text) = self.note(state, &chosen) {
            ui.colored_label(tone(ui, Tone::Dim), text);
        }
        let space = space - eframe::egui::vec2(0.0, ui.cursor().top() - top);
        match self.view {
            View::Reconstructions => {
                let goal = state.goal.as_ref().filter(|_| !self.hides_goal);
                let shown = (&chosen[..], goal);
                self.reconstructions
                    .ui(ui, state, shown, &mut self.moment, &self.thumbs, space)
            }
            View::Swap => self
                .swap
                .ui(ui, state, &chosen, &self.moment, &self.thumbs, space),
        }
    }

    /// What is shown, the way to keep it, and from when it is.
    fn bar(&mut self, ui: &mut Ui, state: &LabState, desk: &mut Desk) {
        let one_row = ui.available_width() > ONE_ROW;
        ui.horizontal_wrapped(|ui| {
            for (view, title) in [
                (View::Reconstructions, "Reconstructions"),
                (View::Swap, "Swap matrix"),
            ] {
                ui.selectable_value(&mut self.view, view, title);
            }
            if self.shown(state).is_none() {
                return;
            }
            let save = ui.button("Save picture");
            let save = save.on_hover_text("Writes what is shown into the run's folder.");
            if save.clicked() {
                self.save(state, desk);
            }
            if state.goal.is_some() && self.view == View::Reconstructions {
                let mut shows = !self.hides_goal;
                ui.checkbox(&mut shows, "Goal")
                    .on_hover_text("At the right: what a trained network makes of these faces.");
                self.hides_goal = !shows;
            }
            if one_row {
                ui.separator();
                self.time(ui, state);
            }
        });
        if !one_row {
            paint::row(ui, |ui| self.time(ui, state));
        }
    }

    fn time(&mut self, ui: &mut Ui, state: &LabState) {
        if let Some(shown) = self.shown(state) {
            let steps = self.steps(state);
            self.moment.ui(ui, &steps, shown);
        }
    }

    fn save(&self, state: &LabState, desk: &mut Desk) {
        let Some(grid) = self.picture(state) else {
            desk.say("There is no picture to save yet.");
            return;
        };
        match crate::record::grid::png_bytes(&grid) {
            Ok(bytes) => desk.save("faces.png", bytes),
            Err(error) => desk.say(format!("The picture could not be drawn: {error}")),
        }
    }

    /// The steps there are pictures of, oldest first.
    fn steps(&self, state: &LabState) -> Vec<u64> {
        match self.view {
            View::Reconstructions => reconstructions::steps(state),
            View::Swap => swap::steps(state),
        }
    }

    /// Which of [`Self::steps`] is shown.
    fn shown(&self, state: &LabState) -> Option<usize> {
        match self.view {
            View::Reconstructions => reconstructions::shown(state, &self.moment),
            View::Swap => swap::shown(state, &self.moment),
        }
    }

    /// What is shown, as one grid.
    fn picture(&self, state: &LabState) -> Option<FaceGrid> {
        let chosen = self.choice.faces(state);
        match self.view {
            View::Reconstructions => reconstructions::picture(state, &self.moment, &chosen),
            View::Swap => swap::picture(state, &self.moment, &chosen),
        }
    }

    /// The chosen faces that the shown picture lacks.
    fn missing(&self, state: &LabState, chosen: &[FaceId]) -> Vec<FaceId> {
        let there = match self.view {
            View::Reconstructions => reconstructions::faces(state, &self.moment),
            View::Swap => swap::faces(state, &self.moment),
        };
        let missing = chosen.iter().filter(|id| !there.contains(id));
        missing.copied().collect()
    }

    /// What the user should know about the picture.
    fn note(&self, state: &LabState, chosen: &[FaceId]) -> Option<String> {
        let can_ask = state.can_ask && state.source == Source::Live;
        let waits = can_ask && self.moment.is_live();
        let question = self.questions(state).into_iter().next();
        let answer = question.and_then(|question| state.answers.like(&question));
        if let Some(Reply::No(why)) = answer.map(|answer| &answer.reply)
            && waits
        {
            return Some(why.clone());
        }
        let missing = self.missing(state, chosen);
        let names: Vec<String> = missing.iter().map(|&id| name(state, id)).collect();
        let names = names.join(", ");
        match (missing.is_empty(), waits, can_ask) {
            (true, _, true) => None,
            (true, _, false) => {
                Some("The network cannot be asked now: these are pictures of the record.".into())
            }
            (false, true, _) => Some(format!("Asking the network about: {names}.")),
            (false, false, _) => Some(format!("Not in the record of this step: {names}.")),
        }
    }
}

/// What a face is called in a sentence or on its own.
fn title(face: &Face) -> String {
    if face.id.is_photo() {
        face.name.clone()
    } else {
        format!("Face {}", face.name)
    }
}

/// [`title`] of a face by its number.
fn name(state: &LabState, id: FaceId) -> String {
    match state.face(id) {
        Some(face) => title(face),
        None => format!("Face {}", id.0 + 1),
    }
}

/// What will be here, and when.
fn empty(state: &LabState, view: View) -> &'static str {
    match (state.can_ask, view) {
        (true, View::Reconstructions) => {
            "In a moment: a row for each face, with what the decoder makes of its codes."
        }
        (true, View::Swap) => "In a moment: the look of each face in the pose of each other.",
        (false, View::Reconstructions) => {
            "No pictures yet. As soon as the network can be asked, or the record has some: a row \
             for each face, with what the decoder makes of its codes."
        }
        (false, View::Swap) => {
            "No pictures yet. As soon as the network can be asked, or the record has some: the \
             look of each face in the pose of each other."
        }
    }
}
