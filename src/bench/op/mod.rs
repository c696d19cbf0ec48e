//! One operation of the network alone, forward and backward, at the shapes the network uses.

mod cases;

use super::report::{OpReport, OpTime, Setting};
use super::{BenchError, BenchJob, Ceiling, Spread, sync, timed};
use cases::Case;

use crate::train::TrainError;

pub use cases::NAMES;

/// The names of a list like `conv2,attention1`, or of all operations for `all`.
///
/// # Errors
///
/// The first name that is none.
pub fn names(list: &str) -> Result<Vec<&'static str>, BenchError> {
    if list.trim() == "all" {
        return Ok(NAMES.to_vec());
    }
    list.split(',')
        .map(|name| {
            let known = NAMES.iter().find(|known| **known == name.trim());
            known
                .copied()
                .ok_or_else(|| BenchError::NoSuchOp(name.trim().to_owned()))
        })
        .collect()
}

/// Measures operations.
///
/// # Errors
///
/// If the device fails, or does not know the precision.
pub fn measure(job: &BenchJob, names: &[&'static str]) -> Result<OpReport, BenchError> {
    job.device
        .store_maps(job.config.precision)
        .map_err(TrainError::from)?;
    let ceiling = Ceiling::measure(&job.device)?;
    let mut ops = Vec::with_capacity(names.len());
    for name in names {
        let case = cases::case(name, &job.config, &job.device.device)?;
        ops.push(time(job, name, case)?);
    }
    Ok(OpReport {
        setting: Setting::new(&job.config, &job.device, "random numbers"),
        ceiling,
        ops,
    })
}

fn time(job: &BenchJob, name: &'static str, mut case: Case) -> Result<OpTime, BenchError> {
    let (mut forward, mut backward) = (Vec::new(), Vec::new());
    for at in 0..job.warmup + job.steps {
        sync(&job.device)?;
        let (rest, forward_ms) = timed(|| {
            let rest = (case.forward)();
            sync(&job.device)?;
            Ok(rest)
        })?;
        let backward_ms = rest
            .map(|rest| {
                timed(|| {
                    rest();
                    sync(&job.device)
                })
            })
            .transpose()?
            .map(|((), ms)| ms);
        if at >= job.warmup {
            forward.push(forward_ms);
            backward.extend(backward_ms);
        }
    }
    Ok(OpTime {
        name: name.to_owned(),
        shape: case.shape,
        forward: Spread::of(&forward),
        backward: (!backward.is_empty()).then(|| Spread::of(&backward)),
        forward_flop: case.flop[0],
        backward_flop: case.flop[1],
        forward_bytes: case.bytes[0],
        backward_bytes: case.bytes[1],
    })
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;
    use crate::config::RunConfig;
    use crate::device::{DeviceRequest, choose};

    #[test]
    fn every_operation_runs_and_has_something_to_count() {
        let sets = ["model.width=0.125", "batch.recon=2", "batch.face=2"];
        let sets = [&sets[..], &["pose.batch_size=2", "pose.num_negatives=3"]].concat();
        let sets = sets.into_iter().map(String::from).collect::<Vec<_>>();
        let job = BenchJob {
            config: RunConfig::resolve(None, None, &sets).unwrap(),
            data: None,
            device: choose(DeviceRequest::Cpu).unwrap(),
            steps: 1,
            warmup: 0,
            began: Instant::now(),
        };
        for name in NAMES {
            let case = cases::case(name, &job.config, &job.device.device).unwrap();
            let time = time(&job, name, case).unwrap();
            assert!(
                time.forward_flop > 0.0 || time.forward_bytes > 0.0,
                "{name}"
            );
            assert!(time.forward.median > 0.0, "{name}");
        }
    }

    #[test]
    fn unknown_names_are_told_the_known_ones() {
        assert_eq!(names("conv2, adam").unwrap(), ["conv2", "adam"]);
        assert_eq!(names("all").unwrap().len(), NAMES.len());
        let error = names("conv2,conf3").unwrap_err();
        assert!(error.is_users());
        let text = error.to_string();
        assert!(text.contains("conf3") && text.contains("conv2"), "{text}");
    }
}
