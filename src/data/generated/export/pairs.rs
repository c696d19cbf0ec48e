//! Pairs for verification (METHODS 2.2): ten folds, half of each fold the same person.

use std::collections::HashSet;
use std::ops::Range;

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::{ExportError, ExportLayout};
use crate::data::generated::{CLIPS, FRAMES, GeneratedFaces, Truth};
use crate::rng::stream_seed;

/// Folds.
pub const FOLDS: usize = 10;
/// Same and different pairs of a fold, each, if it has as many.
const MOST_PAIRS: usize = 300;
/// Draws per wanted pair before a fold counts as exhausted.
const DRAWS: usize = 200;

/// The pairs of one fold, as numbers of pictures.
#[derive(Debug, PartialEq)]
pub struct Fold {
    /// Pairs of one person.
    pub same: Vec<(usize, usize)>,
    /// As many pairs of two people.
    pub different: Vec<(usize, usize)>,
}

/// Pairs at least `apart_deg` of yaw apart, the same number in every fold. No person is in two
/// folds. Both kinds of pair cross clips and expressions, so that neither the background nor the
/// expression gives the answer away.
///
/// # Errors
/// [`ExportError::NoPairs`].
pub fn folds(
    faces: &GeneratedFaces,
    layout: ExportLayout,
    apart_deg: f32,
) -> Result<Vec<Fold>, ExportError> {
    let people = faces.identities();
    let mut folds = Vec::with_capacity(FOLDS);
    for fold in 0..FOLDS {
        let range = fold * people / FOLDS..(fold + 1) * people / FOLDS;
        let truths: Vec<Truth> = (range.start * CLIPS * FRAMES..range.end * CLIPS * FRAMES)
            .map(|item| faces.truth(item))
            .collect();
        let rng = &mut ChaCha8Rng::seed_from_u64(stream_seed(
            faces.seed(),
            "pairs",
            fold as u64,
            layout as u64,
        ));
        let mut pairs = |same| {
            draw(rng, range.clone(), same, |a, b| {
                let [a, b] = [a, b].map(|item| &truths[item - range.start * CLIPS * FRAMES]);
                a.expression != b.expression && (a.yaw_deg - b.yaw_deg).abs() >= apart_deg
            })
        };
        let (same, different) = (pairs(true), pairs(false));
        if same.is_empty() || different.is_empty() {
            return Err(ExportError::NoPairs {
                layout,
                fold: fold + 1,
            });
        }
        folds.push(Fold { same, different });
    }
    let fewest = folds
        .iter()
        .map(|fold| fold.same.len().min(fold.different.len()))
        .min()
        .unwrap_or(0);
    for fold in &mut folds {
        fold.same.truncate(fewest);
        fold.different.truncate(fewest);
    }
    Ok(folds)
}

/// Up to [`MOST_PAIRS`] different pairs of pictures of `people` that are `wanted`.
fn draw(
    rng: &mut impl Rng,
    people: Range<usize>,
    same: bool,
    wanted: impl Fn(usize, usize) -> bool,
) -> Vec<(usize, usize)> {
    const EACH: usize = CLIPS * FRAMES;
    let mut known = HashSet::new();
    let mut pairs = Vec::with_capacity(MOST_PAIRS);
    for _ in 0..MOST_PAIRS * DRAWS {
        if pairs.len() == MOST_PAIRS {
            break;
        }
        let first = rng.random_range(people.start as u64..people.end as u64) as usize;
        let second = if same {
            first
        } else {
            // Anyone but the first.
            let step = rng.random_range(1..people.len() as u64) as usize;
            people.start + (first - people.start + step) % people.len()
        };
        let [a, b] =
            [first, second].map(|person| person * EACH + rng.random_range(0..EACH as u64) as usize);
        if wanted(a, b) && known.insert((a.min(b), a.max(b))) {
            pairs.push((a, b));
        }
    }
    pairs
}
