//! From a place or a name to a network.

use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::export::WEIGHTS_FILE;
use super::provenance::{PROVENANCE_FILE, Provenance};
use super::{Network, NetworkError, shipped};
use crate::config::RunConfig;
use crate::train::checkpoint;
use crate::weights::{self, WeightsError};

/// The weights inside a checkpoint folder.
const MODEL_FILE: &str = "model.safetensors";

impl Network {
    /// Reads the newest checkpoint of a run folder, a checkpoint folder, a network's folder, a
    /// weights file, or a network that comes with the program, by its name. What lies in a folder
    /// of that name comes first.
    ///
    /// # Errors
    /// If there is nothing, or nothing whole, or the weights do not say which network they fit.
    pub fn read(place: &Path) -> Result<Self, NetworkError> {
        let path = match weights_file(place) {
            Ok(path) => path,
            Err(nothing @ NetworkError::Nothing(_)) => {
                return shipped::read(place).unwrap_or(Err(nothing));
            }
            Err(error) => return Err(error),
        };
        let bytes = std::fs::read(&path).map_err(|source| WeightsError::Read {
            path: path.clone(),
            source,
        })?;
        parse(place, &path, &bytes, provenance(&path)?)
    }
}

/// The network in these bytes of a weights file.
///
/// # Errors
/// As [`Network::read`].
pub(super) fn parse(
    place: &Path,
    path: &Path,
    bytes: &[u8],
    provenance: Option<Provenance>,
) -> Result<Network, NetworkError> {
    let (values, metadata) = weights::parse(bytes, path)?;
    let hash = sha256(bytes);
    if provenance
        .as_ref()
        .is_some_and(|provenance| provenance.sha256 != hash)
    {
        return Err(NetworkError::OtherWeights(path.into()));
    }
    let config = metadata
        .get("config")
        .and_then(|text| RunConfig::from_saved(text, path).ok())
        .ok_or_else(|| NetworkError::NoConfig(path.into()))?;
    Ok(Network {
        name: place.display().to_string(),
        path: path.into(),
        values,
        config,
        hash,
        metadata,
        provenance,
    })
}

/// The words beside a weights file that was exported.
fn provenance(weights: &Path) -> Result<Option<Provenance>, NetworkError> {
    let path = weights.with_file_name(PROVENANCE_FILE);
    if !weights.ends_with(WEIGHTS_FILE) || !path.is_file() {
        return Ok(None);
    }
    let text = std::fs::read_to_string(&path).map_err(|error| NetworkError::Provenance {
        path: path.clone(),
        reason: error.to_string(),
    })?;
    parse_provenance(&text, &path).map(Some)
}

/// The words about a network; `path` is for the error.
pub(super) fn parse_provenance(text: &str, path: &Path) -> Result<Provenance, NetworkError> {
    toml::from_str(text).map_err(|error| NetworkError::Provenance {
        path: path.into(),
        reason: error.message().into(),
    })
}

/// SHA-256 in hexadecimal.
pub(super) fn sha256(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn weights_file(place: &Path) -> Result<PathBuf, NetworkError> {
    if place.is_file() {
        return Ok(place.into());
    }
    let own = [MODEL_FILE, WEIGHTS_FILE].map(|name| place.join(name));
    if let Some(own) = own.into_iter().find(|own| own.is_file()) {
        return Ok(own);
    }
    let checkpoints = place.join("checkpoints");
    if !checkpoints.is_dir() {
        return Err(NetworkError::Nothing(place.into()));
    }
    checkpoint::list(&checkpoints)
        .pop()
        .map(|newest| newest.join(MODEL_FILE))
        .ok_or_else(|| NetworkError::NoCheckpoint(place.into()))
}
