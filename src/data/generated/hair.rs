//! Hair: a shell over the skull that ends at the hair line, and a curtain below it for long hair.

use super::head::{Skull, angle_deg};
use super::identity::Identity;
use super::maths::{bump, curve, lerp, noise, sin_cos_deg, step, vec3};
use super::mesh::{Material, Mesh, Vertex};

/// Length from which the hair hangs down below the ears.
pub const CURTAIN_FROM: f32 = 0.42;

/// Whether there is hair to be seen at all.
pub fn has_hair(identity: &Identity) -> bool {
    identity.hair_length >= 0.08
}

/// Adds the hair of `identity`; nothing for the bald.
pub fn build(mesh: &mut Mesh, identity: &Identity, fine: bool) {
    if !has_hair(identity) {
        return;
    }
    let skull = Skull::new(identity);
    let (cap_rows, columns) = if fine { (54, 88) } else { (30, 48) };
    let long = identity.hair_length > CURTAIN_FROM;
    let curtain_rows = if long { cap_rows / 2 } else { 0 };
    let end_y = lerp(
        -0.60,
        -1.75,
        (identity.hair_length - CURTAIN_FROM) / (1.0 - CURTAIN_FROM),
    );
    // The cap ends below the ears; a curtain takes over a little higher.
    let cap_end = if long { 8.5 / 21.0 } else { 14.5 / 21.0 };

    mesh.tube(
        cap_rows + curtain_rows,
        columns,
        Material::Hair,
        |row, column| {
            let angle = angle_deg(column, columns);
            let (sin, cos) = sin_cos_deg(angle);
            let along = cap_end * (row as f32 / (cap_rows - 1) as f32).min(1.0);
            let mut place = skull.surface(along, sin, cos);
            let hang = (row as f32 - (cap_rows - 1) as f32).max(0.0) / curtain_rows.max(1) as f32;
            let root_y = place.y;
            place.y = lerp(place.y, end_y - 0.1, hang);
            let line = hair_line(identity, angle, place.x, long);
            let mut cover = ((place.y - line) / 0.13).clamp(-1.0, 1.0);
            if long {
                cover = cover.min((place.y - end_y) / 0.25);
            }
            let thick = thickness(identity, place.x, root_y.max(place.y), place.z, cover, long);
            // Away from the head; down the sides the hair only hangs.
            let out = vec3(
                place.x / 0.58,
                (place.y - 0.1).max(0.0) / 1.3,
                (place.z + 0.1) / 1.1,
            )
            .normalized();
            place += out * thick;
            place.x *= 1.0 + 0.10 * hang * (1.0 - 0.8 * hang);
            place.z += (0.30 * step(0.2, -0.6, cos) - 0.12 * step(0.0, 0.6, cos)) * hang;
            let mut vertex = Vertex::rigid(place, 0.72 + 0.28 * step(0.0, 0.9, place.y));
            vertex.cover = cover;
            vertex
        },
    );
}

/// Density 0–1 of hair roots on the head at height `y` in the direction `angle`.
pub fn roots(id: &Identity, angle: f32, y: f32) -> f32 {
    // What is left to the bald is a wreath.
    let bald = if has_hair(id) { 0.0 } else { 1.0 };
    let line = root_line(id, angle) + bald * 0.35 * step(105.0, 75.0, angle.abs());
    let above = step(line - 0.05, line + 0.10, y);
    let crown = bald * step(0.15, 0.40, y);
    (above * (1.0 - crown) * (1.0 - 0.65 * bald)).clamp(0.0, 1.0)
}

/// Height down to which hair grows on the skin in the direction `angle` (0 to the front, 180 to the
/// back).
fn root_line(id: &Identity, angle: f32) -> f32 {
    let away = angle.abs();
    let top = id.hairline * id.skull_height;
    let corner = top - 0.13;
    let natural = curve(
        &[
            (0.0, top),
            (30.0, top - 0.02),
            (50.0, corner),
            (68.0, 0.20),
            (78.0, -0.10),
            (88.0, -0.08),
            (97.0, 0.12),
            (108.0, 0.0),
            (122.0, -0.42),
            (180.0, -0.52),
        ],
        away,
    );
    natural + 0.22 * id.recession * bump(away - 38.0, 0.0, 34.0, 1.0)
}

/// Height down to which hair falls in the direction `angle`.
fn hair_line(id: &Identity, angle: f32, x: f32, long: bool) -> f32 {
    let away = angle.abs();
    let receded = root_line(id, angle);
    // Combed from the parting to the fuller side, the hair falls into the forehead there.
    let fuller = (id.parting - x * id.side()) * id.parting.signum();
    let falls = (0.03 + 0.97 * id.fringe) * lerp(0.15, 1.0, step(-0.25, 0.55, fuller));
    let line =
        receded - 0.46 * falls * step(64.0, 44.0, away) * step(0.0, 0.4, id.hair_length + 0.1);
    if long {
        lerp(line, -4.0, step(62.0, 80.0, away))
    } else {
        line
    }
}

fn thickness(id: &Identity, x: f32, y: f32, z: f32, cover: f32, long: bool) -> f32 {
    let own = x * id.side();
    let fuller = step(-0.05, 0.35, (id.parting - own) * id.parting.signum());
    let grown = (id.hair_length / 0.4).min(1.0);
    let sides = if long { 0.95 } else { lerp(0.4, 0.65, id.curl) };
    let mut thick = id.hair_volume * grown * lerp(sides, 1.0 + 0.35 * fuller, step(0.1, 0.95, y));
    if long {
        thick = thick.max(0.12 + 0.04 * step(0.3, -0.1, y));
    }
    let groove = bump(own - id.parting, 0.0, 0.11, 1.0) * step(0.55, 0.8, y) * step(-0.6, -0.2, z);
    thick *= 1.0 - 0.75 * groove * (1.0 - 0.7 * id.curl);
    let seed = id.texture_seed;
    let lumps = noise(own * 6.0 + 40.0, y * 6.0 + z * 5.0, seed) - 0.4;
    let waves = noise(own * 2.5 + 9.0, z * 2.5 + y, seed ^ 5) - 0.5;
    thick += 0.13 * id.curl * grown * lumps + 0.04 * grown * waves;
    0.012 + thick.max(0.0) * step(-0.9, 0.9, cover)
}
