//! What a run says on the terminal.

mod live;
pub mod pace;
mod plain;
pub(crate) mod words;

use std::io::{self, IsTerminal};
use std::time::Instant;

use crate::train::event::Event;
use live::Live;
use pace::Pace;
use plain::Plain;

/// Shows the trainer's events on standard error: a progress line that keeps up when that is a
/// terminal, now and then a line of text when it is a file or a pipe.
///
/// Writing never fails the run: a closed pipe costs the words only.
pub struct Terminal {
    pace: Pace,
    screen: Screen,
}

enum Screen {
    Live(Live),
    Plain(Box<Plain<io::Stderr>>),
}

impl Default for Terminal {
    fn default() -> Self {
        Self::new()
    }
}

impl Terminal {
    /// Looks at standard error and chooses how to write to it.
    pub fn new() -> Self {
        let screen = if io::stderr().is_terminal() {
            Screen::Live(Live::new())
        } else {
            Screen::Plain(Box::new(Plain::new(io::stderr())))
        };
        Self {
            pace: Pace::default(),
            screen,
        }
    }

    /// Shows one event.
    pub fn on_event(&mut self, event: &Event) {
        self.pace.on_event(event);
        match &mut self.screen {
            Screen::Live(live) => live.on_event(event, &self.pace),
            Screen::Plain(plain) => plain.on_event(event, &self.pace, Instant::now()),
        }
    }
}
