//! Light, background and camera.

use super::expression::FaceState;
use super::maths::{Vec3, hash, noise, sin_cos_deg, step, vec3};
use super::mesh::Material;
use super::paint::Paint;

/// The light of one picture.
pub struct Light {
    /// Unit vector towards the key light.
    pub towards: Vec3,
    key: Vec3,
    sky: Vec3,
    ground: Vec3,
}

/// A place to be lit.
pub struct Lit {
    /// Unit normal before the camera.
    pub normal: Vec3,
    /// Unit vector towards the camera.
    pub eye: Vec3,
    /// Share of the surrounding light that arrives, 0–1.
    pub open: f32,
    /// Share of the key light that arrives, 0–1.
    pub sun: f32,
}

impl Light {
    /// The light of `state`.
    pub fn new(state: &FaceState) -> Self {
        let (sin_a, cos_a) = sin_cos_deg(state.light_azimuth_deg);
        let (sin_e, cos_e) = sin_cos_deg(state.light_elevation_deg);
        let contrast = state.light_contrast.clamp(0.0, 1.0);
        let around = state.exposure * (1.0 - 0.62 * contrast);
        Self {
            towards: vec3(sin_a * cos_e, sin_e, cos_a * cos_e),
            key: state.light_colour * (state.exposure * (0.35 + 0.85 * contrast)),
            sky: vec3(0.92, 0.97, 1.05) * around,
            ground: vec3(0.60, 0.53, 0.49) * around,
        }
    }

    /// Linear colour of a painted place in this light.
    pub fn shine(&self, paint: &Paint, material: Material, at: &Lit) -> Vec3 {
        let n = at.normal;
        let facing = n.dot(self.towards);
        // Light that enters skin leaves it nearby: the shadow's edge is soft, and red.
        let wrap = match material {
            Material::Skin | Material::Torso => vec3(0.30, 0.16, 0.12),
            Material::Hair => vec3(0.35, 0.35, 0.35),
            Material::Frame => Vec3::default(),
        };
        let soft = |w: f32| ((facing + w) / (1.0 + w)).max(0.0);
        let sun = vec3(at.sun, at.sun, at.sun).mix(vec3(1.0, 1.0, 1.0), 0.10);
        let diffuse = vec3(soft(wrap.x), soft(wrap.y), soft(wrap.z)).times(sun);
        let around = self.ground.mix(self.sky, 0.5 + 0.5 * n.y) * (at.open * (0.72 + 0.28 * n.z));
        // Light between close surfaces takes their colour.
        let bounce = vec3(
            1.0 + 0.25 * (1.0 - at.open),
            1.0,
            1.0 - 0.05 * (1.0 - at.open),
        );
        let mut colour = paint
            .albedo
            .times(self.key.times(diffuse) + around.times(bounce));

        let half = (self.towards + at.eye).normalized();
        let rim = {
            let away = 1.0 - n.dot(at.eye).clamp(0.0, 1.0);
            away * away * away * away
        };
        let highlight = if material == Material::Hair {
            // Strands reflect in a ring: the highlight depends on the direction along the strand.
            let along = (vec3(0.0, -1.0, 0.0) - n * -n.y).normalized();
            let t = along.dot(half);
            power16((1.0 - t * t).max(0.0).sqrt()) * soft(0.2) * 0.5
        } else {
            power16(n.dot(half).max(0.0))
        };
        colour += self.key * (paint.gloss * (0.30 * highlight * at.sun));
        colour += self.sky * (0.06 * rim * at.open * paint.gloss.min(0.4) * 2.5);
        colour + self.key * (paint.glint * at.sun.max(0.4))
    }
}

fn power16(x: f32) -> f32 {
    let x4 = x * x * x * x;
    x4 * x4 * x4 * x4
}

/// Linear colour of the background at a place of the picture, both 0–1 from the top left.
pub fn background(state: &FaceState, x: f32, y: f32) -> Vec3 {
    let seed = state.background_seed;
    let slow = noise(x * 2.3 + 3.0, y * 2.3, seed);
    let fast = noise(x * 5.5, y * 5.5 + 8.0, seed ^ 1);
    let blend = step(0.25, 0.75, 0.7 * slow + 0.3 * fast);
    let colour = state.background[0].mix(state.background[1], blend);
    let (dx, dy) = (x - 0.5, y - 0.5);
    colour * (state.exposure * (1.05 - 0.6 * (dx * dx + dy * dy)))
}

/// What the camera records of a linear colour at pixel `index`.
pub fn expose(state: &FaceState, colour: Vec3, index: u32) -> [u8; 3] {
    let grain = |channel: u32| {
        if state.noise <= 0.0 {
            return 0.0;
        }
        let bits = hash(index.wrapping_mul(3).wrapping_add(channel) ^ hash(state.noise_seed));
        // The sum of four uniform bytes is nearly normal; its variance is 4 · 65535 / 12.
        let sum: u32 = (0..4).map(|shift| (bits >> (8 * shift)) & 255).sum();
        (sum as f32 - 510.0) / 147.8 * state.noise
    };
    let film = |light: f32| {
        // Highlights roll off instead of clipping.
        let light = light.max(0.0);
        (1.22 * light / (1.0 + 0.22 * light)).sqrt() * 255.0
    };
    [
        (film(colour.x) + grain(0)).round().clamp(0.0, 255.0) as u8,
        (film(colour.y) + grain(1)).round().clamp(0.0, 255.0) as u8,
        (film(colour.z) + grain(2)).round().clamp(0.0, 255.0) as u8,
    ]
}
