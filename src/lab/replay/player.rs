//! Where a replay stands and what comes next.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use super::feed::Feed;
use super::pictures::Pictures;
use super::read::{Record, Replay};
use super::remarks::Remarks;
use crate::config::RunConfig;
use crate::lab::state::{LabState, Snapshots, Source};
use crate::train::event::{Event, FaceGrid};

/// A jump forward over more grids than this begins at the start instead, where only those count
/// that the window would still have.
const MOST_AHEAD: usize = 8;
/// Steps owed are counted as whole this early, because sums of frame times are not exact.
const ROUNDING: f64 = 1e-6;

/// Plays a run. At first nothing has been shown; [`Player::seek`] to [`Player::end_step`] shows
/// all of it.
pub struct Player {
    record: Arc<Record>,
    config: Option<Arc<RunConfig>>,
    remarks: Remarks,
    pictures: Pictures,
    /// Places of the grids among the events.
    grids: Vec<usize>,
    /// The step that is shown; `None` before anything is.
    at: Option<u64>,
    /// Steps and other events that were shown.
    shown: (usize, usize),
    /// The part of a step that was waited for already.
    owed: f64,
    speed: f64,
}

/// What to do to show another step.
#[must_use = "the window shows another step only when the events are fed to its state"]
pub enum Seek {
    /// Feed these to the state there is.
    Forward(Feed),
    /// Feed these to a new state; see [`Player::new_state`].
    FromStart(Feed),
}

impl Player {
    /// A player that waits before the beginning.
    pub fn new(replay: Replay) -> Self {
        let Replay {
            config,
            record,
            remarks,
        } = replay;
        let is_grid = |event: &Event| matches!(event, Event::Faces(_) | Event::Gallery(_));
        let grids = (0..record.others.len())
            .filter(|&at| is_grid(&record.others[at].event))
            .collect();
        Self {
            record,
            config,
            remarks,
            pictures: Pictures::default(),
            grids,
            at: None,
            shown: (0, 0),
            owed: 0.0,
            speed: 0.0,
        }
    }

    /// What a window knows before the beginning: configuration, end, speed, and in the log what
    /// there is to say about the files.
    pub fn new_state(&self) -> LabState {
        let mut state = LabState {
            source: Source::Replay,
            config: self.config.clone(),
            replay: Some((self.end_step(), self.speed)),
            ..LabState::default()
        };
        self.remarks.tell(&mut state.log);
        state
    }

    /// The step at which the record ends.
    pub fn end_step(&self) -> u64 {
        self.record.end_step
    }

    /// The step that is shown.
    pub fn at_step(&self) -> u64 {
        self.at.unwrap_or(0)
    }

    /// Whether everything is shown.
    pub fn is_at_end(&self) -> bool {
        self.at == Some(self.end_step())
    }

    /// Steps per second; 0 while paused and from the end on.
    pub fn speed(&self) -> f64 {
        self.speed
    }

    /// Plays so many steps per second; 0 pauses. At the end, playing begins anew with the events
    /// that are returned.
    #[must_use = "at the end, playing begins anew with these events"]
    pub fn set_speed(&mut self, steps_per_s: f64) -> Option<Seek> {
        self.speed = if steps_per_s.is_finite() {
            steps_per_s.max(0.0)
        } else {
            0.0
        };
        (self.speed > 0.0 && self.is_at_end()).then(|| self.seek(0))
    }

    /// The events of the next `dt_s` seconds. Where they bring several grids of a kind, only the
    /// last is read, so that no speed is too high.
    pub fn advance(&mut self, dt_s: f64) -> Vec<Event> {
        if self.speed == 0.0 || self.is_at_end() {
            return Vec::new();
        }
        self.owed += (self.speed * dt_s).max(0.0);
        let whole = (self.owed + ROUNDING).floor();
        let target = self.at_step().saturating_add(whole as u64);
        if target >= self.end_step() {
            self.speed = 0.0;
            self.owed = 0.0;
        } else {
            self.owed -= whole;
        }
        let (steps, others) = self.go_to(target.min(self.end_step()), self.shown);
        let mut newest = HashMap::new();
        for at in self.grids_in(&others) {
            if let Event::Faces(grid) | Event::Gallery(grid) = &self.record.others[at].event {
                newest.insert(grid.kind.as_str(), at);
            }
        }
        let wanted: Vec<usize> = newest.into_values().collect();
        self.feed(steps, others, &wanted).collect()
    }

    /// Goes to a step, or to the end where that comes first.
    pub fn seek(&mut self, step: u64) -> Seek {
        let target = step.min(self.end_step());
        self.owed = 0.0;
        if self.at.is_some_and(|at| at <= target) {
            let before = self.shown;
            let (steps, others) = self.go_to(target, before);
            let wanted: Vec<usize> = self.grids_in(&others).collect();
            if wanted.len() <= MOST_AHEAD {
                return Seek::Forward(self.feed(steps, others, &wanted));
            }
        }
        let (steps, others) = self.go_to(target, (0, 0));
        let wanted = self.grids_left(&others);
        Seek::FromStart(self.feed(steps, others, &wanted))
    }

    /// Moves on and returns the steps and other events that come on the way from `from`.
    fn go_to(&mut self, step: u64, from: (usize, usize)) -> (Range<usize>, Range<usize>) {
        let Record { steps, others, .. } = &*self.record;
        self.at = Some(step);
        self.shown = (
            steps.partition_point(|report| report.step <= step),
            others.partition_point(|other| other.after <= step),
        );
        (from.0..self.shown.0, from.1..self.shown.1)
    }

    fn feed(&mut self, steps: Range<usize>, others: Range<usize>, wanted: &[usize]) -> Feed {
        Feed {
            pixels: self.pictures.get(&self.record, wanted),
            record: self.record.clone(),
            steps,
            others,
        }
    }

    fn grids_in(&self, others: &Range<usize>) -> impl Iterator<Item = usize> + '_ {
        let first = self.grids.partition_point(|at| *at < others.start);
        let end = self.grids.partition_point(|at| *at < others.end);
        self.grids[first..end].iter().copied()
    }

    /// The grids that a window still has after it was shown all of these, and all galleries.
    fn grids_left(&self, others: &Range<usize>) -> Vec<usize> {
        let mut left = Vec::new();
        let mut snapshots = Snapshots::default();
        for at in self.grids_in(others) {
            match &self.record.others[at].event {
                Event::Faces(grid) => {
                    // What is thinned out is counted, not looked at; the place serves as name.
                    let stand_in = FaceGrid {
                        step: grid.step,
                        kind: grid.kind.clone(),
                        columns: Vec::new(),
                        rows: at,
                        tile_px: 0,
                        pixels: Arc::default(),
                    };
                    snapshots.push(&stand_in, Vec::new());
                }
                _ => left.push(at),
            }
        }
        let lists = snapshots.reconstructions.iter().chain(&snapshots.swaps);
        left.extend(lists.map(|snapshot| snapshot.grid.rows));
        left
    }
}
