//! The key beside a map: its classes or its colour bar.

use std::io;

use plotters::coord::ranged1d::{BoldPoints, Ranged, ValueFormatter};

use super::canvas::{Align, Canvas, Line};
use super::map::Colouring;
use super::palette::{self, Rgb, Shape};
use crate::record::axis::{Axis, Scale};

/// Width of a key, white included, in pixels.
pub const WIDTH_PX: i32 = 330;

const TEXT_PX: f64 = 36.0;
const LINE_PX: i32 = 52;
const MARK_PX: f32 = 13.0;
const BAR_WIDTH_PX: i32 = 40;
/// Height of the name above a colour bar.
const NAME_PX: i32 = 64;
/// Room for text.
const TEXT_WIDTH_PX: i32 = WIDTH_PX - 90;

/// Which colour a value has.
pub struct ValueScale(Axis);

impl ValueScale {
    /// From the smallest to the largest of the finite values.
    pub fn over(values: &[f32]) -> Self {
        let finite = values.iter().filter(|value| value.is_finite());
        Self(Axis::over(
            finite.map(|value| f64::from(*value)),
            0.0,
            Scale::Linear,
        ))
    }

    /// The colour of a value.
    pub fn colour(&self, value: f32) -> Rgb {
        let range = self.0.range();
        palette::value_colour(((f64::from(value) - range.start) / (range.end - range.start)) as f32)
    }
}

/// Draws the key with its upper left corner at `at`, at most `height` high.
pub fn draw(
    canvas: &mut Canvas,
    colouring: &Colouring,
    scale: Option<&ValueScale>,
    at: (i32, i32),
    height: i32,
) -> io::Result<()> {
    let points = match colouring {
        Colouring::Classes { of, .. } => of.len(),
        Colouring::Value { values, .. } => values.len(),
    };
    let unknown = (0..points).any(|point| colouring.is_unknown(point));
    match (colouring, scale) {
        (Colouring::Value { name, unit, .. }, Some(scale)) => {
            let name = if unit.is_empty() {
                name.clone()
            } else {
                format!("{name} ({unit})")
            };
            let below = if unknown { LINE_PX + 16 } else { 0 };
            bar(canvas, &name, scale, at, height - below)?;
            if unknown {
                unknown_entry(canvas, (at.0, at.1 + height - LINE_PX))?;
            }
        }
        (Colouring::Classes { names, .. }, _) => {
            classes(canvas, names, unknown, at, height)?;
        }
        _ => {}
    }
    Ok(())
}

fn classes(
    canvas: &mut Canvas,
    names: &[String],
    unknown: bool,
    (left, top): (i32, i32),
    height: i32,
) -> io::Result<()> {
    let lines = (height / LINE_PX) as usize - usize::from(unknown);
    // The last line says how many did not fit.
    let shown = if names.len() <= lines {
        names.len()
    } else {
        lines - 1
    };
    let row = |index: usize| top + LINE_PX * index as i32;
    for (index, name) in names.iter().take(shown).enumerate() {
        let (colour, shape) = palette::class_mark(index);
        entry(canvas, name, colour, shape, (left, row(index)))?;
    }
    let mut next = shown;
    if shown < names.len() {
        let more = Line::plain(&format!("and {} more", names.len() - shown), TEXT_PX)?;
        canvas.write(&more, left, row(next) + 38, Align::Left, palette::DIM);
        next += 1;
    }
    if unknown {
        unknown_entry(canvas, (left, row(next)))?;
    }
    Ok(())
}

fn unknown_entry(canvas: &mut Canvas, at: (i32, i32)) -> io::Result<()> {
    entry(canvas, "unknown", palette::UNKNOWN, Shape::Disc, at)
}

fn entry(
    canvas: &mut Canvas,
    name: &str,
    colour: Rgb,
    shape: Shape,
    (left, top): (i32, i32),
) -> io::Result<()> {
    let middle = (
        left as f32 + MARK_PX + 1.0,
        top as f32 + LINE_PX as f32 / 2.0,
    );
    canvas.mark(middle, MARK_PX, shape, colour);
    let mut text = Line::symbols(name, TEXT_PX)?;
    if text.width > TEXT_WIDTH_PX {
        text = Line::shortened(name, TEXT_PX, TEXT_WIDTH_PX)?;
    }
    canvas.write(&text, left + 42, top + 38, Align::Left, palette::INK);
    Ok(())
}

fn bar(
    canvas: &mut Canvas,
    name: &str,
    ValueScale(axis): &ValueScale,
    (left, top): (i32, i32),
    height: i32,
) -> io::Result<()> {
    let name = Line::shortened(name, TEXT_PX, WIDTH_PX - 40)?;
    canvas.write(&name, left, top + 34, Align::Left, palette::INK);
    let (first, length) = (top + NAME_PX, height - NAME_PX);
    for y in 0..length {
        let colour = palette::value_colour(1.0 - y as f32 / (length - 1) as f32);
        canvas.fill((left, first + y), (BAR_WIDTH_PX, 1), colour);
    }
    canvas.frame((left, first), (BAR_WIDTH_PX, length), 2, palette::RULE);
    for value in axis.key_points(BoldPoints(10)) {
        let y = axis.map(&value, (first + length - 1, first));
        canvas.fill((left + BAR_WIDTH_PX, y - 1), (10, 3), palette::DIM);
        let text = Line::plain(&Axis::format(&value).replace('-', "−"), TEXT_PX)?;
        // Numbers at the ends stay beside the bar.
        let baseline = (y + 13).clamp(first + 27, first + length);
        canvas.write(
            &text,
            left + BAR_WIDTH_PX + 20,
            baseline,
            Align::Left,
            palette::INK,
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_run_from_the_smallest_to_the_largest_value() {
        let scale = ValueScale::over(&[-90.0, f32::NAN, 10.0, 90.0]);
        assert_eq!(scale.colour(-90.0), palette::value_colour(0.0));
        assert_eq!(scale.colour(90.0), palette::value_colour(1.0));
        assert_eq!(scale.colour(0.0), palette::value_colour(0.5));
        let constant = ValueScale::over(&[4.0, 4.0]);
        assert_eq!(constant.colour(4.0), palette::value_colour(0.5));
    }

    #[test]
    fn hundreds_of_classes_stay_within_the_height() {
        let names: Vec<String> = (0..300).map(|index| format!("id{index:05}")).collect();
        let colouring = Colouring::Classes {
            names,
            of: vec![0, 299, 300],
        };
        let mut canvas = Canvas::new(WIDTH_PX as u32, 1000);
        draw(&mut canvas, &colouring, None, (10, 50), 800).unwrap();
        let ink = canvas
            .0
            .enumerate_pixels()
            .filter(|(.., pixel)| pixel.0 != [255; 3]);
        let rows: Vec<u32> = ink.map(|(_, y, _)| y).collect();
        let (top, bottom) = (rows.iter().min().unwrap(), rows.iter().max().unwrap());
        assert!(*top >= 50 && (800..=850).contains(bottom), "{top} {bottom}");
    }
}
