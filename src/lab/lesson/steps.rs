//! What the lesson says.

use super::experiment::{Action, Experiment};
use super::now;
use crate::lab::panel::PanelKind;
use crate::lab::state::LabState;
use crate::train::event::Part;

/// One step of the tour.
pub(super) struct Step {
    /// A few words.
    pub title: &'static str,
    /// Two or three sentences; symbols between backticks.
    pub text: &'static str,
    /// How it stands at present, where numbers help.
    pub now: fn(&LabState) -> Option<String>,
    /// One or two panels to look at.
    pub panels: &'static [PanelKind],
    /// Something to try.
    pub experiment: Experiment,
}

/// The tour.
pub(super) const STEPS: [Step; 9] = [
    Step {
        title: "What the network sees",
        text: "In every step the network is shown small pictures of faces, 64 dots wide and \
               high. Nobody tells it a name, an age or where a head looks. It turns each picture \
               into a row of numbers, the code `F_s`, and what is not in there is lost.",
        now: now::pictures,
        panels: &[PanelKind::Data, PanelKind::Faces],
        experiment: Experiment {
            invitation: "Stop the training, make a single step, and look at the pictures of \
                         that step under Data.",
            action: Some(Action::OneStep),
        },
    },
    Step {
        title: "Learning without names",
        text: "Two views are made of one face: cut out differently, in other colours, blurred, or \
               only as edges. Their codes should be alike, and those of other faces should differ; \
               this is contrastive learning. `L_face` says how far from that the codes still are.",
        now: now::face_loss,
        panels: &[PanelKind::Losses, PanelKind::Data],
        experiment: Experiment {
            invitation: "Train nothing but this for a minute. How far does `L_face` fall?",
            action: Some(Action::Train(Part::Face)),
        },
    },
    Step {
        title: "Why the pose gets in the way",
        text: "Contrastive learning that takes a mirrored face for just another view learns to \
               overlook where a head points. Some questions need the pose, though, and without it \
               the rest is described less well. So PCL draws two codes from `F_s`: `F_p` for the \
               pose and `F_f` for the face without it.",
        now: now::nothing,
        panels: &[PanelKind::Map],
        experiment: Experiment {
            invitation: "Colour the map by where the heads look. Which code brings heads together \
                         that look the same way?",
            action: None,
        },
    },
    Step {
        title: "A second pose of the same person",
        text: "`s^` is the same person with the same smile, but the head points another way: the \
               mirrored face, or where the data have one, another picture of that person. So \
               nobody has to write down any pose: between the two, little else is different. `F_f` \
               should be the same for both, and `F_p` should not.",
        now: now::nothing,
        panels: &[PanelKind::Faces],
        experiment: Experiment {
            invitation: "Find a face that is turned far to one side and compare the columns `s` \
                         and `s^`.",
            action: None,
        },
    },
    Step {
        title: "Swapping codes",
        text: "`D` paints the picture that a face code and a pose code describe. It has to paint \
               `s` and `s^` from their codes in all four mixtures, and `L_dis` adds up how far off \
               the four pictures are. That can only work out if the pose is in `F_p` and all else \
               in `F_f`.",
        now: now::rebuilding,
        panels: &[PanelKind::Faces, PanelKind::Morph],
        experiment: Experiment {
            invitation: "Find a swap in the swap matrix that went wrong. Train nothing but this \
                         for a minute: does it get better?",
            action: Some(Action::Train(Part::Reconstruction)),
        },
    },
    Step {
        title: "Two codes, two subjects",
        text: "If both codes said the same, nothing would be separated. `L_orth` is small when the \
               one says nothing about the other, as two arrows at a right angle have no direction \
               in common. Its weight decides how much that counts.",
        now: now::orthogonality,
        panels: &[PanelKind::Losses, PanelKind::Run],
        experiment: Experiment {
            invitation: "Switch it off for a minute. Does its curve rise? Where its share is tiny, \
                         hardly.",
            action: Some(Action::OrthOff),
        },
    },
    Step {
        title: "Learning where a head points",
        text: "`F_p` has a contest of its own: two views of a face should be alike, and views of \
               the person in another pose, its mirror image for one, should differ from them. The \
               person is the same in both, so what differs must tell them apart, above all the \
               pose. `L_pose` says how far from that the codes still are.",
        now: now::pose_loss,
        panels: &[PanelKind::Losses, PanelKind::Data],
        experiment: Experiment {
            invitation: "Train nothing but this for a minute. How far does `L_pose` fall?",
            action: Some(Action::Train(Part::Pose)),
        },
    },
    Step {
        title: "Keeping the balance",
        text: "`L_pose` and `L_face` pull at the same network, so it matters how much each counts. \
               After every epoch `DWA` looks which of them fell more slowly and lets it count more \
               in the next. The weights `α_pose` and `α_face` add up to\u{a0}2.",
        now: now::balance,
        panels: &[PanelKind::Balance, PanelKind::Losses],
        experiment: Experiment {
            invitation: "Let the pose count nine times as much as the face. Which loss falls \
                         faster now?",
            action: Some(Action::Alphas(1.8, 0.2)),
        },
    },
    Step {
        title: "What the codes know now",
        text: "The test is done on people whom training never shows. If the codes were perfect, \
               `F_p` would find heads that look the same way, and `F_f` the same person in \
               another pose. After a few minutes expect a small difference between them, not a \
               perfect one.",
        now: now::knowledge,
        panels: &[PanelKind::Knowledge, PanelKind::Map],
        experiment: Experiment {
            invitation: "Find two faces in the map that lie together although they should not. \
                         What do they share?",
            action: None,
        },
    },
];
