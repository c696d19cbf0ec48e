//! The window's contents: bars, panels, overlays, and what is done with their wishes.
//!
//! [`Lab`] draws into any [`Ui`], so a test needs no screen.

mod frame;
mod keys;
mod overlay;
mod play;
mod wishes;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::Result;
use eframe::egui::{Context, Ui};
use egui_tiles::Tree;

pub use frame::FrameTimes;

use super::desk::{Command, Desk};
use super::layout;
use super::lesson::Lesson;
use super::panel::{PanelKind, Panels};
use super::replay::{Player, Replay, Seek};
use super::session::Session;
use super::state::{LabState, Phase};
use super::toast::Toasts;
use crate::networks::Network;
use crate::run::RunPlan;
use crate::train::ask::{NewFace, Question};
use crate::train::event::{Control, Event};

/// Time between the frames of a replay that plays.
const PLAY_GAP: Duration = Duration::from_millis(40);
/// Longest time between news and their frame while a run gets ready.
const PREPARING_GAP: Duration = Duration::from_millis(250);
/// A replay does not jump when the window was away for long.
const LONGEST_FRAME_S: f32 = 0.25;
/// How often memory is looked up.
const MEMORY_EVERY: Duration = Duration::from_secs(1);

/// Everything behind one window.
pub struct Lab {
    /// What is known about the run.
    pub state: LabState,
    /// How long frames took.
    pub times: FrameTimes,
    /// When the newest step was done, which is before it is drawn.
    pub stepped_at: Option<Instant>,
    ctx: Context,
    panels: Panels,
    /// Where the user has put the panels.
    tree: Tree<PanelKind>,
    /// Where they lie in a small window.
    compact: Tree<PanelKind>,
    /// Where the tour has put those it shows.
    tour: Option<frame::Tour>,
    desk: Desk,
    toasts: Toasts,
    lesson: Option<Lesson>,
    help: bool,
    /// The trainer; in a replay one that only answers, started when something is asked.
    session: Option<Session>,
    player: Option<Player>,
    dir: PathBuf,
    watched: Vec<Question>,
    /// Panels drawn in the frame before.
    drawn: BTreeSet<usize>,
    /// Lines of the log that were shown as toasts.
    told: usize,
    /// Lines that were there before the present trainer.
    said_before: usize,
    /// Replay: whether a trainer that answers was started, or could not be.
    answerer_tried: bool,
    closing: bool,
    /// While a trained network is played with: what comes after it.
    next: Option<play::Next>,
    /// Whether the choice at the start is still to be made.
    offers: bool,
    /// The trained network that is shown as the goal.
    goal: Option<Arc<Network>>,
    frame_gap: Duration,
    /// Whether the first step has been shown.
    under_way: Arc<AtomicBool>,
    memory_at: Option<Instant>,
    /// Files chosen in a dialog, which runs on a thread of its own; `None` if there is no dialog here.
    chosen: (Sender<Option<PathBuf>>, Receiver<Option<PathBuf>>),
    /// What became of files that were to be saved, in words.
    saved: Saved,
    writers: Vec<JoinHandle<()>>,
}

/// Sentences about files that are written on threads of their own.
type Saved = (
    Sender<Result<String, String>>,
    Receiver<Result<String, String>>,
);

impl Lab {
    /// A lab that trains. News of the trainer are drawn together, one frame per `frame_gap` from the
    /// first step on; what somebody does is drawn at once.
    ///
    /// # Errors
    ///
    /// If no thread can be started.
    pub fn train(plan: RunPlan, ctx: &Context, frame_gap: Duration) -> Result<Self> {
        let mut lab = Self::empty(ctx, plan.dir.clone());
        lab.frame_gap = frame_gap;
        lab.start(plan)?;
        Ok(lab)
    }

    /// A lab on the files of a run.
    pub fn replay(player: Player, dir: PathBuf, ctx: &Context) -> Self {
        let mut lab = Self::empty(ctx, dir);
        lab.state = player.new_state();
        // The end comes first: that is what the run has to show.
        let end = player.end_step();
        lab.player = Some(player);
        lab.seek(end);
        lab
    }

    fn empty(ctx: &Context, dir: PathBuf) -> Self {
        Self {
            state: LabState::default(),
            times: FrameTimes::default(),
            stepped_at: None,
            ctx: ctx.clone(),
            panels: Panels::default(),
            tree: layout::default_tree(),
            compact: layout::compact_tree(),
            tour: None,
            desk: Desk::default(),
            toasts: Toasts::default(),
            lesson: None,
            help: false,
            session: None,
            player: None,
            dir,
            watched: Vec::new(),
            drawn: BTreeSet::new(),
            told: 0,
            said_before: 0,
            answerer_tried: false,
            closing: false,
            next: None,
            offers: false,
            goal: None,
            frame_gap: PLAY_GAP,
            under_way: Arc::default(),
            memory_at: None,
            chosen: channel(),
            saved: channel(),
            writers: Vec::new(),
        }
    }

    /// The layout, to be kept between runs.
    pub fn tree(&self) -> &Tree<PanelKind> {
        &self.tree
    }

    /// Takes over a layout that was kept, unless a panel is missing in it.
    pub fn set_tree(&mut self, tree: Tree<PanelKind>) {
        if layout::is_whole(&tree) {
            self.tree = tree;
        }
    }

    /// Does something with the next frame, as if a panel had asked for it.
    pub fn wish(&mut self, command: Command) {
        self.desk.commands.push(command);
    }

    /// Gives the trainer away when the window has gone, after the last file is written.
    pub fn into_session(mut self) -> Option<Session> {
        for writer in self.writers.drain(..) {
            let _ = writer.join();
        }
        self.session
    }

    /// Whether the window waits for the trainer's last checkpoint.
    pub fn is_closing(&self) -> bool {
        self.closing
    }

    /// The window should close: the trainer finishes its step and saves first. Whether it may close
    /// at once.
    pub fn close(&mut self) -> bool {
        // Only a run has something to save.
        let trains = self.player.is_none() && self.state.network.is_none();
        let waits = trains && self.session.is_some() && self.state.is_alive();
        if waits && !self.closing {
            // What the tour tried must not go into the checkpoint.
            self.leave_lesson();
            self.closing = true;
            self.tell(Control::Stop);
            return false;
        }
        true
    }

    /// One frame.
    pub fn ui(&mut self, ui: &mut Ui) {
        let start = Instant::now();
        self.receive();
        // What has really passed; the toolkit's smooth time leaves pauses between frames out.
        let dt_s = ui.input(|input| input.unstable_dt).min(LONGEST_FRAME_S);
        self.advance(f64::from(dt_s));
        self.keys(ui);
        self.take_files(ui);
        self.draw(ui);
        self.grant_wishes();
        self.watch();
        self.times.push(start.elapsed());
    }

    fn start(&mut self, mut plan: RunPlan) -> Result<()> {
        // The window may want to ask when everything is done.
        plan.stay = true;
        let ctx = self.ctx.clone();
        self.said_before = self.state.log.written;
        self.state.config = Some(plan.config.clone().into());
        self.state.network.clone_from(&plan.network);
        self.goal.clone_from(&plan.goal);
        let (gap, under_way) = (self.frame_gap, self.under_way.clone());
        let wake = move || {
            let waits = under_way.load(Ordering::Relaxed);
            ctx.request_repaint_after(if waits { gap } else { gap.min(PREPARING_GAP) });
        };
        self.session = Some(Session::start(plan, wake)?);
        self.watched.clear();
        Ok(())
    }

    /// Takes in what the trainer said; part of every frame, and all there is to do for a window that
    /// is not seen.
    pub fn receive(&mut self) {
        let events: Vec<_> = self.session.iter().flat_map(Session::events).collect();
        let mut left = false;
        for (at, event) in events {
            if let Event::Step(_) = &event {
                self.stepped_at = Some(at);
            }
            if self.player.is_some() {
                self.on_answerer(&event);
                continue;
            }
            if self.next.as_ref().is_some_and(|next| next.asked) {
                left |= matches!(event, Event::Stopped { .. });
                continue;
            }
            if let Event::Started(info) = &event {
                // A run may have got a number that nobody knew before.
                self.dir.clone_from(&info.dir);
                self.recall(info.resumed_at);
                self.introduce_photos();
                self.state.can_ask = true;
            }
            self.state.on_event(&event);
        }
        if left {
            self.begin_next();
        }
        let ready = !matches!(self.state.phase, Phase::Preparing(_));
        self.under_way.store(ready, Ordering::Relaxed);
        if self.memory_at.is_none_or(|at| at.elapsed() > MEMORY_EVERY) {
            self.memory_at = Some(Instant::now());
            self.state.memory_bytes = memory_stats::memory_stats().map(|m| m.physical_mem);
        }
        let new = self.state.log.written - self.told;
        self.told = self.state.log.written;
        for line in self.state.log.newest(new) {
            if line.kind == super::state::Kind::Warning {
                self.toasts.push(line.text.clone(), line.kind);
            }
        }
    }

    /// What a trainer that only answers questions about a checkpoint has to say in a replay.
    fn on_answerer(&mut self, event: &Event) {
        match event {
            Event::Started(_) => {
                self.state.can_ask = true;
                self.introduce_photos();
            }
            Event::Answer(_) => self.state.on_event(event),
            Event::Gallery(_) if self.state.gallery().is_empty() => self.state.on_event(event),
            Event::Stopped { reason, .. } => {
                self.state.can_ask = false;
                if let Some(text) = reason.trouble() {
                    let text = format!("The network of this run cannot be asked: {text}");
                    self.state.log.warn(self.state.step, &text);
                }
            }
            _ => {}
        }
    }

    /// A trainer begins: what happened before its first step is in the run's folder, and what it
    /// said while it got ready stays.
    fn recall(&mut self, resumed_at: u64) {
        let said = std::mem::take(&mut self.state.log);
        let untold = said.written - self.told;
        let mut state = LabState {
            config: self.state.config.take(),
            network: self.state.network.take(),
            faces: std::mem::take(&mut self.state.faces),
            ..LabState::default()
        };
        if resumed_at > 0
            && let Ok(replay) = Replay::open(&self.dir)
        {
            let mut player = Player::new(replay);
            let (Seek::Forward(feed) | Seek::FromStart(feed)) = player.seek(resumed_at);
            for event in feed {
                // How it ended before says nothing about now.
                if !matches!(event, Event::Stopped { .. } | Event::State { .. }) {
                    state.on_event(&event);
                }
            }
        }
        for line in said.newest(said.written - self.said_before) {
            state.log.say(line.clone());
        }
        self.told = state.log.written - untold.min(state.log.written);
        self.state = state;
    }

    /// A new trainer does not know the photos yet.
    fn introduce_photos(&self) {
        let photos = self.state.faces.iter().filter(|face| face.id.is_photo());
        for face in photos {
            let face = NewFace {
                id: face.id,
                pixels: face.pixels.to_vec(),
            };
            self.tell(Control::AddFace(face.into()));
        }
    }

    fn tell(&self, control: Control) {
        if let Some(session) = &self.session {
            session.tell(control);
        }
    }

    /// Replay: moves on by the time that has passed.
    fn advance(&mut self, dt_s: f64) {
        let Some(player) = &mut self.player else {
            return;
        };
        if player.speed() > 0.0 {
            for event in player.advance(dt_s) {
                self.state.on_event(&event);
            }
            self.state.step = player.at_step();
            self.ctx.request_repaint_after(PLAY_GAP);
        }
        self.state.replay = Some((player.end_step(), player.speed()));
    }

    /// Replay: goes to a step.
    fn seek(&mut self, step: u64) {
        if let Some(player) = &mut self.player {
            let seek = player.seek(step);
            self.take_up(seek);
        }
    }

    /// Replay: shows what there is at another step.
    fn take_up(&mut self, seek: Seek) {
        let feed = match seek {
            Seek::Forward(feed) => feed,
            Seek::FromStart(feed) => {
                if let Some(player) = &self.player {
                    let old = std::mem::replace(&mut self.state, player.new_state());
                    // What does not belong to a step.
                    self.state.faces = old.faces;
                    self.state.answers = old.answers;
                    self.state.can_ask = old.can_ask;
                    self.state.memory_bytes = old.memory_bytes;
                }
                feed
            }
        };
        for event in feed {
            self.state.on_event(&event);
        }
        // What was said back then is no news.
        self.told = self.state.log.written;
        if let Some(player) = &self.player {
            self.state.step = player.at_step();
            self.state.replay = Some((player.end_step(), player.speed()));
        }
    }

    /// Tells the trainer what is looked at, when that has changed.
    fn watch(&mut self) {
        let mut questions: Vec<Question> = Vec::new();
        for kind in PanelKind::ALL {
            if self.drawn.contains(&(kind as usize)) {
                for question in self.panels.get(kind).questions(&self.state) {
                    if !questions.contains(&question) {
                        questions.push(question);
                    }
                }
            }
        }
        // The photo panel asks only when it has a photo, and takes one only when somebody answers.
        let wanted = !questions.is_empty() || self.drawn.contains(&(PanelKind::Photo as usize));
        if self.player.is_some() && wanted && !std::mem::replace(&mut self.answerer_tried, true) {
            self.start_answerer();
        }
        if questions != self.watched && self.state.can_ask {
            self.tell(Control::Watch(questions.clone()));
            self.watched = questions;
        }
    }

    /// Replay: a trainer that waits at the last checkpoint and answers questions about it.
    fn start_answerer(&mut self) {
        let ctx = self.ctx.clone();
        let started = RunPlan::resume(self.dir.clone()).and_then(|plan| {
            let plan = RunPlan {
                paused: true,
                stay: true,
                record: false,
                ..plan
            };
            Session::start(plan, move || ctx.request_repaint())
        });
        match started {
            Ok(session) => self.session = Some(session),
            Err(error) => {
                let text = format!("The network of this run cannot be asked: {error:#}");
                self.state.log.warn(self.state.step, &text);
            }
        }
    }
}
