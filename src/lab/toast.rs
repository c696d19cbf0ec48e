//! Short messages in the lower right corner that go away by themselves.

use std::time::Duration;

use eframe::egui::{Align2, Area, Context, Frame, Id, Order, RichText, Ui};

use super::look::theme::{Tone, tone};
use super::state::Kind;

/// Older ones give way; the panel Run keeps every message.
const MOST: usize = 3;
const WIDTH: f32 = 340.0;
const MARGIN: f32 = 16.0;

/// The messages on show.
#[derive(Default)]
pub struct Toasts {
    toasts: Vec<Toast>,
    pushed: u64,
}

struct Toast {
    /// Its number, so that each keeps its place on the screen.
    number: u64,
    text: String,
    kind: Kind,
    /// When it goes; the time begins when it is first seen.
    until_s: Option<f64>,
}

impl Toast {
    /// A warning takes longer to read than a note, and matters more.
    fn lasts_s(&self) -> f64 {
        match self.kind {
            Kind::Note => 6.0,
            Kind::Warning => 12.0,
        }
    }
}

impl Toasts {
    /// Says something for a few seconds. What is on show already begins its time anew.
    pub fn push(&mut self, text: impl Into<String>, kind: Kind) {
        let text = text.into();
        self.toasts.retain(|toast| toast.text != text);
        self.pushed += 1;
        self.toasts.push(Toast {
            number: self.pushed,
            text,
            kind,
            until_s: None,
        });
        let surplus = self.toasts.len().saturating_sub(MOST);
        self.toasts.drain(..surplus);
    }

    /// Draws them over everything else, the newest lowest.
    pub fn ui(&mut self, ctx: &Context) {
        let now_s = ctx.input(|input| input.time);
        for toast in &mut self.toasts {
            let lasts_s = toast.lasts_s();
            toast.until_s.get_or_insert(now_s + lasts_s);
        }
        self.toasts
            .retain(|toast| toast.until_s.is_some_and(|until_s| until_s > now_s));
        let mut bottom = -MARGIN;
        let mut closed = None;
        for toast in self.toasts.iter().rev() {
            let area = Area::new(Id::unique(("toast", toast.number)))
                .order(Order::Foreground)
                .anchor(Align2::RIGHT_BOTTOM, [-MARGIN, bottom]);
            let shown = area.show(ctx, |ui| toast_ui(ui, toast));
            if shown.inner {
                closed = Some(toast.number);
            }
            bottom -= shown.response.rect.height() + 8.0;
        }
        self.toasts.retain(|toast| Some(toast.number) != closed);
        let next = self.toasts.iter().filter_map(|toast| toast.until_s);
        if let Some(next_s) = next.reduce(f64::min) {
            ctx.request_repaint_after(Duration::from_secs_f64((next_s - now_s).max(0.0)));
        }
    }
}

/// Draws one; true once it is closed.
fn toast_ui(ui: &mut Ui, toast: &Toast) -> bool {
    let (sign, colour) = match toast.kind {
        Kind::Note => ("", Tone::Ink),
        Kind::Warning => ("⚠ ", Tone::Orange),
    };
    let colour = tone(ui, colour);
    let frame = Frame::popup(ui.style()).inner_margin(10.0);
    let frame = frame.show(ui, |ui| {
        ui.set_max_width(WIDTH);
        ui.horizontal_top(|ui| {
            ui.vertical(|ui| {
                ui.set_width(WIDTH - 70.0);
                ui.label(RichText::new(format!("{sign}{}", toast.text)).color(colour));
            });
            ui.button("Close").clicked()
        })
        .inner
    });
    frame.inner
}

#[cfg(test)]
mod tests {
    use egui_kittest::Harness;
    use egui_kittest::kittest::Queryable;

    use super::*;

    fn window<'a>() -> Harness<'a, Toasts> {
        Harness::builder()
            .with_size([640.0, 400.0])
            .with_step_dt(0.5)
            .with_context_setup(crate::lab::look::theme::install)
            .build_ui_state(
                |ui, toasts: &mut Toasts| toasts.ui(ui.ctx()),
                Toasts::default(),
            )
    }

    #[test]
    fn they_go_after_their_time() {
        let mut window = window();
        window.state_mut().push("Saved losses.png", Kind::Note);
        window.state_mut().push("A code collapsed", Kind::Warning);
        window.run_steps(11);
        window.get_by_label("Saved losses.png");
        window.run_steps(3);
        assert!(window.query_by_label("Saved losses.png").is_none());
        window.get_by_label("⚠ A code collapsed");
        window.run_steps(12);
        assert!(window.query_by_label("⚠ A code collapsed").is_none());
    }

    #[test]
    fn three_at_a_time_and_each_only_once() {
        let mut window = window();
        for text in ["one", "two", "three", "four", "three"] {
            window.state_mut().push(text, Kind::Note);
        }
        window.run_steps(2);
        assert_eq!(window.query_all_by_label("Close").count(), 3);
        assert!(window.query_by_label("one").is_none());
        // The newest is the lowest, and nothing hangs over the edge.
        let y = |text| window.get_by_label(text).rect().center().y;
        assert!(y("two") < y("four") && y("four") < y("three"));
        let lowest = window.get_by_label("three").rect();
        assert!(lowest.bottom() < 400.0 && lowest.right() < 640.0);
    }

    #[test]
    fn they_can_be_closed() {
        let mut window = window();
        window.state_mut().push("Saved", Kind::Note);
        window.run_steps(2);
        window.get_by_label("Close").click();
        window.run_steps(2);
        assert!(window.query_by_label("Saved").is_none());
    }

    #[test]
    fn waiting_costs_no_frames() {
        let mut window = window();
        window.state_mut().push("Saved", Kind::Note);
        window.run_steps(4);
        let output = &window.output().viewport_output[&eframe::egui::ViewportId::ROOT];
        assert!(
            output.repaint_delay > Duration::from_secs(2),
            "{:?}",
            output.repaint_delay
        );
    }
}
