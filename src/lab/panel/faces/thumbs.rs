//! The faces as they go in, on one texture.

use std::sync::Arc;

use eframe::egui::{Context, Image};

use crate::lab::look::tiles::TileSheet;
use crate::lab::state::Face;
use crate::train::ask::FaceId;

/// Side of a face in pixels.
pub(super) const FACE_PX: usize = crate::eval::faces::SIDE_PX;
/// Bytes of a face.
pub(super) const FACE_BYTES: usize = 3 * FACE_PX * FACE_PX;

/// All faces that can be chosen.
#[derive(Default)]
pub(super) struct FaceSheet {
    shown: Vec<(FaceId, Arc<Vec<u8>>)>,
    sheet: TileSheet,
}

impl FaceSheet {
    /// Shows these faces; does nothing while they are the same.
    pub fn show(&mut self, ctx: &Context, faces: &[Face]) {
        let same =
            self.shown.len() == faces.len()
                && self.shown.iter().zip(faces).all(|((id, pixels), face)| {
                    *id == face.id && Arc::ptr_eq(pixels, &face.pixels)
                });
        if same {
            return;
        }
        let kept = faces.iter().map(|face| (face.id, face.pixels.clone()));
        self.shown = kept.collect();
        let mut all = Vec::with_capacity(faces.len() * FACE_BYTES);
        for (index, face) in faces.iter().enumerate() {
            all.extend(face.pixels.iter().take(FACE_BYTES));
            all.resize((index + 1) * FACE_BYTES, 0);
        }
        self.sheet.show(ctx, &Arc::new(all), FACE_PX);
    }

    /// A face as an image of `side` points.
    pub fn tile(&self, id: FaceId, side: f32) -> Option<Image<'static>> {
        let index = self.shown.iter().position(|(shown, _)| *shown == id)?;
        self.sheet.tile(index, side)
    }
}
