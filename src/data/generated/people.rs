//! How people are drawn from a seed.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::identity::{Glasses, Identity};
use super::maths::{Vec3, display, lerp};

/// A number around 0 with standard deviation ½ that never leaves −1.5…1.5.
pub(super) fn tendency(rng: &mut impl Rng) -> f32 {
    (0..3).map(|_| rng.random::<f32>() - 0.5).sum()
}

fn pick(colours: &[Vec3], at: f32) -> Vec3 {
    let place = at.clamp(0.0, 1.0) * (colours.len() - 1) as f32;
    let below = (place as usize).min(colours.len() - 2);
    colours[below].mix(colours[below + 1], place - below as f32)
}

impl Identity {
    /// The person that belongs to `seed`.
    pub fn draw(seed: u64) -> Self {
        let rng = &mut ChaCha8Rng::seed_from_u64(seed);
        // Two hidden numbers keep the rest plausible together.
        let male = (tendency(rng) * 2.2).clamp(-1.0, 1.0);
        let melanin: f32 = rng.random();
        let age: f32 = rng.random();

        let mut t = |scale: f32| tendency(rng) * scale;
        let mut identity = Self {
            texture_seed: 0,
            mirrored: false,
            skull_width: 1.0 + 0.01 * male + t(0.07),
            skull_height: 1.0 + t(0.07),
            skull_depth: 1.0 + t(0.06),
            forehead_slope: 0.3 * male + t(0.9),
            face_length: 1.0 + 0.03 * male + t(0.09),
            jaw_width: 1.0 + 0.06 * male + t(0.12),
            jaw_angle: -0.2 * male + t(1.0),
            chin_width: 1.0 + 0.12 * male + t(0.25),
            chin_projection: 0.2 * male + t(1.0),
            cheekbones: t(1.2),
            cheek_fullness: t(1.3),
            brow_ridge: 0.7 * male + t(0.8),
            eye_spacing: 0.315 + t(0.035),
            eye_width: 1.0 - 0.03 * male + t(0.14),
            eye_opening: 1.0 - 0.08 * male + t(0.3),
            eye_tilt: -0.15 * male + t(1.1),
            eye_depth: 0.3 * male + t(1.0),
            iris: Vec3::default(),
            nose_length: 1.0 + 0.03 * male + t(0.14),
            nose_width: 1.0 + 0.07 * male + 0.22 * (melanin - 0.4) + t(0.26),
            nose_projection: 1.0 + 0.05 * male + t(0.32),
            nose_hump: 0.25 * male + t(1.3),
            nose_upturn: -0.3 * male + t(1.2),
            nose_bend: t(0.03),
            mouth_width: 0.255 + 0.01 * male + t(0.05),
            mouth_height: t(1.0),
            upper_lip: 0.070 - 0.010 * male + 0.025 * (melanin - 0.4) + t(0.025),
            lower_lip: 0.085 - 0.008 * male + 0.030 * (melanin - 0.4) + t(0.03),
            mouth_skew: t(0.025),
            lips: Vec3::default(),
            brow_height: 0.215 - 0.02 * male + t(0.05),
            brow_thickness: 0.036 + 0.010 * male + t(0.022),
            brow_arch: -0.4 * male + t(1.2),
            brow_skew: t(0.022),
            brow_density: 0.75 + t(0.3),
            ear_size: 1.0 + 0.04 * male + t(0.18),
            ear_angle_deg: 24.0 + t(16.0),
            neck_width: 1.0 + 0.13 * male + t(0.1),
            skin: Vec3::default(),
            blush: 0.4 + t(0.5),
            freckles: 0.0,
            mole: None,
            age,
            hair: Vec3::default(),
            hair_length: 0.0,
            hair_volume: 0.10 + t(0.08),
            curl: 0.0,
            fringe: 0.0,
            hairline: 0.74 + t(0.12),
            recession: 0.0,
            parting: 0.0,
            beard: 0.0,
            moustache: 0.0,
            glasses: None,
            clothing: Vec3::default(),
        };
        identity.texture_seed = rng.random();
        identity.draw_colours(melanin, rng);
        identity.draw_hair(male, melanin, rng);
        identity.draw_marks(melanin, rng);
        identity
    }

    fn draw_colours(&mut self, melanin: f32, rng: &mut impl Rng) {
        let skins = [
            display(0.93, 0.78, 0.70),
            display(0.90, 0.73, 0.62),
            display(0.80, 0.61, 0.48),
            display(0.63, 0.44, 0.33),
            display(0.42, 0.28, 0.21),
        ];
        let warmth = tendency(rng) * 0.06;
        self.skin = pick(&skins, melanin);
        self.skin.z *= 1.0 - 2.0 * warmth;
        self.skin.x *= 1.0 + 0.5 * warmth;

        let irises = [
            display(0.40, 0.55, 0.68),
            display(0.42, 0.52, 0.42),
            display(0.50, 0.38, 0.22),
            display(0.34, 0.21, 0.12),
            display(0.22, 0.13, 0.08),
        ];
        self.iris = pick(
            &irises,
            (rng.random::<f32>() + 1.5 * (melanin - 0.35)).clamp(0.0, 1.0),
        );

        let natural = self.skin.times(display(0.92, 0.68, 0.68));
        let made_up = display(0.70, 0.16, 0.22).mix(display(0.62, 0.22, 0.34), rng.random());
        let paint = if rng.random::<f32>() < 0.2 {
            0.55
        } else {
            0.08
        };
        self.lips = natural.mix(made_up, paint);
        let dyes = [
            display(0.16, 0.18, 0.24),
            display(0.55, 0.20, 0.20),
            display(0.75, 0.72, 0.66),
            display(0.22, 0.38, 0.42),
            display(0.25, 0.30, 0.52),
        ];
        self.clothing = pick(&dyes, rng.random());
    }

    fn draw_hair(&mut self, male: f32, melanin: f32, rng: &mut impl Rng) {
        let hairs = [
            display(0.80, 0.66, 0.44),
            display(0.64, 0.46, 0.27),
            display(0.58, 0.28, 0.14),
            display(0.36, 0.23, 0.14),
            display(0.20, 0.13, 0.09),
            display(0.10, 0.08, 0.075),
        ];
        let dark = (rng.random::<f32>() + 1.6 * (melanin - 0.3)).clamp(0.0, 1.0);
        let grey = if self.age > 0.84 {
            rng.random::<f32>()
        } else {
            0.0
        };
        self.hair = pick(&hairs, dark).mix(display(0.70, 0.69, 0.68), 0.85 * grey);
        let long = 0.5 - 0.55 * male + 0.7 * tendency(rng);
        self.hair_length = long.clamp(0.1, 1.0);
        if male > 0.2 && rng.random::<f32>() < 0.1 + 0.2 * self.age {
            self.hair_length = 0.0;
        }
        self.curl = (tendency(rng) + 0.8 * (melanin - 0.3)).clamp(0.0, 1.0);
        self.fringe = (0.9 * tendency(rng) - 0.02 - 0.15 * male).clamp(0.0, 1.0);
        self.recession = (0.5 * male * self.age + 0.4 * tendency(rng)).clamp(0.0, 1.0);
        let side = if rng.random::<bool>() { 1.0 } else { -1.0 };
        self.parting = side * lerp(0.16, 0.42, rng.random());
        if male > 0.05 {
            let kind: f32 = rng.random();
            self.beard = if kind < 0.45 {
                0.12 * rng.random::<f32>()
            } else {
                (kind - 0.35) * 1.5
            };
            self.moustache = if rng.random::<f32>() < 0.12 {
                0.9
            } else {
                self.beard
            };
            self.beard = self.beard.min(1.0);
            self.moustache = self.moustache.min(1.0);
        }
    }

    fn draw_marks(&mut self, melanin: f32, rng: &mut impl Rng) {
        if melanin < 0.5 && rng.random::<f32>() < 0.3 {
            self.freckles = rng.random();
        }
        if rng.random::<f32>() < 0.55 {
            let side = if rng.random::<bool>() { 1.0 } else { -1.0 };
            self.mole = Some((
                side * lerp(0.22, 0.5, rng.random()),
                lerp(-0.6, -0.2, rng.random()),
            ));
        }
        if rng.random::<f32>() < 0.27 {
            let frames = [
                display(0.08, 0.08, 0.09),
                display(0.35, 0.20, 0.12),
                display(0.60, 0.55, 0.45),
                display(0.45, 0.12, 0.14),
            ];
            self.glasses = Some(Glasses {
                half_width: lerp(0.20, 0.26, rng.random()),
                half_height: lerp(0.14, 0.21, rng.random()),
                squareness: rng.random(),
                rim: lerp(0.010, 0.024, rng.random()),
                colour: pick(&frames, rng.random()),
            });
        }
    }
}
