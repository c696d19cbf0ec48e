//! The inputs and weights of the golden numbers: SplitMix64, indexed by tensor and element.

// Each golden test compiles its own copy and uses a part of it.
#![allow(dead_code)]

use serde_json::Value;

/// The draw of element `element` of tensor `index`: 24 bits.
pub fn bits24(index: u64, element: u64) -> u32 {
    let z = (index << 32)
        .wrapping_add(element)
        .wrapping_add(0x9E37_79B9_7F4A_7C15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    ((z ^ (z >> 31)) >> 40) as u32
}

/// The tensor with this index, row-major. Kinds: `unit`, `sym` (times `bound`), `gamma`.
pub fn generate(index: u64, shape: &[usize], kind: &str, bound: Option<f64>) -> Vec<f32> {
    let bound = bound.unwrap_or(1.0) as f32;
    let value: fn(f32, f32) -> f32 = match kind {
        "unit" => |u, _| u,
        "sym" => |u, bound| (2.0 * u - 1.0) * bound,
        "gamma" => |u, _| 1.0 + 0.1f32 * (2.0 * u - 1.0),
        other => panic!("unknown kind {other}"),
    };
    let count = shape.iter().product::<usize>() as u64;
    (0..count)
        .map(|e| value(bits24(index, e) as f32 / 16_777_216.0, bound))
        .collect()
}

/// The tensor of a `{index, shape, kind, bound?}` entry.
pub fn from_spec(spec: &Value) -> Vec<f32> {
    let index = spec["index"].as_u64().expect("an index");
    let kind = spec["kind"].as_str().expect("a kind");
    generate(index, &shape(spec), kind, spec["bound"].as_f64())
}

/// The shape of an entry.
pub fn shape(spec: &Value) -> Vec<usize> {
    let shape = spec["shape"].as_array().expect("a shape");
    shape
        .iter()
        .map(|n| n.as_u64().expect("a whole number") as usize)
        .collect()
}
