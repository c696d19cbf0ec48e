//! Lines of text for a file or a pipe.

use std::io::Write;
use std::time::{Duration, Instant};

use super::pace::Pace;
use super::words;
use crate::train::event::{Event, StepReport};

/// Epochs shorter than this do not get a line each.
const SHORTEST: Duration = Duration::from_secs(2);
/// In a long epoch a line comes after this time, as a sign of life.
const LONGEST: Duration = Duration::from_secs(60);

/// Writes the first step, the ends of epochs and the last step, with what is said between.
pub struct Plain<W> {
    out: W,
    written_at: Option<Instant>,
    unwritten: Option<StepReport>,
}

impl<W: Write> Plain<W> {
    /// Lines go to `out`; that it fails is no reason to stop training.
    pub fn new(out: W) -> Self {
        Self {
            out,
            written_at: None,
            unwritten: None,
        }
    }

    /// Shows one event that came at `now`.
    pub fn on_event(&mut self, event: &Event, pace: &Pace, now: Instant) {
        match event {
            Event::Started(info) => self.write(&words::started(info)),
            Event::Note { text } => self.write(std::slice::from_ref(text)),
            Event::Warning { text } => self.write(&[format!("Warning: {text}")]),
            Event::Step(report) => {
                self.unwritten = Some(report.clone());
                self.step_after(LONGEST, pace, now);
            }
            Event::Epoch(_) => self.step_after(SHORTEST, pace, now),
            Event::Knowledge(report) => self.write(&words::knowledge(report)),
            Event::Checkpoint { step, path } => self.write(&[words::checkpoint(*step, path)]),
            Event::Stopped { step, reason } => {
                self.step_after(Duration::ZERO, pace, now);
                self.write(&words::stopped(*step, reason, pace));
            }
            Event::State { step, state } => self.write(&words::state(*step, *state)),
            Event::Faces(_)
            | Event::Gallery(_)
            | Event::Goal(_)
            | Event::Extended { .. }
            | Event::Settings { .. }
            | Event::Answer(_) => {}
        }
    }

    /// Writes the latest step unless a line came less than `pause` ago.
    fn step_after(&mut self, pause: Duration, pace: &Pace, now: Instant) {
        let due = self
            .written_at
            .is_none_or(|at| now.saturating_duration_since(at) >= pause);
        if due && let Some(report) = self.unwritten.take() {
            self.write(&[words::step(&report, pace)]);
            self.written_at = Some(now);
        }
    }

    fn write(&mut self, lines: &[String]) {
        for line in lines {
            let _ = writeln!(self.out, "{line}");
        }
        let _ = self.out.flush();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::event::{EpochReport, RunInfo, StopReason};

    /// A run of 3 epochs with 4 steps, `step_s` seconds each; the lines it writes.
    fn lines(step_s: u64) -> Vec<String> {
        let start = Instant::now();
        let mut pace = Pace::default();
        let mut plain = Plain::new(Vec::new());
        let mut show = |event: Event, step: u64| {
            pace.on_event(&event);
            plain.on_event(&event, &pace, start + Duration::from_secs(step * step_s));
        };
        show(
            Event::Started(Box::new(RunInfo {
                dir: "runs/x".into(),
                preset: "tiny".into(),
                device: "A device".into(),
                data: "12 faces".into(),
                parameters: 2_500_000,
                images_per_step: 64,
                steps_per_epoch: 4,
                last_step: 12,
                resumed_at: 0,
                chance_face: 1.0,
                chance_pose: 1.0,
            })),
            0,
        );
        for step in 1..=12 {
            let epoch = ((step - 1) / 4 + 1) as u32;
            show(
                Event::Step(StepReport {
                    step,
                    epoch,
                    total: 1.5,
                    step_ms: 1000.0,
                    images_per_s: 64.0,
                    ..StepReport::default()
                }),
                step,
            );
            if step % 4 == 0 {
                show(
                    Event::Epoch(EpochReport {
                        epoch,
                        step,
                        dis: 0.1,
                        face: None,
                        pose: None,
                        omega_pose: None,
                        omega_face: None,
                        next_alpha_pose: 1.0,
                        next_alpha_face: 1.0,
                    }),
                    step,
                );
            }
        }
        let reason = StopReason::Finished;
        show(Event::Stopped { step: 12, reason }, 12);
        let text = String::from_utf8(plain.out).unwrap();
        text.lines().map(String::from).collect()
    }

    fn steps(lines: &[String]) -> Vec<&str> {
        lines
            .iter()
            .filter_map(|line| line.split(" · ").nth(1))
            .collect()
    }

    #[test]
    fn first_epochs_and_last() {
        let lines = lines(1);
        assert_eq!(
            steps(&lines),
            ["step 1/12", "step 4/12", "step 8/12", "step 12/12"]
        );
        assert_eq!(
            lines[..6],
            [
                "Device  A device",
                "Data    12 faces",
                "Model   2.5 million parameters, preset tiny",
                "Batch   64 images per step, 4 steps per epoch",
                "Steps   12 in 3 epochs",
                "Folder  runs/x",
            ]
        );
        assert_eq!(
            lines[6],
            "Epoch 1 · step 1/12 · 64 images/s · total 1.500 · α 0.00/0.00 · \
             waiting 0% · 11 s left"
        );
        assert_eq!(
            lines[10],
            "Finished after 12 steps. The results are in runs/x."
        );
    }

    #[test]
    fn fast_runs_stay_quiet_and_slow_ones_show_life() {
        assert_eq!(steps(&lines(0)), ["step 1/12", "step 12/12"]);
        assert_eq!(steps(&lines(61)).len(), 12);
    }

    #[test]
    fn closed_pipe_is_no_reason_to_stop() {
        struct Closed;
        impl Write for Closed {
            fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
                Err(std::io::ErrorKind::BrokenPipe.into())
            }
            fn flush(&mut self) -> std::io::Result<()> {
                Err(std::io::ErrorKind::BrokenPipe.into())
            }
        }
        let note = Event::Note { text: "x".into() };
        Plain::new(Closed).on_event(&note, &Pace::default(), Instant::now());
    }
}
