//! Pinned faces through training: the same column of every kept picture, old to new.

use std::sync::Arc;

use eframe::egui::{Align2, ComboBox, FontId, ScrollArea, Sense, Ui, Vec2, vec2};

use super::lattice::Lattice;
use super::thumbs::{FACE_BYTES, FACE_PX, FaceSheet};
use super::{columns, name, paint};
use crate::lab::look::theme::{Tone, tone};
use crate::lab::look::tiles::{TileSheet, tile_bytes};
use crate::lab::state::{LabState, Snapshot};
use crate::train::ask::{FACES_COLUMNS, FaceId};

/// Side of a tile in points.
const SIDE: f32 = 60.0;
/// Room for the step numbers, in points.
const HEADING: f32 = 18.0;
/// The decoded columns; the first one there is gets shown until the user chooses.
const DECODED: &[&str] = FACES_COLUMNS.split_at(2).1;

/// Height that a strip of so many faces takes, in points.
pub(super) fn height(faces: usize) -> f32 {
    70.0 + lattice(faces, 0).size().y
}

fn lattice(faces: usize, columns: usize) -> Lattice {
    Lattice {
        rows: faces,
        columns,
        headings: vec2(0.0, HEADING),
        side: SIDE,
        origin: Default::default(),
    }
}

/// One place of the strip.
#[derive(Debug, PartialEq)]
pub(super) struct Place {
    /// Index of the snapshot.
    pub snapshot: usize,
    /// Steps done.
    pub step: u64,
    /// For each pinned face the tile in that snapshot.
    pub tiles: Vec<Option<usize>>,
}

/// The snapshots that have the column and at least one of the faces, with the tiles.
pub(super) fn places(snapshots: &[Snapshot], faces: &[FaceId], column: &str) -> Vec<Place> {
    let place = |(index, snapshot): (usize, &Snapshot)| {
        let columns = &snapshot.grid.columns;
        let column = columns.iter().position(|heading| heading == column)?;
        let tile = |face: &FaceId| {
            let row = snapshot.faces.iter().position(|shown| shown == face)?;
            Some(row * columns.len() + column)
        };
        let tiles: Vec<Option<usize>> = faces.iter().map(tile).collect();
        tiles.iter().any(Option::is_some).then_some(Place {
            snapshot: index,
            step: snapshot.step,
            tiles,
        })
    };
    snapshots.iter().enumerate().filter_map(place).collect()
}

/// The columns that can be followed.
fn available(snapshots: &[Snapshot]) -> impl Iterator<Item = &'static str> + '_ {
    let there = |column: &&str| {
        let has = |snapshot: &Snapshot| snapshot.grid.columns.iter().any(|other| other == column);
        snapshots.iter().any(has)
    };
    DECODED.iter().copied().filter(there)
}

/// The strip: one row per pinned face.
#[derive(Default)]
pub(super) struct Strip {
    column: Option<&'static str>,
    sheet: TileSheet,
    shown: (Option<&'static str>, Vec<Place>),
}

impl Strip {
    /// Draws it; a snapshot that was clicked is returned by its index.
    pub fn ui(
        &mut self,
        ui: &mut Ui,
        state: &LabState,
        pins: &[FaceId],
        thumbs: &FaceSheet,
        shown: Option<usize>,
    ) -> Option<usize> {
        ui.separator();
        let snapshots = &state.snapshots.reconstructions;
        let column = self.choose(ui, snapshots)?;
        let places = places(snapshots, pins, column);
        if places.is_empty() {
            ui.label("The strip begins with the next picture that shows a pinned face.");
            return None;
        }
        self.show(ui, snapshots, places, column);
        let mut clicked = None;
        ui.horizontal_top(|ui| {
            originals(ui, state, pins, thumbs);
            ScrollArea::horizontal()
                .id_salt("strip")
                .stick_to_right(true)
                .show(ui, |ui| clicked = self.tiles(ui, state, pins, shown));
        });
        clicked
    }

    /// Which column to follow.
    fn choose(&mut self, ui: &mut Ui, snapshots: &[Snapshot]) -> Option<&'static str> {
        let there: Vec<&'static str> = available(snapshots).collect();
        let mut column = self
            .column
            .filter(|column| there.contains(column))
            .or(there.first().copied())?;
        paint::row(ui, |ui| {
            let label = ui.label("Pinned faces, old to new:");
            let choice = ComboBox::from_id_salt("followed column")
                .width(ui.available_width().min(180.0))
                .selected_text(columns::words(column))
                .show_ui(ui, |ui| {
                    for &other in &there {
                        let text = columns::words(other);
                        if ui.selectable_label(other == column, text).clicked() {
                            self.column = Some(other);
                            column = other;
                        }
                    }
                });
            let about = columns::about(column);
            choice.response.labelled_by(label.id).on_hover_text(about);
        });
        Some(column)
    }

    /// Puts the tiles on one texture; does nothing while they are the same.
    fn show(&mut self, ui: &Ui, snapshots: &[Snapshot], places: Vec<Place>, column: &'static str) {
        if self.shown.0 == Some(column) && self.shown.1 == places {
            return;
        }
        let mut pixels = Vec::with_capacity(places.len() * FACE_BYTES);
        for place in &places {
            for tile in &place.tiles {
                let grid = &snapshots[place.snapshot].grid;
                let bytes = tile.and_then(|tile| tile_bytes(grid, tile));
                match bytes.filter(|bytes| bytes.len() == FACE_BYTES) {
                    Some(bytes) => pixels.extend_from_slice(bytes),
                    None => pixels.resize(pixels.len() + FACE_BYTES, 0),
                }
            }
        }
        self.sheet.show(ui.ctx(), &Arc::new(pixels), FACE_PX);
        self.shown = (Some(column), places);
    }

    fn tiles(
        &self,
        ui: &mut Ui,
        state: &LabState,
        pins: &[FaceId],
        shown: Option<usize>,
    ) -> Option<usize> {
        let places = &self.shown.1;
        let mut lattice = lattice(pins.len(), places.len());
        let (rect, _) = ui.allocate_exact_size(lattice.size(), Sense::hover());
        lattice.origin = rect.min;
        let mut clicked = None;
        for (at, place) in places.iter().enumerate() {
            let heading = lattice.column_heading(at);
            if !ui.is_rect_visible(heading.union(lattice.cell(pins.len() - 1, at))) {
                continue;
            }
            let is_shown = shown == Some(place.snapshot);
            ui.painter().text(
                heading.center(),
                Align2::CENTER_CENTER,
                place.step,
                FontId::proportional(paint::SMALL),
                tone(ui, if is_shown { Tone::Ink } else { Tone::Dim }),
            );
            for (row, (&face, tile)) in pins.iter().zip(&place.tiles).enumerate() {
                let index = at * pins.len() + row;
                let image = tile.and_then(|_| self.sheet.tile(index, SIDE));
                let cell = lattice.cell(row, at);
                let label = || format!("{} after step {}", name(state, face), place.step);
                let id = ("strip", place.step, row);
                let response = paint::tile(ui, image, cell, id, Sense::click(), label);
                if is_shown {
                    paint::outline(ui, cell);
                }
                if response.clicked() {
                    clicked = Some(place.snapshot);
                }
                response.on_hover_ui(|ui| {
                    ui.label(label());
                    if let Some(image) = self.sheet.tile(index, paint::enlarged_side(ui, 1)) {
                        ui.add(image);
                    }
                    ui.label("Click to look at all pictures of this step.");
                });
            }
        }
        clicked
    }
}

/// The pinned faces as they go in, which stay in sight while the strip scrolls.
fn originals(ui: &mut Ui, state: &LabState, pins: &[FaceId], thumbs: &FaceSheet) {
    let mut lattice = lattice(pins.len(), 1);
    let size = lattice.size() + Vec2::new(6.0, 0.0);
    let (rect, _) = ui.allocate_exact_size(size, Sense::hover());
    lattice.origin = rect.min;
    let dim = tone(ui, Tone::Dim);
    ui.painter().text(
        lattice.column_heading(0).center(),
        Align2::CENTER_CENTER,
        "the face",
        FontId::proportional(paint::SMALL),
        dim,
    );
    for (row, &face) in pins.iter().enumerate() {
        let cell = lattice.cell(row, 0);
        let label = || format!("{} as it goes in", name(state, face));
        let image = thumbs.tile(face, SIDE);
        paint::tile(ui, image, cell, ("original", row), Sense::hover(), label)
            .on_hover_text(label());
    }
    ui.painter()
        .vline(rect.right() - 2.0, rect.y_range(), (1.0, dim));
}
