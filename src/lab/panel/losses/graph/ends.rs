//! Names at the ends of the lines: read at once, where a legend has to be looked up.

use eframe::egui::{Align2, Color32, FontId, Rect, Sense, Stroke, Ui, pos2, vec2};
use egui_plot::PlotTransform;

use super::sign::Sign;
use super::trace::Knot;
use crate::lab::look::glossary;

const SIZE: f32 = 16.0;
/// Height that a name takes.
const ROW_PT: f32 = 21.0;
/// Way from the plot to the names.
const LEADER_PT: f32 = 12.0;

/// The end of a line.
pub struct End<'a> {
    symbol: &'a str,
    value: String,
    colour: Color32,
    y: f32,
}

impl<'a> End<'a> {
    /// The end of a line within what the plot shows; `None` where nothing of it is in sight.
    pub fn of(
        symbol: &'a str,
        value: impl Fn(f64) -> String,
        colour: Color32,
        knots: &[Knot],
        transform: &PlotTransform,
    ) -> Option<Self> {
        let [from, to] = [transform.bounds().min()[0], transform.bounds().max()[0]];
        let last = knots.iter().rfind(|knot| knot.x <= to)?;
        let frame = transform.frame();
        (last.x >= from).then(|| Self {
            symbol,
            value: value(last.y),
            colour,
            y: frame
                .y_range()
                .clamp(transform.position_from_point_y(last.y)),
        })
    }
}

impl<'a> End<'a> {
    /// The end of a level; `None` where it is not in sight.
    pub fn level(
        name: &'a str,
        colour: Color32,
        place: f64,
        transform: &PlotTransform,
    ) -> Option<Self> {
        let y = transform.position_from_point_y(place);
        transform.frame().y_range().contains(y).then(|| Self {
            symbol: name,
            value: String::new(),
            colour,
            y,
        })
    }
}

/// Width to keep free beside a plot; without values it is less.
pub fn width_pt(with_values: bool) -> f32 {
    if with_values { 122.0 } else { 72.0 }
}

/// Writes the names to the right of a plot's frame.
pub fn draw(ui: &Ui, frame: Rect, mut ends: Vec<End>, with_values: bool) {
    ends.sort_by(|a, b| a.y.total_cmp(&b.y));
    let mut ys: Vec<f32> = ends.iter().map(|end| end.y).collect();
    spread(
        &mut ys,
        ROW_PT,
        frame.top() + ROW_PT / 2.0,
        frame.bottom() - ROW_PT / 2.0,
    );
    let painter = ui.painter();
    for (index, (end, y)) in ends.iter().zip(ys).enumerate() {
        let left = frame.right() + LEADER_PT + 3.0;
        let leader = [
            pos2(frame.right(), end.y),
            pos2(frame.right() + LEADER_PT, y),
        ];
        painter.line_segment(leader, Stroke::new(1.5, end.colour));
        let sign = Sign::new(painter, end.symbol, SIZE, end.colour);
        sign.paint(painter, pos2(left, y));
        let mut right = left + sign.size().x;
        if with_values && !end.value.is_empty() {
            let font = FontId::proportional(SIZE - 1.0);
            let at = pos2(right + 6.0, y);
            let text = painter.text(at, Align2::LEFT_CENTER, &end.value, font, end.colour);
            right = text.right();
        }
        let about = glossary::about(end.symbol);
        if !about.is_empty() {
            let corner = pos2(left, y - ROW_PT / 2.0);
            let area = Rect::from_min_size(corner, vec2(right - left, ROW_PT));
            let id = ui
                .scope_id()
                .with(("end of a line", frame.top() as i32, index));
            ui.interact(area, id, Sense::hover()).on_hover_text(about);
        }
    }
}

/// Moves heights (in order) apart to at least `gap`, all between `top` and `bottom`. Where there is
/// no room, the gaps shrink.
pub fn spread(ys: &mut [f32], gap: f32, top: f32, bottom: f32) {
    let Some(ways) = ys.len().checked_sub(1) else {
        return;
    };
    let gap = gap.min((bottom - top).max(0.0) / ways.max(1) as f32);
    let mut least = top;
    for y in ys.iter_mut() {
        *y = y.max(least);
        least = *y + gap;
    }
    let mut most = bottom.max(top);
    for y in ys.iter_mut().rev() {
        *y = y.min(most);
        most = *y - gap;
    }
}
