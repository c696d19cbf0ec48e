//! What the network makes of a photo: decoded from its codes, and swapped with other faces.

use std::sync::Arc;

use eframe::egui::{Color32, Ui, Vec2};

use super::super::morph::thumbs::Thumbs;
use super::super::morph::words;
use crate::lab::look::symbol::symbol;
use crate::lab::look::tiles::TileSheet;
use crate::lab::state::{Face, LabState};
use crate::train::ask::{Answer, FaceId, Question, Reply};
use crate::train::event::FaceGrid;

/// Columns of the reconstructions that are shown; those of single codes are left to the faces
/// panel.
const COLUMNS: usize = 6;
/// Faces of the run in the matrix, beside the photo.
const OTHERS: usize = 4;
/// Smallest and largest side of a reconstruction, in points: a heading must fit.
const TILE: [f32; 2] = [84.0, 132.0];
/// Smallest and largest side of a picture of the matrix, in points.
const CELL: [f32; 2] = [36.0, 96.0];
/// Between pictures, in points.
const GAP: f32 = 4.0;

/// The answers with their pictures.
#[derive(Default)]
pub struct Results {
    faces: Kept,
    swap: Kept,
    thumbs: Thumbs,
}

/// The latest answer to a question of ours. Another panel may ask one of the same kind; its
/// answers must not take the place of ours.
#[derive(Default)]
struct Kept {
    answer: Option<Arc<Answer>>,
    sheet: TileSheet,
}

impl Kept {
    fn update(&mut self, state: &LabState, question: &Question) -> Option<Arc<Answer>> {
        let latest = state.answers.like(question);
        if let Some(answer) = latest.filter(|answer| answer.question == *question) {
            self.answer = Some(answer.clone());
        }
        let ours = |answer: &&Arc<Answer>| answer.question == *question;
        self.answer.as_ref().filter(ours).cloned()
    }

    /// Makes the pictures of the answer ready; where there are none, says why instead.
    fn show(&mut self, ui: &mut Ui, state: &LabState, question: &Question) -> Option<FaceGrid> {
        let Some(answer) = self.update(state, question) else {
            ui.label(words::waiting(state));
            return None;
        };
        match &answer.reply {
            Reply::Grid(grid) => {
                self.sheet.show_grid(ui.ctx(), grid);
                Some(grid.clone())
            }
            Reply::No(why) => {
                ui.label(why);
                None
            }
            _ => None,
        }
    }
}

/// What the network is asked about a photo.
pub fn questions(state: &LabState, face: FaceId) -> [Question; 2] {
    let faces = vec![face];
    let looks = company(state, face);
    let poses = looks.clone();
    [Question::Faces { faces }, Question::Swap { looks, poses }]
}

/// The photo and some faces of the run.
fn company(state: &LabState, face: FaceId) -> Vec<FaceId> {
    let others = state.gallery().into_iter().take(OTHERS);
    std::iter::once(face).chain(others).collect()
}

impl Results {
    /// Draws what is known about the photo's face; `None`: it was not used yet.
    pub fn ui(&mut self, ui: &mut Ui, state: &LabState, face: Option<FaceId>) {
        let Some(face) = face else {
            ui.label(words::nobody_to_ask(state).unwrap_or(
                "Place the box and press “Use this crop”: then this face is rebuilt from its \
                 codes here, mirrored, and swapped with faces of the run.",
            ));
            return;
        };
        let [faces, swap] = questions(state, face);
        ui.strong("Rebuilt from its codes");
        self.faces(ui, state, &faces);
        ui.add_space(6.0);
        ui.horizontal_wrapped(|ui| {
            ui.strong("Swapped:");
            ui.label("look of the row");
            symbol(ui, "F_f");
            ui.label("in the pose of the column");
            symbol(ui, "F_p");
        });
        self.swap(ui, state, &swap, &company(state, face));
    }

    fn faces(&mut self, ui: &mut Ui, state: &LabState, question: &Question) {
        let Some(grid) = self.faces.show(ui, state, question) else {
            return;
        };
        let width = ui.available_width();
        // As many in a row as have room for their headings, and none alone in the last row.
        let fits = |count: &usize| even(width, *count, [0.0, f32::MAX]) >= TILE[0];
        let per_row = [COLUMNS, 3, 2].into_iter().find(fits).unwrap_or(1);
        let side = even(width, per_row, TILE);
        let shown: Vec<(usize, &String)> = grid.columns.iter().enumerate().take(COLUMNS).collect();
        for row in shown.chunks(per_row) {
            ui.horizontal(|ui| {
                ui.spacing_mut().item_spacing = Vec2::splat(GAP);
                for &(index, heading) in row {
                    ui.vertical(|ui| {
                        ui.set_width(side);
                        symbol(ui, heading);
                        if let Some(image) = self.faces.sheet.tile(index, side) {
                            ui.add(image.alt_text(heading.as_str()));
                        }
                    });
                }
            });
        }
        ui.small(format!("network of step {}", grid.step));
    }

    fn swap(&mut self, ui: &mut Ui, state: &LabState, question: &Question, shown: &[FaceId]) {
        let Some(grid) = self.swap.show(ui, state, question) else {
            return;
        };
        let known: Vec<&Face> = shown.iter().filter_map(|id| state.face(*id)).collect();
        let count = known.len();
        let side = even(ui.available_width(), count + 1, CELL);
        ui.spacing_mut().item_spacing = Vec2::splat(GAP);
        // Originals along both edges, as in every swap matrix of the window.
        ui.horizontal(|ui| {
            ui.add_space(side + GAP);
            for face in &known {
                self.original(ui, face, side, "pose of");
            }
        });
        for (row, look) in known.iter().enumerate() {
            ui.horizontal(|ui| {
                self.original(ui, look, side, "look of");
                for (column, pose) in known.iter().enumerate() {
                    if let Some(image) = self.swap.sheet.tile(row * count + column, side) {
                        let (look, pose) = (words::name(look), words::name(pose));
                        let text = format!("Look of {look}, pose of {pose}");
                        ui.add(image.alt_text(text.as_str())).on_hover_text(text);
                    }
                }
            });
        }
        ui.small(format!("network of step {}", grid.step));
    }

    /// A face along an edge of the matrix, paler than what is decoded.
    fn original(&mut self, ui: &mut Ui, face: &Face, side: f32, what: &str) {
        let text = format!("{what} {}", words::name(face));
        if let Some(image) = self.thumbs.image(ui, face, side) {
            let pale = Color32::from_white_alpha(150);
            ui.add(image.tint(pale).alt_text(text.as_str()))
                .on_hover_text(text);
        }
    }
}

/// Side of `count` pictures in a row.
fn even(width: f32, count: usize, [least, most]: [f32; 2]) -> f32 {
    ((width - 2.0) / count.max(1) as f32 - GAP).clamp(least, most)
}
