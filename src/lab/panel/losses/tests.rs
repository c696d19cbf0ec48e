use std::cell::RefCell;

use eframe::egui::{self, vec2};
use egui_kittest::{Harness, kittest::Queryable};
use egui_plot::GridInput;

use super::graph::ends::spread;
use super::graph::number;
use super::graph::scale::{Scale, whole_marks};
use super::graph::trace::{Knot, nearest};
use super::terms::TERMS;
use super::traces::{Average, Choice, knots};
use super::*;
use crate::lab::desk::Command;
use crate::lab::look::theme;
use crate::record::history::Span;
use crate::train::event::{EpochReport, Event, RunInfo, StepReport};

/// A run of so many steps, ten per epoch; L_orth takes no part.
fn run(steps: u64) -> LabState {
    let mut state = LabState::default();
    state.on_event(&Event::Started(Box::new(RunInfo {
        dir: "run".into(),
        preset: "tiny".into(),
        device: "CPU".into(),
        data: "faces".into(),
        parameters: 1,
        images_per_step: 1,
        steps_per_epoch: 10,
        last_step: steps,
        resumed_at: 0,
        chance_face: 6.238,
        chance_pose: 4.615,
    })));
    for step in 1..=steps {
        let x = step as f64;
        state.on_event(&Event::Step(StepReport {
            step,
            epoch: (step as u32).div_ceil(10),
            total: 12.0 / x,
            dis: Some(0.5 / x),
            t1: Some(0.125 / x),
            face: Some(6.0),
            pose: (step > 2).then_some(4.5),
            lr: 1e-4,
            grad_norm: 3.0,
            ..StepReport::default()
        }));
        if step % 10 == 0 {
            state.on_event(&Event::Epoch(EpochReport {
                epoch: (step / 10) as u32,
                step,
                dis: 0.5,
                face: Some(6.0),
                pose: Some(4.5),
                omega_pose: None,
                omega_face: None,
                next_alpha_pose: 1.0,
                next_alpha_face: 1.0,
            }));
        }
    }
    state
}

/// A panel in a window, and what it put on the desk.
fn with_panel(
    state: &LabState,
    size: egui::Vec2,
    act: impl FnOnce(&mut Harness, &RefCell<Losses>),
) -> Desk {
    let panel = RefCell::new(Losses::default());
    let desk = RefCell::new(Desk::default());
    {
        let mut harness = Harness::builder()
            .with_size(size)
            .with_context_setup(theme::install)
            .with_step_dt(0.06)
            .build_ui(|ui| {
                panel.borrow_mut().ui(ui, state, &mut desk.borrow_mut());
            });
        harness.run();
        act(&mut harness, &panel);
    }
    desk.into_inner()
}

const LARGE: egui::Vec2 = vec2(900.0, 500.0);

#[test]
fn the_average_starts_at_the_first_value_and_follows_with_its_weight() {
    let average = |keep, values: &[f64]| -> Vec<f64> {
        let mut average = Average::new(keep);
        values.iter().map(|value| average.push(*value)).collect()
    };
    assert_eq!(average(0.0, &[3.0, 5.0, 1.0]), [3.0, 5.0, 1.0]);
    let constant = average(0.9, &[2.5; 20]);
    assert!(constant.iter().all(|value| (value - 2.5).abs() < 1e-12));
    // By hand: (0.25·0 + 0.5·8) / 0.75 with weights 0.25 and 0.5.
    let half = average(0.5, &[0.0, 8.0]);
    assert!((half[1] - 4.0 / 0.75).abs() < 1e-12, "{half:?}");
}

#[test]
fn a_logarithmic_axis_takes_positive_values_and_gives_them_back() {
    for value in [3e-6, 0.04, 1.0, 812.0] {
        let place = Scale::Log.place(value).unwrap();
        assert!((Scale::Log.value(place) / value - 1.0).abs() < 1e-12);
    }
    assert_eq!(Scale::Log.place(0.0), None);
    assert_eq!(Scale::Log.place(-1.0), None);
    assert_eq!(Scale::Linear.place(-1.0), Some(-1.0));
    assert_eq!(Scale::Linear.place(f64::NAN), None);
    let spans = [2.0, -1.0, 50.0].map(|mean| Span {
        step: mean,
        mean,
        min: -2.0,
        max: mean,
    });
    let choice = Choice {
        smoothing: 0.0,
        log: true,
        ..Choice::default()
    };
    let knots = knots(spans.into_iter(), &choice);
    assert_eq!(knots.len(), 2);
    assert!(
        knots
            .iter()
            .all(|knot| knot.low.is_finite() && knot.low <= knot.y)
    );
}

#[test]
fn marks_are_labelled_with_the_values_not_with_their_powers() {
    let labels = |scale: Scale, low: f64, high: f64, base_step_size: f64| -> Vec<String> {
        let input = GridInput {
            bounds: (low, high),
            base_step_size,
        };
        let marks = scale.marks(&input);
        assert!(marks.iter().all(|mark| (low..=high).contains(&mark.value)));
        marks.iter().map(|mark| scale.label(mark.value)).collect()
    };
    let log = |low: f64, high: f64, points: f64| {
        let (low, high) = (low.log10(), high.log10());
        labels(Scale::Log, low, high, (high - low) / points * 8.0)
    };
    assert_eq!(
        log(0.05, 12.0, 300.0),
        ["0.05", "0.1", "0.2", "0.5", "1", "2", "5", "10"]
    );
    assert_eq!(log(1e-5, 10.0, 120.0), ["1e-4", "0.01", "1"]);
    assert_eq!(log(2.1, 2.9, 150.0), ["2.2", "2.4", "2.6", "2.8"]);
    let linear = labels(Scale::Linear, 0.0, 10.0, 10.0 / 200.0 * 8.0);
    assert_eq!(linear, ["0", "2", "4", "6", "8", "10"]);
    let steps = whole_marks(&GridInput {
        bounds: (1.0, 4.0),
        base_step_size: 0.01,
    });
    assert!(steps.iter().all(|mark| mark.value.fract() == 0.0));
    assert_eq!(steps.len(), 4);
}

#[test]
fn numbers_are_short() {
    let short = [6.2379, 12.345, 0.04321, 2.5e-5, 0.0, 123_456.0].map(number::short);
    assert_eq!(short, ["6.238", "12.35", "0.0432", "2.5e-5", "0", "1.23e5"]);
    let ticks = [0.30000000000000004, 1200.0, 50_000.0, 2e-5, 2.5e-4].map(number::tick);
    assert_eq!(ticks, ["0.3", "1200", "50k", "2e-5", "2.5e-4"]);
    assert_eq!(
        [0.0, 999.0, 12_400.0, 1e6].map(number::count),
        ["0", "999", "12 400", "1 000 000"]
    );
}

#[test]
fn names_at_line_ends_do_not_cover_each_other_or_leave_the_frame() {
    let mut ys = [10.0, 12.0, 13.0, 195.0];
    spread(&mut ys, 20.0, 10.0, 190.0);
    assert!(
        ys.windows(2).all(|pair| pair[1] - pair[0] >= 20.0 - 1e-3),
        "{ys:?}"
    );
    assert!(ys[0] >= 10.0 && ys[3] <= 190.0, "{ys:?}");
    // More than fit: closer together, but inside and in order.
    let mut ys = [50.0; 9];
    spread(&mut ys, 20.0, 0.0, 80.0);
    assert!(ys.windows(2).all(|pair| pair[1] > pair[0] + 9.9), "{ys:?}");
    assert!(ys[0] >= -1e-3 && ys[8] <= 80.0 + 1e-3, "{ys:?}");
}

#[test]
fn the_pointer_finds_the_values_of_the_nearest_step() {
    let state = run(30);
    let mut traces = Traces::default();
    traces.update(
        &state,
        &Choice {
            log: true,
            ..Choice::default()
        },
    );
    let shown = traces.of(None);
    let (step, rows) = hover::at(&shown, 2.2, Scale::Log, 0.5).unwrap();
    assert_eq!(step, 2.0);
    // L_pose begins with step 3.
    assert_eq!(rows.len(), 3);
    assert_eq!(hover::heading(&state, 2.0, 1), "Step 2, epoch 1");
    assert_eq!(hover::heading(&state, 11.0, 1), "Step 11, epoch 2");
    assert_eq!(
        hover::heading(&state, 1202.5, 4),
        "Mean of steps 1 201 to 1 204, epoch 4"
    );
    let knots = [1.0, 2.0, 5.0].map(|x| Knot::at(x, 0.0));
    assert_eq!(nearest(&knots, 3.4).map(|knot| knot.x), Some(2.0));
    assert_eq!(nearest(&knots, 99.0).map(|knot| knot.x), Some(5.0));
    assert_eq!(nearest(&[], 1.0), None);
}

#[test]
fn lines_are_made_again_only_when_something_changed() {
    let mut state = run(20);
    let mut traces = Traces::default();
    let choice = Choice::default();
    traces.update(&state, &choice);
    assert_eq!(traces.list.len(), 4);
    assert!(
        !traces.present[TERMS
            .iter()
            .position(|term| term.symbol == "L_orth")
            .unwrap()]
    );
    let place = traces.list[0].knots.as_ptr();
    traces.update(&state, &choice);
    assert_eq!(traces.list[0].knots.as_ptr(), place);
    state.on_event(&Event::Step(StepReport {
        step: 21,
        ..StepReport::default()
    }));
    traces.update(&state, &choice);
    assert_eq!(traces.list[0].knots.len(), 21);
    traces.update(
        &state,
        &Choice {
            log: true,
            ..choice
        },
    );
    assert!((traces.list[0].knots[0].y - 12f64.log10()).abs() < 1e-9);
}

#[test]
fn chips_show_and_hide_curves() {
    with_panel(&run(30), LARGE, |harness, panel| {
        harness.get_by_label("Show t_1").click();
        harness.get_by_label("Show total").click();
        harness.get_by_label("Show gradient norm").click();
        harness.get_by_label("Logarithmic").click();
        harness.run();
        let panel = panel.borrow();
        let shown: Vec<_> = panel
            .traces
            .list
            .iter()
            .map(|trace| trace.term.symbol)
            .collect();
        assert_eq!(shown, ["L_dis", "L_face", "L_pose", "t_1", "gradient norm"]);
        assert!(panel.choice.log);
    });
}

#[test]
fn a_small_panel_has_its_controls_in_menus() {
    with_panel(&run(30), vec2(300.0, 200.0), |harness, panel| {
        assert!(harness.query_by_label("Show t_1").is_none());
        harness.get_by_label("Curves").click();
        harness.run();
        harness.get_by_label("Show t_1").click();
        harness.run();
        // The menu stays open for the next curve.
        harness.get_by_label("Show L_dis").click();
        harness.run();
        let shown = panel.borrow().choice.shown;
        assert!(shown[4] && !shown[1]);
    });
}

#[test]
fn a_double_click_and_the_button_show_everything_again() {
    with_panel(&run(30), LARGE, |harness, _| {
        let last_in_sight = |harness: &Harness| {
            let memory = egui_plot::PlotMemory::load(&harness.ctx, graph::plot_id("losses"));
            memory.unwrap().bounds().max()[0]
        };
        let press = |harness: &mut Harness, pressed| {
            harness.event(egui::Event::PointerButton {
                pos: egui::pos2(350.0, 300.0),
                button: egui::PointerButton::Primary,
                pressed,
                modifiers: egui::Modifiers::default(),
            });
            harness.step();
        };
        let whole = last_in_sight(harness);
        let move_away = |harness: &mut Harness| {
            harness.hover_at(egui::pos2(350.0, 300.0));
            harness.run();
            press(harness, true);
            harness.hover_at(egui::pos2(200.0, 300.0));
            harness.run();
            press(harness, false);
            harness.run();
            assert!(last_in_sight(harness) > whole + 1.0);
        };
        move_away(harness);
        harness.get_by_label("Reset zoom").click();
        harness.run();
        assert!((last_in_sight(harness) - whole).abs() < 1e-6);
        move_away(harness);
        harness.hover_at(egui::pos2(350.0, 300.0));
        harness.run_steps(8);
        for pressed in [true, false, true, false] {
            press(harness, pressed);
        }
        harness.run();
        assert!((last_in_sight(harness) - whole).abs() < 1e-6);
    });
}

#[test]
fn the_picture_and_the_table_go_to_the_run_folder() {
    let desk = with_panel(&run(30), LARGE, |harness, _| {
        harness.get_by_label("Save picture").click();
        harness.run();
        harness.get_by_label("Save table").click();
        harness.run();
    });
    let saved: Vec<(&str, &[u8])> = desk
        .commands
        .iter()
        .map(|command| match command {
            Command::Save { name, bytes } => (name.as_str(), bytes.as_slice()),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(saved[0].0, "losses.png");
    let picture = image::load_from_memory(saved[0].1).unwrap().to_rgb8();
    let vermillion = picture
        .pixels()
        .filter(|pixel| pixel.0 == [213, 94, 0])
        .count();
    assert!(vermillion > 400, "L_face is drawn: {vermillion}");
    assert_eq!(saved[1].0, "losses.csv");
}

#[test]
fn the_table_has_mean_and_range_of_every_curve() {
    let text = String::from_utf8(save::table(&run(3)).unwrap()).unwrap();
    let mut lines = text.lines();
    let header = lines.next().unwrap();
    assert!(
        header.starts_with("step,total_mean,total_min,total_max,dis_mean,"),
        "{header}"
    );
    assert!(
        header.ends_with("grad_norm_mean,grad_norm_min,grad_norm_max"),
        "{header}"
    );
    let columns: Vec<&str> = header.split(',').collect();
    assert_eq!(columns.len(), 1 + 3 * TERMS.len());
    let rows: Vec<Vec<&str>> = lines.map(|line| line.split(',').collect()).collect();
    assert_eq!(rows.len(), 3);
    let cell = |row: usize, name: &str| {
        rows[row][columns.iter().position(|column| *column == name).unwrap()]
    };
    assert_eq!(cell(1, "step"), "2");
    assert_eq!(cell(1, "total_mean"), "6");
    assert_eq!(cell(1, "pose_mean"), "", "no value yet");
    assert_eq!(cell(2, "pose_max"), "4.5");
    assert_eq!(cell(0, "orth_mean"), "", "takes no part");
}

#[test]
fn before_the_first_step_a_sentence_stands_there() {
    with_panel(&LabState::default(), vec2(300.0, 200.0), |harness, _| {
        harness.get_by_label_contains("With the first step");
        assert!(harness.query_by_label("Save picture").is_none());
    });
}
