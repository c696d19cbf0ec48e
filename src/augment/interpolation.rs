//! The random numbers of negative interpolation (row 13): `n'_k = λ_k n_k + (1 − λ_k) n_π(k)`.

use rand::Rng;
use rand_distr::{Beta, Distribution};

use super::draw::shuffle;

/// Factors and permutation of one step.
#[derive(Clone, Debug, PartialEq)]
pub struct Interpolation {
    /// `rows` × K factors λ, row by row: one per anchor (face) or image (pose) and negative.
    pub lambda: Vec<f32>,
    /// π: a permutation of the K places in a list of negatives, the same for all rows.
    pub permutation: Vec<u32>,
    /// Number of rows.
    pub rows: usize,
}

impl Interpolation {
    /// Draws λ ~ Beta(α, α) for `rows` × `k` negatives and one permutation of `k`.
    ///
    /// An `alpha` that has no Beta distribution (0 = off) gives λ = 1, which leaves the negatives
    /// as they are.
    pub fn draw(rows: usize, k: usize, alpha: f64, rng: &mut impl Rng) -> Self {
        let mut permutation: Vec<u32> = (0..k as u32).collect();
        shuffle(&mut permutation, rng);
        let lambda = if alpha >= 0.5 {
            (0..rows * k)
                .map(|_| symmetric_beta(alpha as f32, rng))
                .collect()
        } else if let Ok(beta) = Beta::new(alpha, alpha) {
            (0..rows * k).map(|_| beta.sample(rng) as f32).collect()
        } else {
            vec![1.0; rows * k]
        };
        Self {
            lambda,
            permutation,
            rows,
        }
    }
}

/// A draw from Beta(α, α) for α ≥ ½: several times faster than rejection, for the quarter of a
/// million factors of a step.
///
/// A point in the unit disc whose density is (1 − r²)^(α − 3/2) at every angle has coordinates
/// with density (1 − x²)^(α − 1), which is Beta(α, α) on [−1, 1]; and 1 − r² is U^(1 / (α − ½)).
fn symmetric_beta(alpha: f32, rng: &mut impl Rng) -> f32 {
    let radius = (1.0 - rng.random::<f32>().powf(1.0 / (alpha - 0.5))).sqrt();
    let angle = rng.random::<f32>() * std::f32::consts::TAU;
    0.5 + 0.5 * radius * angle.cos()
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    use super::*;

    fn draw(rows: usize, k: usize, alpha: f64, seed: u64) -> Interpolation {
        Interpolation::draw(rows, k, alpha, &mut ChaCha8Rng::seed_from_u64(seed))
    }

    /// Mean and variance of λ over 200,000 draws.
    fn moments(alpha: f64) -> (f64, f64) {
        let lambda = draw(200, 1000, alpha, 3).lambda;
        let mean = |f: &dyn Fn(f64) -> f64| {
            lambda.iter().map(|&l| f(f64::from(l))).sum::<f64>() / lambda.len() as f64
        };
        let centre = mean(&|l| l);
        (centre, mean(&|l| (l - centre).powi(2)))
    }

    #[test]
    fn moments_are_those_of_the_beta_distribution() {
        for alpha in [0.1, 0.5, 0.51, 1.0, 1.6, 5.0, 100.0] {
            let (mean, variance) = moments(alpha);
            let expected = 0.25 / (2.0 * alpha + 1.0);
            assert!(
                (mean - 0.5).abs() < 5.0 * (expected / 200_000.0).sqrt(),
                "{alpha}: {mean}"
            );
            assert!(
                (variance / expected - 1.0).abs() < 0.02,
                "{alpha}: {variance}"
            );
        }
        let (_, variance) = moments(1.6);
        assert!((variance - 0.0595).abs() < 0.0005, "{variance}");
    }

    #[test]
    fn both_ways_of_drawing_agree_in_distribution() {
        const COUNT: usize = 100_000;
        for alpha in [0.5, 0.8, 1.6, 20.0] {
            let mut rng = ChaCha8Rng::seed_from_u64(9);
            let beta = Beta::new(alpha, alpha).unwrap();
            let mut rejection: Vec<f32> =
                (0..COUNT).map(|_| beta.sample(&mut rng) as f32).collect();
            let mut polar: Vec<f32> = (0..COUNT)
                .map(|_| symmetric_beta(alpha as f32, &mut rng))
                .collect();
            rejection.sort_unstable_by(f32::total_cmp);
            polar.sort_unstable_by(f32::total_cmp);
            // Kolmogorov–Smirnov: 0.0087 is exceeded once in a thousand times.
            let distance = polar
                .iter()
                .enumerate()
                .step_by(10)
                .map(|(rank, l)| rejection.partition_point(|r| r < l).abs_diff(rank))
                .max()
                .unwrap();
            assert!(distance < 870, "{alpha}: {distance}");
        }
    }

    #[test]
    fn factors_are_numbers_for_every_alpha() {
        for alpha in [1e-300, 1e-9, 1e-3, 0.02, 0.5, 0.5 + 1e-9, 1.6, 100.0] {
            let lambda = draw(4, 5000, alpha, 4).lambda;
            assert!(lambda.iter().all(|l| (0.0..=1.0).contains(l)), "{alpha}");
        }
    }

    #[test]
    fn no_distribution_leaves_the_negatives() {
        for alpha in [0.0, -1.0, f64::NAN] {
            assert!(draw(2, 3, alpha, 5).lambda.iter().all(|&l| l == 1.0));
        }
    }

    #[test]
    fn permutations_are_uniform() {
        let mut places = [[0u32; 5]; 5];
        for seed in 0..5000 {
            let interpolation = draw(1, 5, 1.6, seed);
            let mut sorted = interpolation.permutation.clone();
            sorted.sort_unstable();
            assert_eq!(sorted, [0, 1, 2, 3, 4]);
            for (place, &item) in interpolation.permutation.iter().enumerate() {
                places[place][item as usize] += 1;
            }
        }
        // 1,000 expected, standard deviation 28.
        assert!(
            places
                .iter()
                .flatten()
                .all(|count| count.abs_diff(1000) < 130),
            "{places:?}"
        );
    }

    #[test]
    fn sizes_and_seeds() {
        let a = draw(512, 510, 1.6, 6);
        assert_eq!(
            (a.lambda.len(), a.permutation.len(), a.rows),
            (512 * 510, 510, 512)
        );
        assert_eq!(a, draw(512, 510, 1.6, 6));
        assert_ne!(a, draw(512, 510, 1.6, 7));
        assert_eq!(draw(0, 0, 1.6, 8).lambda.len(), 0);
    }
}
