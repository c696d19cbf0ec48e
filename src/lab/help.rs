//! The overlay that "?" opens: keys and symbols.

use eframe::egui::{Align2, Context, Frame, Grid, RichText, ScrollArea, Ui, Window, vec2};

use super::look::glossary;
use super::look::symbol::symbol;

/// Every key of the window and what it does.
const KEYS: [(&str, &str); 15] = [
    ("Space", "Pause or play"),
    ("→", "One step; in the lesson, next"),
    ("←", "In the lesson, back"),
    ("S", "Save a picture of the window"),
    ("C", "Save a checkpoint"),
    ("T", "Leave a trained network, train from nothing"),
    ("Enter", "At the start: play with the trained network"),
    ("L", "Begin or leave the lesson"),
    ("D", "Dark or light"),
    ("+", "Larger text"),
    ("−", "Smaller text"),
    ("1–9", "Bring a panel to the front"),
    ("?", "This help"),
    ("Page ↑ ↓", "In the lesson, back and next"),
    ("Esc", "Close what is open"),
];

/// Below this width the symbols stand under the keys.
const TWO_COLUMNS: f32 = 640.0;

/// Draws the help while `open`; its cross closes it.
pub fn help(ctx: &Context, open: &mut bool) {
    let room = ctx.content_rect().size() - vec2(40.0, 80.0);
    let size = vec2(room.x.min(900.0), room.y.min(640.0));
    Window::new("Help")
        .open(open)
        .collapsible(false)
        .resizable(false)
        .anchor(Align2::CENTER_CENTER, [0.0, 0.0])
        .fixed_size(size)
        .show(ctx, |ui| {
            ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
                if ui.available_width() >= TWO_COLUMNS {
                    ui.horizontal_top(|ui| {
                        ui.vertical(keys);
                        ui.add_space(24.0);
                        ui.vertical(symbols);
                    });
                } else {
                    keys(ui);
                    ui.add_space(16.0);
                    symbols(ui);
                }
            });
        });
}

fn keys(ui: &mut Ui) {
    ui.heading("Keys");
    Grid::new("keys")
        .num_columns(2)
        .spacing([16.0, 8.0])
        .show(ui, |ui| {
            for (key, what) in KEYS {
                Frame::group(ui.style())
                    .inner_margin(vec2(6.0, 2.0))
                    .show(ui, |ui| ui.label(RichText::new(key).strong()));
                ui.label(what);
                ui.end_row();
            }
        });
}

fn symbols(ui: &mut Ui) {
    ui.heading("Symbols");
    const NAME_WIDTH: f32 = 110.0;
    for name in glossary::SYMBOLS {
        ui.horizontal_top(|ui| {
            let left = ui.cursor().left();
            symbol(ui, name);
            ui.add_space((left + NAME_WIDTH - ui.cursor().left()).max(0.0));
            ui.vertical(|ui| ui.label(glossary::about(name)));
        });
    }
}

#[cfg(test)]
mod tests {
    use egui_kittest::Harness;
    use egui_kittest::kittest::Queryable;

    use super::*;
    use crate::lab::look::theme;

    #[test]
    fn every_listed_symbol_is_explained() {
        for name in glossary::SYMBOLS {
            assert!(!glossary::about(name).is_empty(), "{name}");
        }
    }

    #[test]
    fn it_fits_the_window_and_can_be_closed() {
        for size in [[1280.0, 720.0], [700.0, 480.0], [420.0, 400.0]] {
            let mut window = Harness::builder()
                .with_size(size)
                .with_context_setup(theme::install)
                .build_ui_state(|ui, open: &mut bool| help(ui.ctx(), open), true);
            window.run_steps(3);
            let heading = window.get_by_label("Symbols").rect();
            assert!(heading.right() < size[0], "{heading:?} in {size:?}");
            window.get_by_label("Close window").click();
            window.run_steps(2);
            assert!(!*window.state());
        }
    }
}
