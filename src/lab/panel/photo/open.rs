//! How a photo gets in: dropped, chosen, or by its path.

use std::path::PathBuf;

use eframe::egui::{Key, Label, RichText, Sense, Shape, Stroke, TextEdit, Ui, Vec2};

use super::load::Loading;
use crate::lab::desk::{Command, Desk};
use crate::lab::look::theme::{Tone, tone};

/// The ways in; the answer is a path that was typed. `first`: there is no photo yet.
pub fn ui(ui: &mut Ui, path: &mut String, first: bool, desk: &mut Desk) -> Option<PathBuf> {
    if first {
        ui.label("See a face of your own through the network's eyes.");
    }
    let mut opened = false;
    ui.horizontal_wrapped(|ui| {
        if ui.button("Choose a photo…").clicked() {
            desk.commands.push(Command::ChoosePhoto);
        }
        let button = 70.0;
        let width = (ui.available_width() - button).clamp(90.0, 260.0);
        let field = ui.add(
            TextEdit::singleline(path)
                .hint_text("or type its path")
                .desired_width(width),
        );
        let field = field.accessible_name("Path of a photo");
        let entered = field.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
        let typed = !typed_path(path).as_os_str().is_empty();
        let pressed = ui
            .add_enabled_ui(typed, |ui| ui.button("Open"))
            .inner
            .on_disabled_hover_text("Type the path of an image file first.")
            .clicked();
        opened = typed && (pressed || entered);
    });
    ui.small("Your photo stays on this computer.");
    opened.then(|| typed_path(path))
}

/// What is being read, and what went wrong.
pub fn news(ui: &mut Ui, loading: &[Loading], trouble: Option<&str>) {
    for loading in loading {
        ui.label(format!("Reading {}…", loading.name()));
    }
    if let Some(trouble) = trouble {
        ui.colored_label(tone(ui, Tone::Orange), trouble);
    }
}

/// The place of the first photo.
pub fn drop_zone(ui: &mut Ui, height: f32) {
    let size = Vec2::new(ui.available_width(), (height - 8.0).max(60.0));
    let (rect, _) = ui.allocate_exact_size(size, Sense::hover());
    let over = ui.input(|input| !input.raw.hovered_files.is_empty());
    let (words, colour) = match over {
        true => ("Let go to open it.", tone(ui, Tone::Ink)),
        false => ("Drop a photo here.", tone(ui, Tone::Dim)),
    };
    let edge = rect.shrink(4.0);
    let corners = [
        edge.left_top(),
        edge.right_top(),
        edge.right_bottom(),
        edge.left_bottom(),
        edge.left_top(),
    ];
    let dashes = Shape::dashed_line(&corners, Stroke::new(1.5, colour), 7.0, 6.0);
    ui.painter().extend(dashes);
    ui.place(rect, Label::new(RichText::new(words).color(colour)));
}

/// File managers copy paths in quotes.
fn typed_path(text: &str) -> PathBuf {
    PathBuf::from(text.trim().trim_matches(['"', '\'']))
}
