//! Confidence intervals by drawing the people of the test part again.
//!
//! Pictures of one person are alike, so people are drawn, not pictures. What was fitted stays as it
//! is, and so do the faces among which a nearest one is looked for: the interval says how far the
//! number would move with other test people, not with other training or other probes.

use std::collections::BTreeMap;

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use super::mean;
use crate::rng::stream_seed;

/// Draws of as many people as there are.
const DRAWS: usize = 1000;
/// Draws of fewer people say nothing about people.
const LEAST_PEOPLE: usize = 5;
/// Ends of the interval, as shares of the draws.
const ENDS: [f64; 2] = [0.025, 0.975];

/// 95 % of the draws lie inside.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

impl Interval {
    /// Half of its length.
    pub fn half(&self) -> f64 {
        0.5 * (self.high - self.low)
    }
}

/// Intervals by the name of their quantity in files, e.g. `yaw_r2`.
pub type Intervals = BTreeMap<String, Interval>;

/// Numbers from 0 without gaps for these names, in the order in which they come.
pub(super) fn numbered<T: Ord>(names: impl Iterator<Item = T>) -> Vec<usize> {
    let mut numbers = BTreeMap::new();
    names
        .map(|name| {
            let next = numbers.len();
            *numbers.entry(name).or_insert(next)
        })
        .collect()
}

/// Keeps the interval of a quantity, if there is one.
pub(super) fn keep(intervals: &mut Intervals, name: String, of: Option<Interval>) {
    intervals.extend(of.map(|interval| (name, interval)));
}

/// The interval of a statistic that depends on sums of `rows` alone. `people`: for each row the
/// number of its person, from 0 without gaps. `None` with fewer than five people, or if the
/// statistic is undefined for a draw. The same people give the same draws.
pub(super) fn interval<const N: usize>(
    people: &[usize],
    rows: &[[f64; N]],
    statistic: impl Fn(&[f64; N]) -> Option<f64>,
) -> Option<Interval> {
    let count = people.iter().max().map_or(0, |last| last + 1);
    if count < LEAST_PEOPLE {
        return None;
    }
    let mut sums = vec![[0.0; N]; count];
    for (&person, row) in people.iter().zip(rows) {
        add(&mut sums[person], row);
    }
    let mut rng = ChaCha8Rng::seed_from_u64(stream_seed(0, "bootstrap", count as u64, 0));
    let mut values = Vec::with_capacity(DRAWS);
    for _ in 0..DRAWS {
        let mut sum = [0.0; N];
        for _ in 0..count {
            add(&mut sum, &sums[rng.random_range(0..count)]);
        }
        values.push(statistic(&sum).filter(|value| value.is_finite())?);
    }
    values.sort_by(f64::total_cmp);
    let [low, high] = ENDS.map(|share| quantile(&values, share));
    Some(Interval { low, high })
}

/// Mean of one value per item and its interval; `None` of nothing.
pub(super) fn mean_of(people: &[usize], values: &[f64]) -> Option<(f64, Option<Interval>)> {
    let rows: Vec<[f64; 2]> = values.iter().map(|&value| [value, 1.0]).collect();
    Some((
        mean(values.iter().copied())?,
        interval(people, &rows, ratio),
    ))
}

/// The first sum by the second.
pub(super) fn ratio([sum, count]: &[f64; 2]) -> Option<f64> {
    (*count != 0.0).then(|| sum / count)
}

fn add<const N: usize>(sum: &mut [f64; N], row: &[f64; N]) {
    for (sum, value) in sum.iter_mut().zip(row) {
        *sum += value;
    }
}

/// Of sorted values, between neighbours in proportion.
fn quantile(sorted: &[f64], share: f64) -> f64 {
    let place = share * (sorted.len() - 1) as f64;
    let below = place.floor();
    let next = sorted[(below as usize + 1).min(sorted.len() - 1)];
    sorted[below as usize] + (place - below) * (next - sorted[below as usize])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_by_hand() {
        let values = [0.0, 1.0, 4.0];
        assert_eq!(quantile(&values, 0.25), 0.5);
        assert_eq!(quantile(&values, 0.75), 2.5);
        assert_eq!(quantile(&values, 1.0), 4.0);
    }

    #[test]
    fn a_mean_is_as_uncertain_as_its_people() {
        // 40 people with the means 0 … 39, ten equal pictures each: the mean of 40 draws has the
        // deviation √(1599/12/40) = 1.825.
        let people: Vec<usize> = (0..400).map(|i| i / 10).collect();
        let values: Vec<f64> = people.iter().map(|&person| person as f64).collect();
        let (mean, interval) = mean_of(&people, &values).unwrap();
        let interval = interval.unwrap();
        assert_eq!(mean, 19.5);
        let expected = 1.96 * (1599.0f64 / 12.0 / 40.0).sqrt();
        assert!(
            (interval.half() / expected - 1.0).abs() < 0.1,
            "{interval:?}"
        );
        assert!((0.5 * (interval.low + interval.high) - mean).abs() < 0.5);
        // As pictures of 400 people the same numbers would look much more certain.
        let strangers: Vec<usize> = (0..400).collect();
        let (_, narrow) = mean_of(&strangers, &values).unwrap();
        let share = narrow.unwrap().half() / interval.half();
        assert!((share - 0.1f64.sqrt()).abs() < 0.04, "{share}");
    }

    #[test]
    fn few_people_and_undefined_statistics_have_none() {
        assert_eq!(mean_of(&[0, 1, 2, 3], &[1.0; 4]).unwrap().1, None);
        assert_eq!(mean_of(&[], &[]), None);
        let people = [0, 1, 2, 3, 4];
        let rows = [[1.0, 1.0], [1.0, 0.0], [1.0, 0.0], [1.0, 0.0], [1.0, 0.0]];
        assert_eq!(interval(&people, &rows, ratio), None);
        let same = mean_of(&people, &[0.25; 5]).unwrap().1.unwrap();
        assert_eq!((same.low, same.high), (0.25, 0.25));
    }
}
