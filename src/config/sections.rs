//! The sections of a run configuration, one struct each.
//!
//! Defaults are the `paper` preset. Rows are those of the table "paper versus released code" that
//! a key settles.

use serde::{Deserialize, Serialize};

use super::choices::*;

/// `[model]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ModelConfig {
    /// Factor on every channel count: 1, 0.5, 0.25 or 0.125.
    pub width: f64,
    /// Channels of F_p, which has 4×4 of each at 64 px; 0: as many as F_f. A short pose code has no
    /// room for the person.
    pub pose_channels: usize,
    /// Numbers that the first layer of `backbone = "dense"` reads from a picture; it starts with the
    /// principal components of the training faces.
    pub components: usize,
    /// Numbers between that layer and F_s.
    pub hidden: usize,
}

/// `[proj]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ProjConfig {
    /// Projection heads h_f and h_p before the contrastive losses (row 2).
    pub enabled: bool,
}

/// `[recon]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ReconConfig {
    /// How the codes enter D (row 3).
    pub combine: Combine,
    /// A linear layer before D's first block (row 4). Without it the code itself is D's first map.
    pub fc: bool,
    /// Standard deviation of the noise on the encoder's input; 0 turns it off (row 5).
    pub noise_std: f64,
    /// Reduction of the L1 norm (row 7).
    pub reduction: Reduction,
    /// Which of t1, t2, t3, t4 take part.
    pub terms: [bool; 4],
    /// One D call on all codes (true) or one per term with its own batch statistics (false) (row 37).
    pub bn_joint: bool,
    /// Factor on L_dis in the sum with L_face and L_pose; Eq. 4 has 1.
    pub weight: f64,
    /// Factor on D's channel counts; 0: that of `model.width`.
    pub width: f64,
    /// Side of D's first map: 1 as in the paper, or 4, which the linear layer then makes as a whole
    /// in place of D's first two doublings; 0: no convolutions.
    pub start_px: usize,
    /// Width of two dense layers between the codes and D's first map; 0: none.
    pub hidden: usize,
    /// Components of a picture that a linear layer of D draws, to which its convolutions add what it
    /// lacks; it starts with the principal components of the training faces. 0: convolutions alone.
    pub components: usize,
    /// D draws a face from F_f alone and moves its pixels by both codes (Shu et al., ECCV 2018); the
    /// components add what moving cannot do.
    pub deform: bool,
    /// Standard deviation of the noise on F_f and on F_p as D sees them in training, as a share of
    /// the code's root mean square; `combine = "unit_concat"` only.
    pub code_noise: [f64; 2],
    /// Half of the triples of s, ŝ and the pose giver are mirrored as a whole, which shows twice as
    /// many people and leaves what one has to do with the other as it is.
    pub mirror: bool,
    /// Weight over time (row 34).
    pub weight_schedule: WeightSchedule,
}

/// `[orth]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OrthConfig {
    /// Form of the loss (row 6).
    pub form: OrthForm,
    /// Its weight; 0 turns it off.
    pub weight: f64,
}

/// `[pose]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PoseConfig {
    /// Images of the pose stream per step (row 12).
    pub batch_size: usize,
    /// Negatives per image, M (row 11).
    pub num_negatives: usize,
    /// Whether the positive stands in the denominator (row 8).
    pub pos_in_denominator: bool,
    /// Whose negatives (row 10).
    pub negatives: PoseNegatives,
    /// What makes a negative of the picture itself (row 17); all of them at once.
    pub neg_aug: Vec<PoseAug>,
    /// Where negatives come from instead: one of these is drawn for each. Empty leaves them to
    /// `neg_aug`, and so does a picture that has no other beside it.
    pub neg_source: Vec<PoseSource>,
    /// Where ŝ comes from: one of these is drawn for each s (row 17). A picture that has no other
    /// beside it is mirrored. `["flip", "rotate", "translate"]` varies the pose in the three ways
    /// that S003 §4.1 compares with `["flip"]`.
    pub source: Vec<PoseSource>,
    /// How often each of `source` is drawn, in proportion; empty draws all alike.
    pub source_shares: Vec<f64>,
    /// Whose pose code draws ŝ in t2.
    pub giver: PoseGiver,
    /// List for the choice `pairs`: two files per line, separated by a comma or a tab. The list is
    /// relative to the data folder or absolute, its files likewise.
    pub pairs: String,
    /// Random resized crop on positives and negatives (the paper names a crop) (row 18).
    pub crop: bool,
    /// One h_p call on positives and negatives together (row 35).
    pub bn_joint: bool,
    /// The loss of this branch.
    pub loss: PoseLoss,
}

/// `[face]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FaceConfig {
    /// How the two views are cut (row 15).
    pub views: FaceViews,
    /// Which picture the second view is cut from.
    pub positive: FacePositive,
    /// Whether the face branch has its contrastive loss.
    pub enabled: bool,
    /// Weight, within L_face, of the same loss over the codes of the reconstruction stream: s and ŝ
    /// are a pair, and all others are negatives, among them who gives the pose of ŝ. That is somebody
    /// else in the same pose, so a pose is of no use to F_f. 0 leaves L_face to its own views.
    pub recon_weight: f64,
}

/// `[cl]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ClConfig {
    /// Temperature τ of both contrastive losses.
    pub tau: f64,
    /// Mean over anchors, or sum of the two directions (row 9).
    pub reduction: Reduction,
}

/// `[neg_interp]` (row 13)
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NegInterpConfig {
    /// Both parameters of the Beta distribution; 0 turns interpolation off.
    pub alpha: f64,
    /// Branches that interpolate their negatives.
    pub branches: Vec<Branch>,
}

/// `[alternating]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AlternatingConfig {
    /// Every parameter that ever had a gradient is updated in each of the three updates.
    pub touch_all: bool,
}

/// `[aug]`: the transform T64 of the contrastive views.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AugConfig {
    /// Probability of colour jitter.
    pub jitter_p: f64,
    /// Range of the brightness, contrast and saturation factors.
    pub jitter_factor: [f64; 2],
    /// Largest hue shift, as a fraction of the circle.
    pub jitter_hue: f64,
    /// Probability of gray (row 16).
    pub gray_p: f64,
    /// Probability of blur.
    pub blur_p: f64,
    /// Range of the blur's σ in pixels.
    pub blur_sigma: [f64; 2],
    /// Probability of the gradient-magnitude ("Sobel") picture.
    pub edge_p: f64,
}

/// `[dwa]` (row 21)
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DwaConfig {
    /// Dynamic, manual or off.
    pub mode: DwaMode,
    /// Temperature T.
    pub t: f64,
    /// First epoch (from 1) whose weights are not 1.
    pub start_epoch: u32,
    /// α_pose of the manual mode; α_face is 1 minus it.
    pub alpha_pose: f64,
}

/// `[batch]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BatchConfig {
    /// Images of the reconstruction stream per step, N.
    pub recon: usize,
    /// Images of the face stream per step, N.
    pub face: usize,
}

/// `[optimizer]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OptimizerConfig {
    /// Base learning rate.
    pub lr: f64,
    /// L2 weight decay added to the gradient (row 20). `wd` is accepted as a short name.
    pub weight_decay: f64,
    /// Adam's β₁ and β₂.
    pub betas: [f64; 2],
    /// Adam's ε.
    pub eps: f64,
    /// Largest global gradient norm; 0 turns clipping off.
    pub clip_norm: f64,
    /// Learning-rate schedule.
    pub schedule: Schedule,
}

/// `[memory]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MemoryConfig {
    /// Images encoded at a time, and decoded as far as whole batches fit; 0 takes each stream whole.
    /// Gradients are the same either way.
    pub chunk: usize,
}

/// `[checkpoint]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CheckpointConfig {
    /// Steps between checkpoints; 0 writes one at the end only.
    pub every_steps: u64,
    /// How many of the newest are kept.
    pub keep: usize,
}

/// `[snapshot]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SnapshotConfig {
    /// Steps between reconstruction grids; 0 draws one at the end only.
    pub every_steps: u64,
    /// Faces in a grid.
    pub faces: usize,
}

/// `[vox]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct VoxConfig {
    /// What one list entry is (row 23).
    pub unit: VoxUnit,
}

/// `[data]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DataConfig {
    /// On-disk layout.
    pub layout: Layout,
    /// List file, relative to the data folder or absolute; empty if none.
    pub list: String,
    /// Longest side of a cached frame in pixels; 160 keeps a 40 % crop at 64 px.
    pub cache_px: u32,
    /// Stop at the first unusable file instead of skipping it.
    pub strict: bool,
    /// Sub-folders or files, relative to the data folder, that training leaves out.
    pub exclude: Vec<String>,
    /// People of the generated faces that are drawn where no folder is given, 56 pictures each.
    pub people: usize,
}

/// `[knowledge]`: the live measurement of what each code knows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct KnowledgeConfig {
    /// Held-out pictures, fit and test part together; 0 turns the measurement off.
    pub pictures: usize,
    /// Steps between measurements besides the one at the end of every epoch; 0 for none.
    pub every_steps: u64,
    /// Largest share of the training time; a measurement that would exceed it is left out.
    pub time_share: f64,
    /// Folder with a `labels.csv`; empty takes the training folder if it has one, and generated
    /// faces in training on generated faces.
    pub data: String,
}

/// `[eval]`: the evaluation protocols.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EvalConfig {
    /// Feature handed to the probes (row 24).
    pub feature: Feature,
    /// Average neighbouring channels of F_s until it is as long as the codes (row 88).
    pub same_length: bool,
}

/// `[probe]`, the linear heads on frozen features (row 25).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ProbeConfig {
    /// Shuffle the training features every epoch.
    pub shuffle: bool,
    /// Which epoch counts.
    pub select: ProbeSelect,
    /// Epochs of every trained head.
    pub epochs: u32,
}

/// `[pose_probe]`: the head-pose protocol (rows 26–29).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PoseProbeConfig {
    /// Learning rate of AdamW on the batch-norm + linear head (row 26).
    pub lr: f64,
    /// Its schedule (row 26).
    pub schedule: Schedule,
    /// Images per step (row 26).
    pub batch_size: usize,
    /// Augmentation of the probe's images (row 27).
    pub aug: PoseProbeAug,
    /// Column names (row 28).
    pub columns: PoseColumns,
    /// Turn the stored BGR images into RGB (row 29).
    pub bgr_to_rgb: bool,
}

/// `[verify]`: face verification (METHODS 2.2, row 30).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct VerifyConfig {
    /// What compares two faces.
    pub mode: VerifyMode,
    /// How the threshold is found.
    pub threshold: VerifyThreshold,
    /// The cosine from which two faces are the same person, for `threshold = "fixed"`.
    pub theta: f64,
    /// Side of the centred square that is kept, as a fraction of the shorter side.
    pub crop: f64,
}

/// `[viz]` (row 32)
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct VizConfig {
    /// Recipe for the single-code pictures.
    pub model: VizModel,
}

/// Implements `Default` for a section by naming the value of every field.
macro_rules! defaults {
    ($($section:ident { $($field:ident : $value:expr),+ $(,)? })+) => {
        $(impl Default for $section {
            fn default() -> Self { Self { $($field: $value),+ } }
        })+
    };
}

defaults! {
    ModelConfig { width: 1.0, pose_channels: 0, components: 256, hidden: 512 }
    ProjConfig { enabled: true }
    ReconConfig {
        combine: Combine::SumL2, fc: true, noise_std: 0.4, reduction: Reduction::Mean, terms: [true; 4],
        bn_joint: false, weight: 1.0, width: 0.0, start_px: 1, hidden: 0, components: 0, deform: false, code_noise: [0.0; 2], mirror: false, weight_schedule: WeightSchedule::Constant,
    }
    OrthConfig { form: OrthForm::CrossCorr, weight: 1.0 }
    PoseConfig {
        batch_size: 10, num_negatives: 100, pos_in_denominator: true, negatives: PoseNegatives::Own,
        neg_aug: vec![PoseAug::Flip], neg_source: Vec::new(), source: vec![PoseSource::Flip],
        source_shares: Vec::new(), giver: PoseGiver::Own, pairs: String::new(), crop: false, bn_joint: true, loss: PoseLoss::Pose,
    }
    FaceConfig { views: FaceViews::Quadrant, positive: FacePositive::Own, enabled: true, recon_weight: 0.0 }
    ClConfig { tau: 0.07, reduction: Reduction::Mean }
    NegInterpConfig { alpha: 1.6, branches: vec![Branch::Face, Branch::Pose] }
    AlternatingConfig { touch_all: true }
    AugConfig {
        jitter_p: 0.8, jitter_factor: [0.2, 1.8], jitter_hue: 0.2, gray_p: 0.2, blur_p: 0.8,
        blur_sigma: [0.1, 2.0], edge_p: 0.6,
    }
    DwaConfig { mode: DwaMode::Dynamic, t: 2.0, start_epoch: 3, alpha_pose: 0.1 }
    BatchConfig { recon: 256, face: 256 }
    OptimizerConfig {
        lr: 1e-4, weight_decay: 1e-3, betas: [0.9, 0.999], eps: 1e-8, clip_norm: 0.0,
        schedule: Schedule::Cosine,
    }
    MemoryConfig { chunk: 64 }
    CheckpointConfig { every_steps: 500, keep: 3 }
    SnapshotConfig { every_steps: 200, faces: 8 }
    VoxConfig { unit: VoxUnit::Video }
    DataConfig { layout: Layout::Auto, list: String::new(), cache_px: 160, strict: false, exclude: Vec::new(), people: 64 }
    KnowledgeConfig { pictures: 1000, every_steps: 0, time_share: 0.05, data: String::new() }
    EvalConfig { feature: Feature::Fs, same_length: false }
    ProbeConfig { shuffle: true, select: ProbeSelect::Last, epochs: 300 }
    PoseProbeConfig {
        lr: 1e-3, schedule: Schedule::Constant, batch_size: 128, aug: PoseProbeAug::None,
        columns: PoseColumns::YawPitchRoll, bgr_to_rgb: true,
    }
    VerifyConfig {
        mode: VerifyMode::Direct, threshold: VerifyThreshold::Kfold, theta: 0.5, crop: 1.0,
    }
    VizConfig { model: VizModel::Training }
}
