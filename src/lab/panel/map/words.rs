//! Why there is no map yet.

use crate::lab::state::{LabState, Phase, Source};

/// What is to be said while there are no codes.
pub fn empty(state: &LabState) -> String {
    let text = match (&state.phase, state.source) {
        (_, Source::Replay) if !state.can_ask => {
            "A replay has no network to ask for codes. The map appears where a training runs, or \
             a checkpoint is there to ask."
        }
        (Phase::Stopped(_), _) => "Training has stopped before the codes were asked for.",
        (Phase::Preparing(_), _) => {
            "After the first step: every face as a point; faces whose codes are alike lie close \
             together."
        }
        _ if !state.can_ask => "There is no network to ask for codes at the moment.",
        _ => "The network is being asked for the codes of some faces; the map appears in a moment.",
    };
    text.into()
}
