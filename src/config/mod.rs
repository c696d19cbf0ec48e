//! What a run is told to do: one struct, its presets, and how files and `--set` change it.

mod choices;
mod error;
mod keys;
mod load;
pub mod presets;
mod ranges;
mod sections;
#[cfg(test)]
mod tests;
mod validate;

use serde::{Deserialize, Serialize};

pub use choices::*;
pub use error::ConfigError;
pub use keys::keys;
pub use presets::{DEFAULT_PRESET, PRESETS};
pub use sections::*;

/// The whole configuration of a run.
///
/// The same struct is the TOML file, the target of `--set key=value`, and what is saved with the
/// run. [`RunConfig::default`] is the `paper` preset.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RunConfig {
    /// Name of the preset this configuration started from.
    pub preset: String,
    /// Seed of every random draw: weights, order, augmentation, noise.
    pub seed: u64,
    /// Encoder variant (row 1).
    pub backbone: Backbone,
    /// Epochs E of the schedule (row 19).
    pub epochs: u32,
    /// How maps between layers are stored (row 22).
    pub precision: Precision,
    /// Joint or alternating updates (row 14).
    pub step_mode: StepMode,
    /// Epochs of reconstruction alone (t1–t3, no L_orth) before everything starts; −1 for none (row 33).
    pub warmup_epochs: i32,
    /// Model size.
    pub model: ModelConfig,
    /// Projection heads.
    pub proj: ProjConfig,
    /// Reconstruction branch.
    pub recon: ReconConfig,
    /// Orthogonality.
    pub orth: OrthConfig,
    /// Pose branch.
    pub pose: PoseConfig,
    /// Face branch.
    pub face: FaceConfig,
    /// Both contrastive losses.
    pub cl: ClConfig,
    /// Negative interpolation.
    pub neg_interp: NegInterpConfig,
    /// The alternating scheme.
    pub alternating: AlternatingConfig,
    /// Augmentation T64.
    pub aug: AugConfig,
    /// Dynamic weight average.
    pub dwa: DwaConfig,
    /// Batch sizes.
    pub batch: BatchConfig,
    /// Adam and its schedule.
    pub optimizer: OptimizerConfig,
    /// Device memory.
    pub memory: MemoryConfig,
    /// Checkpoints.
    pub checkpoint: CheckpointConfig,
    /// Reconstruction grids.
    pub snapshot: SnapshotConfig,
    /// Video lists.
    pub vox: VoxConfig,
    /// Training faces.
    pub data: DataConfig,
    /// What each code knows, live.
    pub knowledge: KnowledgeConfig,
    /// Evaluation feature.
    pub eval: EvalConfig,
    /// Linear probe.
    pub probe: ProbeConfig,
    /// Head-pose probe.
    pub pose_probe: PoseProbeConfig,
    /// Verification.
    pub verify: VerifyConfig,
    /// Figures.
    pub viz: VizConfig,
}

impl Default for RunConfig {
    fn default() -> Self {
        Self {
            preset: "paper".into(),
            seed: 1234,
            backbone: Backbone::default(),
            epochs: 1000,
            precision: Precision::default(),
            step_mode: StepMode::default(),
            warmup_epochs: -1,
            model: Default::default(),
            proj: Default::default(),
            recon: Default::default(),
            orth: Default::default(),
            pose: Default::default(),
            face: Default::default(),
            cl: Default::default(),
            neg_interp: Default::default(),
            alternating: Default::default(),
            aug: Default::default(),
            dwa: Default::default(),
            batch: Default::default(),
            optimizer: Default::default(),
            memory: Default::default(),
            checkpoint: Default::default(),
            snapshot: Default::default(),
            vox: Default::default(),
            data: Default::default(),
            knowledge: Default::default(),
            eval: Default::default(),
            probe: Default::default(),
            pose_probe: Default::default(),
            verify: Default::default(),
            viz: Default::default(),
        }
    }
}
