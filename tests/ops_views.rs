//! Views and noise: the GPU kernels against the CPU renderer.

mod support;

use burn::tensor::Device;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use visage::augment::{FrameArena, ViewParams, face_pair, pose_negative, pose_positives, whole};
use visage::config::{AugConfig, FaceViews, PoseAug};
use visage::ops::{UploadedFrames, gaussian_noise};

/// Frames of several sizes: smooth colour with speckle, smaller and larger than a view.
fn arena() -> FrameArena {
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    let mut arena = FrameArena::default();
    for (width, height) in [(64u32, 64u32), (160, 120), (48, 48), (5, 7), (97, 101)] {
        let rgb = (0..width * height)
            .flat_map(|i| {
                let (x, y) = (i % width, i / width);
                [
                    x * 255 / width,
                    y * 255 / height,
                    (x + y) * 128 / (width + height),
                ]
            })
            .map(|v| (v as i32 + rng.random_range(-20..=20)).clamp(0, 255) as u8)
            .collect::<Vec<_>>();
        arena.push(width, height, &rgb);
    }
    arena
}

/// Every kind of view of every frame.
fn views(arena: &FrameArena) -> Vec<ViewParams> {
    let mut rng = ChaCha8Rng::seed_from_u64(4);
    let config = AugConfig::default();
    let moves = [PoseAug::Flip, PoseAug::Rotate, PoseAug::Translate];
    let mut views = Vec::new();
    for (frame, slot) in arena.table.iter().enumerate() {
        let (frame, size) = (frame as u32, (slot.width, slot.height));
        views.push(whole(frame, size));
        for kind in [FaceViews::Quadrant, FaceViews::RandomResized] {
            views.extend(face_pair(frame, size, &config, kind, &mut rng));
        }
        views.extend(pose_positives(frame, size, &config, false, &mut rng));
        for _ in 0..3 {
            views.push(pose_negative(frame, size, &config, &moves, false, &mut rng));
        }
    }
    views
}

fn render(arena: &FrameArena, views: &[ViewParams], device: &Device) -> Vec<f32> {
    let data = UploadedFrames::new(arena, device)
        .render(views, 64)
        .into_data();
    data.iter::<f32>().collect()
}

#[test]
fn kernels_render_what_the_cpu_renders() {
    let arena = arena();
    let all = views(&arena);
    // Rotation takes a pass of its own, so both ways are covered.
    let still = all
        .iter()
        .copied()
        .filter(|v| v.angle_deg == 0.0)
        .collect::<Vec<_>>();
    for views in [all, still] {
        let reference = visage::augment::render(&arena, &views, 64);
        assert_eq!(
            reference,
            render(&arena, &views, &Device::flex()),
            "the CPU path is the renderer"
        );
        for device in support::devices() {
            let pixels = render(&arena, &views, &device);
            for (view, (ours, wanted)) in views
                .iter()
                .zip(pixels.chunks(3 * 4096).zip(reference.chunks(3 * 4096)))
            {
                let worst = ours
                    .iter()
                    .zip(wanted)
                    .fold(0.0f32, |m, (a, b)| m.max((a - b).abs()));
                assert!(worst < 1.0 / 255.0, "{worst} on {device:?} for {view:?}");
            }
        }
    }
}

#[test]
fn noise_is_the_same_everywhere() {
    let reference = (0..5000)
        .map(|e| visage::augment::noise::normal(77, e))
        .collect::<Vec<_>>();
    for device in support::devices() {
        let ours = gaussian_noise([5, 10, 100], 77, &device).into_data();
        for (a, b) in ours.iter::<f32>().zip(&reference) {
            assert!((a - b).abs() < 1e-4, "{a} {b} on {device:?}");
        }
    }
}
