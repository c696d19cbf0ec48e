//! Golden numbers: reading the file, and comparing a tensor with the summary of one.

// Each golden test compiles its own copy and uses a part of it.
#![allow(dead_code)]

use serde_json::Value;

/// The golden file.
pub fn golden() -> Value {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/fixtures/pcl_golden.json"
    );
    let text = std::fs::read_to_string(path).expect("the fixture is there");
    serde_json::from_str(&text).expect("the fixture is JSON")
}

/// The `[flat index, value]` pairs of a summary or a gradient.
pub fn samples(summary: &Value) -> Vec<(usize, f64)> {
    let number = |value: &Value| value.as_f64().expect("a number");
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

/// Compares every sample, and mean and norm where the summary has them. `tolerance` is absolute
/// for samples and mean, relative for the norm.
pub fn assert_matches(name: &str, actual: &[f32], summary: &Value, tolerance: f64) {
    if let Some(shape) = summary["shape"].as_array() {
        let count: u64 = shape
            .iter()
            .map(|n| n.as_u64().expect("a whole number"))
            .product();
        assert_eq!(actual.len() as u64, count, "{name}: number of elements");
    }
    for (index, expected) in samples(summary) {
        let value = f64::from(actual[index]);
        assert!(
            (value - expected).abs() <= tolerance,
            "{name}[{index}]: {value}, not {expected}"
        );
    }
    if let Some(expected) = summary["mean"].as_f64() {
        let mean = actual.iter().map(|&v| f64::from(v)).sum::<f64>() / actual.len() as f64;
        assert!(
            (mean - expected).abs() <= tolerance,
            "{name}: mean {mean}, not {expected}"
        );
    }
    if let Some(expected) = summary["l2"].as_f64() {
        let l2 = actual
            .iter()
            .map(|&v| f64::from(v).powi(2))
            .sum::<f64>()
            .sqrt();
        assert!(
            (l2 / expected - 1.0).abs() <= tolerance,
            "{name}: norm {l2}, not {expected}"
        );
    }
}
