//! The random parameters of views, drawn from a seeded generator.
//!
//! Every `size` is `(width, height)` in pixels.

use rand::Rng;

use super::{CropBox, ViewParams, quadrant, random_resized};
use crate::config::{AugConfig, FaceViews, PoseAug};

/// Largest rotation either way where a picture is rotated into another pose (row 17).
const ROTATE_DEG: f64 = 40.0;
/// Largest translation along each axis, as a fraction of the side (row 17).
const TRANSLATE: f64 = 0.1;

/// The whole frame, resized and nothing else: the reconstruction stream.
pub fn whole(frame: u32, size: (u32, u32)) -> ViewParams {
    cropped(frame, whole_box(size))
}

/// The two views of the face stream (row 15).
///
/// Frames below 5 px, too small for a quadrant crop, give boxes of one pixel.
pub fn face_pair(
    frame: u32,
    (width, height): (u32, u32),
    cfg: &AugConfig,
    views: FaceViews,
    rng: &mut impl Rng,
) -> [ViewParams; 2] {
    let boxes = match views {
        FaceViews::Quadrant => quadrant::draw_pair(height, width, rng),
        FaceViews::RandomResized => [(); 2].map(|()| random_resized::draw_box(height, width, rng)),
    };
    boxes.map(|crop| transformed(cropped(frame, crop), cfg, rng))
}

/// The two positives of the pose stream: un-flipped, of the whole frame, or with `crop` each of a
/// random resized crop (row 18).
pub fn pose_positives(
    frame: u32,
    size: (u32, u32),
    cfg: &AugConfig,
    crop: bool,
    rng: &mut impl Rng,
) -> [ViewParams; 2] {
    [(); 2].map(|()| transformed(cropped(frame, pose_box(size, crop, rng)), cfg, rng))
}

/// A negative of the pose stream: like a positive, but with a changed pose (row 17). Without a
/// change it is a view of a frame that shows another pose already.
pub fn pose_negative(
    frame: u32,
    size: (u32, u32),
    cfg: &AugConfig,
    neg_aug: &[PoseAug],
    crop: bool,
    rng: &mut impl Rng,
) -> ViewParams {
    let mut view = cropped(frame, pose_box(size, crop, rng));
    for aug in [PoseAug::Flip, PoseAug::Rotate, PoseAug::Translate] {
        if neg_aug.contains(&aug) {
            view = posed(view, aug, rng);
        }
    }
    transformed(view, cfg, rng)
}

/// The view in another pose, made by a geometric change (row 17).
pub fn posed(mut view: ViewParams, aug: PoseAug, rng: &mut impl Rng) -> ViewParams {
    match aug {
        PoseAug::Flip => view.flip = 1,
        PoseAug::Rotate => view.angle_deg = uniform([-ROTATE_DEG, ROTATE_DEG], rng),
        PoseAug::Translate => {
            view.shift_x = uniform([-TRANSLATE, TRANSLATE], rng);
            view.shift_y = uniform([-TRANSLATE, TRANSLATE], rng);
        }
    }
    view
}

fn pose_box(size: (u32, u32), crop: bool, rng: &mut impl Rng) -> CropBox {
    if crop {
        random_resized::draw_box(size.1, size.0, rng)
    } else {
        whole_box(size)
    }
}

fn whole_box((width, height): (u32, u32)) -> CropBox {
    CropBox {
        top: 0,
        left: 0,
        height,
        width,
    }
}

/// A view that only crops and resizes.
fn cropped(
    frame: u32,
    CropBox {
        top,
        left,
        height,
        width,
    }: CropBox,
) -> ViewParams {
    ViewParams {
        frame,
        top,
        left,
        height,
        width,
        flip: 0,
        angle_deg: 0.0,
        shift_x: 0.0,
        shift_y: 0.0,
        jitter: 0,
        order: [0, 1, 2, 3],
        brightness: 1.0,
        contrast: 1.0,
        saturation: 1.0,
        hue: 0.0,
        gray: 0,
        sigma: 0.0,
        edge: 0,
    }
}

/// Adds the draws of T64: jitter, gray, blur, gradient.
fn transformed(mut view: ViewParams, cfg: &AugConfig, rng: &mut impl Rng) -> ViewParams {
    if chance(cfg.jitter_p, rng) {
        view.jitter = 1;
        shuffle(&mut view.order, rng);
        view.brightness = uniform(cfg.jitter_factor, rng);
        view.contrast = uniform(cfg.jitter_factor, rng);
        view.saturation = uniform(cfg.jitter_factor, rng);
        view.hue = uniform([-cfg.jitter_hue, cfg.jitter_hue], rng);
    }
    view.gray = chance(cfg.gray_p, rng).into();
    if chance(cfg.blur_p, rng) {
        view.sigma = uniform(cfg.blur_sigma, rng);
    }
    view.edge = chance(cfg.edge_p, rng).into();
    view
}

fn chance(probability: f64, rng: &mut impl Rng) -> bool {
    rng.random::<f64>() < probability
}

fn uniform([low, high]: [f64; 2], rng: &mut impl Rng) -> f32 {
    (low + (high - low) * rng.random::<f64>()) as f32
}

/// Fisher–Yates. Indices are u32, whose draws do not depend on the platform's word size.
pub(super) fn shuffle(items: &mut [u32], rng: &mut impl Rng) {
    for last in (1..items.len()).rev() {
        items.swap(last, rng.random_range(0..=last as u32) as usize);
    }
}

#[cfg(test)]
mod tests;
