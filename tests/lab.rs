//! The lab driven by its labels, with a real trainer behind it and no screen in front.

#[path = "lab/bench.rs"]
mod bench;
#[path = "lab/play.rs"]
mod play;
#[path = "support/small_network.rs"]
mod small_network;
#[path = "support/small_run.rs"]
mod small_run;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bench::Bench;
use eframe::egui::{self, Key, Role};
use egui_kittest::kittest::Queryable;
use small_run::plan;
use visage::lab::desk::Command;
use visage::lab::panel::PanelKind;
use visage::lab::state::Phase;
use visage::train::ask::{FaceId, Question, Reply};
use visage::train::event::StopReason;

#[test]
fn pause_means_no_further_step_and_one_step_means_one() {
    let dir = tempfile::tempdir().unwrap();
    let mut bench = Bench::training(plan(dir.path(), &[]));
    bench.until("the third step", |lab| lab.state.step >= 3);
    bench.click("Pause");
    bench.until("the pause", |lab| lab.state.phase == Phase::Paused);
    let step = bench.lab().state.step;
    bench.wait(Duration::from_millis(900));
    assert_eq!(bench.lab().state.step, step, "a step was made while paused");
    bench.click("One step");
    bench.until("the single step", |lab| lab.state.step > step);
    bench.wait(Duration::from_millis(900));
    assert_eq!(bench.lab().state.step, step + 1);
    // The same by keyboard.
    bench.press(Key::ArrowRight);
    bench.until("the step of the arrow key", |lab| lab.state.step > step + 1);
    bench.wait(Duration::from_millis(600));
    assert_eq!(bench.lab().state.step, step + 2);
    bench.press(Key::Space);
    bench.until("going on", |lab| lab.state.phase == Phase::Running);
    bench.until("two more steps", |lab| lab.state.step > step + 3);
    assert_eq!(bench.stop(), StopReason::Interrupted);
}

#[test]
fn sliders_move_the_decoded_face() {
    let dir = tempfile::tempdir().unwrap();
    let mut bench = Bench::training(plan(dir.path(), &[]));
    bench.until("the first step", |lab| lab.state.step >= 1);
    bench.press(Key::Num4);
    let morph = |look: f32| Question::Morph {
        a: FaceId(0),
        b: FaceId(1),
        look,
        pose: 0.5,
    };
    bench.until("the first morph", |lab| answer(lab, &morph(0.5)).is_some());
    bench.press(Key::Space);
    bench.until("the pause", |lab| lab.state.phase == Phase::Paused);
    let decoded = |bench: &mut Bench, look: f32| {
        let slider = bench.harness.get_by_role_and_label(Role::Slider, "Look");
        slider.set_value_accesskit(f64::from(look));
        bench.until("the moved morph", |lab| answer(lab, &morph(look)).is_some());
        answer(bench.lab(), &morph(look)).unwrap()
    };
    let (a, b) = (decoded(&mut bench, 0.0), decoded(&mut bench, 1.0));
    assert_ne!(a, b, "the picture does not follow the slider");
    // Back at A the same network draws the same picture.
    assert_eq!(decoded(&mut bench, 0.0), a);
    assert_eq!(bench.stop(), StopReason::Interrupted);
}

#[test]
fn hidden_panels_cost_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let mut bench = Bench::training(plan(dir.path(), &[]));
    let faces = Question::Faces { faces: Vec::new() };
    bench.until("the live grid", |lab| {
        lab.state.answers.like(&faces).is_some()
    });
    // The map lies beside the faces; behind the data panel there are none.
    bench.press(Key::Num8);
    bench.until("the views", |lab| {
        lab.state
            .answers
            .like(&Question::Views { faces: 3 })
            .is_some_and(|answer| matches!(answer.reply, Reply::Views(_)))
    });
    let last = |lab: &visage::lab::app::Lab| lab.state.answers.like(&faces).unwrap().step;
    let before = last(bench.lab());
    let step = bench.lab().state.step;
    bench.until("four more steps", |lab| lab.state.step >= step + 4);
    assert_eq!(last(bench.lab()), before, "a hidden grid was drawn");
    assert_eq!(bench.stop(), StopReason::Interrupted);
}

#[test]
fn a_dropped_photo_appears_and_can_be_morphed() {
    let dir = tempfile::tempdir().unwrap();
    let photo = dir.path().join("me.png");
    image::RgbImage::from_fn(300, 400, |x, _| {
        image::Rgb(if x < 150 {
            [250, 20, 20]
        } else {
            [20, 20, 250]
        })
    })
    .save(&photo)
    .unwrap();
    let mut bench = Bench::training(plan(dir.path(), &[]));
    bench.until("the first step", |lab| lab.state.step >= 1);
    bench.drop_file(&photo);
    bench.until_label("Use this crop");
    bench.click("Use this crop");
    let id = FaceId(FaceId::FIRST_PHOTO);
    let question = Question::Faces { faces: vec![id] };
    bench.until("the photo's reconstruction", |lab| {
        answer(lab, &question).is_some()
    });
    let face = bench.lab().state.face(id).expect("the photo is a face");
    assert_eq!(
        (face.name.as_str(), face.pixels.len()),
        ("me.png", 64 * 64 * 3)
    );
    // The first column is the crop: red at the left, blue at the right.
    let pixels = answer(bench.lab(), &question).unwrap();
    let row = &pixels[32 * 64 * 3..][..64 * 3];
    assert!(row[4 * 3] > 200 && row[60 * 3] < 60, "{row:?}");
    // A file that is no image costs a sentence and nothing else.
    let text = dir.path().join("notes.txt");
    std::fs::write(&text, "no image").unwrap();
    bench.drop_file(&text);
    bench.until_label_contains("notes.txt");
    assert!(bench.lab().state.face(id).is_some());
    bench.click("Morph it");
    bench.until_label("A: me.png");
    assert_eq!(bench.stop(), StopReason::Interrupted);
}

#[test]
fn settings_by_hand_reach_the_next_step() {
    let dir = tempfile::tempdir().unwrap();
    let mut bench = Bench::training(plan(dir.path(), &[]));
    bench.until("the first step", |lab| lab.state.step >= 1);
    bench.press(Key::Num2);
    bench.until_label("By hand");
    bench.click("By hand");
    let slider = bench
        .harness
        .get_by_role_and_label(Role::Slider, "Weight of the pose loss");
    slider.set_value_accesskit(1.6);
    bench.until("α by hand", |lab| {
        lab.state
            .last
            .as_ref()
            .is_some_and(|step| (step.alpha_pose - 1.6).abs() < 0.02)
    });
    bench.click("Give back to DWA");
    bench.until("α by DWA", |lab| {
        lab.state
            .last
            .as_ref()
            .is_some_and(|step| step.alpha_pose == 1.0)
    });
    bench.click("only the pose branch");
    bench.until("only L_pose", |lab| {
        lab.state
            .last
            .as_ref()
            .is_some_and(|step| step.pose.is_some() && step.face.is_none() && step.t1.is_none())
    });
    assert_eq!(bench.stop(), StopReason::Interrupted);
}

#[test]
fn closing_saves_and_a_replay_shows_the_same_last_loss() {
    let dir = tempfile::tempdir().unwrap();
    let sets = ["snapshot.every_steps=2"];
    let mut bench = Bench::training(plan(dir.path(), &sets));
    bench.until("the fifth step", |lab| lab.state.step >= 5);
    // The first wish to close is not granted at once: the step is finished and saved.
    assert!(!bench.lab_mut().close());
    bench.until("the end", |lab| !lab.state.is_alive());
    let step = bench.lab().state.step;
    let saved = bench.lab().state.checkpoints.last().map(|(step, _)| *step);
    assert_eq!(saved, Some(step));
    assert!(bench.lab_mut().close());
    assert_eq!(bench.stop(), StopReason::Interrupted);

    let run = dir.path().join("run");
    let csv = visage::record::metrics_csv::read_metrics(&run.join("metrics.csv")).unwrap();
    let mut replay = Bench::replaying(&run);
    replay.step();
    let shown = replay.lab().state.last.clone().expect("a step");
    assert_eq!((shown.step, shown.total), (step, csv.last().unwrap().total));
    assert!(!replay.lab().state.snapshots.reconstructions.is_empty());
    // Any step can be gone to, and it plays on from there.
    replay.wish(Command::Seek(2));
    let shown = replay.lab().state.last.clone().expect("a step");
    assert_eq!((shown.step, shown.total), (2, csv[1].total));
    replay.wish(Command::PlaySpeed(10.0));
    replay.until("the end of the record", |lab| lab.state.step == step);
    // The network of the last checkpoint can be asked.
    replay.wish(Command::Show(PanelKind::Morph));
    replay.until("an answer", |lab| {
        let morph = Question::Morph {
            a: FaceId(0),
            b: FaceId(1),
            look: 0.5,
            pose: 0.5,
        };
        answer(lab, &morph).is_some()
    });
    drop(replay);
    let after = visage::record::metrics_csv::read_metrics(&run.join("metrics.csv")).unwrap();
    assert_eq!(after.len(), csv.len(), "a replay changed the record");
}

#[test]
fn trouble_leaves_the_window_up_with_a_sentence_and_a_way_on() {
    let dir = tempfile::tempdir().unwrap();
    let faces = dir.path().join("faces");
    std::fs::create_dir(&faces).unwrap();
    for n in 0..8u8 {
        let picture = image::RgbImage::from_pixel(80, 80, image::Rgb([n * 30, 90, 200]));
        picture.save(faces.join(format!("{n}.png"))).unwrap();
    }
    let mut plan = plan(
        dir.path(),
        &["data.strict=true", "checkpoint.every_steps=2"],
    );
    plan.file = visage::run::RunFile::new(Some(&faces), Some(bench::CPU), Some(1000));
    let mut bench = Bench::training(plan);
    bench.until("a checkpoint", |lab| {
        lab.state.checkpoints.iter().any(|(step, _)| *step >= 2)
    });
    // The data folder vanishes while training runs.
    std::fs::remove_dir_all(&faces).unwrap();
    bench.until("the end", |lab| !lab.state.is_alive());
    let Phase::Stopped(StopReason::Unusable { text }) = bench.lab().state.phase.clone() else {
        panic!("{:?}", bench.lab().state.phase)
    };
    assert!(text.contains("faces"), "{text}");
    bench.until_label_contains("Go on from the checkpoint");
    // Once the folder is back, training goes on from the checkpoint in the same window.
    std::fs::create_dir(&faces).unwrap();
    for n in 0..8u8 {
        let picture = image::RgbImage::from_pixel(80, 80, image::Rgb([n * 30, 90, 200]));
        picture.save(faces.join(format!("{n}.png"))).unwrap();
    }
    let saved = bench.lab().state.checkpoints.last().unwrap().0;
    bench.click("Go on from the checkpoint");
    bench.until("a further step", |lab| {
        lab.state.phase == Phase::Running && lab.state.step > saved
    });
    // The curves of before are still there.
    let first = bench
        .lab()
        .state
        .history
        .points(visage::record::history::Curve::Total)[0];
    assert_eq!(first.0, 1.0);
    assert_eq!(bench.stop(), StopReason::Interrupted);
}

#[test]
fn a_run_that_cannot_begin_says_why() {
    let dir = tempfile::tempdir().unwrap();
    let mut plan = plan(dir.path(), &[]);
    let nowhere = dir.path().join("nowhere");
    plan.file = visage::run::RunFile::new(Some(&nowhere), Some(bench::CPU), None);
    let mut bench = Bench::training(plan);
    bench.until("the end", |lab| !lab.state.is_alive());
    bench.until_label_contains("nowhere");
}

#[test]
fn the_tour_arranges_the_panels_and_takes_back_what_it_tried() {
    let dir = tempfile::tempdir().unwrap();
    let mut bench = Bench::training(plan(dir.path(), &[]));
    bench.until("the first step", |lab| lab.state.step >= 1);
    bench.press(Key::L);
    for step in 1..9 {
        bench.until_label(&format!("Step {step} of 9"));
        bench.click("Next");
    }
    bench.until_label("Step 9 of 9");
    bench.press(Key::Escape);
    bench.until_label("Losses");
    assert_eq!(bench.stop(), StopReason::Interrupted);
}

#[test]
fn everything_is_there_at_every_size() {
    let dir = tempfile::tempdir().unwrap();
    let mut bench = Bench::training(plan(dir.path(), &[]));
    bench.until("the second step", |lab| lab.state.step >= 2);
    for (size, scale) in [
        ([1280.0, 720.0], 1.0),
        ([640.0, 360.0], 2.0),
        ([2560.0, 1440.0], 1.0),
    ] {
        bench.harness.set_size(egui::Vec2::from(size));
        bench.harness.set_pixels_per_point(scale);
        for key in bench::PANEL_KEYS {
            bench.press(key);
            bench.step();
        }
        // The bar's buttons stay within the window.
        let lesson = bench.harness.get_by_label("Lesson").rect();
        let help = bench.harness.get_by_label("?").rect();
        assert!(
            help.right() <= size[0] && lesson.left() > 0.0,
            "{size:?}: {lesson:?} {help:?}"
        );
    }
    bench.press(Key::D);
    bench.step();
    assert_eq!(bench.stop(), StopReason::Interrupted);
}

/// The pixels of the answer to exactly this question.
fn answer(lab: &visage::lab::app::Lab, question: &Question) -> Option<Arc<Vec<u8>>> {
    let answer = lab.state.answers.like(question)?;
    if answer.question != *question {
        return None;
    }
    match &answer.reply {
        Reply::Grid(grid) | Reply::Turn(grid, _) => Some(grid.pixels.clone()),
        _ => None,
    }
}

#[test]
fn frames_are_short_while_steps_are_long() {
    let dir = tempfile::tempdir().unwrap();
    // Steps of about a second.
    let mut bench = Bench::training(plan(dir.path(), &["batch.recon=48"]));
    bench.until("the first step", |lab| lab.state.step >= 1);
    let times = &mut bench.lab_mut().times;
    *times = visage::lab::app::FrameTimes::default();
    let start = std::time::Instant::now();
    bench.until("two long steps", |lab| lab.state.step >= 3);
    let times = bench.lab().times;
    assert!(times.frames as f64 > 5.0 * start.elapsed().as_secs_f64());
    assert!(
        times.slowest < Duration::from_millis(200),
        "the slowest frame took {:?}",
        times.slowest
    );
    assert_eq!(bench.stop(), StopReason::Interrupted);
}

#[test]
#[ignore = "for looking: draws every panel and every step of the tour into VISAGE_LAB_PICTURES"]
fn pictures_for_the_curious() {
    let folder = std::env::var_os("VISAGE_LAB_PICTURES").expect("a folder for the pictures");
    let dir = tempfile::tempdir().unwrap();
    bench::pictures(
        plan(dir.path(), &["knowledge.pictures=210"]),
        Path::new(&folder),
    );
}
