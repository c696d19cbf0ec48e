//! What a step of the lesson invites to try.

use crate::lab::desk::Desk;
use crate::lab::state::{LabState, Phase, Source};
use crate::train::event::{Control, LiveSetting, Part};

/// An invitation.
pub(super) struct Experiment {
    /// What to do and what to look for.
    pub invitation: &'static str,
    /// What a button can do; the rest is done in the panels beside the card.
    pub action: Option<Action>,
}

/// What an experiment does to the training.
#[derive(Clone, Copy)]
pub(super) enum Action {
    /// Wait, then make exactly one step.
    OneStep,
    /// Train one part alone.
    Train(Part),
    /// Let L_orth count nothing.
    OrthOff,
    /// Take α_pose and α_face over.
    Alphas(f64, f64),
}

/// How to take back what an experiment changed.
pub(super) struct Undo {
    /// The button.
    pub button: &'static str,
    /// What the trainer is told.
    pub controls: Vec<Control>,
}

impl Action {
    /// The button that does it.
    pub fn button(self) -> &'static str {
        match self {
            Self::OneStep => "Pause and make one step",
            Self::Train(Part::All) => "Train everything",
            Self::Train(Part::Reconstruction) => "Train only the pictures",
            Self::Train(Part::Face) => "Train only the face code",
            Self::Train(Part::Pose) => "Train only the pose code",
            Self::OrthOff => "Switch this loss off",
            Self::Alphas(..) => "Set the weights by hand",
        }
    }

    /// Why it cannot be done at present.
    pub fn obstacle(self, state: &LabState) -> Option<&'static str> {
        if state.source == Source::Replay {
            return Some("This is a record of a run: an experiment needs a run that is alive.");
        }
        let off = state.orth_weight() == Some(0.0);
        match (&state.phase, self) {
            (Phase::Stopped(_), _) => Some("The training has ended."),
            (Phase::Finished, _) => Some("All steps are done; under Run you can train longer."),
            (_, Self::OrthOff) if off => Some("It is switched off already."),
            _ => None,
        }
    }

    /// Does it, and returns how to take it back: what was before, not what is usual.
    pub fn act(self, state: &LabState, desk: &mut Desk) -> Option<Undo> {
        let setting = |button, setting| {
            Some(Undo {
                button,
                controls: vec![Control::Set(setting)],
            })
        };
        match self {
            Self::OneStep => {
                let waits = state.phase == Phase::Paused;
                if !waits {
                    desk.tell(Control::Pause);
                }
                desk.tell(Control::SingleStep);
                (!waits).then_some(Undo {
                    button: "Let the training go on",
                    controls: vec![Control::Run],
                })
            }
            Self::Train(part) => {
                desk.set(LiveSetting::Train(part));
                let before = state.part();
                setting("Train as before", LiveSetting::Train(before))
            }
            Self::OrthOff => {
                desk.set(LiveSetting::OrthWeight(0.0));
                let before = state.orth_weight().unwrap_or(1.0);
                setting("Switch it on again", LiveSetting::OrthWeight(before))
            }
            Self::Alphas(pose, face) => {
                desk.set(LiveSetting::Alphas(Some((pose, face))));
                let before = state.alphas_by_hand();
                setting("Give the weights back", LiveSetting::Alphas(before))
            }
        }
    }
}
