//! The recorder as a whole, fed with a short run.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use super::*;
use crate::train::event::{EpochReport, FaceGrid, RunInfo, StepReport, StopReason};

const STEPS_PER_EPOCH: u64 = 10;

fn started(dir: &Path, resumed_at: u64) -> Event {
    Event::Started(Box::new(RunInfo {
        dir: dir.into(),
        preset: "tiny".into(),
        device: "test".into(),
        data: "generated".into(),
        parameters: 1,
        images_per_step: 8,
        steps_per_epoch: STEPS_PER_EPOCH,
        last_step: 40,
        resumed_at,
        chance_face: 5.5,
        chance_pose: 2.2,
    }))
}

fn step(step: u64) -> Event {
    let wave = (step as f64 * 12.9898).sin() * 0.1;
    let fall = (-(step as f64) / 300.0).exp();
    Event::Step(StepReport {
        step,
        epoch: ((step - 1) / STEPS_PER_EPOCH) as u32 + 1,
        total: 3.0 + 5.0 * fall + 3.0 * wave,
        dis: Some(0.3 + 0.5 * fall + wave * 0.2),
        t1: Some(0.05 + 0.2 * fall + wave * 0.05),
        t2: Some(0.08 + 0.22 * fall + wave * 0.06),
        t3: Some(0.09 + 0.21 * fall - wave * 0.06),
        t4: Some(0.10 + 0.25 * fall + wave * 0.03),
        orth: Some((0.001 + fall * fall * fall) * (1.0 + wave)),
        face: Some(2.5 + 3.0 * fall + wave),
        pose: Some(1.5 + 0.7 * fall - wave),
        alpha_pose: 1.0,
        alpha_face: 1.0,
        lr: 1e-4,
        grad_norm: 1.0,
        images_per_s: 100.0,
        step_ms: 80.0,
        wait_ms: 1.0,
        views_ms: 2.0,
    })
}

fn epoch(epoch: u32) -> Event {
    let drift = 0.1 * (-f64::from(epoch) / 4.0).exp();
    Event::Epoch(EpochReport {
        epoch,
        step: u64::from(epoch) * STEPS_PER_EPOCH,
        dis: 0.3,
        face: Some(2.5 + 3.0 / f64::from(epoch)),
        pose: Some(1.5 + 0.7 / f64::from(epoch)),
        omega_pose: (epoch >= 2).then_some(1.0 - 2.0 * drift),
        omega_face: (epoch >= 2).then_some(1.0 - drift),
        next_alpha_pose: 1.0 - drift,
        next_alpha_face: 1.0 + drift,
    })
}

/// Steps `from + 1 ..= to` with the epochs that end among them.
fn run(recorder: &mut Recorder, from: u64, to: u64) -> Vec<String> {
    let mut warnings = Vec::new();
    for at in from + 1..=to {
        warnings.extend(recorder.on_event(&step(at)));
        if at % STEPS_PER_EPOCH == 0 {
            warnings.extend(recorder.on_event(&epoch((at / STEPS_PER_EPOCH) as u32)));
        }
    }
    warnings
}

fn stopped(step: u64) -> Event {
    Event::Stopped {
        step,
        reason: StopReason::Finished,
    }
}

#[test]
fn killed_and_resumed_run_leaves_the_same_tables() {
    let straight = tempfile::tempdir().unwrap();
    let mut recorder = Recorder::open(straight.path(), 0);
    recorder.on_event(&started(straight.path(), 0));
    assert_eq!(run(&mut recorder, 0, 40), Vec::<String>::new());
    recorder.on_event(&stopped(40));

    let broken = tempfile::tempdir().unwrap();
    let mut recorder = Recorder::open(broken.path(), 0);
    recorder.on_event(&started(broken.path(), 0));
    run(&mut recorder, 0, 33);
    drop(recorder);
    // Killed inside a row, in every file that has rows; the checkpoint is from step 25.
    for name in [metrics_csv::FILE, jsonl::FILE] {
        let path = broken.path().join(name);
        let bytes = fs::read(&path).unwrap();
        fs::write(&path, &bytes[..bytes.len() - 7]).unwrap();
    }
    let mut recorder = Recorder::open(broken.path(), 25);
    recorder.on_event(&started(broken.path(), 25));
    assert_eq!(run(&mut recorder, 25, 40), Vec::<String>::new());
    recorder.on_event(&stopped(40));

    for name in [metrics_csv::FILE, dwa::FILE, "losses.png", "dwa.png"] {
        let read = |dir: &Path| fs::read(dir.join(name)).unwrap();
        assert!(
            read(straight.path()) == read(broken.path()),
            "{name} differs"
        );
    }
    let events = fs::read_to_string(broken.path().join(jsonl::FILE)).unwrap();
    let steps = events
        .lines()
        .filter_map(|line| match serde_json::from_str(line).unwrap() {
            Event::Step(report) => Some(report.step),
            _ => None,
        })
        .collect::<Vec<_>>();
    assert_eq!(steps, (1..=40).collect::<Vec<_>>());
}

#[test]
fn every_file_of_a_run_is_there() {
    let dir = tempfile::tempdir().unwrap();
    let run_dir = dir.path().join("runs/first");
    let mut recorder = Recorder::open(&run_dir, 0);
    recorder.on_event(&started(&run_dir, 0));
    run(&mut recorder, 0, 20);
    recorder.on_event(&Event::Faces(FaceGrid {
        step: 20,
        kind: "swap".into(),
        columns: vec!["s".into()],
        rows: 1,
        tile_px: 64,
        pixels: Arc::new(vec![0; 64 * 64 * 3]),
    }));
    assert_eq!(recorder.on_event(&stopped(20)), Vec::<String>::new());
    for name in [
        "metrics.csv",
        "events.jsonl",
        "dwa.csv",
        "dwa.png",
        "losses.png",
        "faces/swap_0000020.png",
        "faces/swap_latest.png",
    ] {
        assert!(run_dir.join(name).is_file(), "{name}");
    }
    let board = fs::read_dir(run_dir.join("tensorboard")).unwrap();
    assert_eq!(board.count(), 1);
}

#[cfg(target_os = "linux")]
#[test]
fn full_disk_is_told_once_and_costs_only_that_file() {
    let dir = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink("/dev/full", dir.path().join(metrics_csv::FILE)).unwrap();
    let mut recorder = Recorder::open(dir.path(), 0);
    let warnings = run(&mut recorder, 0, 5);
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert!(
        warnings[0].starts_with("Could not write metrics.csv: "),
        "{warnings:?}"
    );
    let events = fs::read_to_string(dir.path().join(jsonl::FILE)).unwrap();
    assert_eq!(events.lines().count(), 5);
    // Once there is space again, rows arrive again.
    fs::remove_file(dir.path().join(metrics_csv::FILE)).unwrap();
    let mut recorder = Recorder::open(dir.path(), 5);
    assert_eq!(run(&mut recorder, 5, 8), Vec::<String>::new());
    let rows = metrics_csv::read_metrics(&dir.path().join(metrics_csv::FILE)).unwrap();
    assert_eq!(rows.len(), 3);
}

#[test]
fn folder_that_cannot_be_made_never_fails_the_run() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    fs::write(&file, "in the way").unwrap();
    let mut recorder = Recorder::open(&file.join("run"), 0);
    let first = run(&mut recorder, 0, 1);
    assert!(
        first.iter().any(|text| text.contains("the run folder")),
        "{first:?}"
    );
    let more = run(&mut recorder, 1, 9);
    assert_eq!(more, Vec::<String>::new(), "told once");
}
