//! The options that are named rather than numbered, one enum each.
//!
//! Rows are those of the table "paper versus released code" that a key settles.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Declares a unit-only enum that is written in `snake_case` in files and on the command line.
macro_rules! choice {
    ($(#[$meta:meta])* $name:ident { $($(#[$vmeta:meta])* $variant:ident),+ $(,)? } default $default:ident) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum $name { $($(#[$vmeta])* $variant),+ }
        impl Default for $name {
            fn default() -> Self { Self::$default }
        }
        impl fmt::Display for $name {
            /// As in files and on the command line.
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { self.serialize(f) }
        }
    };
}

choice! {
    /// Encoder variant (row 1).
    Backbone {
        /// 256-channel trunk, two subnets 256→128→128: 3,059,712 parameters, F_s 4096-d at 64 px.
        FacecyclePaper,
        /// 128-channel trunk, two subnets 128→128→128: 2,469,760 parameters, F_s 2048-d.
        FacecycleReleased,
        /// 256-channel trunk, one tail 256→256→128 whose output is F_s.
        FacecycleOriginal,
        /// Dense layers on the principal components of small pictures, F_s and codes as long as those
        /// of `facecycle_paper`. Not in the paper, which leaves the backbone open.
        Dense,
    } default FacecyclePaper
}
choice! {
    /// Numbers of the training step (row 22).
    Precision {
        /// 32-bit floats throughout.
        F32,
        /// Maps between layers are stored as 16-bit floats, on GPUs that have them, and the loss is
        /// scaled so that small gradients do not vanish. Weights, sums, codes and losses are 32-bit.
        F16,
    } default F32
}
impl Precision {
    /// Bytes of one number of a map.
    pub fn bytes(self) -> f64 {
        match self {
            Self::F32 => 4.0,
            Self::F16 => 2.0,
        }
    }
}
choice! {
    /// How the three branches reach the optimiser (row 14).
    StepMode {
        /// Gradients of all branches are added, then one Adam update (S003 Eq. 7).
        Joint,
        /// Three Adam updates per iteration: reconstruction, face, pose (released code).
        Alternating,
    } default Joint
}
choice! {
    /// How F_f and F_p are put together before D (row 3).
    Combine {
        /// L2-normalised sum.
        SumL2,
        /// Plain sum.
        Sum,
        /// Concatenation (D's first layer doubles its input).
        Concat,
        /// Each code divided by its root mean square, then a concatenation: neither can outweigh
        /// the other, and `recon.code_noise` means the same share of both.
        UnitConcat,
    } default SumL2
}
choice! {
    /// Mean or sum, for L_dis (row 7) and for the contrastive losses (row 9).
    Reduction {
        /// Mean over all elements (L_dis) or anchors (contrastive losses).
        Mean,
        /// Sum over the elements of an image, mean over images (L_dis); sum of the two directions,
        /// mean over pairs (contrastive losses).
        Sum,
    } default Mean
}
choice! {
    /// Weight of L_dis over time (row 34).
    WeightSchedule {
        /// Always 1.
        Constant,
        /// The released code's unused helper: up to epoch 200 2(σ(e/5) − ½), later exp(−(e − 200)/5).
        RiseFall,
    } default Constant
}
choice! {
    /// Form of L_orth (row 6).
    OrthForm {
        /// Mean squared entry of the batch cross-correlation of centred unit rows.
        CrossCorr,
        /// S003 Eq. 3 on centred unit rows.
        Eq3Norm,
        /// S003 Eq. 3 on raw features, as printed.
        Eq3Raw,
    } default CrossCorr
}
choice! {
    /// Whose flipped views an anchor of L_pose is compared with (row 10).
    PoseNegatives {
        /// All M views come from the anchor's own image.
        Own,
        /// The released code's indexing: most views belong to the other images of the batch.
        ReleasedMixed,
    } default Own
}
choice! {
    /// Geometric changes that make a pose negative (row 17).
    PoseAug {
        /// Horizontal flip.
        Flip,
        /// Rotation by up to ±40°.
        Rotate,
        /// Translation by up to ±10 % of the side.
        Translate,
    } default Flip
}
choice! {
    /// Where a picture in another pose comes from: ŝ of the reconstruction, negatives of L_pose (row 17).
    PoseSource {
        /// The best the data offer; settled when training begins.
        Auto,
        /// The picture itself, mirrored.
        Flip,
        /// The picture itself, rotated by up to ±40°; not mirrored.
        Rotate,
        /// The picture itself, shifted by up to ±10 % of the side; not mirrored.
        Translate,
        /// Another frame of the same clip.
        Clip,
        /// Another picture of the same person, of another clip where there is one.
        Person,
        /// The other file of a pair that `pose.pairs` lists; of generated faces the same moment
        /// with the head turned.
        Pairs,
    } default Flip
}
choice! {
    /// Whose pose code draws ŝ in t2.
    PoseGiver {
        /// That of ŝ itself.
        Own,
        /// That of another person in the same pose, so that a pose code means the same of everybody.
        /// Generated faces with `pose.source = ["pairs"]` only.
        Twin,
        /// The best the data offer; settled when training begins.
        Auto,
    } default Own
}
choice! {
    /// Where the second view of L_face is cut from.
    FacePositive {
        /// The picture of the first one.
        Own,
        /// The best the data offer, or the picture itself; settled when training begins.
        Auto,
        /// As [`PoseSource::Clip`].
        Clip,
        /// As [`PoseSource::Person`].
        Person,
        /// As [`PoseSource::Pairs`].
        Pairs,
    } default Own
}
choice! {
    /// The loss on the pose branch.
    PoseLoss {
        /// L_pose (S003 Eq. 5).
        Pose,
        /// An ordinary contrastive loss like L_face, on h_p(F_p): rows 1–3 of S003 Table 5.
        FaceStyle,
        /// No loss on the pose branch.
        Off,
    } default Pose
}
choice! {
    /// How the two views of the face stream are cut (row 15).
    FaceViews {
        /// Two crops of 40 % of the side from two different quadrants.
        Quadrant,
        /// Two independent random resized crops, area 8–100 %, aspect 3/4–4/3.
        RandomResized,
    } default Quadrant
}
choice! {
    /// A branch with a contrastive loss.
    Branch {
        /// L_face on h_f(F_f).
        Face,
        /// L_pose on h_p(F_p).
        Pose,
    } default Face
}
choice! {
    /// How α_pose and α_face are chosen.
    DwaMode {
        /// Dynamic weight average (S000 Eq. 1).
        Dynamic,
        /// Fixed: α_pose as given, α_face = 1 − α_pose (S000 Table 1).
        Manual,
        /// Both 1.
        Off,
    } default Dynamic
}
choice! {
    /// Learning-rate schedule.
    Schedule {
        /// ½ lr (1 + cos(π e / E)), stepped once per epoch.
        Cosine,
        /// No change.
        Constant,
    } default Cosine
}
choice! {
    /// What one entry of a video list is (row 23).
    VoxUnit {
        /// A (person, video) directory: one random clip, then one random frame of it, per visit.
        Video,
        /// A clip directory: one random frame per visit.
        Clip,
        /// Every frame by itself.
        Frame,
    } default Video
}
choice! {
    /// On-disk layout of the training faces.
    Layout {
        /// A list file makes it `vox`; otherwise any folder of images at any depth.
        Auto,
        /// Every image below the folder, at any depth, is one item.
        Folder,
        /// `data.list` names one directory per line; see `vox.unit`.
        Vox,
        /// Every sub-directory is one item: one random image of it per visit.
        Casia,
        /// `data.list` with lines `train_00001.jpg 5`; files `<stem>_aligned.jpg`.
        Rafdb,
        /// `data.list` with lines `path,expression,pose`.
        Bu3dfe,
    } default Auto
}
choice! {
    /// Feature used by the evaluation protocols (row 24).
    Feature {
        /// F_s.
        Fs,
        /// F_f.
        Ff,
        /// F_p.
        Fp,
        /// F_f + F_p.
        FfPlusFp,
    } default Fs
}
choice! {
    /// Which epoch of a probe is reported as its result (row 25).
    ProbeSelect {
        /// The last one.
        Last,
        /// The best on the test set, as the released code does.
        BestTest,
    } default Last
}
choice! {
    /// Augmentation of the head-pose probe (row 27).
    PoseProbeAug {
        /// None on either split.
        None,
        /// The random chain on the training split.
        Train,
        /// The random chain on the test split, as the released code does.
        ReleasedTest,
    } default None
}
choice! {
    /// Names of the three columns of `pose` in the npz files (row 28).
    PoseColumns {
        /// Yaw, pitch, roll, as the files are written.
        YawPitchRoll,
        /// Pitch, yaw, roll, as the released code logs them.
        PitchYawRoll,
    } default YawPitchRoll
}
choice! {
    /// What compares two faces in verification (METHODS 2.2).
    VerifyMode {
        /// Cosine similarity of the two features.
        Direct,
        /// A linear layer trained on the pairs of nine folds, then cosine similarity.
        LinearPairs,
    } default Direct
}
choice! {
    /// How the verification threshold is found (row 30).
    VerifyThreshold {
        /// Nine folds fit it, one tests it.
        Kfold,
        /// One fixed threshold.
        Fixed,
    } default Kfold
}
choice! {
    /// Which network draws the reconstruction figure (row 32).
    VizModel {
        /// The training model; a single code enters D normalised.
        Training,
        /// The released figure's recipe for single codes: the code added to itself.
        Released,
    } default Training
}
