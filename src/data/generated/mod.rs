//! An endless supply of generated faces with known truth.
//!
//! A parametric head — skull, features moved by facial action units, hair, ears, neck, spectacles —
//! is turned, lit and drawn on the CPU. [`render()`] draws any person in any state;
//! [`GeneratedFaces`] arranges people into short clips as a video data set would; [`export`] writes
//! them to disk in the layouts of reference data sets.
//!
//! Signs: `yaw_deg` > 0 looks to the right side of the picture, `pitch_deg` > 0 looks up,
//! `roll_deg` > 0 is clockwise in the picture.

mod clips;
pub mod export;
mod expression;
mod features;
mod hair;
mod head;
mod identity;
mod maths;
mod mesh;
mod paint;
mod paint_eyes;
mod parts;
mod people;
mod raster;
mod render;
mod shade;
#[cfg(test)]
mod tests;

pub use clips::{CLIPS, FRAMES, GeneratedFaces, Truth};
pub use expression::{ACTION_UNITS, Expression, FaceState};
pub use identity::{Glasses, Identity};
pub use maths::Vec3;
pub use render::render;
