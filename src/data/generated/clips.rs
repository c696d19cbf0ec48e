//! The data set: people, each in several clips of several frames.

use image::RgbImage;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::expression::{Expression, FaceState};
use super::identity::Identity;
use super::maths::{bump, display, lerp, sin_cos_deg, step, vec3};
use super::people::tendency;
use super::render::render;

/// Clips of every person: each of the seven basic expressions once.
pub const CLIPS: usize = 7;
/// Frames of every clip.
pub const FRAMES: usize = 8;

/// A data set of generated faces: `identities` people × [`CLIPS`] clips × [`FRAMES`] frames.
///
/// Nothing is stored: every picture is drawn when asked for, and depends on the seed and its number
/// alone. Items are ordered by person, then clip, then frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GeneratedFaces {
    seed: u64,
    identities: usize,
}

/// What is known about one picture.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Truth {
    /// Number of the person.
    pub identity: usize,
    /// Number of the clip among the person's clips.
    pub clip: usize,
    /// Number of the frame in the clip.
    pub frame: usize,
    /// The clip's expression; its intensity comes and goes within the clip.
    pub expression: Expression,
    /// Intensity 0–5 of AU 1, 2, 4, 6, 9, 12, 25 and 26.
    pub au_intensity: [f32; 8],
    /// Positive looks to the right side of the picture.
    pub yaw_deg: f32,
    /// Positive looks up.
    pub pitch_deg: f32,
    /// Positive is clockwise in the picture.
    pub roll_deg: f32,
    /// Where the key light comes from; positive is the right side of the picture.
    pub light_azimuth_deg: f32,
    /// Height of the key light.
    pub light_elevation_deg: f32,
    /// Brightness, 1 is well exposed.
    pub exposure: f32,
}

impl GeneratedFaces {
    /// The data set of `identities` people drawn from `seed`.
    pub fn new(seed: u64, identities: usize) -> Self {
        Self { seed, identities }
    }

    /// Number of pictures.
    pub fn len(&self) -> usize {
        self.identities * CLIPS * FRAMES
    }

    /// Whether there are no pictures.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Number of people.
    pub fn identities(&self) -> usize {
        self.identities
    }

    /// What everything is drawn from.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// The person with the number `identity`.
    pub fn identity(&self, identity: usize) -> Identity {
        Identity::draw(mixed(self.seed, identity as u64, 0))
    }

    /// Number of the picture at the given place of the order.
    pub fn item(&self, identity: usize, clip: usize, frame: usize) -> usize {
        (identity * CLIPS + clip) * FRAMES + frame
    }

    /// Person, clip and frame of a picture.
    pub fn place(item: usize) -> (usize, usize, usize) {
        (
            item / (CLIPS * FRAMES),
            item / FRAMES % CLIPS,
            item % FRAMES,
        )
    }

    /// What is known about the picture `item`. Numbers beyond the end continue the supply.
    pub fn truth(&self, item: usize) -> Truth {
        let (identity, clip, frame) = Self::place(item);
        let state = self.state(item);
        Truth {
            identity,
            clip,
            frame,
            expression: self.expression(identity, clip),
            au_intensity: state.au_intensity,
            yaw_deg: state.yaw_deg,
            pitch_deg: state.pitch_deg,
            roll_deg: state.roll_deg,
            light_azimuth_deg: state.light_azimuth_deg,
            light_elevation_deg: state.light_elevation_deg,
            exposure: state.exposure,
        }
    }

    /// Draws the picture `item` with `side` pixels per side (64–256).
    pub fn render(&self, item: usize, side: u32) -> RgbImage {
        let (identity, ..) = Self::place(item);
        render(&self.identity(identity), &self.state(item), side)
    }

    /// The moment of the picture `item` with the head turned as in the picture `pose_of`: person,
    /// expression, eyes in the head, light, background and camera stay.
    pub fn turned(&self, item: usize, pose_of: usize) -> FaceState {
        let pose = self.state(pose_of);
        let state = self.state(item);
        FaceState {
            yaw_deg: pose.yaw_deg,
            pitch_deg: pose.pitch_deg,
            roll_deg: pose.roll_deg,
            // Two photographs never share their noise, and a code must not know a person by it.
            noise_seed: state.noise_seed ^ pose.noise_seed.rotate_left(16),
            ..state
        }
    }

    /// Draws [`Self::turned`] with `side` pixels per side (64–256).
    pub fn render_turned(&self, item: usize, pose_of: usize, side: u32) -> RgbImage {
        let (identity, ..) = Self::place(item);
        render(&self.identity(identity), &self.turned(item, pose_of), side)
    }

    /// Draws many pictures on all cores, in the order of `items`.
    pub fn render_all(&self, items: &[usize], side: u32) -> Vec<RgbImage> {
        items
            .par_iter()
            .map(|&item| self.render(item, side))
            .collect()
    }

    /// The clips of a person show the expressions in an order of their own.
    fn expression(&self, identity: usize, clip: usize) -> Expression {
        let start = mixed(self.seed, identity as u64, 1) as usize % Expression::ALL.len();
        Expression::ALL[(start + 3 * clip) % Expression::ALL.len()]
    }

    /// Everything about the picture `item` except who is in it.
    pub fn state(&self, item: usize) -> FaceState {
        let (identity, clip, frame) = Self::place(item);
        let number = (identity * CLIPS + clip) as u64;
        let rng = &mut ChaCha8Rng::seed_from_u64(mixed(self.seed, number, 2));
        let time = frame as f32 / (FRAMES - 1) as f32;
        let mut state = FaceState::default();
        expression_at(&mut state, self.expression(identity, clip), time, rng);
        pose_at(&mut state, time, rng);
        scene(&mut state, rng);
        state.noise_seed = mixed(self.seed, item as u64, 3) as u32;
        state
    }
}

/// Seed of one stream of random numbers (the finaliser of SplitMix64).
fn mixed(seed: u64, number: u64, stream: u64) -> u64 {
    let mut z = seed
        ^ number.wrapping_mul(0x9E37_79B9_7F4A_7C15)
        ^ stream.wrapping_mul(0xD1B5_4A32_D192_ED03);
    for factor in [0xBF58_476D_1CE4_E5B9u64, 0x94D0_49BB_1331_11EB] {
        z = (z ^ (z >> 29)).wrapping_mul(factor);
    }
    z ^ (z >> 32)
}

/// The expression rises, holds and half fades; every muscle has its own strength and delay.
fn expression_at(state: &mut FaceState, expression: Expression, time: f32, rng: &mut impl Rng) {
    let strength = lerp(0.7, 1.1, rng.random());
    let apex = lerp(0.35, 0.65, rng.random());
    for (intensity, full) in state.au_intensity.iter_mut().zip(expression.action_units()) {
        let own = strength * lerp(0.85, 1.15, rng.random());
        let delay: f32 = lerp(-0.08, 0.08, rng.random());
        let rise = step(-0.35, apex, time - delay);
        let fade = 1.0 - 0.35 * step(apex + 0.1, 1.1, time - delay);
        let idle = 0.15 * rng.random::<f32>();
        *intensity = (full * own * rise * fade + idle).clamp(0.0, 5.0);
    }
    if rng.random::<f32>() < 0.3 {
        let when: f32 = rng.random();
        state.blink = bump(time - when, 0.0, 0.16, 1.0);
    }
}

/// Poses are mostly within ±60° yaw, ±25° pitch and ±15° roll; one clip in ten goes beyond, up to
/// ±90°, ±60° and ±45°.
fn pose_at(state: &mut FaceState, time: f32, rng: &mut impl Rng) {
    let far = rng.random::<f32>() < 0.1;
    let mut swing = |centre: f32, reach: f32, amplitude: f32, limit: f32| {
        let middle = tendency(rng) * centre * if far { reach } else { 1.0 };
        let (sin, _) =
            sin_cos_deg(360.0 * (rng.random::<f32>() + time * lerp(0.25, 0.7, rng.random())));
        (middle + sin * amplitude * lerp(0.3, 1.0, rng.random())).clamp(-limit, limit)
    };
    state.yaw_deg = swing(44.0, 1.7, 22.0, 90.0);
    state.pitch_deg = swing(17.0, 2.6, 8.0, 60.0);
    state.roll_deg = swing(11.0, 3.0, 5.0, 45.0);
    // The eyes tend to stay with the camera.
    state.gaze_x = (-state.yaw_deg / 60.0 + 0.4 * tendency(rng)).clamp(-1.0, 1.0);
    state.gaze_y = (-state.pitch_deg / 45.0 + 0.3 * tendency(rng)).clamp(-1.0, 1.0);
}

/// Light, background and camera stay the same in a clip.
fn scene(state: &mut FaceState, rng: &mut impl Rng) {
    state.light_azimuth_deg = 75.0 * tendency(rng);
    state.light_elevation_deg = 25.0 + 28.0 * tendency(rng);
    state.light_contrast = (0.55 + 0.3 * tendency(rng)).clamp(0.1, 1.0);
    state.exposure = 0.95 + 0.25 * tendency(rng);
    let warm = 0.12 * tendency(rng);
    state.light_colour = vec3(1.0 + warm, 1.0, 1.0 - 1.3 * warm);
    state.background_seed = rng.random();
    let bright = lerp(0.12, 0.8, rng.random());
    state.background = [0, 1].map(|_| {
        let level = (bright + 0.25 * tendency(rng)).clamp(0.05, 0.95);
        let mut tint = || (level * (1.0 + 0.16 * tendency(rng))).clamp(0.03, 0.97);
        display(tint(), tint(), tint())
    });
    state.zoom = 1.06 + 0.08 * tendency(rng);
    state.shift = (0.03 * tendency(rng), 0.01 + 0.03 * tendency(rng));
    state.noise = lerp(0.5, 3.0, rng.random());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_run_through_people_clips_and_frames() {
        let faces = GeneratedFaces::new(1, 3);
        assert_eq!(faces.len(), 3 * CLIPS * FRAMES);
        assert!(!faces.is_empty() && GeneratedFaces::new(1, 0).is_empty());
        for item in 0..faces.len() {
            let truth = faces.truth(item);
            assert_eq!(faces.item(truth.identity, truth.clip, truth.frame), item);
        }
        let last = faces.truth(faces.len() - 1);
        assert_eq!(
            (last.identity, last.clip, last.frame),
            (2, CLIPS - 1, FRAMES - 1)
        );
    }

    #[test]
    fn every_person_shows_every_expression() {
        let faces = GeneratedFaces::new(1, 20);
        for identity in 0..20 {
            let shown: std::collections::HashSet<_> = (0..CLIPS)
                .map(|clip| faces.truth(faces.item(identity, clip, 0)).expression)
                .collect();
            assert_eq!(shown.len(), Expression::ALL.len());
        }
    }

    #[test]
    fn a_turned_head_changes_nothing_but_its_pose() {
        let faces = GeneratedFaces::new(4, 3);
        let (item, pose_of) = (faces.item(1, 2, 3), faces.item(2, 0, 5));
        let (own, pose, turned) = (
            faces.state(item),
            faces.state(pose_of),
            faces.turned(item, pose_of),
        );
        let angles = |s: &FaceState| (s.yaw_deg, s.pitch_deg, s.roll_deg);
        assert_eq!(angles(&turned), angles(&pose));
        assert_ne!(angles(&turned), angles(&own));
        assert_ne!(turned.noise_seed, own.noise_seed);
        let back = FaceState {
            yaw_deg: own.yaw_deg,
            pitch_deg: own.pitch_deg,
            roll_deg: own.roll_deg,
            noise_seed: own.noise_seed,
            ..turned
        };
        assert_eq!(back, own);
        assert_ne!(
            faces.render_turned(item, pose_of, 64),
            faces.render(item, 64)
        );
    }

    #[test]
    fn clips_are_smooth_and_move() {
        let faces = GeneratedFaces::new(5, 30);
        let mut moved = 0;
        for start in (0..faces.len()).step_by(FRAMES) {
            let truths: Vec<Truth> = (start..start + FRAMES)
                .map(|item| faces.truth(item))
                .collect();
            for pair in truths.windows(2) {
                assert!((pair[0].yaw_deg - pair[1].yaw_deg).abs() < 20.0);
                assert!((pair[0].pitch_deg - pair[1].pitch_deg).abs() < 8.0);
                assert!((pair[0].roll_deg - pair[1].roll_deg).abs() < 6.0);
                let units = pair[0].au_intensity.iter().zip(pair[1].au_intensity);
                assert!(units.map(|(a, b)| (a - b).abs()).fold(0.0, f32::max) < 2.5);
                assert_eq!(pair[0].light_azimuth_deg, pair[1].light_azimuth_deg);
            }
            moved += usize::from((truths[0].yaw_deg - truths[FRAMES - 1].yaw_deg).abs() > 2.0);
        }
        assert!(moved * FRAMES * 2 > faces.len(), "{moved}");
    }

    #[test]
    fn the_supply_reaches_extreme_poses() {
        let faces = GeneratedFaces::new(6, 1000);
        let most = |angle: fn(&Truth) -> f32| {
            (0..faces.len())
                .map(|item| angle(&faces.truth(item)).abs())
                .fold(0.0, f32::max)
        };
        let reached = [
            most(|t| t.yaw_deg),
            most(|t| t.pitch_deg),
            most(|t| t.roll_deg),
        ];
        for (reached, range) in reached.iter().zip([90.0, 60.0, 45.0]) {
            assert!(*reached > 0.9 * range, "{reached:?} of {range}");
        }
    }

    #[test]
    fn poses_are_mostly_moderate_and_never_beyond_the_range() {
        let faces = GeneratedFaces::new(6, 60);
        let truths: Vec<Truth> = (0..faces.len()).map(|item| faces.truth(item)).collect();
        assert!(truths.iter().all(|t| t.yaw_deg.abs() <= 90.0
            && t.pitch_deg.abs() <= 60.0
            && t.roll_deg.abs() <= 45.0));
        assert!(
            truths
                .iter()
                .all(|t| t.au_intensity.iter().all(|i| (0.0..=5.0).contains(i)))
        );
        let share = |inside: fn(&Truth) -> bool| {
            truths.iter().filter(|t| inside(t)).count() as f32 / truths.len() as f32
        };
        assert!(share(|t| t.yaw_deg.abs() <= 60.0) > 0.9);
        assert!(share(|t| t.pitch_deg.abs() <= 25.0) > 0.9);
        assert!(share(|t| t.roll_deg.abs() <= 15.0) > 0.85);
        assert!(share(|t| t.yaw_deg.abs() > 60.0) > 0.003);
        let mean_yaw = truths.iter().map(|t| t.yaw_deg).sum::<f32>() / truths.len() as f32;
        assert!(mean_yaw.abs() < 5.0, "{mean_yaw}");
    }
}
