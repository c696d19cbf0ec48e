//! Colours and sizes. Colour-blind safe (Okabe & Ito 2008), for dark and light.

use eframe::egui::{
    Color32, Context, FontData, FontDefinitions, FontFamily, FontId, TextStyle, Theme, Ui,
};

use crate::record::history::Curve;

/// The tones of Okabe & Ito, a light and a dark version of each where one would vanish.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// Pose and everything of F_p.
    Blue,
    /// Face and everything of F_f.
    Vermillion,
    /// L_dis and reconstruction.
    Green,
    /// Warnings.
    Orange,
    /// F_s.
    Purple,
    /// A further curve.
    Sky,
    /// A further curve.
    Yellow,
    /// The main curve: white on dark, black on light.
    Ink,
    /// Of lesser weight.
    Dim,
}

/// The tone for the present theme.
pub fn tone(ui: &Ui, tone: Tone) -> Color32 {
    let dark = ui.visuals().dark_mode;
    let rgb = Color32::from_rgb;
    match (tone, dark) {
        (Tone::Blue, true) => rgb(84, 164, 255),
        (Tone::Blue, false) => rgb(0, 114, 178),
        (Tone::Vermillion, true) => rgb(255, 122, 66),
        (Tone::Vermillion, false) => rgb(197, 80, 0),
        (Tone::Green, true) => rgb(40, 190, 140),
        (Tone::Green, false) => rgb(0, 135, 100),
        (Tone::Orange, true) => rgb(240, 175, 40),
        (Tone::Orange, false) => rgb(184, 120, 0),
        (Tone::Purple, true) => rgb(224, 150, 195),
        (Tone::Purple, false) => rgb(170, 85, 135),
        (Tone::Sky, true) => rgb(120, 205, 245),
        (Tone::Sky, false) => rgb(40, 140, 190),
        (Tone::Yellow, true) => rgb(240, 228, 66),
        (Tone::Yellow, false) => rgb(140, 128, 0),
        (Tone::Ink, true) => rgb(235, 235, 235),
        (Tone::Ink, false) => rgb(20, 20, 20),
        (Tone::Dim, true) => rgb(165, 165, 165),
        (Tone::Dim, false) => rgb(95, 95, 95),
    }
}

/// The tone of a curve, the same in every panel.
pub fn curve(curve: Curve) -> Tone {
    match curve {
        Curve::Total => Tone::Ink,
        Curve::Dis => Tone::Green,
        Curve::T1 => Tone::Sky,
        Curve::T2 => Tone::Yellow,
        Curve::T3 => Tone::Purple,
        Curve::T4 => Tone::Dim,
        Curve::Orth => Tone::Orange,
        Curve::Face | Curve::AlphaFace => Tone::Vermillion,
        Curve::Pose | Curve::AlphaPose => Tone::Blue,
        Curve::LearningRate => Tone::Purple,
        Curve::GradNorm => Tone::Sky,
    }
}

/// The tone of a code by its name (`F_s`, `F_f`, `F_p`).
pub fn code(name: &str) -> Tone {
    match name {
        "F_f" => Tone::Vermillion,
        "F_p" => Tone::Blue,
        "F_s" => Tone::Purple,
        _ => Tone::Dim,
    }
}

/// Sets type and spacing once; the typeface has the Greek letters and accents of the symbols.
pub fn install(ctx: &Context) {
    let mut fonts = FontDefinitions::default();
    fonts.font_data.insert(
        "DejaVu Sans".into(),
        std::sync::Arc::new(FontData::from_static(crate::record::font::BYTES)),
    );
    for family in [FontFamily::Proportional, FontFamily::Monospace] {
        fonts
            .families
            .entry(family)
            .or_default()
            .push("DejaVu Sans".into());
    }
    ctx.set_fonts(fonts);
    // The toolkit's gray is too faint for a projector.
    for (theme, ink) in [(Theme::Dark, 222), (Theme::Light, 28)] {
        ctx.style_mut_of(theme, |style| {
            let widgets = &mut style.visuals.widgets;
            widgets.noninteractive.fg_stroke.color = Color32::from_gray(ink);
            widgets.inactive.fg_stroke.color = Color32::from_gray(ink);
        });
    }
    ctx.all_styles_mut(|style| {
        style.text_styles = [
            (TextStyle::Small, 12.0),
            (TextStyle::Body, 14.5),
            (TextStyle::Button, 14.5),
            (TextStyle::Heading, 20.0),
        ]
        .map(|(name, size)| (name, FontId::proportional(size)))
        .into_iter()
        .chain([(TextStyle::Monospace, FontId::monospace(13.5))])
        .collect();
        style.spacing.item_spacing = [8.0, 6.0].into();
        style.spacing.button_padding = [8.0, 4.0].into();
        style.spacing.slider_width = 140.0;
    });
}
