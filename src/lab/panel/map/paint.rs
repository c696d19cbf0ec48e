//! Colours and forms of the points, and the key that explains them.

use std::sync::Arc;

use eframe::egui::{
    Color32, Painter, Pos2, Rect, Response, Role, Sense, Shape, Stroke, StrokeKind, TextStyle, Ui,
    WidgetInfo, pos2, vec2,
};

use super::colour::{ColourBy, degrees};
use crate::data::labelled::FaceLabel;
use crate::figure::map::Colouring;
use crate::figure::palette::{self, Rgb, Shape as Form};
use crate::lab::look::theme::{Tone, tone};
use crate::rng::stream_seed;
use crate::train::ask::CodeSet;

/// More classes are only counted.
const MOST_KEYS: usize = 16;
const KEY_RADIUS_PX: f32 = 6.0;
const BAR_PX: [f32; 2] = [160.0, 14.0];

/// How the points of a set are marked.
pub struct Paint {
    /// What the colours show.
    pub by: ColourBy,
    /// The colour of each face, for pictures too.
    pub colouring: Colouring,
    /// The order to draw in: what is not known first, so that it covers nothing, the others
    /// shuffled, so that no class covers another throughout.
    pub order: Vec<usize>,
    /// Smallest and largest value.
    range: (f32, f32),
    labels: Arc<Vec<FaceLabel>>,
}

impl Paint {
    /// The marks of these faces.
    pub fn new(set: &CodeSet, by: ColourBy) -> Self {
        let colouring = by.colouring(set);
        let range = match &colouring {
            Colouring::Value { values, .. } => range(values),
            Colouring::Classes { .. } => (0.0, 1.0),
        };
        let mut paint = Self {
            by,
            colouring,
            order: Vec::new(),
            range,
            labels: set.labels.clone(),
        };
        paint.order = (0..set.codes.f_s.rows).collect();
        let shuffled = |point: usize| stream_seed(0, "figure/map", point as u64, 0);
        let mut order = std::mem::take(&mut paint.order);
        order.sort_by_cached_key(|&point| (paint.mark(point).is_some(), shuffled(point)));
        paint.order = order;
        paint
    }

    /// Whether it marks these faces in this way.
    pub fn is_of(&self, set: &CodeSet, by: ColourBy) -> bool {
        self.by == by
            && self.order.len() == set.codes.f_s.rows
            && Arc::ptr_eq(&self.labels, &set.labels)
    }

    /// The mark of a point; `None` where its label is not known.
    pub fn mark(&self, point: usize) -> Option<(Color32, Form)> {
        match &self.colouring {
            Colouring::Classes { .. } => self.class(point).map(class_mark),
            Colouring::Value { values, .. } => {
                let value = values.get(point).filter(|value| value.is_finite())?;
                let (low, high) = self.range;
                let colour = palette::value_colour((value - low) / (high - low));
                Some((colour32(colour), Form::Disc))
            }
        }
    }

    /// The class of a point.
    pub fn class(&self, point: usize) -> Option<usize> {
        let Colouring::Classes { names, of } = &self.colouring else {
            return None;
        };
        let class = *of.get(point)? as usize;
        (class < names.len()).then_some(class)
    }

    /// Draws the key; says which class is pointed at.
    pub fn key(&self, ui: &mut Ui) -> Option<usize> {
        let mut pointed = None;
        ui.horizontal_wrapped(|ui| {
            match &self.colouring {
                Colouring::Classes { .. } if self.by == ColourBy::Nothing => {}
                Colouring::Classes { names, .. } => pointed = classes(ui, names),
                Colouring::Value { name, .. } => self.bar(ui, name),
            }
            if self.order.iter().any(|&point| self.mark(point).is_none()) {
                entry(ui, "unknown", |ui, centre| {
                    unknown(ui.painter(), centre, KEY_RADIUS_PX, tone(ui, Tone::Dim));
                });
            }
        });
        pointed
    }

    fn bar(&self, ui: &mut Ui, name: &str) {
        ui.label(format!("{name}: {}", degrees(self.range.0)));
        let (rect, _) = ui.allocate_exact_size(BAR_PX.into(), Sense::hover());
        const STEPS: usize = 40;
        let width = rect.width() / STEPS as f32;
        for step in 0..STEPS {
            let left = rect.left() + width * step as f32;
            let part = Rect::from_min_size(pos2(left, rect.top()), vec2(width + 0.5, BAR_PX[1]));
            let colour = palette::value_colour(step as f32 / (STEPS - 1) as f32);
            ui.painter().rect_filled(part, 0.0, colour32(colour));
        }
        let frame = Stroke::new(1.0, tone(ui, Tone::Dim));
        ui.painter()
            .rect_stroke(rect, 0.0, frame, StrokeKind::Outside);
        ui.label(degrees(self.range.1));
    }
}

fn classes(ui: &mut Ui, names: &[String]) -> Option<usize> {
    let mut pointed = None;
    // A line "and 1 more" would take as much room as the one.
    let shown = if names.len() <= MOST_KEYS + 1 {
        names.len()
    } else {
        MOST_KEYS
    };
    for (class, name) in names.iter().take(shown).enumerate() {
        let (colour, form) = class_mark(class);
        let entry = entry(ui, name, |ui, centre| {
            let fill = visible(ui, colour);
            mark(ui.painter(), centre, KEY_RADIUS_PX, form, fill, outline(ui));
        });
        if entry.contains_pointer() {
            pointed = Some(class);
        }
    }
    if shown < names.len() {
        ui.label(format!("and {} more", names.len() - shown));
    }
    pointed
}

/// A mark with its name, in one piece: it goes to the next line as a whole.
fn entry(ui: &mut Ui, name: &str, draw_mark: impl FnOnce(&Ui, Pos2)) -> Response {
    let font = TextStyle::Body.resolve(ui.style());
    let ink = ui.visuals().text_color();
    let text = ui.painter().layout_no_wrap(name.into(), font, ink);
    let mark_px = 2.0 * KEY_RADIUS_PX + 6.0;
    let size = vec2(mark_px + text.size().x, text.size().y);
    let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, name));
    draw_mark(ui, rect.left_center() + vec2(KEY_RADIUS_PX + 1.0, 0.0));
    ui.painter()
        .galley(rect.min + vec2(mark_px, 0.0), text, ink);
    response
}

/// Black is for white ground; on dark it becomes white, or it would look like a hole.
pub fn visible(ui: &Ui, colour: Color32) -> Color32 {
    if ui.visuals().dark_mode && colour == Color32::BLACK {
        tone(ui, Tone::Ink)
    } else {
        colour
    }
}

/// The thin line around every mark: black and yellow must show on any ground.
pub fn outline(ui: &Ui) -> Stroke {
    Stroke::new(1.0, tone(ui, Tone::Ink).gamma_multiply(0.75))
}

/// Draws the mark of a known label.
pub fn mark(painter: &Painter, at: Pos2, radius: f32, form: Form, fill: Color32, line: Stroke) {
    let corners = |places: &[[f32; 2]]| -> Vec<Pos2> {
        let corner = |&[x, y]: &[f32; 2]| at + radius * vec2(x, y);
        places.iter().map(corner).collect()
    };
    let polygon = |places: &[[f32; 2]]| Shape::convex_polygon(corners(places), fill, line);
    match form {
        Form::Disc => {
            painter.circle(at, radius, fill, line);
        }
        Form::Square => {
            painter.add(polygon(&[
                [-0.87, -0.87],
                [0.87, -0.87],
                [0.87, 0.87],
                [-0.87, 0.87],
            ]));
        }
        Form::Diamond => {
            painter.add(polygon(&[
                [0.0, -1.22],
                [1.22, 0.0],
                [0.0, 1.22],
                [-1.22, 0.0],
            ]));
        }
        Form::Triangle => {
            painter.add(polygon(&[[0.0, -1.36], [1.18, 0.68], [-1.18, 0.68]]));
        }
        Form::Wedge => {
            painter.add(polygon(&[[0.0, 1.36], [-1.18, -0.68], [1.18, -0.68]]));
        }
        Form::Cross => {
            // Not convex: two bars without a line between them, and the line around both.
            let (long, broad) = (1.1, 0.42);
            for [x, y] in [[long, broad], [broad, long]] {
                let bar = Rect::from_center_size(at, 2.0 * radius * vec2(x, y));
                painter.rect_filled(bar, 0.0, fill);
            }
            let edge = [
                [-broad, -long],
                [broad, -long],
                [broad, -broad],
                [long, -broad],
                [long, broad],
                [broad, broad],
                [broad, long],
                [-broad, long],
                [-broad, broad],
                [-long, broad],
                [-long, -broad],
                [-broad, -broad],
            ];
            painter.add(Shape::closed_line(corners(&edge), line));
        }
    }
}

/// Draws the mark of a label that is not known: a ring.
pub fn unknown(painter: &Painter, at: Pos2, radius: f32, colour: Color32) {
    painter.circle_stroke(at, 0.75 * radius, Stroke::new(1.5, colour));
}

fn class_mark(class: usize) -> (Color32, Form) {
    let (colour, form) = palette::class_mark(class);
    (colour32(colour), form)
}

fn colour32([red, green, blue]: Rgb) -> Color32 {
    Color32::from_rgb(red, green, blue)
}

/// Smallest and largest of the finite values, apart.
fn range(values: &[f32]) -> (f32, f32) {
    let finite = values.iter().copied().filter(|value| value.is_finite());
    let low = finite.clone().fold(f32::INFINITY, f32::min);
    let high = finite.fold(f32::NEG_INFINITY, f32::max);
    if low < high {
        (low, high)
    } else if low.is_finite() {
        (low - 1.0, low + 1.0)
    } else {
        (0.0, 1.0)
    }
}
