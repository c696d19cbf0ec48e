//! Runs written by the real recorder, and played.

mod damage;
mod play;
mod run;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::*;
use crate::eval::probe::KnowledgeTable;
use crate::lab::state::{LabState, Phase};
use crate::record::history::Curve;
use crate::record::{Recorder, jsonl, metrics_csv};
use crate::train::event::{
    EpochReport, Event, FaceGrid, KnowledgeReport, RunInfo, StepReport, StopReason,
};

const STEPS_PER_EPOCH: u64 = 20;
const COLUMNS: [&str; 2] = ["s", "F_f^ + F_p"];
const FACES: usize = 2;
const TILE_PX: usize = 64;

fn started(dir: &Path, resumed_at: u64) -> Event {
    Event::Started(Box::new(RunInfo {
        dir: dir.into(),
        preset: "tiny".into(),
        device: "test".into(),
        data: "generated".into(),
        parameters: 1,
        images_per_step: 8,
        steps_per_epoch: STEPS_PER_EPOCH,
        last_step: 100,
        resumed_at,
        chance_face: 5.5,
        chance_pose: 2.2,
    }))
}

fn report(step: u64) -> StepReport {
    let wave = (step as f64 * 12.9898).sin();
    StepReport {
        step,
        epoch: ((step - 1) / STEPS_PER_EPOCH) as u32 + 1,
        total: 3.0 + wave,
        dis: Some(0.3 + wave / 10.0),
        t1: Some(0.1 + wave / 20.0),
        face: (step > 5).then_some(2.0 - wave),
        lr: 1e-4,
        images_per_s: 100.0,
        step_ms: 80.0 + wave,
        wait_ms: 1.0,
        ..StepReport::default()
    }
}

fn grid(kind: &str, step: u64) -> FaceGrid {
    let pixels = (0..FACES * COLUMNS.len() * TILE_PX * TILE_PX * 3)
        .map(|at| (at as u64 * 31 + step) as u8)
        .collect();
    FaceGrid {
        step,
        kind: kind.into(),
        columns: COLUMNS.map(String::from).to_vec(),
        rows: FACES,
        tile_px: TILE_PX,
        pixels: Arc::new(pixels),
    }
}

/// What a trainer says after `step`.
fn events_of(step: u64, grid_every: u64) -> Vec<Event> {
    let mut events = vec![Event::Step(report(step))];
    if step.is_multiple_of(STEPS_PER_EPOCH) {
        let epoch = (step / STEPS_PER_EPOCH) as u32;
        events.push(Event::Epoch(EpochReport {
            epoch,
            step,
            dis: 0.3,
            face: None,
            pose: None,
            omega_pose: None,
            omega_face: None,
            next_alpha_pose: 1.0,
            next_alpha_face: 1.0 + f64::from(epoch),
        }));
        events.push(Event::Knowledge(Box::new(KnowledgeReport {
            step,
            epoch,
            ms: 1.0,
            table: KnowledgeTable::default(),
        })));
        events.push(Event::Checkpoint {
            step,
            path: PathBuf::from(format!("checkpoints/{step}")),
        });
    }
    if step.is_multiple_of(grid_every) {
        events.push(Event::Faces(grid("reconstruction", step)));
        events.push(Event::Faces(grid("swap", step)));
    }
    events
}

struct Writer {
    dir: tempfile::TempDir,
    recorder: Recorder,
}

impl Writer {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut recorder = Recorder::open(dir.path(), 0);
        recorder.on_event(&started(Path::new("/where/it/was/made"), 0));
        Self { dir, recorder }
    }

    fn resume(&mut self, at: u64) {
        self.recorder = Recorder::open(self.path(), at);
        let started = started(self.path(), at);
        self.say(started);
    }

    fn say(&mut self, event: Event) {
        assert_eq!(self.recorder.on_event(&event), Vec::<String>::new());
    }

    fn run(&mut self, from: u64, to: u64, grid_every: u64) {
        for step in from + 1..=to {
            for event in events_of(step, grid_every) {
                self.say(event);
            }
        }
    }

    fn stop(&mut self, step: u64, reason: StopReason) {
        self.say(Event::Stopped { step, reason });
    }

    fn path(&self) -> &Path {
        self.dir.path()
    }

    fn file(&self, name: &str) -> PathBuf {
        self.path().join(name)
    }
}

/// Steps 1–100 with grids every ten steps.
fn finished() -> Writer {
    let mut writer = Writer::new();
    writer.run(0, 100, 10);
    writer.stop(100, StopReason::Finished);
    writer
}

fn open(dir: &Path) -> Player {
    Player::new(Replay::open(dir).unwrap())
}

fn show(player: &mut Player, state: &mut LabState, step: u64) {
    let feed = match player.seek(step) {
        Seek::Forward(feed) => feed,
        Seek::FromStart(feed) => {
            *state = player.new_state();
            feed
        }
    };
    feed.for_each(|event| state.on_event(&event));
}

fn shown(dir: &Path, step: u64) -> LabState {
    let mut player = open(dir);
    let mut state = player.new_state();
    show(&mut player, &mut state, step);
    state
}

fn at_end(dir: &Path) -> LabState {
    shown(dir, u64::MAX)
}

/// Everything of a state that could differ.
fn numbers(state: &LabState) -> String {
    let curves = [Curve::Total, Curve::T1, Curve::Face, Curve::LearningRate];
    let spans: Vec<Vec<_>> = curves
        .iter()
        .map(|curve| state.history.spans(*curve).collect())
        .collect();
    let grids = |snapshots: &[crate::lab::state::Snapshot]| {
        let steps = snapshots.iter().map(|snapshot| {
            let sum = snapshot.grid.pixels.iter().map(|&byte| u64::from(byte));
            (snapshot.step, snapshot.faces.len(), sum.sum::<u64>())
        });
        steps.collect::<Vec<_>>()
    };
    format!(
        "{:?}",
        (
            (state.step, &state.phase, &state.last, &state.epochs),
            (state.knowledge.len(), &state.checkpoints, spans),
            (
                grids(&state.snapshots.reconstructions),
                grids(&state.snapshots.swaps)
            ),
            (state.pace.left(), state.log.lines().collect::<Vec<_>>()),
        )
    )
}

/// Sentences that were said as warnings.
fn warnings(state: &LabState) -> Vec<&str> {
    let lines = state.log.lines();
    let lines = lines.filter(|line| line.kind == crate::lab::state::Kind::Warning);
    lines.map(|line| line.text.as_str()).collect()
}

/// Sentences that were not.
fn notes(state: &LabState) -> Vec<&str> {
    let lines = state.log.lines();
    let lines = lines.filter(|line| line.kind == crate::lab::state::Kind::Note);
    lines.map(|line| line.text.as_str()).collect()
}
