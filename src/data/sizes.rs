//! How many images and frames a step takes.

use super::partner::Change;
use super::sampler::steps_per_epoch;
use crate::config::{FacePositive, PoseGiver, PoseLoss, PoseSource, RunConfig};

/// How many images each stream takes per step; 0 for a stream that is off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StreamSizes {
    /// Reconstruction images.
    pub recon: usize,
    /// Images of the face stream.
    pub face: usize,
    /// Images of the pose stream: `pose.batch_size`, or `batch.face` with the face-style loss.
    pub pose: usize,
}

impl StreamSizes {
    /// The sizes this configuration asks for.
    pub fn new(cfg: &RunConfig) -> Self {
        let recon = cfg.recon.terms.contains(&true)
            || cfg.orth.weight != 0.0
            || (cfg.face.enabled && cfg.face.recon_weight > 0.0);
        Self {
            recon: if recon { cfg.batch.recon } else { 0 },
            face: if cfg.face.enabled { cfg.batch.face } else { 0 },
            pose: match cfg.pose.loss {
                PoseLoss::Pose => cfg.pose.batch_size,
                PoseLoss::FaceStyle => cfg.batch.face,
                PoseLoss::Off => 0,
            },
        }
    }

    /// Steps of an epoch over `len` items. An epoch is one pass of the reconstruction stream, or
    /// of the first stream that is on (METHODS: ⌊list length / 256⌋).
    pub fn steps_per_epoch(&self, len: usize) -> u64 {
        let batch = [self.recon, self.face, self.pose]
            .into_iter()
            .find(|&size| size > 0);
        steps_per_epoch(len, batch.unwrap_or(1))
    }

    /// Pictures that the reconstruction stream encodes: s, ŝ and, if that is another, who gives its
    /// pose.
    pub fn recon_encoded(&self, cfg: &RunConfig) -> usize {
        self.recon * (2 + usize::from(cfg.pose.giver != PoseGiver::Own))
    }

    /// Images of all streams.
    pub fn total(&self) -> usize {
        self.recon + self.face + self.pose
    }

    /// Most frames of a step: one per image, and the other pictures beside them.
    pub fn most_frames(&self, cfg: &RunConfig) -> usize {
        // An `auto` may become another picture.
        let is_other = |choice: &PoseSource| {
            *choice == PoseSource::Auto || matches!(Change::from(*choice), Change::Other(_))
        };
        let hats = usize::from(cfg.pose.source.iter().any(is_other));
        let givers = usize::from(cfg.pose.giver != PoseGiver::Own);
        let second_views = usize::from(cfg.face.positive != FacePositive::Own);
        let negatives = match cfg.pose.loss {
            PoseLoss::Pose if cfg.pose.neg_source.iter().any(is_other) => cfg.pose.num_negatives,
            _ => 0,
        };
        self.recon * (1 + hats + givers)
            + self.face * (1 + second_views)
            + self.pose * (1 + negatives)
    }
}
