//! In which order a stream visits the items: a seeded permutation per pass, computed index by
//! index, so that millions of items need no memory and any step can be asked for directly.

use rand::Rng;

use crate::rng::stream_seed;

/// Rounds of the Feistel network; four would do for cryptographic round functions, small domains
/// mix better with more.
const ROUNDS: u64 = 8;

/// The three independent sample streams of a training step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// Whole frames for L_dis and L_orth.
    Recon,
    /// Two views for L_face.
    Face,
    /// Positives and negatives for L_pose.
    Pose,
}

impl Stream {
    /// The name that keeps the random draws of the streams apart.
    pub fn tag(self) -> &'static str {
        match self {
            Self::Recon => "recon",
            Self::Face => "face",
            Self::Pose => "pose",
        }
    }
}

/// A uniform index below `len`, the same on 32- and 64-bit machines. `len` must not be 0.
pub fn below<R: Rng + ?Sized>(rng: &mut R, len: usize) -> usize {
    rng.random_range(0..len as u64) as usize
}

/// Steps of one epoch: whole batches only, but at least one.
pub fn steps_per_epoch(len: usize, batch: usize) -> u64 {
    (len / batch.max(1)).max(1) as u64
}

/// The items of one batch: positions `iteration·batch …` in the stream's order of this epoch.
///
/// Every `len` positions visit each item once. A batch that reaches beyond a pass goes on with the
/// next pass' permutation, so small data sets are used again within an epoch. `len` must not be 0.
pub fn indices(
    seed: u64,
    stream: Stream,
    epoch: u64,
    iteration: u64,
    batch: usize,
    len: usize,
) -> Vec<usize> {
    let len = len as u64;
    let first = iteration * batch as u64;
    let mut pass = first / len;
    let mut order = Permutation::new(stream_seed(seed, stream.tag(), epoch, pass), len);
    (first..first + batch as u64)
        .map(|position| {
            if position / len != pass {
                pass = position / len;
                order = Permutation::new(stream_seed(seed, stream.tag(), epoch, pass), len);
            }
            order.at(position % len) as usize
        })
        .collect()
}

/// A keyed permutation of `0..len`: a Feistel network on the next power of four, walked until it
/// lands inside the range (fewer than four rounds of walking on average).
#[derive(Clone, Copy, Debug)]
struct Permutation {
    key: u64,
    len: u64,
    half_bits: u32,
}

impl Permutation {
    fn new(key: u64, len: u64) -> Self {
        let bits = u64::BITS - len.saturating_sub(1).leading_zeros();
        Self {
            key,
            len,
            half_bits: bits.div_ceil(2).max(1),
        }
    }

    /// Where position `position < len` leads.
    fn at(&self, position: u64) -> u64 {
        let mut value = self.encrypt(position);
        while value >= self.len {
            value = self.encrypt(value);
        }
        value
    }

    fn encrypt(&self, value: u64) -> u64 {
        let mask = (1u64 << self.half_bits) - 1;
        let (mut left, mut right) = (value >> self.half_bits, value & mask);
        for round in 0..ROUNDS {
            let mixed = stream_seed(self.key, "order", round, right) & mask;
            (left, right) = (right, left ^ mixed);
        }
        (left << self.half_bits) | right
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pass_visits_every_item_once() {
        for len in (1..70).chain([100, 255, 256, 257, 1023, 1860, 4096, 10_500]) {
            let mut seen = indices(7, Stream::Face, 3, 0, len, len);
            seen.sort_unstable();
            assert!(seen.into_iter().eq(0..len), "len {len}");
        }
        // Large ranges: distinct and inside, without visiting all.
        let some = indices(7, Stream::Recon, 0, 0, 20_000, 123_456_789);
        let distinct: std::collections::HashSet<_> = some.iter().copied().collect();
        assert_eq!(distinct.len(), some.len());
        assert!(some.iter().all(|&i| i < 123_456_789));
        let mean = some.iter().sum::<usize>() as f64 / some.len() as f64 / 123_456_789.0;
        assert!((mean - 0.5).abs() < 0.01, "{mean}");
    }

    #[test]
    fn a_batch_larger_than_the_data_goes_on_with_the_next_pass() {
        let (len, batch) = (10, 25);
        let long: Vec<_> = (0..4)
            .flat_map(|it| indices(1, Stream::Pose, 2, it, batch, len))
            .collect();
        for pass in long.chunks(len) {
            let mut pass = pass.to_vec();
            pass.sort_unstable();
            assert!(pass.into_iter().eq(0..len));
        }
        assert_ne!(long[..10], long[10..20], "passes differ");
    }

    #[test]
    fn order_depends_on_seed_stream_and_epoch() {
        let base = indices(1, Stream::Recon, 0, 0, 50, 1000);
        assert_eq!(base, indices(1, Stream::Recon, 0, 0, 50, 1000));
        for other in [
            indices(2, Stream::Recon, 0, 0, 50, 1000),
            indices(1, Stream::Face, 0, 0, 50, 1000),
            indices(1, Stream::Recon, 1, 0, 50, 1000),
            indices(1, Stream::Recon, 0, 1, 50, 1000),
        ] {
            assert_ne!(base, other);
        }
    }

    #[test]
    fn permutations_of_few_items_are_close_to_uniform() {
        // 24 permutations of four items over 24,000 keys: 1,000 each, σ ≈ 31.
        let mut counts = std::collections::HashMap::<Vec<usize>, i32>::new();
        for seed in 0..24_000 {
            *counts
                .entry(indices(seed, Stream::Face, 0, 0, 4, 4))
                .or_default() += 1;
        }
        // And the position of the first of 37 items.
        let mut first = [0i32; 37];
        for seed in 0..37_000 {
            first[indices(seed, Stream::Face, 0, 0, 1, 37)[0]] += 1;
        }
        assert!(first.iter().all(|n| (n - 1000).abs() < 160), "{first:?}");
        assert_eq!(counts.len(), 24);
        assert!(
            counts.values().all(|n| (n - 1000).abs() < 160),
            "{:?}",
            counts.values()
        );
    }

    #[test]
    fn only_whole_batches_make_an_epoch() {
        assert_eq!(steps_per_epoch(1860, 256), 7);
        assert_eq!(steps_per_epoch(255, 256), 1);
        assert_eq!(steps_per_epoch(512, 256), 2);
    }
}
