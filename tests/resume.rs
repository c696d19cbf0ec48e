//! A run that was interrupted, killed or damaged and then resumed equals one that never stopped:
//! the same losses to the bit, the same weights, moments and weights of the losses.

#[path = "support/process.rs"]
mod process;

use std::path::Path;
use std::time::{Duration, Instant};

use process::{Place, Running, checkpoints, copy_folder, exact_rows, names, rows, steps, tensors};
use rand::Rng;
use serde_json::Value;

/// Six pictures in batches of two: epochs of three steps, so that the dynamic weights, which start
/// with epoch 3, are at work from step 7 on.
const FACES: u32 = 6;
const SETS: &[&str] = &["--set", "epochs=8", "--set", "checkpoint.every_steps=2"];

/// Trains from nothing to `steps`.
fn fresh(place: &Place, out: &str, steps: &str, more: &[&str]) {
    let args = [SETS, &["--out", out, "--steps", steps], more].concat();
    place.train(&args).expect(0);
}

/// What the newest checkpoint says about everything but the weights; checksums are left out because
/// the metadata in the weights files has no fixed order.
fn state(run: &Path) -> Value {
    let newest = checkpoints(run).pop().expect("a checkpoint");
    let path = run.join("checkpoints").join(newest).join("state.json");
    let mut state: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    state
        .as_object_mut()
        .unwrap()
        .remove("checksums")
        .expect("checksums");
    state
}

/// Compares everything two runs learnt.
#[track_caller]
fn assert_equal(run: &Path, reference: &Path) {
    let (ours, theirs) = (exact_rows(run), exact_rows(reference));
    assert_eq!(
        steps(run),
        (1..=theirs.len() as u64).collect::<Vec<_>>(),
        "steps in metrics.csv"
    );
    for (ours, theirs) in ours.iter().zip(&theirs) {
        assert_eq!(ours, theirs);
    }
    assert_eq!(state(run), state(reference));
    let newest = |run: &Path| {
        run.join("checkpoints")
            .join(checkpoints(run).pop().unwrap())
    };
    for file in ["model.safetensors", "optimizer.safetensors"] {
        let (ours, theirs) = (
            tensors(&newest(run).join(file)),
            tensors(&newest(reference).join(file)),
        );
        assert!(ours.len() > 20, "{file} has {} tensors", ours.len());
        let different = ours
            .iter()
            .zip(&theirs)
            .find(|(ours, theirs)| ours != theirs);
        assert_eq!(different.map(|(ours, _)| &ours.0), None, "{file} differs");
        assert_eq!(ours.len(), theirs.len(), "{file}");
    }
    assert_eq!(
        event_steps(run),
        event_steps(reference),
        "steps in events.jsonl"
    );
    let weights = |run: &Path| std::fs::read_to_string(run.join("dwa.csv")).unwrap();
    assert_eq!(weights(run), weights(reference), "dwa.csv");
}

/// The steps in `events.jsonl`, in their order in the file.
fn event_steps(run: &Path) -> Vec<u64> {
    let text = std::fs::read_to_string(run.join("events.jsonl")).unwrap();
    let events = text
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).expect("whole lines"));
    events
        .filter(|e| e["event"] == "step")
        .map(|e| e["step"].as_u64().unwrap())
        .collect()
}

/// Twelve steps at once, and seven followed by five more.
fn interrupted_equals_uninterrupted(mode: &str) {
    let place = Place::new();
    place.faces(FACES);
    let mode = format!("step_mode={mode}");
    // Chunks smaller than any stream: the path a large batch takes.
    let more = ["--set", mode.as_str(), "--set", "memory.chunk=3"];
    fresh(&place, "whole", "12", &more);
    fresh(&place, "parts", "7", &more);
    assert_eq!(steps(&place.path("parts")).len(), 7);
    place
        .resume("parts", 12)
        .expect(0)
        .says(&["going on after step 7 of 12"]);
    assert_equal(&place.path("parts"), &place.path("whole"));

    // Weights away from 1, and losses that change: equality would mean nothing otherwise.
    let whole = rows(&place.path("whole"));
    let cell =
        |row: &str, column: usize| row.split(',').nth(column).unwrap().parse::<f64>().unwrap();
    assert_eq!(cell(&whole[5], 11), 1.0, "α_pose of epoch 2");
    assert_ne!(cell(&whole[11], 11), 1.0, "α_pose of epoch 4");
    for column in [2, 3, 8, 9, 10, 14] {
        assert_ne!(
            cell(&whole[10], column),
            cell(&whole[11], column),
            "column {column}"
        );
    }
}

#[test]
fn joint_runs_resume_to_the_bit() {
    interrupted_equals_uninterrupted("joint");
}

#[test]
fn alternating_runs_resume_to_the_bit() {
    interrupted_equals_uninterrupted("alternating");
}

#[test]
fn damaged_checkpoints_are_passed_over() {
    let place = Place::new();
    place.faces(FACES);
    fresh(&place, "whole", "10", &[]);
    fresh(&place, "run", "8", &[]);
    let folder = place.path("run").join("checkpoints");
    assert_eq!(
        names(&folder),
        ["step_00000004", "step_00000006", "step_00000008"]
    );
    let model = folder.join("step_00000008/model.safetensors");
    let bytes = std::fs::read(&model).unwrap();
    std::fs::write(&model, &bytes[..bytes.len() / 2]).unwrap();
    let moments = folder.join("step_00000006/optimizer.safetensors");
    let mut bytes = std::fs::read(&moments).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    std::fs::write(&moments, bytes).unwrap();
    copy_folder(&place.path("run"), &place.path("hopeless"));

    place.resume("run", 10).expect(0).says(&[
        "a checkpoint is damaged",
        "step_00000008",
        "step_00000006",
        "passed over",
        "going on after step 4 of 10",
    ]);
    assert_equal(&place.path("run"), &place.path("whole"));

    let state = place.path("hopeless/checkpoints/step_00000004/state.json");
    std::fs::write(state, "{").unwrap();
    place
        .resume("hopeless", 10)
        .expect(2)
        .says(&["none of the 3 checkpoints is whole"]);
    assert_eq!(
        steps(&place.path("hopeless")).len(),
        8,
        "a refused resume leaves the run alone"
    );
}

/// Goes on with the run, or starts it, and kills it: after `delay`, and with `in_checkpoint` not
/// before it writes the next checkpoint. Returns whether it ended by itself before that.
fn killed(place: &Place, last_step: &str, delay: Duration, in_checkpoint: bool) -> bool {
    let run = place.path("run");
    let command = if checkpoints(&run).is_empty() {
        // Killed before there was anything to go on from: said so, and started anew.
        if run.exists() {
            place.resume("run", 1).expect(2);
            std::fs::remove_dir_all(&run).unwrap();
        }
        place.command(&place.tiny(&[SETS, &["--out", "run", "--steps", last_step]].concat()))
    } else {
        place.command(&[
            "train", "--device", "cpu", "--resume", "run", "--steps", last_step,
        ])
    };
    let mut running = Running::start(command);
    let start = Instant::now();
    running.wait_until(|| start.elapsed() >= delay);
    if in_checkpoint {
        let partial = |name: &String| name.starts_with(".partial");
        let before: Vec<_> = names(&run.join("checkpoints"))
            .into_iter()
            .filter(partial)
            .collect();
        running.wait_until(|| {
            names(&run.join("checkpoints"))
                .iter()
                .any(|n| partial(n) && !before.contains(n))
        });
    }
    if !running.has_ended() {
        running.kill();
        return false;
    }
    running.wait().expect(0);
    true
}

#[test]
fn killed_runs_join_exactly() {
    let kills = std::env::var("VISAGE_KILLS").map_or(6, |n| n.parse().expect("a whole number"));
    let last_step = "12";
    let place = Place::new();
    place.faces(FACES);
    let start = Instant::now();
    fresh(&place, "whole", last_step, &[]);
    let longest = start.elapsed();
    let whole = exact_rows(&place.path("whole"));

    let mut rng = rand::rng();
    let mut done = 0;
    while done < kills {
        let delay = longest.mul_f64(rng.random_range(0.0..1.0));
        let ended = killed(&place, last_step, delay, done % 3 == 2);
        let run = place.path("run");
        if ended {
            assert_equal(&run, &place.path("whole"));
            std::fs::remove_dir_all(&run).unwrap();
            continue;
        }
        done += 1;
        // Whole rows are right at any instant; the last one may be cut off.
        let text = std::fs::read_to_string(run.join("metrics.csv")).unwrap_or_default();
        let finished = text.rfind('\n').map_or("", |end| &text[..end]);
        println!(
            "kill {done} after {delay:?}: {} rows",
            finished.lines().skip(1).count()
        );
        for (row, expected) in finished.lines().skip(1).zip(&whole) {
            assert!(
                row.starts_with(&format!("{expected},")),
                "{row}, not {expected}"
            );
        }
    }
    while !killed(&place, last_step, Duration::MAX, false) {}
    assert_equal(&place.path("run"), &place.path("whole"));
    let leftovers = names(&place.path("run/checkpoints"));
    assert!(
        leftovers.iter().all(|name| name.starts_with("step_")),
        "{leftovers:?}"
    );
}
