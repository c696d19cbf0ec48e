//! F1 of action units (METHODS 2.3, row 71).

use std::ops::AddAssign;

use super::mean_of;

/// Whether an action unit of this intensity (0–5) counts as present: above 1, so 2 or more on
/// DISFA's whole-number scale.
pub fn au_present(intensity: f32) -> bool {
    intensity > 1.0
}

/// What was said and what was there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Said and there.
    pub true_positives: u64,
    /// Said, not there.
    pub false_positives: u64,
    /// There, not said.
    pub false_negatives: u64,
}

impl Counts {
    /// 2TP / (2TP + FP + FN) in percent. 0 where nothing was said or nothing was there, also where
    /// both hold and the ratio is undefined.
    pub fn f1(&self) -> f64 {
        let hits = 2 * self.true_positives;
        if hits == 0 {
            return 0.0;
        }
        100.0 * hits as f64 / (hits + self.false_positives + self.false_negatives) as f64
    }
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.true_positives += other.true_positives;
        self.false_positives += other.false_positives;
        self.false_negatives += other.false_negatives;
    }
}

/// Counts per unit from logits and truth, both `[pictures, units]`. A logit of 0 or more, i.e. a
/// probability of 0.5 or more, says "present".
///
/// # Panics
/// If there is not one truth per logit.
pub fn count(logits: &[f32], present: &[bool], units: usize) -> Vec<Counts> {
    assert_eq!(logits.len(), present.len());
    let mut counts = vec![Counts::default(); units];
    for (logits, present) in logits.chunks_exact(units).zip(present.chunks_exact(units)) {
        for ((counts, &logit), &present) in counts.iter_mut().zip(logits).zip(present) {
            let said = logit >= 0.0;
            counts.true_positives += u64::from(said && present);
            counts.false_positives += u64::from(said && !present);
            counts.false_negatives += u64::from(!said && present);
        }
    }
    counts
}

/// F1 of every unit in percent.
pub fn f1_per_unit(counts: &[Counts]) -> Vec<f64> {
    counts.iter().map(Counts::f1).collect()
}

/// Mean F1 over units in percent.
pub fn mean_f1(counts: &[Counts]) -> f64 {
    mean_of(&f1_per_unit(counts))
}

/// The counts of several folds taken together, for the pooled F1.
pub fn pool(folds: &[Vec<Counts>]) -> Vec<Counts> {
    let units = folds.first().map_or(0, Vec::len);
    let mut sums = vec![Counts::default(); units];
    for fold in folds {
        for (sum, &counts) in sums.iter_mut().zip(fold) {
            *sum += counts;
        }
    }
    sums
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_hand() {
        // Unit 0: said ++−+ (0 says yes), there +−++ → TP 2, FP 1, FN 1 → 4/6.
        // Unit 1: never said, once there → 0. Unit 2: never said, never there → 0.
        let logits = [
            0.0, -1.0, -1.0, 2.0, -1.0, -1.0, -0.1, -2.0, -1.0, 3.0, -1.0, -9.0,
        ];
        let present = [
            true, false, false, false, true, false, true, false, false, true, false, false,
        ];
        let counts = count(&logits, &present, 3);
        assert_eq!(f1_per_unit(&counts), [400.0 / 6.0, 0.0, 0.0]);
        assert!((mean_f1(&counts) - 400.0 / 18.0).abs() < 1e-12);
        // Said once, never there.
        assert_eq!(count(&[1.0], &[false], 1)[0].f1(), 0.0);
    }

    #[test]
    fn pooled_is_not_the_mean() {
        let fold = |tp, fp| {
            vec![Counts {
                true_positives: tp,
                false_positives: fp,
                false_negatives: 0,
            }]
        };
        let folds = [fold(1, 0), fold(1, 8)];
        // Means of 100 and 20 against 4 / (4 + 8).
        assert_eq!(mean_of(&folds.each_ref().map(|f| mean_f1(f))), 60.0);
        assert!((mean_f1(&pool(&folds)) - 100.0 / 3.0).abs() < 1e-12);
    }

    #[test]
    fn present_from_two_on() {
        assert_eq!(
            [0.0, 1.0, 2.0, 5.0].map(au_present),
            [false, false, true, true]
        );
    }
}
