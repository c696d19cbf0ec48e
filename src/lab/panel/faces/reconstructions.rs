//! Each row a face, each column what the decoder makes of its codes.

use eframe::egui::{
    Align, Layout, Rect, Response, Role, Sense, Stroke, StrokeKind, Ui, UiBuilder, Vec2,
    WidgetInfo, pos2, vec2,
};

use super::enlarged::Enlarged;
use super::goal::{self, Goal};
use super::lattice::{self, Lattice};
use super::moment::Moment;
use super::strip::{self, Strip};
use super::thumbs::FaceSheet;
use super::{columns, name, paint, save};
use crate::lab::look::symbol;
use crate::lab::look::theme::{Tone, tone};
use crate::lab::look::tiles::TileSheet;
use crate::lab::state::{LabState, Snapshot};
use crate::train::ask::{FACES_COLUMNS, FaceId};
use crate::train::event::FaceGrid;

/// Room for the pin and the name of a row, in points.
const ROW_HEADING: f32 = 82.0;
/// Room for a heading of symbols, in points.
const SYMBOL_HEADING: f32 = 26.0;
/// Room for symbols and two lines of words, in points.
const WORDS_HEADING: f32 = 58.0;
/// Words have room over tiles of this side, in points.
const WORDS_SIDE: f32 = 84.0;

/// The steps there are pictures of, oldest first.
pub(super) fn steps(state: &LabState) -> Vec<u64> {
    let snapshots = &state.snapshots.reconstructions;
    snapshots.iter().map(|snapshot| snapshot.step).collect()
}

/// Which snapshot is shown.
pub(super) fn shown(state: &LabState, moment: &Moment) -> Option<usize> {
    let snapshots = &state.snapshots.reconstructions;
    let newest = snapshots.len().checked_sub(1)?;
    if let Some(past) = moment.past_index(&steps(state)) {
        return Some(past);
    }
    // A picture of the run's own record, which has fewer columns, does not take the place of an
    // answer: the next answer is there in a moment.
    let is_answer = |snapshot: &Snapshot| snapshot.grid.columns.len() == FACES_COLUMNS.len();
    let answer = snapshots.iter().rposition(is_answer);
    answer.filter(|_| state.can_ask).or(Some(newest))
}

fn shown_snapshot<'a>(state: &'a LabState, moment: &Moment) -> Option<&'a Snapshot> {
    state.snapshots.reconstructions.get(shown(state, moment)?)
}

/// The faces of what is shown.
pub(super) fn faces(state: &LabState, moment: &Moment) -> Vec<FaceId> {
    let snapshot = shown_snapshot(state, moment);
    snapshot.map_or_else(Vec::new, |snapshot| snapshot.faces.clone())
}

/// What is shown, as one grid.
pub(super) fn picture(state: &LabState, moment: &Moment, chosen: &[FaceId]) -> Option<FaceGrid> {
    let snapshot = shown_snapshot(state, moment)?;
    let rows: Vec<usize> = rows(snapshot, chosen).map(|(_, row)| row).collect();
    Some(save::rows(&snapshot.grid, &rows))
}

/// The chosen faces that the snapshot has, each with its row.
fn rows<'a>(
    snapshot: &'a Snapshot,
    chosen: &'a [FaceId],
) -> impl Iterator<Item = (FaceId, usize)> + 'a {
    chosen.iter().filter_map(|&id| {
        let row = snapshot.faces.iter().position(|&face| face == id)?;
        (row < snapshot.grid.rows).then_some((id, row))
    })
}

/// The grid and the faces that are followed through training.
#[derive(Default)]
pub(super) struct Reconstructions {
    sheet: TileSheet,
    enlarged: Enlarged,
    pins: Vec<FaceId>,
    strip: Strip,
    goal: Goal,
}

impl Reconstructions {
    /// The faces to ask about: the chosen ones, and those that are followed.
    pub fn asked(&self, state: &LabState, chosen: &[FaceId]) -> Vec<FaceId> {
        let all = state.faces.iter().map(|face| face.id);
        all.filter(|id| chosen.contains(id) || self.pins.contains(id))
            .collect()
    }

    /// Draws the grid of the chosen faces, the goal beside it, and below it the strip of the pinned
    /// faces.
    pub fn ui(
        &mut self,
        ui: &mut Ui,
        state: &LabState,
        (chosen, goal): (&[FaceId], Option<&FaceGrid>),
        moment: &mut Moment,
        thumbs: &FaceSheet,
        mut space: Vec2,
    ) {
        if let Some(snapshot) = shown_snapshot(state, moment) {
            if !self.pins.is_empty() {
                space.y -= strip::height(self.pins.len());
            }
            lattice::scroll("grid", space).show(ui, |ui| {
                self.grid(ui, state, snapshot, (chosen, goal), space);
            });
        }
        if !self.pins.is_empty() {
            let shown = shown(state, moment);
            let clicked = self.strip.ui(ui, state, &self.pins, thumbs, shown);
            if let Some(index) = clicked {
                moment.go_to(&steps(state), index);
            }
        }
    }

    fn grid(
        &mut self,
        ui: &mut Ui,
        state: &LabState,
        snapshot: &Snapshot,
        (chosen, goal): (&[FaceId], Option<&FaceGrid>),
        space: Vec2,
    ) {
        let grid = &snapshot.grid;
        self.sheet.show_grid(ui.ctx(), grid);
        let rows: Vec<(FaceId, usize)> = rows(snapshot, chosen).collect();
        let own = grid.columns.len();
        let columns = own + goal.map_or(0, |goal| goal.columns.len());
        let goal_room = goal::room(goal);
        let fitting = |heading: f32| {
            let headings = vec2(ROW_HEADING, heading);
            Lattice::fitting(rows.len(), columns, headings, space - goal_room)
        };
        let mut lattice = fitting(WORDS_HEADING);
        if lattice.side < WORDS_SIDE {
            lattice = fitting(SYMBOL_HEADING);
        }
        let size = lattice.size() + goal_room;
        let (rect, _) = ui.allocate_exact_size(size, Sense::hover());
        lattice.origin = rect.min + vec2(0.0, goal_room.y);
        if let Some(goal) = goal {
            let left = lattice.cell(0, own).left() + goal_room.x;
            let area = Rect::from_min_max(pos2(left, rect.top()), rect.max);
            self.goal.frame(ui, goal, area);
            for (column, heading) in goal.columns.iter().enumerate() {
                let place = lattice.column_heading(own + column);
                let place = place.translate(vec2(goal_room.x, 0.0));
                self::heading(ui, heading, place, lattice.side);
            }
        }
        for (column, heading) in grid.columns.iter().enumerate() {
            self::heading(ui, heading, lattice.column_heading(column), lattice.side);
        }
        for (at, &(id, row)) in rows.iter().enumerate() {
            let name = name(state, id);
            self.row_heading(ui, id, &name, lattice.row_heading(at));
            for (column, heading) in grid.columns.iter().enumerate() {
                let cell = lattice.cell(at, column);
                if !ui.is_rect_visible(cell) {
                    continue;
                }
                let image = self
                    .sheet
                    .tile(row * grid.columns.len() + column, lattice.side);
                let words = columns::words(heading);
                let label = || format!("{name}, {words}");
                paint::tile(ui, image, cell, (at, column), Sense::hover(), label)
                    .on_hover_ui(|ui| self.enlarged.ui(ui, grid, row, column, &name));
            }
            if let Some(goal) = goal {
                for column in 0..goal.columns.len() {
                    let cell = lattice.cell(at, own + column);
                    let cell = cell.translate(vec2(goal_room.x, 0.0));
                    self.goal.tile(ui, goal, (id, &name), column, cell);
                }
            }
        }
    }

    fn row_heading(&mut self, ui: &mut Ui, id: FaceId, name: &str, rect: Rect) {
        let pinned = self.pins.contains(&id);
        let button =
            Rect::from_center_size(pos2(rect.left() + 14.0, rect.center().y), Vec2::splat(26.0));
        let said = if id.is_photo() {
            name.to_owned()
        } else {
            name.to_lowercase()
        };
        let response = pin(ui, button, pinned, &said).on_hover_text(if pinned {
            "No longer follow this face through training."
        } else {
            "Follow this face through training: a strip of all kept pictures, old to new."
        });
        if response.clicked() {
            if pinned {
                self.pins.retain(|&pin| pin != id);
            } else {
                self.pins.push(id);
            }
        }
        let colour = ui.visuals().text_color();
        let left = button.right() + 4.0;
        let text = paint::small_text(ui, name, rect.right() - left, 1, colour);
        let place = pos2(left, rect.center().y - text.size().y / 2.0);
        ui.painter().galley(place, text, colour);
    }
}

/// Symbols over a column, with a few words where there is room.
fn heading(ui: &mut Ui, heading: &str, rect: Rect, side: f32) {
    let colour = ui.visuals().text_color();
    let size = if side < 52.0 { paint::SMALL } else { 14.5 };
    let centred = Layout::top_down(Align::Center);
    let mut child = ui.new_child(UiBuilder::new().max_rect(rect).layout(centred));
    let response = symbol::sized(&mut child, heading, size, colour);
    if let Some(alone) = columns::alone(heading) {
        response.on_hover_text(alone);
    }
    if rect.height() > SYMBOL_HEADING + paint::SMALL {
        let dim = tone(ui, Tone::Dim);
        let words = columns::words(heading);
        let text = paint::small_text_centred(ui, words, rect.width(), 2, dim);
        let top = rect.top() + 22.0;
        ui.painter().galley(pos2(rect.center().x, top), text, dim);
    }
}

/// A button with a drawing pin on it.
fn pin(ui: &Ui, rect: Rect, pinned: bool, name: &str) -> Response {
    let response = ui.interact(rect, ui.scope_id().with(("pin", name)), Sense::click());
    let label = || WidgetInfo::selected(Role::Button, true, pinned, format!("Pin {name}"));
    response.widget_info(label);
    let look = ui.style().interact_selectable(&response, pinned);
    let painter = ui.painter();
    painter.rect(
        rect,
        3.0,
        look.weak_bg_fill,
        look.bg_stroke,
        StrokeKind::Inside,
    );
    let ink = Stroke::new(1.5, look.text_color());
    let at = |x: f32, y: f32| rect.center() + vec2(x, y);
    painter.line_segment([at(-3.5, -8.0), at(3.5, -8.0)], ink);
    let body = Rect::from_min_max(at(-2.0, -8.0), at(2.0, 0.0));
    painter.rect(
        body,
        0.0,
        if pinned { ink.color } else { look.weak_bg_fill },
        ink,
        StrokeKind::Middle,
    );
    painter.line_segment([at(-5.0, 0.5), at(5.0, 0.5)], ink);
    painter.line_segment([at(0.0, 0.5), at(0.0, 8.0)], ink);
    response
}
