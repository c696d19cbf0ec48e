//! What a code knows, measured from the features of labelled pictures, without any training.
//!
//! ```text
//! labels ─▶ ProbeSet (fit, test) ─┐
//! features ─▶ Gram (all pairs) ───┴▶ ridge ─▶ pose, expression, action units ┐
//!                                  ▶ neighbours, retrieval ─▶ identity, pose ├▶ bootstrap
//!                                  ▶ collapse ─▶ spread                      │
//! pictures ─▶ pca ─▶ likeness, reconstruction, readback ──────────────────────┘
//! F_f, F_p ─▶ dependence, separation
//! ```
//!
//! Everything works on the matrix of scalar products between pictures, so the length of the
//! features matters only once, when that matrix is made.
//!
//! A linear probe tells whether something can be *read* from a code; an untrained encoder passes
//! that test too. Whether a code is *about* something shows in [`Retrieval`], where capacity cannot
//! hide it.

mod bootstrap;
mod collapse;
mod columns;
mod dependence;
mod gram;
mod likeness;
mod linear;
mod neighbours;
mod pca;
mod quantities;
mod readback;
pub mod reconstruction;
pub mod report;
mod retrieval;
mod ridge;
mod separation;
mod set;
mod text;
mod units;

use serde::{Deserialize, Serialize};

use crate::data::labelled::FaceLabel;
use crate::eval::matrix::Matrix;
use gram::Gram;
use ridge::Ridges;

pub use bootstrap::{Interval, Intervals};
pub use collapse::Spread;
pub use likeness::{Likeness, SwapPair, SwapTruth, swap_truth};
pub use linear::Regression;
pub use pca::Pca;
pub use readback::{Readback, Reader, Wanted};
pub use reconstruction::{Answer, Reconstruction};
pub use report::{KnowledgeRow, KnowledgeTable};
pub use retrieval::{PoseRetrieval, Retrieval};
pub use separation::{Dci, Separation};
pub use set::ProbeSet;

/// Name of the code that knows nothing.
pub const CHANCE: &str = "chance";

/// What one code knows. `None`: the labels do not allow the measurement, or the features are
/// unusable.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CodeReport {
    /// Name of the code, e.g. `F_p`.
    pub code: String,
    /// Ridge regression of yaw.
    pub yaw: Option<Regression>,
    /// R² of a probe of yaw whose labels, fit and test, were moved to other people: what the probe
    /// makes of a code without its help. R² less this is the probe's selectivity (Hewitt and Liang
    /// 2019). Absent in older records.
    #[serde(default)]
    pub yaw_r2_shuffled: Option<f64>,
    /// Of |yaw|. The flip is PCL's only change of pose; a code that knows |yaw| but not yaw has
    /// learnt to ignore the side.
    pub abs_yaw: Option<Regression>,
    /// Of pitch.
    pub pitch: Option<Regression>,
    /// Of roll.
    pub roll: Option<Regression>,
    /// Share of pictures whose identity five nearest neighbours from other clips tell
    /// (METHODS 2.6).
    pub identity: Option<f64>,
    /// Share of pictures whose expression a linear classifier tells.
    pub expression: Option<f64>,
    /// F1 of action units, mean over those that occur in the test part (METHODS 2.3).
    pub au_f1: Option<f64>,
    /// F1 of AU 1, 2, 4, 6, 9, 12, 25, 26; `None` for those that do not occur in the test part.
    pub au_f1_each: Option<[Option<f64>; 8]>,
    /// What the nearest face shares.
    pub retrieval: Retrieval,
    /// Whether the code still tells pictures apart.
    pub spread: Spread,
    /// How certain the numbers are, by their names in files: 95 % of bootstrap draws of the test
    /// people. Absent for quantities without one and in older records.
    #[serde(default)]
    pub intervals: Intervals,
}

/// Measures what `code` knows from its features, one row per picture of `set.labels`.
///
/// Features that are constant are at chance; features with a number that is not finite get no
/// measurement but a sentence in [`Spread::collapsed`].
///
/// # Panics
/// If there is not one row per picture.
pub fn measure(set: &ProbeSet, code: &str, features: &Matrix) -> CodeReport {
    assert_eq!(
        features.rows,
        set.labels.len(),
        "one row of features per picture"
    );
    let (set, rows) = set.compact();
    let features = features.select(&rows);
    if features.data.iter().any(|number| !number.is_finite()) {
        return CodeReport {
            code: code.into(),
            spread: Spread::not_finite(code),
            ..CodeReport::default()
        };
    }
    let (mean_std, rms) = collapse::scale(&features);
    let gram = Gram::new(features, rms);
    let mut ridges = Ridges::new(&set, &gram);
    let spread = Spread::new(code, mean_std, rms, &mut ridges, &set);
    let mut report = probes(&set, code, &mut ridges);
    report.identity = neighbours::identity(&set, &gram, &mut report.intervals);
    report.spread = spread;
    report
}

/// What can be had on `set` without looking at the pictures: guessing the mean, the most frequent
/// expression, every action unit, a random face.
pub fn chance(set: &ProbeSet) -> CodeReport {
    let (set, _) = set.compact();
    // All measurements but the vote of neighbours fall to chance when all pictures are alike.
    let gram = Gram::of_equals(set.labels.len());
    CodeReport {
        identity: neighbours::identity_by_chance(&set),
        ..probes(&set, CHANCE, &mut Ridges::new(&set, &gram))
    }
}

fn probes(set: &ProbeSet, code: &str, ridges: &mut Ridges<'_>) -> CodeReport {
    let mut intervals = Intervals::new();
    let mut pose = |name: &str, target: fn(&FaceLabel) -> Option<f32>| {
        linear::regression(set, ridges, name, target, &mut intervals)
    };
    let yaw_of = |label: &FaceLabel| label.yaw_deg;
    let yaw = pose("yaw", yaw_of);
    let abs_yaw = pose("abs_yaw", |label| label.yaw_deg.map(f32::abs));
    let pitch = pose("pitch", |label| label.pitch_deg);
    let roll = pose("roll", |label| label.roll_deg);
    let au_f1_each = units::f1_each(set, ridges, &mut intervals);
    CodeReport {
        code: code.into(),
        yaw,
        yaw_r2_shuffled: linear::shuffled_r2(set, ridges, yaw_of),
        abs_yaw,
        pitch,
        roll,
        identity: None,
        expression: linear::expression(set, ridges, &mut intervals),
        au_f1: au_f1_each.and_then(|each| mean(each.into_iter().flatten())),
        au_f1_each,
        retrieval: Retrieval::new(set, ridges.gram(), &mut intervals),
        spread: Spread::default(),
        intervals,
    }
}

/// Mean, `None` of nothing.
fn mean(numbers: impl IntoIterator<Item = f64>) -> Option<f64> {
    let (count, sum) = numbers
        .into_iter()
        .fold((0usize, 0.0), |(n, sum), number| (n + 1, sum + number));
    (count > 0).then(|| sum / count as f64)
}

#[cfg(test)]
mod sklearn_tests;
#[cfg(test)]
mod tests;
