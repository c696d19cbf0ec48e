//! Streams, roles and drawn parameters in plain words.

use crate::augment::ViewParams;
use crate::train::ask::{View, ViewRole};
use crate::train::step::Stream;

/// What a stream is called.
pub(super) fn stream(stream: Stream) -> &'static str {
    match stream {
        Stream::Recon => "Reconstruction",
        Stream::Face => "Face pairs",
        Stream::Pose => "Pose pairs and negatives",
    }
}

/// What a stream is for.
pub(super) fn about_stream(stream: Stream) -> &'static str {
    match stream {
        Stream::Recon => {
            "Each face and the same person in another pose go in; the decoder should redraw both from \
             their codes."
        }
        Stream::Face => {
            "Two views of one face should get face codes that are alike, and unlike those of all \
             other faces."
        }
        Stream::Pose => {
            "Two views in one pose should get pose codes that are alike, and unlike those of the \
             negatives, which show the same face in another pose."
        }
    }
}

/// What a view is called.
pub(super) fn role(role: ViewRole) -> &'static str {
    match role {
        ViewRole::Whole => "Face",
        ViewRole::OtherPose => "Other pose",
        ViewRole::PoseGiver => "Pose giver",
        ViewRole::First => "First view",
        ViewRole::Second => "Second view",
        ViewRole::Negative => "Negative",
    }
}

/// What a loss does with a view.
pub(super) fn about_role(role: ViewRole) -> &'static str {
    match role {
        ViewRole::Whole => "The face as it goes in: what the decoder should redraw.",
        ViewRole::OtherPose => "The same person in another pose: to be redrawn as well.",
        ViewRole::PoseGiver => "Somebody else in that pose, whose pose code redraws it.",
        ViewRole::First | ViewRole::Second => "One of a pair whose codes are drawn together.",
        ViewRole::Negative => "The codes of the pair are pushed away from this one.",
    }
}

/// Whether the view shows a part of the frame only.
pub(super) fn is_cropped(params: &ViewParams, (width, height): (u32, u32)) -> bool {
    (params.width, params.height) != (width, height)
}

fn is_shifted(params: &ViewParams) -> bool {
    params.shift_x != 0.0 || params.shift_y != 0.0
}

/// What was done to the frame, in a few words.
pub(super) fn applied(view: &View) -> String {
    let params = &view.params;
    let done: Vec<&str> = [
        (view.other_picture, "another picture"),
        (params.flip == 1, "mirrored"),
        (params.edge == 1, "edges only"),
        (params.gray == 1, "gray"),
        (params.sigma > 0.0, "blurred"),
        (params.angle_deg != 0.0, "rotated"),
        (is_shifted(params), "shifted"),
        (params.jitter == 1, "other colours"),
        (is_cropped(params, view.frame_px), "cropped"),
    ]
    .into_iter()
    .filter_map(|(is_done, word)| is_done.then_some(word))
    .collect();
    if done.is_empty() {
        "as it is".into()
    } else {
        done.join(", ")
    }
}

/// What was done to the frame with all numbers, in the order in which it was done.
pub(super) fn details(view: &View, side_px: usize) -> Vec<String> {
    let params = &view.params;
    let (width, height) = view.frame_px;
    let frame = if view.other_picture {
        "other picture"
    } else {
        "frame"
    };
    let mut lines = vec![if is_cropped(params, view.frame_px) {
        format!(
            "Crop of {} × {} px from column {}, row {} of the {frame} ({width} × {height} px)",
            params.width, params.height, params.left, params.top
        )
    } else {
        format!("The whole {frame} ({width} × {height} px)")
    }];
    if params.flip == 1 {
        lines.push("Mirrored left to right".into());
    }
    if params.angle_deg != 0.0 {
        let way = if params.angle_deg > 0.0 {
            "to the left"
        } else {
            "to the right"
        };
        lines.push(format!("Rotated by {:.0}° {way}", params.angle_deg.abs()));
    }
    if is_shifted(params) {
        let px = |shift: f32| shift.abs() * side_px as f32;
        let (x, y) = (px(params.shift_x), px(params.shift_y));
        let across = if params.shift_x < 0.0 {
            "left"
        } else {
            "right"
        };
        let along = if params.shift_y < 0.0 { "up" } else { "down" };
        lines.push(format!("Shifted {x:.1} px {across} and {y:.1} px {along}"));
    }
    if params.jitter == 1 {
        lines.push(jitter(params));
    }
    if params.gray == 1 {
        lines.push("Gray".into());
    }
    if params.sigma > 0.0 {
        lines.push(format!("Blurred, σ {:.2} px", params.sigma));
    }
    if params.edge == 1 {
        lines.push("Edges only".into());
    }
    lines
}

fn jitter(params: &ViewParams) -> String {
    let change = |kind: u32| match kind {
        0 => format!("brightness × {:.2}", params.brightness),
        1 => format!("contrast × {:.2}", params.contrast),
        2 => format!("saturation × {:.2}", params.saturation),
        _ => format!("hue {:+.0}°", 360.0 * params.hue).replace('-', "−"),
    };
    let changes = params.order.map(change);
    format!("Colours, in this order: {}", changes.join(", "))
}
