//! Reads `events.jsonl`, whatever happened to it.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::Path;

use crate::train::event::{Event, StepReport};

/// An event and when it comes.
#[derive(Debug)]
pub(super) struct Timed {
    /// It comes after this step, and before the next one.
    pub after: u64,
    /// What happened; no [`Event::Step`].
    pub event: Event,
}

/// What the file holds.
#[derive(Debug, Default)]
pub(super) struct EventFile {
    /// Steps that were asked for.
    pub steps: Vec<StepReport>,
    /// Everything else, in order.
    pub others: Vec<Timed>,
    /// Lines that say nothing.
    pub damaged: usize,
    /// The last step of which something was said.
    now: u64,
}

impl EventFile {
    /// Reads the file. Steps for which `is_known` holds are passed over, because their numbers
    /// make up nearly all of it and reading them takes long.
    pub fn read(path: &Path, mut is_known: impl FnMut(u64) -> bool) -> io::Result<Self> {
        let mut reader = BufReader::with_capacity(1 << 20, File::open(path)?);
        let mut read = Self::default();
        let mut line = Vec::new();
        loop {
            line.clear();
            if reader.read_until(b'\n', &mut line)? == 0 {
                return Ok(read);
            }
            let whole = line.last() == Some(&b'\n');
            if let Some(step) = step_number(&line).filter(|&step| whole && is_known(step)) {
                read.now = step;
            } else if let Ok(event) = serde_json::from_slice(&line) {
                read.take(event);
            } else if whole && !line.trim_ascii().is_empty() {
                // A last line without its end is what a killed run leaves behind.
                read.damaged += 1;
            }
        }
    }

    fn take(&mut self, event: Event) {
        match event {
            Event::Step(report) => {
                self.now = report.step;
                self.steps.push(report);
            }
            // The run went on from here: what came later in an earlier attempt did not happen.
            Event::Started(ref info) => {
                let from = info.resumed_at;
                self.steps.retain(|report| report.step <= from);
                self.others.retain(|other| other.after <= from);
                self.now = from;
                self.push(event);
            }
            other => {
                self.now = self.now.max(step_of(&other).unwrap_or(0));
                self.push(other);
            }
        }
    }

    fn push(&mut self, event: Event) {
        let last = self.others.last().map_or(0, |last| last.after);
        let after = self.now.max(last);
        self.others.push(Timed { after, event });
    }
}

/// The step of a line that holds a step and looks whole, without reading the line.
fn step_number(line: &[u8]) -> Option<u64> {
    let rest = line.strip_prefix(br#"{"event":"step","step":"#)?;
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let looks_whole = rest.trim_ascii_end().ends_with(b"}");
    let number = std::str::from_utf8(&rest[..digits]).ok()?.parse().ok()?;
    looks_whole.then_some(number)
}

/// Steps done when it happened; sentences do not say.
fn step_of(event: &Event) -> Option<u64> {
    match event {
        Event::Started(info) => Some(info.resumed_at),
        Event::Step(report) => Some(report.step),
        Event::Epoch(report) => Some(report.step),
        Event::Knowledge(report) => Some(report.step),
        Event::Faces(grid) | Event::Gallery(grid) | Event::Goal(grid) => Some(grid.step),
        Event::State { step, .. }
        | Event::Extended { step, .. }
        | Event::Settings { step, .. }
        | Event::Checkpoint { step, .. }
        | Event::Stopped { step, .. } => Some(*step),
        Event::Answer(answer) => Some(answer.step),
        Event::Note { .. } | Event::Warning { .. } => None,
    }
}
