//! One photo of this session with its crop box.

use std::sync::Arc;
use std::time::Duration;

use eframe::egui::{ColorImage, Context, Image, TextureHandle, TextureOptions, Ui, Vec2};
use image::RgbImage;

use super::crop::{self, Square};
use super::cropper::{Drag, cropper};
use super::load::Picture;
use crate::lab::look::tiles::TileSheet;
use crate::train::ask::{FaceId, NewFace};

/// The box must rest so long before the network is shown its new place.
const REST_S: f64 = 0.15;

/// A photo.
pub struct Shot {
    /// The number under which the network knows its face.
    pub id: FaceId,
    /// The name of its file.
    pub name: String,
    picture: RgbImage,
    view: Option<ColorImage>,
    texture: Option<TextureHandle>,
    square: Square,
    drag: Option<Drag>,
    /// What the network was given last.
    sent: Option<Square>,
    moved_s: f64,
    thumb: Arc<Vec<u8>>,
    sheet: TileSheet,
}

impl Shot {
    /// A photo with its box where a face may be.
    pub fn new(id: FaceId, name: String, picture: Picture) -> Self {
        let (width, height) = picture.full.dimensions();
        let square = Square::start(Vec2::new(width as f32, height as f32));
        Self {
            id,
            name,
            thumb: Arc::new(crop::face(&picture.full, square)),
            picture: picture.full,
            view: Some(picture.view),
            texture: None,
            square,
            drag: None,
            sent: None,
            moved_s: 0.0,
            sheet: TileSheet::default(),
        }
    }

    /// Whether the network was given a crop of it.
    pub fn is_used(&self) -> bool {
        self.sent.is_some()
    }

    /// Whether the network was given the crop that is shown.
    pub fn is_up_to_date(&self) -> bool {
        self.sent == Some(self.square)
    }

    /// Where the box is.
    #[cfg(test)]
    pub fn square(&self) -> Square {
        self.square
    }

    /// The crop as a small picture.
    pub fn thumb(&mut self, ctx: &Context, side: f32) -> Option<Image<'static>> {
        self.sheet.show(ctx, &self.thumb, crop::FACE_PX);
        self.sheet.tile(0, side)
    }

    /// The photo with its box.
    pub fn crop_ui(&mut self, ui: &mut Ui, room: Vec2) {
        if let Some(view) = self.view.take() {
            let options = TextureOptions::LINEAR;
            self.texture = Some(ui.ctx().load_texture("photo", view, options));
        }
        let Some(texture) = &self.texture else {
            return;
        };
        let before = self.square;
        let (width, height) = self.picture.dimensions();
        let size = Vec2::new(width as f32, height as f32);
        cropper(
            ui,
            texture.id(),
            size,
            &mut self.square,
            &mut self.drag,
            room,
        );
        if self.square != before {
            self.moved_s = ui.input(|input| input.time);
        }
    }

    /// Whether the box has come to rest at a place the network does not know, after it was given
    /// one before.
    pub fn is_due(&self, ui: &Ui) -> bool {
        if self.is_up_to_date() || !self.is_used() {
            return false;
        }
        let rest_s = self.moved_s + REST_S - ui.input(|input| input.time);
        if rest_s > 0.0 {
            let rest = Duration::from_secs_f64(rest_s);
            ui.ctx().request_repaint_after(rest);
        }
        rest_s <= 0.0
    }

    /// The crop for the network; `None` when it was given this one already.
    pub fn send(&mut self) -> Option<NewFace> {
        if self.is_up_to_date() {
            return None;
        }
        let pixels = crop::face(&self.picture, self.square);
        self.thumb = Arc::new(pixels.clone());
        self.sent = Some(self.square);
        Some(NewFace {
            id: self.id,
            pixels,
        })
    }
}
