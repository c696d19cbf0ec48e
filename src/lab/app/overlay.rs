//! What lies over or above the panels: trouble, closing, a file that hovers.

use eframe::egui::{
    Align2, Area, Color32, FontId, Frame, Id, Order, Panel as Bar, RichText, Ui, vec2,
};

use super::Lab;
use crate::lab::desk::Command;
use crate::lab::look::theme::{Tone, tone};
use crate::lab::panel::PanelKind;
use crate::lab::state::{Phase, Source};
use crate::train::event::StopReason;

impl Lab {
    /// How training ended, with a way to go on.
    pub(super) fn banner(&mut self, ui: &mut Ui) {
        // The run panel says it as well.
        let is_said = self.drawn.contains(&(PanelKind::Run as usize));
        if self.state.source == Source::Replay || self.closing || is_said {
            return;
        }
        let Phase::Stopped(reason) = &self.state.phase else {
            return;
        };
        let (text, failed) = match reason {
            StopReason::Finished => ("All steps are done.".to_owned(), false),
            StopReason::Interrupted => ("Training was stopped.".to_owned(), false),
            StopReason::Unusable { text }
            | StopReason::Unsaved { text }
            | StopReason::Failed { text } => (text.clone(), true),
        };
        let saved = self.state.checkpoints.last().map(|(step, _)| *step);
        Bar::top("banner").show(ui, |ui| {
            ui.add_space(6.0);
            ui.horizontal_wrapped(|ui| {
                if failed {
                    let mark = match self.state.network {
                        Some(_) => "The trained network cannot be asked any more.",
                        None => "Training ended with an error.",
                    };
                    let mark = RichText::new(mark).strong();
                    ui.label(mark.color(tone(ui, Tone::Vermillion)));
                }
                ui.label(text);
                let Some(step) = saved else {
                    return;
                };
                ui.label(format!("The checkpoint of step {step} is safe."));
                let mut restart = |ui: &mut Ui, label: &str, on_cpu| {
                    if ui.button(label).clicked() {
                        self.desk.commands.push(Command::Restart { on_cpu });
                    }
                };
                restart(ui, "Go on from the checkpoint", false);
                if failed {
                    restart(ui, "Go on, on the CPU", true);
                }
            });
            ui.add_space(6.0);
        });
    }

    pub(super) fn overlays(&mut self, ui: &mut Ui) {
        let hovering = ui.input(|input| !input.raw.hovered_files.is_empty());
        let text = if self.closing {
            "Finishing the step and saving a checkpoint…"
        } else if hovering {
            "Drop the photo to see it through the network's eyes"
        } else {
            return;
        };
        let screen = ui.ctx().content_rect();
        Area::new(Id::unique("overlay"))
            .order(Order::Foreground)
            .interactable(false)
            .fixed_pos(screen.min)
            .show(ui.ctx(), |ui| {
                let (rect, _) = ui.allocate_exact_size(screen.size(), eframe::egui::Sense::hover());
                ui.painter()
                    .rect_filled(rect, 0.0, Color32::from_black_alpha(170));
                let centre = rect.center();
                let size = vec2((screen.width() - 80.0).min(720.0), 96.0);
                let card = eframe::egui::Rect::from_center_size(centre, size);
                let frame = Frame::popup(ui.style());
                ui.painter().rect_filled(card, 8.0, frame.fill);
                ui.painter().text(
                    centre,
                    Align2::CENTER_CENTER,
                    text,
                    FontId::proportional(22.0),
                    ui.visuals().strong_text_color(),
                );
            });
    }
}
