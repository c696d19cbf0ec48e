//! Linear probes of pose and expression.

use nalgebra::DMatrix;
use serde::{Deserialize, Serialize};

use super::bootstrap::{Intervals, interval, keep, mean_of};
use super::mean;
use super::ridge::Ridges;
use super::set::ProbeSet;
use crate::data::labelled::FaceLabel;

/// How well an angle is told on the test part.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Regression {
    /// Share of the variance that is explained: 1 is perfect, 0 as good as the test part's mean,
    /// below 0 worse. `None` where all test pictures have the same angle.
    pub r2: Option<f64>,
    /// Mean absolute error in degrees.
    pub mae_deg: f64,
}

/// Pictures of `part` whose label is known, with it.
pub(super) fn known<T>(
    set: &ProbeSet,
    part: &[usize],
    label: impl Fn(&FaceLabel) -> Option<T>,
) -> (Vec<usize>, Vec<T>) {
    part.iter()
        .filter_map(|&i| Some((i, label(&set.labels[i])?)))
        .unzip()
}

/// Ridge regression of an angle, whose intervals are kept under `name`; `None` with fewer than two
/// known angles to fit or none to test.
pub(super) fn regression(
    set: &ProbeSet,
    ridges: &mut Ridges<'_>,
    name: &str,
    angle: fn(&FaceLabel) -> Option<f32>,
    intervals: &mut Intervals,
) -> Option<Regression> {
    let (test, rows) = tested(set, ridges, angle, |_| {})?;
    let people = set.people(&test);
    let away: Vec<f64> = rows.iter().map(|row| row[0].sqrt()).collect();
    let (mae_deg, certain) = mean_of(&people, &away)?;
    keep(intervals, format!("{name}_mae_deg"), certain);
    keep(
        intervals,
        format!("{name}_r2"),
        interval(&people, &rows, r2),
    );
    Some(Regression {
        r2: r2(&total(&rows)),
        mae_deg,
    })
}

/// R² of a regression of an angle whose labels were moved by half of the list in either part, so
/// that they are other people's; `None` as for [`regression`].
pub(super) fn shuffled_r2(
    set: &ProbeSet,
    ridges: &mut Ridges<'_>,
    angle: fn(&FaceLabel) -> Option<f32>,
) -> Option<f64> {
    let half = |angles: &mut Vec<f64>| {
        let half = angles.len() / 2;
        angles.rotate_left(half);
    };
    let (_, rows) = tested(set, ridges, angle, half)?;
    r2(&total(&rows))
}

/// Test pictures whose angle is known, with the squared error of each, its angle less the mean, that
/// squared, and 1. `change` is applied to the known angles of either part.
fn tested(
    set: &ProbeSet,
    ridges: &mut Ridges<'_>,
    angle: fn(&FaceLabel) -> Option<f32>,
    change: fn(&mut Vec<f64>),
) -> Option<(Vec<usize>, Vec<[f64; 4]>)> {
    let finite = |label: &FaceLabel| angle(label).filter(|a| a.is_finite()).map(f64::from);
    let (fit, mut targets) = known(set, &set.fit, finite);
    let (test, mut truth) = known(set, &set.test, finite);
    change(&mut targets);
    change(&mut truth);
    let middle = mean(truth.iter().copied())?;
    let gram = ridges.gram();
    let ridge = ridges.on(&fit)?;
    let solution = ridge.solve(&DMatrix::from_vec(fit.len(), 1, targets));
    let predicted = ridge.predict(gram, &solution, &test);
    let rows = truth.iter().zip(&predicted).map(|(truth, predicted)| {
        let centred = truth - middle;
        [(truth - predicted).powi(2), centred, centred * centred, 1.0]
    });
    Some((test, rows.collect()))
}

fn total(rows: &[[f64; 4]]) -> [f64; 4] {
    rows.iter().fold([0.0; 4], |sum, row| {
        std::array::from_fn(|k| sum[k] + row[k])
    })
}

/// R² from the sums of squared errors, of targets (less any number), of their squares, and of ones.
fn r2([squared_errors, sum, squares, count]: &[f64; 4]) -> Option<f64> {
    let variation = squares - sum * sum / count;
    // What is left of equal angles is rounding.
    (variation > 1e-12 * squares).then(|| 1.0 - squared_errors / variation)
}

/// Accuracy of a ridge classifier (one column per class, largest output, of equals the smallest
/// class); `None` unless at least two expressions are there to fit and one picture to test.
pub(super) fn expression(
    set: &ProbeSet,
    ridges: &mut Ridges<'_>,
    intervals: &mut Intervals,
) -> Option<f64> {
    let (fit, classes) = known(set, &set.fit, |label| label.expression);
    let (test, truth) = known(set, &set.test, |label| label.expression);
    // Columns are for classes that occur, whatever their numbers.
    let mut names = classes.clone();
    names.sort_unstable();
    names.dedup();
    if names.len() < 2 {
        return None;
    }
    let targets = DMatrix::from_fn(fit.len(), names.len(), |i, c| {
        f64::from(u8::from(classes[i] == names[c]))
    });
    let gram = ridges.gram();
    let ridge = ridges.on(&fit)?;
    let solution = ridge.solve(&targets);
    let outputs = ridge.predict(gram, &solution, &test);
    let right = outputs.row_iter().zip(&truth).map(|(row, &class)| {
        let best = (1..names.len()).fold(0, |best, c| if row[c] > row[best] { c } else { best });
        f64::from(u8::from(names[best] == class))
    });
    let right: Vec<f64> = right.collect();
    let (accuracy, certain) = mean_of(&set.people(&test), &right)?;
    keep(intervals, "expression_accuracy".into(), certain);
    Some(accuracy)
}
