//! The moment of training that is looked at: the present, or a step of the past.

use eframe::egui::{Slider, Ui};

/// The present until the user goes back.
#[derive(Default)]
pub(super) struct Moment {
    past: Option<u64>,
}

impl Moment {
    /// Whether the newest pictures are followed.
    pub fn is_live(&self) -> bool {
        self.past.is_none()
    }

    /// Goes to `steps[index]`; the last one is the present.
    pub fn go_to(&mut self, steps: &[u64], index: usize) {
        self.past = steps
            .get(index)
            .copied()
            .filter(|_| index + 1 < steps.len());
    }

    /// The place among `steps` (oldest first) that is nearest to the moment, if it is a past one.
    pub fn past_index(&self, steps: &[u64]) -> Option<usize> {
        let past = self.past?;
        let nearest = steps
            .iter()
            .enumerate()
            .min_by_key(|(_, step)| step.abs_diff(past));
        nearest.map(|(index, _)| index)
    }

    /// The way to the past and back; `shown` is what is drawn of `steps`.
    pub fn ui(&mut self, ui: &mut Ui, steps: &[u64], shown: usize) {
        let Some(newest) = steps.len().checked_sub(1) else {
            return;
        };
        let mut index = if self.is_live() { newest } else { shown };
        let label = ui.label("Step");
        // The words behind the slider need the rest of the row.
        ui.spacing_mut().slider_width =
            (ui.available_size_before_wrap().x - 200.0).clamp(50.0, 400.0);
        // One place per picture: they are not equally far apart in steps.
        let slider = Slider::new(&mut index, 0..=newest).show_value(false);
        let response = ui.add_enabled(newest > 0, slider).labelled_by(label.id);
        if response.changed() {
            self.go_to(steps, index);
        }
        if let Some(step) = steps.get(shown) {
            ui.label(format!("After step {step}"));
        }
        let live = ui.selectable_label(self.is_live(), "Live");
        if live
            .on_hover_text("Follow the newest pictures. Move the slider to look back.")
            .clicked()
        {
            self.past = None;
        }
    }
}
