//! What the panel says, shows and asks.

use std::sync::Arc;

use eframe::egui::Vec2;
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;

use super::quantity::{NEAREST_POSE, QUANTITIES, SAME_PERSON};
use super::table::Mark;
use super::*;
use crate::config::RunConfig;
use crate::eval::probe::{
    CodeReport, Interval, KnowledgeTable, PoseRetrieval, Regression, Retrieval,
};
use crate::lab::desk::Command;
use crate::lab::look::theme;
use crate::train::ask::{Answer, Reply};
use crate::train::event::{EpochReport, Event};

/// A code with a yaw error, a pose error and a share of right people.
fn code(name: &str, yaw_deg: f64, angle_deg: f64, same_person: f64) -> CodeReport {
    CodeReport {
        code: name.into(),
        yaw: Some(Regression {
            r2: None,
            mae_deg: yaw_deg,
        }),
        retrieval: Retrieval {
            pose_other_identity: Some(PoseRetrieval {
                yaw_deg: angle_deg / 2.0,
                angle_deg,
            }),
            identity_other_pose: Some(same_person),
        },
        ..CodeReport::default()
    }
}

fn table(f_f: CodeReport, f_p: CodeReport) -> KnowledgeTable {
    KnowledgeTable {
        codes: vec![
            code("F_s", 20.0, 30.0, 0.3),
            f_f,
            f_p,
            code("chance", 30.0, 40.0, 0.1),
            code("raw pixels", 12.0, 28.0, 0.2),
        ],
        note: Some("800 generated faces".into()),
        ..KnowledgeTable::default()
    }
}

fn separated() -> KnowledgeTable {
    table(code("F_f", 25.0, 36.0, 0.6), code("F_p", 6.0, 10.0, 0.15))
}

fn report(step: u64, table: KnowledgeTable) -> KnowledgeReport {
    KnowledgeReport {
        step,
        epoch: 1,
        ms: 300.0,
        table,
    }
}

fn state_with(reports: impl IntoIterator<Item = KnowledgeReport>) -> LabState {
    let mut state = LabState {
        can_ask: true,
        ..LabState::default()
    };
    for report in reports {
        state.step = report.step;
        state.on_event(&Event::Knowledge(Box::new(report)));
    }
    state
}

type World = (Knowledge, LabState, Desk);

fn harness(state: LabState) -> Harness<'static, World> {
    Harness::builder()
        .with_size(Vec2::new(720.0, 760.0))
        .with_context_setup(theme::install)
        .build_ui_state(
            |ui, (panel, state, desk): &mut World| panel.ui(ui, state, desk),
            (Knowledge::default(), state, Desk::default()),
        )
}

#[test]
fn rows_are_what_was_measured_and_columns_the_codes_without_chance() {
    let mut bare = separated();
    bare.codes[0].yaw = None;
    let reports = state_with([report(5, bare)]).knowledge;
    let table = Table::new(&reports).unwrap();
    let columns: Vec<(&str, bool)> = (table.columns.iter())
        .map(|column| (&column.name[..], column.is_learnt))
        .collect();
    let learnt = ["F_s", "F_f", "F_p"].map(|name| (name, true));
    assert_eq!(columns, [&learnt[..], &[("raw pixels", false)]].concat());
    let names: Vec<&str> = table.rows.iter().map(|row| row.quantity.name).collect();
    let pose = "Nearest other person's pose";
    assert_eq!(names, ["Yaw", pose, "Same person in another pose"]);
    let yaw = &table.rows[0];
    assert_eq!(yaw.chance, Some(30.0));
    assert_eq!(yaw.cells[0].value, None);
    // 6° of 30° is four fifths of the way to 0°.
    assert!((yaw.cells[2].share.unwrap() - 0.8).abs() < 1e-12);
    let person = &table.rows[2];
    assert_eq!(person.cells[1].value, Some(60.0));
    assert!(Table::new(&[]).is_none());
}

#[test]
fn the_best_learnt_code_is_marked_only_where_it_beats_chance() {
    let marks = |table: KnowledgeTable, row: usize| {
        let reports = state_with([report(5, table)]).knowledge;
        let table = Table::new(&reports).unwrap();
        let cells = &table.row(row).unwrap().cells;
        cells.iter().map(|cell| cell.mark).collect::<Vec<_>>()
    };
    use Mark::{Best, BestLearnt, None};
    assert_eq!(marks(separated(), NEAREST_POSE), [None, None, Best, None]);
    assert_eq!(marks(separated(), SAME_PERSON), [None, Best, None, None]);
    // Raw pixels (28°) are as good as what is printed alike.
    let even = table(code("F_f", 25.0, 28.04, 0.1), code("F_p", 6.0, 27.96, 0.1));
    let codes = [None, BestLearnt, BestLearnt, None];
    assert_eq!(marks(even, NEAREST_POSE), codes);
    let mut poor = table(code("F_f", 31.0, 41.0, 0.1), code("F_p", 32.0, 42.0, 0.1));
    poor.codes[0] = code("F_s", 33.0, 40.0, 0.1);
    assert_eq!(marks(poor, NEAREST_POSE), [None; 4]);
}

#[test]
fn the_history_has_the_numbers_of_this_code_and_quantity() {
    let at = |step, angle| {
        report(
            step,
            table(code("F_f", 9.0, 35.0, 0.2), code("F_p", 9.0, angle, 0.2)),
        )
    };
    let state = state_with([at(100, 40.0), at(200, 30.0), at(400, 20.0)]);
    let table = Table::new(&state.knowledge).unwrap();
    let cell = &table.row(NEAREST_POSE).unwrap().cells[2];
    let history: Vec<(f64, f64)> = cell
        .history
        .iter()
        .map(|point| (point.x, point.y))
        .collect();
    assert_eq!(history, [(100.0, 40.0), (200.0, 30.0), (400.0, 20.0)]);
    assert_eq!(cell.spark, [[0.0, 0.0], [1.0 / 3.0, 0.25], [1.0, 0.5]]);
    assert!(table.is_of(&state.knowledge));
    assert!(!table.is_of(&state.knowledge[..2]));
}

#[test]
fn a_long_history_keeps_its_newest_point_in_the_small_curve() {
    let state = state_with((1..=1000).map(|step| report(step, separated())));
    let table = Table::new(&state.knowledge).unwrap();
    let cell = &table.rows[0].cells[2];
    assert_eq!(cell.history.len(), 1000);
    assert!(cell.spark.len() <= 48 && cell.spark.len() > 24);
    assert_eq!(cell.spark[cell.spark.len() - 1][0], 1.0);
}

#[test]
fn the_finding_is_honest() {
    let words = |table: &KnowledgeTable| finding::finding(table).unwrap();
    let (verdict, numbers) = words(&separated());
    assert_eq!(
        verdict,
        "The codes are separated: F_p knows the pose, F_f much less, and F_f knows the person, \
         F_p much less."
    );
    assert_eq!(
        numbers[0],
        "Nearest other person's pose: F_p is off by 10°, F_f by 36°; guessing is off by 40°."
    );
    assert_eq!(
        numbers[1],
        "Same person in another pose: F_f is right in 60 %, F_p in 15 %; guessing in 10 %."
    );
    let verdict = |f_f, f_p| words(&table(f_f, f_p)).0;
    assert_eq!(
        verdict(code("F_f", 9.0, 20.5, 0.6), code("F_p", 9.0, 20.0, 0.1)),
        "The codes are not separated yet: F_f knows the pose as well as F_p, but F_f knows the \
         person, F_p much less."
    );
    assert!(
        verdict(code("F_f", 9.0, 10.0, 0.3), code("F_p", 9.0, 20.0, 0.6)).ends_with(
            "F_f knows the pose better than F_p, and F_p knows the person better than F_f."
        )
    );
    assert!(
        verdict(code("F_f", 9.0, 20.0, 0.6), code("F_p", 9.0, 10.0, 0.5))
            .starts_with("The codes are separating: F_p knows the pose better than F_f")
    );
    assert_eq!(
        verdict(code("F_f", 9.0, 39.0, 0.1), code("F_p", 9.0, 38.0, 0.12)),
        "No code tells the pose or the person better than guessing yet."
    );
    assert_eq!(finding::finding(&KnowledgeTable::default()), None);
}

#[test]
fn without_retrieval_the_finding_speaks_of_the_yaw_alone() {
    let mut table = separated();
    for code in &mut table.codes {
        code.retrieval = Retrieval::default();
    }
    let (verdict, numbers) = finding::finding(&table).unwrap();
    assert_eq!(verdict, "F_p knows the pose, F_f much less.");
    assert_eq!(
        numbers,
        ["Yaw: F_p is off by 6.0°, F_f by 25°; guessing is off by 30°."]
    );
}

#[test]
fn measure_now_asks_until_a_newer_measurement_is_there() {
    let mut state = state_with([report(100, separated())]);
    state.step = 150;
    let mut harness = harness(state);
    let asked = |world: &World| world.0.questions(&world.1);
    assert_eq!(asked(harness.state()), []);
    harness.get_by_label("Measure now").click();
    harness.run();
    assert_eq!(asked(harness.state()), [Question::Knowledge]);
    assert!(harness.query_by_label("Measuring…").is_some());
    let state = &mut harness.state_mut().1;
    state.on_event(&Event::Knowledge(Box::new(report(100, separated()))));
    assert_eq!(asked(harness.state()), [Question::Knowledge]);
    let state = &mut harness.state_mut().1;
    state.on_event(&Event::Knowledge(Box::new(report(151, separated()))));
    assert_eq!(asked(harness.state()), []);
    harness.run();
    assert!(harness.query_by_label("Measure now").is_some());
}

#[test]
fn nothing_is_asked_twice_at_one_step_or_of_nobody() {
    let mut harness = harness(state_with([report(100, separated())]));
    harness.get_by_label("Measure now").click();
    harness.run();
    assert!(harness.state().0.asked.is_none());
    harness.state_mut().1.step = 101;
    harness.run();
    harness.get_by_label("Measure now").click();
    harness.run();
    assert!(harness.state().0.asked.is_some());
    harness.state_mut().1.can_ask = false;
    harness.run();
    assert!(harness.state().0.asked.is_none());
}

#[test]
fn a_refusal_ends_the_wait_and_is_told() {
    let mut harness = harness(state_with([]));
    harness.get_by_label("Measure now").click();
    harness.run();
    let answer = Answer {
        step: 0,
        question: Question::Knowledge,
        reply: Reply::No("These faces have no labels.".into()),
    };
    let state = &mut harness.state_mut().1;
    state.on_event(&Event::Answer(Arc::new(answer)));
    harness.run();
    assert!(
        harness
            .query_by_label("These faces have no labels.")
            .is_some()
    );
    assert_eq!(harness.state().0.questions(&harness.state().1), []);
}

#[test]
fn nobody_waits_for_ever() {
    let mut harness = harness(state_with([]));
    harness.get_by_label("Measure now").click();
    harness.run();
    harness.state_mut().1.step = PATIENCE_STEPS;
    harness.run();
    assert_eq!(harness.state().0.questions(&harness.state().1).len(), 1);
    harness.state_mut().1.step += 1;
    harness.run();
    assert_eq!(harness.state().0.questions(&harness.state().1), []);
    assert!(harness.query_by_label("Measure now").is_some());
}

#[test]
fn a_click_on_a_row_shows_its_history() {
    let mut harness = harness(state_with([report(1, separated()), report(2, separated())]));
    harness.run();
    assert_eq!(harness.state().0.selected, None);
    harness.get_by_label("Yaw").click();
    harness.run();
    let selected = harness.state().0.selected.unwrap();
    assert_eq!(QUANTITIES[selected].name, "Yaw");
}

#[test]
fn baselines_are_shown_on_demand() {
    let mut harness = harness(state_with([report(1, separated())]));
    harness.run();
    assert!(harness.query_by_label("Yaw, F_p: 6.0°").is_some());
    assert!(harness.query_by_label("Yaw, raw pixels: 12.0°").is_none());
    harness.get_by_label("Show baselines").click();
    harness.run();
    assert!(harness.query_by_label("Yaw, raw pixels: 12.0°").is_some());
}

#[test]
fn intervals_belong_to_their_cells() {
    let mut table = separated();
    let f_p = &mut table.codes[2].intervals;
    for (name, low, high) in [
        ("yaw_mae_deg", 5.5, 6.6),
        ("retrieval_identity_accuracy", 0.1, 0.2),
    ] {
        f_p.insert(name.into(), Interval { low, high });
    }
    let shown = Table::new(&state_with([report(1, table)]).knowledge).unwrap();
    let of = |row: usize, cell: usize| shown.rows[row].cells[cell].interval;
    assert_eq!((of(0, 2), of(0, 1)), (Some([5.5, 6.6]), None));
    assert_eq!(of(2, 2), Some([10.0, 20.0]));
}

#[test]
fn files_hold_a_picture_and_every_number() {
    let reports = [report(1, separated()), report(2, separated())];
    let mut harness = harness(state_with(reports.clone()));
    harness.get_by_label("Save picture").click();
    harness.run();
    harness.get_by_label("Save table").click();
    harness.run();
    let [
        Command::Save {
            name: png,
            bytes: picture,
        },
        Command::Save {
            name: csv,
            bytes: table,
        },
    ] = &harness.state().2.commands[..]
    else {
        panic!("{:?}", harness.state().2.commands.len());
    };
    assert!(png.ends_with(".png") && csv.ends_with(".csv"));
    assert!(image::load_from_memory(picture).unwrap().width() > 300);
    let text = std::str::from_utf8(table).unwrap();
    assert!(text.starts_with("step,epoch,code,quantity,value\n1,1,F_s,yaw_mae_deg,20\n"));
    let numbers: usize = reports.iter().map(|report| report.table.rows().len()).sum();
    assert_eq!(text.lines().count(), 1 + numbers);
}

#[test]
fn collapse_is_told() {
    let mut collapsed = separated();
    collapsed.codes[2].spread.collapsed = Some("F_p has collapsed".into());
    let mut harness = harness(state_with([report(1, collapsed)]));
    harness.run();
    assert!(harness.query_by_label("⚠ F_p has collapsed.").is_some());
}

#[test]
fn an_empty_panel_says_why() {
    let mut state = LabState::default();
    assert!(words::empty(&state).starts_with("After this epoch"));
    state.epochs.push(EpochReport {
        epoch: 1,
        step: 10,
        dis: 1.0,
        face: None,
        pose: None,
        omega_pose: None,
        omega_face: None,
        next_alpha_pose: 1.0,
        next_alpha_face: 1.0,
    });
    state.step = 11;
    assert!(words::empty(&state).contains("labels.csv"));
    let text = "What the codes know is not measured: labels.csv has no row".to_owned();
    state.on_event(&Event::Warning { text: text.clone() });
    assert_eq!(words::empty(&state), text);
    let mut config = RunConfig::default();
    config.knowledge.pictures = 0;
    state.config = Some(Arc::new(config));
    assert!(words::empty(&state).contains("knowledge.pictures is 0"));
}
