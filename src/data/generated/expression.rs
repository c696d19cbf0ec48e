//! What the face does: facial action units, the seven basic expressions, pose, light and camera.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::maths::{Vec3, display, vec3};

/// The facial action units (FACS) the model has, in the order of every intensity array.
pub const ACTION_UNITS: [u8; 8] = [1, 2, 4, 6, 9, 12, 25, 26];

/// The seven basic expressions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Expression {
    /// At rest.
    Neutral,
    /// AU 6 + 12 + 25.
    Happy,
    /// AU 1 + 4.
    Sad,
    /// AU 1 + 2 + 25 + 26.
    Surprise,
    /// AU 1 + 2 + 4 + 25, a little 26.
    Fear,
    /// AU 9, a little 4 and 25.
    Disgust,
    /// AU 4, a little 6 and 9.
    Anger,
}

impl fmt::Display for Expression {
    /// In a word, as in `labels.csv`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}

impl Expression {
    /// All seven, in the order of their class numbers.
    pub const ALL: [Self; 7] = [
        Self::Neutral,
        Self::Happy,
        Self::Sad,
        Self::Surprise,
        Self::Fear,
        Self::Disgust,
        Self::Anger,
    ];

    /// Intensity 0–5 of every action unit at the height of the expression.
    pub fn action_units(self) -> [f32; 8] {
        match self {
            Self::Neutral => [0.0; 8],
            Self::Happy => [0.0, 0.0, 0.0, 3.5, 0.0, 4.5, 3.0, 0.5],
            Self::Sad => [4.5, 0.0, 3.0, 0.0, 0.0, 0.0, 0.0, 0.0],
            Self::Surprise => [4.0, 4.5, 0.0, 0.0, 0.0, 0.0, 3.5, 4.5],
            Self::Fear => [4.5, 2.5, 3.5, 0.0, 0.0, 0.0, 4.0, 1.5],
            Self::Disgust => [0.0, 0.0, 2.5, 2.0, 5.0, 0.0, 1.5, 0.0],
            Self::Anger => [0.0, 0.0, 5.0, 1.5, 1.5, 0.0, 0.0, 0.0],
        }
    }
}

/// Everything about one picture except who is in it.
#[derive(Clone, Debug, PartialEq)]
pub struct FaceState {
    /// Intensity 0–5 of the [`ACTION_UNITS`].
    pub au_intensity: [f32; 8],
    /// Positive looks to the right side of the picture; ±90.
    pub yaw_deg: f32,
    /// Positive looks up; ±60.
    pub pitch_deg: f32,
    /// Positive is clockwise in the picture; ±45.
    pub roll_deg: f32,
    /// Direction of the eyes relative to the head, positive to the right of the picture, −1…1.
    pub gaze_x: f32,
    /// Direction of the eyes relative to the head, positive up, −1…1.
    pub gaze_y: f32,
    /// Closure of the lids, 0 open to 1 shut.
    pub blink: f32,
    /// Where the key light comes from; positive is the right side of the picture.
    pub light_azimuth_deg: f32,
    /// Height of the key light.
    pub light_elevation_deg: f32,
    /// Share of the key light in the whole, 0 (flat) to 1 (harsh).
    pub light_contrast: f32,
    /// Brightness, 1 is well exposed.
    pub exposure: f32,
    /// Colour of the light.
    pub light_colour: Vec3,
    /// Seed of the background's blurred shapes.
    pub background_seed: u32,
    /// Two colours the background is mixed of.
    pub background: [Vec3; 2],
    /// Scale of the head in the picture, 1 shows head and neck.
    pub zoom: f32,
    /// Shift of the head in the picture, as a fraction of the side, right and up.
    pub shift: (f32, f32),
    /// Standard deviation of the camera noise, in 8-bit steps.
    pub noise: f32,
    /// Seed of the camera noise.
    pub noise_seed: u32,
}

impl Default for FaceState {
    /// A neutral frontal face in soft light before a grey wall.
    fn default() -> Self {
        Self {
            au_intensity: [0.0; 8],
            yaw_deg: 0.0,
            pitch_deg: 0.0,
            roll_deg: 0.0,
            gaze_x: 0.0,
            gaze_y: 0.0,
            blink: 0.0,
            light_azimuth_deg: -35.0,
            light_elevation_deg: 35.0,
            light_contrast: 0.6,
            exposure: 1.0,
            light_colour: vec3(1.0, 1.0, 1.0),
            background_seed: 0,
            background: [display(0.55, 0.57, 0.60); 2],
            zoom: 1.0,
            shift: (0.0, 0.0),
            noise: 0.0,
            noise_seed: 0,
        }
    }
}

impl FaceState {
    /// The state a mirror shows: yaw, roll, gaze, light and shift change sides.
    pub fn mirrored(&self) -> Self {
        Self {
            yaw_deg: -self.yaw_deg,
            roll_deg: -self.roll_deg,
            gaze_x: -self.gaze_x,
            light_azimuth_deg: -self.light_azimuth_deg,
            shift: (-self.shift.0, self.shift.1),
            ..self.clone()
        }
    }

    /// Activations 0–1 of the muscles, in the terms the geometry needs.
    pub(super) fn muscles(&self) -> Muscles {
        let [au1, au2, au4, au6, au9, au12, au25, au26] =
            self.au_intensity.map(|i| i.clamp(0.0, 5.0) / 5.0);
        Muscles {
            inner_brow: au1,
            outer_brow: au2,
            frown: au4,
            cheek: au6,
            wrinkle: au9,
            smile: au12,
            part: au25,
            drop: au26,
            // AU 5 and AU 15 have no intensity of their own: they go with the units that
            // accompany them in surprise and fear, and in sadness.
            widen: au1.min(au2),
            depress: (au1.min(au4) - au2).max(0.0),
        }
    }
}

/// Activations, each 0–1.
#[derive(Clone, Copy, Debug)]
pub(super) struct Muscles {
    /// AU 1.
    pub inner_brow: f32,
    /// AU 2.
    pub outer_brow: f32,
    /// AU 4.
    pub frown: f32,
    /// AU 6.
    pub cheek: f32,
    /// AU 9.
    pub wrinkle: f32,
    /// AU 12.
    pub smile: f32,
    /// AU 25.
    pub part: f32,
    /// AU 26.
    pub drop: f32,
    /// Upper lid raised.
    pub widen: f32,
    /// Lip corners lowered.
    pub depress: f32,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_differ_from_each_other() {
        for (i, a) in Expression::ALL.iter().enumerate() {
            for b in &Expression::ALL[..i] {
                let pairs = a.action_units().into_iter().zip(b.action_units());
                let distance: f32 = pairs.map(|(x, y)| (x - y).abs()).sum();
                assert!(distance > 4.0, "{a:?} and {b:?} are {distance} apart");
            }
        }
    }

    #[test]
    fn intensities_stay_on_the_facs_scale() {
        for expression in Expression::ALL {
            assert!(
                expression
                    .action_units()
                    .iter()
                    .all(|i| (0.0..=5.0).contains(i))
            );
        }
    }

    #[test]
    fn mirroring_twice_is_the_identity() {
        let state = FaceState {
            yaw_deg: 20.0,
            roll_deg: 5.0,
            shift: (0.1, 0.2),
            ..Default::default()
        };
        assert_eq!(state.mirrored().mirrored(), state);
        assert_ne!(state.mirrored(), state);
    }
}
