//! The ridge regression of an angle against scikit-learn on the same numbers.

use serde::Deserialize;

use super::*;
use crate::data::labelled::FaceLabel;

const PEOPLE: usize = 32;
const PICTURES_EACH: usize = 5;

#[derive(Deserialize)]
struct Fixture {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    columns: usize,
    face: i64,
    r2: f64,
    mae_deg: f64,
    left_out_picture_r2: f64,
}

/// Features that mix a face, which a person's pictures share, with the yaw, of which they share
/// half. All numbers are integers below 2²⁴, so that 32 bits hold them exactly.
fn pictures(case: &Case) -> (ProbeSet, Matrix) {
    let mut state = 2023u64;
    let mut draw = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        ((state >> 33) % 2001) as i64 - 1000
    };
    let map: Vec<i64> = (0..case.columns).map(|_| draw()).collect();
    let (mut labels, mut data) = (Vec::new(), Vec::new());
    for person in 0..PEOPLE {
        let face: Vec<i64> = (0..case.columns).map(|_| draw()).collect();
        let usual = draw();
        for _ in 0..PICTURES_EACH {
            let yaw = (usual + draw()).div_euclid(2);
            labels.push(FaceLabel {
                identity: Some(person as u32),
                yaw_deg: Some(yaw as f32 / 20.0),
                ..FaceLabel::default()
            });
            let mixed = face.iter().zip(&map);
            data.extend(mixed.map(|(f, m)| (case.face * f + m * yaw + 1000 * draw()) as f32));
        }
    }
    let (test, fit) = (0..labels.len()).partition(|picture| picture / PICTURES_EACH % 4 == 3);
    let features = Matrix::new(labels.len(), case.columns, data);
    (
        ProbeSet::held_out(labels, Vec::new(), fit, test, usize::MAX),
        features,
    )
}

#[test]
fn yaw_agrees_with_scikit_learn() {
    let json = include_str!("../../../tests/fixtures/ridge_sklearn.json");
    let fixture: Fixture = serde_json::from_str(json).unwrap();
    for case in fixture.cases {
        let (set, features) = pictures(&case);
        let yaw = measure(&set, "x", &features).yaw.unwrap();
        let r2 = yaw.r2.unwrap();
        assert!((r2 - case.r2).abs() <= 0.02, "{r2} {}", case.r2);
        assert!((yaw.mae_deg - case.mae_deg).abs() <= 0.3, "{yaw:?}");
        // Not by chance: the penalty by leaving out single pictures gives something else.
        let bent = (case.r2 - case.left_out_picture_r2).abs();
        assert!(bent < 0.02 || (r2 - case.left_out_picture_r2).abs() > 0.5 * bent);
    }
}
