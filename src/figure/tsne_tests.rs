//! t-SNE: planted structure, repeatability and hostile data.

use super::*;
use crate::figure::tests::{clusters, purity};

fn quiet(features: &Matrix, how: &Tsne) -> Vec<[f32; 2]> {
    embed(features, how, &mut |_, _| {}).unwrap()
}

#[test]
fn planted_clusters_stay_apart() {
    let (features, labels) = clusters(5, 40, 64, 6.0);
    let map = quiet(&features, &Tsne::default());
    assert!(purity(&map, &labels) > 0.99, "{}", purity(&map, &labels));
    // Nor does a cluster, however tight, end as one point.
    let (tight, _) = clusters(7, 100, 64, 40.0);
    let map = quiet(&tight, &Tsne::default());
    let width = |places: Vec<[f32; 2]>| {
        let [mut low, mut high] = [places[0]; 2];
        for axis in [0, 1] {
            low[axis] = places
                .iter()
                .fold(low[axis], |low, place| low.min(place[axis]));
            high[axis] = places
                .iter()
                .fold(high[axis], |high, place| high.max(place[axis]));
        }
        (high[0] - low[0]).max(high[1] - low[1])
    };
    let whole = width(map.clone());
    for cluster in 0..7 {
        let part = width(map.iter().copied().skip(cluster).step_by(7).collect());
        assert!((0.05..0.4).contains(&(part / whole)), "{}", part / whole);
    }
    // What has no clusters shows none of these labels.
    let (noise, labels) = clusters(5, 40, 64, 0.0);
    let mixed = purity(&quiet(&noise, &Tsne::default()), &labels);
    assert!(mixed < 0.4, "{mixed}");
}

#[test]
fn same_seed_same_map_on_any_number_of_threads() {
    let (features, _) = clusters(3, 40, 32, 2.0);
    let how = Tsne {
        iterations: NonZero::new(300).unwrap(),
        seed: 7,
        ..Tsne::default()
    };
    let first = quiet(&features, &how);
    for threads in [1, 3] {
        let pool = ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        assert_eq!(pool.install(|| quiet(&features, &how)), first);
    }
    let other = Tsne { seed: 8, ..how };
    assert_ne!(quiet(&features, &other), first);
}

#[test]
fn progress_counts_to_the_end() {
    let (features, _) = clusters(2, 10, 8, 2.0);
    let mut heard = Vec::new();
    let how = Tsne {
        iterations: NonZero::new(25).unwrap(),
        ..Tsne::default()
    };
    embed(&features, &how, &mut |done, due| heard.push((done, due))).unwrap();
    assert_eq!(heard.first(), Some(&(1, 25)));
    assert_eq!(heard.last(), Some(&(25, 25)));
    assert_eq!(heard.len(), 25);
}

#[test]
fn any_number_of_points_and_equal_ones() {
    for rows in [0, 1, 2, 3, 6, 7, 8, 91, 92] {
        let (mut features, _) = clusters(1, rows, 5, 1.0);
        assert_eq!(quiet(&features, &Tsne::default()).len(), rows);
        features.data.fill(2.5);
        let equal = quiet(&features, &Tsne::default());
        assert!(
            equal.iter().flatten().all(|place| place.is_finite()),
            "{rows}"
        );
    }
    let single = Matrix::new(50, 1, (0..50).map(|x| x as f32).collect());
    assert!(
        quiet(&single, &Tsne::default())
            .iter()
            .flatten()
            .all(|x| x.is_finite())
    );
}

#[test]
fn absurd_perplexities_are_brought_into_range() {
    let (features, _) = clusters(2, 10, 8, 2.0);
    for perplexity in [0.0, -3.0, 1e9, f32::NAN] {
        let how = Tsne {
            perplexity,
            ..Tsne::default()
        };
        assert!(
            quiet(&features, &how)
                .iter()
                .flatten()
                .all(|x| x.is_finite())
        );
    }
}

#[test]
fn nearest_rows_come_first_and_ties_by_number() {
    let line = Matrix::new(5, 1, vec![0.0, 1.0, 2.0, 4.0, 8.0]);
    let near = neighbours(&line, 2);
    let indices = |row: usize| near[row].iter().map(|n| n.index).collect::<Vec<_>>();
    assert_eq!(indices(1), [0, 2]);
    assert_eq!(indices(2), [1, 0]);
    assert_eq!(indices(4), [3, 2]);
    assert_eq!(near[4][0].distance, 4.0);
}

#[test]
fn codes_are_joined_row_by_row() {
    let a = Matrix::new(2, 2, vec![1.0, 2.0, 3.0, 4.0]);
    let b = Matrix::new(1, 2, vec![5.0, 6.0]);
    let (all, of) = joined(&[&a, &b]).unwrap();
    assert_eq!(
        (all.rows, all.row(2), of),
        (3, &[5.0, 6.0][..], vec![0, 0, 1])
    );
    let long = Matrix::new(1, 3, vec![0.0; 3]);
    assert!(joined(&[&a, &long]).is_err());
}
