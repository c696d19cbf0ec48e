//! How fast a run goes and how long it will take.

use std::path::PathBuf;
use std::time::Duration;

use crate::train::event::Event;

/// A new step moves the running means by at least this fraction.
const SMALLEST_SHARE: f64 = 0.05;

/// Running means over the latest steps, and the facts needed to tell the time left.
#[derive(Debug, Default)]
pub struct Pace {
    steps_seen: u32,
    step_ms: f64,
    wait_ms: f64,
    images: f64,
    step: u64,
    /// Step at which the run will end; 0 before it has started.
    pub last_step: u64,
    /// The run's folder.
    pub dir: PathBuf,
    /// The latest step that can be resumed from.
    pub checkpoint: Option<u64>,
}

impl Pace {
    /// Takes note of an event.
    pub fn on_event(&mut self, event: &Event) {
        match event {
            Event::Started(info) => {
                self.last_step = info.last_step;
                self.dir.clone_from(&info.dir);
                self.step = info.resumed_at;
                self.checkpoint = (info.resumed_at > 0).then_some(info.resumed_at);
            }
            Event::Step(report) => {
                self.step = report.step;
                // The first step compiles and tunes kernels: it counts only until the second.
                let share = f64::max(SMALLEST_SHARE, 1.0 / f64::from(self.steps_seen.max(1)));
                let images = report.images_per_s * report.step_ms / 1000.0;
                for (mean, value) in [
                    (&mut self.step_ms, report.step_ms),
                    (&mut self.wait_ms, report.wait_ms),
                    (&mut self.images, images),
                ] {
                    *mean += share * (value - *mean);
                }
                self.steps_seen = self.steps_seen.saturating_add(1);
            }
            Event::Extended { last_step, .. } => self.last_step = *last_step,
            Event::Checkpoint { step, .. } => self.checkpoint = Some(*step),
            _ => {}
        }
    }

    /// Encoder images per second, waiting included.
    pub fn images_per_s(&self) -> f64 {
        1000.0 * self.images / self.step_ms.max(f64::MIN_POSITIVE)
    }

    /// Part of the time spent waiting for data, in percent.
    pub fn wait_percent(&self) -> f64 {
        100.0 * self.wait_ms / self.step_ms.max(f64::MIN_POSITIVE)
    }

    /// Time until the last step at the present pace; `None` before the first step.
    pub fn left(&self) -> Option<Duration> {
        let steps = self.last_step.saturating_sub(self.step) as f64;
        let seconds = steps * self.step_ms / 1000.0;
        if self.steps_seen == 0 {
            return None;
        }
        Duration::try_from_secs_f64(seconds).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::event::StepReport;

    fn step(step: u64, step_ms: f64) -> Event {
        Event::Step(StepReport {
            step,
            step_ms,
            wait_ms: step_ms / 4.0,
            images_per_s: 64.0 * 1000.0 / step_ms,
            ..StepReport::default()
        })
    }

    #[test]
    fn slow_first_step_is_forgotten() {
        let mut pace = Pace {
            last_step: 110,
            ..Pace::default()
        };
        assert_eq!(pace.left(), None);
        pace.on_event(&step(1, 60_000.0));
        assert_eq!(pace.left(), Some(Duration::from_secs(60 * 109)));
        for at in 2..=10 {
            pace.on_event(&step(at, 500.0));
        }
        assert_eq!(pace.left(), Some(Duration::from_secs(50)));
        assert!((pace.images_per_s() - 128.0).abs() < 1e-6);
        assert!((pace.wait_percent() - 25.0).abs() < 1e-6);
    }
}
