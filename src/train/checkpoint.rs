//! Checkpoints: everything a run needs to go on as if it had never stopped.
//!
//! A checkpoint is a folder. It is written beside its final place, synced, and renamed, so that a
//! folder with a proper name is always whole; its files carry checksums all the same, because disks
//! lie. What is random needs no saving: every draw is a function of seed and step.

use std::collections::{BTreeMap, HashMap};
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use burn::tensor::TensorData;
use serde::{Deserialize, Serialize};

use super::event::LiveSetting;
use crate::data::Census;
use crate::loss::balance::EpochLosses;
use crate::model::NamedValues;
use crate::optim::{Adam, LossScale};
use crate::weights;

const MODEL: &str = "model.safetensors";
const OPTIMIZER: &str = "optimizer.safetensors";
const STATE: &str = "state.json";
const PARTIAL: &str = ".partial";

/// What a run remembers besides weights and moments.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    /// Steps done.
    pub step: u64,
    /// Mean losses of the finished epochs, for the dynamic weight average.
    pub history: Vec<EpochLosses>,
    /// Sums over the steps of the running epoch.
    pub sums: EpochSums,
    /// Settings changed while training, the last of each kind.
    pub live: Vec<LiveSetting>,
    /// The faces the run began with; absent in older checkpoints.
    #[serde(default)]
    pub began_with: Option<BeganWith>,
    /// Factor on the loss; it matters with `precision = "f16"` only.
    #[serde(default)]
    pub loss_scale: LossScale,
}

/// The faces of a run's first step, and what followed from their number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BeganWith {
    /// Number and names.
    pub census: Census,
    /// Steps of one epoch.
    pub steps_per_epoch: u64,
}

/// Loss sums of an unfinished epoch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct EpochSums {
    /// Steps counted.
    pub steps: u64,
    /// Σ L_dis.
    pub dis: f64,
    /// Σ L_face.
    pub face: f64,
    /// Σ L_pose.
    pub pose: f64,
    /// Steps in which L_face took part.
    #[serde(default)]
    pub face_steps: u64,
    /// Steps in which L_pose took part.
    #[serde(default)]
    pub pose_steps: u64,
}

#[derive(Serialize, Deserialize)]
struct State {
    format: u32,
    progress: Progress,
    /// Adam's step count per parameter.
    optimizer_steps: BTreeMap<String, u32>,
    /// CRC-32 of the other files.
    checksums: BTreeMap<String, u32>,
}

/// A checkpoint read back.
pub struct Loaded {
    /// Its folder.
    pub path: PathBuf,
    /// Progress.
    pub progress: Progress,
    /// Weights and batch-norm statistics.
    pub model: NamedValues,
    /// Optimiser state for [`Adam::restore`].
    pub optimizer: BTreeMap<String, (u32, TensorData, TensorData)>,
}

/// Why there is nothing to go on from.
#[derive(Debug, thiserror::Error)]
pub enum CheckpointError {
    /// No checkpoint at all.
    #[error("there is no checkpoint to go on from; start a new run, the folder is {}", .0.display())]
    None(PathBuf),
    /// All are damaged.
    #[error("none of the {count} checkpoints is whole (the newest: {reason}); start a new run, the folder is {}", path.display())]
    AllDamaged {
        /// The folder.
        path: PathBuf,
        /// How many there are.
        count: usize,
        /// What is wrong with the newest.
        reason: String,
    },
}

/// Writes a checkpoint below `folder` and removes all but the newest `keep`.
///
/// # Errors
///
/// If it could not be written whole; nothing older was touched then.
pub fn save(
    folder: &Path,
    progress: &Progress,
    model: &NamedValues,
    adam: &Adam,
    provenance: HashMap<String, String>,
    keep: usize,
) -> io::Result<PathBuf> {
    let other = |reason: String| io::Error::other(reason);
    fs::create_dir_all(folder)?;
    sweep(folder);
    let partial = folder.join(format!("{PARTIAL}-{}", std::process::id()));
    fs::create_dir(&partial)?;
    let result = (|| {
        let moments = adam.snapshot();
        let files = [
            (MODEL, weights::to_bytes(model, provenance).map_err(other)?),
            (OPTIMIZER, moments_to_bytes(&moments).map_err(other)?),
        ];
        let mut checksums = BTreeMap::new();
        for (name, bytes) in &files {
            write_synced(&partial.join(name), bytes)?;
            checksums.insert((*name).to_owned(), crc32fast::hash(bytes));
        }
        let state = State {
            format: 1,
            progress: progress.clone(),
            optimizer_steps: moments
                .iter()
                .map(|(name, (steps, ..))| (name.clone(), *steps))
                .collect(),
            checksums,
        };
        write_synced(&partial.join(STATE), &serde_json::to_vec_pretty(&state)?)?;
        let path = folder.join(format!("step_{:08}", progress.step));
        if path.exists() {
            // The same step again (a resumed run that stops at once): the old one is as good, but
            // live settings may have changed.
            fs::remove_dir_all(&path)?;
        }
        fs::rename(&partial, &path)?;
        sync_folder(folder);
        Ok(path)
    })();
    match &result {
        Ok(_) => prune(folder, keep),
        Err(_) => {
            let _ = fs::remove_dir_all(&partial);
        }
    }
    result
}

/// Reads the newest whole checkpoint below `folder`; a sentence for each damaged one that was
/// passed over.
///
/// # Errors
///
/// If there is none.
pub fn load_newest(folder: &Path) -> Result<(Loaded, Vec<String>), CheckpointError> {
    let all = list(folder);
    let mut passed_over = Vec::new();
    let mut newest_reason = None;
    for path in all.iter().rev() {
        match load(path) {
            Ok(loaded) => return Ok((loaded, passed_over)),
            Err(reason) => {
                passed_over.push(format!(
                    "a checkpoint is damaged ({reason}) and was passed over: {}",
                    path.display()
                ));
                newest_reason.get_or_insert(reason);
            }
        }
    }
    Err(match newest_reason {
        None => CheckpointError::None(folder.into()),
        Some(reason) => CheckpointError::AllDamaged {
            path: folder.into(),
            count: all.len(),
            reason,
        },
    })
}

/// Whole-looking checkpoints, oldest first.
pub fn list(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut all = entries
        .flatten()
        .map(|e| e.path())
        .filter(|p| {
            p.file_name()
                .and_then(|n| n.to_str())
                .is_some_and(|n| n.starts_with("step_"))
        })
        .collect::<Vec<_>>();
    all.sort();
    all
}

fn load(path: &Path) -> Result<Loaded, String> {
    let read = |name: &str| fs::read(path.join(name)).map_err(|e| format!("{name}: {e}"));
    let state: State =
        serde_json::from_slice(&read(STATE)?).map_err(|e| format!("{STATE}: {e}"))?;
    if state.format != 1 {
        return Err(format!(
            "it is of format {}, this program reads format 1",
            state.format
        ));
    }
    for (name, wanted) in &state.checksums {
        if crc32fast::hash(&read(name)?) != *wanted {
            return Err(format!("{name} does not match its checksum"));
        }
    }
    let (model, _) = weights::read(&path.join(MODEL)).map_err(|e| e.to_string())?;
    let (moments, _) = weights::read(&path.join(OPTIMIZER)).map_err(|e| e.to_string())?;
    let moment = |kind: &str, name: &str| {
        let key = format!("{kind}.{name}");
        let (shape, numbers) = moments
            .get(&key)
            .ok_or_else(|| format!("{OPTIMIZER}: {key} is missing"))?;
        Ok::<_, String>(TensorData::new(numbers.clone(), shape.clone()))
    };
    let mut optimizer = BTreeMap::new();
    for (name, steps) in state.optimizer_steps {
        let entry = (steps, moment("m", &name)?, moment("v", &name)?);
        optimizer.insert(name, entry);
    }
    Ok(Loaded {
        path: path.into(),
        progress: state.progress,
        model,
        optimizer,
    })
}

fn moments_to_bytes(
    moments: &BTreeMap<String, (u32, TensorData, TensorData)>,
) -> Result<Vec<u8>, String> {
    let mut values = NamedValues::new();
    for (name, (_, m, v)) in moments {
        for (kind, data) in [("m", m), ("v", v)] {
            let numbers = data.try_to_vec::<f32>().map_err(|e| format!("{e:?}"))?;
            values.insert(format!("{kind}.{name}"), (vec![numbers.len()], numbers));
        }
    }
    weights::to_bytes(&values, HashMap::new())
}

fn write_synced(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Makes a rename durable where folders can be synced (not on Windows).
fn sync_folder(folder: &Path) {
    if let Ok(folder) = File::open(folder) {
        let _ = folder.sync_all();
    }
}

/// Removes what killed writers left behind.
fn sweep(folder: &Path) {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    for entry in entries.filter(|e| e.file_name().to_string_lossy().starts_with(PARTIAL)) {
        // What cannot be removed only takes up space.
        let _ = fs::remove_dir_all(entry.path());
    }
}

fn prune(folder: &Path, keep: usize) {
    let all = list(folder);
    for old in &all[..all.len().saturating_sub(keep.max(1))] {
        // What cannot be removed now is tried again after the next checkpoint.
        let _ = fs::remove_dir_all(old);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::optim::AdamOptions;

    fn adam() -> Adam {
        let device = burn::tensor::Device::flex();
        let mut adam = Adam::new(AdamOptions {
            betas: [0.9, 0.999],
            eps: 1e-8,
            weight_decay: 0.0,
        });
        let data = |x: f32| TensorData::new(vec![x, 2.0 * x], [2]);
        adam.restore(
            BTreeMap::from([("a.weight".to_owned(), (7, data(0.1), data(0.2)))]),
            &device,
        );
        adam
    }

    fn model(x: f32) -> NamedValues {
        NamedValues::from([("a.weight".to_owned(), (vec![2, 1], vec![x, -x]))])
    }

    fn write(dir: &Path, step: u64, keep: usize) -> PathBuf {
        let progress = Progress {
            began_with: None,
            step,
            history: vec![EpochLosses {
                pose: 0.1 + 0.2,
                face: 1.0 / 3.0,
            }],
            ..Progress::default()
        };
        save(
            dir,
            &progress,
            &model(step as f32),
            &adam(),
            HashMap::new(),
            keep,
        )
        .unwrap()
    }

    #[test]
    fn what_is_saved_comes_back_and_the_oldest_go() {
        let dir = tempfile::tempdir().unwrap();
        for step in [1, 2, 3] {
            write(dir.path(), step, 2);
        }
        assert_eq!(list(dir.path()).len(), 2);
        let (loaded, warnings) = load_newest(dir.path()).unwrap();
        assert!(warnings.is_empty());
        assert_eq!(loaded.progress.step, 3);
        assert_eq!(loaded.progress.history[0].pose, 0.1 + 0.2);
        assert_eq!(loaded.model, model(3.0));
        assert_eq!(loaded.optimizer, adam().snapshot());
    }

    #[test]
    fn a_damaged_newest_falls_back() {
        let dir = tempfile::tempdir().unwrap();
        write(dir.path(), 1, 3);
        let newest = write(dir.path(), 2, 3);
        let file = newest.join(MODEL);
        let mut bytes = fs::read(&file).unwrap();
        *bytes.last_mut().unwrap() ^= 1;
        fs::write(&file, bytes).unwrap();
        let (loaded, warnings) = load_newest(dir.path()).unwrap();
        assert_eq!(loaded.progress.step, 1);
        assert!(warnings[0].contains("checksum"), "{warnings:?}");
        fs::remove_dir_all(&loaded.path).unwrap();
        assert!(matches!(
            load_newest(dir.path()),
            Err(CheckpointError::AllDamaged { count: 1, .. })
        ));
    }

    #[test]
    fn leftovers_of_a_killed_writer_are_ignored() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join(".partial-1")).unwrap();
        assert!(matches!(
            load_newest(dir.path()),
            Err(CheckpointError::None(_))
        ));
        write(dir.path(), 4, 1);
        assert_eq!(load_newest(dir.path()).unwrap().0.progress.step, 4);
        assert_eq!(
            fs::read_dir(dir.path()).unwrap().count(),
            1,
            "and swept away"
        );
    }
}
