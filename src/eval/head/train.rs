//! The training loop of the heads.

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use super::adam::Adam;
use super::linear::Linear;
use super::model::Model;
use super::objective::Objective;
use super::{HeadError, Recipe};
use crate::eval::rows::{Rows, check_parts, gather};
use crate::optim::learning_rate;
use crate::rng::stream_seed;

/// Which way a metric improves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Better {
    /// Accuracy, F1.
    Higher,
    /// Errors.
    Lower,
}

impl Better {
    /// Whether `new` is strictly better than `old`.
    pub fn improves(self, new: f64, old: f64) -> bool {
        match self {
            Better::Higher => new > old,
            Better::Lower => new < old,
        }
    }
}

/// How a head is measured after every epoch.
pub struct Evaluation<'a> {
    /// Features of the test part.
    pub rows: &'a dyn Rows,
    /// The metric, from the head's numbers `[rows, outputs]`.
    pub metric: &'a dyn Fn(&[f32]) -> f64,
    /// Which way it improves.
    pub better: Better,
}

/// A trained head and how it came about.
#[derive(Clone, Debug)]
pub struct Trained {
    /// The head of the last epoch, batch-norm folded in.
    pub head: Linear,
    /// Mean training loss of each epoch.
    pub losses: Vec<f64>,
    /// Test metric after each epoch.
    pub metrics: Vec<f64>,
    /// Epoch (from 1) with the best test metric; the first of equals.
    pub best_epoch: u32,
    /// The head's numbers for the test part after the last epoch, `[rows, outputs]`.
    pub last: Vec<f32>,
    /// The same after the best epoch.
    pub best: Vec<f32>,
}

impl Trained {
    /// Test metric after the last epoch.
    pub fn last_metric(&self) -> f64 {
        self.metrics[self.metrics.len() - 1]
    }

    /// Test metric after the best epoch. Chosen on the test part, so it flatters: the reference
    /// reports this one (row 25).
    pub fn best_metric(&self) -> f64 {
        self.metrics[self.best_epoch as usize - 1]
    }
}

/// Trains a head on `features` and measures it after every epoch; `progress` hears the epoch
/// (from 1), its mean loss and its test metric.
///
/// With batch-norm, a last batch of a single row is left out, as it has no variance.
///
/// # Errors
/// If features, labels and recipe do not fit together, or the loss stops being finite.
pub fn train(
    features: &dyn Rows,
    objective: &dyn Objective,
    test: &Evaluation<'_>,
    recipe: &Recipe,
    progress: &mut dyn FnMut(u32, f64, f64),
) -> Result<Trained, HeadError> {
    check_parts(features, test.rows)?;
    objective.check(features.len())?;
    let (items, outputs, inputs) = (objective.items(), objective.outputs(), features.dim());
    if recipe.epochs == 0 || recipe.batch_size == 0 {
        return Err(HeadError::Recipe {
            epochs: recipe.epochs,
            batch: recipe.batch_size,
        });
    }
    let fewest = if recipe.batch_norm { 2 } else { 1 };
    if items < fewest {
        return Err(HeadError::OnePicture);
    }

    let batch = recipe.batch_size.min(items);
    let most_rows = objective.rows_per(batch);
    let mut model = Model::new(inputs, outputs, recipe.batch_norm, most_rows, recipe.seed);
    let mut adam = Adam::new(recipe.optimizer, model.parameters.len());
    let mut order = (0..items).collect::<Vec<_>>();
    let mut picks = Vec::with_capacity(most_rows);
    let mut block = vec![0.0; most_rows * inputs];
    let mut last = vec![0.0; test.rows.len() * outputs];
    let mut best = last.clone();
    let (mut losses, mut metrics, mut best_epoch) = (Vec::new(), Vec::<f64>::new(), 1);

    for epoch in 0..recipe.epochs {
        let lr = learning_rate(recipe.schedule, recipe.lr, epoch, recipe.epochs);
        if recipe.shuffle {
            let seed = stream_seed(recipe.seed, "head order", u64::from(epoch), 0);
            order.shuffle(&mut ChaCha8Rng::seed_from_u64(seed));
        }
        let (mut sum, mut seen) = (0.0, 0);
        for chosen in order.chunks(batch) {
            picks.clear();
            objective.rows(chosen, &mut picks);
            if picks.len() < fewest {
                continue;
            }
            let x = &mut block[..picks.len() * inputs];
            gather(features, &picks, x);
            let loss = model.backward(x, objective, chosen);
            if !loss.is_finite() {
                return Err(HeadError::Diverged { epoch: epoch + 1 });
            }
            adam.update(&mut model.parameters, &model.gradient, lr);
            sum += loss * chosen.len() as f64;
            seen += chosen.len();
        }
        model.export().apply_to(test.rows, &mut last);
        let (loss, metric) = (sum / seen as f64, (test.metric)(&last));
        if epoch == 0
            || test
                .better
                .improves(metric, metrics[best_epoch as usize - 1])
        {
            best_epoch = epoch + 1;
            best.copy_from_slice(&last);
        }
        losses.push(loss);
        metrics.push(metric);
        progress(epoch + 1, loss, metric);
    }
    Ok(Trained {
        head: model.export().clone(),
        losses,
        metrics,
        best_epoch,
        last,
        best,
    })
}
