//! Gaussian noise from a counter: element `e` of the tensor with seed `s` is a pure function of
//! `(s, e)`, so that any device makes the same noise in any order.
//!
//! Integers are 32 bits wide and only multiplied, added, shifted and xored, hence identical on a
//! GPU; the Box–Muller transform is f32 and may differ in its last bits.

/// 2⁻²⁴: the step between the uniform numbers, all of them exact in f32.
const STEP: f32 = 1.0 / 16_777_216.0;

/// A bijective hash of 32 bits in which every input bit changes about half of the output.
#[inline(always)]
pub fn mix(mut x: u32) -> u32 {
    x ^= x >> 16;
    x = x.wrapping_mul(0x7FEB_352D);
    x ^= x >> 15;
    x = x.wrapping_mul(0x846C_A68B);
    x ^ (x >> 16)
}

/// The inner and outer key of a seed. Two, because with one another seed would only reorder the
/// same numbers.
pub fn keys(seed: u32) -> [u32; 2] {
    let inner = mix(seed ^ 0x9E37_79B9);
    [inner, mix(inner ^ 0x85EB_CA6B)]
}

/// The two hashes of an element, from the keys of its seed.
#[inline(always)]
pub fn hashes([inner, outer]: [u32; 2], element: u32) -> [u32; 2] {
    let first = mix(mix(element ^ inner) ^ outer);
    [first, mix(first.wrapping_add(inner))]
}

/// A hash as a number in (0, 1], where the logarithm is finite.
#[inline(always)]
pub fn uniform(hash: u32) -> f32 {
    ((hash >> 8) + 1) as f32 * STEP
}

/// A hash as an angle in [−π, π), the only range for which GPUs promise an accurate cosine.
#[inline(always)]
pub fn angle(hash: u32) -> f32 {
    ((hash >> 8) as f32 * STEP - 0.5) * std::f32::consts::TAU
}

/// A standard normal number, at most 5.77 in size.
pub fn normal(seed: u32, element: u32) -> f32 {
    let [first, second] = hashes(keys(seed), element);
    (-2.0 * uniform(first).ln()).sqrt() * angle(second).cos()
}

#[cfg(test)]
mod tests {
    use super::*;

    const COUNT: usize = 1 << 20;

    fn noise(seed: u32) -> Vec<f64> {
        let one = |element| f64::from(normal(seed, element));
        (0..COUNT as u32).map(one).collect()
    }

    fn mean(values: impl Iterator<Item = f64>) -> f64 {
        values.sum::<f64>() / COUNT as f64
    }

    #[test]
    fn moments_are_those_of_a_normal_distribution() {
        // Standard errors over 2^20 numbers, times five.
        let five_sigma = |variance: f64| 5.0 * (variance / COUNT as f64).sqrt();
        for seed in [0, 1, 0xFFFF_FFFF, 123_456_789] {
            let values = noise(seed);
            let moment = |power| mean(values.iter().map(|v| v.powi(power)));
            assert!(moment(1).abs() < five_sigma(1.0), "mean {}", moment(1));
            assert!(
                (moment(2) - 1.0).abs() < five_sigma(2.0),
                "variance {}",
                moment(2)
            );
            assert!(moment(3).abs() < five_sigma(15.0), "skewness {}", moment(3));
            assert!(
                (moment(4) - 3.0).abs() < five_sigma(96.0),
                "kurtosis {}",
                moment(4)
            );
            let beyond_two = mean(values.iter().map(|v| f64::from(v.abs() > 2.0)));
            assert!(
                (beyond_two - 0.0455).abs() < five_sigma(0.0434),
                "tails {beyond_two}"
            );
        }
    }

    #[test]
    fn neighbours_seeds_and_their_sizes_are_uncorrelated() {
        let bound = 5.0 / (COUNT as f64).sqrt();
        let values = noise(7);
        // Right, below and channel neighbours of 64 px images.
        for lag in [1, 2, 64, 4096, 12_288] {
            let pairs = || values.iter().zip(values.iter().cycle().skip(lag));
            let linear = mean(pairs().map(|(a, b)| a * b));
            let sizes = mean(pairs().map(|(a, b)| (a * a - 1.0) * (b * b - 1.0))) / 2.0;
            assert!(
                linear.abs() < bound && sizes.abs() < bound,
                "lag {lag}: {linear} {sizes}"
            );
        }
        for seed in [6, 8, 7 | 1 << 31] {
            let other = mean(values.iter().zip(noise(seed)).map(|(a, b)| a * b));
            assert!(other.abs() < bound, "seed {seed}: {other}");
        }
    }

    #[test]
    fn known_values_for_other_devices() {
        assert_eq!(mix(0), 0);
        assert_eq!([mix(1), mix(0xDEAD_BEEF)], KNOWN_MIX);
        assert_eq!(hashes(keys(1234), 56_789), KNOWN_HASHES);
        assert!((normal(1234, 56_789) - KNOWN_NORMAL).abs() < 1e-6);
    }

    // Worked out from the definition with 64-bit integers and floats.
    const KNOWN_MIX: [u32; 2] = [0x6889_90C0, 0xE628_C683];
    const KNOWN_HASHES: [u32; 2] = [0x99FE_5FA3, 0x7558_7C3B];
    const KNOWN_NORMAL: f32 = 0.9739563;

    #[test]
    fn extremes_are_finite() {
        for element in 0..COUNT as u32 {
            assert!(normal(99, element.wrapping_mul(4099)).abs() <= 5.77);
        }
    }
}
