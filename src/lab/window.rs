//! The operating system's window around the lab.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use anyhow::{Result, anyhow};
use eframe::egui::{self, Ui, ViewportBuilder, ViewportCommand};

use super::app::{FrameTimes, Lab};
use super::clicks::Clicks;
use super::look::theme;
use super::replay::{Player, Replay};
use super::session::Session;
use crate::run::RunPlan;

/// Under which the layout is kept.
const LAYOUT: &str = "layout";

/// What to open.
pub enum Start {
    /// A run to be made.
    Train(Box<RunPlan>),
    /// A trained network to play with, the run that "Train from nothing" begins, and whether both
    /// are offered at the start.
    Play(Box<RunPlan>, Box<RunPlan>, bool),
    /// A run that was made.
    Replay(Box<Replay>, PathBuf),
}

/// Whether panels lie as they were left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// As they were left, and kept for the next time.
    Kept,
    /// As they come, and forgotten.
    Fresh,
}

/// What is left when the window has gone.
#[derive(Default)]
pub struct Closed {
    /// The trainer, if there was one.
    pub session: Option<Session>,
    /// How long frames took.
    pub times: FrameTimes,
    /// Events the window has seen.
    pub events: u64,
}

/// Closes the window from elsewhere.
#[derive(Default)]
pub struct Interrupt {
    asked: AtomicBool,
    /// A window that waits for nothing looks only when it is woken.
    ctx: OnceLock<egui::Context>,
}

impl Interrupt {
    /// Asks the window to close.
    pub fn ask(&self) {
        self.asked.store(true, Ordering::Relaxed);
        if let Some(ctx) = self.ctx.get() {
            ctx.request_repaint();
        }
    }

    /// Whether somebody asked.
    pub fn is_asked(&self) -> bool {
        self.asked.load(Ordering::Relaxed)
    }
}

/// Whether there is a screen to open a window on.
pub fn has_display() -> bool {
    let named = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    !cfg!(target_os = "linux") || named("DISPLAY") || named("WAYLAND_DISPLAY")
}

/// Opens the window and returns when it is closed. `interrupt` closes it from elsewhere, and so does
/// `watcher`, which looks on after every frame, by saying true.
///
/// # Errors
///
/// If no window can be opened, or no thread started.
pub fn open(
    start: Start,
    layout: Layout,
    interrupt: Arc<Interrupt>,
    watcher: impl FnMut(&Lab) -> bool + 'static,
) -> Result<Closed> {
    let options = eframe::NativeOptions {
        viewport: ViewportBuilder::default()
            .with_title("Visage")
            .with_app_id("visage")
            .with_inner_size([1280.0, 760.0])
            .with_min_inner_size([640.0, 400.0]),
        renderer: eframe::Renderer::Wgpu,
        ..Default::default()
    };
    let (leave, left) = std::sync::mpsc::channel();
    let ran = eframe::run_native(
        "visage",
        options,
        Box::new(move |creation| {
            let ctx = &creation.egui_ctx;
            theme::install(ctx);
            interrupt.ctx.get_or_init(|| ctx.clone());
            let mut lab = match start {
                Start::Train(plan) => Lab::train(*plan, ctx, frame_gap(creation))?,
                Start::Play(play, next, offer) => {
                    Lab::play(*play, *next, offer, ctx, frame_gap(creation))?
                }
                Start::Replay(replay, dir) => Lab::replay(Player::new(*replay), dir, ctx),
            };
            let kept = creation
                .storage
                .filter(|_| layout == Layout::Kept)
                .and_then(|storage| eframe::get_value(storage, LAYOUT));
            if let Some(tree) = kept {
                lab.set_tree(tree);
            }
            Ok(Box::new(Window {
                lab: Some(lab),
                clicks: Clicks::default(),
                layout,
                interrupt,
                watcher: Box::new(watcher),
                leave,
            }))
        }),
    );
    match left.try_recv() {
        // There was a window; whatever became of it, its trainer is the caller's now.
        Ok(closed) => Ok(closed),
        Err(_) => ran
            .map(|()| Closed::default())
            .map_err(|error| anyhow!("{error}")),
    }
}

/// How often the trainer's news are drawn. Where no GPU draws, a frame takes about a sixth of a second
/// from the cores that train: that must not become a tenth of their time.
fn frame_gap(creation: &eframe::CreationContext<'_>) -> Duration {
    let drawn_by_cpu = creation
        .wgpu_render_state
        .as_ref()
        .is_some_and(|state| state.adapter.get_info().device_type == wgpu::DeviceType::Cpu);
    Duration::from_millis(if drawn_by_cpu { 2000 } else { 33 })
}

struct Window {
    lab: Option<Lab>,
    clicks: Clicks,
    layout: Layout,
    interrupt: Arc<Interrupt>,
    watcher: Box<dyn FnMut(&Lab) -> bool>,
    leave: std::sync::mpsc::Sender<Closed>,
}

impl eframe::App for Window {
    fn raw_input_hook(&mut self, ctx: &egui::Context, input: &mut egui::RawInput) {
        if self.clicks.split(input) {
            ctx.request_repaint();
        }
    }

    fn logic(&mut self, ctx: &egui::Context, _: &mut eframe::Frame) {
        let Some(lab) = &mut self.lab else { return };
        // A hidden window is not drawn, but the trainer goes on talking.
        lab.receive();
        let leave =
            !lab.is_closing() && ((self.watcher)(lab) || self.interrupt.is_asked()) && lab.close();
        if leave || (lab.is_closing() && !lab.state.is_alive()) {
            ctx.send_viewport_cmd(ViewportCommand::Close);
            ctx.request_repaint();
        }
    }

    fn ui(&mut self, ui: &mut Ui, _: &mut eframe::Frame) {
        let Some(lab) = &mut self.lab else { return };
        // Who asks for frames is the first question when they cost too much.
        tracing::trace!(causes = ?ui.ctx().repaint_causes(), "frame");
        lab.ui(ui);
        let asked = ui.input(|input| input.viewport().close_requested());
        if asked && lab.state.is_alive() && !lab.close() {
            ui.ctx().send_viewport_cmd(ViewportCommand::CancelClose);
        }
    }

    fn save(&mut self, storage: &mut dyn eframe::Storage) {
        if let Some(lab) = &self.lab
            && self.layout == Layout::Kept
        {
            eframe::set_value(storage, LAYOUT, lab.tree());
        }
    }

    fn on_exit(&mut self) {
        if let Some(lab) = self.lab.take() {
            let closed = Closed {
                times: lab.times,
                events: lab.state.events,
                session: lab.into_session(),
            };
            let _ = self.leave.send(closed);
        }
    }

    fn clear_color(&self, visuals: &egui::Visuals) -> [f32; 4] {
        visuals.panel_fill.to_normalized_gamma_f32()
    }
}
