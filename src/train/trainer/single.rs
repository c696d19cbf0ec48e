//! One step or one picture at a time, without a run around them: what `visage bench` times.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::keep::panic_words;
use super::{Trainer, images_per_step};
use crate::config::RunConfig;
use crate::data::{DataError, Loader};
use crate::train::event::{Event, StopReason};

impl Trainer {
    /// The next training step. `Ok(false)` if its loss was not finite and nothing was changed.
    ///
    /// # Errors
    ///
    /// Why training would end here, also after a panic inside the tensor library.
    pub fn single_step(&mut self, emit: &mut dyn FnMut(Event)) -> Result<bool, StopReason> {
        self.guarded(|trainer| trainer.one_step(emit))
    }

    /// The pictures of the run's record, drawn now.
    ///
    /// # Errors
    ///
    /// As [`Trainer::single_step`].
    pub fn single_snapshot(&mut self, emit: &mut dyn FnMut(Event)) -> Result<(), StopReason> {
        self.drawn_at = None;
        self.guarded(|trainer| trainer.draw(emit).map_err(|text| trainer.failed(&text)))
    }

    /// Decodes what the next `steps` steps work on, so that none of them has to.
    ///
    /// # Errors
    ///
    /// If the data set has no usable image.
    pub fn decode_ahead(&self, steps: u64) -> Result<(), DataError> {
        let mut loader = Loader::start(
            self.source.clone(),
            self.cache.clone(),
            &self.config,
            self.progress.step,
        )?;
        for _ in 0..steps {
            let batch = loader.next_batch()?;
            loader.recycle(batch);
        }
        Ok(())
    }

    /// Encoder images of a step, all streams.
    pub fn images_per_step(&self) -> u64 {
        images_per_step(&self.config)
    }

    /// What it trains on, in words, and how many items that has.
    pub fn data(&self) -> (String, usize) {
        (self.source.describe(), self.source.len())
    }

    /// Its configuration.
    pub fn config(&self) -> &RunConfig {
        &self.config
    }

    fn guarded<T>(
        &mut self,
        work: impl FnOnce(&mut Self) -> Result<T, StopReason>,
    ) -> Result<T, StopReason> {
        catch_unwind(AssertUnwindSafe(|| work(self))).unwrap_or_else(|panic| {
            Err(StopReason::Failed {
                text: self.advice(&panic_words(panic.as_ref())),
            })
        })
    }
}
