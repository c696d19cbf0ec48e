//! Learning rate over epochs.

use crate::config::Schedule;

/// Learning rate of epoch `epoch`, counted from 0, of `epochs`: ½ lr (1 + cos(π e / E)).
pub fn learning_rate(schedule: Schedule, base: f64, epoch: u32, epochs: u32) -> f64 {
    match schedule {
        Schedule::Constant => base,
        Schedule::Cosine => {
            // A run prolonged past its schedule stays at the end of it instead of rising again.
            let e = epoch.min(epochs) as f64;
            0.5 * base * (1.0 + (std::f64::consts::PI * e / epochs.max(1) as f64).cos())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_and_middle() {
        let lr = |e| learning_rate(Schedule::Cosine, 1e-4, e, 1000);
        assert_eq!(lr(0), 1e-4);
        assert!((lr(500) - 5e-5).abs() < 1e-12);
        assert!(lr(999) > 0.0 && lr(999) < 1e-9);
        assert_eq!(lr(1500), lr(1000));
    }
}
