//! What the window knows about a run. Plain data, fed by events only.

mod answers;
mod log;
mod snapshots;

use std::path::PathBuf;
use std::sync::Arc;

pub use answers::Answers;
pub use log::{Kind, Line, Log};
pub use snapshots::{Snapshot, Snapshots};

use crate::config::RunConfig;
use crate::networks::Network;
use crate::record::history::History;
use crate::term::pace::Pace;
use crate::train::ask::FaceId;
use crate::train::event::{
    EpochReport, Event, FaceGrid, KnowledgeReport, LiveSetting, Part, RunInfo, RunState,
    StepReport, StopReason,
};

/// Where a run stands.
#[derive(Clone, Debug, PartialEq)]
pub enum Phase {
    /// Before the first step; the sentence says what is going on.
    Preparing(String),
    /// Steps are made.
    Running,
    /// Waiting for the user.
    Paused,
    /// All steps are done; the network still answers.
    Finished,
    /// The trainer has ended.
    Stopped(StopReason),
}

/// Where the events come from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Source {
    /// A trainer.
    #[default]
    Live,
    /// The files of a run folder.
    Replay,
}

/// A face that can be chosen.
#[derive(Clone, Debug)]
pub struct Face {
    /// Its number.
    pub id: FaceId,
    /// What it is called: `1`, `2`, … or the name of the photo.
    pub name: String,
    /// 64 × 64 RGB bytes.
    pub pixels: Arc<Vec<u8>>,
}

/// What a window can know about a run.
pub struct LabState {
    /// Where the events come from.
    pub source: Source,
    /// Where the run stands.
    pub phase: Phase,
    /// The trained network that is played with; nothing is trained then.
    pub network: Option<Arc<Network>>,
    /// The run's configuration, once it is known.
    pub config: Option<Arc<RunConfig>>,
    /// Facts that do not change.
    pub info: Option<RunInfo>,
    /// Steps done.
    pub step: u64,
    /// The latest step.
    pub last: Option<StepReport>,
    /// All steps, thinned out when they are many.
    pub history: History,
    /// All epochs.
    pub epochs: Vec<EpochReport>,
    /// All measurements of what the codes know.
    pub knowledge: Vec<Arc<KnowledgeReport>>,
    /// Checkpoints on disk: step and folder.
    pub checkpoints: Vec<(u64, PathBuf)>,
    /// The run's fixed faces, then the photos.
    pub faces: Vec<Face>,
    /// What a trained network makes of the fixed faces, a row each: the goal.
    pub goal: Option<FaceGrid>,
    /// Grids of faces over time.
    pub snapshots: Snapshots,
    /// The latest answers.
    pub answers: Answers,
    /// What was said.
    pub log: Log,
    /// Speed and time left.
    pub pace: Pace,
    /// Settings that differ from the configuration.
    pub live: Vec<LiveSetting>,
    /// The limit of [`Control::Slow`](crate::train::event::Control::Slow), steps per second.
    pub slow: Option<f64>,
    /// Replay: step at which the record ends, and the speed in steps per second (0 when paused).
    pub replay: Option<(u64, f64)>,
    /// Memory of this process in bytes.
    pub memory_bytes: Option<usize>,
    /// Whether the network can be asked: a trainer is there.
    pub can_ask: bool,
    /// Events seen.
    pub events: u64,
}

impl Default for LabState {
    fn default() -> Self {
        Self {
            source: Source::Live,
            phase: Phase::Preparing("Starting".into()),
            network: None,
            config: None,
            info: None,
            step: 0,
            last: None,
            history: History::default(),
            epochs: Vec::new(),
            knowledge: Vec::new(),
            checkpoints: Vec::new(),
            faces: Vec::new(),
            goal: None,
            snapshots: Snapshots::default(),
            answers: Answers::default(),
            log: Log::default(),
            pace: Pace::default(),
            live: Vec::new(),
            slow: None,
            replay: None,
            memory_bytes: None,
            can_ask: false,
            events: 0,
        }
    }
}

impl LabState {
    /// Takes note of an event.
    pub fn on_event(&mut self, event: &Event) {
        self.events += 1;
        self.pace.on_event(event);
        match event {
            Event::Started(info) => {
                self.step = self.step.max(info.resumed_at);
                self.info = Some((**info).clone());
                self.phase = Phase::Preparing("Making the first step".into());
            }
            Event::Note { text } => {
                if let Phase::Preparing(what) = &mut self.phase {
                    what.clone_from(text);
                }
                self.log.note(self.step, text);
            }
            Event::Warning { text } => self.log.warn(self.step, text),
            Event::Step(report) => {
                if matches!(self.phase, Phase::Preparing(_)) {
                    self.phase = Phase::Running;
                }
                self.step = report.step;
                self.history.push(report);
                self.last = Some(report.clone());
            }
            Event::Epoch(report) => self.epochs.push(report.clone()),
            Event::Knowledge(report) => self.knowledge.push(Arc::new((**report).clone())),
            Event::Faces(grid) => self.snapshots.push(grid, self.gallery()),
            Event::Gallery(grid) => self.take_gallery(grid),
            Event::Goal(grid) => self.goal = Some(grid.clone()),
            Event::State { step, state } => {
                self.step = *step;
                self.phase = match state {
                    RunState::Running => Phase::Running,
                    RunState::Paused => Phase::Paused,
                    RunState::Finished => Phase::Finished,
                };
            }
            Event::Extended { last_step, .. } => {
                if let Some(info) = &mut self.info {
                    info.last_step = *last_step;
                }
            }
            Event::Settings { settings, .. } => self.live.clone_from(settings),
            Event::Answer(answer) => {
                // A replay shows other steps than the network that answers has behind it.
                if self.source == Source::Live {
                    self.snapshots.push_answer(answer);
                }
                self.answers.push(answer.clone());
            }
            Event::Checkpoint { step, path } => {
                self.checkpoints.push((*step, path.clone()));
                self.log
                    .note(*step, &crate::term::words::checkpoint(*step, path));
            }
            Event::Stopped { step, reason } => {
                self.step = *step;
                // In a replay it is the record that ends; who answers may go on.
                self.can_ask &= self.source == Source::Replay;
                self.phase = Phase::Stopped(reason.clone());
                if let Some(text) = reason.trouble() {
                    self.log.warn(*step, text);
                }
            }
        }
    }

    /// The numbers of the run's fixed faces.
    pub fn gallery(&self) -> Vec<FaceId> {
        let ids = self.faces.iter().map(|face| face.id);
        ids.filter(|id| !id.is_photo()).collect()
    }

    /// The face of this number.
    pub fn face(&self, id: FaceId) -> Option<&Face> {
        self.faces.iter().find(|face| face.id == id)
    }

    /// Adds a photo or replaces it.
    pub fn add_photo(&mut self, id: FaceId, name: String, pixels: Vec<u8>) {
        let photo = Face {
            id,
            name,
            pixels: Arc::new(pixels),
        };
        match self.faces.iter_mut().find(|face| face.id == id) {
            Some(face) => *face = photo,
            None => self.faces.push(photo),
        }
    }

    /// α_pose and α_face taken over by hand.
    pub fn alphas_by_hand(&self) -> Option<(f64, f64)> {
        self.live.iter().find_map(|setting| match setting {
            LiveSetting::Alphas(by_hand) => *by_hand,
            _ => None,
        })
    }

    /// The part of the objective that is trained.
    pub fn part(&self) -> Part {
        let part = self.live.iter().find_map(|setting| match setting {
            LiveSetting::Train(part) => Some(*part),
            _ => None,
        });
        part.unwrap_or_default()
    }

    /// Base learning rate: the live one or the configuration's.
    pub fn base_lr(&self) -> Option<f64> {
        let live = self.live.iter().find_map(|setting| match setting {
            LiveSetting::LearningRate(lr) => Some(*lr),
            _ => None,
        });
        live.or(self.config.as_ref().map(|config| config.optimizer.lr))
    }

    /// Weight of L_orth: the live one or the configuration's.
    pub fn orth_weight(&self) -> Option<f64> {
        let live = self.live.iter().find_map(|setting| match setting {
            LiveSetting::OrthWeight(weight) => Some(*weight),
            _ => None,
        });
        live.or(self.config.as_ref().map(|config| config.orth.weight))
    }

    /// Whether the trainer is at work or ready for it.
    pub fn is_alive(&self) -> bool {
        !matches!(self.phase, Phase::Stopped(_))
    }

    fn take_gallery(&mut self, grid: &FaceGrid) {
        let photos = self.faces.drain(..).filter(|face| face.id.is_photo());
        let photos: Vec<Face> = photos.collect();
        let tile_bytes = 3 * grid.tile_px * grid.tile_px;
        self.faces = grid
            .pixels
            .chunks_exact(tile_bytes.max(1))
            .enumerate()
            .map(|(index, pixels)| Face {
                id: FaceId(index as u32),
                name: (index + 1).to_string(),
                pixels: Arc::new(pixels.to_vec()),
            })
            .collect();
        self.faces.extend(photos);
    }
}

#[cfg(test)]
mod tests;
