//! Everything a run leaves behind besides checkpoints: tables, logs, pictures.
//!
//! The [`Recorder`] consumes the trainer's [`Event`]s and never fails the run: what cannot be
//! written costs the file concerned, is reported once and tried again with the next event.

pub(crate) mod axis;
pub(crate) mod chart;
pub mod curves;
pub mod dwa;
mod files;
pub(crate) mod font;
pub mod grid;
pub(crate) mod heading;
pub mod history;
pub mod jsonl;
pub mod knowledge;
pub mod metrics_csv;
pub mod tensorboard;
#[cfg(test)]
mod tests;

use std::collections::HashSet;
use std::io;
use std::path::Path;

use crate::train::event::Event;
use curves::Curves;
pub(crate) use files::replace;
use grid::GridFolder;
use jsonl::EventLog;
use knowledge::KnowledgeLog;
use metrics_csv::MetricsLog;
use tensorboard::TensorBoard;

/// Writes the files of one run folder.
pub struct Recorder {
    metrics: MetricsLog,
    events: EventLog,
    knowledge: KnowledgeLog,
    board: TensorBoard,
    grids: GridFolder,
    curves: Curves,
    known_failures: HashSet<(&'static str, io::ErrorKind)>,
    warnings: Vec<String>,
}

impl Recorder {
    /// Takes over the run folder `dir`, of which only what happened up to step `resumed_at` is
    /// kept (0 starts afresh), half-written last rows excluded, so that the curves join exactly.
    ///
    /// The folder is created when missing. Failures are reported by the next [`Self::on_event`].
    pub fn open(dir: &Path, resumed_at: u64) -> Self {
        let created = std::fs::create_dir_all(dir);
        let mut metrics = MetricsLog::new(dir, resumed_at);
        let mut events = EventLog::new(dir, resumed_at);
        let mut knowledge = KnowledgeLog::new(dir, resumed_at);
        let (board, board_opened) = TensorBoard::open(dir, resumed_at);
        let metrics_opened = metrics.open();
        let events_opened = events.open();
        let knowledge_opened = knowledge.open();
        let (curves, curves_opened) = Curves::open(dir, resumed_at);
        let mut recorder = Self {
            metrics,
            events,
            knowledge,
            board,
            grids: GridFolder::new(dir),
            curves,
            known_failures: HashSet::new(),
            warnings: Vec::new(),
        };
        recorder.check("the run folder", created);
        recorder.check(metrics_csv::FILE, metrics_opened);
        recorder.check(jsonl::FILE, events_opened);
        recorder.check(knowledge::FILE, knowledge_opened);
        recorder.check("the TensorBoard log", board_opened);
        recorder.check("the record of earlier steps", curves_opened);
        recorder
    }

    /// Writes what `event` brings and returns the sentences to show the user.
    pub fn on_event(&mut self, event: &Event) -> Vec<String> {
        if let Event::Answer(_) | Event::Goal(_) = event {
            return Vec::new();
        }
        let logged = self.events.write(event);
        self.check(jsonl::FILE, logged);
        match event {
            Event::Gallery(grid) => {
                let saved = grid::png_bytes(grid).and_then(|png| self.grids.save(grid, &png));
                self.check("a picture in faces", saved);
            }
            Event::Step(report) => {
                let rows = self.metrics.write(report);
                self.check(metrics_csv::FILE, rows);
                let board = self.board.step(report);
                self.check("the TensorBoard log", board);
            }
            Event::Knowledge(report) => {
                let rows = self.knowledge.write(report);
                self.check(knowledge::FILE, rows);
                let board = self.board.knowledge(report);
                self.check("the TensorBoard log", board);
            }
            Event::Faces(grid) => match grid::png_bytes(grid) {
                Ok(png) => {
                    let saved = self.grids.save(grid, &png);
                    self.check("a picture in faces", saved);
                    let board = self.board.image(grid, &png);
                    self.check("the TensorBoard log", board);
                }
                Err(error) => self.check("a picture in faces", Err(error)),
            },
            // What a checkpoint can resume from should survive a power cut as well as it does.
            Event::Checkpoint { .. } => {
                let metrics = self.metrics.sync();
                self.check(metrics_csv::FILE, metrics);
                let events = self.events.sync();
                self.check(jsonl::FILE, events);
                let knowledge = self.knowledge.sync();
                self.check(knowledge::FILE, knowledge);
            }
            _ => {}
        }
        for (name, outcome) in self.curves.on_event(event) {
            self.check(name, outcome);
        }
        std::mem::take(&mut self.warnings)
    }

    /// Turns a failure into a warning the first time this kind happens to this file.
    fn check(&mut self, what: &'static str, outcome: io::Result<()>) {
        let Err(error) = outcome else { return };
        if self.known_failures.insert((what, error.kind())) {
            self.warnings.push(format!(
                "Could not write {what}: {error}. Training goes on, and writing is tried again; \
                 check the space and the permissions of the run folder."
            ));
        }
    }
}
