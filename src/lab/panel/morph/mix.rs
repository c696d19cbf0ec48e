//! Mix two faces: the look on its way from A to B, the pose on its own.

use eframe::egui::{Color32, Label, Rect, RichText, Sense, Slider, TextStyle, Ui, Vec2, pos2};

use super::swing::{self, Swing};
use super::thumbs::Thumbs;
use super::words;
use crate::lab::look::symbol::symbol;
use crate::lab::look::tiles::TileSheet;
use crate::lab::state::{Face, LabState};
use crate::train::ask::{Answer, FaceId, Question, Reply};

/// While it plays: so much further …
const PLAY_STEP: f32 = 0.04;
/// … every so often; the network is asked anew each time.
const PLAY_EVERY_S: f64 = 0.22;
/// A and B beside the mixed face, in sides of the mixed face.
const SMALL: f32 = 0.55;
/// Between the pictures, in points.
const GAP: f32 = 10.0;
/// Room for a slider's name, in points.
const LABEL: f32 = 62.0;
/// Smallest side of the mixed face, in points.
const LEAST: f32 = 96.0;

/// Two faces and two places between them.
#[derive(Default)]
pub struct Mix {
    /// A; `None` until somebody chooses.
    pub a: Option<FaceId>,
    /// B.
    pub b: Option<FaceId>,
    /// The toggle "Play".
    pub play: Swing,
    look: Place,
    pose: Place,
    sheet: TileSheet,
}

/// A place between A and B.
struct Place {
    at: f32,
    back: bool,
}

impl Default for Place {
    fn default() -> Self {
        Self {
            at: 0.5,
            back: false,
        }
    }
}

impl Place {
    /// Rounded, so that a trembling hand does not ask a new question in every frame.
    fn rounded(&self) -> f32 {
        (self.at * 100.0).round() / 100.0
    }
}

impl Mix {
    /// What the network is asked.
    pub fn question(&self, state: &LabState) -> Option<Question> {
        let (a, b) = self.pair(state)?;
        Some(Question::Morph {
            a: a.id,
            b: b.id,
            look: self.look.rounded(),
            pose: self.pose.rounded(),
        })
    }

    /// A and B: the chosen faces, or the first two.
    fn pair<'a>(&self, state: &'a LabState) -> Option<(&'a Face, &'a Face)> {
        let known = |chosen: Option<FaceId>| chosen.and_then(|id| state.face(id));
        let a = known(self.a).or(state.faces.first())?;
        let b = known(self.b).or(state.faces.get(1)).unwrap_or(a);
        Some((a, b))
    }

    /// Draws it into what is left of `room`.
    pub fn ui(&mut self, ui: &mut Ui, state: &LabState, thumbs: &mut Thumbs, room: Vec2) {
        let (Some((a, b)), Some(question)) = (self.pair(state), self.question(state)) else {
            return;
        };
        let top = ui.min_rect().top();
        let a_clicked = thumbs.choose(ui, "A", state, a.id);
        let b_clicked = thumbs.choose(ui, "B", state, b.id);
        self.a = a_clicked.or(self.a);
        self.b = b_clicked.or(self.b);

        let answer = state.answers.like(&question);
        let used = ui.cursor().top() - top;
        let sliders = 2.0 * (ui.spacing().interact_size.y + ui.spacing().item_spacing.y) + 12.0;
        let left = Vec2::new(ui.available_width(), room.y - used - sliders);
        self.pictures(
            ui,
            state,
            thumbs,
            (a, b),
            answer.map(|answer| &**answer),
            left,
        );

        slider(ui, "Look", "F_f", &mut self.look.at);
        slider(ui, "Pose", "F_p", &mut self.pose.at);

        // The next value waits for the answer to this one, so the trainer is never flooded.
        let ready = answer.is_some_and(|answer| answer.question == question);
        if self.play.tick(ui, PLAY_EVERY_S, ready) {
            for place in [&mut self.look, &mut self.pose] {
                place.at = swing::step(place.at, PLAY_STEP, 0.0..=1.0, &mut place.back);
            }
        }
    }

    /// A, the mixed face, B.
    fn pictures(
        &mut self,
        ui: &mut Ui,
        state: &LabState,
        thumbs: &mut Thumbs,
        (a, b): (&Face, &Face),
        answer: Option<&Answer>,
        room: Vec2,
    ) {
        let caption = ui.text_style_height(&TextStyle::Small) + 4.0;
        let widest = (room.x - 2.0 * GAP) / (1.0 + 2.0 * SMALL);
        let big = widest.min(room.y - caption).max(LEAST);
        let small = big * SMALL;
        let size = Vec2::new(room.x, big + caption);
        let (rect, _) = ui.allocate_exact_size(size, Sense::hover());
        let middle = pos2(rect.center().x, rect.top() + big / 2.0);
        let away = Vec2::new((big + small) / 2.0 + GAP, 0.0);

        for (letter, face, centre) in [("A", a, middle - away), ("B", b, middle + away)] {
            let at = Rect::from_center_size(centre, Vec2::splat(small));
            let name = words::name(face);
            if let Some(image) = thumbs.image(ui, face, small) {
                ui.place(at, image.alt_text(format!("{letter}, {name}")));
            }
            under(ui, at, caption, &format!("{letter}: {name}"));
        }

        let at = Rect::from_center_size(middle, Vec2::splat(big));
        let Some(answer) = answer else {
            write(ui, at, words::waiting(state));
            return;
        };
        match &answer.reply {
            Reply::No(why) => write(ui, at, why),
            Reply::Grid(grid) => {
                self.sheet.show_grid(ui.ctx(), grid);
                // Other faces than these: pale until the answer is there.
                let other = !matches!(
                    answer.question,
                    Question::Morph { a: of_a, b: of_b, .. } if (of_a, of_b) == (a.id, b.id)
                );
                if let Some(image) = self.sheet.tile(0, big) {
                    let tint = Color32::from_white_alpha(if other { 70 } else { 255 });
                    ui.place(at, image.tint(tint).alt_text("The mixed face"));
                }
                if other || !state.can_ask {
                    write(ui, at, words::waiting(state));
                }
                under(ui, at, caption, &format!("network of step {}", answer.step));
            }
            _ => {}
        }
    }
}

/// A slider from A to B, as wide as the panel allows.
fn slider(ui: &mut Ui, name: &str, code: &str, at: &mut f32) {
    ui.horizontal(|ui| {
        let label = ui.label(name);
        symbol(ui, code);
        // The symbols differ in width; the sliders shall not.
        ui.add_space((LABEL - ui.min_rect().width()).max(0.0));
        ui.strong("A");
        // The value, B, and the gaps between them.
        ui.spacing_mut().slider_width = (ui.available_width() - 90.0).max(60.0);
        ui.add(Slider::new(at, 0.0..=1.0).step_by(0.01).show_value(false))
            .labelled_by(label.id);
        ui.strong("B");
        ui.label(format!("{:.0} %", *at * 100.0));
    });
}

/// A line of small text under a picture.
pub fn under(ui: &mut Ui, picture: Rect, height: f32, text: &str) {
    let line = Rect::from_min_size(picture.left_bottom(), Vec2::new(picture.width(), height));
    ui.place(line, Label::new(RichText::new(text).small()).truncate());
}

/// A sentence in the place of a picture, or over a pale one.
pub fn write(ui: &mut Ui, at: Rect, text: &str) {
    ui.place(at.shrink(4.0), Label::new(text).wrap());
}
