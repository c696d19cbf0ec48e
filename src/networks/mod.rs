//! Trained networks as plain data: read from runs and files, written to be handed on, shipped with
//! the program.
//!
//! ```text
//! checkpoint ─▶ read ─▶ Network ─┬─ build ─▶ model on a device (eval, train)
//!    shipped ───┘                └─ export ─▶ network.safetensors + network.toml ─▶ shipped
//! ```

mod command;
mod error;
mod export;
mod provenance;
mod read;
mod shipped;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::path::PathBuf;

use burn::tensor::Device;

pub use command::command;
pub use error::NetworkError;
pub use export::{Facts, WEIGHTS_FILE, export};
pub use provenance::{PROVENANCE_FILE, Provenance};
pub use shipped::{default_network, names};

use crate::config::RunConfig;
use crate::model::{Architecture, NamedValues, Pcl, load_exactly};

/// A trained network: its weights, and what is known about it.
#[derive(Clone, Debug, Default)]
pub struct Network {
    /// What it is called: the name of a shipped one, else the place it was read from.
    pub name: String,
    /// The weights file; of a shipped network its name.
    pub path: PathBuf,
    /// Parameters and batch-norm statistics.
    pub values: NamedValues,
    /// The configuration it was trained with.
    pub config: RunConfig,
    /// SHA-256 of the weights file, in hexadecimal.
    pub hash: String,
    /// What the weights file says about itself.
    pub metadata: HashMap<String, String>,
    /// Where it comes from, if that was written down.
    pub provenance: Option<Provenance>,
}

impl Network {
    /// The network on a device. Its batch norms use running statistics where no gradients are
    /// recorded.
    ///
    /// # Errors
    /// If the weights do not fit the network that the configuration describes.
    pub fn build(&self, device: &Device) -> Result<Pcl, NetworkError> {
        let blank = Pcl::blank(Architecture::from(&self.config), device);
        load_exactly(blank, &self.values).map_err(|reason| NetworkError::Mismatch {
            path: self.path.clone(),
            reason,
        })
    }

    /// Training steps behind it, if the file says so.
    pub fn steps(&self) -> Option<u64> {
        self.metadata.get("steps")?.parse().ok()
    }

    /// What it was trained on, in words, if the file says so.
    pub fn data(&self) -> Option<&str> {
        self.metadata.get("data").map(String::as_str)
    }

    /// In words: "facecycle_paper, width 0.125".
    pub fn architecture(&self) -> String {
        format!(
            "{}, width {}",
            self.config.backbone, self.config.model.width
        )
    }

    /// In words: "facecycle_paper, width 0.125, 960 steps".
    pub fn describe(&self) -> String {
        let steps = match self.steps() {
            Some(steps) => format!("{steps} steps"),
            None => "unknown number of steps".into(),
        };
        format!("{}, {steps}", self.architecture())
    }
}
