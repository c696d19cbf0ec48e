//! One run from beginning to end: device, trainer, log files, and what the folder remembers.
//!
//! The terminal and the window start a run the same way; they differ in who listens.

mod claim;
mod folder;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::Receiver;

use anyhow::{Context, Result};

pub use folder::{CONFIG_FILE, RunFile, RunFolderError, program};

use claim::Claim;

use crate::config::{DataConfig, KnowledgeConfig, Precision, RunConfig};
use crate::device::{DeviceRequest, choose};
use crate::networks::Network;
use crate::record::Recorder;
use crate::train::event::{Control, Event, StopReason};
use crate::train::{Job, Trainer};

/// What to run, where, and how it begins and ends.
#[derive(Clone, Debug)]
pub struct RunPlan {
    /// The run's folder.
    pub dir: PathBuf,
    /// If that exists, the first of its name with a number that does not.
    pub numbered: bool,
    /// Effective configuration.
    pub config: RunConfig,
    /// Data, device and last step, as the folder remembers them.
    pub file: RunFile,
    /// Go on from the newest checkpoint in `dir`.
    pub resume: bool,
    /// Wait for [`Control::Run`] before the first step.
    pub paused: bool,
    /// After the last step, go on answering questions until [`Control::Stop`].
    pub stay: bool,
    /// Whether the run leaves its files; one that only answers questions does not.
    pub record: bool,
    /// A trained network that only answers questions: nothing is trained.
    pub network: Option<Arc<Network>>,
    /// A trained network to show as the goal beside the young one.
    pub goal: Option<Arc<Network>>,
}

impl RunPlan {
    /// The plan to go on with the run in `dir`, with the settings it was started with.
    ///
    /// # Errors
    ///
    /// If the folder holds no run, or one that cannot be read.
    pub fn resume(dir: PathBuf) -> Result<Self> {
        Ok(Self {
            config: RunConfig::load_saved(&dir.join(CONFIG_FILE), &[])?,
            file: RunFile::read(&dir)?,
            dir,
            numbered: false,
            resume: true,
            paused: false,
            stay: false,
            record: true,
            network: None,
            goal: None,
        })
    }

    /// The plan to play with a trained network: it answers questions about the faces of a folder, or
    /// about generated people it was not trained on. `dir` holds only what somebody saves by hand.
    pub fn play(network: Network, data: Option<&Path>, device: Option<DeviceRequest>) -> Self {
        let mut config = network.config.clone();
        // Other people than those of its training.
        config.seed = config.seed.wrapping_add(1);
        config.precision = Precision::F32;
        config.knowledge = KnowledgeConfig::default();
        if data.is_none() {
            config.data = DataConfig::default();
        }
        let name = Path::new(&network.name).file_stem().unwrap_or_default();
        Self {
            dir: Path::new("runs").join(format!("played-{}", name.to_string_lossy())),
            numbered: false,
            config,
            file: RunFile::new(data, device, None),
            resume: false,
            paused: false,
            stay: true,
            record: false,
            network: Some(network.into()),
            goal: None,
        }
    }
}

/// Runs a plan on the calling thread, which owns every tensor from here on.
///
/// # Errors
///
/// If the run cannot begin: device, data, checkpoint or folder. Once it has begun, every end is a
/// [`StopReason`], and the last event is [`Event::Stopped`].
pub fn go(
    plan: &RunPlan,
    controls: &Receiver<Control>,
    emit: &mut dyn FnMut(Event),
) -> Result<StopReason> {
    let device: DeviceRequest = plan.file.device()?;
    // Before anything is read, so that of two that begin together each knows its folder.
    let claim = match plan {
        RunPlan { record: false, .. } => None,
        RunPlan { resume: true, .. } => Some(Claim::existing(&plan.dir)?),
        RunPlan { numbered: true, .. } => Some(Claim::numbered(&plan.dir)?),
        _ => Some(Claim::fresh(&plan.dir)?),
    };
    let dir = claim
        .as_ref()
        .map_or(plan.dir.as_path(), Claim::dir)
        .to_owned();
    let device = choose(device)?;
    let wants_gpu = ["paper", "released"].contains(&plan.config.preset.as_str());
    if device.adapter.is_none() && wants_gpu && plan.record && !plan.resume {
        emit(Event::Warning {
            text: format!(
                "The preset {} is made for a large GPU and there is none: a step takes half a minute or \
                 so. --preset demo learns in minutes on a CPU, --preset laptop in hours",
                plan.config.preset
            ),
        });
    }
    let job = Job {
        dir: dir.clone(),
        config: plan.config.clone(),
        data: plan.file.data.clone(),
        device,
        last_step: plan.file.last_step,
        resume: plan.resume,
        paused: plan.paused,
        stay: plan.stay,
        network: plan.network.clone(),
        goal: plan.goal.clone(),
    };
    let trainer = Trainer::prepare(job, emit)?;
    let Some(mut claim) = claim else {
        return Ok(trainer.run(controls, emit));
    };
    // As the trainer settled it: what it found out about the data must not change on resuming.
    let mut config = trainer.config().clone();
    folder::write(&dir, &config, &plan.file)
        .with_context(|| format!("the run folder {} cannot be written", dir.display()))?;
    claim.begin();
    let mut recorder = Recorder::open(&dir, trainer.resumed_at());
    let mut file = plan.file.clone();
    let steps_per_epoch = trainer.steps_per_epoch();
    let mut stepped = plan.resume;
    let reason = trainer.run(controls, &mut |event| {
        stepped |= matches!(event, Event::Step(_));
        // A new end belongs to what the folder remembers, or the run could not be gone on with.
        if let Event::Extended { last_step, .. } = event {
            file.last_step = Some(last_step);
            let epochs = u32::try_from(last_step.div_ceil(steps_per_epoch));
            config.epochs = config.epochs.max(epochs.unwrap_or(u32::MAX));
            if let Err(error) = folder::write(&dir, &config, &file) {
                let text = format!("The new end of the run could not be noted ({error}).");
                emit(Event::Warning { text });
            }
        }
        for text in recorder.on_event(&event) {
            emit(Event::Warning { text });
        }
        emit(event);
    });
    if !stepped && matches!(reason, StopReason::Unusable { .. }) {
        // Nothing began, so the folder is no run, and the same command may be given again.
        folder::unmake(&dir);
    }
    Ok(reason)
}
