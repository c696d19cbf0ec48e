//! Eyes and brows.

use super::maths::{Vec3, bump, display, noise, step};
use super::paint::{Paint, Painter};

const IRIS_RADIUS: f32 = 0.071;
const PUPIL_RADIUS: f32 = 0.029;

/// Paints the brow on the side of `place`.
pub fn brows(painter: &Painter, paint: &mut Paint, place: Vec3) {
    let id = painter.identity;
    let own = place.x * id.side();
    let Some((middle, half)) = painter.features.brow.at(place.x, own.signum()) else {
        return;
    };
    let off = (place.y - middle).abs();
    if off > half + 0.03 {
        return;
    }
    let strand = noise(
        own * 42.0 + place.y * 30.0,
        place.y * 26.0 - own.abs() * 14.0,
        id.texture_seed ^ 12,
    );
    let soft = step(
        half + 0.012 + painter.edge,
        0.45 * half,
        off + 0.012 * (strand - 0.5),
    );
    let colour = id.hair.times(display(0.80, 0.78, 0.76)) * (0.7 + 0.4 * strand);
    paint.cover(
        colour,
        soft * (0.9 * id.brow_density + 0.1 * strand).clamp(0.0, 0.96),
    );
    paint.gloss *= 1.0 - 0.6 * soft;
}

/// Paints the eye on the side of `place`: ball, iris, lids and lashes.
pub fn eyes(painter: &Painter, paint: &mut Paint, place: Vec3) {
    let eye = &painter.features.eye;
    let side = place.x.signum();
    let from_pupil = place.x - side * eye.x;
    let across = side * from_pupil / eye.half_width;
    if across.abs() > 1.35 || place.y.abs() > 0.22 {
        return;
    }
    let (upper, lower) = eye.lids(across.clamp(-1.0, 1.0));
    let y = place.y;
    let within = step(1.12, 0.85, across.abs());

    // Fold and shadow above the upper lid; a rim of light on the lower one.
    let fold = bump(across * 0.85 - 0.05, y - upper - 0.045, 1.2, 0.020);
    paint.deepen(0.42 * fold);
    paint.deepen(0.16 * bump(across, y - upper - 0.02, 1.1, 0.05));
    paint.deepen(0.12 * bump(across, y - lower + 0.03, 1.1, 0.04));

    let opening = (upper - y).min(y - lower).min(0.22 * (1.0 - across.abs()));
    let open = painter.coverage(opening);
    if open > 0.0 {
        let (albedo, glint) = ball(painter, from_pupil, y, side, upper);
        paint.cover(albedo, open);
        paint.gloss = paint.gloss * (1.0 - open) + 0.1 * open;
        paint.glint = glint * open;
    }
    let lash = 0.010 + 0.006 * step(-0.5, 0.9, across) + 0.5 * painter.edge;
    let upper_lash = bump(0.0, y - upper - 0.004, 1.0, 1.6 * lash) * within;
    let lower_lash = bump(0.0, y - lower + 0.004, 1.0, 1.3 * lash) * within;
    paint.cover(display(0.09, 0.06, 0.05), 0.92 * upper_lash);
    paint.deepen(0.40 * lower_lash);
}

/// Colour and glint of the eyeball.
fn ball(painter: &Painter, from_pupil: f32, y: f32, side: f32, upper: f32) -> (Vec3, f32) {
    let (id, state) = (painter.identity, painter.state);
    let x = from_pupil - 0.055 * state.gaze_x;
    let dy = y - 0.010 - 0.035 * state.gaze_y;
    let distance = (x * x + dy * dy).sqrt();
    let mut white = display(0.88, 0.86, 0.845);
    let inner = step(
        -0.6,
        -1.0,
        side * from_pupil / painter.features.eye.half_width,
    );
    white = white.mix(display(0.80, 0.50, 0.47), 0.7 * inner);

    let mut paint = Paint {
        albedo: white,
        gloss: 0.0,
        glint: 0.0,
    };
    let ray = noise(
        x / (distance + 0.01) * 7.0 + 20.0,
        dy / (distance + 0.01) * 7.0,
        id.texture_seed ^ 13,
    );
    let rim = step(0.70 * IRIS_RADIUS, IRIS_RADIUS, distance);
    let iris = id.iris * ((0.75 + 0.6 * ray) * (1.15 - 0.75 * rim));
    paint.cover(iris, painter.coverage(IRIS_RADIUS - distance));
    paint.cover(
        display(0.03, 0.025, 0.025),
        painter.coverage(PUPIL_RADIUS - distance),
    );
    // The lid and its lashes shade the upper part of the ball.
    let shade = step(0.055, 0.0, upper - y);
    let from_lamp = if state.light_azimuth_deg >= 0.0 {
        0.024
    } else {
        -0.024
    };
    let (gx, gy) = (x - from_lamp, dy - 0.026);
    let glint = painter.coverage(0.013 + 0.3 * painter.edge - (gx * gx + gy * gy).sqrt());
    (paint.albedo * (1.0 - 0.55 * shade), 0.75 * glint)
}
