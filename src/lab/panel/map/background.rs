//! Work that must not hold up a frame, on a thread of its own.

use std::sync::mpsc::{self, Receiver, TryRecvError};
use std::thread;

use eframe::egui::Context;

/// One piece of work at a time; what was started later wins.
pub struct Background<T> {
    running: Option<Receiver<T>>,
}

impl<T> Default for Background<T> {
    fn default() -> Self {
        Self { running: None }
    }
}

impl<T: Send + 'static> Background<T> {
    /// Starts `work`. What was running before runs out unheard.
    pub fn start(&mut self, ctx: &Context, work: impl FnOnce() -> T + Send + 'static) {
        let (sender, receiver) = mpsc::channel();
        let ctx = ctx.clone();
        let started = thread::Builder::new().name("map".into()).spawn(move || {
            // Nobody listens any more when something else was started meanwhile.
            if sender.send(work()).is_ok() {
                ctx.request_repaint();
            }
        });
        self.running = started.is_ok().then_some(receiver);
    }

    /// The result, once.
    pub fn poll(&mut self) -> Option<T> {
        match self.running.as_ref()?.try_recv() {
            Ok(result) => {
                self.running = None;
                Some(result)
            }
            Err(TryRecvError::Empty) => None,
            Err(TryRecvError::Disconnected) => {
                self.running = None;
                None
            }
        }
    }

    /// Whether a result is still to come.
    pub fn is_busy(&self) -> bool {
        self.running.is_some()
    }
}
