//! The swap matrix: rows lend the look, columns the pose.

use eframe::egui::epaint::TextShape;
use eframe::egui::{Align2, FontId, Sense, Ui, Vec2, vec2};

use super::lattice::{self, Lattice};
use super::moment::Moment;
use super::thumbs::FaceSheet;
use super::{name, paint, save};
use crate::lab::look::theme::{Tone, tone};
use crate::lab::look::tiles::{TileSheet, tile_bytes};
use crate::lab::state::{LabState, Snapshot, Source};
use crate::train::ask::{Answer, FaceId, Question, Reply};
use crate::train::event::FaceGrid;

/// Room for the captions of both axes, in points.
const CAPTION: f32 = 20.0;

/// A matrix of the record or an answer.
#[derive(Clone, Debug)]
pub(super) struct Matrix<'a> {
    pub step: u64,
    looks: &'a [FaceId],
    poses: &'a [FaceId],
    grid: &'a FaceGrid,
    /// Rows and columns of originals before the matrix begins.
    edge: usize,
}

impl<'a> Matrix<'a> {
    fn recorded(snapshot: &'a Snapshot) -> Self {
        let grid = &snapshot.grid;
        let side = grid.rows.saturating_sub(1).min(snapshot.faces.len());
        Self {
            step: snapshot.step,
            looks: &snapshot.faces[..side],
            poses: &snapshot.faces[..side],
            grid,
            edge: 1,
        }
    }

    fn answered(answer: &'a Answer) -> Option<Self> {
        let (Question::Swap { looks, poses }, Reply::Grid(grid)) =
            (&answer.question, &answer.reply)
        else {
            return None;
        };
        looks.first()?;
        Some(Self {
            step: answer.step,
            looks,
            poses,
            grid,
            edge: 0,
        })
    }

    /// The tile with this look in this pose.
    pub fn tile(&self, look: FaceId, pose: FaceId) -> Option<usize> {
        let row = self.looks.iter().position(|&face| face == look)?;
        let column = self.poses.iter().position(|&face| face == pose)?;
        Some((row + self.edge) * self.grid.columns.len() + column + self.edge)
    }
}

/// All there are, oldest first: those of the record, then the latest answer.
fn matrices(state: &LabState) -> Vec<Matrix<'_>> {
    let mut all: Vec<Matrix> = state.snapshots.swaps.iter().map(Matrix::recorded).collect();
    let newest = all.last().map_or(0, |matrix| matrix.step);
    let answers = state.answers.newest_first();
    let mut answered = answers
        .filter_map(|answer| Matrix::answered(answer))
        // The photo panel asks too, with its photo in front; here the run's faces come first.
        .filter(|matrix| !matrix.looks[0].is_photo() || matrix.looks.iter().all(|id| id.is_photo()))
        .filter(|matrix| state.source == Source::Live && matrix.step >= newest);
    all.extend(answered.next());
    all
}

/// The steps there are pictures of, oldest first.
pub(super) fn steps(state: &LabState) -> Vec<u64> {
    let all = matrices(state);
    all.iter().map(|matrix| matrix.step).collect()
}

/// Which matrix is shown.
pub(super) fn shown(state: &LabState, moment: &Moment) -> Option<usize> {
    let steps = steps(state);
    moment.past_index(&steps).or(steps.len().checked_sub(1))
}

fn shown_matrix<'a>(state: &'a LabState, moment: &Moment) -> Option<Matrix<'a>> {
    let index = shown(state, moment)?;
    matrices(state).into_iter().nth(index)
}

/// The faces of what is shown.
pub(super) fn faces(state: &LabState, moment: &Moment) -> Vec<FaceId> {
    let matrix = shown_matrix(state, moment);
    matrix.map_or_else(Vec::new, |matrix| matrix.looks.to_vec())
}

/// What is shown, with the originals along both edges.
pub(super) fn picture(state: &LabState, moment: &Moment, chosen: &[FaceId]) -> Option<FaceGrid> {
    let matrix = shown_matrix(state, moment)?;
    let (looks, poses) = within(&matrix, chosen);
    let face = |id: FaceId| state.face(id).map(|face| face.pixels.as_slice());
    let mut tiles = vec![None];
    tiles.extend(poses.iter().map(|&pose| face(pose)));
    for &look in &looks {
        tiles.push(face(look));
        tiles.extend(poses.iter().map(|&pose| {
            let tile = matrix.tile(look, pose)?;
            tile_bytes(matrix.grid, tile)
        }));
    }
    let mut columns = vec!["look \\ pose".to_owned()];
    columns.extend(poses.iter().map(|&pose| name(state, pose)));
    let rows = looks.len() + 1;
    Some(save::grid(matrix.grid, columns, rows, tiles.into_iter()))
}

/// The chosen faces that the matrix has: as rows and as columns.
fn within(matrix: &Matrix, chosen: &[FaceId]) -> (Vec<FaceId>, Vec<FaceId>) {
    let of = |there: &[FaceId]| {
        let kept = chosen.iter().filter(|id| there.contains(id));
        kept.copied().collect()
    };
    (of(matrix.looks), of(matrix.poses))
}

/// The matrix on the screen.
#[derive(Default)]
pub(super) struct Swap {
    sheet: TileSheet,
}

impl Swap {
    /// Draws it with the originals along both edges.
    pub fn ui(
        &mut self,
        ui: &mut Ui,
        state: &LabState,
        chosen: &[FaceId],
        moment: &Moment,
        thumbs: &FaceSheet,
        space: Vec2,
    ) {
        let Some(matrix) = shown_matrix(state, moment) else {
            return;
        };
        let (looks, poses) = within(&matrix, chosen);
        if looks.is_empty() || poses.is_empty() {
            return;
        }
        self.sheet.show_grid(ui.ctx(), matrix.grid);
        lattice::scroll("swap", space).show(ui, |ui| {
            let headings = Vec2::splat(CAPTION);
            let (rows, columns) = (looks.len() + 1, poses.len() + 1);
            let mut lattice = Lattice::fitting(rows, columns, headings, space);
            let (rect, _) = ui.allocate_exact_size(lattice.size(), Sense::hover());
            lattice.origin = rect.min;
            axes(ui, &lattice);
            for (at, &pose) in poses.iter().enumerate() {
                let label = || format!("The pose of {}", said(state, pose));
                original(ui, thumbs, pose, &lattice, (0, at + 1), label);
            }
            for (row, &look) in looks.iter().enumerate() {
                let label = || format!("The look of {}", said(state, look));
                original(ui, thumbs, look, &lattice, (row + 1, 0), label);
                for (column, &pose) in poses.iter().enumerate() {
                    let Some(tile) = matrix.tile(look, pose) else {
                        continue;
                    };
                    let cell = lattice.cell(row + 1, column + 1);
                    let label = || {
                        let (look, pose) = (said(state, look), said(state, pose));
                        format!("Look of {look} in the pose of {pose}")
                    };
                    let image = self.sheet.tile(tile, lattice.side);
                    let id = (row + 1, column + 1);
                    paint::tile(ui, image, cell, id, Sense::hover(), label)
                        .on_hover_ui(|ui| self.enlarged(ui, state, thumbs, (look, pose), tile));
                }
            }
        });
    }

    /// Look, pose and what comes of them beside each other.
    fn enlarged(
        &self,
        ui: &mut Ui,
        state: &LabState,
        thumbs: &FaceSheet,
        (look, pose): (FaceId, FaceId),
        tile: usize,
    ) {
        let side = paint::enlarged_side(ui, 3);
        ui.set_max_width(3.0 * (side + 8.0));
        let pictures = [
            (
                format!("look of {}", said(state, look)),
                thumbs.tile(look, side),
            ),
            (
                format!("in the pose of {}", said(state, pose)),
                thumbs.tile(pose, side),
            ),
            ("decoded".to_owned(), self.sheet.tile(tile, side)),
        ];
        ui.horizontal_top(|ui| {
            for (caption, image) in pictures {
                ui.vertical(|ui| {
                    ui.set_width(side);
                    ui.label(caption);
                    image.map(|image| ui.add(image));
                });
            }
        });
        ui.label(if look == pose {
            "A face's own look in its own pose: should look like the face itself."
        } else {
            "Should be the person of the first picture with the head turned as in the second."
        });
    }
}

/// A face's name within a sentence.
fn said(state: &LabState, id: FaceId) -> String {
    let name = name(state, id);
    if id.is_photo() {
        name
    } else {
        name.to_lowercase()
    }
}

fn original(
    ui: &Ui,
    thumbs: &FaceSheet,
    id: FaceId,
    lattice: &Lattice,
    (row, column): (usize, usize),
    label: impl Fn() -> String,
) {
    let cell = lattice.cell(row, column);
    let image = thumbs.tile(id, lattice.side);
    paint::tile(ui, image, cell, (row, column), Sense::hover(), &label).on_hover_ui(|ui| {
        ui.label(label());
        if let Some(image) = thumbs.tile(id, paint::enlarged_side(ui, 1)) {
            ui.add(image);
        }
    });
}

/// Captions of both axes, and lines between the originals and the matrix.
fn axes(ui: &Ui, lattice: &Lattice) {
    let colour = ui.visuals().text_color();
    let font = FontId::proportional(14.5);
    let (first, last) = (
        lattice.cell(1, 1),
        lattice.cell(lattice.rows - 1, lattice.columns - 1),
    );
    ui.painter().text(
        first.left_top() - vec2(0.0, lattice.side + 6.0),
        Align2::LEFT_BOTTOM,
        "in the pose of …",
        font.clone(),
        colour,
    );
    let text = ui
        .painter()
        .layout_no_wrap("Look of …".to_owned(), font, colour);
    let place = first.left_top() + vec2(-lattice.side - 6.0 - text.size().y, text.size().x);
    let turned = TextShape::new(place, text, colour).with_angle(-std::f32::consts::FRAC_PI_2);
    ui.painter().add(turned);
    let line = (1.0, tone(ui, Tone::Dim));
    let corner = first.left_top() - Vec2::splat(2.0);
    ui.painter()
        .hline(lattice.cell(1, 0).left()..=last.right(), corner.y, line);
    ui.painter()
        .vline(corner.x, lattice.cell(0, 1).top()..=last.bottom(), line);
}
