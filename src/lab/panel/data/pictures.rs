//! Frames and views on textures, uploaded once per answer.

use std::sync::Arc;

use eframe::egui::{ColorImage, Context, Image, TextureHandle, TextureOptions};

use super::shown;
use crate::lab::look::tiles::TileSheet;
use crate::train::ask::{Answer, ViewSheet, ViewedFace};

/// The pictures of one answer.
#[derive(Default)]
pub(super) struct Pictures {
    of: Option<Arc<Answer>>,
    frames: Vec<Option<TextureHandle>>,
    /// For each face its first view on the sheet.
    first: Vec<usize>,
    views: TileSheet,
}

impl Pictures {
    /// Shows the pictures of an answer; does nothing while it is the same.
    pub fn show(&mut self, ctx: &Context, answer: &Arc<Answer>, sheet: &ViewSheet) {
        if self.of.as_ref().is_some_and(|of| Arc::ptr_eq(of, answer)) {
            return;
        }
        self.of = Some(answer.clone());
        self.frames.resize(sheet.faces.len(), None);
        self.first.clear();
        let bytes = 3 * sheet.side_px * sheet.side_px;
        let mut pixels = Vec::new();
        let mut views = 0;
        for (face, slot) in sheet.faces.iter().zip(&mut self.frames) {
            upload(ctx, face, slot);
            self.first.push(views);
            for view in shown(face) {
                views += 1;
                pixels.extend(view.pixels.iter().take(bytes));
                pixels.resize(views * bytes, 0);
            }
        }
        self.views.show(ctx, &Arc::new(pixels), sheet.side_px);
    }

    /// The frame of face `index`.
    pub fn frame(&self, index: usize) -> Option<Image<'static>> {
        let texture = self.frames.get(index)?.as_ref()?;
        let sized = eframe::egui::load::SizedTexture::from_handle(texture);
        Some(Image::from_texture(sized))
    }

    /// Place of the first view of face `index`.
    pub fn first_view(&self, index: usize) -> usize {
        self.first.get(index).copied().unwrap_or_default()
    }

    /// A view by its place.
    pub fn view(&self, place: usize, side: f32) -> Option<Image<'static>> {
        self.views.tile(place, side)
    }
}

fn upload(ctx: &Context, face: &ViewedFace, slot: &mut Option<TextureHandle>) {
    let (width, height) = face.frame_px;
    let size = [width as usize, height as usize];
    if face.frame.is_empty() || face.frame.len() != 3 * size[0] * size[1] {
        *slot = None;
        return;
    }
    let image = ColorImage::from_rgb(size, &face.frame);
    match slot {
        Some(texture) => texture.set(image, TextureOptions::LINEAR),
        None => *slot = Some(ctx.load_texture("frame", image, TextureOptions::LINEAR)),
    }
}
