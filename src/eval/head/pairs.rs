//! Verification with a linear layer trained on pairs (`verify.mode = "linear_pairs"`).

use super::objective::CosineEmbedding;
use super::{Better, Evaluation, HeadError, Recipe, Trained, train};
use crate::data::labelled::Pair;
use crate::eval::matrix::Matrix;
use crate::eval::metric::Spread;
use crate::eval::rows::Rows;
use crate::eval::verify::{FoldResult, Ranked, Verification, VerifyError, scores};

/// Numbers the layer makes of a feature (METHODS 2.2).
pub const PAIR_OUTPUTS: usize = 512;
/// Margin θ of the loss. The released value is not known; 0 is PyTorch's default.
const MARGIN: f32 = 0.0;

/// Ten trainings, one per held-out fold.
#[derive(Clone, Debug, PartialEq)]
pub struct LinearVerification {
    /// After the last epoch.
    pub last: Verification,
    /// Mean accuracy over folds in percent if each fold takes its own best epoch.
    pub best: Spread,
    /// That epoch (from 1) per fold.
    pub best_epochs: Vec<u32>,
}

/// Trains Linear(d, 512) on all folds but one with the cosine-embedding loss, fits the threshold on
/// the same folds, and judges the one left out; then the next fold. `progress` hears the fold, the
/// epoch (from 1), its mean loss and the held-out accuracy in percent.
///
/// # Errors
/// If there are fewer than two folds, the pairs do not fit the features, or training diverges.
pub fn verify_linear(
    features: &dyn Rows,
    pairs: &[Pair],
    recipe: &Recipe,
    progress: &mut dyn FnMut(usize, u32, f64, f64),
) -> Result<LinearVerification, HeadError> {
    let order = vec![0.0; pairs.len()];
    let folds = Ranked::new(&order, pairs)?.folds();
    if folds.len() < 2 {
        return Err(VerifyError::Folds.into());
    }
    let mut last = Vec::new();
    let (mut best, mut best_epochs) = (Vec::new(), Vec::new());
    for fold in folds {
        let outside = pairs.iter().filter(|pair| pair.fold != fold);
        let outside = outside
            .map(|pair| (pair.a, pair.b, pair.same))
            .collect::<Vec<_>>();
        let objective = CosineEmbedding::new(&outside, PAIR_OUTPUTS, MARGIN);
        let judge = |outputs: &[f32]| judge(outputs, pairs, fold);
        let test = Evaluation {
            rows: features,
            metric: &|outputs| judge(outputs).map_or(f64::NAN, |result| result.accuracy),
            better: Better::Higher,
        };
        let mut hear = |epoch, loss, metric| progress(fold, epoch, loss, metric);
        let trained: Trained = train(features, &objective, &test, recipe, &mut hear)?;
        last.push(judge(&trained.last)?);
        best.push(trained.best_metric());
        best_epochs.push(trained.best_epoch);
    }
    Ok(LinearVerification {
        last: Verification::new(last),
        best: Spread::of(&best),
        best_epochs,
    })
}

/// Accuracy of `fold` from the layer's numbers for all pictures.
fn judge(outputs: &[f32], pairs: &[Pair], fold: usize) -> Result<FoldResult, VerifyError> {
    let embedded = Matrix::new(outputs.len() / PAIR_OUTPUTS, PAIR_OUTPUTS, outputs.to_vec());
    let scores = scores(&embedded, pairs);
    let ranked = Ranked::new(&scores, pairs)?;
    let threshold = ranked.threshold_without(fold).ok_or(VerifyError::Folds)?;
    ranked.judge(fold, threshold).ok_or(VerifyError::Folds)
}
