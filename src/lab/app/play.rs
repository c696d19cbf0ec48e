//! Playing with a trained network, and from there to training one from nothing.

use std::time::Duration;

use anyhow::Result;
use eframe::egui::{Button, Context, Frame, Label, Margin, Panel as Bar, RichText, Ui, vec2};

use super::Lab;
use crate::lab::desk::Command;
use crate::lab::layout;
use crate::lab::look::theme::{Tone, tone};
use crate::lab::panel::PanelKind;
use crate::lab::state::{LabState, Phase};
use crate::run::RunPlan;
use crate::train::event::Control;

/// Sizes of the choice at the start: it is read from the last row of a classroom.
const CHOICE_SIZE: f32 = 22.0;
const SENTENCE_SIZE: f32 = 17.0;
/// A choice is at least this wide, in points; two that do not fit stand below each other.
const CHOICE_WIDTH: f32 = 280.0;

/// What can follow on playing.
pub(super) struct Next {
    /// The run that "Train from nothing" begins.
    plan: RunPlan,
    /// Whether it was asked for and waits until the trained network has gone.
    pub asked: bool,
}

impl Lab {
    /// A lab that plays with the trained network of `play`; "Train from nothing" begins the run
    /// `next`. `offer`: both are offered at the start.
    ///
    /// # Errors
    ///
    /// If no thread can be started.
    pub fn play(
        play: RunPlan,
        next: RunPlan,
        offer: bool,
        ctx: &Context,
        frame_gap: Duration,
    ) -> Result<Self> {
        let mut lab = Self::train(play, ctx, frame_gap)?;
        lab.next = Some(Next {
            plan: next,
            asked: false,
        });
        lab.offers = offer;
        // The first thing to see is a head that turns.
        lab.panels.morph.turn_a_head(true);
        for kind in [PanelKind::Morph, PanelKind::Map] {
            lab.wish(Command::Show(kind));
        }
        Ok(lab)
    }

    /// Leaves the trained network; the run begins when it has gone.
    pub(super) fn train_from_nothing(&mut self) {
        let Some(next) = &mut self.next else { return };
        next.asked = true;
        self.offers = false;
        self.panels.morph.turn_a_head(false);
        for tree in [&mut self.tree, &mut self.compact] {
            layout::show(tree, PanelKind::Losses);
            layout::show(tree, PanelKind::Faces);
        }
        if self.state.is_alive() {
            self.state.network = None;
            self.state.phase = Phase::Preparing("Leaving the trained network".into());
            self.tell(Control::Stop);
        } else {
            self.begin_next();
        }
    }

    /// Begins the run that was asked for.
    pub(super) fn begin_next(&mut self) {
        let Some(Next { plan, .. }) = self.next.take() else {
            return;
        };
        if let Some(session) = self.session.take() {
            // It has ended; what it had to say is in the log.
            let _ = session.stop();
        }
        self.dir = plan.dir.clone();
        self.state = LabState {
            phase: Phase::Preparing("Starting".into()),
            faces: std::mem::take(&mut self.state.faces),
            log: std::mem::take(&mut self.state.log),
            ..LabState::default()
        };
        if let Err(error) = self.start(plan) {
            let text = format!("Training cannot begin: {error:#}");
            self.state.log.warn(0, &text);
        }
    }

    /// The two ways to begin, above the panels; nothing is held up by it.
    pub(super) fn offer(&mut self, ui: &mut Ui) {
        if !self.offers {
            return;
        }
        let fill = ui.visuals().faint_bg_color;
        let frame = Frame::side_top_panel(ui.style())
            .fill(fill)
            .inner_margin(Margin::symmetric(14, 10));
        Bar::top("offer").frame(frame).show(ui, |ui| {
            let two = ui.available_width() > 2.0 * CHOICE_WIDTH + 20.0;
            let width = match two {
                true => (ui.available_width() - 20.0) / 2.0,
                false => ui.available_width(),
            };
            let choices = |ui: &mut Ui| {
                ui.spacing_mut().item_spacing = vec2(20.0, 10.0);
                let play = choice(
                    ui,
                    width,
                    "Play with a trained network",
                    "Enter",
                    "It is open already: turn heads, lend a look another pose, try your own photo.",
                );
                self.offers &= !play;
                let train = choice(
                    ui,
                    width,
                    "Train from nothing",
                    "T",
                    "Watch an untrained network learn the same, step by step, in some minutes.",
                );
                if train {
                    self.desk.commands.push(Command::TrainFromNothing);
                }
            };
            if two {
                ui.horizontal_top(choices);
            } else {
                ui.vertical(choices);
            }
        });
    }
}

/// A large button with its key and a sentence; whether it was clicked.
fn choice(ui: &mut Ui, width: f32, title: &str, key: &str, sentence: &str) -> bool {
    ui.vertical(|ui| {
        ui.set_width(width);
        ui.spacing_mut().item_spacing.y = 4.0;
        let clicked = ui.horizontal(|ui| {
            let text = RichText::new(title).size(CHOICE_SIZE).strong();
            let clicked = ui.add(Button::new(text)).clicked();
            let key = RichText::new(format!("key {key}")).size(SENTENCE_SIZE);
            ui.label(key.color(tone(ui, Tone::Dim)));
            clicked
        });
        let sentence = RichText::new(sentence).size(SENTENCE_SIZE);
        ui.add(Label::new(sentence.color(tone(ui, Tone::Ink))).wrap());
        clicked.inner
    })
    .inner
}
