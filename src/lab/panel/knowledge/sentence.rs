//! Sentences with symbols in them: `F_p knows the pose` with the p below the line.

use eframe::egui::text::{LayoutJob, TextFormat};
use eframe::egui::{Align, Color32, FontId, Label, Response, Role, TextStyle, Ui, WidgetInfo};

use crate::record::heading;

/// Text with the characters after `_` set smaller and lower.
pub fn job(text: &str, size: f32, colour: Color32) -> LayoutJob {
    let format = |below: bool| TextFormat {
        font_id: FontId::proportional(if below { 0.75 * size } else { size }),
        color: colour,
        valign: Align::BOTTOM,
        ..TextFormat::default()
    };
    let mut job = LayoutJob::default();
    let mut run = String::new();
    let mut run_below = false;
    for sign in heading::parse(text) {
        if sign.subscript != run_below {
            job.append(&std::mem::take(&mut run), 0.0, format(run_below));
            run_below = sign.subscript;
        }
        run.push(sign.char);
    }
    job.append(&run, 0.0, format(run_below));
    job
}

/// A wrapped sentence in this colour.
pub fn sentence(ui: &mut Ui, text: &str, colour: Color32) -> Response {
    let size = TextStyle::Body.resolve(ui.style()).size;
    let response = ui.add(Label::new(job(text, size, colour)).wrap());
    // Read out and found as it is written.
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, text));
    response
}
