//! The CPU renderer: makes the pixels of drawn views, one task per view.

use rayon::prelude::*;

use super::{CropBox, FrameArena, ViewParams, affine, colour, filter, resize};

/// Views a task takes at least, so that its working memory is worth it.
const VIEWS_PER_TASK: usize = 4;

/// Renders views of the arena's frames: `[V, 3, side, side]`, row-major, in [0, 1].
///
/// # Panics
/// If a view names a frame that is not in the arena or a box that leaves its frame; views drawn
/// for the arena's frames never do.
pub fn render(arena: &FrameArena, views: &[ViewParams], side: usize) -> Vec<f32> {
    let mut out = vec![0.0; views.len() * 3 * side * side];
    if out.is_empty() {
        return out;
    }
    out.par_chunks_exact_mut(3 * side * side)
        .zip(views)
        .with_min_len(VIEWS_PER_TASK)
        .for_each_init(Vec::new, |scratch, (image, view)| {
            render_view(arena, view, side, scratch, image);
        });
    out
}

fn render_view(
    arena: &FrameArena,
    view: &ViewParams,
    side: usize,
    scratch: &mut Vec<f32>,
    image: &mut [f32],
) {
    let &ViewParams {
        top,
        left,
        height,
        width,
        ..
    } = view;
    let crop = CropBox {
        top,
        left,
        height,
        width,
    };
    resize::resize_frame(arena.frame(view.frame), crop, side, scratch, image);
    if view.flip != 0 {
        resize::hflip(image, side);
    }
    let shift = [view.shift_x, view.shift_y];
    if view.angle_deg != 0.0 || shift != [0.0; 2] {
        affine::affine(image, side, view.angle_deg, shift, scratch);
    }
    if view.jitter != 0 {
        colour::jitter(image, view);
    }
    if view.gray != 0 {
        colour::grayscale(image);
    }
    if view.sigma > 0.0 {
        filter::blur(image, side, view.sigma, scratch);
    }
    if view.edge != 0 {
        filter::gradient(image, side, scratch);
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    use super::super::{face_pair, pose_negative, whole};
    use super::*;
    use crate::config::{AugConfig, FaceViews, PoseAug};

    fn arena() -> FrameArena {
        let mut arena = FrameArena::default();
        for (width, height) in [(40, 30), (3, 3), (1, 1), (64, 64)] {
            let rgb: Vec<u8> = (0..3 * width * height)
                .map(|i| (i * 7919 % 253) as u8)
                .collect();
            arena.push(width, height, &rgb);
        }
        arena
    }

    fn size(arena: &FrameArena, frame: u32) -> (u32, u32) {
        let slot = arena.table[frame as usize];
        (slot.width, slot.height)
    }

    #[test]
    fn a_whole_frame_of_the_right_size_is_its_bytes() {
        let arena = arena();
        let image = render(&arena, &[whole(3, (64, 64))], 64);
        let (_, rgb) = arena.frame(3);
        for (i, &byte) in rgb.iter().enumerate() {
            assert!((image[i % 3 * 4096 + i / 3] - f32::from(byte) / 255.0).abs() < 1e-7);
        }
    }

    #[test]
    fn each_view_is_the_same_alone_and_in_company() {
        let arena = arena();
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let (cfg, every) = (
            AugConfig::default(),
            [PoseAug::Flip, PoseAug::Rotate, PoseAug::Translate],
        );
        let mut views = Vec::new();
        for frame in (0..4).cycle().take(24) {
            let size = size(&arena, frame);
            views.extend(face_pair(frame, size, &cfg, FaceViews::Quadrant, &mut rng));
            views.push(pose_negative(frame, size, &cfg, &every, true, &mut rng));
        }
        let together = render(&arena, &views, 16);
        assert!(together.iter().all(|value| (0.0..=1.0).contains(value)));
        for (view, image) in views.iter().zip(together.chunks(3 * 256)) {
            assert_eq!(render(&arena, &[*view], 16), image);
        }
    }

    #[test]
    fn every_parameter_reaches_the_pixels() {
        let arena = arena();
        let plain = ViewParams {
            jitter: 1,
            ..whole(0, (40, 30))
        };
        let reference = render(&arena, &[plain], 16);
        let changes: [fn(&mut ViewParams); 14] = [
            |v| v.frame = 3,
            |v| v.top = 5,
            |v| v.left = 5,
            |v| v.flip = 1,
            |v| v.angle_deg = 10.0,
            |v| v.shift_x = 0.1,
            |v| v.shift_y = 0.1,
            |v| v.brightness = 0.5,
            |v| v.contrast = 0.5,
            |v| v.saturation = 0.5,
            |v| v.hue = 0.1,
            |v| v.gray = 1,
            |v| v.sigma = 1.0,
            |v| v.edge = 1,
        ];
        for (which, change) in changes.iter().enumerate() {
            let mut view = ViewParams {
                height: 20,
                width: 30,
                ..plain
            };
            let before = render(&arena, &[view], 16);
            assert_ne!(before, reference, "height and width");
            change(&mut view);
            assert_ne!(render(&arena, &[view], 16), before, "change {which}");
        }
    }

    #[test]
    fn nothing_to_render_is_empty() {
        assert!(render(&FrameArena::default(), &[], 64).is_empty());
    }
}
