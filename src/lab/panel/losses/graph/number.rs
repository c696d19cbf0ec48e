//! Numbers as they are read out.

use crate::term::words;

/// Four digits where they matter: `6.241`, `0.0432`, `2.5e-5`.
pub fn short(value: f64) -> String {
    match value.abs() {
        size if !size.is_finite() => "not a number".into(),
        size if size >= 1e5 => format!("{value:.2e}"),
        size if size >= 1000.0 => format!("{value:.0}"),
        size if size >= 100.0 => format!("{value:.1}"),
        size if size >= 10.0 => format!("{value:.2}"),
        size if size >= 1.0 => format!("{value:.3}"),
        size if size >= 1e-3 => format!("{value:.4}"),
        size if size < 1e-12 => "0".into(),
        _ => format!("{value:.1e}"),
    }
}

/// For an axis, without zeros at the end: `0.25`, `1.2k`, `50k`, `1.5M`, `2e-5`.
pub fn tick(value: f64) -> String {
    let (scaled, unit) = match value.abs() {
        size if size >= 1e6 => (value / 1e6, "M"),
        size if size >= 1e4 => (value / 1e3, "k"),
        size if size < 1e-12 => return "0".into(),
        size if size < 1e-3 => return plain_exponent(value),
        _ => (value, ""),
    };
    let text = format!("{scaled:.4}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    format!("{text}{unit}")
}

/// `2e-5`, and `2.5e-5` where it is not round.
fn plain_exponent(value: f64) -> String {
    let text = format!("{value:.1e}");
    text.replace(".0e", "e")
}

/// A whole number in groups of three: `12 400`.
pub fn count(number: f64) -> String {
    words::count(number.max(0.0).round() as u64)
}
