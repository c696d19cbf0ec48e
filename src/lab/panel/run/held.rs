//! A number that lives in the trainer, while the user's hand is on it.

use eframe::egui::{Response, Slider, Ui, WidgetInfo};

/// While the hand moves, the trainer hears of it this often at most.
const SEND_EVERY_S: f64 = 0.1;

/// What the hand chose, shown until the run says the same.
pub(super) struct Held {
    chosen: Option<f64>,
    chosen_at_s: f64,
    sent: Option<f64>,
    sent_at_s: f64,
    /// So long a choice is shown that the run does not take up.
    patience_s: f64,
}

impl Default for Held {
    /// A step may take seconds, and the trainer listens between steps only.
    fn default() -> Self {
        Self::patient(10.0)
    }
}

impl Held {
    /// Shows a choice for so long at most, if the run says something else.
    pub fn patient(patience_s: f64) -> Self {
        Self {
            chosen: None,
            chosen_at_s: 0.0,
            sent: None,
            sent_at_s: f64::NEG_INFINITY,
            patience_s,
        }
    }

    /// Draws a slider of this number, called `name` for those who cannot see it, and returns what
    /// is to be sent.
    pub fn slider(
        &mut self,
        ui: &mut Ui,
        name: &'static str,
        truth: f64,
        slider: impl FnOnce(&mut f64) -> Slider<'_>,
    ) -> (Response, Option<f64>) {
        let mut value = self.chosen.unwrap_or(truth);
        let response = ui.add(slider(&mut value));
        let enabled = response.enabled();
        response.widget_info(|| WidgetInfo::slider(enabled, value, name));
        let moved_to = response.changed().then_some(value);
        let now_s = ui.input(|input| input.time);
        let send = self.follow(truth, moved_to, response.dragged(), now_s);
        if self.chosen.is_some() {
            // A hand that rests, or a run that does not answer, makes no frames.
            ui.ctx().request_repaint_after_secs(SEND_EVERY_S as f32);
        }
        (response, send)
    }

    /// Takes note of one frame; returns what is to be sent.
    fn follow(
        &mut self,
        truth: f64,
        moved_to: Option<f64>,
        in_hand: bool,
        now_s: f64,
    ) -> Option<f64> {
        if moved_to.is_some() {
            self.chosen = moved_to;
            self.chosen_at_s = now_s;
        }
        let chosen = self.chosen?;
        let due = !in_hand || now_s - self.sent_at_s >= SEND_EVERY_S;
        if self.sent != Some(chosen) && due {
            self.sent = Some(chosen);
            self.sent_at_s = now_s;
            return Some(chosen);
        }
        let waited_s = now_s - self.chosen_at_s;
        if !in_hand && (chosen == truth || waited_s > self.patience_s) {
            self.chosen = None;
            self.sent = None;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dragged_number_is_sent_ten_times_a_second_and_when_let_go() {
        let mut held = Held::default();
        let mut sent = Vec::new();
        for frame in 0..=21 {
            let now_s = f64::from(frame) / 64.0;
            let value = Some(f64::from(frame));
            sent.extend(held.follow(0.0, value, true, now_s));
        }
        assert_eq!(sent, [0.0, 7.0, 14.0, 21.0]);
        assert_eq!(held.follow(0.0, Some(22.0), true, 0.34), None);
        assert_eq!(held.follow(0.0, None, false, 0.35), Some(22.0));
        assert_eq!(held.follow(0.0, None, false, 0.37), None);
    }

    #[test]
    fn the_choice_stays_until_the_run_says_the_same() {
        let mut held = Held::default();
        assert_eq!(held.follow(1.0, Some(2.0), false, 5.0), Some(2.0));
        held.follow(1.0, None, false, 6.0);
        assert_eq!(held.chosen, Some(2.0));
        held.follow(2.0, None, false, 7.0);
        assert_eq!(held.chosen, None);
    }

    #[test]
    fn a_run_that_says_something_else_is_believed_in_the_end() {
        let mut held = Held::patient(0.3);
        held.follow(1.0, Some(2.0), false, 5.0);
        held.follow(1.0, None, false, 5.2);
        assert_eq!(held.chosen, Some(2.0));
        held.follow(1.0, None, false, 5.4);
        assert_eq!(held.chosen, None);
    }
}
