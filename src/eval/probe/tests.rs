//! Planted signals: what is put into a code must be found, and nothing else.

use rand::Rng;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

use super::*;
use crate::data::labelled::FaceLabel;
use crate::rng::stream_seed;

const EXPRESSIONS: u32 = 7;

/// Noise of a stream of its own.
fn noise(tag: &str, a: u64) -> impl FnMut() -> f32 {
    let mut rng = ChaCha8Rng::seed_from_u64(stream_seed(5, tag, a, 0));
    move || StandardNormal.sample(&mut rng)
}

/// People with four clips of frames in random poses and expressions.
fn labels(people: u32, frames: u32) -> Vec<FaceLabel> {
    let mut rng = ChaCha8Rng::seed_from_u64(stream_seed(5, "label", 0, 0));
    (0..people * 4 * frames)
        .map(|i| FaceLabel {
            identity: Some(i / (4 * frames)),
            clip: Some(i / frames),
            expression: Some(rng.random_range(0..EXPRESSIONS)),
            au_intensity: Some(std::array::from_fn(|_| rng.random_range(0..4) as f32)),
            yaw_deg: Some(rng.random_range(-80.0..80.0)),
            pitch_deg: Some(rng.random_range(-30.0..30.0)),
            roll_deg: Some(rng.random_range(-20.0..20.0)),
        })
        .collect()
}

fn set(people: u32, frames: u32) -> ProbeSet {
    let words = (0..EXPRESSIONS).map(|e| e.to_string()).collect();
    ProbeSet::split(labels(people, frames), words, 250)
}

/// Features that hold `signal`, spread over `cols` dimensions by a random map, on a constant of
/// `offset`, with noise of deviation `level`.
fn planted(
    set: &ProbeSet,
    cols: usize,
    level: f32,
    offset: f32,
    signal: impl Fn(&FaceLabel) -> Vec<f32>,
) -> Matrix {
    let (mut noise_of, mut weight) = (noise("noise", 0), noise("map", 0));
    let width = set.labels.first().map_or(0, |label| signal(label).len());
    let map: Vec<f32> = (0..cols * width).map(|_| weight()).collect();
    let mut data = Vec::with_capacity(set.labels.len() * cols);
    for label in &set.labels {
        let signal = signal(label);
        for column in 0..cols {
            let row = &map[column * width..][..width];
            let sum: f32 = row.iter().zip(&signal).map(|(w, s)| w * s).sum();
            data.push(offset + sum + level * noise_of());
        }
    }
    Matrix::new(set.labels.len(), cols, data)
}

/// Yaw counts most, as it turns the most pixels.
fn pose(label: &FaceLabel) -> Vec<f32> {
    let scaled = [
        (label.yaw_deg, 40.0),
        (label.pitch_deg, 20.0),
        (label.roll_deg, 15.0),
    ];
    scaled
        .map(|(angle, scale)| angle.unwrap_or(0.0) / scale)
        .to_vec()
}

/// A random vector per person.
fn person(label: &FaceLabel) -> Vec<f32> {
    let mut draw = noise("person", u64::from(label.identity.unwrap_or(0)));
    (0..16).map(|_| draw()).collect()
}

fn one_hot(label: &FaceLabel) -> Vec<f32> {
    (0..EXPRESSIONS)
        .map(|e| u8::from(label.expression == Some(e)).into())
        .collect()
}

#[test]
fn a_code_of_the_pose_finds_the_pose_and_not_the_person() {
    let set = set(25, 4);
    let chance = chance(&set);
    let report = measure(&set, "F_p", &planted(&set, 64, 0.02, 3.0, pose));
    for (angle, least) in [
        (report.yaw, 0.99),
        (report.pitch, 0.99),
        (report.roll, 0.99),
    ] {
        assert!(angle.unwrap().r2.unwrap() > least, "{angle:?}");
    }
    assert!(report.yaw.unwrap().mae_deg < 2.0);
    // |yaw| is no linear function of yaw.
    assert!(report.abs_yaw.unwrap().r2.unwrap() < 0.2);
    let (found, random) = (report.retrieval, chance.retrieval);
    let (found_pose, random_pose) = (
        found.pose_other_identity.unwrap(),
        random.pose_other_identity.unwrap(),
    );
    assert!(
        found_pose.angle_deg < 0.5 * random_pose.angle_deg,
        "{found_pose:?} {random_pose:?}"
    );
    assert!(found_pose.yaw_deg < 0.4 * random_pose.yaw_deg);
    assert!(found.identity_other_pose.unwrap() < 2.0 * random.identity_other_pose.unwrap());
    assert!(report.identity.unwrap() < 0.3, "{:?}", report.identity);
    assert_eq!(report.spread.collapsed, None);
    assert!(
        (report.spread.effective_rank.unwrap() - 3.0).abs() < 0.9,
        "{:?}",
        report.spread
    );
}

#[test]
fn a_code_of_the_person_finds_the_person_and_not_the_pose() {
    let set = set(25, 4);
    let chance = chance(&set);
    let report = measure(&set, "F_f", &planted(&set, 64, 0.2, -7.0, person));
    assert_eq!(report.identity, Some(1.0));
    assert!(report.retrieval.identity_other_pose.unwrap() > 0.99);
    let (found, random) = (
        report.retrieval.pose_other_identity.unwrap(),
        chance.retrieval.pose_other_identity.unwrap(),
    );
    assert!(
        (found.angle_deg / random.angle_deg - 1.0).abs() < 0.15,
        "{found:?} {random:?}"
    );
    assert!(report.yaw.unwrap().r2.unwrap() < 0.1);
    // Ten test people with about the same number of pictures.
    assert!((chance.identity.unwrap() - 0.1).abs() < 0.02);
    assert!((chance.retrieval.identity_other_pose.unwrap() - 0.1).abs() < 0.05);
}

#[test]
fn expressions_and_units_are_read_where_they_are() {
    let set = set(25, 4);
    let both = |label: &FaceLabel| {
        let units = label
            .au_intensity
            .unwrap()
            .map(|a| u8::from(a >= 2.0).into());
        [one_hot(label), units[..7].to_vec()].concat()
    };
    let report = measure(&set, "F_f", &planted(&set, 300, 0.3, 0.0, both));
    assert!(report.expression.unwrap() > 0.98, "{:?}", report.expression);
    let each = report.au_f1_each.unwrap();
    assert!(each[..7].iter().all(|f1| f1.unwrap() > 0.97), "{each:?}");
    // The last unit was not planted: calling everything positive, at 2 · ½ / (1 + ½), is the best.
    assert!((each[7].unwrap() - 2.0 / 3.0).abs() < 0.1, "{each:?}");
    let mean = each.iter().flatten().sum::<f64>() / 8.0;
    assert!((report.au_f1.unwrap() - mean).abs() < 1e-12);
}

#[test]
fn noise_knows_nothing() {
    let set = set(25, 4);
    let (report, chance) = (
        measure(&set, "x", &planted(&set, 512, 1.0, 0.5, |_| vec![])),
        chance(&set),
    );
    for angle in [report.yaw, report.abs_yaw, report.pitch, report.roll] {
        assert!(angle.unwrap().r2.unwrap() < 0.05, "{angle:?}");
    }
    assert!(report.expression.unwrap() < 0.25);
    assert!((report.au_f1.unwrap() - chance.au_f1.unwrap()).abs() < 0.08);
    assert!(report.identity.unwrap() < 0.25);
    assert!(report.spread.effective_rank.unwrap() > 50.0);
}

#[test]
fn chance_by_hand() {
    // One clip of two pictures each; pictures 0–3 fit, 4–7 test.
    let mut labels: Vec<FaceLabel> = (0..8)
        .map(|i| FaceLabel {
            identity: Some(i / 2),
            expression: Some(u32::from(i % 4 == 3)),
            yaw_deg: Some([0.0, 10.0, 20.0, 30.0, -10.0, 0.0, 40.0, 50.0][i as usize]),
            ..FaceLabel::default()
        })
        .collect();
    for (i, label) in labels.iter_mut().enumerate() {
        let mut units = [0.0; 8];
        units[2] = if i % 2 == 0 { 5.0 } else { 1.9 };
        units[3] = if i == 7 { 2.0 } else { 0.0 };
        label.au_intensity = Some(units);
    }
    let set = ProbeSet::held_out(labels, Vec::new(), (0..4).collect(), (4..8).collect(), 99);
    let chance = chance(&set);
    // Fit mean 15: errors 25, 15, 25, 35; the test mean is 20, R² = 1 − 2700/2600.
    let yaw = chance.yaw.unwrap();
    assert!((yaw.mae_deg - 25.0).abs() < 1e-9);
    assert!((yaw.r2.unwrap() - (1.0 - 2700.0 / 2600.0)).abs() < 1e-9);
    // Class 0 is more frequent to fit, and right three times of four in the test.
    assert_eq!(chance.expression, Some(0.75));
    // AU 4: all positive, 2·2 / (4 + 2); AU 6: nobody to fit has it, so it is never called.
    let each = chance.au_f1_each.unwrap();
    assert_eq!(
        (each[2], each[3], each[0]),
        (Some(4.0 / 6.0), Some(0.0), None)
    );
    assert_eq!(chance.au_f1, Some(1.0 / 3.0));
    assert_eq!(chance.identity, Some(0.5));
    // Strangers of 4: 50, 60; 5: 40, 50; 6: 50, 40; 7: 60, 50.
    let pose = chance.retrieval.pose_other_identity.unwrap();
    assert_eq!(pose.yaw_deg, 50.0);
    assert!((pose.angle_deg - 50.0).abs() < 1e-6);
    assert_eq!(chance.spread, Spread::default());
    // A constant code is at chance, and said to have collapsed.
    let constant = measure(&set, "F_p", &Matrix::new(8, 3, vec![0.1; 24]));
    let collapsed = constant.spread.collapsed.clone().unwrap();
    assert!(collapsed.starts_with("F_p has collapsed"), "{collapsed}");
    assert_eq!(constant.retrieval, chance.retrieval);
    assert_eq!(
        (constant.yaw, constant.expression),
        (chance.yaw, chance.expression)
    );
    assert_eq!(constant.au_f1_each, chance.au_f1_each);
}

#[test]
fn labels_may_be_missing_here_and_there() {
    let mut set = set(25, 4);
    for (i, label) in set.labels.iter_mut().enumerate() {
        if i % 3 == 0 {
            label.yaw_deg = None;
        }
        if i % 4 == 0 {
            label.expression = None;
        }
        label.roll_deg = None;
        label.au_intensity = None;
    }
    let report = measure(
        &set,
        "F_p",
        &planted(&set, 32, 0.02, 0.0, |label| {
            vec![
                label.yaw_deg.unwrap_or(-200.0),
                label.pitch_deg.unwrap_or(0.0),
            ]
        }),
    );
    assert!(report.yaw.unwrap().r2.unwrap() > 0.999);
    assert!(report.pitch.unwrap().r2.unwrap() > 0.999);
    assert!(report.expression.is_some());
    assert_eq!(
        (report.roll, report.au_f1, report.au_f1_each),
        (None, None, None)
    );
    assert!(report.retrieval.pose_other_identity.is_some());
}

#[test]
fn whatever_comes_is_survived() {
    let nothing = FaceLabel::default();
    let some = FaceLabel {
        identity: Some(0),
        clip: Some(0),
        expression: Some(u32::MAX),
        au_intensity: Some([f32::NAN; 8]),
        yaw_deg: Some(f32::NAN),
        pitch_deg: Some(5.0),
        roll_deg: None,
    };
    for label in [nothing, some] {
        for count in [0, 1, 2, 3, 30] {
            let set = ProbeSet::split(vec![label.clone(); count], Vec::new(), 10);
            chance(&set);
            for value in [
                0.0,
                1.0,
                f32::MAX,
                f32::MIN_POSITIVE,
                f32::NAN,
                f32::INFINITY,
            ] {
                for cols in [0, 1, 40] {
                    let report = measure(
                        &set,
                        "F_s",
                        &Matrix::new(count, cols, vec![value; count * cols]),
                    );
                    assert!(serde_json::to_string(&report).unwrap().len() > 10);
                    assert!(
                        report
                            .pitch
                            .is_none_or(|r| r.r2.is_none() && r.mae_deg < 1e-6)
                    );
                }
            }
        }
    }
    let mut features = planted(&set(5, 2), 8, 1.0, 0.0, person);
    features.data[70] = f32::NAN;
    let report = measure(&set(5, 2), "F_s", &features);
    assert!(report.spread.collapsed.unwrap().contains("not finite"));
    assert_eq!(report.yaw, None);
}

#[test]
fn one_direction_is_a_collapse() {
    let set = set(10, 2);
    let line = |label: &FaceLabel| vec![label.yaw_deg.unwrap_or(0.0)];
    let report = measure(&set, "F_f", &planted(&set, 128, 1e-3, 1.0, line));
    assert!(
        report
            .spread
            .collapsed
            .unwrap()
            .starts_with("F_f may be collapsing")
    );
    assert!(report.spread.effective_rank.unwrap() < 1.1);
}
