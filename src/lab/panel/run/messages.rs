//! What the trainer has said.

use eframe::egui::text::LayoutJob;
use eframe::egui::{ScrollArea, TextFormat, TextStyle, Ui};

use super::words;
use crate::lab::look::theme::{Tone, tone};
use crate::lab::state::{Kind, LabState, Line};

/// So many of the latest lines are drawn; a frame must stay short.
const MOST_LINES: usize = 200;

/// The list of messages, the newest at the bottom.
#[derive(Default)]
pub(super) struct Messages {
    warnings_only: bool,
}

impl Messages {
    /// Draws the list, with its heading at most so high.
    pub fn ui(&mut self, ui: &mut Ui, state: &LabState, height: f32) {
        let bottom = ui.cursor().top() + height;
        let wanted = |line: &&Line| !self.warnings_only || line.kind == Kind::Warning;
        let mut lines: Vec<&Line> = state
            .log
            .lines()
            .rev()
            .filter(wanted)
            .take(MOST_LINES)
            .collect();
        lines.reverse();
        ui.horizontal_wrapped(|ui| {
            ui.strong("Messages");
            ui.checkbox(&mut self.warnings_only, "Warnings only");
            let copy = ui.button("Copy the messages");
            if copy.on_hover_text("Put them on the clipboard").clicked() {
                let texts: Vec<String> = lines.iter().map(|line| plain(line)).collect();
                ui.ctx().copy_text(texts.join("\n"));
            }
        });
        let height = bottom - ui.cursor().top();
        ScrollArea::vertical()
            .id_salt("messages")
            .max_height(height)
            .auto_shrink([false, true])
            .stick_to_bottom(true)
            .show(ui, |ui| {
                for line in &lines {
                    let job = job(ui, line);
                    ui.label(job);
                }
                if lines.is_empty() && self.warnings_only {
                    ui.label("No warnings so far.");
                } else if lines.is_empty() {
                    ui.label("Nothing yet: what the trainer has to say will stand here.");
                }
            });
    }
}

fn plain(line: &Line) -> String {
    let sign = match line.kind {
        Kind::Note => "",
        Kind::Warning => "Warning: ",
    };
    format!("Step {}: {sign}{}", line.step, line.text)
}

/// Step, sign and sentence.
fn job(ui: &Ui, line: &Line) -> LayoutJob {
    let font = TextStyle::Body.resolve(ui.style());
    let mut job = LayoutJob::default();
    let mut add = |text: &str, colour| {
        let format = TextFormat::simple(font.clone(), tone(ui, colour));
        job.append(text, 0.0, format);
    };
    add(&format!("{}  ", words::count(line.step)), Tone::Dim);
    match line.kind {
        Kind::Note => add(&line.text, Tone::Ink),
        Kind::Warning => add(&format!("⚠ {}", line.text), Tone::Orange),
    }
    job
}
