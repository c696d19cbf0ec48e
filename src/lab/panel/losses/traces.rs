//! The history as lines to draw: smoothed, and placed on the axis. Made again only when something
//! changed.

use super::graph::scale::Scale;
use super::graph::trace::Knot;
use super::terms::{COUNT, TERMS, Term};
use crate::lab::state::LabState;
use crate::record::history::Span;

/// What the user chose to see.
#[derive(Clone, Debug, PartialEq)]
pub struct Choice {
    /// For each term, whether it is shown.
    pub shown: [bool; COUNT],
    /// Weight of what came before in the moving average; 0 leaves the values as they are.
    pub smoothing: f64,
    /// Whether y is logarithmic.
    pub log: bool,
}

impl Default for Choice {
    fn default() -> Self {
        Self {
            shown: std::array::from_fn(|index| TERMS[index].main),
            smoothing: 0.6,
            log: false,
        }
    }
}

impl Choice {
    /// The y axis.
    pub fn scale(&self) -> Scale {
        if self.log { Scale::Log } else { Scale::Linear }
    }
}

/// A term as a line.
pub struct Trace {
    /// Which.
    pub term: &'static Term,
    /// Its points.
    pub knots: Vec<Knot>,
}

/// The lines of the present choice.
#[derive(Default)]
pub struct Traces {
    /// In the order of [`TERMS`], those that are shown and have a value.
    pub list: Vec<Trace>,
    /// For each term, whether the run has values of it.
    pub present: [bool; COUNT],
    made_of: Option<(u64, u64, Choice)>,
}

impl Traces {
    /// Takes up what is new.
    pub fn update(&mut self, state: &LabState, choice: &Choice) {
        let up_to_date = self
            .made_of
            .as_ref()
            .is_some_and(|(events, step, made_of)| {
                (*events, *step) == (state.events, state.step) && made_of == choice
            });
        if up_to_date {
            return;
        }
        self.made_of = Some((state.events, state.step, choice.clone()));
        self.list.clear();
        for (index, term) in TERMS.iter().enumerate() {
            let mut spans = state.history.spans(term.curve).peekable();
            self.present[index] = spans.peek().is_some();
            if self.present[index] && choice.shown[index] {
                let knots = knots(spans, choice);
                self.list.push(Trace { term, knots });
            }
        }
    }

    /// The lines of one plot: of the losses, or of one term apart.
    pub fn of(&self, apart: Option<&Term>) -> Vec<&Trace> {
        let wanted = |trace: &&Trace| match apart {
            None => !trace.term.apart,
            Some(term) => trace.term.curve == term.curve,
        };
        self.list.iter().filter(wanted).collect()
    }
}

/// Spans as points of a line. Values that have no place on the axis are left out.
pub fn knots(spans: impl Iterator<Item = Span>, choice: &Choice) -> Vec<Knot> {
    let scale = choice.scale();
    let mut average = Average::new(choice.smoothing);
    spans
        .filter_map(|span| {
            let y = scale.place(average.push(span.mean))?;
            let raw = scale.place(span.mean).unwrap_or(y);
            let low = scale.place(span.min).unwrap_or(raw.min(y));
            let high = scale.place(span.max).unwrap_or(raw.max(y));
            Some(Knot {
                x: span.step,
                y,
                raw,
                low,
                high,
            })
        })
        .collect()
}

/// Exponential moving average that does not start from 0: the weights of what was seen sum to 1.
pub struct Average {
    keep: f64,
    sum: f64,
    weight: f64,
}

impl Average {
    /// `keep` is the weight of what came before, from 0 to below 1.
    pub fn new(keep: f64) -> Self {
        Self {
            keep,
            sum: 0.0,
            weight: 0.0,
        }
    }

    /// Takes a value in and gives the average so far.
    pub fn push(&mut self, value: f64) -> f64 {
        self.sum = self.keep * self.sum + (1.0 - self.keep) * value;
        self.weight = self.keep * self.weight + (1.0 - self.keep);
        self.sum / self.weight
    }
}
