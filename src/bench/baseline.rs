//! Now and then: a measurement beside an older one of the same step.
//!
//! Machines differ, and so does the same machine from day to day. Both measurements therefore hold
//! what a large matrix product reached at the time, and the step's time is compared twice: as it
//! is, and counted in such products. A slower or busier machine needs more time for both, so the
//! second ratio stays near 1; one with many more cores speeds up the product more than the step, and
//! there the first ratio stays below. A step has become slower where both say so.

use std::fmt::{self, Display, Formatter};
use std::path::Path;

use serde::Deserialize;

use super::{BenchError, StepReport};

/// From this ratio of now to then on a step counts as slower.
pub const LIMIT: f64 = 1.5;

/// What of an older measurement is needed; the file is what `--json` prints.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Baseline {
    /// What a step computed.
    pub config: String,
    /// Milliseconds of a step.
    pub step_ms: f64,
    /// What the device could do.
    pub ceiling_flops: f64,
}

/// Now against then.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Verdict {
    /// Time now by time then.
    pub time: f64,
    /// The same, each counted in matrix products of its day.
    pub in_products: f64,
}

impl Baseline {
    /// Reads a file.
    ///
    /// # Errors
    ///
    /// If it cannot be read, or is no measurement.
    pub fn read(path: &Path) -> Result<Self, BenchError> {
        let bad = |reason: String| BenchError::Baseline {
            path: path.into(),
            reason,
        };
        let bytes = std::fs::read(path).map_err(|e| bad(e.to_string()))?;
        let then: Self = serde_json::from_slice(&bytes).map_err(|e| bad(e.to_string()))?;
        let usable = |number: f64| number.is_finite() && number > 0.0;
        if usable(then.step_ms) && usable(then.ceiling_flops) {
            Ok(then)
        } else {
            Err(bad("its times are no positive numbers".into()))
        }
    }

    /// Compares a measurement of the same step.
    ///
    /// # Errors
    ///
    /// If it was another one; `path` is named then.
    pub fn judge(&self, now: &StepReport, path: &Path) -> Result<Verdict, BenchError> {
        let config = &now.setting.config;
        if *config != self.config {
            return Err(BenchError::Baseline {
                path: path.into(),
                reason: format!(
                    "it is of another step ({}) than this one ({config}); give the same settings, or write a new one \
                     with --json",
                    self.config
                ),
            });
        }
        let time = now.step.median / self.step_ms;
        Ok(Verdict {
            time,
            in_products: time * now.ceiling.flops / self.ceiling_flops,
        })
    }
}

impl Verdict {
    /// Now by then, as far as both ways of counting agree on it.
    pub fn ratio(&self) -> f64 {
        self.time.min(self.in_products)
    }

    /// Whether the step became slower than can be an accident.
    pub fn is_slower(&self) -> bool {
        self.ratio() > LIMIT
    }
}

impl Display for Verdict {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "now/then {:.2}: {:.2} in time, {:.2} in matrix products",
            self.ratio(),
            self.time,
            self.in_products
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::{Ceiling, PeakMemory, PeakSource, Setting, Spread};
    use crate::config::RunConfig;
    use crate::device::{DeviceRequest, choose};

    fn report(step_ms: f64, flops: f64) -> StepReport {
        let device = choose(DeviceRequest::Cpu).unwrap();
        StepReport {
            setting: Setting::new(&RunConfig::default(), &device, "faces"),
            images: 10,
            steps: 1,
            warmup: 0,
            flops_per_step: 1e9,
            step: Spread::of(&[step_ms]),
            train: Spread::of(&[step_ms]),
            phases: Default::default(),
            end_to_end_ms: step_ms,
            first_step_ms: step_ms,
            ceiling: Ceiling {
                flops,
                bytes_per_s: 1e9,
            },
            peak: PeakMemory {
                bytes: 1,
                source: PeakSource::ResidentPeak,
            },
        }
    }

    #[test]
    fn a_slower_machine_is_no_slower_program() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("then.json");
        std::fs::write(&file, report(100.0, 4e9).json().to_string()).unwrap();
        let then = Baseline::read(&file).unwrap();
        let judge = |step_ms, flops| then.judge(&report(step_ms, flops), &file).unwrap();
        let half_as_fast = judge(200.0, 2e9);
        assert_eq!((half_as_fast.time, half_as_fast.in_products), (2.0, 1.0));
        assert!(!half_as_fast.is_slower());
        assert!(!judge(90.0, 8e9).is_slower(), "many cores");
        assert!(judge(160.0, 4e9).is_slower());
        assert!(!judge(149.0, 4e9).is_slower());
        assert!(judge(320.0, 2.1e9).is_slower());

        let mut other = report(100.0, 4e9);
        other.setting.config = "another".into();
        let text = then.judge(&other, &file).unwrap_err().to_string();
        assert!(
            text.contains("another step") && text.contains("then.json"),
            "{text}"
        );
    }

    #[test]
    fn what_is_no_measurement_is_said_to_be_none() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("then.json");
        for content in [
            "",
            "{}",
            r#"{"config": "a", "step_ms": 0, "ceiling_flops": 1}"#,
        ] {
            std::fs::write(&file, content).unwrap();
            let error = Baseline::read(&file).unwrap_err();
            assert!(error.is_users() && error.to_string().contains("then.json"));
        }
        assert!(Baseline::read(&folder.path().join("missing")).is_err());
    }
}
