//! What was said while the window was open.

use std::collections::VecDeque;

/// Older lines are forgotten; the run folder's `events.jsonl` keeps all.
const MOST_LINES: usize = 500;

/// How much a line matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Good to know.
    Note,
    /// Something is not as it should be.
    Warning,
}

/// One line.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// Steps done when it was said.
    pub step: u64,
    /// How much it matters.
    pub kind: Kind,
    /// The sentence.
    pub text: String,
}

/// The latest lines.
#[derive(Clone, Debug, Default)]
pub struct Log {
    lines: VecDeque<Line>,
    /// Lines ever written; tells what is new.
    pub written: usize,
}

impl Log {
    /// Something good to know.
    pub fn note(&mut self, step: u64, text: &str) {
        self.push(step, Kind::Note, text);
    }

    /// Something that is not as it should be.
    pub fn warn(&mut self, step: u64, text: &str) {
        self.push(step, Kind::Warning, text);
    }

    /// The lines, oldest first.
    pub fn lines(&self) -> impl DoubleEndedIterator<Item = &Line> {
        self.lines.iter()
    }

    /// The latest `count` lines that were ever written, as far as they are kept.
    pub fn newest(&self, count: usize) -> impl Iterator<Item = &Line> {
        self.lines
            .iter()
            .skip(self.lines.len().saturating_sub(count))
    }

    /// A line as it is.
    pub fn say(&mut self, line: Line) {
        if self.lines.len() == MOST_LINES {
            self.lines.pop_front();
        }
        self.lines.push_back(line);
        self.written += 1;
    }

    fn push(&mut self, step: u64, kind: Kind, text: &str) {
        self.say(Line {
            step,
            kind,
            text: text.to_owned(),
        });
    }
}
