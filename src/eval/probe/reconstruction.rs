//! How like the truth pictures are that are made again from a few numbers.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::likeness::{Likeness, compare};
use super::pca::Pca;
use super::set::ProbeSet;

/// Name of D(F_f(s), F_p(s)).
pub const DECODED: &str = "decoded";
/// Numbers of principal components that pictures are made from.
const COMPONENTS: [usize; 3] = [8, 64, 256];

/// Test pictures made again, each by several means.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Reconstruction {
    /// The answers: D first, then what needs no network.
    pub answers: Vec<Answer>,
    /// Pictures averaged over.
    pub pictures: usize,
}

/// One way to make a picture again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// `decoded`, `mean_face`, or `pca_` with the number of components.
    pub name: String,
    /// How like the pictures it is.
    pub likeness: Likeness,
}

/// Compares `shown`, one picture for each of the test part or one for all, with the truth; `None`
/// without test pictures.
///
/// # Shapes
///
/// - `planes`: `[pictures of the set, 3, side, side]`
/// - `shown`: `[test pictures, 3, side, side]` or `[1, 3, side, side]`
pub fn answer(
    name: &str,
    set: &ProbeSet,
    planes: &[f32],
    shown: &[f32],
    side: usize,
) -> Option<Answer> {
    let numbers = 3 * side * side;
    let picture = |planes: &[f32], at: usize| planes[at * numbers..(at + 1) * numbers].to_vec();
    let count = shown.len() / numbers;
    let compared = set.test.par_iter().enumerate().map(|(place, &at)| {
        let place = if count == 1 { 0 } else { place };
        compare(&picture(shown, place), &picture(planes, at), side)
    });
    let compared: Vec<_> = compared.collect();
    Some(Answer {
        name: name.into(),
        likeness: Likeness::over(&set.people(&set.test), &compared)?,
    })
}

/// What needs no network: the mean face, and 8, 64 and 256 principal components, of which there may
/// be fewer.
pub fn without_network(set: &ProbeSet, planes: &[f32], pca: &Pca, side: usize) -> Vec<Answer> {
    let numbers = 3 * side * side;
    let tested: Vec<f32> = set
        .test
        .iter()
        .flat_map(|&at| planes[at * numbers..(at + 1) * numbers].iter().copied())
        .collect();
    let mut answers: Vec<_> = answer("mean_face", set, planes, &pca.mean, side)
        .into_iter()
        .collect();
    let mut counts = COMPONENTS.map(|count| count.min(pca.count())).to_vec();
    counts.dedup();
    for count in counts {
        let shown = pca.pictures(&pca.coefficients(&tested, count));
        answers.extend(answer(&format!("pca_{count}"), set, planes, &shown, side));
    }
    answers
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::labelled::FaceLabel;

    #[test]
    fn more_components_are_nearer_and_nothing_is_learnt_from_test_pictures() {
        const SIDE: usize = 8;
        let numbers = 3 * SIDE * SIDE;
        // Waves of twelve frequencies, mixed.
        let wave = |k: usize, i: usize| ((k * i) as f32 * 0.37).sin();
        let weight = |n: usize, k: usize| ((n * (k + 3) * 7 + k) % 13) as f32 / 13.0 - 0.5;
        let mut planes: Vec<f32> = (0..60)
            .flat_map(|n| {
                (0..numbers).map(move |i| {
                    let mixed = (1..13).map(|k| weight(n, k) * wave(k, i));
                    0.5 + 0.1 * mixed.sum::<f32>()
                })
            })
            .collect();
        let labels = (0..60).map(|n| FaceLabel {
            identity: Some(n / 2),
            ..FaceLabel::default()
        });
        let set = ProbeSet::held_out(
            labels.collect(),
            Vec::new(),
            (0..40).collect(),
            (40..60).collect(),
            99,
        );
        let pca = Pca::fit(&planes, numbers, &set.fit).unwrap();
        let answers = without_network(&set, &planes, &pca, SIDE);
        let names: Vec<&str> = answers.iter().map(|answer| &answer.name[..]).collect();
        assert_eq!(names[..2], ["mean_face", "pca_8"]);
        assert_eq!(answers.len(), 3, "{names:?}");
        let l1 = |at: usize| answers[at].likeness.l1;
        assert!(
            l1(0) > l1(1) && l1(1) > l1(2) && l1(2) < 1e-5,
            "{answers:?}"
        );
        let sharp = |at: usize| answers[at].likeness.sharpness.unwrap();
        assert!(sharp(0) < sharp(1) && (sharp(2) - 1.0).abs() < 1e-3);
        assert!(answers[1].likeness.l1_interval.unwrap().low < l1(1));
        // Test pictures may change as they like.
        planes[40 * numbers..].fill(0.9);
        assert_eq!(Pca::fit(&planes, numbers, &set.fit).unwrap().mean, pca.mean);
    }
}
