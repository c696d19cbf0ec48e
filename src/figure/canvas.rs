//! A white sheet with text, marks and frames, drawn with smooth edges.

use std::io;

use image::{Rgb as Pixel, RgbImage};

use super::palette::{self, Rgb, Shape};
use crate::record::{font, heading};

/// Which point of a text is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Align {
    /// Its left end.
    Left,
    /// Its middle.
    Centre,
}

/// A line of text, set but not yet placed.
pub struct Line {
    ink: Vec<(i32, i32, f32)>,
    /// Width in pixels.
    pub width: i32,
}

impl Line {
    /// Text as it stands, `size_px` high.
    pub fn plain(text: &str, size_px: f64) -> io::Result<Self> {
        let font = font::sans(size_px)?;
        let (width, _) = font.box_size(text).map_err(io::Error::other)?;
        // plotters puts the baseline half a line below the given point.
        let above = (size_px as f32 / 2.0) as i32;
        let mut ink = Vec::new();
        font.draw(text, (0, 0), |x, y, coverage| {
            if coverage > 0.0 {
                ink.push((x, y - above, coverage.min(1.0)));
            }
            Ok::<(), io::Error>(())
        })
        .map_err(io::Error::other)??;
        let width = width as i32;
        Ok(Self { ink, width })
    }

    /// Text with subscripts and hats (`F_p^`), as in the headings of the reconstruction grids.
    pub fn symbols(text: &str, size_px: f64) -> io::Result<Self> {
        let (ink, width) = heading::set(&heading::parse(text), size_px)?;
        Ok(Self { ink, width })
    }

    /// Plain text, shortened with an ellipsis where it is wider than `most_px`.
    pub fn shortened(text: &str, size_px: f64, most_px: i32) -> io::Result<Self> {
        let mut line = Self::plain(text, size_px)?;
        let mut kept: Vec<char> = text.chars().collect();
        while line.width > most_px && kept.pop().is_some() {
            let short: String = kept.iter().collect();
            line = Self::plain(&format!("{}…", short.trim_end()), size_px)?;
        }
        Ok(line)
    }
}

/// The sheet.
pub struct Canvas(pub RgbImage);

impl Canvas {
    /// A white sheet.
    pub fn new(width: u32, height: u32) -> Self {
        Self(RgbImage::from_pixel(width, height, Pixel([255; 3])))
    }

    /// Lays `colour` over a pixel, where there is one.
    fn lay(&mut self, x: i32, y: i32, colour: Rgb, coverage: f32) {
        let (Ok(x), Ok(y)) = (u32::try_from(x), u32::try_from(y)) else {
            return;
        };
        if let Some(Pixel(under)) = self.0.get_pixel_mut_checked(x, y) {
            *under = palette::blend(*under, colour, coverage);
        }
    }

    /// Places a line of text on its baseline.
    pub fn write(&mut self, line: &Line, x: i32, baseline: i32, align: Align, colour: Rgb) {
        let left = match align {
            Align::Left => x,
            Align::Centre => x - line.width / 2,
        };
        for &(dx, dy, coverage) in &line.ink {
            self.lay(left + dx, baseline + dy, colour, coverage);
        }
    }

    /// Fills a rectangle.
    pub fn fill(&mut self, (left, top): (i32, i32), (width, height): (i32, i32), colour: Rgb) {
        for y in top..top + height {
            for x in left..left + width {
                self.lay(x, y, colour, 1.0);
            }
        }
    }

    /// Draws the border of a rectangle, inwards from its edge.
    pub fn frame(&mut self, at: (i32, i32), size: (i32, i32), thickness: i32, colour: Rgb) {
        let ((left, top), (width, height)) = (at, size);
        let inner = height - 2 * thickness;
        self.fill(at, (width, thickness), colour);
        self.fill((left, top + height - thickness), (width, thickness), colour);
        self.fill((left, top + thickness), (thickness, inner), colour);
        let right = left + width - thickness;
        self.fill((right, top + thickness), (thickness, inner), colour);
    }

    /// Draws a mark with a thin darker edge, which keeps pale colours visible on white.
    pub fn mark(&mut self, (x, y): (f32, f32), radius: f32, shape: Shape, colour: Rgb) {
        let edge = palette::blend(colour, [0; 3], 0.45);
        let reach = (1.6 * radius).ceil() as i32;
        let inner = (radius - 1.2).max(0.6 * radius);
        for pixel_y in y as i32 - reach..=y as i32 + reach {
            for pixel_x in x as i32 - reach..=x as i32 + reach {
                let at = (pixel_x as f32 - x, pixel_y as f32 - y);
                let whole = coverage(shape, at, radius);
                if whole > 0.0 {
                    let within = coverage(shape, at, inner);
                    let mixed = palette::blend(edge, colour, within / whole);
                    self.lay(pixel_x, pixel_y, mixed, whole);
                }
            }
        }
    }

    /// Pastes a picture.
    pub fn paste(&mut self, picture: &RgbImage, left: i32, top: i32) {
        image::imageops::replace(&mut self.0, picture, left.into(), top.into());
    }
}

/// Share of a pixel, whose upper left corner is given, that the shape covers.
fn coverage(shape: Shape, (x, y): (f32, f32), radius: f32) -> f32 {
    const SIDE: usize = 4;
    let inside = (0..SIDE * SIDE)
        .filter(|sample| {
            let offset = |step: usize| (step as f32 + 0.5) / SIDE as f32;
            let (dx, dy) = (x + offset(sample % SIDE), y + offset(sample / SIDE));
            shape.contains(dx / radius, dy / radius)
        })
        .count();
    inside as f32 / (SIDE * SIDE) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dark(canvas: &Canvas) -> Vec<(u32, u32)> {
        let pixels = canvas.0.enumerate_pixels();
        pixels
            .filter(|(.., pixel)| pixel[0] < 128)
            .map(|(x, y, _)| (x, y))
            .collect()
    }

    #[test]
    fn text_stands_on_its_baseline_and_where_it_is_told() {
        let line = Line::plain("HEH", 40.0).unwrap();
        for (align, x) in [(Align::Left, 20), (Align::Centre, 100)] {
            let mut canvas = Canvas::new(200, 60);
            canvas.write(&line, x, 50, align, [0; 3]);
            let ink = dark(&canvas);
            assert!(ink.len() > 200);
            // Capitals do not reach below the line, and end just above it.
            let bottom = ink.iter().map(|at| at.1).max().unwrap();
            assert!((47..=50).contains(&bottom), "{bottom}");
            let (left, right) = (
                ink.iter().map(|at| at.0).min().unwrap() as i32,
                ink.iter().map(|at| at.0).max().unwrap() as i32,
            );
            let wanted = match align {
                Align::Left => x,
                Align::Centre => x - line.width / 2,
            };
            assert!((left - wanted).abs() <= 6 && (right - left) <= line.width);
        }
    }

    #[test]
    fn long_text_is_shortened() {
        let long = "a name that never ends".repeat(4);
        let line = Line::shortened(&long, 30.0, 200).unwrap();
        assert!((120..=200).contains(&line.width), "{}", line.width);
        assert!(Line::shortened("wide", 30.0, 0).is_ok());
    }

    #[test]
    fn marks_and_fills_at_the_border_do_no_harm() {
        let mut canvas = Canvas::new(20, 20);
        canvas.mark((0.0, 19.9), 8.0, Shape::Disc, [0; 3]);
        canvas.mark((-500.0, 9000.0), 8.0, Shape::Cross, [0; 3]);
        canvas.fill((15, 15), (50, 50), [0; 3]);
        assert!(!dark(&canvas).is_empty());
        assert!(!dark(&canvas).contains(&(10, 5)));
    }

    #[test]
    fn frame_leaves_the_inside_alone() {
        let mut canvas = Canvas::new(30, 30);
        canvas.frame((5, 5), (20, 20), 3, [0; 3]);
        assert_eq!(dark(&canvas).len(), 20 * 20 - 14 * 14);
    }
}
