use std::sync::Arc;

use super::*;
use crate::train::ask::{Answer, Question, Reply};

fn grid(kind: &str, step: u64, columns: usize, rows: usize) -> FaceGrid {
    FaceGrid {
        step,
        kind: kind.into(),
        columns: vec![String::new(); columns],
        rows,
        tile_px: 1,
        pixels: Arc::new(vec![step as u8; 3 * columns * rows]),
    }
}

#[test]
fn the_phase_follows_the_events() {
    let mut state = LabState::default();
    state.on_event(&Event::Note {
        text: "Reading".into(),
    });
    assert_eq!(state.phase, Phase::Preparing("Reading".into()));
    state.on_event(&Event::Step(StepReport {
        step: 1,
        ..StepReport::default()
    }));
    assert_eq!(state.phase, Phase::Running);
    let say = |state| Event::State { step: 1, state };
    state.on_event(&say(RunState::Paused));
    // A single step while paused leaves it paused.
    state.on_event(&Event::Step(StepReport {
        step: 2,
        ..StepReport::default()
    }));
    assert_eq!((&state.phase, state.step), (&Phase::Paused, 2));
    state.on_event(&say(RunState::Running));
    assert_eq!(state.phase, Phase::Running);
    let reason = StopReason::Failed {
        text: "The device was lost.".into(),
    };
    state.on_event(&Event::Stopped {
        step: 2,
        reason: reason.clone(),
    });
    assert_eq!(state.phase, Phase::Stopped(reason));
    assert!(!state.is_alive());
    assert!(
        state
            .log
            .newest(1)
            .all(|line| line.text.contains("lost") && line.kind == Kind::Warning)
    );
}

#[test]
fn photos_stay_when_the_gallery_comes_again() {
    let mut state = LabState::default();
    state.add_photo(FaceId(FaceId::FIRST_PHOTO), "me.jpg".into(), vec![9; 3]);
    state.on_event(&Event::Gallery(grid("gallery", 0, 1, 2)));
    let names: Vec<&str> = state.faces.iter().map(|face| face.name.as_str()).collect();
    assert_eq!(names, ["1", "2", "me.jpg"]);
    assert_eq!(state.gallery(), [FaceId(0), FaceId(1)]);
}

#[test]
fn snapshots_are_thinned_and_the_richer_one_of_a_step_wins() {
    let mut state = LabState::default();
    for step in 1..=200 {
        state.on_event(&Event::Faces(grid("reconstruction", step, 6, 1)));
    }
    let kept = &state.snapshots.reconstructions;
    assert!(kept.len() <= 65 && kept.len() > 30, "{}", kept.len());
    assert_eq!(kept[0].step, 1);
    assert_eq!(kept[kept.len() - 1].step, 200);
    // All times stay about equally well covered.
    let gaps = kept.windows(2).map(|pair| pair[1].step - pair[0].step);
    assert!(gaps.max().unwrap() <= 12, "a stretch of the past is lost");
    let faces = vec![FaceId(0)];
    state.on_event(&Event::Answer(Arc::new(Answer {
        step: 200,
        question: Question::Faces { faces },
        reply: Reply::Grid(grid("faces", 200, 9, 1)),
    })));
    state.on_event(&Event::Faces(grid("reconstruction", 200, 6, 1)));
    let last = state.snapshots.reconstructions.last().unwrap();
    assert_eq!(last.grid.columns.len(), 9);
}

#[test]
fn live_settings_come_before_the_configuration() {
    let mut state = LabState::default();
    assert_eq!(state.base_lr(), None);
    state.config = Some(Arc::new(RunConfig::default()));
    let written = state.base_lr().unwrap();
    state.on_event(&Event::Settings {
        step: 3,
        settings: vec![
            LiveSetting::LearningRate(written / 2.0),
            LiveSetting::Alphas(Some((1.5, 0.5))),
        ],
    });
    assert_eq!(state.base_lr(), Some(written / 2.0));
    assert_eq!(state.alphas_by_hand(), Some((1.5, 0.5)));
    assert_eq!(state.part(), Part::All);
}
