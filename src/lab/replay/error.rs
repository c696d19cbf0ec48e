//! Why a folder cannot be played, in sentences that end with the path.

use std::path::PathBuf;

/// Why a folder cannot be played.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// Nothing is there.
    #[error("there is no such folder; give the folder of a run, e.g. runs/demo: {}", .0.display())]
    Missing(PathBuf),
    /// Something else than a folder is there.
    #[error("this is no folder; give the folder of the run itself: {}", .0.display())]
    NotAFolder(PathBuf),
    /// A folder that no run has written to.
    #[error("no run was recorded here, as metrics.csv and events.jsonl are both missing; {hint}: {}", path.display())]
    NoRun {
        /// The folder.
        path: PathBuf,
        /// What to give instead.
        hint: String,
    },
    /// A run that ended before its first step.
    #[error("this run has not made a step yet, so there is nothing to play; go on with it by visage train --resume {}", .0.display())]
    NoSteps(PathBuf),
    /// The steps are in files that cannot be used.
    #[error("the steps of this run cannot be read ({reason}); check the file's permissions, or copy it anew from where the run was made: {}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
}
