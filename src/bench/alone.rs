//! One phase of a step, over and over.

use std::sync::Arc;

use super::report::{PhaseReport, Setting};
use super::step::{lap, prepare};
use super::{BenchError, BenchJob, Spread, sync, timed};
use crate::data::{self, FaceSource, FrameCache, Loader};
use crate::train::event::Event;
use crate::train::phase::Phase;
use crate::train::upload::upload;

/// Measures one phase.
///
/// Loading, rendering and drawing are done alone. Forward, backward and update cannot be had one
/// without the other, so whole steps are made and the others' time is left out.
///
/// # Errors
///
/// If the faces cannot be used, or the device fails.
pub fn measure(job: BenchJob, phase: Phase) -> Result<PhaseReport, BenchError> {
    match phase {
        Phase::Load => load(&job),
        Phase::Augment => augment(&job),
        Phase::Forward | Phase::Backward | Phase::Optimiser | Phase::Snapshot => {
            trained(&job, phase)
        }
    }
}

/// The loader with nobody who trains beside it, on frames that were decoded before.
fn load(job: &BenchJob) -> Result<PhaseReport, BenchError> {
    let steps = job.warmup + job.steps;
    let source = Arc::new(data::open(job.data.as_deref(), &job.config)?);
    let mut loader = start(job, &source)?;
    for _ in 0..steps {
        let batch = loader.next_batch()?;
        loader.recycle(batch);
    }
    // A new cache has to read the frames from its files, as the next run will.
    drop(loader);
    let mut loader = start(job, &source)?;
    let mut samples = Vec::with_capacity(job.steps);
    let (mut frames, mut views) = (0, 0);
    for at in 0..steps {
        let (batch, ms) = timed(|| Ok(loader.next_batch()?))?;
        if at >= job.warmup {
            samples.push(ms);
            frames += batch.arena.table.len();
            views += batch.recon.len() + batch.face.len() + batch.pose.len();
        }
        loader.recycle(batch);
    }
    // While one batch is waited for the next ones are made, so only the sum says how fast it is.
    let seconds = samples.iter().sum::<f64>() / 1e3;
    let per_s = |count: usize| count as f64 / seconds.max(1e-9);
    Ok(PhaseReport {
        setting: Setting::new(&job.config, &job.device, &source.describe()),
        phase: Phase::Load,
        ms: Spread::of(&samples),
        images_per_s: Some(per_s(frames)),
        views_per_s: Some(per_s(views)),
    })
}

fn start(job: &BenchJob, source: &Arc<FaceSource>) -> Result<Loader, BenchError> {
    let folder = source.cache_folder(&data::default_cache_folder());
    let cache = Arc::new(FrameCache::open(&folder));
    Ok(Loader::start(source.clone(), cache, &job.config, 0)?)
}

/// The same batch again and again, from the loader's bytes to views on the device.
fn augment(job: &BenchJob) -> Result<PhaseReport, BenchError> {
    let source = Arc::new(data::open(job.data.as_deref(), &job.config)?);
    let batch = start(job, &source)?.next_batch()?;
    let mut samples = Vec::with_capacity(job.steps);
    for at in 0..job.warmup + job.steps {
        let (_, ms) = timed(|| {
            let views = upload(&batch, &job.config, &job.device.device);
            sync(&job.device)?;
            Ok(views)
        })?;
        if at >= job.warmup {
            samples.push(ms);
        }
    }
    let ms = Spread::of(&samples);
    let per_s = |count: usize| count as f64 / (ms.median / 1e3).max(1e-9);
    Ok(PhaseReport {
        setting: Setting::new(&job.config, &job.device, &source.describe()),
        phase: Phase::Augment,
        ms,
        images_per_s: Some(per_s(batch.arena.table.len())),
        views_per_s: Some(per_s(
            batch.recon.len() + batch.face.len() + batch.pose.len(),
        )),
    })
}

fn trained(job: &BenchJob, phase: Phase) -> Result<PhaseReport, BenchError> {
    let folder = tempfile::tempdir().map_err(|e| BenchError::Device(e.to_string()))?;
    let mut trainer = prepare(job, folder.path())?;
    let mut quiet = |_: Event| {};
    trainer.decode_ahead((job.warmup + job.steps) as u64)?;
    let mut samples = Vec::with_capacity(job.steps);
    for at in 0..job.warmup + job.steps {
        let ms = if phase == Phase::Snapshot {
            timed(|| Ok(trainer.single_snapshot(&mut quiet)?))?.1
        } else {
            let laps = lap(&job.device.device, || trainer.single_step(&mut quiet))?;
            laps.get(&phase).copied().unwrap_or_default()
        };
        if at >= job.warmup {
            samples.push(ms);
        }
    }
    Ok(PhaseReport {
        setting: Setting::new(trainer.config(), &job.device, &trainer.data().0),
        phase,
        ms: Spread::of(&samples),
        images_per_s: None,
        views_per_s: None,
    })
}
