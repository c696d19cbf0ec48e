//! What the trainer says and what it can be told.
//!
//! The terminal, the log files and the window all consume [`Event`]; none of them is known to the
//! trainer. Everything in here is plain data: no tensor ever leaves the trainer's thread.

use std::path::PathBuf;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::ask::{Answer, NewFace, Question};
use crate::eval::probe::KnowledgeTable;

/// What happened. [`Event::Stopped`] is always the last one.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// Training is about to begin.
    Started(Box<RunInfo>),
    /// A sentence about what is going on before or between steps ("reading the folder…").
    Note {
        /// The sentence.
        text: String,
    },
    /// Something to know about; training goes on.
    Warning {
        /// The sentence.
        text: String,
    },
    /// One training step is done.
    Step(StepReport),
    /// One epoch is done.
    Epoch(EpochReport),
    /// It was measured what each code knows.
    Knowledge(Box<KnowledgeReport>),
    /// A reconstruction grid was drawn.
    Faces(FaceGrid),
    /// The fixed faces of the run, one tile each, as they go in.
    Gallery(FaceGrid),
    /// What a trained network makes of the fixed faces: one row each. Only for those who watch: no
    /// log keeps it.
    #[serde(skip)]
    Goal(FaceGrid),
    /// Training waits, or goes on.
    State {
        /// Steps done.
        step: u64,
        /// What it does now.
        state: RunState,
    },
    /// The run will end at another step than was planned.
    Extended {
        /// Steps done.
        step: u64,
        /// Step at which it will end.
        last_step: u64,
    },
    /// The settings that differ from the configuration, after one of them changed.
    Settings {
        /// Steps done.
        step: u64,
        /// All of them.
        settings: Vec<LiveSetting>,
    },
    /// A question of [`Control::Watch`] is answered. Only for those who asked: no log keeps it.
    #[serde(skip)]
    Answer(Arc<Answer>),
    /// A checkpoint is safely on disk.
    Checkpoint {
        /// Steps done.
        step: u64,
        /// Its folder.
        path: PathBuf,
    },
    /// Training has ended.
    Stopped {
        /// Steps done.
        step: u64,
        /// Why.
        reason: StopReason,
    },
}

/// Whether steps are being made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunState {
    /// One step after the other.
    Running,
    /// Waiting for [`Control::Run`] or [`Control::SingleStep`].
    Paused,
    /// All steps are done; questions are still answered.
    Finished,
}

/// Facts about a run that do not change while it lasts.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RunInfo {
    /// The run's folder.
    pub dir: PathBuf,
    /// Preset name.
    pub preset: String,
    /// Device in words: adapter, driver, why it was chosen.
    pub device: String,
    /// Where the faces come from, in words, with their number.
    pub data: String,
    /// Trainable parameters of encoder, heads and D.
    pub parameters: u64,
    /// Encoder images per step, all streams.
    pub images_per_step: u64,
    /// Steps of one epoch.
    pub steps_per_epoch: u64,
    /// Step at which this run will end.
    pub last_step: u64,
    /// Steps already done when this process took over; 0 for a fresh run.
    pub resumed_at: u64,
    /// Chance level of L_face, in nats.
    pub chance_face: f64,
    /// Chance level of L_pose, in nats.
    pub chance_pose: f64,
}

/// Losses, weights and times of one step. `None` marks a term that did not take part.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct StepReport {
    /// Steps done, this one included.
    pub step: u64,
    /// Epoch, from 1.
    pub epoch: u32,
    /// Weighted objective (S003 Eq. 7).
    pub total: f64,
    /// L_dis, the sum of the active terms; `None` if there is none.
    pub dis: Option<f64>,
    /// |s − D(F_f, F_p)|.
    pub t1: Option<f64>,
    /// |ŝ − D(F_f, F_p̂)|.
    pub t2: Option<f64>,
    /// |s − D(F_f̂, F_p)|.
    pub t3: Option<f64>,
    /// |ŝ − D(F_f̂, F_p̂)|.
    pub t4: Option<f64>,
    /// L_orth, unweighted.
    pub orth: Option<f64>,
    /// L_face, unweighted.
    pub face: Option<f64>,
    /// L_pose, unweighted.
    pub pose: Option<f64>,
    /// α_pose.
    pub alpha_pose: f64,
    /// α_face.
    pub alpha_face: f64,
    /// Learning rate.
    pub lr: f64,
    /// Global gradient norm before clipping.
    pub grad_norm: f64,
    /// Encoder images per second of this step, waiting included.
    pub images_per_s: f64,
    /// Whole step in milliseconds, waiting included.
    pub step_ms: f64,
    /// Time spent waiting for data in milliseconds.
    pub wait_ms: f64,
    /// Time to hand the frames over and make the views, in milliseconds. A GPU works on after
    /// that; what is left of it then counts as the network's.
    #[serde(default)]
    pub views_ms: f64,
}

/// Averages of one epoch and the weights that follow from them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EpochReport {
    /// The epoch that ended, from 1.
    pub epoch: u32,
    /// Steps done.
    pub step: u64,
    /// Mean L_dis.
    pub dis: f64,
    /// Mean unweighted L_face.
    pub face: Option<f64>,
    /// Mean unweighted L_pose.
    pub pose: Option<f64>,
    /// ω_pose, the loss ratio that led to the next α_pose; absent in the first epochs.
    pub omega_pose: Option<f64>,
    /// ω_face.
    pub omega_face: Option<f64>,
    /// α_pose of the next epoch.
    pub next_alpha_pose: f64,
    /// α_face of the next epoch.
    pub next_alpha_face: f64,
}

/// What each code knows after a number of steps.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct KnowledgeReport {
    /// Steps done.
    pub step: u64,
    /// Epoch, from 1.
    pub epoch: u32,
    /// What the measurement took, in milliseconds.
    pub ms: f64,
    /// The table: F_s, F_f and F_p, then chance, raw pixels, their principal components
    /// and an untrained encoder.
    pub table: KnowledgeTable,
}

/// Small pictures in rows and columns.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct FaceGrid {
    /// Steps done.
    pub step: u64,
    /// What the grid shows, used as file name: `reconstruction`, `swap`, `gallery`, …
    pub kind: String,
    /// Column headings.
    pub columns: Vec<String>,
    /// Number of rows.
    pub rows: usize,
    /// Side of a tile in pixels.
    pub tile_px: usize,
    /// RGB bytes, tile after tile in row-major order; within a tile pixel after pixel.
    #[serde(skip)]
    pub pixels: Arc<Vec<u8>>,
}

/// Why training ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "why", rename_all = "snake_case")]
pub enum StopReason {
    /// All steps are done.
    Finished,
    /// Somebody asked for it; the checkpoint is written.
    Interrupted,
    /// The faces cannot be used; the sentence says which file and what to do.
    Unusable {
        /// The sentence.
        text: String,
    },
    /// It ended, but its last steps are on no disk; the sentence says why and what is.
    Unsaved {
        /// The sentence.
        text: String,
    },
    /// It cannot go on; the sentence says why and what to try.
    Failed {
        /// The sentence.
        text: String,
    },
}

impl StopReason {
    /// The sentence about what went wrong, if something did.
    pub fn trouble(&self) -> Option<&str> {
        match self {
            Self::Finished | Self::Interrupted => None,
            Self::Unusable { text } | Self::Unsaved { text } | Self::Failed { text } => Some(text),
        }
    }
}

/// What the trainer can be told. Looked at between steps.
#[derive(Clone, Debug, PartialEq)]
pub enum Control {
    /// Go on after a pause.
    Run,
    /// Stop after the current step and wait.
    Pause,
    /// While paused: do exactly one step.
    SingleStep,
    /// Write a checkpoint after the current step.
    Checkpoint,
    /// Finish the step, write a checkpoint and end.
    Stop,
    /// Change a setting from the next step on.
    Set(LiveSetting),
    /// At most so many steps per second; `None` lifts the limit.
    Slow(Option<f64>),
    /// Train up to this step, also beyond the end that was planned.
    TrainUntil(u64),
    /// The questions that somebody looks at, all of them: answered at once, and again whenever
    /// the network has changed and the time for it is there. Replaces the questions before.
    Watch(Vec<Question>),
    /// A face beside those of the run, to ask about. Replaces the face of the same number.
    AddFace(Arc<NewFace>),
}

/// A setting that can change while training runs.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "setting", content = "value", rename_all = "snake_case")]
pub enum LiveSetting {
    /// Base learning rate; the schedule goes on from it.
    LearningRate(f64),
    /// Weight of L_orth.
    OrthWeight(f64),
    /// Fixed (α_pose, α_face), or back to what the configuration says.
    Alphas(Option<(f64, f64)>),
    /// Which part of the objective is trained.
    Train(Part),
}

/// A part of the objective that can be trained alone. The others get no gradient and no values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// Everything the configuration switches on.
    #[default]
    All,
    /// L_dis and L_orth.
    Reconstruction,
    /// L_face.
    Face,
    /// L_pose.
    Pose,
}
