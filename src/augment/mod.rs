//! Augmentation: the parameters of every view are drawn on the CPU, the pixels are made from them
//! afterwards, by the CPU renderer here or by a GPU kernel that follows the same arithmetic.
//!
//! A view is made in this order (T64 of the paper, preceded by the crop of its stream):
//! crop and flip → resize to side × side → rotation and translation, if any → colour jitter → gray
//! → blur → gradient magnitude. Pixels are f32 in [0, 1], planar (3 × side × side), and are never
//! rounded to 8 bits on the way.

pub mod affine;
pub mod colour;
pub mod draw;
pub mod filter;
pub mod interpolation;
pub mod noise;
pub mod quadrant;
pub mod random_resized;
pub mod render;
pub mod resize;

use bytemuck::{Pod, Zeroable};

pub use draw::{face_pair, pose_negative, pose_positives, posed, whole};
pub use interpolation::Interpolation;
pub use render::render;

/// One view: which frame of the step's arena it shows, and every drawn parameter.
///
/// Plain old data of 84 bytes without padding, so that a GPU reads it as 21 words.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Pod, Zeroable)]
pub struct ViewParams {
    /// Index into [`FrameArena::table`].
    pub frame: u32,
    /// First row of the crop box in source pixels.
    pub top: u32,
    /// First column of the crop box in source pixels.
    pub left: u32,
    /// Rows of the crop box, at least 1.
    pub height: u32,
    /// Columns of the crop box, at least 1.
    pub width: u32,
    /// 1 = mirrored horizontally.
    pub flip: u32,
    /// Counter-clockwise rotation of the resized view in degrees.
    pub angle_deg: f32,
    /// Shift to the right after the rotation, as a fraction of the side.
    pub shift_x: f32,
    /// Shift downwards after the rotation, as a fraction of the side.
    pub shift_y: f32,
    /// 1 = colour jitter.
    pub jitter: u32,
    /// Order of the jitter: a permutation of 0 brightness, 1 contrast, 2 saturation, 3 hue.
    pub order: [u32; 4],
    /// Brightness factor.
    pub brightness: f32,
    /// Contrast factor.
    pub contrast: f32,
    /// Saturation factor.
    pub saturation: f32,
    /// Hue shift as a fraction of the circle.
    pub hue: f32,
    /// 1 = gray.
    pub gray: u32,
    /// Standard deviation of the blur in pixels of the view; 0 = no blur.
    pub sigma: f32,
    /// 1 = gradient magnitude in place of the picture.
    pub edge: u32,
}

/// A crop box in source pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CropBox {
    /// First row.
    pub top: u32,
    /// First column.
    pub left: u32,
    /// Rows, at least 1.
    pub height: u32,
    /// Columns, at least 1.
    pub width: u32,
}

/// Where a frame lies in [`FrameArena::bytes`]: 8-bit RGB, interleaved, row by row.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Pod, Zeroable)]
pub struct FrameSlot {
    /// First byte, a multiple of 4.
    pub offset: u32,
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
}

/// The decoded frames of one step, in one buffer that can be uploaded as it is.
#[derive(Clone, Debug, Default)]
pub struct FrameArena {
    /// Pixels of all frames; every frame starts at a multiple of 4.
    pub bytes: Vec<u8>,
    /// One slot per frame.
    pub table: Vec<FrameSlot>,
}

impl FrameArena {
    /// Appends a frame and returns its index.
    ///
    /// # Panics
    /// If the frame is empty, if `rgb` is not `3 · width · height` long, or if the arena would
    /// pass 4 GiB; none of these depends on what a user can write.
    pub fn push(&mut self, width: u32, height: u32, rgb: &[u8]) -> u32 {
        assert!(width > 0 && height > 0, "a frame has pixels");
        assert_eq!(
            rgb.len(),
            3 * width as usize * height as usize,
            "a frame is RGB8"
        );
        let offset = u32::try_from(self.bytes.len()).expect("an arena stays below 4 GiB");
        self.bytes.extend_from_slice(rgb);
        self.bytes.resize(self.bytes.len().next_multiple_of(4), 0);
        self.table.push(FrameSlot {
            offset,
            width,
            height,
        });
        self.table.len() as u32 - 1
    }

    /// Slot and pixels of frame `index`.
    ///
    /// # Panics
    /// If there is no such frame.
    pub fn frame(&self, index: u32) -> (FrameSlot, &[u8]) {
        let slot = self.table[index as usize];
        let length = 3 * slot.width as usize * slot.height as usize;
        (slot, &self.bytes[slot.offset as usize..][..length])
    }

    /// Removes all frames and keeps the memory.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.table.clear();
    }
}

/// Planar pictures in [0, 1] as RGB bytes, picture after picture, row by row.
///
/// # Shapes
///
/// - `planes`: `[n, 3, side, side]`, row-major
pub fn rgb_bytes(planes: &[f32], side: usize) -> Vec<u8> {
    let plane = side * side;
    planes
        .chunks_exact(3 * plane)
        .flat_map(|picture| {
            (0..plane).flat_map(move |at| {
                [0, 1, 2].map(|channel| {
                    (picture[channel * plane + at].clamp(0.0, 1.0) * 255.0).round() as u8
                })
            })
        })
        .collect()
}

/// The three planes of a planar image.
fn planes(image: &mut [f32]) -> [&mut [f32]; 3] {
    let plane = image.len() / 3;
    let (red, rest) = image.split_at_mut(plane);
    let (green, blue) = rest.split_at_mut(plane);
    [red, green, blue]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_start_at_multiples_of_four() {
        let mut arena = FrameArena::default();
        assert_eq!(arena.push(1, 1, &[1, 2, 3]), 0);
        assert_eq!(arena.push(3, 1, &[9; 9]), 1);
        assert_eq!(arena.push(1, 2, &[7; 6]), 2);
        let offsets: Vec<u32> = arena.table.iter().map(|slot| slot.offset).collect();
        assert_eq!(offsets, [0, 4, 16]);
        assert_eq!(
            arena.frame(1),
            (
                FrameSlot {
                    offset: 4,
                    width: 3,
                    height: 1
                },
                &[9; 9][..]
            )
        );
        arena.clear();
        assert!(arena.bytes.is_empty() && arena.table.is_empty());
    }

    #[test]
    fn a_view_is_21_words() {
        assert_eq!(size_of::<ViewParams>(), 84);
        assert_eq!(size_of::<FrameSlot>(), 12);
    }
}
