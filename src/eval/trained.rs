//! A trained network on a device, ready to be measured.

use std::path::Path;

use burn::tensor::Device;

use super::EvalError;
use crate::config::RunConfig;
use crate::model::{Architecture, Pcl};
use crate::networks::Network;

/// A network with the words a report needs about it. Its batch norms use running statistics.
pub struct Trained {
    /// The network, on a device that records no gradients.
    pub model: Pcl,
    /// Where it comes from and how it was trained.
    pub network: Network,
}

impl Trained {
    /// Reads a run, a weights file or a network that comes with the program; see
    /// [`Network::read`].
    ///
    /// # Errors
    /// If there is nothing, or nothing whole, or the weights do not say which network they fit.
    pub fn open(place: &Path, device: &Device) -> Result<Self, EvalError> {
        let network = Network::read(place)?;
        Ok(Self {
            model: network.build(device)?,
            network,
        })
    }

    /// The same network with the weights it might have started from: what a code knows before it
    /// learns anything.
    pub fn untrained(config: &RunConfig, device: &Device) -> Pcl {
        let seed = crate::rng::stream_seed(config.seed, "untrained encoder", 0, 0);
        Pcl::new(Architecture::from(config), seed, device)
    }
}
