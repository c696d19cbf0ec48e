use std::io::Cursor;
use std::sync::Arc;

use eframe::egui::{Context, Vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;
use image::AnimationDecoder;
use image::codecs::gif::GifDecoder;

use super::*;
use crate::lab::desk::Command;
use crate::lab::look::theme;
use crate::train::ask::{Answer, Reply, TurnScale};
use crate::train::event::{Event, FaceGrid};

/// Tiles of one colour each.
fn grid(kind: &str, tiles: usize) -> FaceGrid {
    let pixels = (0..tiles).flat_map(|tile| vec![10 * tile as u8; 3 * 64 * 64]);
    FaceGrid {
        step: 7,
        kind: kind.into(),
        columns: vec![String::new(); tiles],
        rows: 1,
        tile_px: 64,
        pixels: Arc::new(pixels.collect()),
    }
}

fn state() -> LabState {
    let mut state = LabState {
        can_ask: true,
        ..LabState::default()
    };
    state.on_event(&Event::Gallery(grid("gallery", 4)));
    state
}

struct App {
    panel: Morph,
    state: LabState,
    desk: Desk,
    themed: bool,
}

impl App {
    /// The trainer's part: answers what the panel asks.
    fn answer(&mut self) {
        for question in self.panel.questions(&self.state) {
            let (from_deg, to_deg) = (-60.0, 60.0);
            let reply = match question {
                Question::Turn { .. } => {
                    Reply::Turn(grid("turn", 13), TurnScale::Yaw { from_deg, to_deg })
                }
                _ => Reply::Grid(grid("morph", 1)),
            };
            let answer = Answer {
                step: 7,
                question,
                reply,
            };
            self.state.on_event(&Event::Answer(Arc::new(answer)));
        }
    }

    fn morph(&self) -> (u32, u32, f32, f32) {
        match self.panel.questions(&self.state)[..] {
            [Question::Morph { a, b, look, pose }] => (a.0, b.0, look, pose),
            ref other => panic!("{other:?}"),
        }
    }
}

fn harness(state: LabState) -> Harness<'static, App> {
    let app = App {
        panel: Morph::default(),
        state,
        desk: Desk::default(),
        themed: false,
    };
    Harness::builder()
        .with_size(Vec2::new(640.0, 420.0))
        .with_step_dt(0.25)
        .build_ui_state(
            |ui, app: &mut App| {
                if !std::mem::replace(&mut app.themed, true) {
                    install(ui.ctx());
                }
                app.panel.ui(ui, &app.state, &mut app.desk);
            },
            app,
        )
}

fn install(ctx: &Context) {
    theme::install(ctx);
}

#[test]
fn sliders_change_the_question_in_hundredths() {
    let mut window = harness(state());
    window.run();
    assert_eq!(window.state().morph(), (0, 1, 0.5, 0.5));
    window.get_by_label("Look").set_value_accesskit(0.3349);
    window.run();
    window.get_by_label("Pose").set_value_accesskit(0.9);
    window.run();
    assert_eq!(window.state().morph(), (0, 1, 0.33, 0.9));
}

#[test]
fn faces_are_chosen_by_their_pictures() {
    let mut window = harness(state());
    window.run();
    window.get_by_label("A: face 3").click();
    window.run();
    window.get_by_label("B: face 1").click();
    window.run();
    let (a, b, ..) = window.state().morph();
    assert_eq!((a, b), (2, 0));

    window.state_mut().panel.take(FaceId(3));
    let (a, b, ..) = window.state().morph();
    assert_eq!((a, b), (3, 0));
}

#[test]
fn play_waits_for_each_answer() {
    let mut window = harness(state());
    window.run();
    window.get_by_label("Play").click();
    window.run_steps(8);
    assert_eq!(
        window.state().morph(),
        (0, 1, 0.5, 0.5),
        "nothing is shown yet"
    );
    window.state_mut().answer();
    window.run_steps(8);
    assert_eq!(window.state().morph(), (0, 1, 0.54, 0.54));
    window.state_mut().answer();
    window.run_steps(8);
    assert_eq!(window.state().morph(), (0, 1, 0.58, 0.58));
}

#[test]
fn swings_turn_round_at_the_ends() {
    let (mut value, mut back, mut seen) = (2.0, false, Vec::new());
    for _ in 0..8 {
        value = swing::step(value, 1.0, 0.0..=3.0, &mut back);
        seen.push(value);
    }
    assert_eq!(seen, [3.0, 2.0, 1.0, 0.0, 1.0, 2.0, 3.0, 2.0]);
}

#[test]
fn turning_asks_once() {
    let mut window = harness(state());
    window.run();
    window.get_by_label("Turn the head").click();
    window.run();
    let once = window.state().panel.questions(&window.state().state);
    assert_eq!(once, [Question::Turn { face: FaceId(0) }]);
    window.state_mut().answer();
    window.run();
    assert!(window.query_by_label_contains("straight ahead ·").is_some());

    window.get_by_label("Head turn").set_value_accesskit(33.0);
    window.run();
    assert!(
        window
            .query_by_label_contains("30° to its left ·")
            .is_some()
    );
    window.get_by_label("20° to its right").click();
    window.run();
    assert!(
        window
            .query_by_label_contains("20° to its right ·")
            .is_some()
    );
    let now = window.state().panel.questions(&window.state().state);
    assert_eq!(now, once);

    window.get_by_label("Save picture").click();
    window.run();
    window.get_by_label("Save animated picture").click();
    window.run();
    let files: Vec<(&str, Vec<u8>)> = window
        .state()
        .desk
        .commands
        .iter()
        .map(|command| match command {
            Command::Save { name, bytes } => (name.as_str(), bytes.clone()),
            Command::Make { name, work } => (name.as_str(), work.make().unwrap()),
            other => panic!("{other:?}"),
        })
        .collect();
    let [("turned_head.png", png), ("turning_head.gif", gif)] = &files[..] else {
        panic!("{} files", files.len());
    };
    let still = image::load_from_memory(png).unwrap().into_rgb8();
    // The fifth of thirteen places from −60° on.
    assert_eq!(
        (still.dimensions(), still.get_pixel(96, 96).0),
        ((192, 192), [40; 3])
    );
    let frames = GifDecoder::new(Cursor::new(gif)).unwrap().into_frames();
    let frames = frames.collect_frames().unwrap();
    assert_eq!(frames.len(), 24);
    let shades: Vec<u8> = frames
        .iter()
        .map(|frame| frame.buffer()[(9, 9)][0])
        .collect();
    assert_eq!((shades[0], shades[12], shades[23]), (0, 120, 10));
    assert!(
        frames
            .iter()
            .all(|frame| frame.delay().numer_denom_ms() == (80, 1))
    );
}

#[test]
fn sentences_stand_where_nothing_can_be_shown() {
    let mut window = harness(LabState::default());
    window.run();
    assert!(
        window
            .query_by_label_contains("once training has begun")
            .is_some()
    );
    let mut stopped = state();
    stopped.can_ask = false;
    stopped.phase = crate::lab::state::Phase::Finished;
    let mut window = harness(stopped);
    window.run();
    assert!(
        window
            .query_by_label_contains("Training has ended")
            .is_some()
    );
}
