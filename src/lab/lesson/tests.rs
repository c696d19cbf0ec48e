use std::sync::Arc;

use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;

use super::steps::STEPS;
use super::*;
use crate::config::RunConfig;
use crate::lab::look::{glossary, theme};
use crate::lab::state::{Phase, Source};
use crate::train::event::{Control, LiveSetting, Part, RunInfo, StepReport};

fn running() -> LabState {
    LabState {
        phase: Phase::Running,
        step: 340,
        config: Some(Arc::new(RunConfig::default())),
        info: Some(RunInfo {
            dir: "runs/demo".into(),
            preset: "demo".into(),
            device: "CPU".into(),
            data: "faces".into(),
            parameters: 1,
            images_per_step: 64,
            steps_per_epoch: 240,
            last_step: 960,
            resumed_at: 0,
            chance_face: 2.71,
            chance_pose: 2.2,
        }),
        last: Some(StepReport {
            step: 340,
            epoch: 2,
            total: 4.0,
            dis: Some(0.52),
            t1: Some(0.12),
            t2: Some(0.14),
            t3: Some(0.14),
            t4: Some(0.12),
            orth: Some(2e-4),
            face: Some(2.61),
            pose: Some(1.83),
            alpha_pose: 1.0,
            alpha_face: 1.0,
            ..StepReport::default()
        }),
        ..LabState::default()
    }
}

struct Room {
    lesson: Lesson,
    state: LabState,
    desk: Desk,
}

fn window<'a>(at: usize, state: LabState) -> Harness<'a, Room> {
    let room = Room {
        lesson: Lesson {
            at,
            ..Lesson::default()
        },
        state,
        desk: Desk::default(),
    };
    Harness::builder()
        .with_size([380.0, 620.0])
        .with_context_setup(theme::install)
        .build_ui_state(
            |ui, room| room.lesson.ui(ui, &room.state, &mut room.desk),
            room,
        )
}

fn click(window: &mut Harness<Room>, label: &str) {
    window.get_by_label(label).click();
    window.run_steps(2);
}

fn told(window: &mut Harness<Room>) -> Vec<Control> {
    std::mem::take(&mut window.state_mut().desk.controls)
}

fn sentences(text: &str) -> usize {
    let ends = text.char_indices().filter(|(at, char)| {
        let rest = &text[at + char.len_utf8()..];
        ".?!".contains(*char) && (rest.is_empty() || rest.starts_with(' '))
    });
    ends.count()
}

#[test]
fn every_step_is_short_and_explains_its_symbols() {
    let state = running();
    for step in &STEPS {
        let title = step.title;
        assert!((2..=3).contains(&sentences(step.text)), "{title}");
        assert!((1..=2).contains(&step.panels.len()), "{title}");
        let now = (step.now)(&state).unwrap_or_default();
        assert_eq!(sentences(&now), usize::from(!now.is_empty()), "{now}");
        for text in [step.text, step.experiment.invitation, &now] {
            assert!(text.split('`').count() % 2 == 1, "{text}");
            for symbol in prose::symbols(text) {
                assert!(!glossary::about(symbol).is_empty(), "{symbol} in {title}");
            }
        }
    }
}

#[test]
fn from_the_first_step_to_the_last_and_out() {
    let mut window = window(0, running());
    for (at, step) in STEPS.iter().enumerate() {
        assert_eq!(window.state().lesson.at, at);
        window.get_by_label(&format!("Step {} of 9", at + 1));
        window.get_by_label(step.title);
        assert_eq!(window.state().lesson.panels(), step.panels);
        if at + 1 < STEPS.len() {
            click(&mut window, "Next");
        }
    }
    click(&mut window, "Back");
    assert_eq!(window.state().lesson.at, STEPS.len() - 2);
    assert_eq!(window.state().desk.commands, []);
    // As the keyboard does it.
    window.state_mut().lesson.next();
    window.state_mut().lesson.next();
    window.run_steps(1);
    assert_eq!(window.state().desk.commands, [Command::Lesson(false)]);
    assert_eq!(window.state().lesson.at, 0);
}

#[test]
fn it_can_be_left_at_any_time_and_hide_the_controls() {
    let mut window = window(4, running());
    click(&mut window, "Hide controls");
    assert!(window.state().lesson.hide_controls);
    click(&mut window, "Leave the lesson");
    assert_eq!(window.state().desk.commands, [Command::Lesson(false)]);
    assert!(!window.state().lesson.hide_controls);
}

#[test]
fn experiments_are_done_and_taken_back() {
    let mut state = running();
    state.live = vec![LiveSetting::OrthWeight(7.0)];
    let set = |setting| Control::Set(setting);
    for (at, does, then, undoes, back) in [
        (
            0,
            "Pause and make one step",
            vec![Control::Pause, Control::SingleStep],
            "Let the training go on",
            Control::Run,
        ),
        (
            1,
            "Train only the face code",
            vec![set(LiveSetting::Train(Part::Face))],
            "Train as before",
            set(LiveSetting::Train(Part::All)),
        ),
        (
            5,
            "Switch this loss off",
            vec![set(LiveSetting::OrthWeight(0.0))],
            "Switch it on again",
            set(LiveSetting::OrthWeight(7.0)),
        ),
        (
            7,
            "Set the weights by hand",
            vec![set(LiveSetting::Alphas(Some((1.8, 0.2))))],
            "Give the weights back",
            set(LiveSetting::Alphas(None)),
        ),
    ] {
        let state = LabState {
            config: state.config.clone(),
            info: state.info.clone(),
            last: state.last.clone(),
            live: state.live.clone(),
            phase: Phase::Running,
            ..LabState::default()
        };
        let mut window = window(at, state);
        click(&mut window, does);
        assert_eq!(told(&mut window), then);
        // It can still be taken back later on.
        window.state_mut().lesson.next();
        window.run_steps(2);
        click(&mut window, undoes);
        assert_eq!(told(&mut window), [back]);
        assert!(window.query_by_label(undoes).is_none());
    }
}

#[test]
fn nothing_stays_changed_after_the_lesson() {
    let mut window = window(6, running());
    click(&mut window, "Train only the pose code");
    told(&mut window);
    click(&mut window, "Leave the lesson");
    let back = [Control::Set(LiveSetting::Train(Part::All))];
    assert_eq!(told(&mut window), back);
    // Nor when the app ends it.
    window.state_mut().lesson.at = 6;
    window.run_steps(1);
    click(&mut window, "Train only the pose code");
    told(&mut window);
    let room = window.state_mut();
    room.lesson.take_back(&mut room.desk);
    assert_eq!(told(&mut window), back);
}

#[test]
fn a_record_says_why_there_is_no_experiment() {
    let mut state = running();
    state.source = Source::Replay;
    let mut window = window(6, state);
    click(&mut window, "Train only the pose code");
    assert_eq!(told(&mut window), []);
    window.get_by_label_contains("This is a record");
}

#[test]
fn the_card_fits_and_keeps_its_buttons_in_sight() {
    for (size, at) in [
        ([380.0, 620.0], 6),
        ([380.0, 340.0], 2),
        ([1280.0, 300.0], 4),
    ] {
        let mut window = window(at, running());
        window.set_size(size.into());
        window.run_steps(3);
        for label in ["Back", "Next", "Leave the lesson", "Hide controls"] {
            let rect = window.get_by_label(label).rect();
            let inside = rect.right() <= size[0] && rect.bottom() <= size[1];
            assert!(inside, "{label} at {rect:?} in {size:?}");
        }
    }
}

#[test]
fn numbers_of_the_moment_are_in_the_text() {
    let state = running();
    let now = |at: usize| (STEPS[at].now)(&state).unwrap();
    assert_eq!(
        now(6),
        "Right now `L_pose` is 1.83; guessing would give 2.20."
    );
    assert!(now(4).contains("13 %"), "{}", now(4));
    assert!(now(5).contains("less than a thousandth"), "{}", now(5));
    assert!(now(7).ends_with("begin to move in epoch 3."), "{}", now(7));
    for step in &STEPS {
        // Before the first step nothing is invented.
        let early = (step.now)(&LabState::default());
        assert!(early.is_none_or(|text| text.contains("first test")));
    }
}
