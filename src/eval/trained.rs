//! A trained network, read back from a run or a weights file.

use std::path::{Path, PathBuf};

use burn::tensor::Device;
use sha2::{Digest, Sha256};

use super::EvalError;
use crate::config::RunConfig;
use crate::model::{Architecture, Pcl, load_exactly};
use crate::train::checkpoint;
use crate::weights;

/// The weights inside a checkpoint folder.
const MODEL_FILE: &str = "model.safetensors";

/// A network with the words a report needs about it. Its batch norms use running statistics.
pub struct Trained {
    /// The network, on a device that records no gradients.
    pub model: Pcl,
    /// The configuration it was trained with.
    pub config: RunConfig,
    /// The weights file.
    pub path: PathBuf,
    /// SHA-256 of the weights file, in hexadecimal.
    pub hash: String,
    /// Training steps behind it, if the file says so.
    pub steps: Option<u64>,
    /// What it was trained on, in words, if the file says so.
    pub data: Option<String>,
}

impl Trained {
    /// Reads the newest checkpoint of a run folder, a checkpoint folder, or a weights file.
    ///
    /// # Errors
    /// If there is nothing, or nothing whole, or the weights do not say which network they fit.
    pub fn open(place: &Path, device: &Device) -> Result<Self, EvalError> {
        let path = weights_file(place)?;
        let bytes = std::fs::read(&path).map_err(|source| weights::WeightsError::Read {
            path: path.clone(),
            source,
        })?;
        let (values, metadata) = weights::parse(&bytes, &path)?;
        let config = metadata
            .get("config")
            .and_then(|text| RunConfig::from_saved(text, &path).ok())
            .ok_or_else(|| EvalError::NoConfig(path.clone()))?;
        let blank = Pcl::blank(Architecture::from(&config), device);
        let model = load_exactly(blank, &values).map_err(|reason| EvalError::Mismatch {
            path: path.clone(),
            reason,
        })?;
        Ok(Self {
            model,
            config,
            hash: Sha256::digest(&bytes)
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect(),
            path,
            steps: metadata.get("steps").and_then(|steps| steps.parse().ok()),
            data: metadata.get("data").cloned(),
        })
    }

    /// The same network with the weights it might have started from: what a code knows before it
    /// learns anything.
    pub fn untrained(config: &RunConfig, device: &Device) -> Pcl {
        let seed = crate::rng::stream_seed(config.seed, "untrained encoder", 0, 0);
        Pcl::new(Architecture::from(config), seed, device)
    }

    /// In words: "facecycle_paper, width 0.125".
    pub fn network(&self) -> String {
        format!(
            "{}, width {}",
            self.config.backbone, self.config.model.width
        )
    }

    /// In words: "facecycle_paper, width 0.125, 960 steps".
    pub fn describe(&self) -> String {
        let steps = match self.steps {
            Some(steps) => format!("{steps} steps"),
            None => "unknown number of steps".into(),
        };
        format!("{}, {steps}", self.network())
    }
}

fn weights_file(place: &Path) -> Result<PathBuf, EvalError> {
    if place.is_file() {
        return Ok(place.into());
    }
    let own = place.join(MODEL_FILE);
    if own.is_file() {
        return Ok(own);
    }
    let checkpoints = place.join("checkpoints");
    if !checkpoints.is_dir() {
        return Err(EvalError::Nothing(place.into()));
    }
    checkpoint::list(&checkpoints)
        .pop()
        .map(|newest| newest.join(MODEL_FILE))
        .ok_or_else(|| EvalError::NoCheckpoint(place.into()))
}
