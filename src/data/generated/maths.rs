//! Small arithmetic shared by the renderer.
//!
//! Only additions, multiplications, divisions, square roots and roundings are used, which IEEE 754
//! defines to the last bit: the same seed gives the same pixels on every platform.

use std::ops::{Add, AddAssign, Mul, Sub};

/// A point, direction or linear RGB colour.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Vec3 {
    /// To the right of the picture, or red.
    pub x: f32,
    /// Up, or green.
    pub y: f32,
    /// Towards the camera, or blue.
    pub z: f32,
}

/// Shorthand for a [`Vec3`].
pub const fn vec3(x: f32, y: f32, z: f32) -> Vec3 {
    Vec3 { x, y, z }
}

impl Vec3 {
    /// Scalar product.
    pub fn dot(self, other: Self) -> f32 {
        self.x * other.x + self.y * other.y + self.z * other.z
    }

    /// Vector product.
    pub fn cross(self, other: Self) -> Self {
        vec3(
            self.y * other.z - self.z * other.y,
            self.z * other.x - self.x * other.z,
            self.x * other.y - self.y * other.x,
        )
    }

    /// Unit vector of the same direction; the camera axis for a vanishing vector.
    pub fn normalized(self) -> Self {
        let length = self.dot(self).sqrt();
        if length < 1e-12 {
            vec3(0.0, 0.0, 1.0)
        } else {
            self * (1.0 / length)
        }
    }

    /// Element-wise product.
    pub fn times(self, other: Self) -> Self {
        vec3(self.x * other.x, self.y * other.y, self.z * other.z)
    }

    /// `self` at `t` = 0, `other` at `t` = 1.
    pub fn mix(self, other: Self, t: f32) -> Self {
        self + (other - self) * t
    }
}

impl Add for Vec3 {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        vec3(self.x + other.x, self.y + other.y, self.z + other.z)
    }
}

impl AddAssign for Vec3 {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sub for Vec3 {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        vec3(self.x - other.x, self.y - other.y, self.z - other.z)
    }
}

impl Mul<f32> for Vec3 {
    type Output = Self;
    fn mul(self, factor: f32) -> Self {
        vec3(self.x * factor, self.y * factor, self.z * factor)
    }
}

/// Linear colour of a display colour; a gamma of 2 stands for the sRGB curve.
pub fn display(red: f32, green: f32, blue: f32) -> Vec3 {
    vec3(red * red, green * green, blue * blue)
}

/// Sine and cosine of an angle in degrees, error below 1e-6.
pub fn sin_cos_deg(angle_deg: f32) -> (f32, f32) {
    (sin_deg(angle_deg), sin_deg(angle_deg + 90.0))
}

fn sin_deg(angle_deg: f32) -> f32 {
    let half_turns = floor(angle_deg / 180.0 + 0.5);
    let x = (angle_deg - half_turns as f32 * 180.0) * (std::f32::consts::PI / 180.0);
    let x2 = x * x;
    let tail = 1.0 / 362_880.0 - x2 / 39_916_800.0;
    let series =
        x * (1.0 - x2 * (1.0 / 6.0 - x2 * (1.0 / 120.0 - x2 * (1.0 / 5040.0 - x2 * tail))));
    if half_turns % 2 == 0 { series } else { -series }
}

/// `a` at `t` = 0, `b` at `t` = 1.
pub fn lerp(a: f32, b: f32, t: f32) -> f32 {
    a + (b - a) * t
}

/// Smooth step: 0 at `from`, 1 at `to` (which may be smaller than `from`).
pub fn step(from: f32, to: f32, x: f32) -> f32 {
    let t = ((x - from) / (to - from)).clamp(0.0, 1.0);
    t * t * (3.0 - 2.0 * t)
}

/// A hill of height 1 and radii `rx`, `ry` around the origin; exactly 0 outside.
pub fn bump(x: f32, y: f32, rx: f32, ry: f32) -> f32 {
    let (u, v) = (x / rx, y / ry);
    let rest = 1.0 - u * u - v * v;
    if rest <= 0.0 { 0.0 } else { rest * rest * rest }
}

/// Piecewise smooth curve through `(x, y)` knots of rising `x`; constant outside.
pub fn curve(knots: &[(f32, f32)], x: f32) -> f32 {
    for pair in knots.windows(2) {
        if x < pair[1].0 {
            return lerp(pair[0].1, pair[1].1, step(pair[0].0, pair[1].0, x));
        }
    }
    knots[knots.len() - 1].1
}

/// Well-mixed 32 bits of an integer.
pub fn hash(value: u32) -> u32 {
    let mut h = value.wrapping_mul(0x9E37_79B1) ^ 0x85EB_CA6B;
    h = (h ^ (h >> 16)).wrapping_mul(0x7FEB_352D);
    h = (h ^ (h >> 15)).wrapping_mul(0x846C_A68B);
    h ^ (h >> 16)
}

/// Largest integer not above `x`. Unlike [`f32::floor`] it needs no library call on older
/// processors; meant for small numbers.
pub fn floor(x: f32) -> i32 {
    let cut = x as i32;
    cut - i32::from(cut as f32 > x)
}

/// Distance from `x` to the nearest integer, signed.
pub fn off_grid(x: f32) -> f32 {
    x - floor(x + 0.5) as f32
}

/// Uniform number in `[0, 1)` of column `x` in a row with the given hash.
fn lattice(x: i32, row: u32) -> f32 {
    let h = ((x as u32).wrapping_mul(0x9E37_79B1) ^ row).wrapping_mul(0x7FEB_352D);
    let h = (h ^ (h >> 15)).wrapping_mul(0x846C_A68B);
    (h >> 8) as f32 * (1.0 / 16_777_216.0)
}

/// Hash of row `y` of the lattice of `seed`.
fn row(y: i32, seed: u32) -> u32 {
    hash((y as u32) ^ seed.wrapping_mul(0x27D4_EB2F))
}

/// Smooth random field with values in `[0, 1)` and features of unit size.
pub fn noise(x: f32, y: f32, seed: u32) -> f32 {
    let (ix, iy) = (floor(x), floor(y));
    let (fx, fy) = (x - ix as f32, y - iy as f32);
    let (tx, ty) = (fx * fx * (3.0 - 2.0 * fx), fy * fy * (3.0 - 2.0 * fy));
    let along = |row: u32| lerp(lattice(ix, row), lattice(ix + 1, row), tx);
    lerp(along(row(iy, seed)), along(row(iy + 1, seed)), ty)
}

/// Round spots, at most one per unit cell: 1 in the middle of a spot, 0 outside. A share
/// `density` of the cells has one.
pub fn spots(x: f32, y: f32, density: f32, seed: u32) -> f32 {
    let (ix, iy) = (floor(x), floor(y));
    let cell = row(iy, seed);
    if lattice(ix, cell) >= density {
        return 0.0;
    }
    let radius = lerp(0.18, 0.42, lattice(ix, cell ^ 1));
    let centre = |key: u32| lerp(radius, 1.0 - radius, lattice(ix, cell ^ key));
    bump(
        x - ix as f32 - centre(2),
        y - iy as f32 - centre(3),
        radius,
        radius,
    )
}

/// A rotation, as rows of its matrix.
#[derive(Clone, Copy, Debug)]
pub struct Rotation([Vec3; 3]);

impl Rotation {
    /// Head rotation: pitch about the head's own ear-to-ear axis, then yaw about the vertical, then
    /// roll in the picture plane. Positive yaw looks to the right of the picture, positive pitch
    /// looks up, positive roll turns clockwise in the picture.
    pub fn head(yaw_deg: f32, pitch_deg: f32, roll_deg: f32) -> Self {
        let (sy, cy) = sin_cos_deg(yaw_deg);
        let (sp, cp) = sin_cos_deg(pitch_deg);
        let (sr, cr) = sin_cos_deg(roll_deg);
        let x = vec3(cy, -sy * sp, sy * cp);
        let y = vec3(0.0, cp, sp);
        let z = vec3(-sy, -cy * sp, cy * cp);
        Self([x * cr + y * sr, y * cr - x * sr, z])
    }

    /// The rotated vector.
    pub fn apply(&self, v: Vec3) -> Vec3 {
        vec3(self.0[0].dot(v), self.0[1].dot(v), self.0[2].dot(v))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sine_agrees_with_the_standard_library() {
        for tenth in -7200..7200 {
            let angle = tenth as f32 * 0.1;
            let (sin, cos) = sin_cos_deg(angle);
            assert!((sin - angle.to_radians().sin()).abs() < 3e-6, "{angle}");
            assert!((cos - angle.to_radians().cos()).abs() < 3e-6, "{angle}");
        }
    }

    #[test]
    fn head_rotation_follows_the_sign_conventions() {
        let nose = vec3(0.0, 0.0, 1.0);
        let crown = vec3(0.0, 1.0, 0.0);
        assert!(Rotation::head(30.0, 0.0, 0.0).apply(nose).x > 0.4);
        assert!(Rotation::head(0.0, 30.0, 0.0).apply(nose).y > 0.4);
        assert!(Rotation::head(0.0, 0.0, 30.0).apply(crown).x > 0.4);
        // Pitch is the elevation of the line of sight at any yaw.
        assert!((Rotation::head(70.0, 30.0, 0.0).apply(nose).y - 0.5).abs() < 1e-5);
    }

    #[test]
    fn noise_is_smooth_and_covers_its_range() {
        let values: Vec<f32> = (0..4000).map(|i| noise(i as f32 * 0.01, 0.3, 7)).collect();
        let largest_jump = values
            .windows(2)
            .map(|p| (p[0] - p[1]).abs())
            .fold(0.0, f32::max);
        assert!(largest_jump < 0.02);
        assert!(values.iter().copied().fold(1.0, f32::min) < 0.2);
        assert!(values.iter().copied().fold(0.0, f32::max) > 0.8);
    }
}
