//! Running text with symbols in it, set as in the paper: "the code `F_s`".

use std::ops::Range;
use std::sync::Arc;

use eframe::egui::text::{CCursor, LayoutJob};
use eframe::egui::{
    Align, Align2, FontId, Galley, Rect, Role, Sense, TextFormat, Ui, WidgetInfo, pos2,
};

use crate::lab::look::glossary;
use crate::lab::look::theme::{Tone, code, tone};
use crate::record::heading;

/// Size of a subscript beside its line.
const SUBSCRIPT: f32 = 0.75;

/// A symbol within a text.
#[derive(Debug, PartialEq)]
struct Mark {
    /// As in the glossary.
    symbol: String,
    /// Its characters in the text as it is shown.
    chars: Range<usize>,
}

/// The parts of a text in turn: words at even places, symbols at odd ones.
fn parts(text: &str) -> impl Iterator<Item = (bool, &str)> {
    text.split('`')
        .enumerate()
        .map(|(index, part)| (index % 2 == 1, part))
}

/// The symbols of a text.
#[cfg(test)]
pub(super) fn symbols(text: &str) -> impl Iterator<Item = &str> {
    parts(text)
        .filter(|(is_symbol, _)| *is_symbol)
        .map(|(_, part)| part)
}

/// Draws a text that wraps; what stands between backticks is a symbol with its meaning as tooltip.
pub(super) fn prose(ui: &mut Ui, text: &str, size: f32) {
    let set = Setting::new(ui, text, size);
    let galley = ui.fonts_mut(|fonts| fonts.layout_job(set.job));
    let (rect, response) = ui.allocate_exact_size(galley.size(), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, text.replace('`', "")));
    let ink = tone(ui, Tone::Ink);
    ui.painter().galley(rect.min, galley.clone(), ink);
    for hat in &set.hats {
        hat.draw(ui, rect, &galley, size);
    }
    for mark in &set.marks {
        let place = place(&galley, mark.chars.clone()).translate(rect.min.to_vec2());
        let id = response.id.with(mark.chars.start);
        let about = glossary::about(&mark.symbol);
        ui.interact(place, id, Sense::hover()).on_hover_text(about);
    }
}

/// Where characters stand that share a row.
fn place(galley: &Arc<Galley>, chars: Range<usize>) -> Rect {
    let cursor = |index, prefer_next_row| CCursor {
        prefer_next_row,
        ..CCursor::new(index)
    };
    let first = galley.pos_from_cursor(cursor(chars.start, true));
    let last = galley.pos_from_cursor(cursor(chars.end, false));
    first.union(last)
}

/// A text ready to be laid out.
#[derive(Default)]
struct Setting {
    job: LayoutJob,
    marks: Vec<Mark>,
    hats: Vec<Hat>,
    chars: usize,
}

/// A hat over one character; the fonts have none that stands alone over any letter.
struct Hat {
    char: usize,
    below: bool,
    tone: Tone,
}

impl Setting {
    fn new(ui: &Ui, text: &str, size: f32) -> Self {
        let mut set = Self::default();
        set.job.wrap.max_width = ui.available_width();
        for (is_symbol, part) in parts(text) {
            if is_symbol {
                set.symbol(ui, part, size);
            } else {
                let format = TextFormat::simple(FontId::proportional(size), tone(ui, Tone::Ink));
                set.append(part, format);
            }
        }
        set
    }

    fn append(&mut self, text: &str, format: TextFormat) {
        self.job.append(text, 0.0, format);
        self.chars += text.chars().count();
    }

    fn symbol(&mut self, ui: &Ui, symbol: &str, size: f32) {
        let start = self.chars;
        let hue = hue(symbol);
        let mut below = false;
        for sign in heading::parse(symbol) {
            // A word after `_` is set below the line as a whole: L_dis.
            below = sign.subscript || (below && sign.char.is_alphabetic());
            let scale = if below { SUBSCRIPT } else { 1.0 };
            if sign.hat {
                self.hats.push(Hat {
                    char: self.chars,
                    below,
                    tone: hue,
                });
            }
            let mut format = TextFormat::simple(FontId::proportional(size * scale), tone(ui, hue));
            format.valign = Align::BOTTOM;
            self.append(&sign.char.to_string(), format);
        }
        self.marks.push(Mark {
            symbol: symbol.into(),
            chars: start..self.chars,
        });
    }
}

impl Hat {
    fn draw(&self, ui: &Ui, text: Rect, galley: &Arc<Galley>, size: f32) {
        let char = place(galley, self.char..self.char + 1).translate(text.min.to_vec2());
        let scale = if self.below { SUBSCRIPT } else { 1.0 };
        let font = FontId::proportional(size * scale);
        let height = ui.fonts_mut(|fonts| fonts.row_height(&font));
        // A letter without a stem leaves room within its own height.
        let top = char.bottom() - height - if self.below { 0.3 } else { 0.0 } * size;
        let top = pos2(char.center().x, top);
        let colour = tone(ui, self.tone);
        ui.painter()
            .text(top, Align2::CENTER_TOP, "\u{2c6}", font, colour);
    }
}

/// The tone that a symbol has in the panels.
fn hue(symbol: &str) -> Tone {
    match symbol {
        "L_face" | "α_face" => Tone::Vermillion,
        "L_pose" | "α_pose" => Tone::Blue,
        "L_dis" => Tone::Green,
        "L_orth" => Tone::Orange,
        _ => match code(symbol.get(..3).unwrap_or(symbol)) {
            Tone::Dim => Tone::Ink,
            tone => tone,
        },
    }
}

#[cfg(test)]
mod tests {
    use egui_kittest::Harness;
    use egui_kittest::kittest::Queryable;

    use super::*;
    use crate::lab::look::theme;

    #[test]
    fn symbols_stand_between_backticks() {
        let text = "`F_f` of `s^`, not F_p.";
        assert_eq!(symbols(text).collect::<Vec<_>>(), ["F_f", "s^"]);
    }

    #[test]
    fn text_wraps_and_symbols_explain_themselves() {
        let mut window = Harness::builder()
            .with_size([220.0, 400.0])
            .with_context_setup(theme::install)
            .build_ui(|ui| {
                prose(
                    ui,
                    "The code `F_s` holds all that is known of a face, `F_f` less.",
                    19.0,
                );
            });
        window.run();
        let words = "The code F_s holds all that is known of a face, F_f less.";
        let rect = window.get_by_label(words).rect();
        assert!(rect.width() <= 220.0 && rect.height() > 60.0, "{rect:?}");
        assert!(window.query_by_label(glossary::about("F_s")).is_none());
        // "The code F" ends about here.
        window.hover_at(rect.min + eframe::egui::vec2(91.0, 12.0));
        window.run_steps(6);
        window.get_by_label(glossary::about("F_s"));
    }

    #[test]
    fn hats_and_subscripts_are_not_characters() {
        let mut set = None;
        let mut window = Harness::new_ui(|ui| set = Some(Setting::new(ui, "a `F_f^` b", 19.0)));
        window.run();
        drop(window);
        let set = set.unwrap();
        assert_eq!(set.job.text, "a Ff b");
        assert_eq!(set.hats.iter().map(|hat| hat.char).collect::<Vec<_>>(), [3]);
        let mark = Mark {
            symbol: "F_f^".into(),
            chars: 2..4,
        };
        assert_eq!(set.marks, [mark]);
    }
}
