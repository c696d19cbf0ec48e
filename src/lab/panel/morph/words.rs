//! Sentences of the panels that ask the network about a face.

use crate::lab::state::{Face, LabState, Phase, Source};

/// What a face is called.
pub fn name(face: &Face) -> String {
    match face.id.is_photo() {
        true => face.name.clone(),
        false => format!("face {}", face.name),
    }
}

/// Why there is nobody to ask; `None` while there is somebody.
pub fn nobody_to_ask(state: &LabState) -> Option<&'static str> {
    if state.can_ask {
        return None;
    }
    Some(match (state.source, &state.phase) {
        (Source::Replay, _) => {
            "The network of this run is being opened. If that fails, the panel Run says why."
        }
        (Source::Live, Phase::Preparing(_)) => "The network answers once training has begun.",
        (Source::Live, _) => "Training has ended, so there is no network to ask any more.",
    })
}

/// What stands where a picture will be.
pub fn waiting(state: &LabState) -> &'static str {
    nobody_to_ask(state).unwrap_or("Asking the network…")
}

/// Before the faces of the run are known.
pub fn no_faces(state: &LabState) -> &'static str {
    nobody_to_ask(state).unwrap_or("The faces to choose from appear when training begins.")
}
