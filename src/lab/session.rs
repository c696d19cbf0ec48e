//! A trainer on a thread of its own, with its events coming out and controls going in.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow};

use super::window::Interrupt;
use crate::run::{self, RunPlan};
use crate::term::Terminal;
use crate::train::event::{Control, Event, RunState, StopReason};

/// How often an interrupt is looked for.
const LOOK: Duration = Duration::from_millis(200);

/// A running trainer. Its last event is always [`Event::Stopped`], also when it cannot begin.
pub struct Session {
    controls: Sender<Control>,
    events: Receiver<(Instant, Event)>,
    thread: JoinHandle<Result<StopReason>>,
}

impl Session {
    /// Starts a run. `wake` is called after every event.
    ///
    /// # Errors
    ///
    /// If there can be no further thread.
    pub fn start(plan: RunPlan, wake: impl Fn() + Send + 'static) -> Result<Self> {
        let (controls, take_control) = channel();
        let (send_event, events) = channel();
        let thread = std::thread::Builder::new()
            .name("visage-trainer".into())
            .spawn(move || {
                // One that only answers questions has nothing to say.
                let mut terminal = plan.record.then(Terminal::new);
                let mut emit = |event: Event| {
                    if let Some(terminal) = &mut terminal {
                        terminal.on_event(&event);
                    }
                    // Nobody listens any more when the window has gone; the run goes on.
                    let _ = send_event.send((Instant::now(), event));
                    wake();
                };
                let outcome = catch_unwind(AssertUnwindSafe(|| {
                    run::go(&plan, &take_control, &mut emit)
                }))
                .unwrap_or_else(|_| Err(anyhow!("the program failed while it got ready")));
                if let Err(error) = &outcome {
                    // Whoever joins the thread says it on the terminal.
                    let text = format!("{error:#}");
                    let reason = StopReason::Failed { text };
                    let _ = send_event.send((Instant::now(), Event::Stopped { step: 0, reason }));
                    wake();
                }
                outcome
            })
            .context("no thread could be started for the trainer")?;
        Ok(Self {
            controls,
            events,
            thread,
        })
    }

    /// Tells the trainer; one that has ended does not hear it.
    pub fn tell(&self, control: Control) {
        let _ = self.controls.send(control);
    }

    /// The events that have come in, and when they happened.
    pub fn events(&self) -> impl Iterator<Item = (Instant, Event)> {
        self.events.try_iter()
    }

    /// Stops after the current step, with a checkpoint, and says how it ended.
    ///
    /// # Errors
    ///
    /// Why the run could not begin.
    pub fn stop(self) -> Result<StopReason> {
        self.tell(Control::Stop);
        self.join()
    }

    /// Lets the run come to its end without a window; `interrupt` stops it earlier.
    ///
    /// # Errors
    ///
    /// Why the run could not begin.
    pub fn see_through(self, interrupt: &Interrupt) -> Result<StopReason> {
        let mut asked = false;
        loop {
            if interrupt.is_asked() && !std::mem::replace(&mut asked, true) {
                self.tell(Control::Stop);
            }
            match self.events.recv_timeout(LOOK) {
                Ok((
                    _,
                    Event::State {
                        state: RunState::Finished,
                        ..
                    },
                )) => self.tell(Control::Stop),
                Ok(_) | Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return self.join(),
            }
        }
    }

    fn join(self) -> Result<StopReason> {
        self.thread
            .join()
            .map_err(|_| anyhow!("the trainer's thread failed"))?
    }
}
