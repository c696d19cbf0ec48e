//! What a trained network is worth: live measurements, the protocols of the paper, their tables.
//!
//! ```text
//! labelled pictures ─▶ input ─▶ encode ─▶ features (store) ─┬▶ probe     what each code knows
//!  (data::labelled)                                         └▶ protocol  ─▶ head, verify, metric
//!                                                                 └▶ report  beside `quoted`
//! ```
//!
//! Everything to the right of `encode` works on plain numbers; no tensor is needed there, and
//! nothing there can change the encoder.

pub mod bench;
pub mod encode;
mod error;
pub mod faces;
pub mod head;
pub mod input;
pub mod knowledge;
pub mod matrix;
pub mod metric;
mod pose_chain;
pub mod probe;
mod product;
pub mod protocol;
pub mod quoted;
pub mod report;
pub mod rows;
pub mod store;
pub mod trained;
mod tuner;
pub mod verify;

pub use error::{EvalError, without_unusable};
