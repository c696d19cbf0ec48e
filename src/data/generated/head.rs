//! The head: a stack of cross-sections from crown to chin, with the features raised on its front.

use super::expression::Muscles;
use super::features::Features;
use super::hair;
use super::identity::Identity;
use super::maths::{Vec3, bump, lerp, sin_cos_deg, step, vec3};
use super::mesh::{Material, Mesh, Vertex};
use super::paint::beard_cover;

/// One cross-section: an oval at height `y` whose two halves have different depths.
#[derive(Clone, Copy)]
struct Section {
    y: f32,
    half_width: f32,
    front: f32,
    back: f32,
    /// z of the widest place.
    middle: f32,
    /// Rise per 10 cm from the chin backwards: the jaw line.
    lift: f32,
}

const fn section(
    y: f32,
    half_width: f32,
    front: f32,
    back: f32,
    middle: f32,
    lift: f32,
) -> Section {
    Section {
        y,
        half_width,
        front,
        back,
        middle,
        lift,
    }
}

/// The average head.
const SECTIONS: [Section; 22] = [
    section(1.19, 0.01, -0.11, -0.13, -0.12, 0.0),
    section(1.17, 0.27, 0.20, -0.45, -0.12, 0.0),
    section(1.06, 0.53, 0.49, -0.76, -0.12, 0.0),
    section(0.86, 0.685, 0.75, -0.96, -0.11, 0.0),
    section(0.62, 0.755, 0.885, -1.06, -0.10, 0.0),
    section(0.42, 0.768, 0.925, -1.09, -0.10, 0.0),
    section(0.26, 0.770, 0.935, -1.08, -0.10, 0.0),
    section(0.12, 0.762, 0.915, -1.06, -0.08, 0.0),
    section(0.00, 0.752, 0.875, -1.03, -0.06, 0.0),
    section(-0.12, 0.745, 0.870, -0.99, -0.04, 0.0),
    section(-0.24, 0.735, 0.880, -0.94, -0.01, 0.0),
    section(-0.35, 0.718, 0.890, -0.86, 0.02, 0.0),
    section(-0.45, 0.695, 0.905, -0.76, 0.05, 0.01),
    section(-0.54, 0.668, 0.920, -0.64, 0.08, 0.02),
    section(-0.63, 0.628, 0.930, -0.52, 0.11, 0.04),
    section(-0.72, 0.586, 0.925, -0.41, 0.14, 0.07),
    section(-0.81, 0.538, 0.910, -0.31, 0.17, 0.11),
    section(-0.91, 0.482, 0.895, -0.22, 0.20, 0.16),
    section(-1.02, 0.405, 0.900, -0.13, 0.25, 0.24),
    section(-1.11, 0.315, 0.840, -0.04, 0.29, 0.32),
    section(-1.165, 0.215, 0.680, 0.10, 0.31, 0.36),
    section(-1.14, 0.010, 0.340, 0.28, 0.31, 0.36),
];

/// The head's form without features, muscles and hair.
pub struct Skull([Section; SECTIONS.len()]);

impl Skull {
    /// The skull of `identity`.
    pub fn new(identity: &Identity) -> Self {
        let id = identity;
        Self(SECTIONS.map(|mut s| {
            let jaw = step(-0.2, -0.7, s.y);
            let chin = step(-0.75, -1.05, s.y);
            let cheek = bump(s.y + 0.5, 0.0, 0.45, 1.0);
            s.half_width *=
                id.skull_width * lerp(1.0, id.jaw_width, jaw) * lerp(1.0, id.chin_width, chin);
            s.half_width += 0.035 * id.cheek_fullness * cheek;
            s.front -= 0.16 * id.forehead_slope * step(0.3, 1.0, s.y) * step(1.2, 0.9, s.y);
            s.front += 0.06 * id.chin_projection * chin * step(-1.16, -1.0, s.y);
            s.back *= id.skull_depth;
            s.lift *= 1.0 + 0.35 * id.jaw_angle;
            s.y *= if s.y > 0.0 {
                id.skull_height
            } else {
                id.face_length
            };
            s
        }))
    }

    /// The surface at the fraction `along` of the way from crown to chin, in the direction with the
    /// given sine (to the right of the picture) and cosine (to the front).
    pub fn surface(&self, along: f32, sin: f32, cos: f32) -> Vec3 {
        let place = along.clamp(0.0, 1.0) * (self.0.len() - 1) as f32;
        let index = (place as usize).min(self.0.len() - 2);
        let t = place - index as f32;
        let last = self.0.len() - 1;
        let knots = [
            index.saturating_sub(1),
            index,
            index + 1,
            (index + 2).min(last),
        ]
        .map(|i| &self.0[i]);
        // Catmull-Rom weights.
        let (t2, t3) = (t * t, t * t * t);
        let weights = [
            0.5 * (2.0 * t2 - t3 - t),
            0.5 * (3.0 * t3 - 5.0 * t2 + 2.0),
            0.5 * (4.0 * t2 - 3.0 * t3 + t),
            0.5 * (t3 - t2),
        ];
        let blend = |field: fn(&Section) -> f32| -> f32 {
            (0..4).map(|k| weights[k] * field(knots[k])).sum()
        };
        let middle = blend(|s| s.middle);
        let reach = if cos > 0.0 {
            blend(|s| s.front) - middle
        } else {
            middle - blend(|s| s.back)
        };
        let z = middle + reach * cos;
        let rise = blend(|s| s.lift) * (0.80 - z).max(0.0);
        vec3(blend(|s| s.half_width) * sin, blend(|s| s.y) + rise, z)
    }

    /// Half the width of the head at the height of the ears.
    pub fn ear_x(&self) -> f32 {
        self.0[8].half_width
    }

    /// Front of the face between the eyes.
    pub fn front_z(&self) -> f32 {
        self.0[8].front
    }
}

/// A column's direction, 0 to the front, 90 to the right of the picture; columns are denser on the
/// face than at the back.
pub fn angle_deg(column: usize, columns: usize) -> f32 {
    let u = 2.0 * column as f32 / columns as f32 - 1.0;
    180.0 * u * (0.45 + 0.55 * u * u)
}

/// Adds the head of `identity`.
pub fn build(
    mesh: &mut Mesh,
    identity: &Identity,
    muscles: &Muscles,
    features: &Features,
    fine: bool,
) {
    let skull = Skull::new(identity);
    let (rows, columns) = if fine { (106, 112) } else { (64, 64) };
    let directions: Vec<_> = (0..columns)
        .map(|column| sin_cos_deg(angle_deg(column, columns)))
        .collect();
    mesh.tube(rows, columns, Material::Skin, |row, column| {
        let (sin, cos) = directions[column];
        let rest = skull.surface(row as f32 / (rows - 1) as f32, sin, cos);
        let mut vertex = shape(rest, identity, muscles, features);
        vertex.cover = hair::roots(identity, angle_deg(column, columns), rest.y);
        vertex
    });
}

/// Moves a point of the skull with the jaw and raises the features on it.
fn shape(rest: Vec3, id: &Identity, m: &Muscles, f: &Features) -> Vertex {
    let mut vertex = Vertex::rigid(rest, 1.0);
    let front = step(-0.05, 0.35, rest.z);
    if front == 0.0 {
        return vertex;
    }
    let mouth_y = -0.70 * f.low;
    let jaw = step(mouth_y + 0.03, mouth_y - 0.12, rest.y) * front;
    let mut p = rest;
    p.y -= f.drop * jaw;
    p.z -= 0.25 * f.drop * jaw;

    let x = p.x.abs();
    let eye_x = x - f.eye.x;
    let socket = bump(eye_x + 0.03, p.y - 0.01, 0.31, 0.24);
    let corner = bump(x - 0.125, p.y - 0.03, 0.13, 0.19);
    let ball = bump(eye_x, p.y, 0.24, 0.17);
    let ridge = bump(eye_x + 0.05, p.y - 0.21, 0.44, 0.17);
    let cheek_y = -0.27 * f.low + 0.06 * m.cheek;
    let cheekbone = bump(x - 0.47, p.y - cheek_y, 0.36, 0.27);
    let apple = bump(x - 0.36, p.y - cheek_y + 0.03, 0.30, 0.24);
    let hollow = bump(x - 0.47, p.y + 0.62 * f.low, 0.30, 0.28);

    let mut out = (0.055 + 0.035 * id.brow_ridge) * ridge - (0.115 + 0.03 * id.eye_depth) * socket;
    out += -0.09 * corner + 0.10 * ball;
    out += (0.055 + 0.04 * id.cheekbones) * cheekbone
        + (0.02 + 0.09 * m.cheek.max(0.7 * m.smile)) * apple;
    out += (0.04 * id.cheek_fullness - 0.03) * hollow;
    p.x += p.x.signum() * (0.04 + 0.03 * id.cheekbones) * cheekbone;

    let nose = nose(p, f);
    let (lips, mouth_open) = lips(p, f);
    let philtrum = bump(p.x, p.y - 0.5 * (f.nose.base_y + mouth_y), 0.05, 0.11);
    let dent = bump(
        p.x,
        p.y - f.mouth.lower_y + id.lower_lip + 0.055,
        0.24,
        0.085,
    );
    let chin = bump(p.x, p.y + 1.02 * f.low + f.drop, 0.25 * id.chin_width, 0.17);
    out += lips - 0.02 * philtrum - 0.05 * dent + 0.06 * chin;
    // The fold between nose and cheek deepens in smile and disgust.
    let fold = fold(p, f) * (0.010 + 0.018 * id.age + 0.04 * m.smile + 0.025 * m.wrinkle);
    out -= fold;

    p.z += front * (out + nose);
    if id.beard.max(id.moustache) > 0.2 {
        let grown = step(0.1, 1.0, beard_cover(id, rest, f));
        p += vec3(0.7 * rest.x, -0.25, rest.z).normalized() * (0.04 * grown);
    }
    let shade =
        0.34 * socket + 0.2 * corner - 0.25 * ball + 0.2 * dent + 1.5 * fold + 0.2 * mouth_open;
    let under_nose = bump(p.x, p.y - f.nose.base_y + 0.05, 0.2, 0.09) * step(0.2, 0.05, nose);
    let below = step(-0.9, -1.15, rest.y) * step(0.85, 0.5, rest.z);
    vertex.place = p;
    vertex.open = (1.0 - front * (shade + 0.3 * under_nose) - 0.35 * below).clamp(0.15, 1.0);
    vertex
}

/// Relief of the nose.
fn nose(p: Vec3, f: &Features) -> f32 {
    let n = &f.nose;
    let top = 0.13;
    let down = ((top - p.y) / (top - n.tip_y)).max(0.0);
    let x = p.x - n.bend * down.min(1.0);
    if p.y > top || x.abs() > 0.4 {
        return 0.0;
    }
    // Below the tip the nose falls back steeply to the lip, a little higher on its sides.
    let base = n.base_y + 1.6 * x * x;
    let fall = step(base - 0.045, base + 0.10, p.y);
    let rise = down.min(1.1);
    let height = (0.055 * step(0.0, 0.3, rise) + 0.42 * rise * n.projection) * fall;
    let width = lerp(0.13, 0.21, step(0.1, 1.0, rise)) * (0.5 + 0.5 * n.half_width / 0.165);
    let bridge = bump(x, 0.0, width, 1.0) * (height + n.hump * bump(down - 0.45, 0.0, 0.45, 1.0));
    let tip = 0.080 * n.projection / 0.335 * bump(x, p.y - n.tip_y, 0.155, 0.15);
    let wing = 0.115
        * bump(
            x.abs() - 0.78 * n.half_width,
            p.y - n.base_y - 0.05,
            0.105,
            0.11,
        );
    bridge + tip + wing
}

/// Relief of the lips, and how far inside the open mouth the point lies (0–1).
fn lips(p: Vec3, f: &Features) -> (f32, f32) {
    let Some(c) = f.mouth.curves(p.x * f.side) else {
        return (0.0, 0.0);
    };
    let swell = |low: f32, high: f32| {
        let t = (2.0 * p.y - low - high) / (high - low + 0.03);
        (1.0 - t * t).max(0.0)
    };
    let gap = c.upper - c.lower;
    let inside =
        step(0.0, 0.02, c.upper - p.y) * step(0.0, 0.02, p.y - c.lower) * step(0.0, 0.05, gap);
    let seam = bump(0.0, p.y - c.upper, 1.0, 0.022);
    let q = p.x / f.mouth.half_width;
    let height = (0.040 * swell(c.upper, c.top) + 0.050 * swell(c.bottom, c.lower))
        * step(0.0, 0.35, 1.0 - q * q);
    let depth = 0.05 + 0.09 * step(0.05, 0.2, gap);
    (height - 0.02 * seam - depth * inside, inside)
}

/// Strength 0–1 of the fold that runs from the wing of the nose past the corner of the mouth.
pub fn fold(p: Vec3, f: &Features) -> f32 {
    let top = f.nose.base_y + 0.07;
    let bottom = f.mouth.corner(p.x * f.side) - 0.04;
    let t = (top - p.y) / (top - bottom);
    let path = f.nose.half_width + 0.035 + (f.mouth.half_width + 0.055 - f.nose.half_width) * t;
    bump(p.x.abs() - path, 0.0, 0.055, 1.0) * step(-0.15, 0.15, t) * step(1.15, 0.7, t)
}
