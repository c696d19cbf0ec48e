//! Action units: F1 of a linear detector per unit.

use nalgebra::DMatrix;

use super::linear::known;
use super::ridge::Ridges;
use super::set::ProbeSet;
use crate::data::labelled::FaceLabel;

/// Intensity from which a unit counts as there (METHODS 2.3).
const THERE: f32 = 2.0;

/// F1 = 2 TP / (2 TP + FP + FN) of (predicted, true) pairs; 0 where nothing is predicted or true.
pub(super) fn f1(pairs: impl IntoIterator<Item = (bool, bool)>) -> f64 {
    let (mut hits, mut wrong) = (0u32, 0u32);
    for pair in pairs {
        hits += u32::from(pair == (true, true));
        wrong += u32::from(pair.0 != pair.1);
    }
    if hits == 0 {
        return 0.0;
    }
    f64::from(2 * hits) / f64::from(2 * hits + wrong)
}

/// The score from which calling a picture positive gives the best F1, of equals the lowest: −∞
/// when calling all positive is best, +∞ when none is positive.
fn threshold(scores: &[f64], truth: &[bool]) -> f64 {
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_by(|&a, &b| scores[b].total_cmp(&scores[a]));
    let positives = truth.iter().filter(|&&there| there).count();
    let (mut hits, mut best, mut cut) = (0usize, 0.0, f64::INFINITY);
    for (at, &i) in order.iter().enumerate() {
        hits += usize::from(truth[i]);
        let next = order.get(at + 1).map(|&j| scores[j]);
        if next == Some(scores[i]) {
            continue;
        }
        let f1 = 2.0 * hits as f64 / (at + 1 + positives) as f64;
        if hits > 0 && f1 >= best {
            best = f1;
            cut = next.map_or(f64::NEG_INFINITY, |next| 0.5 * (next + scores[i]));
        }
    }
    cut
}

/// F1 per unit on the test part, `None` for units that do not occur there. The threshold is chosen
/// on predictions for fit pictures whose people were left out. `None` without labels to fit or test.
pub(super) fn f1_each(set: &ProbeSet, ridges: &mut Ridges<'_>) -> Option<[Option<f64>; 8]> {
    let there = |label: &FaceLabel| Some(label.au_intensity?.map(|a| a >= THERE));
    let (fit, fit_truth) = known(set, &set.fit, there);
    let (test, test_truth) = known(set, &set.test, there);
    if test.is_empty() {
        return None;
    }
    let gram = ridges.gram();
    let ridge = ridges.on(&fit)?;
    let each = std::array::from_fn(|unit| {
        if !test_truth.iter().any(|truth| truth[unit]) {
            return None;
        }
        let truth: Vec<bool> = fit_truth.iter().map(|truth| truth[unit]).collect();
        let sign = |&there: &bool| if there { 1.0 } else { -1.0 };
        let targets = DMatrix::from_iterator(fit.len(), 1, truth.iter().map(sign));
        let solution = ridge.solve(&targets);
        let cut = threshold(solution.left_out.as_slice(), &truth);
        let outputs = ridge.predict(gram, &solution, &test);
        let predicted = outputs.iter().map(|&output| output >= cut);
        Some(f1(predicted.zip(test_truth.iter().map(|truth| truth[unit]))))
    });
    Some(each)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f1_by_hand() {
        // 2 hits, 1 false alarm, 1 miss, 1 rightly quiet: 4 / (4 + 2).
        let pairs = [
            (true, true),
            (true, true),
            (true, false),
            (false, true),
            (false, false),
        ];
        assert_eq!(f1(pairs), 4.0 / 6.0);
        // Nothing predicted although something is there; nothing at all.
        assert_eq!(f1([(false, true), (false, false)]), 0.0);
        assert_eq!(f1([(false, false)]), 0.0);
        assert_eq!(f1([]), 0.0);
    }

    #[test]
    fn threshold_by_hand() {
        // From the top: + (F1 2/4), − (2/5), + (4/6), + (6/7), − (6/8): cut between the last two.
        let scores = [0.9, 0.8, 0.5, 0.3, 0.1];
        let truth = [true, false, true, true, false];
        assert_eq!(threshold(&scores, &truth), 0.2);
        // Equal scores cannot be told apart: all positive (4/5) beats none.
        assert_eq!(
            threshold(&[0.5; 3], &[true, false, true]),
            f64::NEG_INFINITY
        );
        assert_eq!(threshold(&[0.5, 0.1], &[false, false]), f64::INFINITY);
    }
}
