//! One head per contender on a training and a test part.

use crate::data::labelled::Picture;
use crate::eval::EvalError;
use crate::eval::bench::{Bench, Contender, Progress};
use crate::eval::head::{Better, Evaluation, Objective, Recipe, train};
use crate::eval::input::Input;
use crate::eval::report::Row;
use crate::eval::rows::Rows;

use super::origin;

/// What a head learns and how it is measured.
pub struct Task<'a> {
    /// Pictures to learn from.
    pub training: &'a [Picture],
    /// Pictures to measure on.
    pub test: &'a [Picture],
    /// How both are prepared.
    pub input: Input,
    /// The loss, with the labels of the training part.
    pub objective: &'a dyn Objective,
    /// How the head is trained.
    pub recipe: &'a Recipe,
    /// The headline number and the others of a row, from the head's numbers for the test part.
    pub columns: &'a dyn Fn(&[f32]) -> Vec<Option<f64>>,
    /// Which way the headline number improves.
    pub better: Better,
}

/// The rows of all contenders.
pub struct Heads {
    /// One row each.
    pub rows: Vec<Row>,
    /// Length of the learnt feature.
    pub dim: usize,
    /// The learnt head's numbers for the test part after the last epoch; empty without one.
    pub ours: Vec<f32>,
}

/// Trains and measures a head for every contender of the bench.
///
/// # Errors
/// If a picture or the device cannot be used, or a head cannot be trained.
pub fn heads(bench: &mut Bench, task: &Task) -> Result<Heads, EvalError> {
    let (mut rows, mut dim, mut ours) = (Vec::new(), 0, Vec::new());
    for whose in bench.contenders.clone() {
        let features = bench.features(whose, task.training, task.input, "training pictures")?;
        let held_out = bench.features(whose, task.test, task.input, "test pictures")?;
        let headline = |outputs: &[f32]| (task.columns)(outputs)[0].unwrap_or(f64::NAN);
        let evaluation = Evaluation {
            rows: &held_out,
            metric: &headline,
            better: task.better,
        };
        let mut hear = |epoch: u32, _: f64, _: f64| {
            (bench.listen)(Progress {
                what: "epochs of the head",
                done: epoch as usize,
                total: task.recipe.epochs as usize,
            });
        };
        let head = train(
            &features,
            task.objective,
            &evaluation,
            task.recipe,
            &mut hear,
        )?;
        rows.push(Row::trained(
            bench.name(whose),
            origin(whose),
            std::slice::from_ref(&head),
            |_, outputs| (task.columns)(outputs),
        ));
        if whose == Contender::Learnt {
            dim = features.dim();
            ours = head.last;
        }
    }
    Ok(Heads { rows, dim, ours })
}
