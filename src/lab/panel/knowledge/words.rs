//! Why there is no table yet.

use crate::lab::state::{LabState, Source};
use crate::train::ask::{Question, Reply};

/// How warnings begin that say why nothing can be measured.
const NOT_MEASURED: &str = "What the codes know is not measured";

/// Whether the configuration switches the measurement off.
pub fn is_off(state: &LabState) -> bool {
    let config = state.config.as_ref();
    config.is_some_and(|config| config.knowledge.pictures == 0)
}

/// Whether a trained network waits for its first measurement: nothing has to happen before.
pub fn is_first(state: &LabState) -> bool {
    state.network.is_some() && state.can_ask && state.knowledge.is_empty()
}

/// What is to be said while nothing was measured.
pub fn empty(state: &LabState) -> String {
    if is_off(state) {
        return "What the codes know is not measured in this run: knowledge.pictures is 0 in its \
                configuration."
            .into();
    }
    if let Some(reason) = refusal(state).or_else(|| warning(state)) {
        return reason;
    }
    if is_first(state) {
        return "In a moment: how well each code tells the pose, the person and the expression."
            .into();
    }
    if is_missed(state) {
        return "Nothing was measured at the end of the first epoch: the faces have no labels. A \
                file labels.csv beside the faces gives them labels, or knowledge.data in the \
                configuration names a folder that has some."
            .into();
    }
    if state.source == Source::Replay {
        return "The record holds no measurement up to this step.".into();
    }
    if !state.is_alive() {
        return "Training has stopped before anything was measured.".into();
    }
    let first = state.info.as_ref().map(|info| info.steps_per_epoch);
    let epoch = match first {
        Some(steps) if state.step < steps => format!("After the first epoch (step {steps})"),
        _ => "After this epoch".into(),
    };
    format!("{epoch}: how well each code tells the pose, the person and the expression.")
}

/// Whether the end of an epoch went by without a measurement, which comes before the next step.
pub fn is_missed(state: &LabState) -> bool {
    let epoch = state.epochs.first();
    state.knowledge.is_empty() && epoch.is_some_and(|epoch| state.step > epoch.step)
}

/// What the trainer answered in place of a measurement.
pub fn refusal(state: &LabState) -> Option<String> {
    match &state.answers.like(&Question::Knowledge)?.reply {
        Reply::No(reason) => Some(reason.clone()),
        _ => None,
    }
}

fn warning(state: &LabState) -> Option<String> {
    let mut lines = state.log.lines().rev();
    let line = lines.find(|line| line.text.starts_with(NOT_MEASURED))?;
    Some(line.text.clone())
}
