//! Rotation about the centre and translation, by bilinear sampling with black outside.

/// Turns a planar image by `angle_deg` counter-clockwise about its centre and then moves it by
/// `shift = [x, y]`, fractions of the side to the right and downwards. `scratch` is working memory.
///
/// Each output pixel is looked up where the inverse motion takes it.
pub fn affine(
    image: &mut [f32],
    side: usize,
    angle_deg: f32,
    shift: [f32; 2],
    scratch: &mut Vec<f32>,
) {
    scratch.clear();
    scratch.extend_from_slice(image);
    let (sin, cos) = angle_deg.to_radians().sin_cos();
    let centre = (side as f32 - 1.0) / 2.0;
    let [shift_x, shift_y] = shift.map(|fraction| fraction * side as f32);
    let plane = side * side;
    for y in 0..side {
        let dy = y as f32 - centre - shift_y;
        for x in 0..side {
            let dx = x as f32 - centre - shift_x;
            let from_x = cos * dx - sin * dy + centre;
            let from_y = sin * dx + cos * dy + centre;
            let corners = corners(side, from_x, from_y);
            for (from, to) in scratch.chunks(plane).zip(image.chunks_mut(plane)) {
                to[y * side + x] = corners.iter().map(|&(at, weight)| weight * from[at]).sum();
            }
        }
    }
}

/// Index and bilinear weight of the four pixels around a point. Pixels outside have no weight.
fn corners(side: usize, x: f32, y: f32) -> [(usize, f32); 4] {
    let (left, top) = (x.floor(), y.floor());
    let (right_share, bottom_share) = (x - left, y - top);
    let inside = |at: f32| at >= 0.0 && at < side as f32;
    let pixel = |column: f32, row: f32, weight: f32| {
        if inside(column) && inside(row) {
            (row as usize * side + column as usize, weight)
        } else {
            (0, 0.0)
        }
    };
    [
        pixel(left, top, (1.0 - right_share) * (1.0 - bottom_share)),
        pixel(left + 1.0, top, right_share * (1.0 - bottom_share)),
        pixel(left, top + 1.0, (1.0 - right_share) * bottom_share),
        pixel(left + 1.0, top + 1.0, right_share * bottom_share),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIDE: usize = 8;

    fn picture() -> Vec<f32> {
        (0..3 * SIDE * SIDE)
            .map(|i| (i * 53 % 97) as f32 / 97.0)
            .collect()
    }

    fn moved(angle_deg: f32, shift: [f32; 2]) -> Vec<f32> {
        let mut image = picture();
        affine(&mut image, SIDE, angle_deg, shift, &mut Vec::new());
        image
    }

    #[test]
    fn a_quarter_turn_is_counter_clockwise() {
        let (from, to) = (picture(), moved(90.0, [0.0; 2]));
        for plane in 0..3 {
            let at = |image: &[f32], y: usize, x: usize| image[(plane * SIDE + y) * SIDE + x];
            for y in 0..SIDE {
                for x in 0..SIDE {
                    // The right edge becomes the upper edge.
                    assert!((at(&to, SIDE - 1 - x, y) - at(&from, y, x)).abs() < 1e-5);
                }
            }
        }
    }

    #[test]
    fn shifts_move_right_and_down_and_leave_black() {
        let (from, to) = (picture(), moved(0.0, [0.25, 0.125]));
        for y in 0..SIDE {
            for x in 0..SIDE {
                let expected = if y < 1 || x < 2 {
                    0.0
                } else {
                    from[(y - 1) * SIDE + x - 2]
                };
                assert_eq!(to[y * SIDE + x], expected, "{y} {x}");
            }
        }
        assert_eq!(moved(0.0, [0.0; 2]), from);
    }

    #[test]
    fn half_a_pixel_is_the_mean_of_two() {
        let (from, to) = (picture(), moved(0.0, [0.5 / SIDE as f32, 0.0]));
        for x in 1..SIDE {
            assert!((to[x] - (from[x] + from[x - 1]) / 2.0).abs() < 1e-6);
        }
        assert!((to[0] - from[0] / 2.0).abs() < 1e-6);
    }

    #[test]
    fn the_centre_stays_and_the_rotation_comes_first() {
        let mut image = vec![0.0; 3 * 9 * 9];
        image[4 * 9 + 6] = 1.0;
        // Two right of the centre, turned to two above it, then moved three down.
        affine(&mut image, 9, 90.0, [0.0, 3.0 / 9.0], &mut Vec::new());
        assert!((image[5 * 9 + 4] - 1.0).abs() < 1e-5);
    }
}
