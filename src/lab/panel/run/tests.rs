use std::sync::Arc;

use eframe::egui;
use eframe::egui::Role;
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT, Queryable};

use super::{Run, transport};
use crate::config::RunConfig;
use crate::lab::desk::{Command, Desk};
use crate::lab::look::theme;
use crate::lab::panel::Panel;
use crate::lab::state::{LabState, Source};
use crate::train::event::{
    Control, Event, LiveSetting, Part, RunInfo, RunState, StepReport, StopReason,
};

/// A run at step 340 of 960.
pub(super) fn running() -> LabState {
    let mut state = LabState {
        config: Some(Arc::new(RunConfig::default())),
        can_ask: true,
        ..LabState::default()
    };
    state.on_event(&Event::Started(Box::new(RunInfo {
        dir: "runs/demo-3".into(),
        preset: "demo".into(),
        device: "CPU, 2 threads: no GPU was found".into(),
        data: "2 688 generated faces of 64 people".into(),
        parameters: 270_000,
        images_per_step: 64,
        steps_per_epoch: 240,
        last_step: 960,
        resumed_at: 0,
        chance_face: 2.71,
        chance_pose: 1.1,
    })));
    state.on_event(&Event::Checkpoint {
        step: 300,
        path: "runs/demo-3/checkpoints/step_300".into(),
    });
    for step in 330..=340 {
        state.on_event(&Event::Step(StepReport {
            step,
            epoch: 2,
            lr: 9e-4,
            step_ms: 480.0,
            wait_ms: 12.0,
            views_ms: 55.0,
            images_per_s: 133.0,
            ..StepReport::default()
        }));
    }
    state
}

fn paused() -> LabState {
    let mut state = running();
    state.on_event(&Event::State {
        step: 340,
        state: RunState::Paused,
    });
    state
}

fn failed() -> LabState {
    let mut state = running();
    state.on_event(&Event::Stopped {
        step: 340,
        reason: StopReason::Failed {
            text: "The device was lost.".into(),
        },
    });
    state
}

struct Room {
    run: Run,
    state: LabState,
    desk: Desk,
}

type Window<'a> = Harness<'a, Room>;

fn window<'a>(state: LabState, draw: fn(&mut egui::Ui, &mut Room)) -> Window<'a> {
    let room = Room {
        run: Run::default(),
        state,
        desk: Desk::default(),
    };
    Harness::builder()
        .with_size([1000.0, 900.0])
        .with_context_setup(theme::install)
        .build_ui_state(draw, room)
}

fn panel<'a>(state: LabState) -> Window<'a> {
    window(state, |ui, room| {
        room.run.ui(ui, &room.state, &mut room.desk)
    })
}

fn top_bar<'a>(state: LabState) -> Window<'a> {
    window(state, |ui, room| transport(ui, &room.state, &mut room.desk))
}

fn click(window: &mut Window, label: &str) {
    window.get_by_label(label).click();
    window.run_steps(2);
}

fn controls(window: &mut Window) -> Vec<Control> {
    std::mem::take(&mut window.state_mut().desk.controls)
}

fn commands(window: &mut Window) -> Vec<Command> {
    std::mem::take(&mut window.state_mut().desk.commands)
}

fn set_slider(window: &mut Window, name: &str, value: f64) {
    let slider = window.get_by_role_and_label(Role::Slider, name);
    slider.set_value_accesskit(value);
    window.run_steps(2);
}

#[test]
fn pause_play_and_one_step_in_panel_and_bar() {
    for make in [panel, top_bar] {
        let mut window = make(running());
        click(&mut window, "Pause");
        assert_eq!(controls(&mut window), [Control::Pause]);
        click(&mut window, "One step");
        assert_eq!(controls(&mut window), [Control::Pause, Control::SingleStep]);
        window.state_mut().state = paused();
        window.run_steps(1);
        click(&mut window, "One step");
        assert_eq!(controls(&mut window), [Control::SingleStep]);
        click(&mut window, "Play");
        assert_eq!(controls(&mut window), [Control::Run]);
    }
}

#[test]
fn stop_asks_once() {
    let mut window = panel(running());
    click(&mut window, "Stop");
    assert_eq!(controls(&mut window), []);
    click(&mut window, "No");
    assert!(window.query_by_label("Yes, stop").is_none());
    click(&mut window, "Stop");
    click(&mut window, "Yes, stop");
    assert_eq!(controls(&mut window), [Control::Stop]);
    assert!(window.query_by_label("Yes, stop").is_none());
    click(&mut window, "Save a checkpoint");
    assert_eq!(controls(&mut window), [Control::Checkpoint]);
}

#[test]
fn sliders_set_the_running_training() {
    let mut window = panel(running());
    set_slider(&mut window, "Steps per second", 2.0);
    assert_eq!(controls(&mut window), [Control::Slow(Some(2.0))]);
    set_slider(&mut window, "Steps per second", f64::INFINITY);
    assert_eq!(controls(&mut window), [Control::Slow(None)]);
    set_slider(&mut window, "Learning rate", 5e-4);
    let rate = Control::Set(LiveSetting::LearningRate(5e-4));
    assert_eq!(controls(&mut window), [rate]);
    set_slider(&mut window, "Weight of L_orth", 30.0);
    let weight = Control::Set(LiveSetting::OrthWeight(30.0));
    assert_eq!(controls(&mut window), [weight]);
}

#[test]
fn a_slider_shows_what_the_run_says() {
    let mut window = panel(running());
    let shown = |window: &Window| {
        let slider = window.get_by_role_and_label(Role::Slider, "Learning rate");
        slider.accesskit_node().numeric_value().unwrap()
    };
    assert_eq!(shown(&window), RunConfig::default().optimizer.lr);
    window.state_mut().state.live = vec![LiveSetting::LearningRate(3e-3)];
    window.run_steps(1);
    assert_eq!(shown(&window), 3e-3);
    assert_eq!(controls(&mut window), []);
}

#[test]
fn one_part_alone_can_be_trained() {
    let mut window = panel(running());
    for (label, part) in [
        ("only reconstruction", Part::Reconstruction),
        ("only the face branch", Part::Face),
        ("only the pose branch", Part::Pose),
    ] {
        click(&mut window, label);
        let told = Control::Set(LiveSetting::Train(part));
        assert_eq!(controls(&mut window), [told]);
    }
    // What is trained already is not told again.
    click(&mut window, "everything");
    assert_eq!(controls(&mut window), []);
}

#[test]
fn more_steps_are_offered_at_the_end() {
    let mut window = panel(running());
    assert!(window.query_by_label("500 steps more").is_none());
    window.state_mut().state.on_event(&Event::State {
        step: 960,
        state: RunState::Finished,
    });
    window.run_steps(1);
    click(&mut window, "500 steps more");
    let more = |steps: u64| [Control::TrainUntil(960 + steps), Control::Run];
    assert_eq!(controls(&mut window), more(500));
    click(&mut window, "One epoch more (240 steps)");
    assert_eq!(controls(&mut window), more(240));
}

#[test]
fn a_failed_run_can_go_on_from_its_checkpoint() {
    let mut window = panel(failed());
    window.get_by_label("The last checkpoint is of step 300.");
    // Nobody listens any more.
    assert!(window.query_by_label("Save a checkpoint").is_none());
    click(&mut window, "Go on from the checkpoint");
    assert_eq!(commands(&mut window), [Command::Restart { on_cpu: false }]);
    click(&mut window, "Go on, on the CPU");
    assert_eq!(commands(&mut window), [Command::Restart { on_cpu: true }]);
    window.state_mut().state.checkpoints.clear();
    window.state_mut().state.pace.checkpoint = None;
    window.run_steps(1);
    window.get_by_label_contains("nothing to go on from");
    assert!(window.query_by_label("Go on from the checkpoint").is_none());
    top_bar(failed()).get_by_label("⚠ Failed");
}

#[test]
fn a_record_has_the_controls_of_a_player() {
    let mut state = running();
    state.source = Source::Replay;
    state.replay = Some((960, 0.0));
    let mut window = panel(state);
    assert!(window.query_by_label("Save a checkpoint").is_none());
    assert!(window.query_by_label("Learning rate").is_none());
    set_slider(&mut window, "Step", 100.0);
    assert_eq!(commands(&mut window), [Command::Seek(100)]);
    click(&mut window, "200 steps/s");
    assert_eq!(commands(&mut window), []);
    click(&mut window, "Play");
    assert_eq!(commands(&mut window), [Command::PlaySpeed(200.0)]);
    window.state_mut().state.replay = Some((960, 200.0));
    window.run_steps(1);
    click(&mut window, "10 steps/s");
    assert_eq!(commands(&mut window), [Command::PlaySpeed(10.0)]);
    window.state_mut().state.replay = Some((960, 10.0));
    click(&mut window, "One step");
    assert_eq!(
        commands(&mut window),
        [Command::PlaySpeed(0.0), Command::Seek(341)]
    );
    click(&mut window, "Pause");
    assert_eq!(commands(&mut window), [Command::PlaySpeed(0.0)]);
    window.state_mut().state.replay = Some((340, 0.0));
    window.run_steps(1);
    click(&mut window, "Play");
    assert_eq!(commands(&mut window), [Command::PlaySpeed(10.0)]);
    assert_eq!(controls(&mut window), []);
}

#[test]
fn warnings_can_be_seen_alone() {
    let mut state = running();
    let text = "The loss jumped.".to_owned();
    state.on_event(&Event::Warning { text });
    let mut window = panel(state);
    window.get_by_label_contains("Checkpoint of step 300");
    click(&mut window, "Warnings only");
    assert!(
        window
            .query_by_label_contains("Checkpoint of step 300")
            .is_none()
    );
    window.get_by_label_contains("The loss jumped.");
    window.get_by_label("Copy the messages").click();
    window.step();
    let copied = window.output().platform_output.commands.iter();
    let copied: Vec<_> = copied
        .filter_map(|command| match command {
            egui::OutputCommand::CopyText(text) => Some(text.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(copied, ["Step 340: Warning: The loss jumped."]);
}

#[test]
fn the_bar_keeps_to_its_width() {
    let mut preparing = LabState::default();
    let text = "Reading a folder with a very long name ".repeat(9);
    preparing.on_event(&Event::Note { text });
    let mut part = running();
    part.live = vec![LiveSetting::Train(Part::Reconstruction)];
    for state in [running(), paused(), failed(), part, preparing] {
        let mut window = window(state, |ui, room| {
            let before = ui.max_rect();
            transport(ui, &room.state, &mut room.desk);
            let after = ui.min_rect();
            assert!(
                after.right() <= before.right() + 0.5,
                "{after:?} {before:?}"
            );
        });
        for width in [560.0, 760.0, 1000.0] {
            window.set_size([width, 60.0].into());
            window.run_steps(2);
        }
    }
}

#[test]
fn the_bar_tells_what_fits() {
    let shown = |width: f32, text: &str| {
        let mut bar = top_bar(running());
        bar.set_size([width, 60.0].into());
        bar.run_steps(2);
        bar.query_by_label(text).is_some()
    };
    assert!(shown(1000.0, "133 images/s") && shown(1000.0, "4 min 58 s left"));
    assert!(!shown(760.0, "133 images/s") && shown(760.0, "4 min 58 s left"));
    assert!(!shown(600.0, "4 min 58 s left") && shown(600.0, "Training"));
}
