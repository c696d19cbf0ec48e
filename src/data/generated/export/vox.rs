//! `vox` and `folder`: clips as folders, or everything in one folder.

use super::plan::{List, Plan, shots};
use crate::data::generated::{CLIPS, GeneratedFaces};

/// `id00003/clip02/00005.jpg`, and `clips.txt` with one clip per line for pre-training.
pub fn clips(faces: &GeneratedFaces) -> Plan {
    let people = 0..faces.identities();
    let clips = people
        .clone()
        .flat_map(|person| (0..CLIPS).map(move |clip| format!("id{person:05}/clip{clip:02}")));
    Plan {
        lists: vec![List::new("clips.txt", clips)],
        shots: shots(faces, people, |person, clip, frame| {
            format!("id{person:05}/clip{clip:02}/{frame:05}.jpg")
        }),
    }
}

/// `images/id00003_clip02_frame05.jpg`.
pub fn folder(faces: &GeneratedFaces) -> Plan {
    Plan {
        lists: Vec::new(),
        shots: shots(faces, 0..faces.identities(), |person, clip, frame| {
            format!("images/id{person:05}_clip{clip:02}_frame{frame:02}.jpg")
        }),
    }
}
