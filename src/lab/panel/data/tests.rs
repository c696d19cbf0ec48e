use std::sync::Arc;

use eframe::egui::{Rect, Vec2, pos2};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;

use super::*;
use crate::augment::{ViewParams, whole};
use crate::train::event::Event;

const FRAME_PX: (u32, u32) = (200, 100);

fn view(role: ViewRole, change: impl FnOnce(&mut ViewParams)) -> View {
    let mut params = whole(0, FRAME_PX);
    change(&mut params);
    View {
        role,
        params,
        frame_px: FRAME_PX,
        other_picture: false,
        pixels: vec![7; 3 * 64 * 64],
    }
}

fn face(stream: Stream, views: Vec<View>, left_out: usize) -> ViewedFace {
    ViewedFace {
        stream,
        frame_px: FRAME_PX,
        frame: vec![9; 3 * 200 * 100],
        views,
        left_out,
    }
}

fn answer(step: u64, faces: Vec<ViewedFace>) -> Event {
    Event::Answer(Arc::new(Answer {
        step,
        question: question(),
        reply: Reply::Views(Box::new(ViewSheet { faces, side_px: 64 })),
    }))
}

struct Window {
    panel: Data,
    state: LabState,
}

fn open(state: LabState) -> Harness<'static, Window> {
    let mut harness = Harness::builder()
        .with_size(Vec2::new(1200.0, 900.0))
        .with_context_setup(crate::lab::look::theme::install)
        .build_ui_state(
            |ui, window: &mut Window| {
                let mut desk = Desk::default();
                window.panel.ui(ui, &window.state, &mut desk);
            },
            Window {
                panel: Data::default(),
                state,
            },
        );
    harness.run();
    harness
}

fn live() -> LabState {
    LabState {
        can_ask: true,
        ..LabState::default()
    }
}

#[test]
fn parameters_in_words() {
    let view = view(ViewRole::Negative, |params| {
        (params.left, params.top, params.width, params.height) = (12, 8, 120, 80);
        params.flip = 1;
        params.angle_deg = -12.0;
        (params.shift_x, params.shift_y) = (0.125, -0.0625);
        params.jitter = 1;
        params.order = [3, 0, 2, 1];
        (params.brightness, params.contrast) = (1.2, 0.9);
        (params.saturation, params.hue) = (0.5, -0.1);
        params.gray = 1;
        params.sigma = 1.25;
        params.edge = 1;
    });
    assert_eq!(
        words::details(&view, 64),
        [
            "Crop of 120 × 80 px from column 12, row 8 of the frame (200 × 100 px)",
            "Mirrored left to right",
            "Rotated by 12° to the right",
            "Shifted 8.0 px right and 4.0 px up",
            "Colours, in this order: hue −36°, brightness × 1.20, saturation × 0.50, contrast × 0.90",
            "Gray",
            "Blurred, σ 1.25 px",
            "Edges only",
        ]
    );
    assert_eq!(
        words::applied(&view),
        "mirrored, edges only, gray, blurred, rotated, shifted, other colours, cropped"
    );
}

#[test]
fn what_was_not_done_is_not_said() {
    let plain = view(ViewRole::Whole, |_| {});
    assert_eq!(words::applied(&plain), "as it is");
    assert_eq!(
        words::details(&plain, 64),
        ["The whole frame (200 × 100 px)"]
    );
    let gray = view(ViewRole::First, |params| params.gray = 1);
    assert_eq!(words::applied(&gray), "gray");
    let mirrored = view(ViewRole::OtherPose, |params| params.flip = 1);
    assert_eq!(words::applied(&mirrored), "mirrored");
    let other = View {
        other_picture: true,
        frame_px: (90, 80),
        ..view(ViewRole::OtherPose, |params| {
            (params.width, params.height) = (90, 80);
        })
    };
    assert_eq!(words::applied(&other), "another picture");
    assert_eq!(
        words::details(&other, 64),
        ["The whole other picture (90 × 80 px)"]
    );
}

#[test]
fn roles_and_streams_have_names_of_their_own() {
    let roles = [
        ViewRole::Whole,
        ViewRole::OtherPose,
        ViewRole::PoseGiver,
        ViewRole::First,
        ViewRole::Second,
        ViewRole::Negative,
    ];
    assert_eq!(
        roles.map(words::role),
        [
            "Face",
            "Other pose",
            "Pose giver",
            "First view",
            "Second view",
            "Negative"
        ]
    );
    let streams = [Stream::Recon, Stream::Face, Stream::Pose];
    assert_eq!(
        streams.map(words::stream),
        ["Reconstruction", "Face pairs", "Pose pairs and negatives"]
    );
}

#[test]
fn few_negatives_are_shown_and_all_are_counted() {
    let mut views = vec![
        view(ViewRole::First, |_| {}),
        view(ViewRole::Second, |_| {}),
    ];
    views.extend((0..8).map(|_| view(ViewRole::Negative, |params| params.flip = 1)));
    let pose = face(Stream::Pose, views, 90);
    assert_eq!(shown(&pose).len(), 2 + NEGATIVES);
    let mut state = live();
    state.on_event(&answer(3, vec![pose]));
    let harness = open(state);
    harness.get_by_label("and 92 more");
    harness.get_by_label("Pose pairs and negatives, face 1: Negative 8");
    assert!(
        harness
            .query_by_label("Pose pairs and negatives, face 1: Negative 9")
            .is_none()
    );
    // The other two streams are off.
    let off = "This stream takes no part in training at present.";
    assert_eq!(harness.get_all_by_label(off).count(), 2);
}

#[test]
fn freezing_keeps_the_step() {
    let sheet = || vec![face(Stream::Recon, vec![view(ViewRole::Whole, |_| {})], 0)];
    let mut state = live();
    state.on_event(&answer(3, sheet()));
    let mut harness = open(state);
    harness.get_by_label("Views of step 3");
    harness.get_by_label("Freeze").click();
    harness.run();
    harness.state_mut().state.on_event(&answer(9, sheet()));
    harness.state_mut().state.step = 9;
    harness.run();
    harness.get_by_label("Views of step 3");
    harness.get_by_label("(training is at step 9)");
    let window = harness.state();
    assert_eq!(window.panel.questions(&window.state), []);
    harness.get_by_label("Freeze").click();
    harness.run();
    harness.get_by_label("Views of step 9");
    let window = harness.state();
    assert_eq!(
        window.panel.questions(&window.state),
        [Question::Views { faces: 3 }]
    );
}

#[test]
fn views_are_uploaded_with_those_of_the_right_face() {
    let pair = || {
        vec![
            view(ViewRole::First, |_| {}),
            view(ViewRole::Second, |_| {}),
        ]
    };
    let faces = vec![face(Stream::Face, pair(), 0), face(Stream::Face, pair(), 0)];
    let mut state = live();
    state.on_event(&answer(3, faces));
    let harness = open(state);
    let pictures = &harness.state().panel.pictures;
    assert_eq!((pictures.first_view(0), pictures.first_view(1)), (0, 2));
    assert!(pictures.view(3, 64.0).is_some() && pictures.view(4, 64.0).is_none());
    assert!(pictures.frame(1).is_some() && pictures.frame(2).is_none());
}

#[test]
fn boxes_lie_where_the_crop_was() {
    let view = view(ViewRole::First, |params| {
        (params.left, params.top, params.width, params.height) = (50, 25, 100, 50);
    });
    let drawn = Rect::from_min_max(pos2(10.0, 20.0), pos2(110.0, 70.0));
    let place = boxes::place(&view.params, FRAME_PX, drawn);
    assert_eq!(
        place,
        Rect::from_min_max(pos2(35.0, 32.5), pos2(85.0, 57.5))
    );
}

#[test]
fn without_views_it_says_why() {
    let harness = open(LabState {
        source: Source::Replay,
        ..LabState::default()
    });
    harness.get_by_label_contains("The record of a run does not keep them.");
    let harness = open(live());
    harness.get_by_label_contains("After the first step");
    let mut state = live();
    state.on_event(&Event::Answer(Arc::new(Answer {
        step: 0,
        question: question(),
        reply: Reply::No("The views appear with the next step.".into()),
    })));
    let harness = open(state);
    harness.get_by_label("The views appear with the next step.");
}
