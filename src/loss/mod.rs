//! What PCL minimises (METHODS 1.8, 1.9). Nothing in here touches files or devices.
//!
//! L = Σ t_k + L_orth + α_pose·L_pose + α_face·L_face  (S003 Eq. 4, 7)

pub mod balance;
mod contrastive;
mod interpolate;
mod orthogonal;
mod reconstruction;

pub use contrastive::{
    ContrastiveOptions, chance_face, chance_face_among, chance_pose, l_face, l_face_among,
    l_face_plain, l_pose, l_pose_plain, mix_blocks,
};
pub(crate) use contrastive::{l_face_as_one, l_pose_as_one};
pub use interpolate::Mix;
pub use orthogonal::l_orth;
pub use reconstruction::{RECON_ORDER, l1, recon_weight};
