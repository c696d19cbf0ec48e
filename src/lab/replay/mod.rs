//! A run's folder, played again: at any speed, from any step, without the network.
//!
//! ```text
//! metrics.csv ── steps ──┐
//! events.jsonl ─ others ─┼─▶ Replay ─▶ Player ─▶ events ─▶ state
//! faces/*.png ── pixels ─┘ (when the player gets there)
//! ```
//!
//! The player brings the events in the order in which they happened, so the window cannot tell a
//! replay from a trainer, except that there is nobody to ask.

mod error;
mod events;
mod feed;
mod pictures;
mod player;
mod read;
mod remarks;
mod tables;
#[cfg(test)]
mod tests;

pub use error::ReplayError;
pub use feed::Feed;
pub use player::{Player, Seek};
pub use read::Replay;
