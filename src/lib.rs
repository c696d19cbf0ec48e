//! Visage trains pose-disentangled contrastive learning (PCL, CVPR 2023) on faces, on any GPU
//! through wgpu and on the CPU.
//!
//! The rooms stand in the order data flows through them:
//!
//! ```text
//! data ─▶ augment ─▶ model ─▶ loss ─▶ train ─▶ events ─▶ record, term, lab
//!            └── ops (kernels)   optim ──┘ ◀─ controls ─────────────┘
//! data::labelled ─▶ eval ─▶ figure     bench ─▶ train, its clock in hand
//!   checkpoint ─▶ networks ─▶ eval, lab
//! ```
//!
//! | Symbol | Meaning |
//! |---|---|
//! | s, ŝ | an image, and the same person in another pose: its horizontal flip, or what `pose.source` names |
//! | B | backbone; F_s = B(s) |
//! | g_f, g_p | face and pose subnet; F_f = g_f(F_s), F_p = g_p(F_s) |
//! | h_f, h_p | projection heads |
//! | D | reconstruction network |
//! | N | images of a batch |
//! | M | pose negatives per image |
//! | b, C, H, W | axes of a tensor: batch, channels, height, width |
//! | d | length of a code |
//! | τ | temperature of the contrastive losses |
//! | α_pose, α_face | weights of the contrastive losses |
//!
//! "S003" and "S000" name the PCL paper and its supplement, "METHODS" the specification this crate
//! was built from; a row is one of its table "paper versus released code".

pub mod augment;
pub mod bench;
pub mod cli;
pub mod config;
pub mod data;
pub mod device;
pub mod eval;
pub mod figure;
pub mod lab;
pub mod loss;
pub mod model;
pub mod networks;
pub mod ops;
pub mod optim;
pub mod record;
pub mod rng;
pub mod run;
pub mod term;
pub mod train;
pub mod weights;
