//! Comparing tensors with the summaries in the golden file.

use std::collections::BTreeMap;

use serde_json::Value;

use super::number;

/// How far f32 may be from the golden f64, relative to a tensor's root mean square. Where the
/// reference's own f32 run was worse than an eighth of this, eight times its error counts.
pub mod floor {
    /// Forward values and losses.
    pub const VALUE: f64 = 1e-5;
    /// Outputs of heads and D, whose batch-norm amplifies rounding.
    pub const NORMALISED: f64 = 5e-5;
    /// Gradients of smooth losses.
    pub const SMOOTH: f64 = 1e-4;
    /// Gradients through ReLU, LeakyReLU or |·|: one activation on the other side of zero moves
    /// a whole gradient, and which side it falls on depends on the order of summation. Noise of
    /// 6e-7 on every convolution, what Winograd's transforms round off, moved single elements by up
    /// to 1.3e-2 in nine trials with the float64 reference.
    pub const KINKED: f64 = 2e-2;
}

/// Computed tensors by their golden names.
pub type Outputs = BTreeMap<String, Vec<f32>>;

/// Compares every output of a case; a golden output that was not computed is a failure.
pub fn check_case(case: &Value, actual: &Outputs, values: f64, gradients: f64) {
    for (name, expected) in case["outputs"].as_object().expect("outputs") {
        let actual = actual
            .get(name)
            .unwrap_or_else(|| panic!("{name} was not computed"));
        let is_gradient = name.starts_with("grad_") || name.contains("_grad_");
        check(
            name,
            actual,
            expected,
            if is_gradient { gradients } else { values },
        );
    }
}

/// Compares shape, norm, mean and samples, as far as the summary has them.
pub fn check(name: &str, actual: &[f32], expected: &Value, floor: f64) {
    let noise = expected["f32_rel_l2"].as_f64().unwrap_or(0.0);
    let tolerance = floor.max(8.0 * noise);
    if let Some(shape) = expected["shape"].as_array() {
        let count: f64 = shape.iter().map(number).product();
        assert_eq!(actual.len() as f64, count, "{name}: number of elements");
    }
    let l2 = number(&expected["l2"]);
    let rms = l2 / (actual.len() as f64).sqrt();
    let close = |what: String, value: f64, expected: f64, allowed: f64| {
        let off = (value - expected).abs();
        assert!(
            off <= allowed,
            "{name} {what}: {value}, not {expected} (± {allowed:.1e})"
        );
    };
    close("norm".into(), norm(actual), l2, tolerance * l2);
    if let Some(expected) = expected["mean"].as_f64() {
        let mean = actual.iter().map(|&v| f64::from(v)).sum::<f64>() / actual.len() as f64;
        close("mean".into(), mean, expected, tolerance * rms);
    }
    for (index, expected) in samples(expected) {
        let value = f64::from(actual[index]);
        close(
            format!("[{index}]"),
            value,
            expected,
            tolerance * rms.max(expected.abs()),
        );
    }
}

/// The (flat index, value) pairs of a summary.
pub fn samples(summary: &Value) -> Vec<(usize, f64)> {
    match summary["values"].as_array() {
        Some(values) => values.iter().map(number).enumerate().collect(),
        None => {
            let pairs = summary["samples"].as_array().expect("samples or values");
            pairs
                .iter()
                .map(|pair| (number(&pair[0]) as usize, number(&pair[1])))
                .collect()
        }
    }
}

/// L2 norm, summed in f64.
pub fn norm(values: &[f32]) -> f64 {
    values
        .iter()
        .map(|&v| f64::from(v).powi(2))
        .sum::<f64>()
        .sqrt()
}

/// |a − b| / |b|.
pub fn relative_distance(a: &[f32], b: &[f32]) -> f64 {
    assert_eq!(a.len(), b.len());
    let difference = a.iter().zip(b).map(|(a, b)| a - b).collect::<Vec<_>>();
    norm(&difference) / norm(b)
}
