//! Face verification: do two pictures show the same person? (METHODS 2.2)

use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::metric::Spread;
use super::rows::Rows;
use crate::data::labelled::Pair;

/// Lower bound of a length in the cosine.
const EPS: f64 = 1e-6;

/// Why pairs cannot be verified.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum VerifyError {
    /// Too little to leave one fold out.
    #[error("a threshold fitted on the other folds needs pairs in at least two folds")]
    Folds,
    /// No pairs at all.
    #[error("there are no pairs to verify; check the pair list")]
    Empty,
    /// A score that is not a number.
    #[error("the score of pair {pair} is not finite; the network that encoded it has diverged")]
    NotFinite {
        /// Pair, from 0.
        pair: usize,
    },
}

/// One fold's result.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct FoldResult {
    /// The fold, from 0.
    pub fold: usize,
    /// Scores from this one on mean "same".
    pub threshold: f64,
    /// Share of the fold's pairs judged right, in percent.
    pub accuracy: f64,
    /// Pairs of the fold.
    pub pairs: usize,
}

/// Verification over all folds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Verification {
    /// One result per fold, in order.
    pub folds: Vec<FoldResult>,
    /// Mean accuracy over folds and its spread, in percent.
    pub accuracy: Spread,
}

impl Verification {
    /// From the results of the folds.
    pub fn new(folds: Vec<FoldResult>) -> Self {
        let accuracies = folds.iter().map(|fold| fold.accuracy).collect::<Vec<_>>();
        Self {
            folds,
            accuracy: Spread::of(&accuracies),
        }
    }
}

/// Cosine of the angle between two features, a·b / (max(|a|, 1e-6) · max(|b|, 1e-6)),
/// as PyTorch's `CosineSimilarity(eps=1e-6)`.
pub fn cosine(a: &[f32], b: &[f32]) -> f64 {
    let (mut ab, mut aa, mut bb) = (0.0f64, 0.0f64, 0.0f64);
    for (&a, &b) in a.iter().zip(b) {
        let (a, b) = (f64::from(a), f64::from(b));
        ab += a * b;
        aa += a * a;
        bb += b * b;
    }
    ab / (aa.sqrt().max(EPS) * bb.sqrt().max(EPS))
}

/// The cosine of every pair.
pub fn scores(features: &dyn Rows, pairs: &[Pair]) -> Vec<f64> {
    let score = |pair: &Pair| cosine(features.row(pair.a), features.row(pair.b));
    pairs.par_iter().map(score).collect()
}

/// Pairs in the order of their scores: sorted once, so that a fold costs one pass.
pub struct Ranked<'a> {
    pairs: &'a [Pair],
    scores: &'a [f64],
    order: Vec<usize>,
}

impl<'a> Ranked<'a> {
    /// Sorts the pairs.
    ///
    /// # Errors
    /// If there are none or a score is not finite.
    ///
    /// # Panics
    /// If there is not one score per pair.
    pub fn new(scores: &'a [f64], pairs: &'a [Pair]) -> Result<Self, VerifyError> {
        assert_eq!(scores.len(), pairs.len());
        if pairs.is_empty() {
            return Err(VerifyError::Empty);
        }
        if let Some(pair) = scores.iter().position(|score| !score.is_finite()) {
            return Err(VerifyError::NotFinite { pair });
        }
        let mut order = (0..pairs.len()).collect::<Vec<_>>();
        order.sort_by(|&a, &b| scores[a].total_cmp(&scores[b]));
        Ok(Self {
            pairs,
            scores,
            order,
        })
    }

    /// The score θ of a pair outside `fold` for which `score ≥ θ ⇒ same` is right most often on
    /// all pairs outside `fold`; the smallest of equals. `None` if no pair lies outside.
    pub fn threshold_without(&self, fold: usize) -> Option<f64> {
        let outside = self.order.iter().map(|&i| (self.scores[i], &self.pairs[i]));
        let outside = outside.filter(|(_, pair)| pair.fold != fold);
        // At the smallest score every pair is called "same".
        let mut right = outside.clone().filter(|(_, pair)| pair.same).count() as i64;
        let mut best = None;
        let mut previous = None;
        for (score, pair) in outside {
            let first_of_equals = previous != Some(score);
            if first_of_equals && best.is_none_or(|(most, _)| right > most) {
                best = Some((right, score));
            }
            previous = Some(score);
            // The next threshold lies above this pair.
            right += if pair.same { -1 } else { 1 };
        }
        best.map(|(_, threshold)| threshold)
    }

    /// How `fold` fares with a threshold; `None` if it has no pairs.
    pub fn judge(&self, fold: usize, threshold: f64) -> Option<FoldResult> {
        let inside = self
            .pairs
            .iter()
            .zip(self.scores)
            .filter(|(pair, _)| pair.fold == fold);
        let (mut pairs, mut right) = (0, 0);
        for (pair, &score) in inside {
            pairs += 1;
            right += usize::from((score >= threshold) == pair.same);
        }
        (pairs > 0).then(|| FoldResult {
            fold,
            threshold,
            accuracy: 100.0 * right as f64 / pairs as f64,
            pairs,
        })
    }

    /// The numbers of the folds that have pairs, in order.
    pub fn folds(&self) -> Vec<usize> {
        let mut folds = self.pairs.iter().map(|pair| pair.fold).collect::<Vec<_>>();
        folds.sort_unstable();
        folds.dedup();
        folds
    }
}

/// Accuracy of each fold with the threshold fitted on all others (row 30, `kfold`).
///
/// # Errors
/// If there are fewer than two folds or a score is not finite.
pub fn kfold(scores: &[f64], pairs: &[Pair]) -> Result<Verification, VerifyError> {
    let ranked = Ranked::new(scores, pairs)?;
    let result = |fold| ranked.judge(fold, ranked.threshold_without(fold)?);
    let folds = ranked
        .folds()
        .into_iter()
        .map(result)
        .collect::<Option<Vec<_>>>();
    folds.map(Verification::new).ok_or(VerifyError::Folds)
}

/// Accuracy of each fold with one given threshold, as the released script (row 30, `fixed`).
///
/// # Errors
/// If there are no pairs or a score is not finite.
pub fn fixed(scores: &[f64], pairs: &[Pair], threshold: f64) -> Result<Verification, VerifyError> {
    let ranked = Ranked::new(scores, pairs)?;
    let result = |fold| ranked.judge(fold, threshold);
    Ok(Verification::new(
        ranked.folds().into_iter().filter_map(result).collect(),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eval::matrix::Matrix;

    fn pair(same: bool, fold: usize) -> Pair {
        Pair {
            a: 0,
            b: 1,
            same,
            fold,
        }
    }

    #[test]
    fn cosine_by_hand() {
        assert!((cosine(&[3.0, 4.0], &[4.0, 3.0]) - 0.96).abs() < 1e-12);
        assert_eq!(cosine(&[0.0, 0.0], &[1.0, 0.0]), 0.0);
        // A length below ε counts as ε.
        assert!((cosine(&[1e-7, 0.0], &[2.0, 0.0]) - 0.1).abs() < 1e-6);
        let features = Matrix::new(3, 2, vec![1.0, 0.0, 0.0, 1.0, 1.0, 0.0]);
        let pairs = [
            Pair {
                a: 0,
                b: 1,
                same: false,
                fold: 0,
            },
            Pair {
                a: 0,
                b: 2,
                same: true,
                fold: 0,
            },
        ];
        assert_eq!(scores(&features, &pairs), [0.0, 1.0]);
    }

    #[test]
    fn two_folds_by_hand() {
        let pairs = [
            pair(true, 0),
            pair(false, 0),
            pair(true, 1),
            pair(true, 1),
            pair(false, 1),
            pair(false, 1),
        ];
        let scores = [0.65, 0.7, 0.9, 0.6, 0.5, 0.7];
        // Without fold 0: 0.5− 0.6+ 0.7− 0.9+: right are 2, 3, 2, 3, so θ = 0.6, the smaller.
        // Fold 0: 0.65 same, right; 0.7 same, wrong.
        // Without fold 1: 0.65+ 0.7−: right are 1, 0, so θ = 0.65.
        // Fold 1: 0.9 right, 0.6 wrong, 0.5 right, 0.7 wrong.
        let result = kfold(&scores, &pairs).unwrap();
        let summary = result
            .folds
            .iter()
            .map(|f| (f.threshold, f.accuracy, f.pairs))
            .collect::<Vec<_>>();
        assert_eq!(summary, [(0.6, 50.0, 2), (0.65, 50.0, 4)]);
        assert_eq!(
            (result.accuracy.mean, result.accuracy.std),
            (50.0, Some(0.0))
        );

        let result = fixed(&scores, &pairs, 0.7).unwrap();
        assert_eq!(
            result.folds.iter().map(|f| f.accuracy).collect::<Vec<_>>(),
            [0.0, 50.0]
        );
    }

    #[test]
    fn equal_scores_stand_on_one_side() {
        // All four share one score: the only threshold calls all "same".
        let pairs = [
            pair(true, 0),
            pair(false, 1),
            pair(true, 1),
            pair(true, 1),
            pair(false, 1),
        ];
        let scores = [0.5; 5];
        let ranked = Ranked::new(&scores, &pairs).unwrap();
        assert_eq!(ranked.threshold_without(0), Some(0.5));
        assert_eq!(ranked.judge(1, 0.5).unwrap().accuracy, 50.0);
    }

    #[test]
    fn the_threshold_never_sees_the_held_out_fold() {
        let pairs = (0..60)
            .map(|i| pair(i % 2 == 0, i % 10))
            .collect::<Vec<_>>();
        let scores = (0..60)
            .map(|i| f64::from(i * 37 % 61) / 61.0)
            .collect::<Vec<_>>();
        let before = kfold(&scores, &pairs).unwrap();
        for fold in 0..10 {
            let mut other = scores.clone();
            let mut labels = pairs.clone();
            for (i, score) in other.iter_mut().enumerate().filter(|(i, _)| i % 10 == fold) {
                *score = -0.3 * i as f64;
                labels[i].same = !labels[i].same;
            }
            let after = kfold(&other, &labels).unwrap();
            assert_eq!(after.folds[fold].threshold, before.folds[fold].threshold);
            // The others do see it.
            assert!((0..10).any(|f| after.folds[f].threshold != before.folds[f].threshold));
        }
    }

    #[test]
    fn the_threshold_equals_trying_every_score() {
        let pairs = (0..90)
            .map(|i| pair(i * 7 % 5 < 2, i % 9))
            .collect::<Vec<_>>();
        let scores = (0..90).map(|i| f64::from(i * 53 % 17)).collect::<Vec<_>>();
        let ranked = Ranked::new(&scores, &pairs).unwrap();
        for fold in 0..9 {
            let rest = || {
                pairs
                    .iter()
                    .zip(&scores)
                    .filter(|(pair, _)| pair.fold != fold)
            };
            let right = |t: f64| rest().filter(|(p, s)| (**s >= t) == p.same).count();
            let mut candidates = rest().map(|(_, s)| *s).collect::<Vec<_>>();
            candidates.sort_by(f64::total_cmp);
            let most = candidates.iter().map(|&t| right(t)).max().unwrap();
            let first = candidates.iter().find(|&&t| right(t) == most);
            assert_eq!(ranked.threshold_without(fold).as_ref(), first);
        }
    }

    #[test]
    fn refuses_what_it_cannot_judge() {
        let one_fold = [pair(true, 0), pair(false, 0)];
        assert_eq!(kfold(&[0.1, 0.2], &one_fold), Err(VerifyError::Folds));
        assert_eq!(kfold(&[], &[]), Err(VerifyError::Empty));
        let error = VerifyError::NotFinite { pair: 1 };
        assert_eq!(kfold(&[0.1, f64::NAN], &one_fold), Err(error));
    }
}
