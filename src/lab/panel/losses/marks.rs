//! Where epochs end and checkpoints were written.

use std::path::PathBuf;

use eframe::egui::{Align2, Color32, FontId, Shape, Stroke, Ui, pos2, vec2};
use egui_plot::{PlotBounds, PlotItem, PlotTransform};

use super::graph::Drawn;
use crate::train::event::EpochReport;

/// Room that the mark of an epoch needs.
const EPOCH_PT: f64 = 76.0;
/// The pointer is at a checkpoint when it is this near.
const NEAR_PT: f32 = 7.0;

/// Thin lines at the ends of epochs, numbered; only every second, fifth, tenth … where they are
/// many.
pub fn epochs<'a>(
    epochs: &'a [EpochReport],
    colour: Color32,
    numbered: bool,
) -> impl PlotItem + use<'a> {
    Drawn::new(
        "epochs",
        PlotBounds::NOTHING,
        move |ui: &Ui, transform, shapes| {
            let every = every(epochs, transform);
            let frame = transform.frame();
            let [from, to] = [transform.bounds().min()[0], transform.bounds().max()[0]];
            let marked = epochs.iter().filter(|report| report.epoch % every == 0);
            for report in marked.filter(|report| (from..=to).contains(&(report.step as f64))) {
                let x = transform.position_from_point_x(report.step as f64);
                let stroke = Stroke::new(1.0, colour.gamma_multiply(0.55));
                shapes.push(Shape::vline(x, frame.y_range(), stroke));
                if !numbered {
                    continue;
                }
                let text = format!("epoch {}", report.epoch);
                let galley = ui
                    .painter()
                    .layout_no_wrap(text, FontId::proportional(12.0), colour);
                let corner = pos2(x - 4.0, frame.top() + 3.0);
                let at = Align2::RIGHT_TOP.anchor_size(corner, galley.size());
                if at.left() >= frame.left() {
                    shapes.push(Shape::galley(at.min, galley, colour));
                }
            }
        },
    )
}

/// Every how many epochs there is room for a mark.
fn every(epochs: &[EpochReport], transform: &PlotTransform) -> u32 {
    let Some(last) = epochs.last().filter(|report| report.epoch > 0) else {
        return 1;
    };
    let epoch_pt = transform.dpos_dvalue_x() * last.step as f64 / f64::from(last.epoch);
    let least = EPOCH_PT / epoch_pt.max(1e-9);
    let rounds = (0..8).flat_map(|power| [1, 2, 5].map(|factor| factor * 10u32.pow(power)));
    rounds
        .into_iter()
        .find(|every| f64::from(*every) >= least)
        .unwrap_or(u32::MAX)
}

/// Small triangles on the x axis where checkpoints were written.
pub fn checkpoints<'a>(
    checkpoints: &'a [(u64, PathBuf)],
    colour: Color32,
) -> impl PlotItem + use<'a> {
    Drawn::new(
        "checkpoints",
        PlotBounds::NOTHING,
        move |_: &Ui, transform, shapes| {
            let frame = transform.frame();
            for (step, _) in checkpoints {
                let x = transform.position_from_point_x(*step as f64);
                if !frame.x_range().contains(x) {
                    continue;
                }
                let foot = pos2(x, frame.bottom() - 1.0);
                let corners = [vec2(-5.5, 0.0), vec2(0.0, -10.0), vec2(5.5, 0.0)];
                let points = corners.map(|corner| foot + corner).to_vec();
                shapes.push(Shape::convex_polygon(points, colour, Stroke::NONE));
            }
        },
    )
}

/// The checkpoint at a place of the plot.
pub fn checkpoint_near(
    checkpoints: &[(u64, PathBuf)],
    x_pt: f32,
    transform: &PlotTransform,
) -> Option<u64> {
    let distance = |step: u64| (transform.position_from_point_x(step as f64) - x_pt).abs();
    let steps = checkpoints.iter().map(|(step, _)| *step);
    steps
        .filter(|step| distance(*step) <= NEAR_PT)
        .min_by(|a, b| distance(*a).total_cmp(&distance(*b)))
}

/// The epoch that a step belongs to.
pub fn epoch_of(epochs: &[EpochReport], step: f64) -> Option<u32> {
    let ended = epochs.partition_point(|report| (report.step as f64) < step);
    match epochs.get(ended) {
        Some(report) => Some(report.epoch),
        None => Some(epochs.last()?.epoch + 1),
    }
}
