//! `events.jsonl`: everything the trainer said, one JSON object per line.

use std::io;
use std::path::Path;

use serde::Deserialize;

use super::files::{self, AppendFile};
use crate::train::event::Event;

/// File name inside a run folder.
pub const FILE: &str = "events.jsonl";

/// Writes `events.jsonl`.
pub struct EventLog(AppendFile);

/// The part of an event that says when it happened; sentences carry no step.
#[derive(Deserialize)]
struct When {
    step: Option<u64>,
}

impl EventLog {
    /// The log of the run in `dir`, of which events up to step `resumed_at` are kept.
    pub fn new(dir: &Path, resumed_at: u64) -> Self {
        Self(AppendFile::new(dir.join(FILE), Vec::new(), move |path| {
            files::cut_lines(path, |line| {
                resumed_at > 0
                    && serde_json::from_slice::<When>(line)
                        .is_ok_and(|when| when.step.is_none_or(|step| step <= resumed_at))
            })
        }))
    }

    /// Removes what came after the step the run goes on from; done once, at the latest by the
    /// first [`Self::write`].
    pub fn open(&mut self) -> io::Result<()> {
        self.0.open()
    }

    /// Appends one line.
    pub fn write(&mut self, event: &Event) -> io::Result<()> {
        let mut line = serde_json::to_vec(event)?;
        line.push(b'\n');
        self.0.append(&line)
    }

    /// Waits until all lines are on the disk.
    pub fn sync(&self) -> io::Result<()> {
        self.0.sync()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::event::StepReport;

    fn step(step: u64) -> Event {
        Event::Step(StepReport {
            step,
            total: 0.1 + 0.2,
            ..StepReport::default()
        })
    }

    #[test]
    fn lines_are_events_and_resuming_drops_the_abandoned_ones() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(FILE);
        let note = |text: &str| Event::Note { text: text.into() };
        let mut log = EventLog::new(dir.path(), 0);
        for event in [
            note("start"),
            step(1),
            note("line\nbreak"),
            step(2),
            note("late"),
        ] {
            log.write(&event).unwrap();
        }
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(text.lines().count(), 5);
        assert!(matches!(
            serde_json::from_str(text.lines().nth(1).unwrap()).unwrap(),
            Event::Step(report) if report.total == 0.1 + 0.2 && report.t1.is_none()
        ));
        EventLog::new(dir.path(), 1).open().unwrap();
        let kept: Vec<&str> = text.lines().take(3).collect();
        let now = std::fs::read_to_string(&path).unwrap();
        assert_eq!(now.lines().collect::<Vec<_>>(), kept);
    }
}
