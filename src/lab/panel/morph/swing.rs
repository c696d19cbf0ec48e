//! Back and forth without a hand on the slider.

use std::ops::RangeInclusive;
use std::time::Duration;

use eframe::egui::{Response, Ui};

/// A "Play" toggle and its clock.
#[derive(Debug, Default)]
pub struct Swing {
    playing: bool,
    due_s: f64,
}

impl Swing {
    /// Begins to play, or stops.
    pub fn set(&mut self, playing: bool) {
        self.playing = playing;
    }

    /// The toggle.
    pub fn toggle(&mut self, ui: &mut Ui) -> Response {
        ui.toggle_value(&mut self.playing, "Play")
            .on_hover_text("Move slowly back and forth.")
    }

    /// Whether the next step is due; asks for the frame in which it will be. `ready` holds it back
    /// until what is shown has caught up.
    pub fn tick(&mut self, ui: &Ui, every_s: f64, ready: bool) -> bool {
        if !self.playing {
            return false;
        }
        let now_s = ui.input(|input| input.time);
        let due = ready && now_s >= self.due_s;
        if due {
            self.due_s = now_s + every_s;
        }
        let wait_s = (self.due_s - now_s).max(0.05);
        ui.ctx()
            .request_repaint_after(Duration::from_secs_f64(wait_s));
        due
    }
}

/// The next value on the way; turns round at the ends.
pub fn step(value: f32, by: f32, range: RangeInclusive<f32>, back: &mut bool) -> f32 {
    let (low, high) = (*range.start(), *range.end());
    // Half a step of tolerance, so that an end is not met twice through rounding.
    if value + by / 2.0 >= high {
        *back = true;
    }
    if value - by / 2.0 <= low {
        *back = false;
    }
    let next = if *back { value - by } else { value + by };
    next.clamp(low, high)
}
