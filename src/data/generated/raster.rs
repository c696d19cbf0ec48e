//! Which triangle is seen at every sample of the picture.

use super::mesh::Triangle;

/// A vertex on the picture: x and y in samples, depth larger when nearer.
pub type Projected = [f32; 3];

/// Marks a sample where nothing is seen.
pub const NOTHING: u32 = u32::MAX;

/// Depth and triangle of every sample of a square picture.
pub struct Seen {
    /// Samples per side.
    pub side: usize,
    /// Depth of the nearest surface; −∞ where there is none.
    pub depth: Vec<f32>,
    /// Index of the triangle, or [`NOTHING`].
    pub triangle: Vec<u32>,
}

/// Weights of a triangle's corners at a point, or `None` for a triangle seen exactly edge-on.
pub fn weights(corners: [Projected; 3], x: f32, y: f32) -> Option<[f32; 3]> {
    let [a, b, c] = corners;
    let area = (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]);
    if area == 0.0 {
        return None;
    }
    let first = ((b[0] - x) * (c[1] - y) - (b[1] - y) * (c[0] - x)) / area;
    let second = ((c[0] - x) * (a[1] - y) - (c[1] - y) * (a[0] - x)) / area;
    Some([first, second, 1.0 - first - second])
}

/// Draws `triangles`. `two_sided` tells whether a triangle is also seen from its back, `keep`
/// whether it really covers the sample with the given corner weights.
pub fn draw(
    side: usize,
    points: &[Projected],
    triangles: &[Triangle],
    two_sided: impl Fn(&Triangle) -> bool,
    keep: impl Fn(&Triangle, [f32; 3]) -> bool,
) -> Seen {
    let mut seen = Seen {
        side,
        depth: vec![f32::NEG_INFINITY; side * side],
        triangle: vec![NOTHING; side * side],
    };
    for (index, triangle) in triangles.iter().enumerate() {
        let [a, b, c] = triangle.corners.map(|i| points[i as usize]);
        // y points down here, so that a front side runs clockwise.
        let area = (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]);
        if area == 0.0 || (area > 0.0 && !two_sided(triangle)) {
            continue;
        }
        let range = |axis: usize| {
            let low = a[axis].min(b[axis]).min(c[axis]);
            let high = a[axis].max(b[axis]).max(c[axis]);
            // Samples lie at half-integer positions.
            let first = (low + 0.5).max(0.0) as usize;
            let end = (high + 0.5).clamp(0.0, side as f32) as usize;
            first..end
        };
        let columns = range(0);
        if columns.is_empty() {
            continue;
        }
        let scale = 1.0 / area;
        for row in range(1) {
            let y = row as f32 + 0.5;
            for column in columns.clone() {
                let x = column as f32 + 0.5;
                let wa = ((b[0] - x) * (c[1] - y) - (b[1] - y) * (c[0] - x)) * scale;
                let wb = ((c[0] - x) * (a[1] - y) - (c[1] - y) * (a[0] - x)) * scale;
                let wc = 1.0 - wa - wb;
                if wa < 0.0 || wb < 0.0 || wc < 0.0 {
                    continue;
                }
                let depth = wa * a[2] + wb * b[2] + wc * c[2];
                let sample = row * side + column;
                if depth > seen.depth[sample] && keep(triangle, [wa, wb, wc]) {
                    seen.depth[sample] = depth;
                    seen.triangle[sample] = index as u32;
                }
            }
        }
    }
    seen
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::generated::mesh::Material;

    const NEAR: [Projected; 3] = [[0.0, 0.0, 1.0], [0.0, 8.0, 1.0], [8.0, 8.0, 1.0]];

    fn picture(two_sided: bool, order: [u32; 3]) -> Seen {
        let mut points = NEAR.to_vec();
        points.extend([[0.0, 0.0, 0.0], [0.0, 8.0, 0.0], [8.0, 0.0, 0.0]]);
        let triangles = [
            Triangle {
                corners: order,
                material: Material::Skin,
            },
            Triangle {
                corners: [3, 4, 5],
                material: Material::Skin,
            },
        ];
        draw(8, &points, &triangles, |_| two_sided, |_, _| true)
    }

    #[test]
    fn the_nearer_triangle_is_seen() {
        let seen = picture(false, [0, 1, 2]);
        assert_eq!(seen.triangle[4 * 8 + 1], 0, "both cover this sample");
        assert_eq!(seen.triangle[8 + 4], 1, "only the far one does");
        assert_eq!(seen.triangle[6 * 8 + 5], 0, "only the near one does");
    }

    #[test]
    fn backs_are_seen_only_of_two_sided_triangles() {
        assert_eq!(picture(false, [0, 2, 1]).triangle[4 * 8 + 1], 1);
        assert_eq!(picture(true, [0, 2, 1]).triangle[4 * 8 + 1], 0);
    }

    #[test]
    fn weights_reproduce_the_corners() {
        for (corner, point) in NEAR.iter().enumerate() {
            let found = weights(NEAR, point[0], point[1]).unwrap();
            for (other, weight) in found.iter().enumerate() {
                assert!((weight - f32::from(u8::from(other == corner))).abs() < 1e-6);
            }
        }
        assert!(weights([NEAR[0]; 3], 1.0, 1.0).is_none());
    }
}
