//! The curves that can be shown.

use super::graph::pen::Dash;
use crate::record::history::Curve;

/// A curve with its name and its line.
pub struct Term {
    /// Which.
    pub curve: Curve,
    /// Its symbol.
    pub symbol: &'static str,
    /// Its column in the table.
    pub column: &'static str,
    /// What it measures, in a few words.
    pub words: &'static str,
    /// How its line is broken.
    pub dash: Dash,
    /// Whether it is shown at first.
    pub main: bool,
    /// Whether it has a unit of its own and therefore a plot of its own.
    pub apart: bool,
}

impl Term {
    const fn new(
        curve: Curve,
        symbol: &'static str,
        column: &'static str,
        words: &'static str,
    ) -> Self {
        Self {
            curve,
            symbol,
            column,
            words,
            dash: Dash::SOLID,
            main: false,
            apart: false,
        }
    }

    const fn main(mut self) -> Self {
        self.main = true;
        self
    }

    const fn apart(mut self) -> Self {
        self.apart = true;
        self
    }

    const fn dashed(mut self, dash: Dash) -> Self {
        self.dash = dash;
        self
    }

    /// Width of its line in points.
    pub fn width(&self) -> f32 {
        if self.curve == Curve::Total { 3.0 } else { 2.3 }
    }
}

/// How many there are.
pub const COUNT: usize = 11;

/// All of them, in the order in which they are offered.
pub static TERMS: [Term; COUNT] = [
    Term::new(Curve::Total, "total", "total", "everything together").main(),
    Term::new(Curve::Dis, "L_dis", "dis", "rebuilding the faces").main(),
    Term::new(Curve::Face, "L_face", "face", "telling faces apart").main(),
    Term::new(Curve::Pose, "L_pose", "pose", "telling poses apart").main(),
    Term::new(Curve::T1, "t_1", "t1", "face from its own codes").dashed(Dash::LONG),
    Term::new(Curve::T2, "t_2", "t2", "own look, other pose").dashed(Dash::SHORT),
    Term::new(Curve::T3, "t_3", "t3", "look from the other pose").dashed(Dash::DASH_DOT),
    Term::new(Curve::T4, "t_4", "t4", "other pose from its own codes").dashed(Dash::DOTS),
    Term::new(Curve::Orth, "L_orth", "orth", "overlap of the two codes").dashed(Dash::SHORT),
    Term::new(
        Curve::LearningRate,
        "learning rate",
        "lr",
        "how far a step goes",
    )
    .apart(),
    Term::new(
        Curve::GradNorm,
        "gradient norm",
        "grad_norm",
        "how steep the loss is",
    )
    .apart(),
];
