//! The codes of some faces in two dimensions: alike codes lie close together.

mod align;
mod background;
mod chart;
mod choice;
mod colour;
mod layout;
mod paint;
mod scene;
mod words;

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use eframe::egui::{ComboBox, ProgressBar, ScrollArea, TextStyle, Ui, vec2};

use super::Panel;
use super::knowledge::sentence::{self, sentence};
use crate::figure;
use crate::figure::map::MapPanel;
use crate::lab::desk::Desk;
use crate::lab::look::glossary;
use crate::lab::look::theme::{self, Tone, tone};
use crate::lab::look::tiles::TileSheet;
use crate::lab::state::LabState;
use crate::record::grid;
use crate::train::ask::{Answer, CodeSet, Question, Reply};
use chart::Chart;
use choice::{Code, Method};
use colour::ColourBy;
use layout::{Layout, Layouts, code_set};
use paint::Paint;
use scene::Scene;

/// What the panel asks for as long as it is visible.
const QUESTION: Question = Question::Codes { pictures: 200 };
/// Name of the picture.
const PICTURE: &str = "map.png";
/// Least height of the map.
const LEAST_HEIGHT_PX: f32 = 120.0;
/// Tiles that are lower have room for the map only.
const SMALL_PX: f32 = 300.0;

/// The tile.
#[derive(Clone, Copy)]
struct Room {
    /// Its lower end.
    bottom: f32,
    is_small: bool,
}

/// How often the progress of a t-SNE is looked at.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// The panel "Map".
#[derive(Default)]
pub struct Map {
    code: Code,
    method: Method,
    colour: ColourBy,
    thumbnails: bool,
    layouts: Layouts,
    scene: Scene,
    paint: Option<Paint>,
    sheet: TileSheet,
    /// The class that was pointed at in the key.
    lit: Option<usize>,
}

impl Panel for Map {
    fn ui(&mut self, ui: &mut Ui, state: &LabState, desk: &mut Desk) {
        let Some(answer) = state.answers.like(&QUESTION) else {
            ui.label(words::empty(state));
            return;
        };
        match &answer.reply {
            Reply::Codes(set) => {
                self.layouts
                    .update(ui.ctx(), answer, self.code, self.method);
                let room = Room {
                    bottom: ui.max_rect().bottom(),
                    is_small: ui.available_height() < SMALL_PX,
                };
                ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
                    // Labels beside buttons stand in the middle of their line.
                    ui.spacing_mut().interact_size.y = 26.0;
                    self.choices(ui, set, desk, room);
                    self.drawn(ui, answer, room);
                });
            }
            Reply::No(reason) => {
                ui.label(reason);
            }
            _ => {
                ui.label(words::empty(state));
            }
        }
    }

    fn questions(&self, _state: &LabState) -> Vec<Question> {
        vec![QUESTION]
    }
}

impl Map {
    fn choices(&mut self, ui: &mut Ui, set: &CodeSet, desk: &mut Desk, room: Room) {
        let available = ColourBy::available(&set.labels);
        self.colour = self.colour.or_first(&available);
        ui.horizontal_wrapped(|ui| {
            for code in Code::ALL {
                self.code_button(ui, code);
            }
            ui.separator();
            for method in Method::ALL {
                ui.selectable_value(&mut self.method, method, method.name())
                    .on_hover_text(method.about());
            }
            if room.is_small && available.len() > 1 {
                self.colour_box(ui, &available);
            }
            ui.checkbox(&mut self.thumbnails, "Faces as points");
            if ui.button("Save picture").clicked() {
                self.save(desk);
            }
        });
        if available.len() == 1 {
            ui.label("These faces have no labels, so the points have no colours.");
        } else if !room.is_small {
            ui.horizontal_wrapped(|ui| {
                ui.label("Colour:");
                for by in available {
                    ui.selectable_value(&mut self.colour, by, by.name());
                }
            });
        }
    }

    fn colour_box(&mut self, ui: &mut Ui, available: &[ColourBy]) {
        ComboBox::from_id_salt("colour")
            .width(96.0)
            .selected_text(self.colour.name())
            .show_ui(ui, |ui| {
                for &by in available {
                    ui.selectable_value(&mut self.colour, by, by.name());
                }
            })
            .response
            .accessible_name("Colour")
            .on_hover_text("What the colours of the points show.");
    }

    fn code_button(&mut self, ui: &mut Ui, code: Code) {
        let is_chosen = self.code == code;
        let size = TextStyle::Button.resolve(ui.style()).size;
        let colour = if is_chosen {
            ui.visuals().selection.stroke.color
        } else {
            tone(ui, theme::code(code.name()))
        };
        let button = ui
            .selectable_label(is_chosen, sentence::job(code.name(), size, colour))
            .accessible_name(code.name())
            .on_hover_text(glossary::about(code.name()));
        if button.clicked() {
            self.code = code;
        }
    }

    fn drawn(&mut self, ui: &mut Ui, answer: &Arc<Answer>, room: Room) {
        // In a small tile the map is the first thing to see.
        if !room.is_small {
            sentence(ui, self.code.look_for(), tone(ui, Tone::Ink));
        }
        if self.method == Method::Tsne {
            self.tsne_controls(ui, answer);
        }
        let now_s = ui.input(|input| input.time);
        match self.layouts.of(self.code, self.method) {
            Some(Ok(layout)) => self.scene.show(layout, now_s),
            Some(Err(reason)) => {
                ui.label(format!("There is no map: {reason}."));
                return;
            }
            // The PCA of another code stays until this one is there, a moment later.
            None if self.method == Method::Pca => {}
            None => return,
        }
        let Some(layout) = self.scene.layout().cloned() else {
            ui.label("The map is being made.");
            return;
        };
        if self.scene.is_gliding(now_s) {
            ui.ctx().request_repaint();
        }
        self.map(ui, &layout, now_s, room);
        if room.is_small {
            sentence(ui, self.code.look_for(), tone(ui, Tone::Ink));
        }
    }

    fn map(&mut self, ui: &mut Ui, layout: &Layout, now_s: f64, room: Room) {
        let Some(set) = layout.set() else {
            return;
        };
        let paint = match self.paint.take() {
            Some(paint) if paint.is_of(set, self.colour) => paint,
            _ => Paint::new(set, self.colour),
        };
        if !room.is_small {
            self.lit = paint.key(ui);
        }
        let title = layout.title();
        let height = room.bottom - ui.cursor().top() - 30.0;
        let size = vec2(ui.available_width(), height.max(LEAST_HEIGHT_PX));
        let chart = Chart {
            set,
            places: &self.scene.places(now_s),
            paint: &paint,
            lit: self.lit,
            thumbnails: self.thumbnails,
            title: &title,
        };
        chart.ui(ui, &mut self.sheet, size);
        if room.is_small {
            self.lit = paint.key(ui);
        }
        sentence(ui, &format!("{title}: {}.", set.words), tone(ui, Tone::Dim));
        self.paint = Some(paint);
    }

    fn tsne_controls(&mut self, ui: &mut Ui, answer: &Arc<Answer>) {
        if let Some((done, due)) = self.layouts.tsne_progress(self.code) {
            let text = format!("t-SNE: {done} of {due} iterations");
            let width = ui.available_width().min(320.0);
            ui.add(
                ProgressBar::new(done as f32 / due as f32)
                    .desired_width(width)
                    .text(text),
            );
            ui.ctx().request_repaint_after(LOOK_AGAIN);
            return;
        }
        ui.horizontal_wrapped(|ui| {
            let made = self.layouts.of(self.code, Method::Tsne);
            let made = made.and_then(|outcome| outcome.as_ref().ok());
            let (button, text) = match made {
                None => (
                    "Make the map",
                    "t-SNE looks for neighbours; that takes some seconds.".into(),
                ),
                Some(layout) if layout.answer.step < answer.step => {
                    let steps = answer.step - layout.answer.step;
                    let made = layout.answer.step;
                    (
                        "Make again",
                        format!("t-SNE of step {made}, {steps} steps ago."),
                    )
                }
                Some(layout) => (
                    "Make again",
                    format!("t-SNE of step {}.", layout.answer.step),
                ),
            };
            if ui.button(button).clicked() {
                self.layouts.start_tsne(ui.ctx(), answer, self.code);
            }
            ui.label(text);
        });
    }

    fn save(&self, desk: &mut Desk) {
        let is_chosen =
            |layout: &&Arc<Layout>| (layout.code, layout.method) == (self.code, self.method);
        let picture = (self.scene.layout().filter(is_chosen)).and_then(|layout| {
            let set = code_set(&layout.answer)?;
            Some(MapPanel {
                title: layout.title(),
                points: self.scene.goal().to_vec(),
                colour: self.colour.colouring(set),
            })
        });
        let Some(panel) = picture else {
            desk.say("There is no map to save yet.");
            return;
        };
        let drawn = figure::map::draw(&[panel]).map_err(|error| error.to_string());
        let bytes = drawn.and_then(|it| grid::encode(&it).map_err(|error| error.to_string()));
        match bytes {
            Ok(bytes) => desk.save(PICTURE, bytes),
            Err(reason) => desk.say(format!("{PICTURE} could not be written: {reason}")),
        }
    }
}
