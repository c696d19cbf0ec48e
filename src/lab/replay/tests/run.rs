//! What a whole run shows.

use super::*;
use crate::config::RunConfig;
use crate::lab::state::Source;
use crate::train::event::RunState;

#[test]
fn the_end_of_the_run_is_what_the_table_says() {
    let run = finished();
    let config = RunConfig::default();
    fs::write(run.file("config.toml"), config.to_toml()).unwrap();
    let state = at_end(run.path());
    let rows = metrics_csv::read_metrics(&run.file(metrics_csv::FILE)).unwrap();
    assert_eq!(state.last.as_ref(), rows.last());
    assert_eq!(state.step, 100);
    assert_eq!(state.phase, Phase::Stopped(StopReason::Finished));
    assert_eq!((state.epochs.len(), state.knowledge.len()), (5, 5));
    assert_eq!(state.source, Source::Replay);
    assert_eq!(state.replay, Some((100, 0.0)));
    assert_eq!(state.config.as_deref(), Some(&config));
    assert!(!state.can_ask);
    assert_eq!(warnings(&state), Vec::<&str>::new());
    // The folder is where it was opened, not where it was made.
    assert_eq!(state.info.as_ref().unwrap().dir, run.path());
}

#[test]
fn pixels_come_back_exactly_and_the_faces_with_them() {
    let run = finished();
    let state = at_end(run.path());
    let steps: Vec<u64> = (1..=10).map(|n| n * 10).collect();
    for (kind, list) in [
        ("reconstruction", &state.snapshots.reconstructions),
        ("swap", &state.snapshots.swaps),
    ] {
        assert_eq!(list.iter().map(|s| s.step).collect::<Vec<_>>(), steps);
        for snapshot in list {
            assert!(snapshot.grid.pixels == grid(kind, snapshot.step).pixels);
            assert_eq!(snapshot.faces.len(), FACES);
        }
    }
    // No gallery was written, so the faces are those of the first grid.
    let first = grid("reconstruction", 10);
    let tile = 3 * TILE_PX * TILE_PX;
    assert_eq!(state.faces.len(), FACES);
    for (row, face) in state.faces.iter().enumerate() {
        let start = row * COLUMNS.len() * tile;
        assert!(face.pixels[..] == first.pixels[start..start + tile]);
    }
}

#[test]
fn a_gallery_that_was_kept_is_shown() {
    let mut run = Writer::new();
    let gallery = FaceGrid {
        columns: vec!["s".into()],
        rows: 3,
        pixels: Arc::new(vec![77; 3 * 3 * TILE_PX * TILE_PX]),
        ..grid("gallery", 0)
    };
    run.say(Event::Gallery(gallery));
    run.run(0, 20, 10);
    for step in [0, 15, 20] {
        let state = shown(run.path(), step);
        assert_eq!(state.faces.len(), 3);
        assert!(state.faces.iter().all(|face| face.pixels[0] == 77));
    }
}

#[test]
fn a_resumed_run_is_one_run() {
    let mut run = Writer::new();
    run.run(0, 33, 10);
    run.say(Event::State {
        step: 33,
        state: RunState::Paused,
    });
    run.stop(33, StopReason::Interrupted);
    run.resume(33);
    run.run(33, 50, 10);
    // Killed; the last checkpoint was at 40.
    let path = run.file(jsonl::FILE);
    let bytes = fs::read(&path).unwrap();
    fs::write(&path, &bytes[..bytes.len() - 30]).unwrap();
    run.resume(40);
    run.run(40, 60, 10);
    run.stop(60, StopReason::Finished);

    let mut player = open(run.path());
    let Seek::FromStart(feed) = player.seek(u64::MAX) else {
        panic!("nothing was shown before");
    };
    let events: Vec<Event> = feed.collect();
    let steps = events.iter().filter_map(|event| match event {
        Event::Step(report) => Some(report.step),
        _ => None,
    });
    assert!(steps.eq(1..=60));
    let ends = |event: &&Event| matches!(event, Event::Stopped { .. });
    assert_eq!(events.iter().filter(ends).count(), 1);
    assert!(ends(&events.last().unwrap()));
    let starts = events.iter().enumerate().filter_map(|(at, event)| {
        let Event::Started(info) = event else {
            return None;
        };
        Some((
            info.resumed_at,
            events[..at].iter().rev().find_map(|event| match event {
                Event::Step(report) => Some(report.step),
                _ => None,
            }),
        ))
    });
    let starts: Vec<_> = starts.collect();
    assert_eq!(starts, [(0, None), (33, Some(33)), (40, Some(40))]);
    let state = shown(run.path(), 45);
    assert_eq!(state.phase, Phase::Running);
}

#[test]
fn what_an_abandoned_attempt_said_did_not_happen() {
    // A log that could not be shortened when the run was resumed.
    let dir = tempfile::tempdir().unwrap();
    let mut lines = Vec::new();
    let mut say = |event: Event| {
        serde_json::to_writer(&mut lines, &event).unwrap();
        lines.push(b'\n');
    };
    say(started(dir.path(), 0));
    (1..=30).for_each(|step| events_of(step, 100).into_iter().for_each(&mut say));
    say(started(dir.path(), 10));
    (11..=15).for_each(|step| events_of(step, 100).into_iter().for_each(&mut say));
    fs::write(dir.path().join(jsonl::FILE), lines).unwrap();
    let state = at_end(dir.path());
    assert_eq!(
        (state.step, state.history.spans(Curve::Total).count()),
        (15, 15)
    );
    assert_eq!(state.epochs.len(), 0);
}
