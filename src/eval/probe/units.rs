//! Action units: F1 of a linear detector per unit.

use nalgebra::DMatrix;

use super::bootstrap::{Intervals, interval, keep};
use super::linear::known;
use super::mean;
use super::ridge::Ridges;
use super::set::ProbeSet;
use crate::data::labelled::FaceLabel;

/// Intensity from which a unit counts as there (METHODS 2.3).
const THERE: f32 = 2.0;

/// F1 = 2 TP / (2 TP + FP + FN) from TP and FP + FN; 0 where nothing is predicted or true.
fn f1([hits, wrong]: [f64; 2]) -> f64 {
    if hits == 0.0 {
        return 0.0;
    }
    2.0 * hits / (2.0 * hits + wrong)
}

/// 1 in the first place for a hit, in the second for a false alarm or a miss.
fn counts(predicted: bool, truth: bool) -> [f64; 2] {
    [predicted && truth, predicted != truth].map(|is| f64::from(u8::from(is)))
}

fn total(counts: impl IntoIterator<Item = [f64; 2]>) -> [f64; 2] {
    counts
        .into_iter()
        .fold([0.0; 2], |sum, more| [sum[0] + more[0], sum[1] + more[1]])
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
pub(super) fn f1_each(
    set: &ProbeSet,
    ridges: &mut Ridges<'_>,
    intervals: &mut Intervals,
) -> Option<[Option<f64>; 8]> {
    let there = |label: &FaceLabel| Some(label.au_intensity?.map(|a| a >= THERE));
    let (fit, fit_truth) = known(set, &set.fit, there);
    let (test, test_truth) = known(set, &set.test, there);
    if test.is_empty() {
        return None;
    }
    let gram = ridges.gram();
    let ridge = ridges.on(&fit)?;
    // Hits and mistakes of every unit, next to each other.
    let mut all = vec![[0.0; 16]; test.len()];
    let each: [Option<f64>; 8] = std::array::from_fn(|unit| {
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
        let counted = predicted
            .zip(&test_truth)
            .map(|(p, truth)| counts(p, truth[unit]));
        let counted: Vec<[f64; 2]> = counted.collect();
        for (row, counts) in all.iter_mut().zip(&counted) {
            row[2 * unit..2 * unit + 2].copy_from_slice(counts);
        }
        Some(f1(total(counted)))
    });
    let mean_f1 = |sums: &[f64; 16]| {
        let units = (0..8).filter(|&unit| each[unit].is_some());
        mean(units.map(|unit| f1([sums[2 * unit], sums[2 * unit + 1]])))
    };
    let certain = interval(&set.people(&test), &all, mean_f1);
    keep(intervals, "au_f1".into(), certain);
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
        let of = |pairs: &[(bool, bool)]| f1(total(pairs.iter().map(|&(p, t)| counts(p, t))));
        assert_eq!(of(&pairs), 4.0 / 6.0);
        // Nothing predicted although something is there; nothing at all.
        assert_eq!(of(&[(false, true), (false, false)]), 0.0);
        assert_eq!(of(&[(false, false)]), 0.0);
        assert_eq!(of(&[]), 0.0);
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
