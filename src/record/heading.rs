//! Column headings with subscripts and hats: `F_f^ + F_p` is set as in the paper.

use std::io;

use image::{Rgb, RgbImage};

use super::font;

/// A character and how it is set.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Sign {
    /// The character.
    pub char: char,
    /// Below the line.
    pub subscript: bool,
    /// With a hat.
    pub hat: bool,
}

/// A pixel of a drawn sign, relative to the pen on the baseline, with its coverage.
type Ink = Vec<(i32, i32, f32)>;

/// Draws `text` in black, centred at `centre_x` with its baseline at `baseline_y`, smaller where
/// it would be wider than `max_width`.
///
/// `_` sets the next character below the line, `^` puts a hat on the one before.
///
/// # Errors
/// When the embedded font is unusable.
pub fn draw(
    image: &mut RgbImage,
    text: &str,
    centre_x: i32,
    baseline_y: i32,
    max_width: i32,
) -> io::Result<()> {
    let signs = parse(text);
    let mut size_px = 20.0;
    let (mut ink, mut width) = set(&signs, size_px)?;
    while width > max_width && size_px > 9.0 {
        size_px -= 1.0;
        (ink, width) = set(&signs, size_px)?;
    }
    let left = centre_x - width / 2;
    for (x, y, coverage) in ink {
        let (Ok(x), Ok(y)) = (u32::try_from(left + x), u32::try_from(baseline_y + y)) else {
            continue;
        };
        if let Some(Rgb(pixel)) = image.get_pixel_mut_checked(x, y) {
            *pixel = pixel.map(|value| (f32::from(value) * (1.0 - coverage)).round() as u8);
        }
    }
    Ok(())
}

pub(crate) fn parse(text: &str) -> Vec<Sign> {
    let mut signs: Vec<Sign> = Vec::new();
    let mut subscript = false;
    for char in text.chars() {
        match (char, signs.last_mut()) {
            ('_', _) => subscript = true,
            ('^' | '\u{302}', Some(last)) => last.hat = true,
            _ => signs.push(Sign {
                char,
                subscript: std::mem::take(&mut subscript),
                hat: false,
            }),
        }
    }
    signs
}

/// The ink of a line of signs and its width in pixels.
pub(crate) fn set(signs: &[Sign], size_px: f64) -> io::Result<(Ink, i32)> {
    let mut line = Ink::new();
    let mut pen_x = 0;
    for sign in signs {
        let (scale, drop) = if sign.subscript {
            (0.8, size_px * 0.16)
        } else {
            (1.0, 0.0)
        };
        let drop = drop.round() as i32;
        let (ink, advance) = glyph(sign.char, size_px * scale)?;
        if sign.hat {
            let (hat, _) = glyph('\u{2c6}', size_px * scale)?;
            let (hat_left, hat_right, _, hat_bottom) = bounds(&hat);
            let (left, right, top, _) = bounds(&ink);
            let shift_x = (left + right - hat_left - hat_right) / 2;
            let shift_y = top - 2 - hat_bottom;
            line.extend(
                hat.into_iter()
                    .map(|(x, y, c)| (pen_x + shift_x + x, drop + shift_y + y, c)),
            );
        }
        line.extend(ink.into_iter().map(|(x, y, c)| (pen_x + x, drop + y, c)));
        pen_x += advance;
    }
    Ok((line, pen_x))
}

fn glyph(char: char, size_px: f64) -> io::Result<(Ink, i32)> {
    let text = char.to_string();
    let font = font::sans(size_px)?;
    let (advance, _) = font.box_size(&text).map_err(io::Error::other)?;
    // plotters puts the baseline half a line below the given point.
    let above = (size_px as f32 / 2.0) as i32;
    let mut ink = Ink::new();
    font.draw(&text, (0, 0), |x, y, coverage| {
        if coverage > 0.0 {
            ink.push((x, y - above, coverage.min(1.0)));
        }
        Ok::<(), io::Error>(())
    })
    .map_err(io::Error::other)??;
    Ok((ink, advance as i32))
}

/// Left, right, top and bottom of the ink.
fn bounds(ink: &Ink) -> (i32, i32, i32, i32) {
    ink.iter().fold(
        (i32::MAX, i32::MIN, i32::MAX, i32::MIN),
        |(left, right, top, bottom), &(x, y, _)| {
            (left.min(x), right.max(x), top.min(y), bottom.max(y))
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_belong_to_the_right_characters() {
        let text: Vec<_> = parse("F_f^ + s^")
            .into_iter()
            .map(|sign| (sign.char, sign.subscript, sign.hat))
            .collect();
        assert_eq!(
            text,
            [
                ('F', false, false),
                ('f', true, true),
                (' ', false, false),
                ('+', false, false),
                (' ', false, false),
                ('s', false, true),
            ]
        );
    }

    #[test]
    fn hat_lies_above_its_letter_and_the_subscript_below_the_line() {
        let (plain, width) = set(&parse("F_p"), 20.0).unwrap();
        let (hatted, hatted_width) = set(&parse("F_p^"), 20.0).unwrap();
        assert_eq!(width, hatted_width);
        assert!(hatted.len() > plain.len());
        let (.., bottom) = bounds(&plain);
        assert!(bottom > 4, "{bottom}");
    }

    #[test]
    fn long_headings_shrink_to_fit() {
        let mut image = RgbImage::from_pixel(120, 30, Rgb([255; 3]));
        draw(&mut image, "a heading of many words", 60, 20, 100).unwrap();
        let dark: Vec<u32> = image
            .enumerate_pixels()
            .filter(|(.., pixel)| pixel[0] < 128)
            .map(|(x, ..)| x)
            .collect();
        assert!(dark.len() > 50);
        assert!(dark.iter().all(|x| (2..118).contains(x)));
    }
}
