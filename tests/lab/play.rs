//! Playing with a trained network, and from there to training from nothing.

use std::path::Path;
use std::time::Duration;

use eframe::egui::Key;
use egui_kittest::kittest::{NodeT, Queryable};
use visage::lab::app::Lab;
use visage::lab::desk::Command;
use visage::lab::panel::PanelKind;
use visage::lab::state::Phase;
use visage::run::RunPlan;
use visage::train::ask::{FaceId, Question, Reply};
use visage::train::event::{FaceGrid, StopReason};

use crate::bench::{Bench, CPU};
use crate::small_network::network;
use crate::small_run::plan;

/// A lab on the small network, and the run it may begin; both know the same faces.
fn lab(dir: &Path, offer: bool) -> Bench {
    let mut play = RunPlan::play(network(), None, Some(CPU));
    play.dir = dir.join("played");
    play.config.knowledge.pictures = 105;
    let mut next = plan(dir, &[]);
    next.config.seed = play.config.seed;
    next.goal = play.network.clone();
    Bench::playing(play, next, offer)
}

fn finished(lab: &Lab) -> bool {
    lab.state.phase == Phase::Finished
}

fn turn(lab: &Lab) -> Option<&FaceGrid> {
    let answer = (lab.state.answers).like(&Question::Turn { face: FaceId(0) })?;
    match &answer.reply {
        Reply::Turn(grid, _) => Some(grid),
        _ => None,
    }
}

/// A tile of a grid by its row and heading.
fn tile<'a>(grid: &'a FaceGrid, row: usize, heading: &str) -> &'a [u8] {
    let column = grid.columns.iter().position(|c| c == heading).unwrap();
    let bytes = 3 * grid.tile_px * grid.tile_px;
    &grid.pixels[(row * grid.columns.len() + column) * bytes..][..bytes]
}

#[test]
fn a_trained_network_turns_a_head_and_measures_itself_without_a_run() {
    let dir = tempfile::tempdir().unwrap();
    let mut bench = lab(dir.path(), true);
    bench.until("the head", |lab| turn(lab).is_some());
    assert!(finished(bench.lab()), "{:?}", bench.lab().state.phase);
    assert_eq!(bench.lab().state.step, 7);
    bench.until_label("Trained network: small");
    // The head turns by itself: after a while it looks elsewhere.
    bench.until_label("The turned head");
    let yaw = |bench: &Bench| {
        let slider = bench.harness.get_by_label("Head turn");
        slider.accesskit_node().numeric_value()
    };
    let at = yaw(&bench);
    bench.wait(Duration::from_millis(400));
    assert_ne!(yaw(&bench), at);
    // Both ways are offered, and nothing waits for the choice.
    bench.until_label("Play with a trained network");
    bench.press(Key::Enter);
    assert!(
        bench
            .harness
            .query_by_label("Play with a trained network")
            .is_none()
    );
    bench.until_label("Train from nothing");
    // What needs training says so; a measurement needs none.
    bench.wish(Command::Show(PanelKind::Losses));
    bench.until_label_contains("watches a network learn");
    bench.wish(Command::Show(PanelKind::Knowledge));
    bench.until("the measurement", |lab| lab.state.knowledge.len() == 1);
    // Neither a key nor a question trains it or writes anything.
    for key in [Key::C, Key::Space, Key::ArrowRight] {
        bench.press(key);
    }
    bench.wait(Duration::from_millis(300));
    assert_eq!(bench.lab().state.step, 7);
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
    // What is saved by hand has a place of its own.
    bench.wish(Command::Show(PanelKind::Morph));
    bench.click("Save animated picture");
    let saved = dir.path().join("played/lab/turning_head.gif");
    bench.until("the file", |_| saved.exists());
    // There is nothing to wait for at the end.
    assert!(bench.lab_mut().close());
    assert_eq!(bench.stop(), StopReason::Finished);
    assert!(!dir.path().join("played/checkpoints").exists());
}

#[test]
fn training_from_nothing_begins_from_play_and_shows_the_goal() {
    let dir = tempfile::tempdir().unwrap();
    let mut bench = lab(dir.path(), false);
    bench.until("the network", finished);
    assert!(
        bench
            .harness
            .query_by_label("Play with a trained network")
            .is_none()
    );
    bench.press(Key::Num3);
    let faces = Question::Faces {
        faces: vec![
            FaceId(0),
            FaceId(1),
            FaceId(2),
            FaceId(3),
            FaceId(4),
            FaceId(5),
        ],
    };
    let played = |lab: &Lab| match &lab.state.answers.like(&faces)?.reply {
        Reply::Grid(grid) => Some(grid.clone()),
        _ => None,
    };
    bench.until("the faces", |lab| played(lab).is_some());
    let played = played(bench.lab()).unwrap();

    bench.press(Key::T);
    bench.until("the first step", |lab| {
        lab.state.step >= 1 && lab.state.phase == Phase::Running
    });
    assert!(bench.lab().state.network.is_none());
    assert!(dir.path().join("run/config.toml").exists());
    let goal = bench.lab().state.goal.clone().expect("the goal");
    // The goal is what the trained network made of the same faces.
    for heading in ["F_f + F_p", "F_f + F_p^"] {
        for row in 0..played.rows {
            let far = tile(&goal, row, heading)
                .iter()
                .zip(tile(&played, row, heading))
                .map(|(goal, played)| goal.abs_diff(*played))
                .max();
            assert!(far <= Some(1), "{heading}, row {row}: {far:?}");
        }
    }
    bench.until_label("Goal for face 1: face rebuilt");
    bench.click("Goal");
    assert!(
        bench
            .harness
            .query_by_label("Goal for face 1: face rebuilt")
            .is_none()
    );
    // The goal stays out of the record.
    let events = std::fs::read_to_string(dir.path().join("run/events.jsonl")).unwrap();
    assert!(
        events.contains("gallery") && !events.contains("goal"),
        "{events}"
    );
    assert_eq!(bench.stop(), StopReason::Interrupted);
}

#[test]
fn the_lesson_begins_with_training() {
    let dir = tempfile::tempdir().unwrap();
    let mut bench = lab(dir.path(), true);
    bench.press(Key::L);
    bench.until_label("Step 1 of 9");
    bench.until("the first step", |lab| {
        lab.state.step >= 1 && lab.state.phase == Phase::Running
    });
    assert!(
        bench
            .harness
            .query_by_label("Play with a trained network")
            .is_none()
    );
    assert_eq!(bench.stop(), StopReason::Interrupted);
}
