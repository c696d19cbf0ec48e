//! Identity by a vote of nearest neighbours (METHODS 2.6).

use std::collections::{BTreeMap, BTreeSet};

use super::bootstrap::{Intervals, keep, mean_of};
use super::gram::Gram;
use super::mean;
use super::set::ProbeSet;

/// Neighbours that vote.
const VOTERS: usize = 5;

/// A picture and whose it is.
type Known = (usize, u32);

/// Accuracy of the five nearest neighbours in Euclidean distance; of equally many votes the
/// smallest class wins. `None` with fewer than two identities or nobody to compare.
pub(super) fn identity(set: &ProbeSet, gram: &Gram, intervals: &mut Intervals) -> Option<f64> {
    let (gallery, queries) = gallery_and_queries(set)?;
    let right = queries.iter().map(|&(query, truth)| {
        let mut near: Vec<(f64, usize, u32)> = gallery
            .iter()
            .map(|&(picture, who)| (gram.distance2(query, picture), picture, who))
            .collect();
        near.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        near.truncate(VOTERS);
        f64::from(u8::from(vote(near.iter().map(|n| n.2)) == Some(truth)))
    });
    let right: Vec<f64> = right.collect();
    let pictures: Vec<usize> = queries.iter().map(|&(picture, _)| picture).collect();
    let (accuracy, certain) = mean_of(&set.people(&pictures), &right)?;
    keep(intervals, "identity_accuracy".into(), certain);
    Some(accuracy)
}

/// Expected accuracy of a random pick from the gallery.
pub(super) fn identity_by_chance(set: &ProbeSet) -> Option<f64> {
    let (gallery, queries) = gallery_and_queries(set)?;
    mean(queries.iter().map(|&(_, truth)| {
        let right = gallery.iter().filter(|&&(_, who)| who == truth).count();
        right as f64 / gallery.len() as f64
    }))
}

/// The class with most votes, of equals the smallest.
fn vote(classes: impl Iterator<Item = u32>) -> Option<u32> {
    let mut votes = BTreeMap::<u32, usize>::new();
    classes.for_each(|class| *votes.entry(class).or_default() += 1);
    let most = *votes.values().max()?;
    votes.into_iter().find(|v| v.1 == most).map(|v| v.0)
}

/// Clips of a person go to the gallery and to the queries in turn, so that nobody is recognised by
/// the neighbouring frame. Where no person has two clips, pictures alternate instead.
fn gallery_and_queries(set: &ProbeSet) -> Option<(Vec<Known>, Vec<Known>)> {
    let mut people = BTreeMap::<u32, Vec<usize>>::new();
    for picture in set.crowd() {
        if let Some(who) = set.labels[picture].identity {
            people.entry(who).or_default().push(picture);
        }
    }
    if people.len() < 2 {
        return None;
    }
    let clips = |pictures: &[usize]| -> BTreeSet<Option<u32>> {
        pictures.iter().map(|&i| set.labels[i].clip).collect()
    };
    let by_clip = people.values().any(|pictures| clips(pictures).len() > 1);
    let (mut gallery, mut queries) = (Vec::new(), Vec::new());
    for (who, pictures) in people {
        let clips: Vec<_> = clips(&pictures).into_iter().collect();
        for (at, &picture) in pictures.iter().enumerate() {
            let place = if by_clip {
                clips
                    .iter()
                    .position(|&clip| clip == set.labels[picture].clip)
            } else {
                Some(at)
            };
            let odd = place.is_some_and(|place| place % 2 == 1);
            if odd { &mut queries } else { &mut gallery }.push((picture, who));
        }
    }
    Some((gallery, queries))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::labelled::FaceLabel;
    use crate::eval::matrix::Matrix;

    fn set(people: &[(u32, Option<u32>)]) -> ProbeSet {
        let label = |&(who, clip): &(u32, Option<u32>)| FaceLabel {
            identity: Some(who),
            clip,
            ..FaceLabel::default()
        };
        ProbeSet {
            labels: people.iter().map(label).collect(),
            fit: Vec::new(),
            test: (0..people.len()).collect(),
            expressions: Vec::new(),
        }
    }

    #[test]
    fn equal_votes_go_to_the_smallest_class() {
        assert_eq!(vote([7, 3, 3, 7, 9].into_iter()), Some(3));
        assert_eq!(vote([9, 9, 3].into_iter()), Some(9));
        assert_eq!(vote([].into_iter()), None);
    }

    #[test]
    fn clips_alternate_and_single_clips_only_stand_in_the_gallery() {
        let set = set(&[
            (0, Some(4)),
            (0, Some(4)),
            (0, Some(6)),
            (1, Some(9)),
            (1, Some(9)),
        ]);
        let (gallery, queries) = gallery_and_queries(&set).unwrap();
        assert_eq!(gallery, [(0, 0), (1, 0), (3, 1), (4, 1)]);
        assert_eq!(queries, [(2, 0)]);
        assert_eq!(identity_by_chance(&set), Some(0.5));
    }

    #[test]
    fn accuracy_by_hand() {
        // Without clips pictures alternate: gallery 0 2 4 6, queries 1 3 5 7.
        let set = set(&[0, 0, 0, 0, 1, 1, 1, 1].map(|who| (who, None)));
        let at = |x: [f32; 8]| {
            let gram = Gram::new(Matrix::new(8, 1, x.to_vec()), 1.0);
            identity(&set, &gram, &mut Intervals::new())
        };
        // Fewer than five in the gallery: all vote, two each, and person 0 wins every time.
        assert_eq!(at([0.0, 1.0, 2.0, 3.0, 90.0, 91.0, 92.0, 93.0]), Some(0.5));
        assert_eq!(identity_by_chance(&set), Some(0.5));
    }

    #[test]
    fn five_nearest_decide() {
        let people: Vec<_> = (0..20).map(|i| (u32::from(i >= 10), None)).collect();
        let set = set(&people);
        let line = |x: fn(usize) -> f32| Matrix::new(20, 1, (0..20).map(x).collect());
        let apart = Gram::new(line(|i| i as f32 + if i >= 10 { 100.0 } else { 0.0 }), 1.0);
        assert_eq!(identity(&set, &apart, &mut Intervals::new()), Some(1.0));
        // The queries of each stand among the gallery of the other.
        let crossed = Gram::new(line(|i| ((i >= 10) != (i % 2 == 1)) as u8 as f32), 1.0);
        assert_eq!(identity(&set, &crossed, &mut Intervals::new()), Some(0.0));
    }
}
