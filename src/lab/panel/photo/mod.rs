//! The photo panel: a picture of one's own, cropped like the faces of the training.

mod crop;
mod cropper;
mod load;
mod open;
mod results;
mod shot;

#[cfg(test)]
mod tests;

use std::path::Path;
use std::sync::Arc;

use eframe::egui::{ScrollArea, Ui, Vec2};

use super::morph::thumbs::pick;
use super::morph::words;
use super::{Panel, PanelKind};
use crate::data::{self, DecodeError};
use crate::lab::desk::{Command, Desk};
use crate::lab::state::LabState;
use crate::train::ask::{FaceId, Question};
use load::Loading;
use results::Results;
use shot::Shot;

/// Photos keep at most so many pixels a side: enough for a face in a group, and little memory.
const KEEP_PX: u32 = 2048;
/// Results stand beside the photo from this width on, in points.
const WIDE: f32 = 560.0;

/// Photos of this session, and what the network makes of the one that is shown.
#[derive(Default)]
pub struct Photo {
    shots: Vec<Shot>,
    shown: usize,
    loading: Vec<Loading>,
    trouble: Option<String>,
    path: String,
    results: Results,
}

impl Photo {
    /// Reads this image file in the background and shows it here.
    pub fn take_file(&mut self, path: &Path, desk: &mut Desk) {
        let name = path.file_name().unwrap_or(path.as_os_str());
        let name = name.to_string_lossy().into_owned();
        let path = path.to_owned();
        self.read(name, desk, move || data::decode_file(&path, KEEP_PX));
    }

    /// The face of the photo that is shown, once the network knows it.
    pub fn face(&self) -> Option<FaceId> {
        let shot = self.shots.get(self.shown)?;
        shot.is_used().then_some(shot.id)
    }

    fn read(
        &mut self,
        name: String,
        desk: &mut Desk,
        decode: impl FnOnce() -> Result<image::RgbImage, DecodeError> + Send + 'static,
    ) {
        desk.commands.push(Command::Show(PanelKind::Photo));
        match Loading::start(name, decode) {
            Ok(loading) => self.loading.push(loading),
            Err(sentence) => self.complain(sentence, desk),
        }
    }

    fn complain(&mut self, sentence: String, desk: &mut Desk) {
        desk.say(sentence.as_str());
        self.trouble = Some(sentence);
    }

    /// Takes over what has been read; the photo before stays where one cannot be used.
    fn poll(&mut self, ui: &Ui, desk: &mut Desk) {
        let loading = std::mem::take(&mut self.loading);
        for loading in loading {
            match loading.poll() {
                None => self.loading.push(loading),
                Some(Err(sentence)) => self.complain(sentence, desk),
                Some(Ok(picture)) => {
                    let id = FaceId(FaceId::FIRST_PHOTO + self.shots.len() as u32);
                    self.shots
                        .push(Shot::new(id, loading.name().into(), picture));
                    self.shown = self.shots.len() - 1;
                    self.trouble = None;
                }
            }
        }
        if !self.loading.is_empty() {
            ui.ctx().request_repaint_after(load::POLL);
        }
    }

    /// Small pictures of all photos of this session, to switch between them.
    fn choose(&mut self, ui: &mut Ui) {
        if self.shots.len() < 2 {
            return;
        }
        ui.horizontal_wrapped(|ui| {
            for (index, shot) in self.shots.iter_mut().enumerate() {
                let label = format!("Photo: {}", shot.name);
                let image = shot.thumb(ui.ctx(), 40.0);
                if pick(ui, image, 40.0, index == self.shown, &label) {
                    self.shown = index;
                }
            }
        });
    }

    /// The photo with its crop box, and what can be done with it.
    fn photo(&mut self, ui: &mut Ui, state: &LabState, room: Vec2, desk: &mut Desk) {
        let Some(shot) = self.shots.get_mut(self.shown) else {
            return;
        };
        shot.crop_ui(ui, room);
        let nobody = words::nobody_to_ask(state);
        ui.horizontal_wrapped(|ui| {
            let may = nobody.is_none() && !shot.is_up_to_date();
            let why = nobody.unwrap_or("The network knows this crop already.");
            let pressed = ui
                .add_enabled_ui(may, |ui| ui.button("Use this crop"))
                .inner
                .on_hover_text("Show the network what is inside the box.")
                .on_disabled_hover_text(why)
                .clicked();
            if (pressed || (nobody.is_none() && shot.is_due(ui)))
                && let Some(face) = shot.send()
            {
                let (name, face) = (shot.name.clone(), Arc::new(face));
                desk.commands.push(Command::AddFace { name, face });
            }
            if ui
                .add_enabled_ui(shot.is_used(), |ui| ui.button("Morph it"))
                .inner
                .on_hover_text("Mix this face with another, or turn its head.")
                .on_disabled_hover_text("Use the crop first.")
                .clicked()
            {
                desk.commands.push(Command::Morph(shot.id));
            }
        });
        ui.small(
            "The network was trained on faces cropped tightly: forehead to chin. Drag the box \
             there, or its corners; or use the arrow keys, + and −.",
        );
    }
}

impl Panel for Photo {
    fn ui(&mut self, ui: &mut Ui, state: &LabState, desk: &mut Desk) {
        self.poll(ui, desk);
        let room = ui.available_size();
        ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
            let top = ui.cursor().top();
            if let Some(path) = open::ui(ui, &mut self.path, self.shots.is_empty(), desk) {
                self.take_file(&path, desk);
            }
            open::news(ui, &self.loading, self.trouble.as_deref());
            self.choose(ui);
            if self.shots.is_empty() {
                open::drop_zone(ui, room.y - (ui.cursor().top() - top));
                return;
            }
            // Under the photo: a line of buttons and up to three of small text.
            let left = room.y - (ui.cursor().top() - top) - 100.0;
            if ui.available_width() < WIDE {
                let size = Vec2::new(ui.available_width(), left.max(170.0));
                self.photo(ui, state, size, desk);
                ui.separator();
                self.results.ui(ui, state, self.face());
                return;
            }
            ui.horizontal_top(|ui| {
                let width = ui.available_width() * 0.42;
                ui.vertical(|ui| {
                    ui.set_width(width);
                    self.photo(ui, state, Vec2::new(width, left.max(170.0)), desk);
                });
                ui.vertical(|ui| self.results.ui(ui, state, self.face()));
            });
        });
    }

    fn questions(&self, state: &LabState) -> Vec<Question> {
        // Not before the face is in the list: then the trainer knows it too.
        let known = self.face().filter(|id| state.face(*id).is_some());
        known.map_or_else(Vec::new, |face| results::questions(state, face).into())
    }
}
