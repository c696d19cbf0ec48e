//! Training: the loop, what it says, what it can be told, and what it leaves on disk.
//!
//! ```text
//! loader ─▶ views on the device ─▶ three streams of gradients ─▶ Adam ─▶ events
//!           (ops)                  (step, objective)             (optim)  (event)
//! ```
//!
//! One thread owns every tensor: the one that calls [`Trainer::run`]. It speaks through
//! [`event::Event`] and listens to [`event::Control`]; it never knows who is there.

pub mod ask;
pub mod checkpoint;
pub mod event;
mod knowledge;
pub mod objective;
pub mod phase;
pub mod plan;
mod principal;
pub(crate) mod snapshot;
pub mod step;
mod studio;
mod trainer;
pub(crate) mod upload;

pub use trainer::{Job, TrainError, Trainer};
