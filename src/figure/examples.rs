//! Prediction examples: a contact sheet of pictures with what was said and what is true (METHODS
//! row 107).

use std::io;
use std::path::Path;

use image::RgbImage;
use image::imageops::{self, FilterType};

use super::canvas::{Align, Canvas, Line};
use super::palette::{self, Rgb, Shape};
use super::{FigureError, write_png};

/// The action units of the labels, in their order.
pub const ACTION_UNITS: [u32; 8] = [1, 2, 4, 6, 9, 12, 25, 26];

/// One prediction.
#[derive(Clone, Debug)]
pub struct Example {
    /// The picture, or the pictures side by side.
    pub pictures: Vec<RgbImage>,
    /// Lines below.
    pub caption: Vec<String>,
    /// Whether the prediction was right.
    pub right: bool,
}

impl Example {
    /// A class predicted for a face, e.g. its expression.
    pub fn class(picture: RgbImage, predicted: &str, truth: &str) -> Self {
        Self {
            pictures: vec![picture],
            caption: vec![format!("pred. {predicted}"), format!("true {truth}")],
            right: predicted == truth,
        }
    }

    /// Which of the [`ACTION_UNITS`] were predicted active and which are; right if all eight are.
    pub fn action_units(picture: RgbImage, predicted: [bool; 8], truth: [bool; 8]) -> Self {
        let names = |active: [bool; 8]| {
            let names: Vec<String> = (ACTION_UNITS.iter().zip(active))
                .filter(|(_, active)| *active)
                .map(|(unit, _)| unit.to_string())
                .collect();
            if names.is_empty() {
                "none".into()
            } else {
                names.join(" ")
            }
        };
        Self {
            pictures: vec![picture],
            caption: vec![
                format!("pred. {}", names(predicted)),
                format!("true {}", names(truth)),
            ],
            right: predicted == truth,
        }
    }

    /// Two faces, how alike they were found, and whether they were said to be and are the same
    /// person's.
    pub fn pair(pictures: [RgbImage; 2], score: f32, predicted_same: bool, same: bool) -> Self {
        let word = |same| if same { "same" } else { "different" };
        Self {
            pictures: pictures.into(),
            caption: vec![
                format!("pred. {} (score {score:.2})", word(predicted_same)),
                format!("true {}", word(same)),
            ],
            right: predicted_same == same,
        }
    }
}

/// Side of a picture on the sheet.
const PICTURE_PX: i32 = 272;
/// The coloured frame around it.
const FRAME_PX: i32 = 8;
const GAP_PX: i32 = 30;
const TITLE_PX: i32 = 84;
const TITLE_TEXT_PX: f64 = 46.0;
const KEY_PX: i32 = 72;
const KEY_TEXT_PX: f64 = 34.0;
/// Captions are this high, or smaller where one would not fit.
const CAPTION_TEXT_PX: f64 = 32.0;
const SMALLEST_TEXT_PX: f64 = 22.0;
/// Height of a line, relative to its text.
const LINE_SPACING: f64 = 1.2;
const BADGE_PX: i32 = 21;

/// Writes the sheet as PNG.
///
/// # Errors
/// What [`draw`] brings, and a file that cannot be written.
pub fn save(
    title: &str,
    examples: &[Example],
    columns: usize,
    png: &Path,
) -> Result<(), FigureError> {
    write_png(png, &draw(title, examples, columns)?)
}

/// Lays the examples out in rows of `columns`, with their captions and signs.
///
/// # Errors
/// No examples, one without a picture or with an empty one, and a font that cannot be drawn.
pub fn draw(title: &str, examples: &[Example], columns: usize) -> Result<RgbImage, FigureError> {
    let whole = |picture: &RgbImage| picture.width() > 0 && picture.height() > 0;
    let drawable = |one: &Example| !one.pictures.is_empty() && one.pictures.iter().all(whole);
    if examples.is_empty() || !examples.iter().all(drawable) {
        return Err(FigureError::Content(
            "a sheet of examples needs at least one example, and a picture in each".into(),
        ));
    }
    let columns = columns.clamp(1, examples.len());
    let rows = examples.len().div_ceil(columns);
    let most = |count: fn(&Example) -> usize| examples.iter().map(count).max().unwrap_or(0) as i32;
    let pictures = most(|example| example.pictures.len());
    let lines = most(|example| example.caption.len());
    let cell = pictures * PICTURE_PX + 2 * FRAME_PX;
    let text_px = caption_size_px(examples, cell)?;
    let text_height = (f64::from(lines) * text_px * LINE_SPACING).ceil() as i32;
    let step = (
        cell + GAP_PX,
        PICTURE_PX + 2 * FRAME_PX + text_height + GAP_PX + 10,
    );
    // The title and the key need room on a sheet of one narrow column, too.
    let title = Line::symbols(title, TITLE_TEXT_PX)?;
    let width = (GAP_PX + columns as i32 * step.0).max(2 * GAP_PX + title.width.max(420));
    let height = TITLE_PX + rows as i32 * step.1 + KEY_PX;
    let mut canvas = Canvas::new(width as u32, height as u32);
    canvas.write(&title, GAP_PX, TITLE_PX - 28, Align::Left, palette::INK);

    for (index, example) in examples.iter().enumerate() {
        let left = GAP_PX + (index % columns) as i32 * step.0;
        let top = TITLE_PX + (index / columns) as i32 * step.1;
        draw_example(&mut canvas, example, (left, top), cell, text_px)?;
    }
    let right = examples.iter().filter(|example| example.right).count();
    let middle = height - KEY_PX / 2 - 6;
    let mut left = GAP_PX;
    for (verdict, count) in [(true, right), (false, examples.len() - right)] {
        badge(&mut canvas, (left + BADGE_PX, middle), verdict)?;
        let word = if verdict { "right" } else { "wrong" };
        let text = Line::plain(&format!("{word}: {count}"), KEY_TEXT_PX)?;
        let start = left + 2 * BADGE_PX + 12;
        canvas.write(&text, start, middle + 12, Align::Left, palette::INK);
        left = start + text.width + 48;
    }
    Ok(canvas.0)
}

fn draw_example(
    canvas: &mut Canvas,
    example: &Example,
    (left, top): (i32, i32),
    cell: i32,
    text_px: f64,
) -> io::Result<()> {
    let framed = example.pictures.len() as i32 * PICTURE_PX + 2 * FRAME_PX;
    let height = PICTURE_PX + 2 * FRAME_PX;
    let colour = verdict_colour(example.right);
    canvas.frame((left, top), (framed, height), FRAME_PX, colour);
    for (index, picture) in example.pictures.iter().enumerate() {
        let at = left + FRAME_PX + index as i32 * PICTURE_PX;
        canvas.paste(&tile(picture), at, top + FRAME_PX);
    }
    let corner = (left + framed - BADGE_PX - 2, top + height - BADGE_PX - 2);
    badge(canvas, corner, example.right)?;
    for (index, text) in example.caption.iter().enumerate() {
        let line = Line::shortened(text, text_px, cell)?;
        let lines = (index + 1) as f64 * LINE_SPACING;
        let baseline = top + height + (lines * text_px) as i32 - 4;
        let colour = if index == 0 {
            palette::INK
        } else {
            palette::DIM
        };
        canvas.write(&line, left, baseline, Align::Left, colour);
    }
    Ok(())
}

/// The largest text size at which every caption fits its cell.
fn caption_size_px(examples: &[Example], cell: i32) -> io::Result<f64> {
    let mut widest = 0;
    for text in examples.iter().flat_map(|example| &example.caption) {
        widest = widest.max(Line::plain(text, CAPTION_TEXT_PX)?.width);
    }
    let fitting = CAPTION_TEXT_PX * f64::from(cell) / f64::from(widest.max(1));
    Ok(fitting.floor().clamp(SMALLEST_TEXT_PX, CAPTION_TEXT_PX))
}

/// The picture as a square tile, its shape kept on a grey ground.
fn tile(picture: &RgbImage) -> RgbImage {
    let (width, height) = picture.dimensions();
    let scale = f64::from(PICTURE_PX) / f64::from(width.max(height));
    let scaled = |side: u32| ((f64::from(side) * scale).round() as u32).max(1);
    let resized = imageops::resize(
        picture,
        scaled(width),
        scaled(height),
        FilterType::CatmullRom,
    );
    let side = PICTURE_PX as u32;
    let mut square = RgbImage::from_pixel(side, side, image::Rgb(palette::RULE));
    let centre = |length: u32| i64::from(side.saturating_sub(length) / 2);
    let at = (centre(resized.width()), centre(resized.height()));
    imageops::replace(&mut square, &resized, at.0, at.1);
    square
}

/// A sign that says right or wrong without its colour.
fn badge(canvas: &mut Canvas, (x, y): (i32, i32), right: bool) -> io::Result<()> {
    let centre = (x as f32, y as f32);
    canvas.mark(centre, BADGE_PX as f32 + 3.0, Shape::Disc, [255; 3]);
    canvas.mark(centre, BADGE_PX as f32, Shape::Disc, verdict_colour(right));
    let sign = Line::plain(if right { "✓" } else { "✗" }, 36.0)?;
    canvas.write(&sign, x, y + 13, Align::Centre, [255; 3]);
    Ok(())
}

fn verdict_colour(right: bool) -> Rgb {
    if right {
        palette::RIGHT
    } else {
        palette::WRONG
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grey(width: u32, height: u32) -> RgbImage {
        RgbImage::from_pixel(width, height, image::Rgb([120; 3]))
    }

    fn count(picture: &RgbImage, colour: Rgb) -> usize {
        picture.pixels().filter(|pixel| pixel.0 == colour).count()
    }

    #[test]
    fn captions_say_what_was_predicted_and_what_is_true() {
        let face = Example::class(grey(4, 4), "happy", "sad");
        assert_eq!(face.caption, ["pred. happy", "true sad"]);
        assert!(!face.right);
        let units = [true, false, false, false, false, true, true, false];
        let example = Example::action_units(grey(4, 4), units, [false; 8]);
        assert_eq!(example.caption, ["pred. 1 12 25", "true none"]);
        assert!(!example.right && Example::action_units(grey(4, 4), units, units).right);
        let pair = Example::pair([grey(4, 4), grey(4, 4)], 0.756, true, true);
        assert_eq!(pair.caption, ["pred. same (score 0.76)", "true same"]);
        assert!(pair.right);
    }

    #[test]
    fn right_and_wrong_have_their_frames() {
        let example = |truth| Example::class(grey(64, 64), "a", truth);
        let sheet = draw("Examples", &[example("a"), example("b"), example("b")], 2).unwrap();
        let framed = PICTURE_PX + 2 * FRAME_PX;
        assert_eq!(sheet.width() as i32, GAP_PX + 2 * (framed + GAP_PX));
        let two_lines = (2.0 * CAPTION_TEXT_PX * LINE_SPACING).ceil() as i32;
        let row = framed + two_lines + GAP_PX + 10;
        assert_eq!(sheet.height() as i32, TITLE_PX + 2 * row + KEY_PX);
        // A badge covers a little of each frame and picture, and there is one in the key.
        let (frame, badge) = (
            4 * FRAME_PX * (PICTURE_PX + FRAME_PX),
            3 * BADGE_PX * BADGE_PX,
        );
        let near = |colour, frames: i32, badges: i32| {
            let excess = count(&sheet, colour) as i32 - frames * frame;
            assert!((0..badges * badge).contains(&excess), "{excess}");
        };
        near(palette::RIGHT, 1, 2);
        near(palette::WRONG, 2, 3);
        let pictures = 3 * PICTURE_PX * PICTURE_PX - count(&sheet, [120; 3]) as i32;
        assert!((0..3 * 2 * badge).contains(&pictures), "{pictures}");
    }

    #[test]
    fn any_shape_of_picture_and_any_length_of_caption() {
        let odd = Example {
            pictures: vec![grey(1, 500), grey(300, 2), grey(7, 7)],
            caption: vec![
                "a caption of many words ".repeat(9),
                String::new(),
                "ß".into(),
            ],
            right: true,
        };
        let plain = Example::class(grey(1, 1), "", "");
        assert!(draw("", &[odd, plain], 100).is_ok());
    }

    #[test]
    fn nothing_to_show_is_refused() {
        assert!(draw("none", &[], 3).is_err());
        assert!(draw("empty", &[Example::class(grey(0, 0), "a", "a")], 3).is_err());
    }
}
