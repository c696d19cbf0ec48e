//! What surrounds the face: ears, neck and shoulders, spectacles.

use super::features::Features;
use super::hair;
use super::head::Skull;
use super::identity::{Glasses, Identity};
use super::maths::{Vec3, curve, lerp, sin_cos_deg, step, vec3};
use super::mesh::{Material, Mesh, Vertex};

/// Rings of an ear from the middle of the shell over the rim to the back: radius, relief and
/// openness.
const EAR_RINGS: [(f32, f32, f32); 9] = [
    (0.0, -0.050, 0.40),
    (0.34, -0.055, 0.45),
    (0.56, -0.005, 0.75),
    (0.72, 0.004, 0.72),
    (0.84, 0.000, 0.62),
    (0.93, 0.028, 0.95),
    (1.0, 0.012, 1.0),
    (0.96, -0.035, 0.8),
    (0.60, -0.085, 0.5),
];

/// Adds both ears.
pub fn ears(mesh: &mut Mesh, identity: &Identity, features: &Features) {
    const COLUMNS: usize = 22;
    let attach = Skull::new(identity).ear_x() - 0.015;
    // Long hair presses the ears to the head.
    let pressed = if identity.hair_length > hair::CURTAIN_FROM {
        0.3
    } else {
        1.0
    };
    let (lean_sin, lean_cos) = sin_cos_deg(identity.ear_angle_deg * pressed);
    for side in [1.0f32, -1.0] {
        mesh.tube(EAR_RINGS.len(), COLUMNS, Material::Skin, |row, column| {
            let (radius, relief, open) = EAR_RINGS[row];
            // The columns run the other way round on the other side to keep the outside outside.
            let (sin, cos) = sin_cos_deg(-side * column as f32 * 360.0 / COLUMNS as f32);
            let size = identity.ear_size;
            let up = radius * cos * if cos > 0.0 { 0.29 } else { 0.27 } * size;
            let narrow = 1.0 - 0.38 * step(0.05, -0.27, up);
            let back = 0.15 * size + radius * sin * 0.17 * size * narrow;
            let bowl = relief * size * lerp(1.0, 0.6, step(0.1, -0.2, up));
            let out = (back * lean_sin + bowl * lean_cos).max(-0.06);
            let place = vec3(
                side * (attach + out),
                -0.13 * features.low + up,
                -0.04 - back * lean_cos + bowl * lean_sin - 0.22 * up,
            );
            Vertex::rigid(place, open)
        });
    }
}

/// Adds neck and shoulders.
pub fn torso(mesh: &mut Mesh, identity: &Identity, fine: bool) {
    let (rows, columns) = if fine { (30, 40) } else { (18, 24) };
    let neck = identity.neck_width;
    mesh.tube(rows, columns, Material::Torso, |row, column| {
        let t = row as f32 / (rows - 1) as f32;
        let y = lerp(-0.45, -2.6, t * (0.7 + 0.3 * t));
        let width = curve(
            &[
                (-2.6, 1.75),
                (-2.0, 1.72),
                (-1.74, 1.35),
                (-1.57, 0.80),
                (-1.42, 0.51 * neck),
                (-1.1, 0.43 * neck),
                (-0.5, 0.42),
            ],
            y,
        );
        let front = curve(
            &[
                (-2.4, 0.55),
                (-1.5, 0.22),
                (-1.25, 0.20),
                (-0.8, 0.27),
                (-0.45, 0.20),
            ],
            y,
        );
        let back = curve(&[(-1.8, -0.85), (-1.3, -0.80), (-0.5, -0.70)], y);
        let (sin, cos) = sin_cos_deg(column as f32 * 360.0 / columns as f32 - 180.0);
        let middle = 0.5 * (front + back);
        let place = vec3(width * sin, y, middle + 0.5 * (front - back) * cos);
        Vertex::rigid(place, lerp(1.0, 0.42, step(-1.35, -0.75, y)))
    });
}

/// Adds the spectacles, if worn.
pub fn glasses(mesh: &mut Mesh, identity: &Identity, features: &Features) {
    let Some(glasses) = &identity.glasses else {
        return;
    };
    let skull = Skull::new(identity);
    let eye_x = features.eye.x + 0.012;
    let y = -0.025;
    let bridge_z = skull.front_z() + 0.13 + 0.05 * identity.nose_projection;
    let depth = |x: f32| bridge_z - 0.30 * x * x;
    for side in [-1.0, 1.0] {
        wire(mesh, glasses.rim, 33, |t| {
            let (dx, dy) = lens(glasses, t * 360.0);
            let x = side * (eye_x + dx);
            vec3(x, y + dy, depth(x))
        });
        let hinge_x = eye_x + glasses.half_width;
        wire(mesh, glasses.rim, 9, |t| {
            let x = lerp(hinge_x, skull.ear_x() + 0.035, step(0.0, 0.35, t));
            vec3(
                side * x,
                lerp(y + 0.05, 0.08, t),
                lerp(depth(hinge_x), -0.12, t),
            )
        });
    }
    let inner = eye_x - glasses.half_width;
    wire(mesh, glasses.rim, 7, |t| {
        let x = lerp(-inner, inner, t);
        let arch = 1.0 - (2.0 * t - 1.0) * (2.0 * t - 1.0);
        vec3(x, y + 0.045 + 0.03 * arch, bridge_z + 0.01)
    });
}

/// Outline of a lens: between a circle and a rounded rectangle.
fn lens(glasses: &Glasses, angle: f32) -> (f32, f32) {
    let (sin, cos) = sin_cos_deg(angle);
    let largest = sin.abs().max(cos.abs());
    // 1 on the circle, 1/largest on the square.
    let stretch = lerp(1.0, 1.0 / largest, 0.55 * glasses.squareness);
    (
        glasses.half_width * cos * stretch,
        glasses.half_height * sin * stretch,
    )
}

/// A thin tube along `path`, which runs over 0…1.
fn wire(mesh: &mut Mesh, radius: f32, points: usize, path: impl Fn(f32) -> Vec3) {
    const SIDES: usize = 6;
    let at = |point: usize| path(point as f32 / (points - 1) as f32);
    let rings: Vec<[Vec3; 3]> = (0..points)
        .map(|i| {
            let ahead = (at((i + 1).min(points - 1)) - at(i.saturating_sub(1))).normalized();
            let aside = if ahead.z.abs() > 0.8 {
                vec3(0.0, 1.0, 0.0)
            } else {
                vec3(0.0, 0.0, 1.0)
            };
            let first = ahead.cross(aside).normalized();
            [at(i), first, ahead.cross(first)]
        })
        .collect();
    mesh.tube(points, SIDES, Material::Frame, |row, column| {
        let (sin, cos) = sin_cos_deg(column as f32 * 360.0 / SIDES as f32);
        let [centre, first, second] = rings[row];
        Vertex::rigid(
            centre + first * (cos * radius) + second * (sin * radius),
            1.0,
        )
    });
}
