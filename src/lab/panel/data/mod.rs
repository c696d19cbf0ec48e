//! The faces that go in, and the views of them as the network sees them.

mod boxes;
mod cell;
mod pictures;
#[cfg(test)]
mod tests;
mod words;

use std::sync::Arc;

use eframe::egui::{Checkbox, RichText, ScrollArea, Ui};

use super::Panel;
use super::faces::paint;
use crate::lab::desk::Desk;
use crate::lab::look::theme::{Tone, tone};
use crate::lab::state::{LabState, Source};
use crate::train::ask::{Answer, Question, Reply, View, ViewRole, ViewSheet, ViewedFace};
use crate::train::step::Stream;

use pictures::Pictures;

/// Faces of each stream that are asked for.
const FACES: usize = 3;
/// So many negatives of a face are shown.
const NEGATIVES: usize = 6;
/// So many pictures have room beside each other: a frame, which is larger, a pair, the negatives,
/// and how many more there are.
const CELLS: f32 = 5.0 + NEGATIVES as f32;
/// Between two faces beside each other, in points.
const GAP: f32 = 28.0;

/// Frames, views and their parameters.
#[derive(Default)]
pub struct Data {
    frozen: Option<Arc<Answer>>,
    pictures: Pictures,
}

impl Panel for Data {
    fn ui(&mut self, ui: &mut Ui, state: &LabState, _desk: &mut Desk) {
        let latest = state.answers.like(&question());
        let answer = self.frozen.clone().or_else(|| latest.cloned());
        let Some(answer) = answer else {
            ui.label(empty(state));
            return;
        };
        let sheet = match &answer.reply {
            Reply::Views(sheet) => sheet,
            Reply::No(why) => {
                ui.label(why);
                return;
            }
            _ => return,
        };
        self.pictures.show(ui.ctx(), &answer, sheet);
        ui.horizontal(|ui| self.bar(ui, state, &answer));
        if !state.can_ask && self.frozen.is_none() {
            let text = "The network cannot be asked now: these are the last views it showed.";
            ui.colored_label(tone(ui, Tone::Dim), text);
        }
        ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
            for stream in [Stream::Recon, Stream::Face, Stream::Pose] {
                self.stream(ui, sheet, stream);
            }
        });
    }

    fn questions(&self, state: &LabState) -> Vec<Question> {
        // Whoever answers in a replay makes no steps.
        if self.frozen.is_some() || state.source == Source::Replay {
            Vec::new()
        } else {
            vec![question()]
        }
    }
}

impl Data {
    fn bar(&mut self, ui: &mut Ui, state: &LabState, answer: &Arc<Answer>) {
        let mut frozen = self.frozen.is_some();
        let freeze = ui.add(Checkbox::new(&mut frozen, "Freeze"));
        if freeze
            .on_hover_text("Keep these views while training goes on.")
            .changed()
        {
            self.frozen = frozen.then(|| answer.clone());
        }
        ui.label(format!("Views of step {}", answer.step));
        if frozen && state.step > answer.step {
            let text = format!("(training is at step {})", state.step);
            ui.colored_label(tone(ui, Tone::Dim), text);
        }
    }

    fn stream(&self, ui: &mut Ui, sheet: &ViewSheet, stream: Stream) {
        ui.add_space(6.0);
        ui.label(RichText::new(words::stream(stream)).strong().size(17.0));
        ui.label(words::about_stream(stream));
        let faces = sheet.faces.iter().enumerate();
        let faces: Vec<(usize, &ViewedFace)> =
            faces.filter(|(_, face)| face.stream == stream).collect();
        let Some(most) = faces.iter().map(|(_, face)| shown(face).len()).max() else {
            let text = "This stream takes no part in training at present.";
            ui.colored_label(tone(ui, Tone::Dim), text);
            return;
        };
        let space = ui.available_width();
        let side = (space / CELLS).clamp(cell::SMALLEST, cell::LARGEST).floor();
        let size = cell::row_width(most, side, ui.spacing().item_spacing.x);
        // Short rows stand beside each other; a row that is too long goes on below.
        let beside = (((space + GAP) / (size + GAP)) as usize).max(1);
        for (line, faces) in faces.chunks(beside).enumerate() {
            let row = |ui: &mut Ui| {
                for (at, &face) in faces.iter().enumerate() {
                    if at > 0 {
                        ui.add_space(GAP - ui.spacing().item_spacing.x);
                    }
                    self.face(ui, face, line * beside + at + 1, sheet.side_px, side);
                }
            };
            if beside > 1 {
                ui.horizontal_top(row);
            } else {
                ui.horizontal_wrapped(row);
            }
        }
    }

    /// The frame, then the views.
    fn face(
        &self,
        ui: &mut Ui,
        (index, face): (usize, &ViewedFace),
        number: usize,
        side_px: usize,
        side: f32,
    ) {
        let name = format!("{}, face {number}", words::stream(face.stream));
        cell::frame(ui, face, self.pictures.frame(index), side, &name);
        let first = self.pictures.first_view(index);
        for (at, view) in shown(face).into_iter().enumerate() {
            let label = format!("{name}: {} {}", words::role(view.role), at + 1);
            let picture = |side: f32| self.pictures.view(first + at, side);
            cell::view(ui, view, side, &label, picture).on_hover_ui(|ui| {
                let side = paint::enlarged_side(ui, 1);
                ui.set_max_width(side.max(320.0));
                ui.strong(words::role(view.role));
                if let Some(image) = picture(side) {
                    ui.add(image);
                }
                for line in words::details(view, side_px) {
                    ui.label(line);
                }
                ui.colored_label(tone(ui, Tone::Dim), words::about_role(view.role));
            });
        }
        let more = face.views.len() - shown(face).len() + face.left_out;
        if more > 0 {
            ui.label(format!("and {more} more"));
        }
    }
}

fn question() -> Question {
    Question::Views { faces: FACES }
}

/// The views that are shown: all but those of many negatives.
fn shown(face: &ViewedFace) -> Vec<&View> {
    let mut negatives = 0;
    let views = face.views.iter().filter(|view| {
        negatives += usize::from(view.role == ViewRole::Negative);
        view.role != ViewRole::Negative || negatives <= NEGATIVES
    });
    views.collect()
}

/// What will be here, and when.
fn empty(state: &LabState) -> &'static str {
    if state.source == Source::Live && state.is_alive() {
        "After the first step: the faces that it read, and the views that it made of them."
    } else {
        "Here are the faces that go in, and the views made of them, while a network trains. The \
         record of a run does not keep them."
    }
}
