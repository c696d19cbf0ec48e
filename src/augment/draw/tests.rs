use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use super::*;

const DRAWS: usize = 10_000;

fn rng(seed: u64) -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(seed)
}

fn positives(seed: u64) -> Vec<ViewParams> {
    let (cfg, mut rng) = (AugConfig::default(), rng(seed));
    (0..DRAWS / 2)
        .flat_map(|_| pose_positives(3, (160, 120), &cfg, false, &mut rng))
        .collect()
}

fn assert_share(what: &str, hits: usize, of: usize, probability: f64) {
    let sigma = (probability * (1.0 - probability) / of as f64).sqrt();
    let share = hits as f64 / of as f64;
    assert!(
        (share - probability).abs() < 3.0 * sigma,
        "{what}: {share}, not {probability}"
    );
}

#[test]
fn probabilities_are_within_three_sigma() {
    let views = positives(1);
    let count = |test: fn(&ViewParams) -> bool| views.iter().filter(|view| test(view)).count();
    assert_share("jitter", count(|v| v.jitter == 1), DRAWS, 0.8);
    assert_share("gray", count(|v| v.gray == 1), DRAWS, 0.2);
    assert_share("blur", count(|v| v.sigma > 0.0), DRAWS, 0.8);
    assert_share("edge", count(|v| v.edge == 1), DRAWS, 0.6);
    // Independent of each other.
    assert_share(
        "gray and edge",
        count(|v| v.gray == 1 && v.edge == 1),
        DRAWS,
        0.12,
    );
    assert_share(
        "jitter, blur",
        count(|v| v.jitter == 1 && v.sigma > 0.0),
        DRAWS,
        0.64,
    );
}

#[test]
fn every_order_of_the_jitter_is_as_likely() {
    let orders: Vec<[u32; 4]> = positives(2)
        .iter()
        .filter(|v| v.jitter == 1)
        .map(|v| v.order)
        .collect();
    let mut kinds = orders.clone();
    kinds.sort_unstable();
    kinds.dedup();
    assert_eq!(kinds.len(), 24);
    for place in 0..4 {
        for op in 0..4 {
            let hits = orders.iter().filter(|order| order[place] == op).count();
            assert_share("operation at a place", hits, orders.len(), 0.25);
        }
    }
}

#[test]
fn factors_fill_their_ranges() {
    let views: Vec<ViewParams> = positives(3).into_iter().filter(|v| v.jitter == 1).collect();
    let check = |values: Vec<f32>, low: f32, high: f32| {
        let mean = values.iter().sum::<f32>() / values.len() as f32;
        let (min, max) = values
            .iter()
            .fold((f32::MAX, f32::MIN), |m, &v| (m.0.min(v), m.1.max(v)));
        let slack = (high - low) * 0.01;
        assert!(min >= low && min < low + slack && max <= high && max > high - slack);
        // Standard error of a uniform mean over about 8,000 draws: 0.32 % of the width.
        assert!(
            (mean - (low + high) / 2.0).abs() < slack,
            "{mean} in {low}..{high}"
        );
    };
    check(views.iter().map(|v| v.brightness).collect(), 0.2, 1.8);
    check(views.iter().map(|v| v.contrast).collect(), 0.2, 1.8);
    check(views.iter().map(|v| v.saturation).collect(), 0.2, 1.8);
    check(views.iter().map(|v| v.hue).collect(), -0.2, 0.2);
    check(
        views
            .iter()
            .filter(|v| v.sigma > 0.0)
            .map(|v| v.sigma)
            .collect(),
        0.1,
        2.0,
    );
}

#[test]
fn the_two_views_of_a_pair_differ() {
    let mut rng = rng(4);
    let (cfg, size) = (AugConfig::default(), (160, 160));
    let [a, b] = face_pair(0, size, &cfg, FaceViews::Quadrant, &mut rng);
    assert_ne!((a.top, a.left), (b.top, b.left));
    assert_eq!((a.height, a.width, a.flip), (64, 64, 0));
    let [a, b] = face_pair(0, size, &cfg, FaceViews::RandomResized, &mut rng);
    assert_ne!((a.top, a.left, a.height), (b.top, b.left, b.height));
    let [a, b] = pose_positives(0, size, &cfg, false, &mut rng);
    assert_eq!(
        [a.height, b.height, a.top, b.top, a.flip, b.flip],
        [160, 160, 0, 0, 0, 0]
    );
    assert_ne!(a, b);
}

#[test]
fn a_negative_changes_what_it_is_told_to() {
    let (cfg, size) = (AugConfig::default(), (100, 80));
    let mut rng = rng(5);
    for _ in 0..200 {
        let mut draw = |augs: &[PoseAug], crop| pose_negative(1, size, &cfg, augs, crop, &mut rng);
        let flip = draw(&[PoseAug::Flip], false);
        assert_eq!(
            (flip.flip, flip.width, flip.height, flip.frame),
            (1, 100, 80, 1)
        );
        assert_eq!([flip.angle_deg, flip.shift_x, flip.shift_y], [0.0; 3]);
        let turn = draw(&[PoseAug::Rotate], false);
        assert!(turn.flip == 0 && turn.angle_deg != 0.0 && turn.angle_deg.abs() <= 40.0);
        let shift = draw(&[PoseAug::Translate], true);
        assert!(shift.flip == 0 && shift.angle_deg == 0.0);
        assert!(shift.shift_x.abs() <= 0.1 && shift.shift_y.abs() <= 0.1);
        assert_ne!(shift.shift_x, shift.shift_y);
        assert!(shift.left + shift.width <= 100 && shift.top + shift.height <= 80);
    }
}

#[test]
fn the_generator_decides_everything() {
    assert_eq!(positives(6), positives(6));
    assert_ne!(positives(6), positives(7));
}

#[test]
fn tiny_frames_do_not_panic() {
    let (cfg, mut rng) = (AugConfig::default(), rng(8));
    for size in [(1, 1), (1, 3), (3, 3), (4, 2), (5, 5)] {
        for _ in 0..100 {
            let mut views = face_pair(0, size, &cfg, FaceViews::Quadrant, &mut rng).to_vec();
            views.extend(face_pair(0, size, &cfg, FaceViews::RandomResized, &mut rng));
            views.extend(pose_positives(0, size, &cfg, true, &mut rng));
            for view in views {
                assert!(view.width >= 1 && view.left + view.width <= size.0);
                assert!(view.height >= 1 && view.top + view.height <= size.1);
            }
        }
    }
}
