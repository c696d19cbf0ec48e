//! DISFA (METHODS 2.3): one video per subject, the intensity of every action unit frame by frame.

use super::plan::{List, Plan, shots};
use crate::data::generated::{ACTION_UNITS, CLIPS, FRAMES, GeneratedFaces};

/// DISFA's subjects, a fold per row.
const SUBJECTS: [[usize; 9]; 3] = [
    [1, 2, 9, 10, 16, 26, 27, 30, 32],
    [6, 11, 12, 13, 18, 21, 24, 28, 31],
    [3, 4, 5, 7, 8, 17, 23, 25, 29],
];

/// Pictures `DISFA/SN001/0.jpg`, numbered from 0; files `ActionUnit_Labels/SN001/SN001_au1.txt` of
/// lines `frame,intensity`, numbered from 1, with whole intensities 0–5.
pub fn plan(faces: &GeneratedFaces) -> Plan {
    let people = 0..faces.identities();
    let mut lists = Vec::with_capacity(people.len() * ACTION_UNITS.len());
    for person in people.clone() {
        let frames: Vec<[f32; 8]> = (0..CLIPS * FRAMES)
            .map(|frame| faces.truth(faces.item(person, 0, frame)).au_intensity)
            .collect();
        let id = subject(person);
        for (index, unit) in ACTION_UNITS.iter().enumerate() {
            let lines = frames
                .iter()
                .zip(1..)
                .map(|(intensity, frame)| format!("{frame},{}", intensity[index].round()));
            let file = format!("ActionUnit_Labels/{id}/{id}_au{unit}.txt");
            lists.push(List::new(file, lines));
        }
    }
    Plan {
        lists,
        shots: shots(faces, people, |person, clip, frame| {
            format!("DISFA/{}/{}.jpg", subject(person), clip * FRAMES + frame)
        }),
    }
}

/// Name of a person: one of DISFA's subjects, taken from the three folds in turn; more people than
/// DISFA has get the numbers after its last.
pub(super) fn subject(person: usize) -> String {
    let known = SUBJECTS.len() * SUBJECTS[0].len();
    let number = if person < known {
        SUBJECTS[person % SUBJECTS.len()][person / SUBJECTS.len()]
    } else {
        33 + person - known
    };
    format!("SN{number:03}")
}
