//! The player: time, jumps, long runs.

use std::io::{BufWriter, Write};
use std::time::{Duration, Instant};

use super::*;

#[test]
fn time_becomes_steps() {
    let run = finished();
    let mut player = open(run.path());
    let mut state = player.new_state();
    show(&mut player, &mut state, 0);
    assert_eq!((state.step, state.info.is_some()), (0, true));
    assert!(player.set_speed(10.0).is_none());
    for _ in 0..210 {
        for event in player.advance(1.0 / 60.0) {
            state.on_event(&event);
        }
    }
    assert_eq!((player.at_step(), state.step), (35, 35));
    assert_eq!(state.last, Some(report(35)));
    assert_eq!(state.snapshots.reconstructions.len(), 3);
    assert_eq!(numbers(&state), numbers(&shown(run.path(), 35)));
    // Paused, time passes without steps.
    assert!(player.set_speed(0.0).is_none());
    assert!(player.advance(100.0).is_empty());
    // Faster than there are steps; nonsense does no harm.
    assert!(player.set_speed(f64::NAN).is_none());
    assert_eq!(player.speed(), 0.0);
    assert!(player.set_speed(1e9).is_none());
    assert!(player.advance(-1.0).is_empty());
    for event in player.advance(1.0) {
        state.on_event(&event);
    }
    assert!(player.is_at_end());
    assert_eq!((player.speed(), state.step), (0.0, 100));
    assert_eq!(state.phase, Phase::Stopped(StopReason::Finished));
    assert!(player.advance(1.0).is_empty());
    // Played on, it begins anew.
    let Some(Seek::FromStart(feed)) = player.set_speed(5.0) else {
        panic!("does not begin anew");
    };
    assert!(
        feed.into_iter()
            .all(|event| !matches!(event, Event::Step(_)))
    );
    assert_eq!((player.at_step(), player.speed()), (0, 5.0));
    let first = player.advance(0.2);
    assert!(matches!(&first[..], [Event::Step(report)] if report.step == 1));
}

#[test]
fn every_way_to_a_step_shows_the_same() {
    // More grids than a window keeps.
    let mut run = Writer::new();
    run.run(0, 160, 1);
    run.stop(160, StopReason::Interrupted);
    let mut player = open(run.path());
    let mut straight = player.new_state();
    let mut wanderer = open(run.path());
    let mut wandering = wanderer.new_state();
    for (step, detour) in [
        (3, 160),
        (40, 0),
        (70, 150),
        (71, 40),
        (130, 129),
        (160, 75),
    ] {
        while player.at_step() < step {
            let next = player.at_step() + 1;
            show(&mut player, &mut straight, next);
        }
        show(&mut wanderer, &mut wandering, detour);
        show(&mut wanderer, &mut wandering, step);
        assert_eq!(numbers(&straight), numbers(&wandering), "step {step}");
    }
    assert_eq!(straight.phase, Phase::Stopped(StopReason::Interrupted));
    assert!(straight.snapshots.swaps.len() > 30);
}

#[test]
fn a_long_run_opens_and_is_searched_fast() {
    const STEPS: u64 = 200_000;
    let dir = tempfile::tempdir().unwrap();
    let file = |name: &str| BufWriter::new(fs::File::create(dir.path().join(name)).unwrap());
    let mut table = csv::Writer::from_writer(file(metrics_csv::FILE));
    let mut log = file(jsonl::FILE);
    for step in 1..=STEPS {
        table.serialize(report(step)).unwrap();
        serde_json::to_writer(&mut log, &Event::Step(report(step))).unwrap();
        log.write_all(b"\n").unwrap();
    }
    table.flush().unwrap();
    log.flush().unwrap();
    drop((table, log));

    let clock = Instant::now();
    let mut player = open(dir.path());
    let opened = clock.elapsed();
    let mut state = player.new_state();
    let clock = Instant::now();
    for step in [STEPS, 150_000, 150_010] {
        show(&mut player, &mut state, step);
        assert_eq!(state.last, Some(report(step)));
    }
    let searched = clock.elapsed();
    // Generous: without optimisation, on a busy machine.
    assert!(opened < Duration::from_secs(20), "{opened:?}");
    assert!(searched < Duration::from_secs(5), "{searched:?}");
    println!("opened in {opened:?}, three jumps in {searched:?}");
}
