//! Between two steps: controls are obeyed and questions answered.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, TryRecvError};
use std::time::{Duration, Instant};

use super::Trainer;
use crate::train::ask::{Answer, Question, Reply};
use crate::train::event::{Control, Event, RunState, StopReason};
use crate::train::studio::Loan;

/// After a new question the next one is waited for this long before training goes on, so that a
/// picture follows the slider of somebody who drags it.
const LINGER: Duration = Duration::from_millis(60);
/// How often a paused trainer looks whether faces it had to wait for are there.
const POLL: Duration = Duration::from_millis(300);

/// What to do next.
pub(super) enum Next {
    /// One step.
    Step,
    /// End; the checkpoint comes first.
    Stop,
}

impl Trainer {
    /// Obeys controls and answers questions until a step is due. Blocks while paused or finished,
    /// so that a waiting run costs nothing.
    pub(super) fn listen(
        &mut self,
        controls: &Receiver<Control>,
        emit: &mut dyn FnMut(Event),
    ) -> Result<Next, StopReason> {
        let mut linger_until = None;
        loop {
            let heard = match controls.try_recv() {
                Ok(control) => Ok(control),
                Err(TryRecvError::Disconnected) => Err(RecvTimeoutError::Disconnected),
                // Only when nothing is queued: of a row of questions the last one counts.
                Err(TryRecvError::Empty) => {
                    if let Some(question) = self.studio.next_new(self.progress.step) {
                        linger_until = Some(Instant::now() + LINGER);
                        self.answer(question, false, emit)?;
                        continue;
                    }
                    let rests = self.state != RunState::Running || self.rest() > LINGER;
                    if rests && let Some(question) = self.studio.next_stale(self.progress.step) {
                        self.answer(question, false, emit)?;
                        continue;
                    }
                    self.wait(controls, linger_until)
                }
            };
            match heard {
                Ok(Control::SingleStep) if self.state == RunState::Paused => {
                    return Ok(Next::Step);
                }
                Ok(Control::Stop) => return Ok(Next::Stop),
                Ok(control) => self.obey(control, emit),
                Err(_) if self.state == RunState::Running => return Ok(Next::Step),
                // Nobody is left who could say "go on".
                Err(RecvTimeoutError::Disconnected) => return Ok(Next::Stop),
                Err(RecvTimeoutError::Timeout) => self.studio.ask_again(),
            }
        }
    }

    /// How long [`Control::Slow`] still holds the next step back.
    fn rest(&self) -> Duration {
        let limited = self.steps_per_s.zip(self.stepped_at);
        let due = limited.map(|(limit, at)| at + Duration::from_secs_f64(1.0 / limit));
        due.map_or(Duration::ZERO, |due| {
            due.saturating_duration_since(Instant::now())
        })
    }

    /// Waits for a control as long as no step is due.
    fn wait(
        &self,
        controls: &Receiver<Control>,
        linger_until: Option<Instant>,
    ) -> Result<Control, RecvTimeoutError> {
        let due = match self.state {
            RunState::Running => Some(Instant::now() + self.rest()).max(linger_until),
            _ if self.probe.is_preparing() && self.studio.waits_for_faces() => {
                Some(Instant::now() + POLL)
            }
            _ => return controls.recv().map_err(|_| RecvTimeoutError::Disconnected),
        };
        let pause = due.map_or(Duration::ZERO, |due| {
            due.saturating_duration_since(Instant::now())
        });
        controls.recv_timeout(pause)
    }

    fn obey(&mut self, control: Control, emit: &mut dyn FnMut(Event)) {
        match control {
            Control::Run if self.state == RunState::Paused => self.turn_to(RunState::Running, emit),
            Control::Pause if self.state == RunState::Running => {
                self.turn_to(RunState::Paused, emit);
            }
            Control::Checkpoint => self.save(emit),
            Control::Set(setting) => {
                let kind = std::mem::discriminant(&setting);
                let live = &mut self.progress.live;
                live.retain(|s| std::mem::discriminant(s) != kind);
                live.push(setting);
                self.tell_settings(emit);
            }
            Control::Slow(limit) => {
                // Slower than a step an hour is a pause.
                self.steps_per_s = limit.filter(|limit| *limit > 1.0 / 3600.0);
            }
            Control::TrainUntil(step) => {
                self.last_step = step.max(self.progress.step);
                // The learning rate would be zero beyond the end of its schedule.
                let epochs = u32::try_from(self.last_step.div_ceil(self.steps_per_epoch));
                self.config.epochs = self.config.epochs.max(epochs.unwrap_or(u32::MAX));
                emit(Event::Extended {
                    step: self.progress.step,
                    last_step: self.last_step,
                });
                if self.state == RunState::Finished && self.last_step > self.progress.step {
                    self.turn_to(RunState::Running, emit);
                }
            }
            Control::Watch(questions) => self.studio.watch(questions),
            Control::AddFace(face) => self.studio.add_face(&face),
            Control::Run | Control::Pause | Control::SingleStep | Control::Stop => {}
        }
    }

    pub(super) fn turn_to(&mut self, state: RunState, emit: &mut dyn FnMut(Event)) {
        self.state = state;
        let step = self.progress.step;
        emit(Event::State { step, state });
    }

    pub(super) fn tell_settings(&self, emit: &mut dyn FnMut(Event)) {
        emit(Event::Settings {
            step: self.progress.step,
            settings: self.progress.live.clone(),
        });
    }

    /// Answers the question that has waited longest, if there is time for it.
    pub(super) fn answer_again(&mut self, emit: &mut dyn FnMut(Event)) -> Result<(), StopReason> {
        match self.studio.next_due(self.progress.step) {
            Some(question) => self.answer(question, true, emit),
            None => Ok(()),
        }
    }

    /// Measures; the measurement is the answer, and where there is none the reason.
    fn answer_knowledge(&mut self, emit: &mut dyn FnMut(Event)) -> Result<(), StopReason> {
        let step = self.progress.step;
        // While nothing is trained, others that ask need not wait for the faces either.
        let waits = self.state == RunState::Finished
            && self.probe.faces().is_none()
            && self.probe.is_preparing();
        if waits {
            self.studio.put_off(&Question::Knowledge, step);
            let reason = "The labelled faces are still being drawn.";
            emit(no_measurement(step, reason));
            return Ok(());
        }
        let before = self.probe.measured_at();
        self.measure(emit).map_err(|text| self.failed(&text))?;
        let reason = match self.probe.measured_at() {
            Some(at) if at == step && before != Some(step) => return Ok(()),
            Some(at) if at == step => "This step is measured already.",
            _ => "There are no labelled faces to measure with.",
        };
        emit(no_measurement(step, reason));
        Ok(())
    }

    fn answer(
        &mut self,
        question: Question,
        again: bool,
        emit: &mut dyn FnMut(Event),
    ) -> Result<(), StopReason> {
        if question == Question::Knowledge {
            return self.answer_knowledge(emit);
        }
        let mut loan = Loan {
            model: &self.model,
            config: &self.config,
            device: &self.device.device,
            gallery: &self.gallery,
            probe: &mut self.probe,
            source: &self.source,
            cache: &self.cache,
            batch: self.batch.as_ref(),
            step: self.progress.step,
        };
        let answer = self.studio.answer(question, again, &mut loan);
        let answer = answer.map_err(|text| self.failed(&text))?;
        emit(Event::Answer(answer));
        Ok(())
    }
}

/// The answer to [`Question::Knowledge`] where there is no measurement.
fn no_measurement(step: u64, reason: &str) -> Event {
    Event::Answer(Arc::new(Answer {
        step,
        question: Question::Knowledge,
        reply: Reply::No(reason.into()),
    }))
}
