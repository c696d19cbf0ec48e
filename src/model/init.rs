//! Initial weights (METHODS 1.1, 1.6), drawn on the CPU so that a seed means the same network on
//! every device.

use burn::module::Module;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, Normal};

use super::params::load_values;
use crate::rng::stream_seed;

/// Fills a network: encoder convolutions ~ N(0, √(2/(k·k·out))) with zero biases, everything else
/// uniform in ±1/√fan_in, batch-norm scales 1 and shifts 0; coefficients and movements of D start at zero, so
/// that its first pictures are the mean face where it knows one.
pub fn initialise<M: Module>(module: M, seed: u64) -> M {
    // A bias shares the fan-in of the weight that precedes it in the walk.
    let mut fan_in = 1;
    load_values(module, &mut |name, shape| {
        if shape.len() == 4 {
            fan_in = shape[1..].iter().product();
        } else if shape.len() == 2 {
            // burn stores linear weights as [in, out].
            fan_in = shape[0];
        }
        initial_values(name, shape, fan_in, seed)
    })
}

/// Initial values of one named tensor, or `None` where the blank network is already right.
pub fn initial_values(name: &str, shape: &[usize], fan_in: usize, seed: u64) -> Option<Vec<f32>> {
    let count = shape.iter().product();
    let is_parameter = name.ends_with(".weight") || name.ends_with(".bias");
    let starts_at_zero = [
        "decoder.picture.coefficients.",
        "decoder.deformation.texture.",
        "decoder.deformation.flow.",
    ];
    if !is_parameter || starts_at_zero.iter().any(|part| name.starts_with(part)) {
        return None;
    }
    let mut rng = ChaCha8Rng::seed_from_u64(stream_seed(seed, name, 0, 0));
    if name.starts_with("encoder.") || name.starts_with("trunk.") {
        let std = match shape {
            [out, _, kh, kw] => (2.0 / (out * kh * kw) as f64).sqrt(),
            // A linear layer. That of the stem takes means, so its weights have size 1.
            _ if name.ends_with(".stem.weight") => 1.0,
            [fan_in, _] => (2.0 / *fan_in as f64).sqrt(),
            _ => return Some(vec![0.0; count]),
        };
        let normal = Normal::new(0.0, std).ok()?;
        return Some((0..count).map(|_| normal.sample(&mut rng) as f32).collect());
    }
    let bound = 1.0 / (fan_in as f64).sqrt();
    Some(
        (0..count)
            .map(|_| rng.random_range(-bound..bound) as f32)
            .collect(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spread_follows_the_fan() {
        let w = initial_values("encoder.trunk.layer2.weight", &[64, 64, 3, 3], 576, 7).unwrap();
        let var = w.iter().map(|&x| (x as f64).powi(2)).sum::<f64>() / w.len() as f64;
        assert!((var / (2.0 / 576.0) - 1.0).abs() < 0.05, "{var}");
        assert!(
            initial_values("encoder.trunk.layer2.bias", &[64], 576, 7)
                .unwrap()
                .iter()
                .all(|&b| b == 0.0)
        );
        let d = initial_values("decoder.fc.bias", &[512], 2048, 7).unwrap();
        let top = d.iter().fold(0.0f32, |m, x| m.max(x.abs()));
        assert!(top <= 1.0 / 2048f32.sqrt() && top > 0.9 / 2048f32.sqrt());
        assert!(initial_values("decoder.block1.bn.gamma", &[256], 1, 7).is_none());
    }

    #[test]
    fn a_seed_and_a_name_decide() {
        let draw = |name, seed| initial_values(name, &[8, 8, 3, 3], 72, seed);
        assert_eq!(draw("encoder.a.weight", 1), draw("encoder.a.weight", 1));
        assert_ne!(draw("encoder.a.weight", 1), draw("encoder.b.weight", 1));
        assert_ne!(draw("encoder.a.weight", 1), draw("encoder.a.weight", 2));
    }
}
