//! Where the time of a step goes: one bar of three parts.

use eframe::egui::{Align2, FontId, Rect, Role, Sense, Ui, WidgetInfo, vec2};

use super::words;
use crate::lab::look::theme::{Tone, tone};
use crate::train::event::StepReport;

/// A new step moves the running means by at least this fraction.
const SMALLEST_SHARE: f64 = 0.1;
/// The parts, in the order of a step.
const PARTS: [(&str, Tone); 3] = [
    ("waiting for data", Tone::Orange),
    ("making views", Tone::Sky),
    ("network", Tone::Green),
];
const BAR_HEIGHT: f32 = 20.0;

/// Running means of the latest steps.
#[derive(Default)]
pub(super) struct Times {
    step: u64,
    seen: u32,
    /// In the order of [`PARTS`].
    ms: [f64; 3],
}

impl Times {
    /// Takes note of the latest step, unless it is known.
    pub fn follow(&mut self, report: &StepReport) {
        if report.step == self.step && self.seen > 0 {
            return;
        }
        if report.step < self.step {
            *self = Self::default();
        }
        self.step = report.step;
        // The first step compiles and tunes kernels: it counts only until the second.
        let share = f64::max(SMALLEST_SHARE, 1.0 / f64::from(self.seen.max(1)));
        let network_ms = report.step_ms - report.wait_ms - report.views_ms;
        let values = [report.wait_ms, report.views_ms, network_ms.max(0.0)];
        for (mean, value) in self.ms.iter_mut().zip(values) {
            *mean += share * (value - *mean);
        }
        self.seen = self.seen.saturating_add(1);
    }

    /// Draws the bar with its legend.
    pub fn ui(&self, ui: &mut Ui) {
        let whole: f64 = self.ms.iter().sum();
        if self.seen == 0 || whole <= 0.0 {
            ui.label("After the first step: what a step spends its time on.");
            return;
        }
        let percent = self.ms.map(|ms| 100.0 * ms / whole);
        ui.label(format!("One step takes {}:", words::milliseconds(whole)));
        self.bar(ui, percent);
        for (((name, colour), ms), percent) in PARTS.into_iter().zip(self.ms).zip(percent) {
            ui.horizontal(|ui| {
                let (square, _) = ui.allocate_exact_size(vec2(12.0, 12.0), Sense::hover());
                ui.painter().rect_filled(square, 2.0, tone(ui, colour));
                let ms = words::milliseconds(ms);
                ui.label(format!("{name}, {ms} ({percent:.0} %)"));
            });
        }
    }

    fn bar(&self, ui: &mut Ui, percent: [f64; 3]) {
        let width = ui.available_width().min(420.0);
        let (rect, response) = ui.allocate_exact_size(vec2(width, BAR_HEIGHT), Sense::hover());
        let mut left = rect.left();
        for ((_, colour), percent) in PARTS.into_iter().zip(percent) {
            let right = left + width * percent as f32 / 100.0;
            let part = Rect::from_x_y_ranges(left..=right, rect.y_range());
            ui.painter().rect_filled(part, 0.0, tone(ui, colour));
            // A seam, so that neighbours are told apart without their colours.
            ui.painter()
                .vline(right, rect.y_range(), (2.0, ui.visuals().panel_fill));
            if part.width() > 48.0 {
                let text = format!("{percent:.0} %");
                let ink = ui.visuals().extreme_bg_color;
                let font = FontId::proportional(13.0);
                ui.painter()
                    .text(part.center(), Align2::CENTER_CENTER, text, font, ink);
            }
            left = right;
        }
        response.widget_info(|| {
            let parts = PARTS.iter().zip(percent);
            let said = parts.map(|((name, _), percent)| format!("{name} {percent:.0} %"));
            let said = said.collect::<Vec<_>>().join(", ");
            WidgetInfo::labeled(Role::Image, true, format!("Time of a step: {said}"))
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(step: u64, step_ms: f64) -> StepReport {
        StepReport {
            step,
            step_ms,
            wait_ms: 10.0,
            views_ms: 20.0,
            ..StepReport::default()
        }
    }

    #[test]
    fn means_forget_the_first_step_and_know_a_step_only_once() {
        let mut times = Times::default();
        times.follow(&report(1, 60_000.0));
        for _ in 0..5 {
            times.follow(&report(2, 130.0));
        }
        assert_eq!(times.ms, [10.0, 20.0, 100.0]);
        times.follow(&report(3, 330.0));
        assert_eq!(times.ms, [10.0, 20.0, 200.0]);
    }

    #[test]
    fn going_back_in_a_record_begins_anew() {
        let mut times = Times::default();
        times.follow(&report(500, 1030.0));
        times.follow(&report(3, 130.0));
        assert_eq!(times.ms, [10.0, 20.0, 100.0]);
    }
}
