//! Numbers as one says them.

pub(in crate::lab) use crate::term::words::{count, duration};

use crate::lab::state::{LabState, Phase, Source};
use crate::train::event::{Part, StopReason};

/// Two significant digits without an exponent: `0.00032`, `1.5`, `480`.
pub(in crate::lab) fn significant(number: f64) -> String {
    if number == 0.0 || !number.is_finite() {
        return number.to_string();
    }
    let decimals = (1 - number.abs().log10().floor() as i32).clamp(0, 12);
    let text = format!("{number:.*}", decimals as usize);
    match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text,
    }
}

/// `620 MB`, `1.4 GB`.
pub(super) fn bytes(number: usize) -> String {
    let megabytes = number as f64 / 1e6;
    if megabytes < 1000.0 {
        format!("{megabytes:.0} MB")
    } else {
        format!("{:.1} GB", megabytes / 1000.0)
    }
}

/// Milliseconds with as many digits as one can tell apart.
pub(super) fn milliseconds(ms: f64) -> String {
    if ms < 10.0 {
        format!("{ms:.1} ms")
    } else if ms < 10_000.0 {
        format!("{ms:.0} ms")
    } else {
        format!("{:.1} s", ms / 1000.0)
    }
}

/// What the run is doing.
pub(super) fn phase(state: &LabState) -> String {
    if state.source == Source::Replay {
        return match state.replay {
            Some((_, speed)) if speed > 0.0 => format!("Replay, {} steps/s", significant(speed)),
            _ => "Replay, paused".into(),
        };
    }
    match &state.phase {
        Phase::Preparing(what) => what.clone(),
        Phase::Running => match state.part() {
            Part::All => "Training".into(),
            part => format!("Training {}", part_words(part)),
        },
        Phase::Paused => "Paused".into(),
        Phase::Finished if state.network.is_some() => "Trained network".into(),
        Phase::Finished => "All steps are done".into(),
        Phase::Stopped(StopReason::Finished) => "Finished".into(),
        Phase::Stopped(StopReason::Interrupted) => "Stopped".into(),
        Phase::Stopped(StopReason::Unsaved { .. }) => "Not saved".into(),
        Phase::Stopped(StopReason::Unusable { .. } | StopReason::Failed { .. }) => "Failed".into(),
    }
}

/// The choices of what to train.
pub(super) fn part_words(part: Part) -> &'static str {
    match part {
        Part::All => "everything",
        Part::Reconstruction => "only reconstruction",
        Part::Face => "only the face branch",
        Part::Pose => "only the pose branch",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_words() {
        let rates = [0.0, 3.2e-4, 1e-3, 0.0999, 1.5, 20.0, 481.0].map(significant);
        assert_eq!(rates, ["0", "0.00032", "0.001", "0.1", "1.5", "20", "481"]);
        let sizes = [620_000_000, 1_440_000_000].map(bytes);
        assert_eq!(sizes, ["620 MB", "1.4 GB"]);
        let times = [0.42, 320.4, 65_000.0].map(milliseconds);
        assert_eq!(times, ["0.4 ms", "320 ms", "65.0 s"]);
    }
}
