//! The trainer's own step, taken apart by its phases.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Instant;

use burn::tensor::Device;

use super::report::{Setting, StepReport};
use super::{BenchError, BenchJob, Ceiling, PeakMemory, Spread, sync, timed};
use crate::train::event::Event;
use crate::train::phase::{Phase, listen};
use crate::train::plan::Plan;
use crate::train::{Job, Trainer};

/// Pictures that are drawn.
const SNAPSHOTS: usize = 3;

/// Milliseconds of every phase of one step.
pub(super) type Laps = BTreeMap<Phase, f64>;

/// Measures the joint step.
///
/// # Errors
///
/// If training cannot begin, or the device fails.
pub fn measure(job: BenchJob) -> Result<StepReport, BenchError> {
    // Steps leave a list of unusable files behind; this is nobody's run.
    let folder = tempfile::tempdir().map_err(|e| BenchError::Device(e.to_string()))?;
    let mut trainer = prepare(&job, folder.path())?;
    let device = job.device;
    let mut quiet = |_: Event| {};

    trainer.single_step(&mut quiet)?;
    sync(&device)?;
    let first_step_ms = job.began.elapsed().as_secs_f64() * 1e3;

    // A step that has to decode its faces is a step of the first epoch only.
    trainer.decode_ahead((job.warmup + 2 * job.steps) as u64)?;
    for _ in 1..job.warmup {
        trainer.single_step(&mut quiet)?;
    }
    let mut laps = Vec::with_capacity(job.steps);
    let mut peak = PeakMemory::look(&device.device);
    for _ in 0..job.steps {
        laps.push(lap(&device.device, || trainer.single_step(&mut quiet))?);
        sync(&device)?;
        peak = peak.max(PeakMemory::look(&device.device));
    }
    // After the memory was looked at, because it needs some itself; and again at the end, because
    // other work on the machine slows down a product as it slows down a step.
    let before = Ceiling::measure(&device)?;
    let (_, whole_ms) = timed(|| {
        for _ in 0..job.steps {
            trainer.single_step(&mut quiet)?;
        }
        sync(&device)
    })?;
    let mut snapshots = Vec::new();
    for _ in 0..SNAPSHOTS {
        let draw = || Ok(trainer.single_snapshot(&mut quiet)?);
        snapshots.push(timed(draw)?.1);
    }
    let ceiling = Ceiling::measure(&device)?.or_better(before);

    let (data, items) = trainer.data();
    let config = trainer.config();
    let plan = Plan::new(config, items);
    let totals = laps
        .iter()
        .map(|lap| lap.values().sum())
        .collect::<Vec<_>>();
    let step = Spread::of(&totals);
    let mut phases = by_phase(&laps);
    phases.insert(Phase::Snapshot, Spread::of(&snapshots));
    let trained = laps.iter().map(trained_ms).collect::<Vec<_>>();
    let train = Spread::of(&trained);
    Ok(StepReport {
        setting: Setting::new(config, &device, &data),
        images: trainer.images_per_step(),
        steps: job.steps,
        warmup: job.warmup,
        flops_per_step: plan.flops_per_step,
        step,
        train,
        phases,
        end_to_end_ms: whole_ms / job.steps as f64,
        first_step_ms,
        ceiling,
        peak,
    })
}

/// A trainer that measures nothing and draws nothing by itself.
pub(super) fn prepare(job: &BenchJob, folder: &std::path::Path) -> Result<Trainer, BenchError> {
    let mut config = job.config.clone();
    config.knowledge.pictures = 0;
    let job = Job {
        dir: folder.to_owned(),
        config,
        data: job.data.clone(),
        device: job.device.clone(),
        last_step: None,
        resume: false,
        paused: false,
        stay: false,
        network: None,
        goal: None,
    };
    Ok(Trainer::prepare(job, &mut |_| {})?)
}

/// The phases of `work`. The device is waited for at every border.
pub(super) fn lap<T, E>(
    device: &Device,
    work: impl FnOnce() -> Result<T, E>,
) -> Result<Laps, BenchError>
where
    BenchError: From<E>,
{
    struct Stopwatch {
        laps: Laps,
        now: Option<(Phase, Instant)>,
    }
    impl Stopwatch {
        fn border(&mut self, device: &Device, next: Option<Phase>) {
            // A device that failed says so where its results are read.
            let _ = device.sync();
            if let Some((phase, since)) = self.now.take() {
                *self.laps.entry(phase).or_default() += since.elapsed().as_secs_f64() * 1e3;
            }
            self.now = next.map(|phase| (phase, Instant::now()));
        }
    }
    let watch = Rc::new(RefCell::new(Stopwatch {
        laps: Laps::new(),
        now: None,
    }));
    let (ear, heard_on) = (watch.clone(), device.clone());
    let _ = device.sync();
    listen(
        move |phase| ear.borrow_mut().border(&heard_on, Some(phase)),
        work,
    )?;
    let mut watch = watch.borrow_mut();
    watch.border(device, None);
    Ok(std::mem::take(&mut watch.laps))
}

/// Median and spread of every phase.
pub(super) fn by_phase(laps: &[Laps]) -> BTreeMap<Phase, Spread> {
    let mut samples = BTreeMap::<Phase, Vec<f64>>::new();
    for (phase, ms) in laps.iter().flatten() {
        samples.entry(*phase).or_default().push(*ms);
    }
    samples
        .into_iter()
        .map(|(phase, samples)| (phase, Spread::of(&samples)))
        .collect()
}

/// Forward, backward and update of one step, on views that are there.
fn trained_ms(lap: &Laps) -> f64 {
    [Phase::Forward, Phase::Backward, Phase::Optimiser]
        .iter()
        .filter_map(|phase| lap.get(phase))
        .sum()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn every_moment_belongs_to_one_phase() {
        let device = Device::flex();
        let laps = lap(&device, || {
            use crate::train::phase::begin;
            for phase in [Phase::Forward, Phase::Backward, Phase::Forward] {
                begin(phase);
                std::thread::sleep(Duration::from_millis(5));
            }
            Ok::<_, BenchError>(())
        })
        .unwrap();
        assert_eq!(laps.len(), 2);
        assert!(laps[&Phase::Forward] >= 10.0, "{laps:?}");
        assert!(laps[&Phase::Backward] >= 5.0, "{laps:?}");
        let spreads = by_phase(&[laps.clone(), laps]);
        assert_eq!(spreads[&Phase::Forward].mad, 0.0);
    }
}
