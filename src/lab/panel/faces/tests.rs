use std::sync::Arc;

use eframe::egui::Vec2;
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;

use super::enlarged::{compare, mirrored};
use super::strip::places;
use super::thumbs::FACE_BYTES;
use super::*;
use crate::lab::desk::Command;
use crate::train::ask::{Answer, FACES_COLUMNS};
use crate::train::event::Event;

const RECORD: [&str; 6] = ["s", "F_f^ + F_p", "F_f + F_p^", "F_f", "F_p", "F_p^"];

/// Tiles of one gray each: the step, then its place in the grid.
fn grid(kind: &str, step: u64, columns: &[&str], rows: usize) -> FaceGrid {
    let tiles = rows * columns.len();
    let gray = |tile: usize| (step as usize + tile) as u8;
    FaceGrid {
        step,
        kind: kind.into(),
        columns: columns.iter().map(|&text| text.into()).collect(),
        rows,
        tile_px: 64,
        pixels: Arc::new(
            (0..tiles)
                .flat_map(|tile| [gray(tile); FACE_BYTES])
                .collect(),
        ),
    }
}

fn ids(numbers: &[u32]) -> Vec<FaceId> {
    numbers.iter().map(|&number| FaceId(number)).collect()
}

fn answer(step: u64, faces: &[u32]) -> Event {
    let grid = grid("faces", step, &FACES_COLUMNS, faces.len());
    Event::Answer(Arc::new(Answer {
        step,
        question: Question::Faces { faces: ids(faces) },
        reply: Reply::Grid(grid),
    }))
}

/// Three faces of the run and a photo.
fn state() -> LabState {
    let mut state = LabState::default();
    state.on_event(&Event::Gallery(grid("gallery", 0, &["s"], 3)));
    state.add_photo(FaceId(1000), "me.jpg".into(), vec![9; FACE_BYTES]);
    state.can_ask = true;
    state
}

struct Window {
    panel: Faces,
    state: LabState,
    desk: Desk,
}

impl Window {
    fn shown_step(&self) -> Option<u64> {
        Some(self.panel.picture(&self.state)?.step)
    }
}

fn open(state: LabState) -> Harness<'static, Window> {
    let window = Window {
        panel: Faces::default(),
        state,
        desk: Desk::default(),
    };
    let mut harness = Harness::builder()
        .with_size(Vec2::new(1200.0, 900.0))
        .with_context_setup(crate::lab::look::theme::install)
        .build_ui_state(
            |ui, window: &mut Window| {
                window.panel.ui(ui, &window.state, &mut window.desk);
            },
            window,
        );
    harness.run();
    harness
}

fn click(harness: &mut Harness<'static, Window>, label: &str) {
    harness.get_by_label(label).click();
    harness.run();
}

#[test]
fn questions_follow_the_chosen_faces() {
    let mut harness = open(state());
    let asked = |harness: &Harness<'static, Window>| {
        let window = harness.state();
        window.panel.questions(&window.state)
    };
    let faces = |numbers: &[u32]| {
        vec![Question::Faces {
            faces: ids(numbers),
        }]
    };
    assert_eq!(asked(&harness), faces(&[0, 1, 2, 1000]));
    click(&mut harness, "Face 2");
    assert_eq!(asked(&harness), faces(&[0, 2, 1000]));
    click(&mut harness, "me.jpg");
    click(&mut harness, "Face 2");
    // In the order of all faces, not in that of the clicks.
    assert_eq!(asked(&harness), faces(&[0, 1, 2]));
    click(&mut harness, "Face 3");
    click(&mut harness, "Swap matrix");
    let (looks, poses) = (ids(&[0, 1]), ids(&[0, 1]));
    assert_eq!(asked(&harness), [Question::Swap { looks, poses }]);
    click(&mut harness, "Face 1");
    click(&mut harness, "Face 2");
    assert_eq!(asked(&harness), []);
    harness.get_by_label("Choose one or more faces above.");
}

#[test]
fn only_the_first_faces_are_chosen_at_first() {
    let mut state = LabState::default();
    state.on_event(&Event::Gallery(grid("gallery", 0, &["s"], 8)));
    let chosen = Choice::default().faces(&state);
    assert_eq!(chosen, ids(&[0, 1, 2, 3, 4, 5]));
}

#[test]
fn a_pinned_face_is_asked_about_when_it_is_not_chosen() {
    let mut state = state();
    state.on_event(&answer(5, &[0, 1, 2, 1000]));
    let mut harness = open(state);
    click(&mut harness, "Pin face 2");
    click(&mut harness, "Face 2");
    let window = harness.state();
    let faces = ids(&[0, 1, 2, 1000]);
    assert_eq!(
        window.panel.questions(&window.state),
        [Question::Faces { faces }]
    );
    assert!(harness.query_by_label("Pin face 2").is_none());
    harness.get_by_label("Face 2 after step 5");
}

#[test]
fn the_past_stays_until_live_is_chosen() {
    let mut state = state();
    for step in [10, 20, 30] {
        state.on_event(&answer(step, &[0, 1, 2, 1000]));
    }
    let mut harness = open(state);
    harness.get_by_label("After step 30");
    harness.get_by_label("Step").set_value_accesskit(1.0);
    harness.run();
    harness.get_by_label("After step 20");
    let newer = answer(40, &[0, 1, 2, 1000]);
    harness.state_mut().state.on_event(&newer);
    harness.run();
    harness.get_by_label("After step 20");
    assert_eq!(harness.state().shown_step(), Some(20));
    click(&mut harness, "Live");
    assert_eq!(harness.state().shown_step(), Some(40));
    // The right end of the slider is the present as well.
    harness.get_by_label("Step").set_value_accesskit(0.0);
    harness.run();
    harness.get_by_label("Step").set_value_accesskit(3.0);
    harness.run();
    let newest = answer(50, &[0, 1, 2, 1000]);
    harness.state_mut().state.on_event(&newest);
    harness.run();
    harness.get_by_label("After step 50");
}

#[test]
fn the_moment_is_the_nearest_picture_there_is() {
    let mut moment = Moment::default();
    moment.go_to(&[10, 20, 30], 1);
    assert_eq!(moment.past_index(&[10, 18, 30]), Some(1));
    assert_eq!(moment.past_index(&[]), None);
    moment.go_to(&[10, 20, 30], 2);
    assert!(moment.is_live());
}

#[test]
fn the_record_does_not_take_the_place_of_an_answer() {
    let mut state = state();
    state.on_event(&answer(10, &[0, 1]));
    state.on_event(&Event::Faces(grid("reconstruction", 12, &RECORD, 3)));
    let shown = |state: &LabState| reconstructions::shown(state, &Moment::default());
    assert_eq!(shown(&state), Some(0));
    // Without a network no answer will come.
    state.can_ask = false;
    assert_eq!(shown(&state), Some(1));
}

#[test]
fn a_step_of_the_record_says_whom_it_lacks() {
    let mut state = state();
    state.on_event(&Event::Faces(grid("reconstruction", 12, &RECORD, 3)));
    state.can_ask = false;
    let harness = open(state);
    harness.get_by_label("Not in the record of this step: me.jpg.");
    assert!(harness.query_by_label("Pin face 3").is_some());
    assert!(harness.query_by_label("Pin me.jpg").is_none());
    assert_eq!(
        harness
            .state()
            .panel
            .picture(&harness.state().state)
            .unwrap()
            .rows,
        3
    );
}

#[test]
fn the_strip_holds_the_same_tile_of_every_picture() {
    let mut state = state();
    state.on_event(&Event::Faces(grid("reconstruction", 10, &RECORD, 3)));
    state.on_event(&answer(20, &[2, 1]));
    state.on_event(&answer(30, &[0]));
    let snapshots = &state.snapshots.reconstructions;
    let found = places(snapshots, &ids(&[1, 2]), "F_f^ + F_p");
    let tiles: Vec<(u64, &[Option<usize>])> = found
        .iter()
        .map(|place| (place.step, &place.tiles[..]))
        .collect();
    // Rows of 6 and of 9 tiles; the last picture shows neither face.
    assert_eq!(
        tiles,
        [
            (10, &[Some(6 + 1), Some(12 + 1)][..]),
            (20, &[Some(9 + 4), Some(4)][..]),
        ]
    );
    // The record has no such column.
    let found = places(snapshots, &ids(&[0]), "F_f + F_p");
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].snapshot, found[0].step), (2, 30));
}

#[test]
fn a_tile_of_the_strip_leads_to_its_step() {
    let mut state = state();
    for step in [10, 20, 30] {
        state.on_event(&answer(step, &[0, 1, 2, 1000]));
    }
    let mut harness = open(state);
    click(&mut harness, "Pin face 1");
    click(&mut harness, "Face 1 after step 20");
    assert_eq!(harness.state().shown_step(), Some(20));
    click(&mut harness, "Pin face 1");
    assert!(harness.query_by_label("Face 1 after step 20").is_none());
}

#[test]
fn decoded_pictures_are_compared_with_their_targets() {
    // s is 0, ŝ is 1, the decoded ones are 2, 3, 4, 5.
    let all = grid("faces", 0, &FACES_COLUMNS, 1);
    let own = compare(&all, 0, 2).unwrap();
    assert_eq!((own.target, own.difference), ("s", 2.0 / 255.0));
    let mirror = compare(&all, 0, 3).unwrap();
    assert_eq!((mirror.target, mirror.difference), ("s^", 2.0 / 255.0));
    assert!(compare(&all, 0, 6).is_none());
    // Without a column ŝ, the face itself is mirrored.
    let record = grid("reconstruction", 0, &RECORD, 1);
    let mirror = compare(&record, 0, 2).unwrap();
    assert_eq!((mirror.target, mirror.difference), ("s^", 2.0 / 255.0));
}

#[test]
fn mirrored_pictures_keep_their_lines_and_colours() {
    let rgb = [1, 2, 3, 4, 5, 6, 10, 20, 30, 40, 50, 60];
    assert_eq!(
        mirrored(&rgb, 2),
        [4, 5, 6, 1, 2, 3, 40, 50, 60, 10, 20, 30]
    );
}

#[test]
fn the_goal_stands_beside_the_faces_it_was_drawn_for() {
    let mut state = state();
    state.on_event(&answer(10, &[0, 1, 2, 1000]));
    let without = open(state);
    assert!(without.query_by_label("Goal").is_none());
    let mut state = self::state();
    state.on_event(&answer(10, &[0, 1, 2, 1000]));
    state.on_event(&Event::Goal(grid(
        "goal",
        0,
        &["F_f + F_p", "F_f + F_p^"],
        3,
    )));
    let mut harness = open(state);
    let own = harness.get_by_label("Face 3, face rebuilt").rect();
    let goal = harness.get_by_label("Goal for face 3: face rebuilt").rect();
    assert_eq!((own.y_range(), own.size()), (goal.y_range(), goal.size()));
    let last = harness.get_by_label("Face 3, mirrored pose alone").rect();
    assert!(goal.left() > last.right() + goal::GAP / 2.0);
    let mirrored = "Goal for face 3: own look, mirrored pose";
    assert!(harness.get_by_label(mirrored).rect().right() < 1200.0);
    // The trained network was not asked about the photo.
    assert!(harness.query_by_label_contains("Goal for me.jpg").is_none());
    click(&mut harness, "Goal");
    assert!(harness.query_by_label(mirrored).is_none());
    let wider = harness.get_by_label("Face 3, face rebuilt").rect();
    assert!(wider.width() > own.width());
}

/// A matrix of the record and a newer answer about other faces.
fn swapped() -> LabState {
    let mut state = state();
    let columns = ["look \\ pose", "1", "2", "3"];
    state.on_event(&Event::Faces(grid("swap", 10, &columns, 4)));
    let (looks, poses) = (ids(&[1, 1000]), ids(&[1, 1000]));
    state.on_event(&Event::Answer(Arc::new(Answer {
        step: 20,
        question: Question::Swap { looks, poses },
        reply: Reply::Grid(grid("swap", 20, &["2", "me.jpg"], 2)),
    })));
    state
}

#[test]
fn the_matrix_shows_the_right_look_in_the_right_pose() {
    let state = swapped();
    let mut moment = Moment::default();
    let chosen = ids(&[1, 2, 1000]);
    let gray = |grid: &FaceGrid, tile: usize| grid.pixels[tile * FACE_BYTES];
    let live = swap::picture(&state, &moment, &chosen).unwrap();
    assert_eq!((live.step, live.rows, live.columns.len()), (20, 3, 3));
    // Corner, pose of face 2 and of the photo; then each look before its row.
    let edges = [0, 1, 2, 3, 6].map(|tile| gray(&live, tile));
    assert_eq!(edges, [255, 1, 9, 1, 9]);
    let inside = [4, 5, 7, 8].map(|tile| gray(&live, tile));
    assert_eq!(inside, [20, 21, 22, 23]);

    moment.go_to(&swap::steps(&state), 0);
    let past = swap::picture(&state, &moment, &chosen).unwrap();
    assert_eq!((past.step, past.rows), (10, 3));
    // Rows 2 and 3 of the record's matrix, whose own edge is left out.
    let inside = [4, 5, 7, 8].map(|tile| gray(&past, tile));
    assert_eq!(inside, [10 + 10, 10 + 11, 10 + 14, 10 + 15]);
}

#[test]
fn the_matrix_says_what_it_shows() {
    let mut harness = open(swapped());
    click(&mut harness, "Swap matrix");
    harness.get_by_label("After step 20");
    harness.get_by_label("Look of face 2 in the pose of me.jpg");
    harness.get_by_label("Asking the network about: Face 1, Face 3.");
    harness.get_by_label("Step").set_value_accesskit(0.0);
    harness.run();
    harness.get_by_label("Look of face 1 in the pose of face 3");
    // Nothing is asked for the sake of the past.
    let window = harness.state();
    assert_eq!(window.panel.questions(&window.state), []);
}

#[test]
fn the_shown_picture_is_saved() {
    let mut state = state();
    state.on_event(&answer(10, &[0, 1, 2, 1000]));
    let mut harness = open(state);
    click(&mut harness, "Face 1");
    click(&mut harness, "Save picture");
    let saved = harness
        .state()
        .desk
        .commands
        .iter()
        .find_map(|command| match command {
            Command::Save { name, bytes } => Some((name.as_str(), bytes)),
            _ => None,
        });
    let (name, bytes) = saved.unwrap();
    assert_eq!(name, "faces.png");
    let picture = image::load_from_memory(bytes).unwrap();
    let grid = grid("faces", 10, &FACES_COLUMNS, 3);
    let size = crate::record::grid::png_size(&grid);
    assert_eq!((picture.width(), picture.height()), size);
}

#[test]
fn before_the_first_picture_it_says_what_will_come() {
    let harness = open(LabState::default());
    harness.get_by_label_contains("No pictures yet.");
    let harness = open(state());
    harness.get_by_label_contains("In a moment: a row for each face");
}
