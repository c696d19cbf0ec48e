use std::io::Cursor;
use std::time::{Duration, Instant};

use eframe::egui::{Key, pos2};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;
use image::{ImageFormat, Rgb, RgbImage};

use super::*;
use crate::lab::look::theme;
use crate::train::ask::{Answer, NewFace, Reply};
use crate::train::event::{Event, FaceGrid};

struct App {
    panel: Photo,
    state: LabState,
    desk: Desk,
    themed: bool,
}

fn grid(kind: &str, columns: usize, rows: usize) -> FaceGrid {
    FaceGrid {
        step: 7,
        kind: kind.into(),
        columns: vec!["s".into(); columns],
        rows,
        tile_px: 64,
        pixels: Arc::new(vec![90; 3 * 64 * 64 * columns * rows]),
    }
}

fn harness() -> Harness<'static, App> {
    let mut state = LabState {
        can_ask: true,
        ..LabState::default()
    };
    state.on_event(&Event::Gallery(grid("gallery", 1, 6)));
    let app = App {
        panel: Photo::default(),
        state,
        desk: Desk::default(),
        themed: false,
    };
    Harness::builder()
        .with_size(Vec2::new(900.0, 600.0))
        .with_step_dt(0.05)
        .build_ui_state(
            |ui, app: &mut App| {
                if !std::mem::replace(&mut app.themed, true) {
                    theme::install(ui.ctx());
                }
                app.panel.ui(ui, &app.state, &mut app.desk);
            },
            app,
        )
}

/// Upper half red, lower half green, as PNG.
fn two_colours() -> Vec<u8> {
    let picture = RgbImage::from_fn(200, 200, |_, y| {
        Rgb(if y < 100 {
            [220, 20, 10]
        } else {
            [10, 180, 60]
        })
    });
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, ImageFormat::Png).unwrap();
    bytes.into_inner()
}

/// Hands a file over and waits until it is read.
fn drop_file(window: &mut Harness<'_, App>, name: &str, bytes: &[u8]) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    let App { panel, desk, .. } = window.state_mut();
    panel.take_file(&path, desk);
    settle(window);
}

/// Waits until nothing is being read.
fn settle(window: &mut Harness<'_, App>) {
    let begun = Instant::now();
    while !window.state().panel.loading.is_empty() && begun.elapsed() < Duration::from_secs(20) {
        window.step();
        std::thread::sleep(Duration::from_millis(5));
    }
    window.run_steps(2);
}

/// The faces that were handed over since the last call; the app puts them into the state.
fn added(window: &mut Harness<'_, App>) -> Vec<Arc<NewFace>> {
    let App { state, desk, .. } = window.state_mut();
    let mut faces = Vec::new();
    for command in desk.commands.drain(..) {
        if let Command::AddFace { name, face } = command {
            state.add_photo(face.id, name, face.pixels.clone());
            faces.push(face);
        }
    }
    faces
}

fn said(window: &Harness<'_, App>, part: &str) -> bool {
    let commands = window.state().desk.commands.iter();
    commands
        .filter(|command| matches!(command, Command::Say(text) if text.contains(part)))
        .count()
        == 1
}

#[test]
fn a_crop_goes_to_the_network_and_again_when_the_box_has_rested() {
    let mut window = harness();
    drop_file(&mut window, "me.png", &two_colours());
    assert!(added(&mut window).is_empty(), "nothing before the button");
    assert!(
        window
            .state()
            .panel
            .questions(&window.state().state)
            .is_empty()
    );

    window.get_by_label("Use this crop").click();
    window.run_steps(3);
    let faces = added(&mut window);
    let [face] = &faces[..] else {
        panic!("{}", faces.len())
    };
    assert_eq!((face.id, face.pixels.len()), (FaceId(1000), 3 * 64 * 64));
    // The box is 160 high and begins at 14: red down to (100 − 14) / 160 of the crop.
    let pixel = |y: usize| &face.pixels[3 * 64 * y..][..3];
    assert_eq!(pixel(0), [220, 20, 10]);
    assert_eq!(pixel(33), [220, 20, 10]);
    assert_eq!(pixel(36), [10, 180, 60]);
    assert_eq!(pixel(63), [10, 180, 60]);

    window.get_by_label("Crop box").focus();
    window.run_steps(1);
    window.key_press(Key::ArrowDown);
    window.step();
    assert!(added(&mut window).is_empty(), "the box has just moved");
    window.run_steps(8);
    let again = added(&mut window);
    assert_eq!(again.len(), 1, "once for one move");
    assert_eq!(again[0].id, FaceId(1000));
    assert_ne!(again[0].pixels, face.pixels);
    window.run_steps(8);
    assert!(added(&mut window).is_empty());
}

#[test]
fn it_is_shown_rebuilt_and_swapped() {
    let mut window = harness();
    drop_file(&mut window, "me.png", &two_colours());
    window.get_by_label("Use this crop").click();
    window.run_steps(3);
    added(&mut window);
    let photo = FaceId(1000);
    let questions = window.state().panel.questions(&window.state().state);
    let company: Vec<FaceId> = [1000, 0, 1, 2, 3].map(FaceId).into();
    let faces = vec![photo];
    let (looks, poses) = (company.clone(), company);
    assert_eq!(
        questions,
        [Question::Faces { faces }, Question::Swap { looks, poses }]
    );
    window.run_steps(2);
    assert_eq!(window.get_all_by_label("Asking the network…").count(), 2);

    let answer = |question: &Question, grid: FaceGrid| {
        Event::Answer(Arc::new(Answer {
            step: 7,
            question: question.clone(),
            reply: Reply::Grid(grid),
        }))
    };
    let state = &mut window.state_mut().state;
    state.on_event(&answer(&questions[0], grid("faces", 9, 1)));
    state.on_event(&answer(&questions[1], grid("swap", 5, 5)));
    window.run_steps(2);
    assert_eq!(window.query_all_by_label("Asking the network…").count(), 0);
    assert!(
        window
            .query_by_label("Look of me.png, pose of face 2")
            .is_some()
    );
    // An answer to the same kind of question of another panel changes nothing here.
    let other = Question::Swap {
        looks: vec![FaceId(0)],
        poses: vec![FaceId(1)],
    };
    let event = answer(&other, grid("swap", 1, 1));
    window.state_mut().state.on_event(&event);
    window.run_steps(2);
    assert!(
        window
            .query_by_label("Look of me.png, pose of face 2")
            .is_some()
    );

    window.get_by_label("Morph it").click();
    window.run_steps(3);
    let morph = Command::Morph(FaceId(FaceId::FIRST_PHOTO));
    assert!(window.state().desk.commands.contains(&morph));
}

#[test]
fn what_is_no_image_gives_a_sentence_and_the_photo_stays() {
    let mut window = harness();
    drop_file(&mut window, "me.png", &two_colours());
    drop_file(
        &mut window,
        "letter.txt",
        b"Dear network, this is no picture.",
    );
    assert!(said(&window, "letter.txt"));
    assert!(
        window
            .query_by_label_contains("letter.txt cannot be used: its content")
            .is_some()
    );
    assert!(window.query_by_label("Crop box").is_some());
    let panel = &window.state().panel;
    assert_eq!(
        (panel.shots.len(), panel.shots[panel.shown].name.as_str()),
        (1, "me.png")
    );

    let App { panel, desk, .. } = window.state_mut();
    panel.take_file(Path::new("/nowhere/gone.jpg"), desk);
    settle(&mut window);
    assert!(said(&window, "gone.jpg cannot be used: it cannot be read"));
}

#[test]
fn several_photos_have_their_own_numbers() {
    let mut window = harness();
    drop_file(&mut window, "me.png", &two_colours());
    drop_file(&mut window, "you.png", &two_colours());
    window.get_by_label("Use this crop").click();
    window.run_steps(3);
    assert_eq!(added(&mut window)[0].id, FaceId(1001));
    window.get_by_label("Photo: me.png").click();
    window.run_steps(3);
    window.get_by_label("Use this crop").click();
    window.run_steps(3);
    assert_eq!(added(&mut window)[0].id, FaceId(1000));
    assert_eq!(window.state().panel.face(), Some(FaceId(1000)));
}

#[test]
fn dragging_moves_the_box() {
    let mut window = harness();
    drop_file(&mut window, "me.png", &two_colours());
    let photo = window.get_by_label("Crop box").rect();
    let before = window.state().panel.shots[0].square();
    window.drag_at(photo.center());
    window.run_steps(2);
    let far = pos2(photo.right() + 500.0, photo.center().y);
    window.hover_at(far);
    window.run_steps(2);
    window.drop_at(far);
    window.run_steps(2);
    let after = window.state().panel.shots[0].square();
    assert_eq!(after.side, before.side);
    assert_eq!(after.left, 200.0 - after.side, "held back at the edge");
}

#[test]
fn the_ways_in() {
    let mut window = harness();
    window.run_steps(2);
    window.get_by_label("Choose a photo…").click();
    window.run_steps(3);
    assert!(window.state().desk.commands.contains(&Command::ChoosePhoto));
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("typed.png");
    std::fs::write(&path, two_colours()).unwrap();
    window.state_mut().panel.path = format!("\"{}\"", path.display());
    window.run_steps(1);
    window.get_by_label("Open").click();
    window.run_steps(3);
    settle(&mut window);
    assert_eq!(window.state().panel.shots[0].name, "typed.png");
}
