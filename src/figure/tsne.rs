//! t-SNE (van der Maaten & Hinton 2008): a map in which near pictures have alike features.

use std::num::NonZero;

use bhtsne::{Neighbor, tSNE};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};
use rayon::ThreadPoolBuilder;
use rayon::prelude::*;

use super::{FigureError, pca};
use crate::eval::matrix::Matrix;
use crate::rng::stream_seed;

/// Fewer points have no neighbourhoods to speak of; they are laid out by PCA alone.
const FEWEST: usize = 7;
/// Accuracy of the Barnes–Hut forces, the usual value.
const THETA: f32 = 0.5;
/// Standard deviation of the first layout along its longer axis.
const FIRST_SPREAD: f32 = 1e-4;
/// Random part of the first layout, which parts equal points.
const FIRST_NOISE: f32 = 1e-6;
/// One in so many steps, the first ones, is taken with exaggerated attraction: 250 of 1000.
const EXAGGERATED_SHARE: usize = 4;
/// Noise after them, as a fraction of the map's spread.
const SHAKE: f32 = 1e-3;

/// How a map is made. METHODS 2.7: the paper gives no numbers; these are the usual ones.
#[derive(Clone, Debug, PartialEq)]
pub struct Tsne {
    /// Effective number of neighbours; a third of the points where these are few.
    pub perplexity: f32,
    /// Steps of the optimisation.
    pub iterations: NonZero<usize>,
    /// Principal components kept before.
    pub components: usize,
    /// Seed of everything random.
    pub seed: u64,
}

impl Default for Tsne {
    fn default() -> Self {
        Self {
            perplexity: 30.0,
            iterations: NonZero::<usize>::MIN.saturating_add(999),
            components: 50,
            seed: 0,
        }
    }
}

/// Two-dimensional coordinates of every row. `progress` hears iterations done and due.
///
/// The same features and seed give the same map, bit for bit, on the same kind of processor with
/// any number of cores: the neighbours and the first layout are our own, for those of `bhtsne`
/// are drawn from the system's randomness, and the optimisation runs on one thread, for its sums
/// otherwise depend on how threads share the work. Several maps can be made at the same time.
/// Across kinds of processor the last bits of a logarithm may differ, which t-SNE amplifies to
/// another map of the same neighbourhoods.
///
/// # Errors
/// [`FigureError::NotFinite`] for features with NaN or infinity.
pub fn embed(
    features: &Matrix,
    how: &Tsne,
    progress: &mut (dyn FnMut(usize, usize) + Send),
) -> Result<Vec<[f32; 2]>, FigureError> {
    let mut reduced = pca::scores(features, how.components.max(2), how.seed)?;
    let first = first_layout(&mut reduced, how.seed);
    if features.rows < FEWEST {
        return Ok(first);
    }
    // `max` also takes NaN to 2.
    let perplexity = how
        .perplexity
        .max(2.0)
        .min((features.rows - 1) as f32 / 3.0);
    let neighbours = neighbours(&reduced, (3.0 * perplexity) as usize);
    let total = how.iterations.get();
    let early = total / EXAGGERATED_SHARE;
    let mut rng = ChaCha8Rng::seed_from_u64(stream_seed(how.seed, "figure/tsne", 1, 0));
    let one_thread = ThreadPoolBuilder::new().num_threads(1).build()?;
    let map = one_thread.install(|| {
        let drawn_together = optimise(&neighbours, perplexity, first, early, true, &mut |done| {
            progress(done, total)
        });
        let apart = shaken(drawn_together, &mut rng);
        optimise(
            &neighbours,
            perplexity,
            apart,
            total - early,
            false,
            &mut |done| progress(early + done, total),
        )
    });
    Ok(map)
}

/// Moves the points for some `steps`, with exaggerated attraction at first and without it, but
/// with more momentum, later.
fn optimise(
    neighbours: &[Vec<Neighbor<f32>>],
    perplexity: f32,
    start: Vec<[f32; 2]>,
    steps: usize,
    exaggerated: bool,
    progress: &mut dyn FnMut(usize),
) -> Vec<[f32; 2]> {
    let nothing_else = vec![(); neighbours.len()];
    let flat = tSNE::<f32, (), 2>::new(&nothing_else)
        .perplexity(perplexity)
        .epochs(steps)
        .stop_lying_epoch(if exaggerated { usize::MAX } else { 0 })
        .momentum(if exaggerated { 0.5 } else { 0.8 })
        .momentum_switch_epoch(usize::MAX)
        .initial_embedding(start.into_flattened())
        .epoch_callback(|step, _| progress(step + 1))
        .barnes_hut_with_neighbors(THETA, neighbours)
        .embedding();
    flat.as_chunks::<2>().0.to_vec()
}

/// A trace of noise on every point. Exaggerated attraction contracts tight clusters until their
/// points are the same numbers, between which no force would ever part them again.
fn shaken(mut map: Vec<[f32; 2]>, rng: &mut ChaCha8Rng) -> Vec<[f32; 2]> {
    let power: f32 = map.iter().flatten().map(|place| place * place).sum();
    let spread = (power / map.len() as f32).sqrt();
    for place in map.iter_mut().flatten() {
        let noise: f32 = StandardNormal.sample(rng);
        *place += SHAKE * spread * noise;
    }
    map
}

/// Several codes of the same pictures in one block, to be mapped together (METHODS 2.7 (a)), and
/// of which code each row is.
///
/// # Errors
/// When the codes differ in length.
pub fn joined(codes: &[&Matrix]) -> Result<(Matrix, Vec<u32>), FigureError> {
    let cols = codes.first().map_or(0, |code| code.cols);
    let mut all = Matrix::new(0, cols, Vec::new());
    let mut of = Vec::new();
    for (index, code) in codes.iter().enumerate() {
        if code.cols != cols {
            return Err(FigureError::Mismatch {
                what: "codes in one map must have the same length".into(),
                wanted: cols,
                got: code.cols,
            });
        }
        all.data.extend_from_slice(&code.data);
        all.rows += code.rows;
        of.resize(all.rows, index as u32);
    }
    Ok((all, of))
}

/// Scales the components to a unit standard deviation along the first, which the search for
/// bandwidths likes, and gives the first two, very small, with a trace of noise.
fn first_layout(reduced: &mut Matrix, seed: u64) -> Vec<[f32; 2]> {
    let power: f32 = (0..reduced.rows)
        .filter_map(|row| reduced.row(row).first())
        .map(|value| value * value)
        .sum();
    let deviation = (power / reduced.rows.max(1) as f32).sqrt();
    if deviation > 0.0 {
        reduced
            .data
            .iter_mut()
            .for_each(|value| *value /= deviation);
    }
    let mut rng = ChaCha8Rng::seed_from_u64(stream_seed(seed, "figure/tsne", 0, 0));
    let mut place = |value: Option<&f32>| {
        let noise: f32 = StandardNormal.sample(&mut rng);
        FIRST_SPREAD * value.copied().unwrap_or(0.0) + FIRST_NOISE * noise
    };
    (0..reduced.rows)
        .map(|row| [0, 1].map(|axis| place(reduced.row(row).get(axis))))
        .collect()
}

/// The `count` nearest other rows of every row, the first of equally near ones first.
fn neighbours(points: &Matrix, count: usize) -> Vec<Vec<Neighbor<f32>>> {
    (0..points.rows)
        .into_par_iter()
        .map(|row| {
            let mut others: Vec<Neighbor<f32>> = (0..points.rows)
                .filter(|&index| index != row)
                .map(|index| Neighbor {
                    index,
                    distance: distance(points.row(row), points.row(index)),
                })
                .collect();
            let nearer = |a: &Neighbor<f32>, b: &Neighbor<f32>| {
                a.distance
                    .total_cmp(&b.distance)
                    .then(a.index.cmp(&b.index))
            };
            if count < others.len() {
                others.select_nth_unstable_by(count, nearer);
                others.truncate(count);
            }
            others.sort_unstable_by(nearer);
            others
        })
        .collect()
}

fn distance(a: &[f32], b: &[f32]) -> f32 {
    let squares = a.iter().zip(b).map(|(a, b)| (a - b) * (a - b));
    squares.sum::<f32>().sqrt()
}

#[cfg(test)]
#[path = "tsne_tests.rs"]
mod tests;
