//! The trainer as somebody at a window meets it: pause, single steps, questions, settings, more steps.

#[path = "support/small_run.rs"]
mod small_run;

use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use visage::run::{self, RunFile, RunPlan};
use visage::train::ask::{Answer, FACES_COLUMNS, FaceId, NewFace, Question, Reply};
use visage::train::event::{Control, Event, LiveSetting, Part, RunState, StepReport, StopReason};

/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(60);

struct Watcher {
    controls: Sender<Control>,
    events: Receiver<Event>,
    thread: JoinHandle<StopReason>,
}

impl Watcher {
    /// A small network on generated faces, waiting before its first step.
    fn paused(dir: &Path, sets: &[&str]) -> Self {
        let plan = RunPlan {
            paused: true,
            ..small_run::plan(dir, sets)
        };
        let (controls, take) = channel();
        let (send, events) = channel();
        let thread = std::thread::spawn(move || {
            run::go(&plan, &take, &mut |event| {
                let _ = send.send(event);
            })
            .unwrap()
        });
        let watcher = Self {
            controls,
            events,
            thread,
        };
        watcher.wait(|event| is_state(event, RunState::Paused));
        watcher
    }

    fn tell(&self, control: Control) {
        self.controls.send(control).unwrap();
    }

    /// The next event that fits; those before it are passed over.
    #[track_caller]
    fn wait(&self, fits: impl Fn(&Event) -> bool) -> Event {
        loop {
            let event = self.events.recv_timeout(PATIENCE).expect("an event");
            if fits(&event) {
                return event;
            }
        }
    }

    #[track_caller]
    fn step(&self) -> StepReport {
        match self.wait(|event| matches!(event, Event::Step(_))) {
            Event::Step(report) => report,
            _ => unreachable!(),
        }
    }

    #[track_caller]
    fn answer(&self, question: &Question) -> Arc<Answer> {
        let fits = |event: &Event| matches!(event, Event::Answer(a) if a.question == *question);
        match self.wait(fits) {
            Event::Answer(answer) => answer,
            _ => unreachable!(),
        }
    }

    /// Asserts that no step is made for a while.
    #[track_caller]
    fn rests(&self) {
        loop {
            match self.events.recv_timeout(Duration::from_millis(700)) {
                Err(RecvTimeoutError::Timeout) => return,
                Ok(Event::Step(report)) => panic!("step {} while paused", report.step),
                Ok(_) => {}
                Err(RecvTimeoutError::Disconnected) => panic!("the trainer has gone"),
            }
        }
    }

    fn stop(self) -> StopReason {
        self.tell(Control::Stop);
        self.thread.join().unwrap()
    }
}

fn is_state(event: &Event, wanted: RunState) -> bool {
    matches!(event, Event::State { state, .. } if *state == wanted)
}

fn picture(reply: &Reply) -> &[u8] {
    match reply {
        Reply::Grid(grid) | Reply::Turn(grid, _) => &grid.pixels,
        other => panic!("no picture: {other:?}"),
    }
}

#[test]
fn pause_means_no_step_and_a_single_step_means_one() {
    let dir = tempfile::tempdir().unwrap();
    let watcher = Watcher::paused(dir.path(), &[]);
    watcher.rests();
    watcher.tell(Control::SingleStep);
    assert_eq!(watcher.step().step, 1);
    watcher.rests();
    watcher.tell(Control::Run);
    watcher.wait(|event| is_state(event, RunState::Running));
    assert_eq!(watcher.step().step, 2);
    watcher.tell(Control::Pause);
    watcher.wait(|event| is_state(event, RunState::Paused));
    watcher.rests();
    // One step in two seconds is slow motion, not a pause.
    watcher.tell(Control::Slow(Some(2.0)));
    watcher.tell(Control::Run);
    let first = watcher.step();
    let start = std::time::Instant::now();
    assert_eq!(watcher.step().step, first.step + 1);
    assert_eq!(watcher.step().step, first.step + 2);
    // Steps are counted from their beginning, and the first one was told at its end.
    let since_its_start = start.elapsed() + Duration::from_secs_f64(first.step_ms / 1e3);
    assert!(
        since_its_start > Duration::from_millis(850),
        "{since_its_start:?}"
    );
    assert_eq!(watcher.stop(), StopReason::Interrupted);
    assert!(
        dir.path()
            .join("run/checkpoints")
            .read_dir()
            .unwrap()
            .count()
            >= 2
    );
}

#[test]
fn questions_are_answered_while_paused_and_follow_the_network() {
    let dir = tempfile::tempdir().unwrap();
    let watcher = Watcher::paused(dir.path(), &[]);
    let faces = Question::Faces {
        faces: vec![FaceId(0), FaceId(2)],
    };
    watcher.tell(Control::Watch(vec![faces.clone()]));
    let first = watcher.answer(&faces);
    let Reply::Grid(grid) = &first.reply else {
        panic!("{first:?}")
    };
    assert_eq!((grid.rows, grid.columns.len()), (2, FACES_COLUMNS.len()));
    // The second column is the first one mirrored.
    let row = |tile: usize, y: usize| &grid.pixels[tile * 64 * 64 * 3 + y * 64 * 3..][..64 * 3];
    let mirrored: Vec<u8> = row(0, 30)
        .as_chunks::<3>()
        .0
        .iter()
        .rev()
        .flatten()
        .copied()
        .collect();
    assert_eq!(row(1, 30), mirrored);
    // The question stands: after some steps it is answered again, by another network.
    watcher.tell(Control::SingleStep);
    let again = watcher.answer(&faces);
    assert_eq!(again.step, 1);
    assert_ne!(picture(&again.reply), picture(&first.reply));
    // Nobody looks any more: nothing is drawn.
    watcher.tell(Control::Watch(Vec::new()));
    watcher.tell(Control::SingleStep);
    watcher.step();
    watcher.tell(Control::SingleStep);
    watcher.wait(|event| {
        assert!(!matches!(event, Event::Answer(_)), "{event:?}");
        matches!(event, Event::Step(_))
    });
    assert_eq!(watcher.stop(), StopReason::Interrupted);
}

#[test]
fn morphs_begin_at_one_face_and_end_at_the_other() {
    let dir = tempfile::tempdir().unwrap();
    // Components start with one mean face for every code, convolutions do not.
    let sets = [
        "recon.components=0",
        "recon.deform=false",
        "recon.start_px=4",
    ];
    let watcher = Watcher::paused(dir.path(), &sets);
    let (a, b) = (FaceId(0), FaceId(1));
    let ask = |question: Question| {
        watcher.tell(Control::Watch(vec![question.clone()]));
        watcher.answer(&question)
    };
    let morph = |look, pose| ask(Question::Morph { a, b, look, pose });
    let swap = ask(Question::Swap {
        looks: vec![a, b],
        poses: vec![a, b],
    });
    let swap = picture(&swap.reply)
        .chunks_exact(64 * 64 * 3)
        .collect::<Vec<_>>();
    for (place, (look, pose)) in [(0.0, 0.0), (0.0, 1.0), (1.0, 0.0), (1.0, 1.0)]
        .into_iter()
        .enumerate()
    {
        let morph = morph(look, pose);
        let far = picture(&morph.reply)
            .iter()
            .zip(swap[place])
            .map(|(a, b)| a.abs_diff(*b))
            .max();
        assert!(far <= Some(1), "corner {place} differs by {far:?}");
    }
    assert_ne!(picture(&morph(0.5, 0.5).reply), swap[0]);
    // Without labels the head turns from its own pose to the mirrored one.
    let turn = ask(Question::Turn { face: a });
    let turned = picture(&turn.reply)
        .chunks_exact(64 * 64 * 3)
        .collect::<Vec<_>>();
    assert_eq!(turned.len(), 13);
    assert!(
        turned[0]
            .iter()
            .zip(swap[0])
            .all(|(a, b)| a.abs_diff(*b) <= 1)
    );
    assert_eq!(watcher.stop(), StopReason::Interrupted);
}

#[test]
fn photos_can_be_asked_about_and_strangers_cannot() {
    let dir = tempfile::tempdir().unwrap();
    let watcher = Watcher::paused(dir.path(), &[]);
    let id = FaceId(FaceId::FIRST_PHOTO);
    let question = Question::Faces { faces: vec![id] };
    watcher.tell(Control::Watch(vec![question.clone()]));
    assert!(matches!(watcher.answer(&question).reply, Reply::No(_)));
    let pixels: Vec<u8> = (0..64 * 64).flat_map(|at| [at as u8, 200, 7]).collect();
    watcher.tell(Control::AddFace(Arc::new(NewFace {
        id,
        pixels: pixels.clone(),
    })));
    let answer = watcher.answer(&question);
    assert_eq!(picture(&answer.reply)[..64 * 64 * 3], pixels);
    assert_eq!(watcher.stop(), StopReason::Interrupted);
}

#[test]
fn views_are_those_of_the_step_and_codes_have_a_row_per_face() {
    let dir = tempfile::tempdir().unwrap();
    let watcher = Watcher::paused(dir.path(), &["knowledge.pictures=105"]);
    let views = Question::Views { faces: 2 };
    watcher.tell(Control::Watch(vec![views.clone()]));
    assert!(matches!(watcher.answer(&views).reply, Reply::No(_)));
    watcher.tell(Control::SingleStep);
    let answer = watcher.answer(&views);
    let Reply::Views(sheet) = &answer.reply else {
        panic!("{answer:?}")
    };
    // Two faces of the reconstruction, two of the face stream, the one of the pose stream.
    let counts: Vec<usize> = sheet.faces.iter().map(|face| face.views.len()).collect();
    assert_eq!(counts, [3, 3, 2, 2, 4]);
    let codes = Question::Codes { pictures: 40 };
    watcher.tell(Control::Watch(vec![codes.clone()]));
    let set = loop {
        let answer = watcher.answer(&codes);
        match &answer.reply {
            Reply::Codes(set) => break set.clone(),
            // The labelled faces are still being drawn.
            Reply::No(_) => {}
            other => panic!("{other:?}"),
        }
    };
    assert_eq!((set.codes.f_p.rows, set.labels.len()), (40, 40));
    assert_eq!(set.pixels.len(), 40 * 64 * 64 * 3);
    assert!(set.labels.iter().all(|label| label.yaw_deg.is_some()));
    // With labels a head turns by degrees.
    let turn = Question::Turn { face: FaceId(0) };
    watcher.tell(Control::Watch(vec![turn.clone()]));
    let Reply::Turn(grid, scale) = &watcher.answer(&turn).reply else {
        panic!("no turn")
    };
    assert_eq!(grid.columns.len(), 13);
    assert!(
        matches!(scale, visage::train::ask::TurnScale::Yaw { from_deg, to_deg } if *from_deg < -20.0 && *to_deg > 20.0),
        "{scale:?}"
    );
    assert_eq!(watcher.stop(), StopReason::Interrupted);
}

#[test]
fn settings_take_effect_with_the_next_step_and_are_said() {
    let dir = tempfile::tempdir().unwrap();
    let watcher = Watcher::paused(dir.path(), &["recon.terms=[true,true,true,true]"]);
    watcher.tell(Control::Set(LiveSetting::LearningRate(1e-5)));
    watcher.tell(Control::Set(LiveSetting::Alphas(Some((1.5, 0.5)))));
    watcher.tell(Control::Set(LiveSetting::Train(Part::Pose)));
    watcher.tell(Control::SingleStep);
    let said =
        watcher.wait(|e| matches!(e, Event::Settings { settings, .. } if settings.len() == 3));
    assert!(matches!(said, Event::Settings { .. }));
    let step = watcher.step();
    assert_eq!(
        (step.alpha_pose, step.alpha_face, step.lr),
        (1.5, 0.5, 1e-5)
    );
    assert!(step.pose.is_some() && step.face.is_none() && step.t1.is_none() && step.orth.is_none());
    watcher.tell(Control::Set(LiveSetting::Train(Part::All)));
    watcher.tell(Control::Set(LiveSetting::Alphas(None)));
    watcher.tell(Control::SingleStep);
    let step = watcher.step();
    assert!(step.face.is_some() && step.t4.is_some());
    assert_eq!(step.alpha_pose, 1.0);
    assert_eq!(watcher.stop(), StopReason::Interrupted);
}

#[test]
fn a_finished_run_still_answers_and_can_be_prolonged() {
    let dir = tempfile::tempdir().unwrap();
    let watcher = Watcher::paused(dir.path(), &[]);
    watcher.tell(Control::TrainUntil(2));
    watcher.tell(Control::Run);
    watcher.wait(|event| is_state(event, RunState::Finished));
    let question = Question::Faces {
        faces: vec![FaceId(1)],
    };
    watcher.tell(Control::Watch(vec![question.clone()]));
    assert_eq!(watcher.answer(&question).step, 2);
    watcher.tell(Control::TrainUntil(3));
    assert_eq!(watcher.step().step, 3);
    watcher.wait(|event| is_state(event, RunState::Finished));
    assert_eq!(watcher.stop(), StopReason::Finished);
    // The folder remembers the new end, or the run could not be gone on with.
    let file = RunFile::read(&dir.path().join("run")).unwrap();
    assert_eq!(file.last_step, Some(3));
}
