//! Which labelled pictures probes are fitted on and which they are tested on.

use std::collections::{BTreeMap, BTreeSet};

use super::bootstrap::numbered;
use crate::data::labelled::FaceLabel;

/// Pictures of a person a test part needs before it takes in further people: a person is found
/// again only among several clips and poses.
const DEPTH: usize = 8;

/// Labelled pictures in two parts.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ProbeSet {
    /// What is known about every picture.
    pub labels: Vec<FaceLabel>,
    /// Pictures that regressions and classifiers are fitted on, ascending.
    pub fit: Vec<usize>,
    /// Pictures that everything is measured on, ascending.
    pub test: Vec<usize>,
    /// Names of the expressions.
    pub expressions: Vec<String>,
}

/// A number by which pictures belong together.
type Key = fn(&FaceLabel) -> Option<u32>;

const IDENTITY: Key = |label| label.identity;
const CLIP: Key = |label| label.clip;

impl ProbeSet {
    /// Splits labelled pictures about 60:40 by identity, else by clip, else every third picture is
    /// for the test; each part has at most `cap` pictures, spread evenly over identities, clips and
    /// frames (a test part of many people has fewer people with several pictures each).
    ///
    /// Identities (or clips) decide where at least half of the pictures have one and two differ;
    /// pictures without are then left out, since they could be anybody. Nothing is random.
    pub fn split(labels: Vec<FaceLabel>, expressions: Vec<String>, cap: usize) -> Self {
        let parted = [IDENTITY, CLIP].into_iter().find_map(|key| {
            let keys: BTreeSet<u32> = labels.iter().filter_map(key).collect();
            let known = labels.iter().filter(|label| key(label).is_some()).count();
            (keys.len() >= 2 && 2 * known >= labels.len()).then_some((key, keys))
        });
        let (fit, test) = match parted {
            Some((key, keys)) => {
                // Two of five, spread over the list, which may be sorted by something.
                let tested: BTreeSet<u32> = keys
                    .into_iter()
                    .enumerate()
                    .filter_map(|(at, k)| matches!(at % 5, 1 | 3).then_some(k))
                    .collect();
                (0..labels.len())
                    .filter(|&i| key(&labels[i]).is_some())
                    .partition(|&i| key(&labels[i]).is_some_and(|k| !tested.contains(&k)))
            }
            None => (0..labels.len()).partition(|i| i % 3 != 1),
        };
        Self::held_out(labels, expressions, fit, test, cap)
    }

    /// `fit` are pictures that training may see, `test` those held out; each part is thinned to
    /// `cap` as in [`Self::split`]. Pictures that do not exist are passed over, and pictures in
    /// both parts count as held out.
    pub fn held_out(
        labels: Vec<FaceLabel>,
        expressions: Vec<String>,
        fit: Vec<usize>,
        test: Vec<usize>,
        cap: usize,
    ) -> Self {
        let there = |part: Vec<usize>| -> BTreeSet<usize> {
            part.into_iter().filter(|&i| i < labels.len()).collect()
        };
        let (fit, test) = (there(fit), there(test));
        let fit = fit.difference(&test).copied().collect();
        let fit = thinned(&labels, fit, cap, 1);
        let test = thinned(&labels, test.into_iter().collect(), cap, DEPTH);
        Self {
            labels,
            fit,
            test,
            expressions,
        }
    }

    /// The same set without the pictures that are in neither part, and the place each picture had:
    /// encode these, in this order.
    pub fn compact(&self) -> (Self, Vec<usize>) {
        let used: BTreeSet<usize> = self.fit.iter().chain(&self.test).copied().collect();
        let used: Vec<usize> = used.into_iter().collect();
        let moved = |part: &[usize]| {
            part.iter()
                .map(|i| used.partition_point(|u| u < i))
                .collect()
        };
        let set = Self {
            labels: used.iter().map(|&i| self.labels[i].clone()).collect(),
            fit: moved(&self.fit),
            test: moved(&self.test),
            expressions: self.expressions.clone(),
        };
        (set, used)
    }

    /// For each of the pictures `part` the number of its person, from 0 without gaps: what belongs
    /// together when people are left out or drawn. By identity, where that is not known by clip, else
    /// every picture stands for itself; what is the same for all says nothing.
    pub fn people(&self, part: &[usize]) -> Vec<usize> {
        let tells = |key: &Key| {
            let mut known = part.iter().filter_map(|&i| key(&self.labels[i]));
            known
                .next()
                .is_some_and(|first| known.any(|other| other != first))
        };
        let keys: Vec<Key> = [IDENTITY, CLIP].into_iter().filter(tells).collect();
        numbered(part.iter().map(|&i| {
            let known = keys.iter().enumerate();
            let known =
                known.filter_map(|(level, key)| Some((level, key(&self.labels[i])? as usize)));
            known.min().unwrap_or((keys.len(), i))
        }))
    }

    /// Number of people known to be in both parts.
    pub fn shared_people(&self) -> usize {
        let people = |part: &[usize]| -> BTreeSet<u32> {
            let known = part.iter().filter_map(|&i| self.labels[i].identity);
            known.collect()
        };
        people(&self.fit).intersection(&people(&self.test)).count()
    }

    /// Pictures to look for people among: the test part where it has two identities, else both
    /// parts; nothing where even those have not.
    pub(super) fn crowd(&self) -> Vec<usize> {
        let people = |part: &[usize]| -> usize {
            let known = part.iter().filter_map(|&i| self.labels[i].identity);
            known.collect::<BTreeSet<_>>().len()
        };
        if people(&self.test) >= 2 {
            return self.test.clone();
        }
        let both: BTreeSet<usize> = self.fit.iter().chain(&self.test).copied().collect();
        let both: Vec<usize> = both.into_iter().collect();
        if people(&both) >= 2 { both } else { Vec::new() }
    }
}

/// At most `cap` pictures of `part`, of fewer people if need be to have about `depth` of each.
fn thinned(labels: &[FaceLabel], part: Vec<usize>, cap: usize, depth: usize) -> Vec<usize> {
    if part.len() <= cap {
        return part;
    }
    let people = grouped(labels, &part, IDENTITY);
    let reachable: usize = people
        .iter()
        .map(|pictures| pictures.len().min(depth))
        .sum();
    let wanted = (cap * people.len()).div_ceil(reachable.max(1)).max(2);
    let kept: Vec<usize> = spaced(people.len(), wanted.min(people.len()))
        .flat_map(|at| people[at].iter().copied())
        .collect();
    let mut kept = spread(labels, &kept, cap, &[IDENTITY, CLIP]);
    kept.sort_unstable();
    kept
}

/// `cap` of the pictures, as many from each group of the first key as can be, and so on within
/// groups.
fn spread(labels: &[FaceLabel], part: &[usize], cap: usize, keys: &[Key]) -> Vec<usize> {
    if part.len() <= cap {
        return part.to_vec();
    }
    let Some((&key, rest)) = keys.split_first() else {
        return spaced(part.len(), cap).map(|at| part[at]).collect();
    };
    let groups = grouped(labels, part, key);
    let sizes: Vec<usize> = groups.iter().map(Vec::len).collect();
    let quotas = quotas(&sizes, cap);
    let picks = groups.iter().zip(quotas);
    picks
        .flat_map(|(group, quota)| spread(labels, group, quota, rest))
        .collect()
}

/// Pictures by key, those without one together.
fn grouped(labels: &[FaceLabel], part: &[usize], key: Key) -> Vec<Vec<usize>> {
    let mut groups = BTreeMap::<Option<u32>, Vec<usize>>::new();
    for &picture in part {
        groups
            .entry(key(&labels[picture]))
            .or_default()
            .push(picture);
    }
    groups.into_values().collect()
}

/// Shares of `cap` for groups of these sizes: equal, and what small groups leave goes to the others.
fn quotas(sizes: &[usize], cap: usize) -> Vec<usize> {
    let mut quotas = vec![0; sizes.len()];
    let mut left = cap;
    loop {
        let open: Vec<usize> = (0..sizes.len()).filter(|&g| quotas[g] < sizes[g]).collect();
        if open.len() > left {
            spaced(open.len(), left).for_each(|at| quotas[open[at]] += 1);
            return quotas;
        }
        if open.is_empty() {
            return quotas;
        }
        let share = left / open.len();
        for group in open {
            let more = share.min(sizes[group] - quotas[group]);
            quotas[group] += more;
            left -= more;
        }
    }
}

/// `picks` places among `len`, evenly spaced.
pub(super) fn spaced(len: usize, picks: usize) -> impl Iterator<Item = usize> {
    (0..picks).map(move |at| (2 * at + 1) * len / (2 * picks))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn label(identity: Option<u32>, clip: Option<u32>) -> FaceLabel {
        FaceLabel {
            identity,
            clip,
            ..FaceLabel::default()
        }
    }

    /// People with clips of frames each.
    fn people(people: u32, clips: u32, frames: u32) -> Vec<FaceLabel> {
        (0..people * clips * frames)
            .map(|i| label(Some(i / (clips * frames)), Some(i / frames)))
            .collect()
    }

    fn who(set: &ProbeSet, part: &[usize]) -> BTreeSet<u32> {
        part.iter()
            .filter_map(|&i| set.labels[i].identity)
            .collect()
    }

    #[test]
    fn people_are_never_in_both_parts() {
        let set = ProbeSet::split(people(10, 2, 3), Vec::new(), 1000);
        assert_eq!(who(&set, &set.test), BTreeSet::from([1, 3, 6, 8]));
        assert_eq!(who(&set, &set.fit).len(), 6);
        assert_eq!(set.fit.len() + set.test.len(), 60);
    }

    #[test]
    fn people_are_told_apart_by_what_is_known() {
        let of = |labels: Vec<FaceLabel>| {
            let all: Vec<usize> = (0..labels.len()).rev().collect();
            ProbeSet::held_out(labels, Vec::new(), all.clone(), Vec::new(), 99).people(&all)
        };
        // Numbered in the order in which they come.
        assert_eq!(of(people(3, 1, 2)), [0, 0, 1, 1, 2, 2]);
        assert_eq!(of(people(1, 2, 2)), [0, 0, 1, 1]);
        assert_eq!(of(vec![label(Some(5), Some(5)); 3]), [0, 1, 2]);
        let mut some = people(1, 1, 2);
        some.extend([label(None, Some(7)), label(None, Some(7))]);
        some.push(label(Some(1), None));
        assert_eq!(of(some), [0, 1, 1, 2, 2]);
        assert_eq!(
            of(vec![
                label(None, None),
                label(None, Some(1)),
                label(None, Some(2))
            ]),
            [0, 1, 2]
        );
    }

    #[test]
    fn clips_and_then_pictures_are_split_when_nobody_is_known() {
        let one = ProbeSet::split(people(1, 5, 4), Vec::new(), 1000);
        assert_eq!(one.test, [4, 5, 6, 7, 12, 13, 14, 15]);
        let none = ProbeSet::split(vec![label(None, None); 7], Vec::new(), 1000);
        assert_eq!((none.fit, none.test), (vec![0, 2, 3, 5, 6], vec![1, 4]));
        let single = ProbeSet::split(vec![label(None, None)], Vec::new(), 1000);
        assert_eq!((single.fit.len(), single.test.len()), (1, 0));
        assert_eq!(
            ProbeSet::split(Vec::new(), Vec::new(), 9),
            ProbeSet::default()
        );
    }

    #[test]
    fn strangers_are_left_out_unless_they_are_the_most() {
        let mut labels = people(2, 1, 4);
        labels.push(label(None, None));
        assert!(
            !ProbeSet::split(labels.clone(), Vec::new(), 99)
                .fit
                .contains(&8)
        );
        labels.extend(vec![label(None, None); 20]);
        assert_eq!(ProbeSet::split(labels, Vec::new(), 99).test.len(), 10);
    }

    #[test]
    fn caps_keep_people_clips_and_frames_even() {
        let set = ProbeSet::split(people(10, 4, 10), Vec::new(), 48);
        assert_eq!((set.fit.len(), set.test.len()), (48, 48));
        assert_eq!(who(&set, &set.fit).len(), 6);
        // 12 pictures of each of 4 people, 3 of each clip, spread over its 10 frames.
        let first: Vec<usize> = set
            .test
            .iter()
            .filter(|&&i| i < 50)
            .map(|i| i - 40)
            .collect();
        assert_eq!(first, [1, 5, 8]);
    }

    #[test]
    fn a_test_part_of_many_people_keeps_several_pictures_of_each() {
        let set = ProbeSet::split(people(500, 4, 10), Vec::new(), 80);
        assert_eq!((set.test.len(), who(&set, &set.test).len()), (80, 10));
        assert_eq!((set.fit.len(), who(&set, &set.fit).len()), (80, 80));
        // With two pictures each, depth cannot be had and width is not given up.
        let shallow = ProbeSet::split(people(500, 1, 2), Vec::new(), 80);
        assert_eq!(
            (shallow.test.len(), who(&shallow, &shallow.test).len()),
            (80, 40)
        );
    }

    #[test]
    fn held_out_pictures_never_help_to_fit() {
        let labels = people(2, 1, 3);
        let set = ProbeSet::held_out(labels, Vec::new(), vec![4, 0, 1, 99], vec![4, 5, 5], 10);
        assert_eq!((&set.fit[..], &set.test[..]), (&[0, 1][..], &[4, 5][..]));
        assert_eq!(set.shared_people(), 0);
        let set = ProbeSet::held_out(people(2, 1, 3), Vec::new(), vec![0, 3], vec![1, 2], 10);
        assert_eq!(set.shared_people(), 1);
    }

    #[test]
    fn compact_sets_keep_order_and_labels() {
        let set = ProbeSet::held_out(people(4, 1, 2), Vec::new(), vec![7, 2], vec![5], 10);
        let (small, used) = set.compact();
        assert_eq!(used, [2, 5, 7]);
        assert_eq!((&small.fit[..], &small.test[..]), (&[0, 2][..], &[1][..]));
        assert_eq!(small.labels[1], set.labels[5]);
    }

    #[test]
    fn what_small_groups_leave_goes_to_the_others() {
        assert_eq!(quotas(&[1, 10, 10], 9), [1, 4, 4]);
        assert_eq!(quotas(&[5, 5, 5], 2), [1, 0, 1]);
        assert_eq!(quotas(&[2, 2], 9), [2, 2]);
    }
}
