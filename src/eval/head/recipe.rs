//! How a head is trained: the numbers of METHODS 2.1–2.5.

use serde::{Deserialize, Serialize};

use crate::config::{PoseProbeConfig, ProbeConfig, Schedule};

/// Optimiser of a head, with PyTorch's default β₁ = 0.9, β₂ = 0.999 and ε = 1e-8.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Optimizer {
    /// Adam without weight decay.
    Adam,
    /// Adam with decoupled weight decay: every parameter shrinks by lr · `weight_decay` a step.
    AdamW {
        /// PyTorch's default is 0.01.
        weight_decay: f64,
    },
}

/// How a head is trained.
///
/// Weights start as N(0, 0.01²), biases at 0; batch-norm starts as the identity.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Recipe {
    /// Optimiser.
    pub optimizer: Optimizer,
    /// Learning rate of the first epoch.
    pub lr: f64,
    /// Learning rate over epochs.
    pub schedule: Schedule,
    /// Passes over the training part.
    pub epochs: u32,
    /// Items (pictures, or pairs) per step.
    pub batch_size: usize,
    /// A new order of the training part every epoch (row 25).
    pub shuffle: bool,
    /// BatchNorm1d (momentum 0.1, ε 1e-5, learnt scale and shift) before the linear layer.
    pub batch_norm: bool,
    /// Seed of the weights and of the order.
    pub seed: u64,
}

impl Recipe {
    /// Expressions (2.1) and pose classes (2.5): Adam 1e-2, cosine over `probe.epochs` (300 as
    /// printed), batch 256.
    pub fn classes(probe: &ProbeConfig, seed: u64) -> Self {
        Self {
            optimizer: Optimizer::Adam,
            lr: 1e-2,
            schedule: Schedule::Cosine,
            epochs: probe.epochs,
            batch_size: 256,
            shuffle: probe.shuffle,
            batch_norm: false,
            seed,
        }
    }

    /// Action units (2.3): as for classes, with Adam 1e-3.
    pub fn action_units(probe: &ProbeConfig, seed: u64) -> Self {
        Self {
            lr: 1e-3,
            ..Self::classes(probe, seed)
        }
    }

    /// Pose regression (2.4): batch-norm before the linear layer, AdamW 1e-3 with decay 0.01,
    /// constant, batch 128, `probe.epochs`, shuffled.
    pub fn pose(probe: &ProbeConfig, pose_probe: &PoseProbeConfig, seed: u64) -> Self {
        Self {
            optimizer: Optimizer::AdamW { weight_decay: 0.01 },
            lr: pose_probe.lr,
            schedule: pose_probe.schedule,
            epochs: probe.epochs,
            batch_size: pose_probe.batch_size,
            // Both released loaders shuffle.
            shuffle: true,
            batch_norm: true,
            seed,
        }
    }

    /// Pairs (2.2, `linear_pairs`). No source names anything but the loss, so this is a choice:
    /// Adam 1e-3, cosine over 10 epochs, 256 pairs a step, shuffled. A head of 512 outputs has
    /// hundreds of times more weights than there are pairs, so more epochs only fit the nine folds
    /// closer.
    pub fn pairs(probe: &ProbeConfig, seed: u64) -> Self {
        Self {
            lr: 1e-3,
            epochs: 10,
            ..Self::classes(probe, seed)
        }
    }
}
