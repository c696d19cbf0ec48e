//! The renderer as a whole: what the pictures show agrees with what is asked for.

use image::{RgbImage, imageops};

use super::maths::vec3;
use super::*;

/// A short-haired person without glasses, beard or fringe whose irises are pure green.
fn person() -> Identity {
    Identity {
        iris: vec3(0.0, 1.0, 0.0),
        glasses: None,
        beard: 0.0,
        moustache: 0.0,
        hair_length: 0.2,
        fringe: 0.0,
        curl: 0.0,
        ..Identity::draw(77)
    }
}

fn posed(yaw_deg: f32, pitch_deg: f32, roll_deg: f32) -> FaceState {
    FaceState {
        yaw_deg,
        pitch_deg,
        roll_deg,
        light_azimuth_deg: 0.0,
        ..FaceState::default()
    }
}

/// Places (x, y) of the strongly green pixels, as fractions of the side.
fn green(picture: &RgbImage) -> Vec<(f32, f32)> {
    let side = picture.width() as f32;
    let pixels = picture.enumerate_pixels();
    pixels
        .filter(|(_, _, p)| i32::from(p[1]) > i32::from(p[0]).max(i32::from(p[2])) + 60)
        .map(|(x, y, _)| ((x as f32 + 0.5) / side, (y as f32 + 0.5) / side))
        .collect()
}

fn mean(values: impl Iterator<Item = f32>) -> f32 {
    let (sum, count) = values.fold((0.0, 0.0), |(s, n), v| (s + v, n + 1.0));
    sum / count
}

/// Mean absolute difference of the pixels in rows `from`..`to` (fractions of the side).
fn difference(a: &RgbImage, b: &RgbImage, from: f32, to: f32) -> f32 {
    let rows = |y: u32| (from..to).contains(&(y as f32 / a.height() as f32));
    let pairs = a
        .enumerate_pixels()
        .zip(b.pixels())
        .filter(|((_, y, _), _)| rows(*y));
    mean(pairs.flat_map(|((_, _, p), q)| (0..3).map(|c| f32::from(p[c].abs_diff(q[c])))))
}

#[test]
fn pixels_depend_on_seed_and_number_alone() {
    let faces = GeneratedFaces::new(9, 5);
    let picture = faces.render(123, 64);
    assert_eq!(picture, GeneratedFaces::new(9, 50).render(123, 64));
    assert_eq!(faces.render_all(&[7, 123], 64)[1], picture);
    assert_ne!(picture, GeneratedFaces::new(10, 5).render(123, 64));
    assert_ne!(picture, faces.render(124, 64));
    // The renderer's arithmetic is exact, but the picture may be refined: a colour is enough.
    let colour = [0, 1, 2].map(|c| mean(picture.pixels().map(|p| f32::from(p[c]))));
    for (found, stored) in colour.iter().zip(MEAN_COLOUR) {
        assert!((found - stored).abs() < 1.0, "mean colour {colour:?}");
    }
}

/// Mean colour of picture 123 of seed 9.
const MEAN_COLOUR: [f32; 3] = [121.89, 110.67, 104.65];

#[test]
fn positive_angles_look_right_and_up_and_turn_clockwise() {
    let eyes = |yaw, pitch, roll| green(&render(&person(), &posed(yaw, pitch, roll), 128));
    let x = |eyes: &[(f32, f32)]| mean(eyes.iter().map(|p| p.0));
    let y = |eyes: &[(f32, f32)]| mean(eyes.iter().map(|p| p.1));
    let front = eyes(0.0, 0.0, 0.0);
    assert!(front.len() > 10, "the irises are seen");
    assert!((x(&front) - 0.5).abs() < 0.03);
    assert!(x(&eyes(30.0, 0.0, 0.0)) > x(&front) + 0.08);
    assert!(x(&eyes(-30.0, 0.0, 0.0)) < x(&front) - 0.08);
    assert!(
        y(&eyes(0.0, 20.0, 0.0)) < y(&front) - 0.05,
        "up is towards row 0"
    );
    assert!(y(&eyes(0.0, -20.0, 0.0)) > y(&front) + 0.05);
    let (left, right): (Vec<_>, Vec<_>) = eyes(0.0, 0.0, 25.0).into_iter().partition(|p| p.0 < 0.5);
    assert!(
        y(&right) > y(&left) + 0.05,
        "clockwise lowers the right side"
    );
}

#[test]
fn a_mirror_shows_the_mirrored_person_and_nobody_else() {
    for seed in [1, 2, 3] {
        let person = Identity::draw(seed);
        let state = FaceState {
            yaw_deg: 25.0,
            roll_deg: 8.0,
            gaze_x: 0.4,
            ..FaceState::default()
        };
        let mirror = imageops::flip_horizontal(&render(&person, &state, 128));
        let twin = render(&person.mirrored(), &state.mirrored(), 128);
        let same = render(&person, &state.mirrored(), 128);
        let (to_twin, to_same) = (
            difference(&mirror, &twin, 0.0, 1.0),
            difference(&mirror, &same, 0.0, 1.0),
        );
        assert!(to_twin < 1.5, "seed {seed}: {to_twin}");
        assert!(
            to_same > 2.0 * to_twin,
            "seed {seed}: {to_same} against {to_twin}"
        );
    }
}

#[test]
fn the_far_ear_and_the_far_eye_are_hidden() {
    let changed = |yaw: f32| {
        let small = render(
            &Identity {
                ear_size: 0.8,
                ..person()
            },
            &posed(yaw, 0.0, 0.0),
            128,
        );
        let large = render(
            &Identity {
                ear_size: 1.2,
                ..person()
            },
            &posed(yaw, 0.0, 0.0),
            128,
        );
        let pixels = small.enumerate_pixels().zip(large.pixels());
        let places: Vec<u32> = pixels
            .filter(|((_, _, p), q)| p[0].abs_diff(q[0]) > 20)
            .map(|((x, _, _), _)| x)
            .collect();
        let left = places.iter().filter(|x| **x < 64).count();
        (left, places.len() - left)
    };
    let (left, right) = changed(0.0);
    assert!(
        left > 10 && right > 10,
        "both ears are seen from the front: {left}, {right}"
    );
    // Looking to the right the head shows the ear on the left.
    let (near, far) = changed(60.0);
    assert!(near > 30 && far == 0, "{near}, {far}");

    let irises = green(&render(&person(), &posed(80.0, 0.0, 0.0), 128));
    assert!(irises.iter().all(|p| p.0 > 0.6), "{irises:?}");
}

#[test]
fn action_units_change_their_region() {
    const FOREHEAD: (f32, f32) = (0.12, 0.28);
    const NOSE: (f32, f32) = (0.54, 0.69);
    const BROWS: (f32, f32) = (0.30, 0.46);
    const EYES: (f32, f32) = (0.46, 0.62);
    const MOUTH: (f32, f32) = (0.69, 0.92);
    let rest = render(&person(), &posed(0.0, 0.0, 0.0), 128);
    let regions = [
        (1, BROWS, MOUTH),
        (2, BROWS, MOUTH),
        (4, BROWS, MOUTH),
        (6, EYES, MOUTH),
        (9, NOSE, FOREHEAD),
    ];
    let below = [(12, MOUTH, BROWS), (25, MOUTH, BROWS), (26, MOUTH, BROWS)];
    for (unit, expected, other) in regions.into_iter().chain(below) {
        let mut state = posed(0.0, 0.0, 0.0);
        let index = ACTION_UNITS.iter().position(|u| *u == unit).unwrap();
        state.au_intensity[index] = 5.0;
        let moved = render(&person(), &state, 128);
        let inside = difference(&rest, &moved, expected.0, expected.1);
        let outside = difference(&rest, &moved, other.0, other.1);
        assert!(
            inside > 0.5 && inside > 1.5 * outside,
            "AU {unit}: {inside} against {outside}"
        );
    }
}

#[test]
fn extreme_poses_show_a_head() {
    for seed in 0..3 {
        let person = Identity::draw(seed);
        for yaw in [-90.0, 0.0, 90.0] {
            for pitch in [-60.0, 0.0, 60.0] {
                for roll in [-45.0, 45.0] {
                    let mut state = posed(yaw, pitch, roll);
                    state.background = [vec3(0.0, 0.0, 0.0); 2];
                    let sides: &[u32] = if seed == 0 { &[64, 256] } else { &[64] };
                    for &side in sides {
                        let picture = render(&person, &state, side);
                        let seen = picture
                            .pixels()
                            .filter(|p| p.0.iter().any(|c| *c > 12))
                            .count();
                        let share = seen as f32 / (side * side) as f32;
                        assert!(
                            (0.25..0.95).contains(&share),
                            "{seed}: {yaw} {pitch} {roll}: {share}"
                        );
                    }
                }
            }
        }
    }
}

#[test]
fn people_can_be_told_apart() {
    let pictures: Vec<RgbImage> = (0..12)
        .map(|seed| render(&Identity::draw(seed), &posed(0.0, 0.0, 0.0), 64))
        .collect();
    for (i, a) in pictures.iter().enumerate() {
        for (j, b) in pictures[..i].iter().enumerate() {
            let apart = difference(a, b, 0.0, 1.0);
            assert!(apart > 3.0, "{i} and {j}: {apart}");
        }
    }
}
