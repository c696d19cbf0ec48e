//! What a run leaves behind and how it puts failures into words.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use super::Trainer;
use crate::data;
use crate::model::values;
use crate::train::checkpoint;
use crate::train::event::{Event, StopReason};
use crate::train::plan::Plan;

/// How long the last checkpoint is tried.
const PATIENCE: Duration = Duration::from_secs(20);
/// From one try to the next.
const PAUSE: Duration = Duration::from_secs(1);

impl Trainer {
    /// Draws the grids of the run's record unless this step has them already.
    pub(super) fn draw(&mut self, emit: &mut dyn FnMut(Event)) -> Result<(), String> {
        if self.drawn_at.replace(self.progress.step) == Some(self.progress.step) {
            return Ok(());
        }
        for grid in self
            .gallery
            .draw(&self.model, &self.config, self.progress.step)?
        {
            emit(Event::Faces(grid));
        }
        Ok(())
    }

    /// Draws what the trained network makes of the fixed faces, once.
    pub(super) fn show_goal(&mut self, emit: &mut dyn FnMut(Event)) -> Result<(), StopReason> {
        let Some(network) = self.goal.take() else {
            return Ok(());
        };
        let goal = match network.build(&self.device.device) {
            Ok(model) => self.gallery.goal(&model, &network.config),
            Err(error) => {
                let text = format!("The trained network is not shown as the goal: {error}");
                emit(Event::Warning { text });
                return Ok(());
            }
        };
        if let Some(goal) = goal.map_err(|text| self.failed(&text))? {
            emit(Event::Goal(goal));
        }
        Ok(())
    }

    pub(super) fn measure(&mut self, emit: &mut dyn FnMut(Event)) -> Result<(), String> {
        let step = self.progress.step;
        let epoch = (step.max(1) - 1) / self.steps_per_epoch + 1;
        self.probe.measure(
            &self.model,
            &self.config,
            &self.device.device,
            (step, epoch as u32),
            emit,
        )
    }

    /// Writes a checkpoint unless this step already has one. A failure costs the checkpoint only.
    pub(super) fn save(&mut self, emit: &mut dyn FnMut(Event)) {
        if let Some(error) = self.try_to_save(emit) {
            emit(Event::Warning {
                text: format!(
                    "The checkpoint of step {} could not be written ({error}); training goes on. Make room on \
                     the disk of {}",
                    self.progress.step,
                    self.dir.join("checkpoints").display()
                ),
            });
        }
    }

    /// Writes a checkpoint unless this step already has one; what went wrong if something did.
    fn try_to_save(&mut self, emit: &mut dyn FnMut(Event)) -> Option<std::io::Error> {
        let step = self.progress.step;
        if self.saved_at == Some(step) {
            return None;
        }
        let folder = self.dir.join("checkpoints");
        let keep = self.config.checkpoint.keep;
        match checkpoint::save(
            &folder,
            &self.progress,
            &values(&self.model),
            &self.adam,
            self.provenance(),
            keep,
        ) {
            Ok(path) => {
                self.saved_at = Some(step);
                emit(Event::Checkpoint { step, path });
                None
            }
            Err(error) => Some(error),
        }
    }

    /// Writes the last checkpoint. Whoever watches may make room meanwhile, so it is tried again for
    /// a while.
    ///
    /// # Errors
    ///
    /// [`StopReason::Unsaved`] if it could not be written in that time.
    pub(super) fn save_last(&mut self, emit: &mut dyn FnMut(Event)) -> Result<(), StopReason> {
        let began = Instant::now();
        loop {
            let Some(error) = self.try_to_save(emit) else {
                return Ok(());
            };
            let (step, folder) = (self.progress.step, self.dir.join("checkpoints"));
            if began.elapsed() >= PATIENCE {
                let kept = match self.saved_at {
                    Some(saved) => format!("the newest checkpoint is that of step {saved}"),
                    None => "there is no checkpoint".to_owned(),
                };
                return Err(StopReason::Unsaved {
                    text: format!(
                        "Step {step} could not be saved ({error}), {kept}: {}",
                        folder.display()
                    ),
                });
            }
            if began.elapsed() < PAUSE {
                emit(Event::Warning {
                    text: format!(
                        "The last checkpoint, of step {step}, cannot be written ({error}). It is tried again for \
                         {} seconds: make room on the disk of {}",
                        PATIENCE.as_secs(),
                        folder.display()
                    ),
                });
            }
            std::thread::sleep(PAUSE);
        }
    }

    pub(super) fn provenance(&self) -> HashMap<String, String> {
        let words = [
            ("format", "pt".to_owned()),
            ("program", format!("visage {}", env!("CARGO_PKG_VERSION"))),
            ("method", "PCL".to_owned()),
            (
                "backbone",
                serde_json::to_string(&self.config.backbone)
                    .unwrap_or_default()
                    .replace('"', ""),
            ),
            ("width", self.config.model.width.to_string()),
            ("steps", self.progress.step.to_string()),
            ("data", self.source.describe()),
            ("config", self.config.to_toml()),
        ];
        words
            .into_iter()
            .map(|(key, value)| (key.to_owned(), value))
            .collect()
    }

    pub(super) fn report_skipped(&mut self, emit: &mut dyn FnMut(Event)) {
        if let Some(text) = self.cache.take_warning() {
            emit(Event::Warning { text });
        }
        let new = self.source.skipped().drain_new();
        let Some(newest) = new.last() else { return };
        let file = self.dir.join("skipped.csv");
        let listed = match data::append_csv(&file, &new) {
            Ok(()) => "all are listed in skipped.csv".to_owned(),
            Err(error) => format!("skipped.csv could not be written ({error})"),
        };
        let count = self.source.skipped().count();
        emit(Event::Warning {
            text: format!(
                "{count} unusable {} so far, {listed}; the newest: {} — {}",
                if count == 1 { "file" } else { "files" },
                newest.reason,
                newest.file.display()
            ),
        });
    }

    /// Says once how many pictures had no other one beside them.
    pub(super) fn report_alone(&mut self, emit: &mut dyn FnMut(Event)) {
        let visits = self.source.alone();
        if visits > 0 && !std::mem::replace(&mut self.told_alone, true) {
            emit(Event::Note {
                text: format!(
                    "{visits} times so far a picture had no other of its clip, person or pair \
                     beside it; the picture itself took its place, mirrored where another pose was \
                     wanted."
                ),
            });
        }
    }

    /// A sentence for a failure of the device.
    pub(super) fn advice(&self, reason: &str) -> String {
        let lower = reason.to_lowercase();
        let memory;
        let advice = if ["out of memory", "outofmemory", "allocat", "too large"]
            .iter()
            .any(|w| lower.contains(w))
        {
            memory = format!(
                "The device ran out of memory. Lower {} first; memory.chunk changes no result, batch.recon, \
                 batch.face, pose.num_negatives and model.width do",
                Plan::new(&self.config, self.source.len()).peak_key
            );
            &memory
        } else if lower.contains("lost") || lower.contains("poison") {
            "The device was lost (a driver reset, or it was unplugged). Try again, or use --device cpu"
        } else {
            "The device or the tensor library failed. Try again, or use --device cpu"
        };
        format!(
            "{advice}; the last checkpoint is whole and --resume goes on from it. In its own words: {reason}"
        )
    }
}

pub(super) fn panic_words(panic: &(dyn std::any::Any + Send)) -> String {
    panic
        .downcast_ref::<String>()
        .cloned()
        .or_else(|| panic.downcast_ref::<&str>().map(|s| (*s).to_owned()))
        .unwrap_or_else(|| "an unknown failure".to_owned())
}
