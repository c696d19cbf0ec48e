//! The training loop.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, TryRecvError};
use std::time::Instant;

use super::checkpoint::{self, CheckpointError, EpochSums, Progress};
use super::event::{Control, EpochReport, Event, LiveSetting, RunInfo, StepReport, StopReason};
use super::objective::{Objective, Weights};
use super::snapshot::Gallery;
use super::step::{Batch, Stream, TermValues, Terms, joint_gradients, stream_gradients};
use super::upload::upload;
use crate::config::{PoseLoss, RunConfig, StepMode};
use crate::data::{self, DataError, FaceSource, FrameCache, Loader, StreamSizes};
use crate::device::ChosenDevice;
use crate::loss::balance::{Alphas, EpochLosses, alphas, omegas};
use crate::loss::{chance_face, chance_pose, recon_weight};
use crate::model::{Architecture, Buffers, Pcl, load_values, parameter_count, values};
use crate::optim::{Adam, Grads, learning_rate};

/// Bad steps in a row after which training gives up.
const PATIENCE: u32 = 3;

/// What to train, on what, until when.
pub struct Job {
    /// The run's folder.
    pub dir: PathBuf,
    /// Effective configuration.
    pub config: RunConfig,
    /// Folder of faces; generated faces without one.
    pub data: Option<PathBuf>,
    /// Where tensors live.
    pub device: ChosenDevice,
    /// Step at which to end, or the end of the schedule.
    pub last_step: Option<u64>,
    /// Go on from the newest checkpoint in `dir`.
    pub resume: bool,
}

/// Why training cannot begin.
#[derive(Debug, thiserror::Error)]
pub enum TrainError {
    /// Something is wrong with the faces.
    #[error(transparent)]
    Data(#[from] DataError),
    /// There is nothing to resume.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// The checkpoint belongs to another network.
    #[error(
        "the checkpoint does not fit this configuration ({0}); resume with the run's own configuration"
    )]
    Mismatch(String),
}

/// A run, ready to go. Owns every tensor; stays on the thread that made it.
pub struct Trainer {
    dir: PathBuf,
    config: RunConfig,
    device: ChosenDevice,
    objective: Objective,
    model: Pcl,
    adam: Adam,
    progress: Progress,
    resumed_at: u64,
    steps_per_epoch: u64,
    last_step: u64,
    source: Arc<FaceSource>,
    cache: Arc<FrameCache>,
    gallery: Gallery,
    loader: Loader,
}

/// How one step went.
enum Outcome {
    Done { values: TermValues, grad_norm: f64 },
    NotFinite { what: String },
}

impl Trainer {
    /// Opens the data, builds the network or reads it back, and starts the loader.
    ///
    /// # Errors
    ///
    /// If the faces or the checkpoint cannot be used.
    pub fn prepare(job: Job, emit: &mut dyn FnMut(Event)) -> Result<Self, TrainError> {
        let Job {
            dir,
            config,
            data,
            device,
            last_step,
            resume,
        } = job;
        if let Some(data) = &data {
            emit(Event::Note {
                text: format!("Reading the folder {}", data.display()),
            });
        }
        let source = Arc::new(data::open(data.as_deref(), &config)?);
        let cache = Arc::new(FrameCache::open(
            &source.cache_folder(&data::default_cache_folder()),
        ));
        let steps_per_epoch = StreamSizes::new(&config).steps_per_epoch(source.len());

        let recording = device.device.clone().autodiff();
        let arch = Architecture::from(&config);
        let mut adam = Adam::new((&config.optimizer).into());
        let mut progress = Progress::default();
        let model = if resume {
            let (loaded, warnings) = checkpoint::load_newest(&dir.join("checkpoints"))?;
            warnings
                .into_iter()
                .for_each(|text| emit(Event::Warning { text }));
            progress = loaded.progress;
            adam.restore(loaded.optimizer, &device.device);
            restore(Pcl::blank(arch, &recording), loaded.model)?
        } else {
            Pcl::new(arch, config.seed, &recording)
        };
        let gallery = Gallery::choose(
            &source,
            &cache,
            &config,
            config.snapshot.faces,
            &device.device,
        );
        let loader = Loader::start(source.clone(), cache.clone(), &config, progress.step)?;
        Ok(Self {
            objective: Objective::from(&config),
            resumed_at: progress.step,
            last_step: last_step.unwrap_or(u64::from(config.epochs) * steps_per_epoch),
            dir,
            config,
            device,
            model,
            adam,
            progress,
            steps_per_epoch,
            source,
            cache,
            gallery,
            loader,
        })
    }

    /// Steps already done when this process took over.
    pub fn resumed_at(&self) -> u64 {
        self.resumed_at
    }

    /// Trains until the last step, a stop, or a failure. The last event is always
    /// [`Event::Stopped`], also after a panic inside the tensor library.
    pub fn run(mut self, controls: &Receiver<Control>, emit: &mut dyn FnMut(Event)) -> StopReason {
        emit(Event::Started(Box::new(self.info())));
        let reason =
            catch_unwind(AssertUnwindSafe(|| self.go(controls, emit))).unwrap_or_else(|panic| {
                StopReason::Failed {
                    text: self.advice(&panic_words(panic.as_ref())),
                }
            });
        emit(Event::Stopped {
            step: self.progress.step,
            reason: reason.clone(),
        });
        reason
    }

    fn info(&self) -> RunInfo {
        RunInfo {
            dir: self.dir.clone(),
            preset: self.config.preset.clone(),
            device: self.device.words.clone(),
            data: self.source.describe(),
            parameters: parameter_count(&self.model),
            images_per_step: images_per_step(&self.config),
            steps_per_epoch: self.steps_per_epoch,
            last_step: self.last_step,
            resumed_at: self.resumed_at,
            chance_face: chance_face(self.config.batch.face),
            chance_pose: match self.config.pose.loss {
                PoseLoss::FaceStyle => chance_face(self.config.batch.face),
                _ => chance_pose(
                    self.config.pose.num_negatives,
                    self.config.pose.pos_in_denominator,
                ),
            },
        }
    }

    fn go(&mut self, controls: &Receiver<Control>, emit: &mut dyn FnMut(Event)) -> StopReason {
        let mut saved_at = (self.resumed_at > 0).then_some(self.resumed_at);
        if saved_at.is_none() {
            // From here on a run can be gone on with, whenever it is stopped or killed.
            self.save(&mut saved_at, emit);
        }
        let mut drawn_at = None;
        let mut bad_in_a_row = 0;
        let mut paused = false;
        while self.progress.step < self.last_step {
            match self.listen(controls, &mut paused) {
                Listen::Go => {}
                Listen::Save => self.save(&mut saved_at, emit),
                Listen::Stop => {
                    self.save(&mut saved_at, emit);
                    return StopReason::Interrupted;
                }
            }
            match self.one_step(emit) {
                Ok(true) => bad_in_a_row = 0,
                Ok(false) => {
                    bad_in_a_row += 1;
                    if bad_in_a_row == PATIENCE {
                        return StopReason::Failed {
                            text: format!(
                                "{PATIENCE} steps in a row had no finite loss. Try a lower optimizer.lr, \
                                 optimizer.clip_norm = 1, or a larger cl.tau, and resume from the last checkpoint."
                            ),
                        };
                    }
                }
                Err(reason) => return reason,
            }
            let step = self.progress.step;
            if due(step, self.config.snapshot.every_steps) {
                drawn_at = Some(step);
                if let Err(text) = self.draw(emit) {
                    return StopReason::Failed {
                        text: self.advice(&text),
                    };
                }
            }
            if due(step, self.config.checkpoint.every_steps) {
                self.save(&mut saved_at, emit);
            }
        }
        if drawn_at != Some(self.progress.step)
            && let Err(text) = self.draw(emit)
        {
            return StopReason::Failed {
                text: self.advice(&text),
            };
        }
        self.save(&mut saved_at, emit);
        StopReason::Finished
    }

    /// Looks at the controls; blocks while paused, so that a paused run costs nothing.
    fn listen(&mut self, controls: &Receiver<Control>, paused: &mut bool) -> Listen {
        loop {
            let control = if *paused {
                match controls.recv() {
                    Ok(control) => control,
                    // Nobody is left who could say "go on".
                    Err(_) => return Listen::Stop,
                }
            } else {
                match controls.try_recv() {
                    Ok(control) => control,
                    Err(TryRecvError::Empty | TryRecvError::Disconnected) => return Listen::Go,
                }
            };
            match control {
                Control::Run => *paused = false,
                Control::Pause => *paused = true,
                Control::SingleStep if *paused => return Listen::Go,
                Control::SingleStep => {}
                Control::Checkpoint => return Listen::Save,
                Control::Stop => return Listen::Stop,
                Control::Set(setting) => {
                    let kind = std::mem::discriminant(&setting);
                    self.progress
                        .live
                        .retain(|s| std::mem::discriminant(s) != kind);
                    self.progress.live.push(setting);
                }
            }
        }
    }

    /// One step and its event. `Ok(false)` if its loss was not finite and nothing was changed.
    fn one_step(&mut self, emit: &mut dyn FnMut(Event)) -> Result<bool, StopReason> {
        let start = Instant::now();
        let batch = match self.loader.next_batch() {
            Ok(batch) => batch,
            Err(error) => {
                self.report_skipped(emit);
                let text = error.to_string();
                return Err(match error {
                    DataError::LoaderEnded(_) => StopReason::Failed { text },
                    _ => StopReason::Unusable { text },
                });
            }
        };
        self.report_skipped(emit);
        let wait_ms = self.loader.last_wait_ms;
        let epoch = (self.progress.step / self.steps_per_epoch) as u32 + 1;
        let weights = self.weights(epoch);
        let lr = self.learning_rate(epoch);
        let inputs = upload(&batch, &self.config, &self.device.device);
        self.loader.recycle(batch);
        let objective = match u32::try_from(self.config.warmup_epochs) {
            Ok(warmup) if epoch <= warmup => self.objective.warm_up(),
            _ => self.objective,
        };
        let outcome = self
            .update(&inputs, &objective, &weights, lr)
            .map_err(|text| StopReason::Failed {
                text: self.advice(&text),
            })?;
        self.progress.step += 1;
        let done = match outcome {
            Outcome::NotFinite { what } => {
                emit(Event::Warning {
                    text: format!(
                        "Step {}: {what} is not finite. The weights are as before it, its batch is left out; if it \
                         happens again, lower optimizer.lr or set optimizer.clip_norm = 1.",
                        self.progress.step
                    ),
                });
                false
            }
            Outcome::Done { values, grad_norm } => {
                let step_ms = start.elapsed().as_secs_f64() * 1e3;
                self.count(&values);
                let [t1, t2, t3, t4] = values.t;
                emit(Event::Step(StepReport {
                    step: self.progress.step,
                    epoch,
                    total: values.total(&weights),
                    dis: values.dis(),
                    t1,
                    t2,
                    t3,
                    t4,
                    orth: values.orth,
                    face: values.face,
                    pose: values.pose,
                    alpha_pose: weights.alphas.pose,
                    alpha_face: weights.alphas.face,
                    lr,
                    grad_norm,
                    images_per_s: images_per_step(&self.config) as f64 / (step_ms / 1e3),
                    step_ms,
                    wait_ms,
                }));
                true
            }
        };
        if self.progress.step.is_multiple_of(self.steps_per_epoch) {
            self.end_epoch(epoch, emit);
        }
        Ok(done)
    }

    /// Gradients and update(s). If anything is not finite, the network is as it was before.
    fn update(
        &mut self,
        inputs: &Batch,
        objective: &Objective,
        weights: &Weights,
        lr: f64,
    ) -> Result<Outcome, String> {
        let chunk = self.config.memory.chunk;
        let buffers = Buffers::of(&self.model);
        match self.config.step_mode {
            StepMode::Joint => {
                let (terms, mut grads) =
                    joint_gradients(&self.model, inputs, objective, weights, chunk);
                let (values, norm) = read(&terms, &grads)?;
                if let Some(what) = not_finite(&values, norm) {
                    self.model = buffers.put_back(self.model.clone());
                    return Ok(Outcome::NotFinite { what });
                }
                clip(&mut grads, norm, self.config.optimizer.clip_norm);
                self.model = self.adam.step(self.model.clone(), &grads, lr);
                Ok(Outcome::Done {
                    values,
                    grad_norm: norm,
                })
            }
            StepMode::Alternating => {
                let before = (self.model.clone(), self.adam.clone());
                let mut all = TermValues::default();
                let mut squares = 0.0;
                for stream in Stream::ALL {
                    if !objective.takes_part(stream) {
                        continue;
                    }
                    let (terms, mut grads) =
                        stream_gradients(&self.model, stream, inputs, objective, weights, chunk);
                    let (values, norm) = read(&terms, &grads)?;
                    if let Some(what) = not_finite(&values, norm) {
                        let (model, adam) = before;
                        self.adam = adam;
                        self.model = buffers.put_back(model);
                        return Ok(Outcome::NotFinite { what });
                    }
                    all.merge(values);
                    squares += norm * norm;
                    clip(&mut grads, norm, self.config.optimizer.clip_norm);
                    if self.config.alternating.touch_all {
                        self.adam.touch_all(&mut grads);
                    }
                    self.model = self.adam.step(self.model.clone(), &grads, lr);
                }
                Ok(Outcome::Done {
                    values: all,
                    grad_norm: squares.sqrt(),
                })
            }
        }
    }

    fn weights(&self, epoch: u32) -> Weights {
        let warmup = u32::try_from(self.config.warmup_epochs).unwrap_or(0);
        let mut weights = Weights {
            recon: recon_weight(self.config.recon.weight_schedule, epoch),
            orth: self.config.orth.weight,
            alphas: alphas(&self.progress.history, &self.config.dwa, warmup),
        };
        for setting in &self.progress.live {
            match *setting {
                LiveSetting::OrthWeight(weight) => weights.orth = weight,
                LiveSetting::Alphas(Some((pose, face))) => weights.alphas = Alphas { pose, face },
                LiveSetting::Alphas(None) | LiveSetting::LearningRate(_) => {}
            }
        }
        weights
    }

    fn learning_rate(&self, epoch: u32) -> f64 {
        let base = self.progress.live.iter().find_map(|s| match s {
            LiveSetting::LearningRate(lr) => Some(*lr),
            _ => None,
        });
        let optimizer = &self.config.optimizer;
        learning_rate(
            optimizer.schedule,
            base.unwrap_or(optimizer.lr),
            epoch - 1,
            self.config.epochs,
        )
    }

    fn count(&mut self, values: &TermValues) {
        let sums = &mut self.progress.sums;
        sums.steps += 1;
        sums.dis += values.dis();
        sums.face += values.face.unwrap_or(0.0);
        sums.pose += values.pose.unwrap_or(0.0);
    }

    fn end_epoch(&mut self, epoch: u32, emit: &mut dyn FnMut(Event)) {
        let EpochSums {
            steps,
            dis,
            face,
            pose,
        } = std::mem::take(&mut self.progress.sums);
        let mean = |sum: f64| sum / steps.max(1) as f64;
        self.progress.history.push(EpochLosses {
            pose: mean(pose),
            face: mean(face),
        });
        let next = self.weights(epoch + 1).alphas;
        let ratios = omegas(&self.progress.history);
        let warm = u32::try_from(self.config.warmup_epochs).is_ok_and(|warmup| epoch <= warmup);
        emit(Event::Epoch(EpochReport {
            epoch,
            step: self.progress.step,
            dis: mean(dis),
            face: (self.objective.takes_part(Stream::Face) && !warm).then(|| mean(face)),
            pose: (self.objective.takes_part(Stream::Pose) && !warm).then(|| mean(pose)),
            omega_pose: ratios.map(|(pose, _)| pose),
            omega_face: ratios.map(|(_, face)| face),
            next_alpha_pose: next.pose,
            next_alpha_face: next.face,
        }));
    }

    fn draw(&mut self, emit: &mut dyn FnMut(Event)) -> Result<(), String> {
        for grid in self
            .gallery
            .draw(&self.model, &self.config, self.progress.step)?
        {
            emit(Event::Faces(grid));
        }
        Ok(())
    }

    /// Writes a checkpoint unless this step already has one. A failure costs the checkpoint only.
    fn save(&mut self, saved_at: &mut Option<u64>, emit: &mut dyn FnMut(Event)) {
        let step = self.progress.step;
        if *saved_at == Some(step) {
            return;
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
                *saved_at = Some(step);
                emit(Event::Checkpoint { step, path });
            }
            Err(error) => emit(Event::Warning {
                text: format!(
                    "The checkpoint of step {step} could not be written ({error}); training goes on. Make room on \
                     the disk of {}",
                    folder.display()
                ),
            }),
        }
    }

    fn provenance(&self) -> HashMap<String, String> {
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

    fn report_skipped(&mut self, emit: &mut dyn FnMut(Event)) {
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

    /// A sentence for a failure of the device.
    fn advice(&self, reason: &str) -> String {
        let lower = reason.to_lowercase();
        let advice = if ["out of memory", "outofmemory", "allocat", "too large"]
            .iter()
            .any(|w| lower.contains(w))
        {
            "The device ran out of memory. Lower memory.chunk first (it changes no result), then batch.recon, \
             batch.face or pose.num_negatives, or model.width"
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

enum Listen {
    Go,
    Save,
    Stop,
}

/// Encoder images of a step, all streams.
pub(super) fn images_per_step(config: &RunConfig) -> u64 {
    let sizes = StreamSizes::new(config);
    let pose = match config.pose.loss {
        PoseLoss::Pose => sizes.pose * (2 + config.pose.num_negatives),
        _ => 2 * sizes.pose,
    };
    (2 * sizes.recon + 2 * sizes.face + pose) as u64
}

fn due(step: u64, every: u64) -> bool {
    every > 0 && step.is_multiple_of(every)
}

/// Losses and gradient norm in one transfer.
fn read(terms: &Terms, grads: &Grads) -> Result<(TermValues, f64), String> {
    let (values, norm) = terms.read(grads.norm())?;
    Ok((values, norm.unwrap_or(0.0)))
}

fn not_finite(values: &TermValues, norm: f64) -> Option<String> {
    if !values.is_finite() {
        let named = [
            ("t1", values.t[0]),
            ("t2", values.t[1]),
            ("t3", values.t[2]),
            ("t4", values.t[3]),
            ("L_orth", values.orth),
            ("L_face", values.face),
            ("L_pose", values.pose),
        ];
        let bad = named
            .iter()
            .filter(|(_, v)| v.is_some_and(|v| !v.is_finite()))
            .map(|(name, _)| *name);
        return Some(bad.collect::<Vec<_>>().join(", "));
    }
    (!norm.is_finite()).then(|| "the gradient".to_owned())
}

fn clip(grads: &mut Grads, norm: f64, limit: f64) {
    if limit > 0.0 && norm > limit {
        grads.scale(limit / norm);
    }
}

fn restore(model: Pcl, saved: crate::model::NamedValues) -> Result<Pcl, TrainError> {
    let mut wrong = None;
    let mut used = 0;
    let model = load_values(model, &mut |name, shape| match saved.get(name) {
        Some((saved_shape, numbers)) if saved_shape == shape => {
            used += 1;
            Some(numbers.clone())
        }
        Some((saved_shape, _)) => {
            wrong.get_or_insert(format!(
                "{name} is {saved_shape:?} there and {shape:?} here"
            ));
            None
        }
        None => {
            wrong.get_or_insert(format!("{name} is missing there"));
            None
        }
    });
    match wrong {
        Some(reason) => Err(TrainError::Mismatch(reason)),
        None if used != saved.len() => Err(TrainError::Mismatch(
            "it has more parts than the network".into(),
        )),
        None => Ok(model),
    }
}

fn panic_words(panic: &(dyn std::any::Any + Send)) -> String {
    panic
        .downcast_ref::<String>()
        .cloned()
        .or_else(|| panic.downcast_ref::<&str>().map(|s| (*s).to_owned()))
        .unwrap_or_else(|| "an unknown failure".to_owned())
}
