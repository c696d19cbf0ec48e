//! Turn the head: one look in many poses, which are asked for once and then leafed through.

use std::io;

use eframe::egui::{Color32, Rect, Sense, Slider, TextStyle, Ui, Vec2, pos2};
use image::ImageResult;

use super::mix::{under, write};
use super::swing::{self, Swing};
use super::thumbs::Thumbs;
use super::{encode, film, words};
use crate::lab::desk::Desk;
use crate::lab::look::tiles::TileSheet;
use crate::lab::state::{Face, LabState};
use crate::train::ask::{FaceId, Question, Reply, TurnScale};
use crate::train::event::FaceGrid;

/// While it plays: one picture further every so often. Nothing new is asked.
const PLAY_EVERY_S: f64 = 0.12;
/// Smallest side of the head, in points.
const LEAST: f32 = 96.0;

/// A head and where it looks.
#[derive(Default)]
pub struct Turn {
    /// Whose head; `None` until somebody chooses.
    pub face: Option<FaceId>,
    /// The toggle "Play".
    pub play: Swing,
    /// Where the head looks, on the scale of the answer; `None` until somebody moves it.
    at: Option<f32>,
    back: bool,
    sheet: TileSheet,
}

impl Turn {
    /// What the network is asked. The question stays the same while the head turns.
    pub fn question(&self, state: &LabState) -> Option<Question> {
        let face = self.head(state)?.id;
        Some(Question::Turn { face })
    }

    /// The chosen face, or the first.
    fn head<'a>(&self, state: &'a LabState) -> Option<&'a Face> {
        let chosen = self.face.and_then(|id| state.face(id));
        chosen.or(state.faces.first())
    }

    /// Draws it into what is left of `room`.
    pub fn ui(
        &mut self,
        ui: &mut Ui,
        state: &LabState,
        thumbs: &mut Thumbs,
        room: Vec2,
        desk: &mut Desk,
    ) {
        let (Some(head), Some(question)) = (self.head(state), self.question(state)) else {
            return;
        };
        let top = ui.min_rect().top();
        let clicked = thumbs.choose(ui, "Head", state, head.id);
        self.face = clicked.or(self.face);

        let Some(answer) = state.answers.like(&question) else {
            ui.label(words::waiting(state));
            return;
        };
        let (grid, scale) = match &answer.reply {
            Reply::Turn(grid, scale) => (grid, *scale),
            Reply::No(why) => {
                ui.label(why);
                return;
            }
            _ => return,
        };
        let places = Places::new(scale, grid.columns.len() * grid.rows);
        if places.count == 0 {
            return;
        }
        let mut shown = places.nearest(self.at.unwrap_or(places.first_shown()));
        if self.play.tick(ui, PLAY_EVERY_S, true) {
            let last = (places.count - 1) as f32;
            shown = swing::step(shown as f32, 1.0, 0.0..=last, &mut self.back).round() as usize;
            self.at = Some(places.at(shown));
        }
        self.sheet.show_grid(ui.ctx(), grid);

        let spacing = ui.spacing().item_spacing.y;
        let film_side = film::side(ui.available_width(), room.y, places.count);
        let below = 2.0 * (ui.spacing().interact_size.y + spacing) + film_side + spacing + 12.0;
        let used = ui.cursor().top() - top;
        let caption = ui.text_style_height(&TextStyle::Small) + 4.0;
        let side = (room.y - used - below - caption)
            .min(ui.available_width())
            .max(LEAST);
        let size = Vec2::new(ui.available_width(), side + caption);
        let (rect, _) = ui.allocate_exact_size(size, Sense::hover());
        let at = Rect::from_center_size(
            pos2(rect.center().x, rect.top() + side / 2.0),
            Vec2::splat(side),
        );
        let other = answer.question != question;
        if let Some(image) = self.sheet.tile(shown, side) {
            let tint = Color32::from_white_alpha(if other { 70 } else { 255 });
            ui.place(at, image.tint(tint).alt_text("The turned head"));
        }
        if other || !state.can_ask {
            write(ui, at, words::waiting(state));
        }
        let line = Rect::from_x_y_ranges(rect.x_range(), at.y_range());
        let words = format!("{} · network of step {}", places.words(shown), answer.step);
        under(ui, line, caption, &words);

        let moved = slider(ui, &places, shown);
        let labels = (0..places.count).map(|index| places.words(index));
        let moved = film::strip(ui, &self.sheet, shown, labels, film_side).or(moved);
        if let Some(index) = moved {
            self.at = Some(places.at(index));
        }
        save(ui, grid, shown, desk);
    }
}

/// The even places of an answer.
#[derive(Clone, Copy, Debug)]
struct Places {
    scale: TurnScale,
    from: f32,
    to: f32,
    count: usize,
}

impl Places {
    fn new(scale: TurnScale, count: usize) -> Self {
        let (from, to) = match scale {
            TurnScale::Yaw { from_deg, to_deg } => (from_deg, to_deg),
            TurnScale::Mirror => (-1.0, 1.0),
        };
        Self {
            scale,
            from,
            to,
            count,
        }
    }

    /// From one place to the next.
    fn step(&self) -> f32 {
        (self.to - self.from) / self.count.saturating_sub(1).max(1) as f32
    }

    fn at(&self, index: usize) -> f32 {
        self.from + self.step() * index as f32
    }

    fn nearest(&self, at: f32) -> usize {
        let index = ((at - self.from) / self.step()).round().max(0.0) as usize;
        index.min(self.count.saturating_sub(1))
    }

    /// Straight ahead, or the face's own pose.
    fn first_shown(&self) -> f32 {
        match self.scale {
            TurnScale::Yaw { .. } => 0.0,
            TurnScale::Mirror => -1.0,
        }
    }

    /// Where the head looks, in words. A positive yaw looks to the right side of the picture,
    /// which is the left of the one who looks.
    fn words(&self, index: usize) -> String {
        let at = self.at(index);
        match self.scale {
            TurnScale::Yaw { .. } if at.abs() < 0.5 => "straight ahead".into(),
            TurnScale::Yaw { .. } if at > 0.0 => format!("{at:.0}° to its left"),
            TurnScale::Yaw { .. } => format!("{:.0}° to its right", -at),
            TurnScale::Mirror if index == 0 => "own pose".into(),
            TurnScale::Mirror if index + 1 == self.count => "mirrored pose".into(),
            TurnScale::Mirror => {
                format!("{:.0} % towards the mirrored pose", 50.0 * (at + 1.0))
            }
        }
    }

    /// The words at both ends of the slider, and what they mean.
    fn ends(&self) -> ([&'static str; 2], &'static str) {
        match self.scale {
            TurnScale::Yaw { .. } => (
                ["to its right", "to its left"],
                "Left and right of the head itself. Its pose code is the mean of several faces \
                 whose yaw is known.",
            ),
            TurnScale::Mirror => (
                ["own pose", "mirrored pose"],
                "No yaw is known for these faces, so the pose code goes from the face's own to \
                 that of its mirror image.",
            ),
        }
    }
}

/// A slider that stops at the places there are pictures of.
fn slider(ui: &mut Ui, places: &Places, shown: usize) -> Option<usize> {
    let mut moved = None;
    ui.horizontal(|ui| {
        let ([left, right], about) = places.ends();
        ui.label(left).on_hover_text(about);
        let right_width = 7.5 * right.len() as f32 + 24.0;
        ui.spacing_mut().slider_width = (ui.available_width() - right_width).max(60.0);
        let range = f64::from(places.from)..=f64::from(places.to);
        let slider = Slider::from_get_set(range, |value| {
            let index = value.map(|value| places.nearest(value as f32));
            moved = index.filter(|&index| index != shown).or(moved);
            f64::from(places.at(index.unwrap_or(shown)))
        });
        ui.add(slider.step_by(f64::from(places.step())).show_value(false))
            .accessible_name("Head turn");
        ui.label(right).on_hover_text(about);
    });
    moved
}

/// The buttons that write files.
fn save(ui: &mut Ui, grid: &FaceGrid, shown: usize, desk: &mut Desk) {
    ui.horizontal_wrapped(|ui| {
        if ui
            .button("Save animated picture")
            .on_hover_text("All poses, back and forth for ever, as GIF.")
            .clicked()
        {
            let grid = grid.clone();
            let work = move || encode::gif(&grid).map_err(io::Error::other);
            desk.make("turning_head.gif", work);
        }
        if ui
            .button("Save picture")
            .on_hover_text("The pose that is shown, as PNG.")
            .clicked()
            && let Some(bytes) = encode::png(grid, shown)
        {
            write_file(desk, "turned_head.png", bytes);
        }
    });
}

fn write_file(desk: &mut Desk, name: &str, bytes: ImageResult<Vec<u8>>) {
    match bytes {
        Ok(bytes) => desk.save(name, bytes),
        Err(error) => desk.say(format!("{name} could not be made: {error}.")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_tile_is_shown() {
        let (from_deg, to_deg) = (-60.0, 60.0);
        let places = Places::new(TurnScale::Yaw { from_deg, to_deg }, 13);
        for (deg, index) in [
            (-90.0, 0),
            (-56.0, 0),
            (-54.0, 1),
            (0.0, 6),
            (4.9, 6),
            (5.1, 7),
            (99.0, 12),
        ] {
            assert_eq!(places.nearest(deg), index, "{deg}");
        }
        let words: Vec<String> = [4, 6, 7].map(|index| places.words(index)).into();
        assert_eq!(
            words,
            ["20° to its right", "straight ahead", "10° to its left"]
        );
        let mirror = Places::new(TurnScale::Mirror, 5);
        let words: Vec<String> = [0, 1, 4].map(|index| mirror.words(index)).into();
        assert_eq!(
            words,
            [
                "own pose",
                "25 % towards the mirrored pose",
                "mirrored pose"
            ]
        );
        assert_eq!(mirror.nearest(mirror.first_shown()), 0);
    }

    #[test]
    fn one_tile_or_none_does_no_harm() {
        for count in [0, 1] {
            let places = Places::new(TurnScale::Mirror, count);
            assert_eq!(places.nearest(1.0), 0);
            assert_eq!(places.words(0), "own pose");
        }
    }
}
