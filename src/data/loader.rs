//! The loader: builds steps ahead of the trainer on its own threads.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::Instant;

use rayon::{ThreadPool, ThreadPoolBuilder};

use super::cache::FrameCache;
use super::error::DataError;
use super::source::FaceSource;
use super::step::{StepBatch, StepBuilder};
use crate::config::RunConfig;

/// Finished steps that wait in the queue; one more is being built.
const STEPS_AHEAD: usize = 2;

/// Hands out one [`StepBatch`] after the other. Dropping it ends its threads.
pub struct Loader {
    batches: Option<Receiver<Result<StepBatch, DataError>>>,
    spares: Sender<StepBatch>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
    /// Time the last [`next_batch`](Self::next_batch) had to wait, in milliseconds.
    pub last_wait_ms: f64,
}

impl Loader {
    /// Starts building at step `first_step` (from 0). The batches do not depend on where a run
    /// starts, on the state of the cache, or on how the threads happen to run.
    ///
    /// # Errors
    /// If a step cannot fit its memory or the threads cannot be started.
    pub fn start(
        source: Arc<FaceSource>,
        cache: Arc<FrameCache>,
        cfg: &RunConfig,
        first_step: u64,
    ) -> Result<Self, DataError> {
        Self::run(StepBuilder::new(source, cache, cfg)?, first_step)
    }

    /// The same with a builder at hand.
    ///
    /// # Errors
    /// If the threads cannot be started.
    pub fn run(builder: StepBuilder, first_step: u64) -> Result<Self, DataError> {
        // Threads of its own: a compute kernel on the global pool would otherwise pick up a decode
        // job in the middle of a step and wait for it.
        let pool = ThreadPoolBuilder::new()
            .thread_name(|n| format!("visage-decode-{n}"))
            .build()
            .map_err(|error| DataError::LoaderEnded(error.to_string()))?;
        let (send_batch, batches) = sync_channel(STEPS_AHEAD);
        let (spares, take_spare) = channel();
        let stop = Arc::new(AtomicBool::new(false));
        let stopping = Arc::clone(&stop);
        let thread = thread::Builder::new()
            .name("visage-loader".into())
            .spawn(move || {
                run(
                    &builder,
                    &pool,
                    first_step,
                    &stopping,
                    &send_batch,
                    &take_spare,
                )
            })
            .map_err(|error| DataError::LoaderEnded(error.to_string()))?;
        Ok(Self {
            batches: Some(batches),
            spares,
            stop,
            thread: Some(thread),
            last_wait_ms: 0.0,
        })
    }

    /// The next step's batch; waits until it is ready.
    ///
    /// # Errors
    /// See [`StepBuilder::build`]; after an error there are no further batches.
    pub fn next_batch(&mut self) -> Result<StepBatch, DataError> {
        let start = Instant::now();
        let batch = self
            .batches
            .as_ref()
            .and_then(|batches| batches.recv().ok());
        self.last_wait_ms = start.elapsed().as_secs_f64() * 1e3;
        batch.unwrap_or_else(|| Err(DataError::LoaderEnded("an earlier error stopped it".into())))
    }

    /// Gives a used batch back, so that its frame buffer serves a later step.
    pub fn recycle(&self, batch: StepBatch) {
        // If the thread has ended, the buffer is simply freed.
        let _ = self.spares.send(batch);
    }
}

fn run(
    builder: &StepBuilder,
    pool: &ThreadPool,
    first_step: u64,
    stop: &AtomicBool,
    batches: &SyncSender<Result<StepBatch, DataError>>,
    spares: &Receiver<StepBatch>,
) {
    for step in first_step.. {
        let spare = spares.try_recv().unwrap_or_default();
        let built = pool.install(|| builder.build(step, spare, &|| stop.load(Ordering::Relaxed)));
        let failed = built.is_err();
        if batches.send(built).is_err() || failed {
            return;
        }
    }
}

impl Drop for Loader {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        // Without a receiver the thread cannot block on a full queue.
        self.batches = None;
        if let Some(thread) = self.thread.take() {
            // A panic over there was already printed; there is nothing left to do about it.
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
#[path = "loader_tests.rs"]
mod tests;
