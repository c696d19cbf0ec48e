//! LFW (METHODS 2.2): `pairs.txt` and one folder per person.

use super::pairs::{FOLDS, folds};
use super::plan::{List, Plan, shots};
use super::{ExportError, ExportLayout};
use crate::data::generated::{CLIPS, FRAMES, GeneratedFaces};

/// Files `Person_012/Person_012_0001.jpg`; lines `name i j` or `name i name j`, separated by tabs.
///
/// # Errors
/// As [`folds`].
pub fn plan(faces: &GeneratedFaces) -> Result<Plan, ExportError> {
    let folds = folds(faces, ExportLayout::Lfw, 0.0)?;
    let mut lines = vec![format!("{FOLDS}\t{}", folds[0].same.len())];
    for fold in &folds {
        lines.extend(fold.same.iter().map(|&(a, b)| {
            let ((person, i), (_, j)) = (picture(a), picture(b));
            format!("{}\t{i}\t{j}", name(person))
        }));
        lines.extend(fold.different.iter().map(|&(a, b)| {
            let ((first, i), (second, j)) = (picture(a), picture(b));
            format!("{}\t{i}\t{}\t{j}", name(first), name(second))
        }));
    }
    Ok(Plan {
        lists: vec![List::new("pairs.txt", lines)],
        shots: shots(faces, 0..faces.identities(), |person, clip, frame| {
            let (_, number) = picture(faces.item(person, clip, frame));
            format!("{0}/{0}_{number:04}.jpg", name(person))
        }),
    })
}

/// Name of a person.
pub(super) fn name(person: usize) -> String {
    format!("Person_{person:03}")
}

/// Person and number, from 1, of a picture.
pub(super) fn picture(item: usize) -> (usize, usize) {
    (item / (CLIPS * FRAMES), item % (CLIPS * FRAMES) + 1)
}
