//! The table on the screen: shaded cells with a number and its history.

use eframe::egui::{
    Align2, Color32, Pos2, Rect, Response, Role, Sense, Stroke, StrokeKind, TextStyle, Ui,
    WidgetInfo, pos2, vec2,
};

use super::sentence;
use super::table::{Cell, Column, Mark, Row, Table};
use crate::lab::look::glossary;
use crate::lab::look::theme::{self, Tone, tone};

const GAP_PX: f32 = 3.0;
/// A cell with a number and no curve beside it.
const NARROWEST_PX: f32 = 62.0;
/// From here on the curve stands beside the number.
const WIDE_PX: f32 = 104.0;
const WIDEST_PX: f32 = 170.0;
const CELL_HEIGHT_PX: f32 = 38.0;
const NAME_HEIGHT_PX: f32 = 22.0;
/// Room for the names of the rows at the left; without it they stand above their cells.
const NAME_WIDTH_PX: f32 = 214.0;

/// Where names and cells are.
#[derive(Clone, Copy)]
struct Measure {
    name_width: f32,
    cell_width: f32,
    columns: usize,
}

impl Measure {
    fn new(width: f32, columns: usize) -> Self {
        let beside = (width - NAME_WIDTH_PX) / columns as f32;
        let (name_width, cell_width) = if beside < NARROWEST_PX {
            (0.0, width / columns as f32)
        } else {
            (NAME_WIDTH_PX, beside)
        };
        Self {
            name_width,
            cell_width: cell_width.clamp(NARROWEST_PX, WIDEST_PX),
            columns,
        }
    }

    fn columns_of(table: &Table, baselines: bool) -> Vec<usize> {
        (0..table.columns.len())
            .filter(|&column| baselines || table.columns[column].is_learnt)
            .collect()
    }

    fn width(&self) -> f32 {
        self.name_width + self.cell_width * self.columns as f32
    }

    /// Names stand above the cells.
    fn is_stacked(&self) -> bool {
        self.name_width == 0.0
    }

    fn row_height(&self) -> f32 {
        let name = if self.is_stacked() {
            NAME_HEIGHT_PX
        } else {
            0.0
        };
        CELL_HEIGHT_PX + name
    }

    fn cell(&self, row: Rect, column: usize) -> Rect {
        let left = row.left() + self.name_width + self.cell_width * column as f32;
        let size = vec2(self.cell_width, CELL_HEIGHT_PX);
        Rect::from_min_size(pos2(left, row.bottom() - CELL_HEIGHT_PX), size).shrink(GAP_PX / 2.0)
    }
}

/// The width in which the table has its names at the left and its curves beside the numbers.
pub fn comfortable_width(table: &Table, baselines: bool) -> f32 {
    let columns = Measure::columns_of(table, baselines).len() + 1;
    NAME_WIDTH_PX + (WIDE_PX + GAP_PX) * columns as f32
}

/// Draws the table with chance as its last column; says which row was clicked, by its quantity.
pub fn ui(ui: &mut Ui, table: &Table, baselines: bool, selected: Option<usize>) -> Option<usize> {
    let shown = Measure::columns_of(table, baselines);
    let measure = Measure::new(ui.available_width(), shown.len() + 1);
    let mut clicked = None;
    ui.spacing_mut().item_spacing.y = if measure.is_stacked() { 6.0 } else { 0.0 };
    heads(ui, table, &shown, measure);
    for row in &table.rows {
        let is_selected = selected == Some(row.index);
        if draw_row(ui, table, row, &shown, measure, is_selected).clicked() {
            clicked = Some(row.index);
        }
    }
    clicked
}

fn heads(ui: &mut Ui, table: &Table, shown: &[usize], measure: Measure) {
    let height = 2.0 * NAME_HEIGHT_PX;
    let has_two_lines = shown.iter().any(|&column| !table.columns[column].is_learnt);
    let height = if has_two_lines {
        height
    } else {
        NAME_HEIGHT_PX + 4.0
    };
    let (rect, _) = ui.allocate_exact_size(vec2(measure.width(), height), Sense::hover());
    let names = shown
        .iter()
        .map(|&column| table.columns[column].name.as_str());
    for (place, name) in names.chain(["chance"]).enumerate() {
        let across = measure
            .cell(Rect::from_min_size(rect.min, rect.size()), place)
            .x_range();
        let head = Rect::from_x_y_ranges(across, rect.y_range());
        let colour = tone(ui, theme::code(name));
        let size = TextStyle::Body.resolve(ui.style()).size;
        let mut job = sentence::job(name, size, colour);
        job.wrap.max_width = head.width();
        job.halign = eframe::egui::Align::Center;
        let galley = ui.painter().layout_job(job);
        let at = pos2(head.center().x, head.bottom() - galley.size().y - 2.0);
        ui.painter().galley(at, galley, colour);
        let response = ui.interact(head, ui.scope_id().with(("head", place)), Sense::hover());
        response.widget_info(|| WidgetInfo::labeled(Role::ColumnHeader, true, name));
        response.on_hover_text(glossary::about(name));
    }
}

fn draw_row(
    ui: &mut Ui,
    table: &Table,
    row: &Row,
    shown: &[usize],
    measure: Measure,
    is_selected: bool,
) -> Response {
    let name = row.quantity.name;
    let size = vec2(measure.width(), measure.row_height());
    let (rect, response) = ui.allocate_exact_size(size, Sense::click());
    response.widget_info(|| WidgetInfo::selected(Role::Button, true, is_selected, name));
    if !ui.is_rect_visible(rect) {
        return response;
    }
    let body = TextStyle::Body.resolve(ui.style());
    let highlight = ui.visuals().selection.bg_fill;
    if is_selected || response.hovered() || response.has_focus() {
        let ground = highlight.gamma_multiply(if is_selected { 0.3 } else { 0.15 });
        let edge = if is_selected || response.has_focus() {
            Stroke::new(1.5, highlight)
        } else {
            Stroke::NONE
        };
        ui.painter()
            .rect(rect, 4.0, ground, edge, StrokeKind::Inside);
    }
    let name_height = if measure.is_stacked() {
        NAME_HEIGHT_PX
    } else {
        rect.height()
    };
    let name_at = pos2(rect.left() + 6.0, rect.top() + name_height / 2.0);
    let ink = tone(ui, Tone::Ink);
    ui.painter()
        .text(name_at, Align2::LEFT_CENTER, name, body.clone(), ink);
    for (place, &column) in shown.iter().enumerate() {
        let cell_rect = measure.cell(rect, place);
        draw_cell(ui, cell_rect, row, &row.cells[column]);
        explain(
            ui,
            cell_rect,
            row,
            &table.columns[column],
            &row.cells[column],
        );
    }
    let middle = measure.cell(rect, shown.len()).center();
    let chance = row
        .chance
        .map_or("–".into(), |chance| row.quantity.unit.text(chance));
    ui.painter().text(
        middle,
        Align2::CENTER_CENTER,
        chance,
        body,
        tone(ui, Tone::Dim),
    );
    response.on_hover_text(row.quantity.about)
}

fn draw_cell(ui: &Ui, rect: Rect, row: &Row, cell: &Cell) {
    let fill = shade(ui, cell.share.unwrap_or(0.0));
    let ink = ink_on(fill);
    let frame = Stroke::new(1.0, tone(ui, Tone::Dim).gamma_multiply(0.35));
    ui.painter()
        .rect(rect, 3.0, fill, frame, StrokeKind::Inside);
    let text = cell
        .value
        .map_or("–".into(), |value| row.quantity.unit.text(value));
    let is_wide = rect.width() >= WIDE_PX;
    let has_curve = cell.spark.len() > 1;
    let (at, anchor) = match (is_wide, has_curve) {
        (true, true) => (
            pos2(rect.left() + 62.0, rect.center().y),
            Align2::RIGHT_CENTER,
        ),
        (false, true) => (pos2(rect.center().x, rect.top() + 2.0), Align2::CENTER_TOP),
        _ => (rect.center(), Align2::CENTER_CENTER),
    };
    number(ui, at, anchor, &text, ink, cell.mark);
    if has_curve {
        let room = if is_wide {
            Rect::from_min_max(pos2(rect.left() + 70.0, rect.top() + 7.0), rect.max)
        } else {
            Rect::from_min_max(pos2(rect.left(), rect.bottom() - 15.0), rect.max)
        };
        curve(ui, room.shrink2(vec2(7.0, 4.0)), &cell.spark, ink);
    }
}

/// A number with its mark at the left; the typeface has no bold, so the best is struck twice.
fn number(ui: &Ui, at: Pos2, anchor: Align2, text: &str, ink: Color32, mark: Mark) {
    let font = TextStyle::Body.resolve(ui.style());
    let painter = ui.painter();
    let room = painter.text(at, anchor, text, font.clone(), ink);
    if mark == Mark::None {
        return;
    }
    painter.text(at + vec2(0.6, 0.0), anchor, text, font, ink);
    let centre = room.left_center() - vec2(8.0, 0.0);
    if mark == Mark::Best {
        painter.circle_filled(centre, 3.6, ink);
    } else {
        painter.circle_stroke(centre, 3.0, Stroke::new(1.5, ink));
    }
}

/// The way from chance (bottom) to perfect (top) over time.
fn curve(ui: &Ui, room: Rect, spark: &[[f32; 2]], ink: Color32) {
    let at = |&[x, y]: &[f32; 2]| {
        pos2(
            room.left() + x * room.width(),
            room.bottom() - y * room.height(),
        )
    };
    let points: Vec<Pos2> = spark.iter().map(at).collect();
    let newest = points[points.len() - 1];
    ui.painter()
        .line(points, Stroke::new(1.5, ink.gamma_multiply(0.8)));
    ui.painter().circle_filled(newest, 2.2, ink);
}

fn explain(ui: &mut Ui, rect: Rect, row: &Row, column: &Column, cell: &Cell) {
    let id = ui.scope_id().with((row.index, &column.name));
    let response = ui.interact(rect, id, Sense::hover());
    let unit = row.quantity.unit;
    let number = cell
        .value
        .map_or("not measured".into(), |value| unit.text(value));
    let label = format!("{}, {}: {number}", row.quantity.name, column.name);
    response.widget_info(|| WidgetInfo::labeled(Role::Cell, true, &label));
    response.on_hover_ui(|ui| {
        sentence::sentence(ui, &label, ui.visuals().text_color());
        ui.label(row.quantity.about);
        if let Some([low, high]) = cell.interval {
            ui.label(format!(
                "With other test people it would lie between {} and {} in 95 of 100 cases.",
                unit.text(low),
                unit.text(high)
            ));
        }
        if let (Some(share), Some(chance)) = (cell.share, row.chance) {
            let percent = 100.0 * share;
            ui.label(format!(
                "{percent:.0} % of the way from chance ({}) to perfect ({}).",
                unit.text(chance),
                unit.text(unit.best())
            ));
        }
    });
}

/// What the shades and signs mean.
pub fn key(ui: &mut Ui) {
    let dim = tone(ui, Tone::Dim);
    ui.horizontal_wrapped(|ui| {
        ui.colored_label(dim, "Shading: chance");
        let (rect, _) = ui.allocate_exact_size(vec2(96.0, 14.0), Sense::hover());
        const STEPS: usize = 24;
        let width = rect.width() / STEPS as f32;
        for step in 0..STEPS {
            let left = rect.left() + width * step as f32;
            let part = Rect::from_min_size(pos2(left, rect.top()), vec2(width, rect.height()));
            let share = step as f64 / (STEPS - 1) as f64;
            ui.painter().rect_filled(part, 0.0, shade(ui, share));
        }
        let frame = Stroke::new(1.0, dim.gamma_multiply(0.5));
        ui.painter()
            .rect_stroke(rect, 0.0, frame, StrokeKind::Inside);
        ui.colored_label(dim, "perfect.");
        ui.colored_label(dim, "● best learnt code;");
        ui.colored_label(
            dim,
            "○ best learnt code, but pixels or an untrained network do as well.",
        );
    });
}

fn shade(ui: &Ui, share: f64) -> Color32 {
    let ground = ui.visuals().extreme_bg_color;
    ground.lerp_to_gamma(tone(ui, Tone::Green), 0.9 * share as f32)
}

/// Black or white, whichever shows on this colour.
fn ink_on(fill: Color32) -> Color32 {
    let [r, g, b, _] = fill.to_array().map(f32::from);
    if 0.3 * r + 0.59 * g + 0.11 * b > 118.0 {
        Color32::from_gray(15)
    } else {
        Color32::from_gray(245)
    }
}
