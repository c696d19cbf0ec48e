//! BU-3DFE (METHODS 2.5): lists `path,expression,pose`.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::plan::{List, Plan, Shot, shots};
use crate::data::generated::{Expression, GeneratedFaces};
use crate::rng::stream_seed;

/// Pose classes: yaw from −90° to 90°.
pub(super) const CLASSES: usize = 9;
/// Yaw between two neighbouring classes.
const STEP_DEG: f32 = 22.5;
/// Largest distance from the middle of a class.
const SPREAD_DEG: f32 = 8.0;

/// `train.csv` and `val.csv`; the last third of the people are validated on. The views of a person
/// go round the pose classes, which a video would visit very unevenly.
pub fn plan(faces: &GeneratedFaces) -> Plan {
    let people = faces.identities();
    let validated = (people / 3).max(1);
    let mut plan = Plan {
        shots: Vec::with_capacity(faces.len()),
        lists: Vec::new(),
    };
    for (file, range) in [
        ("train.csv", 0..people - validated),
        ("val.csv", people - validated..people),
    ] {
        let mut part = shots(faces, range, |person, clip, frame| {
            format!("images/id{person:05}_{clip:02}_{frame:02}.jpg")
        });
        let mut lines = Vec::with_capacity(part.len());
        for shot in &mut part {
            // 56 pictures a person and one step on per person: everyone sees every class.
            let person = faces.truth(shot.item).identity;
            let class = (shot.item + person) % CLASSES;
            shot.yaw_deg = Some(yaw_deg(faces, shot, class));
            let expression = faces.truth(shot.item).expression;
            let number = Expression::ALL.iter().position(|e| *e == expression);
            lines.push(format!("{},{},{class}", shot.file, number.unwrap_or(0)));
        }
        plan.lists.push(List::new(file, lines));
        plan.shots.extend(part);
    }
    plan
}

/// A yaw within the class, never beyond a profile.
fn yaw_deg(faces: &GeneratedFaces, shot: &Shot, class: usize) -> f32 {
    let seed = stream_seed(faces.seed(), "bu3dfe", shot.item as u64, 0);
    let spread = ChaCha8Rng::seed_from_u64(seed).random_range(-SPREAD_DEG..=SPREAD_DEG);
    (class as f32 * STEP_DEG - 90.0 + spread).clamp(-90.0, 90.0)
}
