//! What the map asks, lays out, turns, colours and says.

use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use eframe::egui::{Context, Vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;

use super::align::{Place, aligned, framed};
use super::background::Background;
use super::*;
use crate::data::labelled::FaceLabel;
use crate::eval::encode::Codes;
use crate::eval::matrix::Matrix;
use crate::figure::map::Colouring;
use crate::lab::desk::Command;
use crate::train::event::Event;

const FACES: usize = 24;

/// A face of three people with every second yaw unknown.
fn label(index: usize) -> FaceLabel {
    FaceLabel {
        identity: Some(4 + index as u32 % 3),
        expression: Some(index as u32 % 2),
        yaw_deg: index.is_multiple_of(2).then_some(index as f32 * 5.0 - 60.0),
        ..FaceLabel::default()
    }
}

/// Codes along a line, of which the direction depends on the code.
fn set(labels: Vec<FaceLabel>, tilt: f32) -> CodeSet {
    let code = |angle: f32| {
        let row = |index: usize| {
            let along = index as f32 - 11.5;
            [along * angle.cos(), along * angle.sin(), (index % 2) as f32]
        };
        Matrix::new(FACES, 3, (0..FACES).flat_map(row).collect())
    };
    CodeSet {
        codes: Codes {
            f_s: code(tilt),
            f_f: code(tilt + 0.5),
            f_p: code(tilt + 1.0),
        },
        labels: Arc::new(labels),
        expressions: Arc::new(vec!["neutral".into(), "happy".into()]),
        pixels: Arc::new(vec![128; FACES * 3 * 64 * 64]),
        words: "24 faces".into(),
    }
}

fn answer(step: u64, set: CodeSet) -> Arc<Answer> {
    Arc::new(Answer {
        step,
        question: QUESTION,
        reply: Reply::Codes(Box::new(set)),
    })
}

fn labelled() -> Vec<FaceLabel> {
    (0..FACES).map(label).collect()
}

type World = (Map, LabState, Desk);

fn harness(answers: impl IntoIterator<Item = Arc<Answer>>) -> Harness<'static, World> {
    let mut state = LabState {
        can_ask: true,
        ..LabState::default()
    };
    for answer in answers {
        state.on_event(&Event::Answer(answer));
    }
    Harness::builder()
        .with_size(Vec2::new(640.0, 420.0))
        .with_context_setup(theme::install)
        .build_ui_state(
            |ui, (map, state, desk): &mut World| map.ui(ui, state, desk),
            (Map::default(), state, Desk::default()),
        )
}

/// Draws frames until something holds.
fn wait(harness: &mut Harness<'_, World>, holds: impl Fn(&World) -> bool) {
    let start = Instant::now();
    while !holds(harness.state()) {
        assert!(start.elapsed() < Duration::from_secs(60), "nothing came");
        thread::sleep(Duration::from_millis(5));
        harness.step();
    }
    harness.run_steps(4);
}

fn shown((map, ..): &World) -> Option<(Code, Method, u64)> {
    let layout = map.scene.layout()?;
    Some((layout.code, layout.method, layout.answer.step))
}

#[test]
fn the_question_never_changes() {
    let mut map = Map::default();
    let state = LabState::default();
    let first = map.questions(&state);
    map.code = Code::Face;
    map.method = Method::Tsne;
    assert_eq!(first, [Question::Codes { pictures: 200 }]);
    assert_eq!(map.questions(&state), first);
}

#[test]
fn turned_and_mirrored_layouts_come_back() {
    let old: Vec<Place> = vec![[2.0, 0.1], [-1.0, 0.7], [0.3, -2.0], [-1.3, 1.2]];
    for (degrees, mirror) in [(0.0, -1.0), (180.0, 1.0), (90.0, -1.0), (33.0, 1.0)] {
        let (sin, cos) = f32::to_radians(degrees).sin_cos();
        let away = |&[x, y]: &Place| {
            let y = mirror * y;
            [7.0 + cos * x - sin * y, sin * x + cos * y - 3.0]
        };
        let new: Vec<Place> = old.iter().map(away).collect();
        let back = aligned(&new, &old);
        let centred = aligned(&old, &old);
        for (a, b) in back.iter().flatten().zip(centred.iter().flatten()) {
            assert!((a - b).abs() < 1e-5, "{degrees} {mirror}: {a} {b}");
        }
    }
}

#[test]
fn alignment_keeps_distances_and_never_makes_it_worse() {
    let old: Vec<Place> = vec![[1.0, 0.0], [0.0, 2.0], [-1.0, -2.0]];
    let new: Vec<Place> = vec![[0.4, 3.0], [-2.0, -1.0], [1.6, -2.0]];
    let back = aligned(&new, &old);
    let distance = |a: Place, b: Place| (a[0] - b[0]).hypot(a[1] - b[1]);
    assert!((distance(back[0], back[1]) - distance(new[0], new[1])).abs() < 1e-5);
    let off = |places: &[Place]| -> f32 {
        places
            .iter()
            .zip(&old)
            .map(|(a, b)| distance(*a, *b).powi(2))
            .sum()
    };
    assert!(off(&back) < off(&new));
    // A quarter turn or mirror image of the result is no better.
    for change in [
        |[x, y]: Place| [-y, x],
        |[x, y]: Place| [-x, y],
        |[x, y]: Place| [x, -y],
    ] {
        let other: Vec<Place> = back.iter().copied().map(change).collect();
        assert!(off(&back) <= off(&other));
    }
    assert_eq!(aligned(&new, &old[..2]).len(), 3);
    assert_eq!(aligned(&[[1.0, 1.0]; 3], &old), [[0.0, 0.0]; 3]);
    assert!(aligned(&[], &[]).is_empty());
}

#[test]
fn frames_reach_from_minus_one_to_one() {
    let places = framed(&[[10.0, 5.0], [14.0, 6.0]]);
    assert_eq!(places, [[-1.0, -0.25], [1.0, 0.25]]);
    assert_eq!(framed(&[[3.0, 3.0]; 2]), [[0.0, 0.0]; 2]);
}

#[test]
fn colours_are_those_that_labels_exist_for() {
    use ColourBy::{Expression, Nothing, Person, Pitch, Roll, Yaw};
    assert_eq!(
        ColourBy::available(&labelled()),
        [Person, Expression, Yaw, Nothing]
    );
    assert_eq!(
        ColourBy::available(&vec![FaceLabel::default(); 3]),
        [Nothing]
    );
    let turned = FaceLabel {
        pitch_deg: Some(1.0),
        roll_deg: Some(f32::NAN),
        ..FaceLabel::default()
    };
    let available = ColourBy::available(&[turned]);
    assert_eq!(available, [Pitch, Nothing]);
    assert_eq!(Roll.or_first(&available), Pitch);
    assert_eq!(Nothing.or_first(&available), Nothing);
}

#[test]
fn people_keep_their_numbers_and_the_unknown_none() {
    let mut labels = labelled();
    labels[1].identity = None;
    let set = set(labels, 0.0);
    let Colouring::Classes { names, of } = ColourBy::Person.colouring(&set) else {
        panic!("people are classes");
    };
    assert_eq!(names, ["person 5", "person 6", "person 7"]);
    assert_eq!(of[..4], [0, u32::MAX, 2, 0]);
    let paint = Paint::new(&set, ColourBy::Person);
    assert_eq!(paint.order[0], 1);
    assert!(paint.mark(1).is_none() && paint.class(2) == Some(2));
    let yaw = Paint::new(&set, ColourBy::Yaw);
    assert!(yaw.mark(1).is_none());
    assert_ne!(yaw.mark(0), yaw.mark(22));
    assert!(paint.is_of(&set, ColourBy::Person) && !paint.is_of(&set, ColourBy::Yaw));
}

#[test]
fn a_face_in_words() {
    let label = FaceLabel {
        identity: Some(6),
        expression: Some(1),
        yaw_deg: Some(-29.6),
        roll_deg: Some(-0.2),
        ..FaceLabel::default()
    };
    let expressions = ["neutral".to_owned(), "happy".to_owned()];
    assert_eq!(
        colour::words(&label, &expressions),
        "Person 7, happy, yaw −30°, roll 0°"
    );
    let nothing = FaceLabel::default();
    assert_eq!(
        colour::words(&nothing, &expressions),
        "Nothing is known about this face"
    );
}

#[test]
fn what_was_started_before_is_not_heard() {
    let ctx = Context::default();
    let mut work = Background::default();
    let (release, held) = mpsc::channel::<()>();
    let (say, ended) = mpsc::channel::<()>();
    work.start(&ctx, move || {
        held.recv().ok();
        say.send(()).ok();
        "old"
    });
    assert!(work.is_busy() && work.poll().is_none());
    work.start(&ctx, || "new");
    release.send(()).unwrap();
    ended.recv().unwrap();
    let start = Instant::now();
    let got = loop {
        if let Some(got) = work.poll() {
            break got;
        }
        assert!(start.elapsed() < Duration::from_secs(20));
        thread::yield_now();
    };
    assert_eq!(got, "new");
    thread::sleep(Duration::from_millis(20));
    assert!(work.poll().is_none() && !work.is_busy());
}

#[test]
fn work_that_panics_ends() {
    let mut work = Background::<()>::default();
    work.start(&Context::default(), || panic!("on purpose"));
    let start = Instant::now();
    while work.is_busy() {
        assert!(work.poll().is_none() && start.elapsed() < Duration::from_secs(20));
    }
}

#[test]
fn pca_follows_the_answers_and_the_chosen_code() {
    let mut harness = harness([answer(10, set(labelled(), 0.0))]);
    wait(&mut harness, |world| {
        shown(world) == Some((Code::Pose, Method::Pca, 10))
    });
    let next = answer(20, set(labelled(), 2.0));
    harness.state_mut().1.on_event(&Event::Answer(next));
    wait(&mut harness, |world| {
        shown(world) == Some((Code::Pose, Method::Pca, 20))
    });
    harness.get_by_label("F_f").click();
    wait(&mut harness, |world| {
        shown(world) == Some((Code::Face, Method::Pca, 20))
    });
    assert!(harness.query_by_label(Code::Face.look_for()).is_some());
}

#[test]
fn a_layout_of_another_code_is_dropped() {
    let ctx = Context::default();
    let answer = answer(1, set(labelled(), 0.0));
    let mut layouts = Layouts::default();
    layouts.update(&ctx, &answer, Code::Face, Method::Pca);
    // The user went on to F_p while F_f was laid out.
    let start = Instant::now();
    while layouts.of(Code::Pose, Method::Pca).is_none() {
        assert!(start.elapsed() < Duration::from_secs(20));
        layouts.update(&ctx, &answer, Code::Pose, Method::Pca);
        assert!(layouts.of(Code::Face, Method::Pca).is_none());
    }
}

#[test]
fn points_glide_and_arrive() {
    let layout = |places: Vec<Place>| {
        Arc::new(Layout {
            code: Code::Pose,
            method: Method::Pca,
            answer: answer(1, set(labelled(), 0.0)),
            places,
        })
    };
    let mut scene = Scene::default();
    scene.show(&layout(vec![[-1.0, 0.0], [1.0, 0.0], [0.0, 0.4]]), 5.0);
    assert!(!scene.is_gliding(5.0));
    // Mirrored, and the third point elsewhere: the first two stay about where they were.
    let next = layout(vec![[2.0, 0.0], [-2.0, 0.0], [0.0, 1.6]]);
    scene.show(&next, 6.0);
    assert!(scene.is_gliding(6.1));
    for (at, was) in scene
        .places(6.0)
        .iter()
        .zip([[-1.0, -0.2], [1.0, -0.2], [0.0, 0.2]])
    {
        assert!((at[0] - was[0]).abs() < 1e-6 && (at[1] - was[1]).abs() < 1e-6);
    }
    let (half, end) = (scene.places(6.15), scene.places(6.35));
    assert_eq!(end, scene.goal());
    assert!(!scene.is_gliding(6.35));
    assert!((half[2][1] - (0.2 + end[2][1]) / 2.0).abs() < 1e-3);
    assert!((end[0][0] + 1.0).abs() < 1e-3 && end[2][1] > 0.2);
    scene.show(&next, 9.0);
    assert!(!scene.is_gliding(9.1));
    scene.show(&layout(vec![[0.0, 0.0], [1.0, 1.0]]), 10.0);
    assert_eq!(scene.places(10.0).len(), 2);
}

#[test]
fn tsne_is_made_on_demand_only_and_says_of_which_step() {
    let mut harness = harness([answer(10, set(labelled(), 0.0))]);
    harness.run_steps(2);
    harness.get_by_label("t-SNE").click();
    harness.run_steps(4);
    let made = |world: &World| world.0.layouts.of(Code::Pose, Method::Tsne).is_some();
    assert!(!made(harness.state()));
    harness.get_by_label("Save picture").click();
    harness.run_steps(2);
    let nothing = Command::Say("There is no map to save yet.".into());
    assert_eq!(harness.state().2.commands, [nothing]);
    harness.get_by_label("Make the map").click();
    harness.run_steps(2);
    wait(&mut harness, made);
    assert_eq!(shown(harness.state()), Some((Code::Pose, Method::Tsne, 10)));
    assert!(harness.query_by_label("t-SNE of step 10.").is_some());
    let next = answer(30, set(labelled(), 2.0));
    harness.state_mut().1.on_event(&Event::Answer(next));
    harness.run_steps(4);
    assert_eq!(shown(harness.state()), Some((Code::Pose, Method::Tsne, 10)));
    assert!(
        harness
            .query_by_label("t-SNE of step 10, 20 steps ago.")
            .is_some()
    );
    assert!(harness.query_by_label("Make again").is_some());
}

#[test]
fn codes_that_are_not_finite_are_told() {
    let mut broken = set(labelled(), 0.0);
    broken.codes.f_p.data[4] = f32::NAN;
    let mut harness = harness([answer(10, broken)]);
    wait(&mut harness, |(map, ..)| {
        map.layouts.of(Code::Pose, Method::Pca).is_some()
    });
    let told = "There is no map: the feature of picture 1 ";
    let lines = harness.query_all_by(|node| node.value().is_some_and(|it| it.starts_with(told)));
    assert!(lines.count() > 0);
}

#[test]
fn the_picture_shows_the_map_on_the_screen() {
    let mut harness = harness([answer(10, set(labelled(), 0.0))]);
    wait(&mut harness, |world| shown(world).is_some());
    harness.get_by_label("person").click();
    harness.run_steps(2);
    harness.get_by_label("Save picture").click();
    harness.run_steps(2);
    let [Command::Save { name, bytes }] = &harness.state().2.commands[..] else {
        panic!("one file");
    };
    assert_eq!(name, "map.png");
    let picture = image::load_from_memory(bytes).unwrap().to_rgb8();
    let colour = figure::palette::class_mark(2).0;
    assert!(picture.pixels().any(|pixel| pixel.0 == colour));
}

#[test]
fn faces_without_labels_and_refusals_are_told() {
    let blank = set(vec![FaceLabel::default(); FACES], 0.0);
    let mut harness = harness([answer(1, blank)]);
    harness.run_steps(2);
    let text = "These faces have no labels, so the points have no colours.";
    assert!(harness.query_by_label(text).is_some());
    harness.get_by_label("Faces as points").click();
    wait(&mut harness, |world| {
        world.0.thumbnails && shown(world).is_some()
    });
    let refusal = Answer {
        step: 2,
        question: QUESTION,
        reply: Reply::No("The network is busy.".into()),
    };
    harness
        .state_mut()
        .1
        .on_event(&Event::Answer(Arc::new(refusal)));
    harness.run_steps(2);
    assert!(harness.query_by_label("The network is busy.").is_some());
}
