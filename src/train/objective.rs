//! Which losses a step has, resolved from the configuration.

use super::event::Part;
use super::step::Stream;
use crate::config::{Combine, OrthForm, PoseLoss, PoseNegatives, Reduction, RunConfig};
use crate::loss::ContrastiveOptions;
use crate::loss::balance::Alphas;

/// The loss part of a configuration.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Objective {
    /// Which of t1…t4 take part.
    pub terms: [bool; 4],
    /// One D call on all codes, or one per term.
    pub recon_bn_joint: bool,
    /// Reduction of the L1 norm.
    pub recon_reduction: Reduction,
    /// How the codes enter D.
    pub combine: Combine,
    /// Whether L_orth takes part.
    pub orth: bool,
    /// Its form.
    pub orth_form: OrthForm,
    /// Whether L_face takes part.
    pub face: bool,
    /// Weight of its part over the codes of the reconstruction.
    pub face_recon_weight: f64,
    /// The loss on the pose branch.
    pub pose_loss: PoseLoss,
    /// Whose negatives L_pose uses.
    pub pose_negatives: PoseNegatives,
    /// One h_p call on positives and negatives together.
    pub pose_bn_joint: bool,
    /// τ, reduction and denominator.
    pub contrastive: ContrastiveOptions,
}

/// Factors of the loss terms in one step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Weights {
    /// Of L_dis.
    pub recon: f64,
    /// Of L_orth.
    pub orth: f64,
    /// α_pose and α_face.
    pub alphas: Alphas,
}

impl Weights {
    /// All of them times `factor`, and with them all gradients.
    pub fn scaled(self, factor: f64) -> Self {
        let Alphas { pose, face } = self.alphas;
        Self {
            recon: self.recon * factor,
            orth: self.orth * factor,
            alphas: Alphas {
                pose: pose * factor,
                face: face * factor,
            },
        }
    }
}

impl From<&RunConfig> for Objective {
    fn from(c: &RunConfig) -> Self {
        Self {
            terms: c.recon.terms,
            recon_bn_joint: c.recon.bn_joint,
            recon_reduction: c.recon.reduction,
            combine: c.recon.combine,
            orth: c.orth.weight != 0.0,
            orth_form: c.orth.form,
            face: c.face.enabled,
            face_recon_weight: c.face.recon_weight,
            pose_loss: c.pose.loss,
            pose_negatives: c.pose.negatives,
            pose_bn_joint: c.pose.bn_joint,
            contrastive: ContrastiveOptions {
                tau: c.cl.tau,
                reduction: c.cl.reduction,
                pos_in_denominator: c.pose.pos_in_denominator,
            },
        }
    }
}

impl Objective {
    /// The reconstruction-only objective of the warm-up: t1–t3, no L_orth, no contrastive loss
    /// (METHODS table 1.13, row 33).
    pub fn warm_up(self) -> Self {
        let [t1, t2, t3, _] = self.terms;
        Self {
            terms: [t1, t2, t3, false],
            orth: false,
            face: false,
            pose_loss: PoseLoss::Off,
            ..self
        }
    }

    /// The part of the objective that is trained at present.
    pub fn only(self, part: Part) -> Self {
        let keeps = |stream| match part {
            Part::All => true,
            Part::Reconstruction => stream == Stream::Recon,
            Part::Face => stream == Stream::Face,
            Part::Pose => stream == Stream::Pose,
        };
        Self {
            terms: self.terms.map(|term| term && keeps(Stream::Recon)),
            orth: self.orth && keeps(Stream::Recon),
            face: self.face && keeps(Stream::Face),
            pose_loss: if keeps(Stream::Pose) {
                self.pose_loss
            } else {
                PoseLoss::Off
            },
            ..self
        }
    }

    /// Whether L_face is also taken over the codes of the reconstruction.
    pub fn face_over_recon(&self) -> bool {
        self.face && self.face_recon_weight > 0.0
    }

    /// Whether a stream has anything to minimise.
    pub fn takes_part(&self, stream: Stream) -> bool {
        match stream {
            Stream::Recon => self.orth || self.face_over_recon() || self.terms.contains(&true),
            Stream::Face => self.face,
            Stream::Pose => self.pose_loss != PoseLoss::Off,
        }
    }
}
