//! CPLFW (METHODS 2.2): pairs across pose.

use super::lfw::{name, picture};
use super::pairs::folds;
use super::plan::{List, Plan, shots};
use super::{ExportError, ExportLayout};
use crate::data::generated::GeneratedFaces;

/// Least difference of yaw within a pair.
pub(super) const APART_DEG: f32 = 40.0;

/// Files `images/Person_012_1.jpg`; two consecutive lines `image label` per pair, 1 for the same
/// person and 0 for two.
///
/// # Errors
/// As [`folds`].
pub fn plan(faces: &GeneratedFaces) -> Result<Plan, ExportError> {
    let mut lines = Vec::new();
    for fold in folds(faces, ExportLayout::Cplfw, APART_DEG)? {
        for (pairs, label) in [(fold.same, 1), (fold.different, 0)] {
            let items = pairs.into_iter().flat_map(|(a, b)| [a, b]);
            lines.extend(items.map(|item| format!("{} {label}", file(item))));
        }
    }
    Ok(Plan {
        lists: vec![List::new("pairs_CPLFW.txt", lines)],
        shots: shots(faces, 0..faces.identities(), |person, clip, frame| {
            format!("images/{}", file(faces.item(person, clip, frame)))
        }),
    })
}

fn file(item: usize) -> String {
    let (person, number) = picture(item);
    format!("{}_{number}.jpg", name(person))
}
