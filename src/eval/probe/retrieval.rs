//! What the nearest face shares with a face.
//!
//! A code of the pose alone finds the same pose among other people, and no more; a code of the
//! person alone finds the person in other poses, and no more. Nothing is fitted, so that a wide
//! code cannot hide behind its capacity.

use nalgebra::{DMatrix, UnitQuaternion};
use serde::{Deserialize, Serialize};

use super::bootstrap::{Intervals, keep, mean_of};
use super::gram::Gram;
use super::mean;
use super::set::ProbeSet;
use crate::data::labelled::FaceLabel;

/// Poses whose yaw differs by more than this are other poses, in degrees.
const OTHER_POSE_DEG: f32 = 30.0;

/// Nearest faces by the cosine of centred features, on the test part, or on all pictures where that
/// has fewer than two identities. Of equally near faces the mean counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Retrieval {
    /// How far the nearest face of *another person* is turned away.
    pub pose_other_identity: Option<PoseRetrieval>,
    /// How often the nearest face in *another pose* (|Δyaw| > 30°) is the same person, over faces
    /// whose person is there in another pose. Faces of the same clip do not count where clips are
    /// known: background and light would tell them.
    pub identity_other_pose: Option<f64>,
}

/// Mean difference in pose between a face and the one found for it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct PoseRetrieval {
    /// |Δyaw| in degrees.
    pub yaw_deg: f64,
    /// Angle of the rotation from one head to the other in degrees, from the angles that all
    /// pictures have.
    pub angle_deg: f64,
}

/// A face that can be looked for.
struct Face {
    identity: u32,
    clip: Option<u32>,
    yaw_deg: f32,
    head: UnitQuaternion<f64>,
}

impl Retrieval {
    pub(super) fn new(set: &ProbeSet, gram: &Gram, intervals: &mut Intervals) -> Self {
        let (picks, faces) = faces(set);
        let cosines = cosines(gram.centred(&picks));
        let yaw = |a: &Face, b: &Face| f64::from((a.yaw_deg - b.yaw_deg).abs());
        let angle = |a: &Face, b: &Face| a.head.angle_to(&b.head).to_degrees();
        let stranger = |a: &Face, b: &Face| a.identity != b.identity;
        let same = |a: &Face, b: &Face| f64::from(u8::from(a.identity == b.identity));
        let turned = |a: &Face, b: &Face| {
            let same_clip = a.clip.is_some() && a.clip == b.clip;
            !same_clip && (a.yaw_deg - b.yaw_deg).abs() > OTHER_POSE_DEG
        };

        // Mean over faces of what is found for them, if anything is, with its interval.
        let mut over = |name: &str, found: &dyn Fn(usize) -> Option<f64>| {
            let found = (0..faces.len()).filter_map(|query| Some((picks[query], found(query)?)));
            let (pictures, values): (Vec<usize>, Vec<f64>) = found.unzip();
            let (mean, certain) = mean_of(&set.people(&pictures), &values)?;
            keep(intervals, name.into(), certain);
            Some(mean)
        };
        let other = |value: fn(&Face, &Face) -> f64| {
            let (faces, cosines) = (&faces, &cosines);
            move |query| nearest(faces, cosines, query, stranger, value)
        };
        let findable = |&q: &usize| {
            let query = &faces[q];
            faces
                .iter()
                .any(|other| turned(query, other) && !stranger(query, other))
        };
        Self {
            pose_other_identity: over("retrieval_yaw_deg", &other(yaw))
                .zip(over("retrieval_angle_deg", &other(angle)))
                .map(|(yaw_deg, angle_deg)| PoseRetrieval { yaw_deg, angle_deg }),
            identity_other_pose: over("retrieval_identity_accuracy", &|query| {
                let found = || nearest(&faces, &cosines, query, turned, same);
                findable(&query).then(found).flatten()
            }),
        }
    }
}

/// Faces with identity and yaw; an axis that some of them lack is taken as 0 in all.
fn faces(set: &ProbeSet) -> (Vec<usize>, Vec<Face>) {
    let usable = |&i: &usize| {
        let label = &set.labels[i];
        label.identity.is_some() && label.yaw_deg.is_some_and(f32::is_finite)
    };
    let picks: Vec<usize> = set.crowd().into_iter().filter(usable).collect();
    let axis = |angle: fn(&FaceLabel) -> Option<f32>| {
        let angles: Option<Vec<f64>> = picks
            .iter()
            .map(|&i| {
                angle(&set.labels[i])
                    .filter(|a| a.is_finite())
                    .map(f64::from)
            })
            .collect();
        angles.unwrap_or_else(|| vec![0.0; picks.len()])
    };
    let (yaw, pitch, roll) = (
        axis(|l| l.yaw_deg),
        axis(|l| l.pitch_deg),
        axis(|l| l.roll_deg),
    );
    let faces = picks.iter().enumerate().filter_map(|(at, &i)| {
        let label = &set.labels[i];
        let [x, y, z] = [pitch[at], yaw[at], roll[at]].map(f64::to_radians);
        Some(Face {
            identity: label.identity?,
            clip: label.clip,
            yaw_deg: label.yaw_deg?,
            // Pitch about the head's own axis first, then yaw, roll in the picture plane last.
            head: UnitQuaternion::from_euler_angles(0.0, 0.0, z)
                * UnitQuaternion::from_euler_angles(x, y, 0.0),
        })
    });
    let faces = faces.collect();
    (picks, faces)
}

/// Cosines from centred scalar products; 0 with a feature that is the mean itself.
fn cosines(mut products: DMatrix<f64>) -> DMatrix<f64> {
    let largest = products.diagonal().iter().copied().fold(0.0, f64::max);
    let inverse = products.diagonal().map(|square| {
        if square > 1e-12 * largest {
            square.sqrt().recip()
        } else {
            0.0
        }
    });
    for (j, mut column) in products.column_iter_mut().enumerate() {
        column.component_mul_assign(&inverse);
        column *= inverse[j];
    }
    products
}

/// Mean of `value` over the faces nearest to `query` among those that are `allowed`.
fn nearest(
    faces: &[Face],
    cosines: &DMatrix<f64>,
    query: usize,
    allowed: impl Fn(&Face, &Face) -> bool,
    value: impl Fn(&Face, &Face) -> f64,
) -> Option<f64> {
    let cosine = |other: usize| cosines[(other, query)];
    let candidates = || (0..faces.len()).filter(|&other| allowed(&faces[query], &faces[other]));
    let best = candidates().map(cosine).max_by(f64::total_cmp)?;
    let found = candidates().filter(|&other| cosine(other) == best);
    mean(found.map(|other| value(&faces[query], &faces[other])))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eval::matrix::Matrix;

    /// (identity, yaw, pitch) of each picture.
    fn set(faces: &[(u32, f32, f32)]) -> ProbeSet {
        let label = |&(who, yaw, pitch): &(u32, f32, f32)| FaceLabel {
            identity: Some(who),
            yaw_deg: Some(yaw),
            pitch_deg: Some(pitch),
            ..FaceLabel::default()
        };
        ProbeSet {
            labels: faces.iter().map(label).collect(),
            fit: Vec::new(),
            test: (0..faces.len()).collect(),
            expressions: Vec::new(),
        }
    }

    fn measured(set: &ProbeSet, features: &[[f32; 2]]) -> Retrieval {
        let matrix = Matrix::new(features.len(), 2, features.concat());
        Retrieval::new(set, &Gram::new(matrix, 1.0), &mut Intervals::new())
    }

    #[test]
    fn by_hand() {
        let set = set(&[
            (0, 0.0, 0.0),
            (0, 40.0, 0.0),
            (1, 0.0, 0.0),
            (1, 50.0, 30.0),
        ]);
        // Directions from the mean (0, 0): each picture of person 0 next to the other pose of 1.
        let crossed = [[1.0, 0.1], [-1.0, 0.2], [-1.0, -0.1], [1.0, -0.2]];
        let found = measured(&set, &crossed);
        // 0→3 and 3→0: 50°, 1→2 and 2→1: 40°.
        let pose = found.pose_other_identity.unwrap();
        assert_eq!(pose.yaw_deg, 45.0);
        // Yaw 50° and pitch 30° from the front: cos(θ/2) = cos 25° cos 15°.
        let far = 2.0
            * (25f64.to_radians().cos() * 15f64.to_radians().cos())
                .acos()
                .to_degrees();
        assert!((pose.angle_deg - 0.5 * (far + 40.0)).abs() < 1e-9);
        // Other poses of 0: pictures 1 and 3; 3 is nearer and a stranger. Likewise for the others.
        assert_eq!(found.identity_other_pose, Some(0.0));
    }

    #[test]
    fn equals_count_as_their_mean() {
        let set = set(&[
            (0, 0.0, 0.0),
            (0, 40.0, 0.0),
            (1, 10.0, 0.0),
            (2, 60.0, 0.0),
        ]);
        let alike = measured(&set, &[[0.5, 0.5]; 4]);
        // Strangers of 0: 10, 60; of 1: 30, 20; of 2: 10, 30, 50; of 3: 60, 20, 50.
        let expected = (35.0 + 25.0 + 30.0 + 130.0 / 3.0) / 4.0;
        assert!((alike.pose_other_identity.unwrap().yaw_deg - expected).abs() < 1e-9);
        // Only 0 and 1 can find themselves: 0 among 1 and 3, 1 among 0 alone.
        assert_eq!(alike.identity_other_pose, Some(0.75));
    }

    #[test]
    fn a_person_is_not_found_by_the_clip() {
        let mut set = set(&[
            (0, 0.0, 0.0),
            (0, 40.0, 0.0),
            (0, 50.0, 0.0),
            (1, 60.0, 0.0),
        ]);
        let features = [[1.0, 0.0], [1.0, 0.1], [-1.0, 0.3], [-1.0, -0.4]];
        // Without clips 0 finds 1; 1 and 2 find 0, the only other pose of person 0.
        let before = measured(&set, &features).identity_other_pose;
        assert_eq!(before, Some(1.0));
        for (label, clip) in set.labels.iter_mut().zip([0, 0, 1, 2]) {
            label.clip = Some(clip);
        }
        // Now 0 has 2 and 3 to choose from, and 2 is further away; 1 has nobody left; 2 finds 0.
        let found = measured(&set, &[[1.0, 0.0], [1.0, 0.1], [-1.0, 0.9], [-0.4, -0.4]]);
        assert_eq!(found.identity_other_pose, Some(0.5));
    }

    #[test]
    fn an_axis_that_some_lack_is_left_out() {
        let mut set = set(&[(0, 0.0, 20.0), (1, 10.0, -20.0), (1, 10.0, 0.0)]);
        set.labels[2].pitch_deg = None;
        let pose = measured(&set, &[[1.0, 0.0], [0.9, 0.1], [-1.0, 0.3]]);
        assert!((pose.pose_other_identity.unwrap().angle_deg - 10.0).abs() < 1e-9);
        assert_eq!(pose.identity_other_pose, None);
    }
}
