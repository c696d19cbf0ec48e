//! Symbols set as in the paper: `F_f^ + F_p` with subscripts and hats.

use std::sync::Arc;

use eframe::egui::{
    Color32, FontId, Galley, Rect, Response, Role, Sense, TextStyle, Ui, Vec2, WidgetInfo, pos2,
    vec2,
};

use super::glossary;
use crate::record::heading;

/// Size of what stands below the line.
const BELOW_SCALE: f32 = 0.75;
/// Top of what stands below the line, in parts of the size; its foot is then 0.16 lower.
const BELOW_DROP: f32 = 0.39;
/// Room between a letter and its hat, in parts of the size.
const HAT_GAP: f32 = 0.06;

/// A symbol with its meaning as tooltip, in the size of body text. `_` sets the next word below
/// the line, `^` puts a hat on the character before.
pub fn symbol(ui: &mut Ui, text: &str) -> Response {
    let colour = ui.visuals().text_color();
    coloured(ui, text, colour)
}

/// [`symbol`] in a colour.
pub fn coloured(ui: &mut Ui, text: &str, colour: Color32) -> Response {
    let size = TextStyle::Body.resolve(ui.style()).size;
    sized(ui, text, size, colour)
}

/// [`symbol`] in any size and colour.
pub fn sized(ui: &mut Ui, text: &str, size: f32, colour: Color32) -> Response {
    let lay_out = |text: String, scale: f32| {
        let font = FontId::proportional(size * scale);
        ui.painter().layout_no_wrap(text, font, colour)
    };
    let mut shapes: Vec<(Vec2, Arc<Galley>)> = Vec::new();
    let mut pen_x = 0.0;
    for Run { text, below, hat } in runs(text) {
        let (scale, drop) = if below {
            (BELOW_SCALE, size * BELOW_DROP)
        } else {
            (1.0, 0.0)
        };
        let letters = lay_out(text, scale);
        let at = vec2(pen_x, drop);
        pen_x += letters.size().x;
        if hat {
            let sign = lay_out("\u{2c6}".into(), scale);
            let (under, over) = (ink(&letters), ink(&sign));
            let foot_y = under.top() - size * HAT_GAP;
            let shift = vec2(under.center().x - over.center().x, foot_y - over.bottom());
            shapes.push((at + shift, sign));
        }
        shapes.push((at, letters));
    }
    // As high as a label, so that both stand on one line wherever they meet.
    let height = ui.fonts_mut(|fonts| fonts.row_height(&FontId::proportional(size)));
    let (rect, response) = ui.allocate_exact_size(vec2(pen_x, height), Sense::hover());
    for (at, galley) in shapes {
        ui.painter().galley(rect.min + at, galley, colour);
    }
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, text));
    match glossary::about(text) {
        "" => response,
        about => response.on_hover_text(about),
    }
}

/// Characters that are set alike.
#[derive(Debug, PartialEq)]
struct Run {
    text: String,
    below: bool,
    /// On its only character.
    hat: bool,
}

fn runs(text: &str) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    for sign in heading::parse(text) {
        // A word after `_` is set below the line as a whole: L_dis.
        let word_goes_on = runs.last().is_some_and(|run| run.below) && sign.char.is_alphabetic();
        let below = sign.subscript || word_goes_on;
        match runs.last_mut() {
            Some(run) if run.below == below && !run.hat && !sign.hat => run.text.push(sign.char),
            _ => runs.push(Run {
                text: sign.char.into(),
                below,
                hat: sign.hat,
            }),
        }
    }
    runs
}

/// Where there is ink, relative to the galley.
fn ink(galley: &Galley) -> Rect {
    let mut ink = Rect::NOTHING;
    for row in &galley.rows {
        for glyph in &row.glyphs {
            let corner = row.pos + glyph.pos.to_vec2() + glyph.uv_rect.offset;
            ink |= Rect::from_min_size(pos2(corner.x, corner.y), glyph.uv_rect.size);
        }
    }
    ink
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_go_below_the_line_and_hats_stand_alone() {
        let set = |text: &str| -> Vec<(String, bool, bool)> {
            let runs = runs(text).into_iter();
            runs.map(|run| (run.text, run.below, run.hat)).collect()
        };
        let run = |text: &str, below, hat| (text.to_owned(), below, hat);
        assert_eq!(set("total"), [run("total", false, false)]);
        assert_eq!(
            set("L_dis 3"),
            [
                run("L", false, false),
                run("dis", true, false),
                run(" 3", false, false)
            ]
        );
        assert_eq!(
            set("F_f^ + s^"),
            [
                run("F", false, false),
                run("f", true, true),
                run(" + ", false, false),
                run("s", false, true)
            ]
        );
        assert_eq!(set(""), []);
    }

    #[test]
    fn symbols_are_found_by_their_text_and_are_as_high_as_labels() {
        use egui_kittest::kittest::Queryable as _;
        let harness = egui_kittest::Harness::new_ui(|ui| {
            symbol(ui, "F_f^ + F_p");
            ui.label("word");
        });
        let symbol = harness.get_by_label("F_f^ + F_p").rect();
        let word = harness.get_by_label("word").rect();
        assert!((symbol.height() - word.height()).abs() < 1.01);
        assert!(symbol.width() > word.width());
    }
}
