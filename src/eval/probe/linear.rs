//! Linear probes of pose and expression.

use nalgebra::DMatrix;
use serde::{Deserialize, Serialize};

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

/// Ridge regression of an angle; `None` with fewer than two known angles to fit or none to test.
pub(super) fn regression(
    set: &ProbeSet,
    ridges: &mut Ridges<'_>,
    angle: fn(&FaceLabel) -> Option<f32>,
) -> Option<Regression> {
    let finite = |label: &FaceLabel| angle(label).filter(|a| a.is_finite()).map(f64::from);
    let (fit, targets) = known(set, &set.fit, finite);
    let (test, truth) = known(set, &set.test, finite);
    let middle = mean(truth.iter().copied())?;
    let gram = ridges.gram();
    let ridge = ridges.on(&fit)?;
    let solution = ridge.solve(&DMatrix::from_vec(fit.len(), 1, targets));
    let predicted = ridge.predict(gram, &solution, &test);
    let errors = || truth.iter().zip(&predicted).map(|(t, p)| t - p);
    let variation: f64 = truth.iter().map(|t| (t - middle) * (t - middle)).sum();
    Some(Regression {
        r2: (variation > 0.0).then(|| 1.0 - errors().map(|e| e * e).sum::<f64>() / variation),
        mae_deg: mean(errors().map(f64::abs))?,
    })
}

/// Accuracy of a ridge classifier (one column per class, largest output, of equals the smallest
/// class); `None` unless at least two expressions are there to fit and one picture to test.
pub(super) fn expression(set: &ProbeSet, ridges: &mut Ridges<'_>) -> Option<f64> {
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
    mean(outputs.row_iter().zip(&truth).map(|(row, &class)| {
        let best = (1..names.len()).fold(0, |best, c| if row[c] > row[best] { c } else { best });
        f64::from(u8::from(names[best] == class))
    }))
}
