//! The training loop.

mod began;
mod keep;
mod listen;
mod single;
mod update;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::time::Instant;

use super::checkpoint::{self, CheckpointError, Progress};
use super::event::{Control, Event, RunInfo, RunState, StepReport, StopReason};
use super::knowledge::LiveProbe;
use super::objective::Objective;
use super::phase::{self, Phase};
use super::plan::Plan;
use super::principal::start_from_components;
use super::snapshot::Gallery;
use super::studio::Studio;
use super::upload::upload;
use crate::config::{PoseLoss, Precision, RunConfig};
use crate::data::labelled::LabelledError;
use crate::data::{
    self, DataError, FaceSource, FrameCache, Loader, StepBatch, StepBuilder, StreamSizes,
};
use crate::device::{ChosenDevice, DeviceError};
use crate::loss::{chance_face, chance_face_among, chance_pose};
use crate::model::{Architecture, Pcl, load_exactly, parameter_count};
use crate::networks::{Network, NetworkError};
use crate::optim::Adam;
use began::epoch_length;
use keep::panic_words;
use listen::Next;
use update::Outcome;

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
    /// Wait for [`Control::Run`] before the first step.
    pub paused: bool,
    /// After the last step, go on answering questions until [`Control::Stop`].
    pub stay: bool,
    /// A trained network in place of a young one: no step is made, nothing is saved.
    pub network: Option<Arc<Network>>,
    /// A trained network whose pictures of the run's fixed faces are shown once, as the goal.
    pub goal: Option<Arc<Network>>,
}

/// Why training cannot begin.
#[derive(Debug, thiserror::Error)]
pub enum TrainError {
    /// The device cannot compute with this precision.
    #[error(transparent)]
    Device(#[from] DeviceError),
    /// Something is wrong with the faces.
    #[error(transparent)]
    Data(#[from] DataError),
    /// Something is wrong with the labels of the live measurement.
    #[error(transparent)]
    Labels(#[from] LabelledError),
    /// There is nothing to resume.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// The trained network cannot be built.
    #[error(transparent)]
    Network(#[from] NetworkError),
    /// The device was lost before the first step.
    #[error("the device failed: {0}")]
    Lost(String),
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
    probe: LiveProbe,
    loader: Loader,
    studio: Studio,
    /// What the latest step worked on.
    batch: Option<StepBatch>,
    state: RunState,
    stay: bool,
    /// Limit of [`Control::Slow`].
    steps_per_s: Option<f64>,
    /// When the latest step began.
    stepped_at: Option<Instant>,
    saved_at: Option<u64>,
    drawn_at: Option<u64>,
    /// Whether it was said that some pictures have no partner.
    told_alone: bool,
    /// Until it is drawn.
    goal: Option<Arc<Network>>,
}

impl Trainer {
    /// Opens the data, builds the network or reads it back, and starts the loader.
    ///
    /// # Errors
    ///
    /// If the device, the faces or the checkpoint cannot be used.
    pub fn prepare(job: Job, emit: &mut dyn FnMut(Event)) -> Result<Self, TrainError> {
        let Job {
            dir,
            config,
            data,
            device,
            last_step,
            resume,
            paused,
            stay,
            network,
            goal,
        } = job;
        device.store_maps(config.precision)?;
        if let Some(data) = &data {
            emit(Event::Note {
                text: format!("Reading the folder {}", data.display()),
            });
        }
        let source = Arc::new(data::open(data.as_deref(), &config)?);
        let (config, notes) = data::settle(&source, &config)?;
        notes
            .into_iter()
            .for_each(|text| emit(Event::Note { text }));
        if let Some(kinds) = source.unreadable_kinds() {
            emit(Event::Warning {
                text: kinds.to_owned(),
            });
        }
        if network.is_none()
            && let Some(text) = too_few_faces(&config, source.len())
        {
            emit(Event::Warning { text });
        }
        let plan = Plan::new(&config, source.len());
        device.hold(plan.buffer_bytes, plan.buffer_key)?;
        let cache = Arc::new(FrameCache::open(
            &source.cache_folder(&data::default_cache_folder()),
        ));

        let recording = device.device.clone().autodiff();
        let arch = Architecture::from(&config);
        let mut adam = Adam::new((&config.optimizer).into());
        let mut progress = Progress::default();
        let model = if let Some(network) = &network {
            progress.step = network.steps().unwrap_or_default();
            network.build(&recording)?
        } else if resume {
            let (loaded, warnings) = checkpoint::load_newest(&dir.join("checkpoints"))?;
            warnings
                .into_iter()
                .for_each(|text| emit(Event::Warning { text }));
            progress = loaded.progress;
            adam.restore(loaded.optimizer, &device.device);
            load_exactly(Pcl::blank(arch, &recording), &loaded.model)
                .map_err(TrainError::Mismatch)?
        } else {
            let young = Pcl::new(arch, config.seed, &recording);
            let (model, pictures) =
                start_from_components(young, &source, &cache, &config, &device.device)
                    .map_err(TrainError::Lost)?;
            if let Some(pictures) = pictures {
                emit(Event::Note {
                    text: format!(
                        "The network starts with the principal components of {pictures} training faces."
                    ),
                });
            }
            model
        };
        let steps_per_epoch = if network.is_some() {
            StreamSizes::new(&config).steps_per_epoch(source.len())
        } else {
            epoch_length(&mut progress, &source, &config, emit)
        };
        let model = model.with_precision(config.precision);
        let resumed_at = progress.step;
        let gallery = Gallery::choose(
            &source,
            &cache,
            &config,
            config.snapshot.faces,
            &device.device,
        );
        let probe = LiveProbe::prepare(&config, data.as_deref(), emit)?;
        let builder = StepBuilder::new(source.clone(), cache.clone(), &config)?;
        let loader = Loader::run(builder.with_epochs_of(steps_per_epoch), progress.step)?;
        let last_step = match network {
            Some(_) => resumed_at,
            None => last_step.unwrap_or(u64::from(config.epochs) * steps_per_epoch),
        };
        Ok(Self {
            objective: Objective::from(&config),
            resumed_at,
            last_step,
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
            probe,
            loader,
            studio: Studio::default(),
            batch: None,
            state: if paused {
                RunState::Paused
            } else {
                RunState::Running
            },
            stay,
            steps_per_s: None,
            stepped_at: None,
            saved_at: (resume || network.is_some()).then_some(resumed_at),
            drawn_at: None,
            told_alone: false,
            goal,
        })
    }

    /// Steps already done when this process took over.
    pub fn resumed_at(&self) -> u64 {
        self.resumed_at
    }

    /// Steps of one epoch.
    pub fn steps_per_epoch(&self) -> u64 {
        self.steps_per_epoch
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
            chance_face: face_at_chance(&self.config),
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
        self.train(controls, emit).unwrap_or_else(|reason| reason)
    }

    fn train(
        &mut self,
        controls: &Receiver<Control>,
        emit: &mut dyn FnMut(Event),
    ) -> Result<StopReason, StopReason> {
        let gallery = self.gallery.show(self.progress.step);
        emit(Event::Gallery(gallery.map_err(|text| self.failed(&text))?));
        self.show_goal(emit)?;
        if self.saved_at.is_none() {
            // From here on a run can be gone on with, whenever it is stopped or killed.
            self.save(emit);
        }
        if !self.progress.live.is_empty() {
            self.tell_settings(emit);
        }
        if self.state == RunState::Paused {
            self.turn_to(RunState::Paused, emit);
        }
        let mut bad_in_a_row = 0;
        loop {
            if self.progress.step >= self.last_step && self.state != RunState::Finished {
                self.finish(emit)?;
                if !self.stay {
                    return Ok(StopReason::Finished);
                }
                self.turn_to(RunState::Finished, emit);
            }
            if let Next::Stop = self.listen(controls, emit)? {
                self.save_last(emit)?;
                return Ok(match self.state {
                    RunState::Finished => StopReason::Finished,
                    RunState::Running | RunState::Paused => StopReason::Interrupted,
                });
            }
            self.stepped_at = Some(Instant::now());
            if self.one_step(emit)? {
                bad_in_a_row = 0;
            } else {
                bad_in_a_row += 1;
                if bad_in_a_row == PATIENCE {
                    return Err(StopReason::Failed {
                        text: format!(
                            "{PATIENCE} steps in a row had no finite loss. Try a lower optimizer.lr, \
                             optimizer.clip_norm = 1, or a larger cl.tau, and resume from the last checkpoint."
                        ),
                    });
                }
            }
            self.after_step(emit)?;
        }
    }

    /// What is due after a step by the run's schedule, then what somebody looks at.
    fn after_step(&mut self, emit: &mut dyn FnMut(Event)) -> Result<(), StopReason> {
        let step = self.progress.step;
        let epoch_ended = step.is_multiple_of(self.steps_per_epoch);
        if self.probe.is_due(step, epoch_ended) {
            self.measure(emit).map_err(|text| self.failed(&text))?;
        }
        if due(step, self.config.snapshot.every_steps) {
            self.draw(emit).map_err(|text| self.failed(&text))?;
        }
        if due(step, self.config.checkpoint.every_steps) {
            self.save(emit);
        }
        self.answer_again(emit)
    }

    /// A last look, and the checkpoint.
    fn finish(&mut self, emit: &mut dyn FnMut(Event)) -> Result<(), StopReason> {
        // A finished run that is opened again has nothing new to show.
        if self.progress.step > self.resumed_at {
            self.draw(emit).map_err(|text| self.failed(&text))?;
            self.measure(emit).map_err(|text| self.failed(&text))?;
            self.report_alone(emit);
        }
        self.save_last(emit)
    }

    /// A failure of the device as a reason to end.
    fn failed(&self, text: &str) -> StopReason {
        StopReason::Failed {
            text: self.advice(text),
        }
    }

    /// One step and its event. `Ok(false)` if its loss was not finite and nothing was changed. A
    /// step that was left out for the sake of the loss scale is none of those.
    fn one_step(&mut self, emit: &mut dyn FnMut(Event)) -> Result<bool, StopReason> {
        let start = Instant::now();
        phase::begin(Phase::Load);
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
        phase::begin(Phase::Augment);
        let views_start = Instant::now();
        let inputs = upload(&batch, &self.config, &self.device.device);
        let views_ms = views_start.elapsed().as_secs_f64() * 1e3;
        // Kept until the next one is there: somebody may want to see its views.
        if let Some(old) = self.batch.replace(batch) {
            self.loader.recycle(old);
        }
        let objective = match u32::try_from(self.config.warmup_epochs) {
            Ok(warmup) if epoch <= warmup => self.objective.warm_up(),
            _ => self.objective,
        };
        let objective = objective.only(self.part());
        let outcome = self
            .update(&inputs, &objective, &weights, lr)
            .map_err(|text| self.failed(&text))?;
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
            Outcome::Overflow => {
                let scale = &mut self.progress.loss_scale;
                let before = scale.factor;
                scale.fall();
                emit(Event::Note {
                    text: format!(
                        "Step {}: its gradients did not fit into 16 bits with the loss times {before}. It is left \
                         out; from now on the loss is multiplied by {}.",
                        self.progress.step, scale.factor
                    ),
                });
                true
            }
            Outcome::Done { values, grad_norm } => {
                if self.config.precision == Precision::F16 {
                    self.progress.loss_scale.count();
                }
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
                    views_ms,
                }));
                true
            }
        };
        if self.progress.step.is_multiple_of(self.steps_per_epoch) {
            self.end_epoch(epoch, emit);
            self.report_alone(emit);
        }
        Ok(done)
    }
}

/// Encoder images of a step, all streams.
pub(super) fn images_per_step(config: &RunConfig) -> u64 {
    let sizes = StreamSizes::new(config);
    let pose = match config.pose.loss {
        PoseLoss::Pose => sizes.pose * (2 + config.pose.num_negatives),
        _ => 2 * sizes.pose,
    };
    (sizes.recon_encoded(config) + 2 * sizes.face + pose) as u64
}

/// L_face of a network that tells nobody from anybody, in nats.
fn face_at_chance(config: &RunConfig) -> f64 {
    let sizes = StreamSizes::new(config);
    let givers = sizes.recon_encoded(config) - 2 * sizes.recon;
    let over_recon = match config.face.recon_weight {
        0.0 => 0.0,
        weight => weight * chance_face_among(sizes.recon, givers),
    };
    chance_face(config.batch.face) + over_recon
}

/// What follows from fewer faces than a batch takes; `None` if there are enough.
fn too_few_faces(config: &RunConfig, faces: usize) -> Option<String> {
    let sizes = StreamSizes::new(config);
    let batches = [
        ("batch.recon", sizes.recon),
        ("batch.face", sizes.face),
        ("pose.batch_size", sizes.pose),
    ];
    let (key, batch) = batches.into_iter().max_by_key(|(_, batch)| *batch)?;
    (faces < batch).then(|| {
        let consequence = if sizes.face > faces {
            "a batch holds the same face more than once, and L_face then tells it from itself"
        } else {
            "a batch holds the same face more than once"
        };
        format!(
            "{faces} faces are fewer than {key} = {batch}: {consequence}. Give more faces, or --set \
             {key}={} or less",
            faces.max(2)
        )
    })
}

fn due(step: u64, every: u64) -> bool {
    every > 0 && step.is_multiple_of(every)
}
