//! Gradients by name, the optimiser and its schedule (METHODS 1.10).

mod adam;
mod grads;
mod scale;
mod schedule;

pub use adam::{Adam, AdamOptions};
pub use grads::Grads;
pub use scale::LossScale;
pub use schedule::learning_rate;
