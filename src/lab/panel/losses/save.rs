//! `losses.png` and `losses.csv`.

use std::collections::BTreeMap;
use std::io;

use super::chance;
use super::terms::{COUNT, TERMS, Term};
use super::traces::Choice;
use crate::lab::state::LabState;
use crate::record::chart::{self, Line, Look, Panel};
use crate::record::grid;
use crate::record::history::{Curve, Span};
use plotters::style::RGBColor;

const PANEL_PX: (u32, u32) = (1400, 640);

/// The curves that are shown, on white, as a PNG.
///
/// # Errors
/// When it cannot be drawn.
pub fn picture(state: &LabState, choice: &Choice) -> io::Result<Vec<u8>> {
    let shown = || {
        TERMS
            .iter()
            .zip(choice.shown)
            .filter(|(_, shown)| *shown)
            .map(|(term, _)| term)
    };
    let losses = shown().filter(|term| !term.apart);
    let mut lines: Vec<Line> = losses.map(|term| line(term, state, choice)).collect();
    let levels: Vec<Line> = shown()
        .filter_map(|term| level(term, state, &lines))
        .collect();
    lines.extend(levels);
    let panel = |title, lines: Vec<Line>| Panel {
        title,
        x_label: "step",
        log: choice.log,
        lines: lines
            .into_iter()
            .filter(|line| !line.points.is_empty())
            .collect(),
    };
    let mut panels = vec![panel("Losses", lines)];
    for term in shown().filter(|term| term.apart) {
        panels.push(panel(term.symbol, vec![line(term, state, choice)]));
    }
    grid::encode(&chart::draw(panels, 1, PANEL_PX)?)
}

fn line(term: &Term, state: &LabState, choice: &Choice) -> Line {
    let look = if choice.smoothing > 0.0 {
        Look::Smoothed
    } else {
        Look::Plain
    };
    Line {
        label: plain_name(term),
        colour: print_colour(term.curve),
        look,
        points: state.history.points(term.curve),
    }
}

/// The chance level of a term, as wide as the curves.
fn level(term: &Term, state: &LabState, lines: &[Line]) -> Option<Line> {
    let value = chance(state, term.curve)?;
    let steps = || {
        lines
            .iter()
            .flat_map(|line| &line.points)
            .map(|point| point.0)
    };
    let (first, last) = (steps().reduce(f64::min)?, steps().reduce(f64::max)?);
    Some(Line {
        label: if term.curve == Curve::Face {
            "chance, face"
        } else {
            "chance, pose"
        },
        colour: print_colour(term.curve),
        look: Look::Dotted,
        points: vec![(first, value), (last, value)],
    })
}

/// The name without subscripts, which the picture's type does not set.
fn plain_name(term: &Term) -> &'static str {
    match term.curve {
        Curve::Dis => "L dis",
        Curve::Face => "L face",
        Curve::Pose => "L pose",
        Curve::Orth => "L orth",
        Curve::T1 => "t1: own codes",
        Curve::T2 => "t2: other pose",
        Curve::T3 => "t3: other face",
        Curve::T4 => "t4: both other",
        _ => term.symbol,
    }
}

/// The colours of the window for white paper.
fn print_colour(curve: Curve) -> RGBColor {
    match curve {
        Curve::Dis => chart::colour::GREEN,
        Curve::Face | Curve::AlphaFace => chart::colour::VERMILLION,
        Curve::Pose | Curve::AlphaPose => chart::colour::BLUE,
        Curve::Orth => chart::colour::ORANGE,
        Curve::T1 | Curve::GradNorm => RGBColor(86, 180, 233),
        Curve::T2 => RGBColor(140, 128, 0),
        Curve::T3 | Curve::LearningRate => chart::colour::PURPLE,
        Curve::T4 => RGBColor(95, 95, 95),
        Curve::Total => chart::colour::BLACK,
    }
}

/// All curves as a table: a row per step (or per span of a long run), of each curve the mean and
/// the smallest and largest value. A term that took no part has empty cells.
///
/// # Errors
/// None in practice: it is written to memory.
pub fn table(state: &LabState) -> io::Result<Vec<u8>> {
    let mut rows: BTreeMap<u64, [Option<Span>; COUNT]> = BTreeMap::new();
    for (index, term) in TERMS.iter().enumerate() {
        for span in state.history.spans(term.curve) {
            // Steps are positive, and the bits of positive numbers are in order.
            rows.entry(span.step.to_bits()).or_default()[index] = Some(span);
        }
    }
    let mut table = csv::Writer::from_writer(Vec::new());
    let names = TERMS.iter().map(|term| term.column);
    let columns =
        names.flat_map(|name| ["mean", "min", "max"].map(|kind| format!("{name}_{kind}")));
    table.write_record(["step".to_owned()].into_iter().chain(columns))?;
    for (step, spans) in rows {
        let cells = spans.iter().flat_map(|span| match span {
            Some(span) => [span.mean, span.min, span.max].map(|value| value.to_string()),
            None => Default::default(),
        });
        let step = f64::from_bits(step).to_string();
        table.write_record([step].into_iter().chain(cells))?;
    }
    table.into_inner().map_err(|error| error.into_error())
}
