//! The progress line of a real terminal.

use std::io::{self, Write};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::pace::Pace;
use super::words;
use crate::train::event::Event;

/// Redrawn at most this often, in Hz.
const REFRESH_HZ: u8 = 8;

/// A line that is drawn over, with sentences going up above it.
pub struct Live {
    bar: ProgressBar,
}

impl Live {
    /// An empty line on standard error.
    pub fn new() -> Self {
        let target = ProgressDrawTarget::stderr_with_hz(REFRESH_HZ);
        let bar = ProgressBar::with_draw_target(Some(1), target);
        // `wide_msg` is cut to what is left of the line, so that it never wraps.
        if let Ok(style) = ProgressStyle::with_template("{bar:16} {wide_msg}") {
            bar.set_style(style.progress_chars("━╸─"));
        }
        Self { bar }
    }

    /// Shows one event.
    pub fn on_event(&mut self, event: &Event, pace: &Pace) {
        match event {
            Event::Started(info) => {
                self.print(&words::started(info));
                self.bar.set_length(info.last_step);
                self.bar.set_position(info.resumed_at);
            }
            Event::Note { text } => self.print(std::slice::from_ref(text)),
            Event::Warning { text } => self.print(&[format!("Warning: {text}")]),
            Event::Step(report) => {
                self.bar.set_message(words::step(report, pace));
                self.bar.set_position(report.step);
            }
            Event::Knowledge(report) => self.print(&words::knowledge(report)),
            Event::Checkpoint { step, path } => self.print(&[words::checkpoint(*step, path)]),
            Event::Stopped { step, reason } => {
                // The last line stays, now as text of any length.
                let last = self.bar.message();
                self.bar.finish_and_clear();
                let sentences = words::stopped(*step, reason, pace);
                for line in std::iter::once(last).chain(sentences) {
                    if !line.is_empty() {
                        // Unlike `eprintln!`, no panic when the terminal has gone.
                        let _ = writeln!(io::stderr(), "{line}");
                    }
                }
            }
            Event::State { step, state } => self.print(&words::state(*step, *state)),
            Event::Extended { last_step, .. } => self.bar.set_length(*last_step),
            Event::Epoch(_)
            | Event::Faces(_)
            | Event::Gallery(_)
            | Event::Goal(_)
            | Event::Settings { .. }
            | Event::Answer(_) => {}
        }
    }

    fn print(&self, lines: &[String]) {
        for line in lines {
            self.bar.println(line);
        }
    }
}
