//! What a run folder remembers about how it was started.

use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::config::RunConfig;
use crate::device::DeviceRequest;
use crate::record::replace;

const RUN_FILE: &str = "run.json";
/// The effective configuration of a run.
pub const CONFIG_FILE: &str = "config.toml";

/// Something about a run folder that the user can mend.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct RunFolderError(pub(super) String);

/// Facts that are not part of the configuration.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RunFile {
    /// Name and version of the program.
    pub program: String,
    /// Folder of faces; generated faces without one.
    pub data: Option<PathBuf>,
    /// What `--device` asked for.
    pub device: String,
    /// Step at which to end, or the end of the schedule.
    pub last_step: Option<u64>,
}

impl RunFile {
    /// Facts of a new run.
    pub fn new(data: Option<&Path>, device: Option<DeviceRequest>, last_step: Option<u64>) -> Self {
        Self {
            program: program(),
            data: data.map(absolute),
            device: device.unwrap_or_default().to_string(),
            last_step,
        }
    }

    /// What the folder `run` remembers.
    ///
    /// # Errors
    ///
    /// If there is nothing, or it is damaged.
    pub fn read(run: &Path) -> Result<Self, RunFolderError> {
        let path = run.join(RUN_FILE);
        let bytes = std::fs::read(&path).map_err(|e| {
            RunFolderError(format!(
                "this is no run folder, {RUN_FILE} cannot be read ({e}): {}",
                run.display()
            ))
        })?;
        serde_json::from_slice(&bytes).map_err(|e| {
            RunFolderError(format!(
                "{RUN_FILE} is damaged ({e}), so the run cannot be resumed: {}",
                path.display()
            ))
        })
    }

    /// The same facts where new arguments say otherwise. `new_end`: the length of the run is set
    /// anew, so an old limit does not count.
    pub fn with(
        self,
        data: Option<&Path>,
        device: Option<DeviceRequest>,
        last_step: Option<u64>,
        new_end: bool,
    ) -> Self {
        Self {
            program: program(),
            data: data.map(absolute).or(self.data),
            device: device.map_or(self.device, |device| device.to_string()),
            last_step: last_step.or(self.last_step.filter(|_| !new_end)),
        }
    }

    /// The device to use.
    ///
    /// # Errors
    ///
    /// If the file was edited and names none.
    pub fn device(&self) -> Result<DeviceRequest, RunFolderError> {
        self.device.parse().map_err(RunFolderError)
    }
}

/// Name and version of the program.
pub fn program() -> String {
    format!("visage {}", env!("CARGO_PKG_VERSION"))
}

fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

/// Makes `dir` a run folder.
pub(super) fn write(dir: &Path, config: &RunConfig, file: &RunFile) -> io::Result<()> {
    std::fs::create_dir_all(dir)?;
    replace(&dir.join(RUN_FILE), &serde_json::to_vec_pretty(file)?)?;
    // The last, because it is what makes the folder a run.
    replace(&dir.join(CONFIG_FILE), config.to_toml().as_bytes())
}

/// Makes `dir` no run folder any more; what is left says why, such as `skipped.csv`.
pub(super) fn unmake(dir: &Path) {
    for name in [CONFIG_FILE, RUN_FILE] {
        // At worst the folder is taken for a run, which is said then.
        let _ = std::fs::remove_file(dir.join(name));
    }
    let _ = std::fs::remove_dir_all(dir.join("checkpoints"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn new_arguments_come_before_what_the_folder_remembers() {
        let old = RunFile::new(Some(Path::new("/faces")), Some(DeviceRequest::Cpu), Some(9));
        let same = old.clone().with(None, None, None, false);
        assert_eq!(
            (same.data.as_deref(), same.device.as_str(), same.last_step),
            (Some(Path::new("/faces")), "cpu", Some(9))
        );
        let longer = old.with(None, Some(DeviceRequest::Gpu), None, true);
        assert_eq!((longer.device.as_str(), longer.last_step), ("gpu", None));
    }
}
