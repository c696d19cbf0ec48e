//! What an export consists of before anything is drawn.

use std::ops::Range;

use image::{RgbImage, imageops};

use super::SIDES_PX;
use crate::data::generated::{CLIPS, FRAMES, FaceState, GeneratedFaces, Truth, render};

/// One picture to be drawn.
#[derive(Debug, PartialEq)]
pub struct Shot {
    /// Number among the generated faces.
    pub item: usize,
    /// Yaw that takes the place of the clip's own, where a layout asks for it.
    pub yaw_deg: Option<f32>,
    /// Where it goes: a path with `/`, or `<file>#<row>` inside a file that holds many.
    pub file: String,
}

/// A text file that belongs to a layout.
#[derive(Debug)]
pub struct List {
    /// Path with `/`.
    pub file: String,
    /// Contents.
    pub text: String,
}

/// Every picture and every list of an export.
#[derive(Debug)]
pub struct Plan {
    /// Pictures, in the order of `labels.csv`.
    pub shots: Vec<Shot>,
    /// Lists.
    pub lists: Vec<List>,
}

impl List {
    /// The list `file` of `lines`.
    pub fn new(file: impl Into<String>, lines: impl IntoIterator<Item = String>) -> Self {
        let mut text = String::new();
        for line in lines {
            text.push_str(&line);
            text.push('\n');
        }
        Self {
            file: file.into(),
            text,
        }
    }
}

/// Every picture of the given people; `file` names it from person, clip and frame.
pub fn shots(
    faces: &GeneratedFaces,
    people: Range<usize>,
    mut file: impl FnMut(usize, usize, usize) -> String,
) -> Vec<Shot> {
    let mut shots = Vec::with_capacity(people.len() * CLIPS * FRAMES);
    for person in people {
        for clip in 0..CLIPS {
            for frame in 0..FRAMES {
                shots.push(Shot {
                    item: faces.item(person, clip, frame),
                    yaw_deg: None,
                    file: file(person, clip, frame),
                });
            }
        }
    }
    shots
}

impl Shot {
    /// What is known about the picture.
    pub fn truth(&self, faces: &GeneratedFaces) -> Truth {
        let truth = faces.truth(self.item);
        Truth {
            yaw_deg: self.yaw_deg.unwrap_or(truth.yaw_deg),
            ..truth
        }
    }

    fn state(&self, faces: &GeneratedFaces) -> FaceState {
        let state = faces.state(self.item);
        match self.yaw_deg {
            None => state,
            // The eyes were turned against the old yaw; now they look where the head looks.
            Some(yaw_deg) => FaceState {
                yaw_deg,
                gaze_x: 0.0,
                ..state
            },
        }
    }
}

/// Draws the shots of one export.
pub struct Studio<'a> {
    /// Who is drawn.
    pub faces: GeneratedFaces,
    /// Side of a picture in pixels.
    pub side_px: u32,
    drawn: &'a (dyn Fn() + Sync),
}

impl<'a> Studio<'a> {
    /// A studio that calls `drawn` after every picture.
    pub fn new(faces: GeneratedFaces, side_px: u32, drawn: &'a (dyn Fn() + Sync)) -> Self {
        Self {
            faces,
            side_px,
            drawn,
        }
    }

    /// Draws one picture. Below the renderer's smallest side it is drawn twice as large and reduced.
    pub fn picture(&self, shot: &Shot) -> RgbImage {
        let side = self.side_px;
        let identity = self.faces.identity(self.faces.truth(shot.item).identity);
        let state = shot.state(&self.faces);
        let picture = if side < *SIDES_PX.start() {
            imageops::thumbnail(&render(&identity, &state, 2 * side), side, side)
        } else {
            render(&identity, &state, side)
        };
        (self.drawn)();
        picture
    }
}
