//! Reads photos beside the window, which must not stand still for a large one.

use std::sync::mpsc::{Receiver, TryRecvError, channel};
use std::thread;
use std::time::Duration;

use eframe::egui::ColorImage;
use image::RgbImage;
use image::imageops::{self, FilterType};

use crate::data::DecodeError;

/// How often to look whether a photo is there.
pub const POLL: Duration = Duration::from_millis(50);
/// Longest side of the picture that is shown: a screen shows no more, and a smaller texture does
/// not flicker when it is scaled down.
const VIEW_PX: u32 = 720;

/// A photo that has been read.
pub struct Picture {
    /// Upright, in full size.
    pub full: RgbImage,
    /// To show on the screen.
    pub view: ColorImage,
}

/// A photo that is being read.
pub struct Loading {
    name: String,
    result: Receiver<Result<Picture, DecodeError>>,
}

impl Loading {
    /// Begins.
    ///
    /// # Errors
    /// A sentence, if no thread can be had.
    pub fn start(
        name: String,
        decode: impl FnOnce() -> Result<RgbImage, DecodeError> + Send + 'static,
    ) -> Result<Self, String> {
        let (sender, result) = channel();
        let read = move || {
            // Nobody listens any more when the window is closed.
            let _ = sender.send(decode().map(picture));
        };
        match thread::Builder::new().name("photo".into()).spawn(read) {
            Ok(_) => Ok(Self { name, result }),
            Err(error) => Err(sentence(&name, &error.to_string())),
        }
    }

    /// The name of the file.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What came of it; `None` while it is being read.
    pub fn poll(&self) -> Option<Result<Picture, String>> {
        match self.result.try_recv() {
            Ok(result) => Some(result.map_err(|error| sentence(&self.name, &error.to_string()))),
            Err(TryRecvError::Empty) => None,
            Err(TryRecvError::Disconnected) => {
                Some(Err(sentence(&self.name, "reading it went wrong")))
            }
        }
    }
}

fn sentence(name: &str, why: &str) -> String {
    format!("{name} cannot be used: {why}.")
}

fn picture(full: RgbImage) -> Picture {
    let (width, height) = full.dimensions();
    let share = (VIEW_PX as f32 / width.max(height) as f32).min(1.0);
    let scaled = |side: u32| ((side as f32 * share).round() as u32).max(1);
    let size = [scaled(width), scaled(height)];
    let small = imageops::resize(&full, size[0], size[1], FilterType::Triangle);
    let view = ColorImage::from_rgb(size.map(|side| side as usize), small.as_raw());
    Picture { full, view }
}
