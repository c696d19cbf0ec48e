//! The keyboard.

use eframe::egui::{Event as Input, Key, Theme, Ui};

use super::Lab;
use crate::lab::desk::Command;
use crate::lab::panel::{PanelKind, run};
use crate::lab::state::Phase;
use crate::train::event::Control;

/// Text sizes the window can have.
const ZOOM: std::ops::RangeInclusive<f32> = 0.7..=3.0;

/// The keys 1–9, in order.
const DIGITS: [Key; 9] = [
    Key::Num1,
    Key::Num2,
    Key::Num3,
    Key::Num4,
    Key::Num5,
    Key::Num6,
    Key::Num7,
    Key::Num8,
    Key::Num9,
];

impl Lab {
    pub(super) fn keys(&mut self, ui: &Ui) {
        let ctx = ui.ctx().clone();
        if ctx.egui_wants_keyboard_input() {
            return;
        }
        let (pressed, typed) = ctx.input(|input| {
            let held = input.modifiers.ctrl || input.modifiers.command || input.modifiers.alt;
            let mut pressed: Vec<Key> = Vec::new();
            let mut typed = String::new();
            for event in &input.events {
                match event {
                    Input::Key {
                        key, pressed: true, ..
                    } if !held => pressed.push(*key),
                    Input::Text(text) => typed.push_str(text),
                    _ => {}
                }
            }
            (pressed, typed)
        });
        for key in pressed {
            self.on_key(key);
        }
        // Wherever the keyboard has them.
        for char in typed.chars() {
            match char {
                '?' => self.help = !self.help,
                '+' => self.zoom(1.1),
                '-' | '−' => self.zoom(1.0 / 1.1),
                _ => {}
            }
        }
    }

    fn on_key(&mut self, key: Key) {
        // A focused control may want the arrow keys and space for itself.
        let focused = self.ctx.memory(|memory| memory.focused().is_some());
        match key {
            Key::Space if !focused => {
                run::play_or_pause(&self.ctx, &self.state, &mut self.desk);
            }
            Key::ArrowRight if !focused => match &mut self.lesson {
                Some(lesson) if self.state.phase != Phase::Paused => lesson.next(),
                _ => run::step(&self.state, &mut self.desk),
            },
            Key::ArrowLeft if !focused => {
                if let Some(lesson) = &mut self.lesson {
                    lesson.back();
                }
            }
            Key::PageDown => self.lesson.iter_mut().for_each(|lesson| lesson.next()),
            Key::PageUp => self.lesson.iter_mut().for_each(|lesson| lesson.back()),
            Key::S => self.picture_of_window(),
            Key::C => self.desk.tell(Control::Checkpoint),
            Key::L => {
                let touring = self.lesson.is_some();
                self.desk.commands.push(Command::Lesson(!touring));
            }
            Key::D => self.toggle_theme(),
            Key::T => self.desk.commands.push(Command::TrainFromNothing),
            Key::Enter if !focused => self.offers = false,
            Key::Escape => {
                if self.help {
                    self.help = false;
                } else if self.lesson.is_some() {
                    self.desk.commands.push(Command::Lesson(false));
                }
            }
            _ => {
                if let Some(index) = DIGITS.iter().position(|digit| *digit == key) {
                    self.desk
                        .commands
                        .push(Command::Show(PanelKind::ALL[index]));
                }
            }
        }
    }

    pub(super) fn toggle_theme(&mut self) {
        let dark = self.ctx.theme() == Theme::Dark;
        self.ctx
            .set_theme(if dark { Theme::Light } else { Theme::Dark });
    }

    pub(super) fn zoom(&mut self, factor: f32) {
        let zoom = self.ctx.zoom_factor() * factor;
        self.ctx
            .set_zoom_factor(zoom.clamp(*ZOOM.start(), *ZOOM.end()));
    }
}
