//! What the surfaces look like before light falls on them.

use super::expression::{FaceState, Muscles};
use super::features::Features;
use super::head::fold;
use super::identity::Identity;
use super::maths::{Vec3, bump, curve, display, hash, noise, off_grid, spots, step, vec3};
use super::paint_eyes;

/// Reflectance of one place.
#[derive(Clone, Copy, Debug)]
pub struct Paint {
    /// Diffuse reflectance, linear RGB.
    pub albedo: Vec3,
    /// Strength of the highlight.
    pub gloss: f32,
    /// Mirror image of the lamp, added as it is.
    pub glint: f32,
}

impl Paint {
    /// Covers this paint with another colour; `coverage` 0–1.
    pub fn cover(&mut self, colour: Vec3, coverage: f32) {
        self.albedo = self.albedo.mix(colour, coverage);
    }

    /// Darkens by `amount` 0–1, blue and green more than red as skin does.
    pub fn deepen(&mut self, amount: f32) {
        self.albedo = self
            .albedo
            .times(vec3(1.0 - 0.8 * amount, 1.0 - amount, 1.0 - amount));
    }
}

/// Everything the painting of one picture needs to know.
pub struct Painter<'a> {
    /// Who.
    pub identity: &'a Identity,
    /// In which state.
    pub state: &'a FaceState,
    /// Muscle activations of the state.
    pub muscles: Muscles,
    /// Features in that state.
    pub features: &'a Features,
    /// Half the width of a soft edge: about one sample, in 10 cm.
    pub edge: f32,
}

impl Painter<'_> {
    /// Coverage of the interior of a shape at the signed distance `inside` from its edge.
    pub fn coverage(&self, inside: f32) -> f32 {
        (0.5 + 0.5 * inside / self.edge).clamp(0.0, 1.0)
    }

    /// Skin of head and ears, with everything that is painted on the face. `roots` is the density
    /// 0–1 of hair roots.
    pub fn skin(&self, rest: Vec3, place: Vec3, roots: f32) -> Paint {
        let id = self.identity;
        let mut paint = Paint {
            albedo: id.skin,
            gloss: 0.20,
            glint: 0.0,
        };
        let seed = id.texture_seed;
        let mottle = noise(rest.x * 9.0 + rest.z * 5.0, rest.y * 9.0, seed) - 0.5;
        paint.deepen(0.07 * mottle);
        if self.edge < 0.02 {
            // Too small to be seen in the smallest pictures.
            let pores = noise(rest.x * 38.0 + rest.z * 21.0, rest.y * 38.0, seed ^ 1) - 0.5;
            paint.deepen(0.05 * pores);
        }
        if roots > 0.0 {
            let hairs = noise(rest.x * 55.0 + rest.z * 20.0, rest.y * 14.0, seed ^ 14);
            paint.cover(id.hair * 0.9, roots * (0.35 + 0.6 * hairs));
        }
        let x = rest.x.abs();
        let ruddy = 0.8 * bump(x - 0.42, rest.y + 0.30, 0.34, 0.27)
            + 0.9 * bump(rest.x, place.y - self.features.nose.tip_y, 0.24, 0.17)
            + 0.7 * step(0.70, 0.80, x) * step(0.3, 0.0, rest.z)
            + 0.3 * bump(rest.x, rest.y + 1.0, 0.3, 0.2);
        paint.cover(
            id.skin.times(display(1.0, 0.80, 0.79)),
            (ruddy * id.blush).clamp(0.0, 1.0),
        );
        if place.z < 0.05 {
            return paint;
        }
        paint.gloss += 0.16 * bump(rest.x, rest.y - 0.45, 0.5, 0.35);
        paint.gloss += 0.35 * bump(rest.x, place.y - self.features.nose.tip_y, 0.2, 0.3);
        self.marks(&mut paint, rest);
        self.lines(&mut paint, rest, place);
        self.nostrils(&mut paint, place);
        self.beard(&mut paint, rest, place);
        paint_eyes::brows(self, &mut paint, place);
        self.mouth(&mut paint, place);
        paint_eyes::eyes(self, &mut paint, place);
        paint
    }

    fn marks(&self, paint: &mut Paint, rest: Vec3) {
        let id = self.identity;
        let own = rest.x * id.side();
        if id.freckles > 0.0 {
            let where_ = bump(own, rest.y + 0.25, 0.75, 0.5);
            let spots = spots(
                own * 22.0,
                rest.y * 22.0,
                0.25 + 0.6 * id.freckles,
                id.texture_seed ^ 2,
            );
            paint.deepen(0.40 * spots * (2.0 * where_).min(1.0));
        }
        if let Some((x, y)) = id.mole {
            let (dx, dy) = (own - x, rest.y - y * id.face_length);
            let coverage = self.coverage(0.026 - (dx * dx + dy * dy).sqrt());
            paint.cover(id.skin.times(display(0.40, 0.30, 0.28)), 0.9 * coverage);
        }
    }

    /// Lines of expression and age.
    fn lines(&self, paint: &mut Paint, rest: Vec3, place: Vec3) {
        let (id, m, f) = (self.identity, &self.muscles, self.features);
        let x = place.x.abs();
        paint.deepen(fold(place, f) * (0.08 + 0.20 * id.age + 0.24 * m.smile + 0.20 * m.wrinkle));
        let bags = bump(x - f.eye.x + 0.01, place.y + 0.11, 0.17, 0.055);
        paint.deepen(bags * (0.06 + 0.20 * id.age + 0.20 * m.cheek));
        if place.y > 0.05 {
            let raised = m.inner_brow.max(m.outer_brow);
            let rows = (rest.y - 0.36) * 9.5;
            let groove = bump(off_grid(rows), 0.0, 0.34, 1.0);
            let forehead = bump(rest.x, rest.y - 0.50, 0.55, 0.22);
            paint.deepen(
                groove * forehead * (0.05 * id.age * id.age + 0.38 * raised * (0.5 + 0.5 * id.age)),
            );
            let frown = bump(x - 0.055, place.y - 0.20, 0.032, 0.15);
            paint.deepen(frown * (0.08 * id.age + 0.55 * m.frown));
        }
        if m.wrinkle > 0.0 {
            let rows = (place.y - 0.02) * 17.0;
            let groove = bump(off_grid(rows), 0.0, 0.36, 1.0);
            paint.deepen(0.45 * m.wrinkle * groove * bump(place.x, place.y + 0.01, 0.16, 0.16));
        }
        if m.cheek > 0.0 || id.age > 0.5 {
            let outer = f.eye.x + f.eye.half_width;
            let rays = place.y * 26.0 / (0.3 + 5.0 * (x - outer + 0.05).max(0.0));
            let groove = bump(off_grid(rays), 0.0, 0.36, 1.0);
            let feet = bump(x - outer - 0.09, place.y, 0.10, 0.11);
            paint.deepen(groove * feet * (0.25 * (id.age - 0.5).max(0.0) + 0.32 * m.cheek));
        }
    }

    fn nostrils(&self, paint: &mut Paint, place: Vec3) {
        let n = &self.features.nose;
        let x = place.x - n.bend;
        let hole = bump(
            x.abs() - 0.50 * n.half_width,
            place.y - n.base_y - 0.012,
            0.058,
            0.034,
        );
        paint.cover(display(0.20, 0.09, 0.08), (1.6 * hole).min(0.85));
        let under = bump(
            x.abs() - 0.3 * n.half_width,
            place.y - n.base_y + 0.01,
            0.16,
            0.05,
        );
        paint.deepen(0.22 * under);
    }

    fn mouth(&self, paint: &mut Paint, place: Vec3) {
        let id = self.identity;
        let mouth = &self.features.mouth;
        let own = place.x * id.side();
        let y = place.y;
        let corner = mouth.corner(own);
        let pit = bump(own.abs() - mouth.half_width, y - corner, 0.045, 0.035);
        paint.deepen(0.45 * pit);
        let Some(c) = mouth.curves(own) else {
            return;
        };
        let lip = self.coverage((c.top - y).min(y - c.bottom));
        // The upper lip faces the ground and is darker than it looks in the light alone.
        let tone = if y > c.upper { 0.86 } else { 1.0 };
        let crease = noise(own * 60.0, y * 4.0, id.texture_seed ^ 3);
        paint.cover(id.lips * (tone * (0.93 + 0.14 * crease)), lip * 0.92);
        paint.gloss += 0.12 * lip;

        let gap = c.upper - c.lower;
        let seam =
            bump(0.0, y - c.upper, 1.0, 0.010 + self.edge) * 0.8 * (1.0 - step(0.01, 0.04, gap));
        paint.cover(id.lips * 0.16, seam);
        let open = self.coverage((c.upper - y).min(y - c.lower)) * step(0.002, 0.02, gap);
        if open == 0.0 {
            return;
        }
        let across = own / mouth.half_width;
        let mut inner = Paint {
            albedo: display(0.26, 0.09, 0.09),
            gloss: 0.1,
            glint: 0.0,
        };
        let tongue = bump(
            own,
            y - c.lower,
            0.8 * mouth.half_width,
            0.6 * gap.max(0.02),
        );
        inner.cover(
            display(0.66, 0.30, 0.31),
            step(0.08, 0.2, gap) * (1.5 * tongue).min(0.8),
        );
        let teeth = display(0.93, 0.90, 0.84) * (1.0 - 0.55 * across * across);
        let row_end = (mouth.upper_y - 0.075 + 0.06 * across * across).max(c.lower + 0.014);
        let upper_row = self.coverage(y - row_end);
        let between = bump(off_grid(own * 17.0 + 0.5), 0.0, 0.16, 1.0) * 0.16;
        inner.cover(
            teeth * (1.0 - between),
            upper_row * step(0.98, 0.85, across.abs()),
        );
        let shadow = step(0.0, 0.05, c.upper - y);
        paint.cover(inner.albedo * (0.6 + 0.4 * shadow), open);
        paint.gloss *= 1.0 - 0.5 * open;
    }

    fn beard(&self, paint: &mut Paint, rest: Vec3, place: Vec3) {
        let id = self.identity;
        if id.beard.max(id.moustache) < 0.01 {
            return;
        }
        let own = rest.x * id.side();
        let coverage = beard_cover(id, rest, self.features);
        if coverage < 0.01 {
            return;
        }
        let strand = noise(
            own * 70.0,
            rest.y * 16.0 + rest.z * 10.0,
            id.texture_seed ^ 4,
        );
        let clump = noise(
            own * 20.0 + 5.0,
            rest.y * 12.0 + place.z * 8.0,
            id.texture_seed ^ 6,
        );
        let dense = step(0.15, 0.6, coverage);
        let hairs = coverage * (0.55 + 0.45 * strand) + dense * 0.35;
        paint.cover(
            id.hair * (0.45 + 0.5 * strand + 0.25 * clump),
            (hairs * 0.95).min(0.95),
        );
        paint.gloss *= 1.0 - 0.7 * coverage;
    }

    /// Neck, and clothing below the collar.
    pub fn torso(&self, place: Vec3) -> Paint {
        let id = self.identity;
        let mut paint = Paint {
            albedo: id.skin * 0.96,
            gloss: 0.12,
            glint: 0.0,
        };
        let style = hash(id.texture_seed ^ 7) % 4;
        let neckline = [0.04, 0.30, 0.22, 0.0][style as usize];
        let width = [0.6, 0.36, 0.62, 0.6][style as usize];
        let front = step(0.0, 0.12, place.z);
        let dip = neckline * (1.0 - (place.x.abs() / width).min(1.0)) * front;
        let collar = -1.30 - 0.05 * front - dip;
        let cloth = self.coverage((collar - place.y) * 0.7);
        let weave = noise(place.x * 3.0, place.y * 3.0, id.texture_seed ^ 8);
        paint.cover(id.clothing * (0.85 + 0.3 * weave), cloth);
        let hem = self.coverage(0.025 - (collar - place.y - 0.02).abs());
        paint.cover(id.clothing * 0.6, 0.6 * hem);
        paint.gloss *= 1.0 - cloth;
        paint
    }

    /// Hair; `place` in the head's own frame.
    pub fn hair(&self, place: Vec3) -> Paint {
        let (broad, fine) = strands(self.identity, place);
        let tone = 0.35 + 0.65 * broad + 0.65 * fine;
        Paint {
            albedo: self.identity.hair * tone,
            gloss: 0.35,
            glint: 0.0,
        }
    }
}

/// Two random fields 0–1 that run along the strands of hair: locks and single strands.
pub fn strands(id: &Identity, place: Vec3) -> (f32, f32) {
    let own = place.x * id.side();
    // Strands radiate from the crown, a little beside the parting.
    let (dx, dz) = (own - 0.35 * id.parting, place.z + 0.30);
    let reach = (dx * dx + dz * dz).sqrt().max(0.03);
    let wave = 0.35 * id.curl * (noise(place.y * 5.0, own * 3.0, id.texture_seed ^ 9) - 0.5);
    let (u, v) = (dx / reach + wave, dz / reach - wave);
    let along = place.y * (0.8 + 2.5 * id.curl);
    let locks = noise(u * 7.0 + along, v * 7.0 + 3.0, id.texture_seed ^ 10);
    let single = noise(u * 26.0 + along, v * 26.0, id.texture_seed ^ 11);
    (locks, single)
}

/// Density 0–1 of beard and moustache at a place of the resting face.
pub fn beard_cover(id: &Identity, rest: Vec3, f: &Features) -> f32 {
    let x = rest.x.abs();
    let low = f.low;
    let line = curve(
        &[
            (0.10, -0.58),
            (0.30, -0.57),
            (0.50, -0.46),
            (0.64, -0.26),
            (0.72, 0.05),
        ],
        x,
    ) * low;
    let cheeks = step(line + 0.02, line - 0.10, rest.y) * step(-0.12, 0.05, rest.z);
    let around = bump(rest.x, rest.y + 0.735 * low, 0.36, 0.20);
    let full = cheeks * (1.0 - step(0.25, 0.5, around));
    // The moustache hangs down towards the corners and is thin under the nose.
    let droop = 0.9 * x * x;
    let lip = bump(rest.x, rest.y + 0.615 * low + droop, 0.42, 0.11)
        * (1.0 - 0.5 * bump(x, 0.0, 0.05, 1.0));
    let goatee = bump(rest.x, rest.y + 0.98 * low, 0.22, 0.25);
    let chin = full.max(step(0.2, 0.5, goatee));
    (chin * id.beard).max(step(0.15, 0.5, lip) * id.moustache)
}
