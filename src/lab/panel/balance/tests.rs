use std::cell::RefCell;
use std::sync::Arc;

use eframe::egui::{Role, Vec2, vec2};
use egui_kittest::{Harness, kittest::Queryable};

use super::words::{compare, explain};
use super::*;
use crate::config::{DwaMode, RunConfig};
use crate::lab::state::Source;
use crate::loss::balance::Alphas;
use crate::train::event::{Control, Event, LiveSetting, StepReport};

fn epoch(epoch: u32, pose: f64, face: f64, omegas: Option<(f64, f64)>) -> Event {
    Event::Epoch(EpochReport {
        epoch,
        step: u64::from(epoch) * 10,
        dis: 0.5,
        face: Some(face),
        pose: Some(pose),
        omega_pose: omegas.map(|(pose, _)| pose),
        omega_face: omegas.map(|(_, face)| face),
        next_alpha_pose: 1.0,
        next_alpha_face: 1.0,
    })
}

fn step(step: u64) -> Event {
    Event::Step(StepReport {
        step,
        epoch: (step as u32).div_ceil(10),
        alpha_pose: 1.1,
        alpha_face: 0.9,
        ..StepReport::default()
    })
}

/// Three finished epochs of a run that balances with DWA.
fn run() -> LabState {
    let mut state = LabState {
        config: Some(Arc::default()),
        ..LabState::default()
    };
    for n in 1..=30 {
        state.on_event(&step(n));
    }
    state.on_event(&epoch(1, 4.6, 6.2, None));
    state.on_event(&epoch(2, 4.5, 6.0, Some((0.97, 0.96))));
    state.on_event(&epoch(3, 4.41, 5.46, Some((0.98, 0.91))));
    state
}

fn with_mode(mode: DwaMode) -> LabState {
    let mut config = RunConfig::default();
    config.dwa.mode = mode;
    LabState {
        config: Some(Arc::new(config)),
        ..run()
    }
}

fn set_by_hand(state: &mut LabState, alphas: Option<(f64, f64)>) {
    let settings = vec![LiveSetting::Alphas(alphas)];
    state.on_event(&Event::Settings { step: 30, settings });
}

/// Draws the panel twice around `act` and gives what it told the trainer.
fn told(
    state: LabState,
    size: Vec2,
    act: impl FnOnce(&mut Harness, &RefCell<LabState>),
) -> Vec<Control> {
    let state = RefCell::new(state);
    let panel = RefCell::new(Balance::default());
    let desk = RefCell::new(Desk::default());
    {
        let mut harness = Harness::builder()
            .with_size(size)
            .with_context_setup(theme::install)
            .build_ui(|ui| {
                panel
                    .borrow_mut()
                    .ui(ui, &state.borrow(), &mut desk.borrow_mut());
            });
        harness.run();
        act(&mut harness, &state);
        harness.run();
    }
    desk.into_inner().controls
}

fn slider<'h>(harness: &'h Harness) -> egui_kittest::Node<'h> {
    harness.get_by_role_and_label(Role::Slider, "Weight of the pose loss")
}

const SIZE: Vec2 = vec2(640.0, 420.0);

fn alphas(pose: f64, face: f64) -> Control {
    Control::Set(LiveSetting::Alphas(Some((pose, face))))
}

#[test]
fn the_sentence_says_which_loss_fell_more_slowly() {
    let weights = |pose, face| Alphas { pose, face };
    assert_eq!(
        compare((0.98, 0.91), weights(1.02, 0.98)),
        "The pose loss fell more slowly than the face loss in the last epoch (ω 0.98 against \
         0.91), so it now counts 1.02 of 2, the face loss 0.98."
    );
    assert!(
        compare((0.9, 1.1), weights(0.95, 1.05))
            .starts_with("The face loss rose while the pose loss fell in the last epoch (ω 1.10")
    );
    assert!(compare((1.2, 1.1), weights(1.02, 0.98)).starts_with("The pose loss rose more than"));
    let alike = compare((0.96, 0.95), weights(1.0025, 0.9975));
    assert!(
        alike.starts_with("Both losses changed almost alike"),
        "{alike}"
    );
    assert!(
        compare((1.003, 0.9), weights(1.02, 0.98))
            .starts_with("The pose loss stood still while the face loss fell")
    );
}

#[test]
fn the_weights_in_the_sentence_are_those_of_dwa() {
    // 2·e^0.49 / (e^0.49 + e^0.455) with T = 2.
    let pose = 2.0 * 0.49f64.exp() / (0.49f64.exp() + 0.455f64.exp());
    let text = explain(&run());
    assert!(text.contains(&format!("counts {pose:.2} of 2")), "{text}");
    assert!(text.contains("(ω 0.98 against 0.91)"), "{text}");
}

#[test]
fn the_sentence_knows_why_there_is_no_balance() {
    let mut young = LabState {
        config: Some(Arc::default()),
        ..LabState::default()
    };
    assert!(
        explain(&young).contains("until epoch 3"),
        "{}",
        explain(&young)
    );
    young.on_event(&epoch(1, 4.6, 6.2, None));
    assert!(
        explain(&young).starts_with("One epoch is finished"),
        "{}",
        explain(&young)
    );
    assert!(explain(&with_mode(DwaMode::Off)).contains("switched off"));
    let manual = explain(&with_mode(DwaMode::Manual));
    assert!(
        manual.contains("pose loss counts 0.10, the face loss 0.90"),
        "{manual}"
    );
    let mut alone = run();
    alone.on_event(&Event::Epoch(EpochReport {
        face: None,
        ..alone.epochs[2].clone()
    }));
    assert!(explain(&alone).starts_with("Only the pose loss took part"));
    let mut late = run();
    let mut config = RunConfig::default();
    config.dwa.start_epoch = 9;
    late.config = Some(Arc::new(config));
    assert!(explain(&late).contains("begins in epoch 9"));
    let mut hand = run();
    set_by_hand(&mut hand, Some((1.5, 0.5)));
    assert!(explain(&hand).starts_with("You set the weights: the pose loss counts 1.50"));
}

#[test]
fn taking_over_keeps_the_present_weights() {
    let told = told(run(), SIZE, |harness, _| {
        harness.get_by_label("By hand").click()
    });
    assert_eq!(told, [alphas(1.1, 0.9)]);
}

#[test]
fn the_slider_only_follows_as_long_as_dwa_decides() {
    let mut state = run();
    // Not on the slider's scale of hundredths.
    state.on_event(&Event::Step(StepReport {
        step: 31,
        alpha_pose: 1.00371,
        ..StepReport::default()
    }));
    let mut by_hand = run();
    set_by_hand(&mut by_hand, Some((1.00371, 0.99629)));
    for state in [state, by_hand] {
        for size in [SIZE, vec2(300.0, 200.0)] {
            let state = LabState {
                config: state.config.clone(),
                last: state.last.clone(),
                live: state.live.clone(),
                ..run()
            };
            assert_eq!(told(state, size, |harness, _| harness.run_steps(2)), []);
        }
    }
}

#[test]
fn the_slider_sets_both_weights() {
    let mut state = run();
    set_by_hand(&mut state, Some((1.1, 0.9)));
    let told = told(state, SIZE, |harness, _| {
        slider(harness).set_value_accesskit(1.3);
    });
    assert_eq!(told, [alphas(1.3, 0.7)]);
}

#[test]
fn a_wish_is_sent_once_and_shown_until_the_trainer_took_it() {
    let told = told(run(), SIZE, |harness, state| {
        harness.get_by_label("By hand").click();
        harness.run();
        harness.run();
        // The slider is free before the trainer has answered.
        slider(harness).set_value_accesskit(0.5);
        harness.run();
        set_by_hand(&mut state.borrow_mut(), Some((0.5, 1.5)));
        harness.run();
        harness.get_by_label("Give back to DWA").click();
        harness.run();
        set_by_hand(&mut state.borrow_mut(), None);
        harness.run();
    });
    let back = Control::Set(LiveSetting::Alphas(None));
    assert_eq!(told, [alphas(1.1, 0.9), alphas(0.5, 1.5), back]);
}

#[test]
fn giving_back_needs_a_hand_on_the_weights() {
    let clicked = |state| {
        told(state, SIZE, |harness, _| {
            harness.get_by_label("Give back to DWA").click();
        })
    };
    assert_eq!(clicked(run()), []);
    let mut by_hand = run();
    set_by_hand(&mut by_hand, Some((1.5, 0.5)));
    assert_eq!(clicked(by_hand), [Control::Set(LiveSetting::Alphas(None))]);
    let mut unticked = run();
    set_by_hand(&mut unticked, Some((1.5, 0.5)));
    let told = told(unticked, SIZE, |harness, _| {
        harness.get_by_label("By hand").click()
    });
    assert_eq!(told, [Control::Set(LiveSetting::Alphas(None))]);
}

#[test]
fn a_record_cannot_be_changed() {
    let state = LabState {
        source: Source::Replay,
        ..run()
    };
    let told = told(state, SIZE, |harness, _| {
        harness.get_by_label_contains("This is a record");
        harness.get_by_label("By hand").click();
    });
    assert_eq!(told, []);
}

#[test]
fn before_the_first_epoch_a_sentence_stands_there_and_the_controls_work() {
    let state = LabState {
        config: Some(Arc::default()),
        ..LabState::default()
    };
    let told = told(state, vec2(300.0, 200.0), |harness, _| {
        harness.get_by_label_contains("After the first epoch");
        harness.get_by_label("By hand").click();
    });
    assert_eq!(told, [alphas(1.0, 1.0)]);
}

#[test]
fn weights_are_drawn_over_epochs() {
    let mut lines = Lines::default();
    lines.update(&run());
    assert_eq!(lines.alpha_pose.len(), 30);
    assert_eq!((lines.alpha_pose[29].x, lines.alpha_pose[29].y), (3.0, 1.1));
    let ratios: Vec<f64> = lines.omega_face.iter().map(|knot| knot.x).collect();
    assert_eq!(ratios, [2.0, 3.0]);
}
