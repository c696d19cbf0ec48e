//! The range of every number, in one table.

use std::ops::{Bound, RangeBounds};

use toml::Value;

use super::{ConfigError, keys};

/// The numbers a key accepts; of a list, each entry.
enum Range {
    /// Everything between two bounds.
    Within(Bound<f64>, Bound<f64>),
    /// These only.
    OneOf(&'static [f64]),
}

use Range::OneOf;

/// `low ≤ x ≤ high`.
const fn from(low: f64, high: f64) -> Range {
    Range::Within(Bound::Included(low), Bound::Included(high))
}

/// `low < x ≤ high`.
const fn above(low: f64, high: f64) -> Range {
    Range::Within(Bound::Excluded(low), Bound::Included(high))
}

/// `low ≤ x < high`.
const fn below(low: f64, high: f64) -> Range {
    Range::Within(Bound::Included(low), Bound::Excluded(high))
}

/// Largest whole number that every JSON reader keeps exactly; seeds are logged there too.
const SEED_MAX: f64 = 9_007_199_254_740_991.0;
/// Far beyond any run; catches a slipped digit before it becomes an endless schedule.
const EPOCHS_MAX: f64 = 1e6;
/// Far beyond any run.
const STEPS_MAX: f64 = 1e9;
/// More images than this in one stream fit no GPU.
const BATCH_MAX: f64 = 8192.0;

const RANGES: &[(&str, Range)] = &[
    ("seed", from(0.0, SEED_MAX)),
    ("epochs", from(1.0, EPOCHS_MAX)),
    ("warmup_epochs", from(-1.0, EPOCHS_MAX)),
    // Halvings of 64…512 channels stay multiples of 8.
    ("model.width", OneOf(&[1.0, 0.5, 0.25, 0.125])),
    ("model.pose_channels", from(0.0, 1024.0)),
    ("model.components", from(1.0, 3072.0)),
    ("model.hidden", from(1.0, 8192.0)),
    ("recon.noise_std", from(0.0, 10.0)),
    ("recon.weight", from(0.0, 1e6)),
    ("recon.width", OneOf(&[0.0, 1.0, 0.5, 0.25, 0.125])),
    ("recon.hidden", from(0.0, 8192.0)),
    ("recon.start_px", OneOf(&[0.0, 1.0, 4.0])),
    ("recon.components", from(0.0, 3072.0)),
    ("recon.code_noise", from(0.0, 10.0)),
    // The default form is tiny (about N/d²), so that useful weights may be very large.
    ("orth.weight", from(0.0, 1e9)),
    ("pose.batch_size", from(1.0, BATCH_MAX)),
    ("pose.num_negatives", from(1.0, BATCH_MAX)),
    ("pose.source_shares", from(0.0, 1e6)),
    ("cl.tau", above(0.0, 100.0)),
    ("neg_interp.alpha", from(0.0, 100.0)),
    ("aug.jitter_p", from(0.0, 1.0)),
    ("aug.jitter_factor", from(0.0, 10.0)),
    // Half a turn either way reaches every hue.
    ("aug.jitter_hue", from(0.0, 0.5)),
    ("aug.gray_p", from(0.0, 1.0)),
    ("aug.blur_p", from(0.0, 1.0)),
    // The kernel is 7 pixels wide: beyond σ = 10 it is a box.
    ("aug.blur_sigma", above(0.0, 10.0)),
    ("aug.edge_p", from(0.0, 1.0)),
    ("dwa.t", above(0.0, 1000.0)),
    // The weights of epoch 3 are the first with two epochs behind them.
    ("dwa.start_epoch", from(3.0, EPOCHS_MAX)),
    ("dwa.alpha_pose", from(0.0, 1.0)),
    // Batch normalisation needs two images.
    ("batch.recon", from(2.0, BATCH_MAX)),
    // With one image an anchor has no negative.
    ("batch.face", from(2.0, BATCH_MAX)),
    ("face.recon_weight", from(0.0, 1e6)),
    ("optimizer.lr", above(0.0, 1.0)),
    ("optimizer.weight_decay", from(0.0, 1.0)),
    ("optimizer.betas", below(0.0, 1.0)),
    ("optimizer.eps", above(0.0, 0.1)),
    ("optimizer.clip_norm", from(0.0, 1e6)),
    ("memory.chunk", from(0.0, 65536.0)),
    ("checkpoint.every_steps", from(0.0, STEPS_MAX)),
    ("checkpoint.keep", from(1.0, 10000.0)),
    ("snapshot.every_steps", from(0.0, STEPS_MAX)),
    ("snapshot.faces", from(1.0, 64.0)),
    // Below 64 every frame would be enlarged before the encoder sees it.
    ("data.cache_px", from(64.0, 4096.0)),
    // 5.6 million pictures.
    ("data.people", from(1.0, 100_000.0)),
    ("knowledge.pictures", from(0.0, 100_000.0)),
    ("knowledge.every_steps", from(0.0, STEPS_MAX)),
    ("knowledge.time_share", from(0.0, 1.0)),
    ("probe.epochs", from(1.0, EPOCHS_MAX)),
    ("verify.theta", from(-1.0, 1.0)),
    ("verify.crop", above(0.0, 1.0)),
    ("pose_probe.lr", above(0.0, 1.0)),
    // Its batch normalisation needs two images.
    ("pose_probe.batch_size", from(2.0, 65536.0)),
];

impl Range {
    /// Whether `x` is allowed; NaN never is.
    fn contains(&self, x: f64) -> bool {
        match self {
            Range::Within(low, high) => (*low, *high).contains(&x),
            Range::OneOf(options) => options.contains(&x),
        }
    }
}

fn range_of(key: &str) -> Option<&'static Range> {
    RANGES
        .iter()
        .find(|(name, _)| *name == key)
        .map(|(_, range)| range)
}

/// The range of a key in words that complete "must be …", "a number" if it has none.
pub(super) fn words(key: &str) -> String {
    let whole = matches!(keys::default_of(key), Some(Value::Integer(_)));
    let kind = if whole { "a whole number" } else { "a number" };
    match range_of(key) {
        Some(Range::Within(Bound::Included(low), Bound::Included(high))) => {
            format!("{kind} from {low} to {high}")
        }
        Some(Range::Within(Bound::Excluded(low), Bound::Included(high))) => {
            format!("{kind} above {low} and at most {high}")
        }
        Some(Range::Within(Bound::Included(low), Bound::Excluded(high))) => {
            format!("{kind} at least {low} and below {high}")
        }
        Some(OneOf(options)) => {
            let options: Vec<_> = options.iter().map(f64::to_string).collect();
            format!("one of {}", options.join(", "))
        }
        _ => kind.into(),
    }
}

/// Whether a key holds numbers.
pub(super) fn are_numbers(key: &str) -> bool {
    range_of(key).is_some()
}

/// Refuses a number, or a list with a number, outside the key's range. Other types pass: whether
/// they fit is for the types of [`super::RunConfig`] to say.
pub(super) fn check(key: &str, value: &Value) -> Result<(), ConfigError> {
    let Some(range) = range_of(key) else {
        return Ok(());
    };
    let inside = |value: &Value| match value {
        Value::Integer(n) => range.contains(*n as f64),
        Value::Float(x) => range.contains(*x),
        _ => true,
    };
    let fits = match value {
        Value::Array(items) => items.iter().all(inside),
        single => inside(single),
    };
    if fits {
        return Ok(());
    }
    Err(ConfigError::OutOfRange {
        key: key.into(),
        value: value.to_string(),
        range: keys::expected(key),
    })
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;
    use crate::config::RunConfig;

    fn is_number(value: &Value) -> bool {
        match value {
            Value::Integer(_) | Value::Float(_) => true,
            Value::Array(items) => items.iter().any(is_number),
            _ => false,
        }
    }

    #[test]
    fn exactly_the_numbers_have_a_range() {
        let mut numbers = keys::keys();
        numbers.retain(|key| match keys::default_of(key).unwrap() {
            // A list without a default entry is one of numbers if it takes one.
            Value::Array(items) if items.is_empty() => {
                let one = keys::nest(key, Value::Array(vec![Value::Float(0.5)]));
                RunConfig::deserialize(one).is_ok()
            }
            default => is_number(default),
        });
        let mut ranged: Vec<_> = RANGES.iter().map(|(key, _)| key.to_string()).collect();
        ranged.sort();
        assert_eq!(numbers, ranged);
    }

    /// Values just outside and just inside, by the kind of bound.
    fn edges(range: &Range, whole: bool) -> (Vec<f64>, Vec<f64>) {
        let step = |x: f64| if whole { 1.0 } else { x.abs().max(1e-3) * 1e-3 };
        match range {
            OneOf(options) => (vec![-1.0, 2.7, 3.0], options.to_vec()),
            Range::Within(low, high) => {
                let mut edges = (vec![f64::NAN, f64::INFINITY], vec![]);
                for (bound, outward) in [(low, -1.0), (high, 1.0)] {
                    match *bound {
                        Bound::Included(x) => {
                            edges.0.push(x + outward * step(x));
                            edges.1.push(x);
                        }
                        Bound::Excluded(x) => {
                            edges.0.push(x);
                            edges.1.push(x - outward * step(x));
                        }
                        Bound::Unbounded => unreachable!("every range has two ends"),
                    }
                }
                edges
            }
        }
    }

    #[test]
    fn every_range_holds_at_its_ends() {
        for (key, range) in RANGES {
            let default = keys::default_of(key).unwrap();
            let whole = matches!(default, Value::Integer(_));
            let wrap = |x: f64| {
                let number = if whole && x.is_finite() {
                    Value::Integer(x as i64)
                } else {
                    Value::Float(x)
                };
                match default {
                    Value::Array(items) => Value::Array(vec![number; items.len().max(1)]),
                    _ => number,
                }
            };
            let (outside, inside) = edges(range, whole);
            for x in outside {
                let said = check(key, &wrap(x)).unwrap_err().to_string();
                assert!(said.contains(&format!("`{key} = {}`", wrap(x))), "{said}");
                assert!(said.ends_with(&keys::expected(key)), "{said}");
            }
            for x in inside {
                check(key, &wrap(x)).unwrap();
            }
        }
    }

    #[test]
    fn the_sentence_names_key_value_and_range() {
        let said = check("batch.face", &Value::Integer(1))
            .unwrap_err()
            .to_string();
        assert_eq!(
            said,
            "`batch.face = 1` is out of range: `batch.face` must be a whole number from 2 to 8192"
        );
        let said = check("model.width", &Value::Float(0.3))
            .unwrap_err()
            .to_string();
        assert_eq!(
            said,
            "`model.width = 0.3` is out of range: `model.width` must be one of 1, 0.5, 0.25, 0.125"
        );
    }

    #[test]
    fn one_bad_entry_spoils_a_list() {
        let list = |items: [f64; 2]| Value::Array(items.map(Value::Float).to_vec());
        check("optimizer.betas", &list([0.9, 0.999])).unwrap();
        check("optimizer.betas", &list([0.9, 1.0])).unwrap_err();
    }
}
