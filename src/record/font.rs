//! The one typeface of all pictures, embedded so that they look the same everywhere.

use std::io;
use std::sync::OnceLock;

use plotters::style::{FontDesc, FontStyle, IntoFont, register_font};

/// DejaVu Sans; its licence lies beside it.
pub(crate) const BYTES: &[u8] = include_bytes!("../../assets/fonts/DejaVuSans.ttf");

/// The name plotters knows it by.
pub const FAMILY: &str = "sans-serif";

/// The typeface at `size_px` (line height in pixels).
///
/// # Errors
/// When the embedded file cannot be read as a font.
pub fn sans(size_px: f64) -> io::Result<FontDesc<'static>> {
    static REGISTERED: OnceLock<bool> = OnceLock::new();
    if *REGISTERED.get_or_init(|| register_font(FAMILY, FontStyle::Normal, BYTES).is_ok()) {
        Ok((FAMILY, size_px).into_font())
    } else {
        Err(io::Error::other("the embedded font is damaged"))
    }
}
