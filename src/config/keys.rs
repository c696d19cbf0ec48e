//! The names of all keys, what each one accepts, and the nearest one to a misspelt name.
//!
//! Everything is derived from [`RunConfig::default`], so a key added there is known here.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;
use toml::{Table, Value};

use super::{ConfigError, RunConfig, ranges};

/// Short names and the keys they stand for.
const ALIASES: &[(&str, &str)] = &[
    ("wd", "optimizer.weight_decay"),
    ("optimizer.wd", "optimizer.weight_decay"),
];

/// Every key with its default, sorted.
static DEFAULTS: LazyLock<BTreeMap<String, Value>> = LazyLock::new(|| {
    let table = Table::try_from(RunConfig::default()).expect("the default configuration is TOML");
    flatten(&table).into_iter().collect()
});

/// Every valid key in its full dotted form, sorted.
pub fn keys() -> Vec<String> {
    DEFAULTS.keys().cloned().collect()
}

/// The default of a key given in its full dotted form, if there is such a key.
pub(super) fn default_of(key: &str) -> Option<&'static Value> {
    DEFAULTS.get(key)
}

/// The full dotted form of a key as a user wrote it; `origin` says where, for the error.
pub(super) fn canonical(key: &str, origin: &str) -> Result<&'static str, ConfigError> {
    let name = ALIASES
        .iter()
        .find(|(alias, _)| *alias == key)
        .map_or(key, |(_, name)| name);
    if let Some((known, _)) = DEFAULTS.get_key_value(name) {
        return Ok(known);
    }
    let members = section_members(key);
    let hint = if members.is_empty() {
        format!("did you mean `{}`?", nearest(key))
    } else {
        format!("it is a section with the keys {}", members.join(", "))
    };
    Err(ConfigError::UnknownKey {
        key: key.into(),
        origin: origin.into(),
        hint,
    })
}

/// The full dotted keys of a section; empty if there is no section of this name.
pub(super) fn section_members(section: &str) -> Vec<&'static str> {
    DEFAULTS
        .keys()
        .filter(|key| {
            key.strip_prefix(section)
                .is_some_and(|rest| rest.starts_with('.'))
        })
        .map(String::as_str)
        .collect()
}

/// The valid key most like `key`. The last part counts by itself as well, because `lr` is more
/// often meant as `optimizer.lr` than as any key that happens to be short.
fn nearest(key: &str) -> &'static str {
    let leaf = |key: &str| key.rsplit('.').next().unwrap_or_default().to_owned();
    let likeness = |known: &str| {
        strsim::normalized_damerau_levenshtein(key, known)
            + strsim::normalized_damerau_levenshtein(&leaf(key), &leaf(known))
    };
    DEFAULTS
        .keys()
        .max_by(|a, b| likeness(a).total_cmp(&likeness(b)))
        .map_or("", String::as_str)
}

/// What a key accepts, in words that complete the sentence "must be …".
pub(super) fn expected(key: &str) -> String {
    match default_of(key) {
        Some(Value::Boolean(_)) => "true or false".into(),
        Some(Value::String(_)) => choices(key, "?".into()).unwrap_or_else(|| "text".into()),
        Some(Value::Array(items)) => match items.first() {
            Some(Value::Boolean(_)) => {
                format!("a list of {} values, each true or false", items.len())
            }
            None if ranges::are_numbers(key) => {
                format!("a list, each entry {}", ranges::words(key))
            }
            Some(Value::String(_)) | None => choices(key, vec!["?"].into()).map_or_else(
                || "a list of texts".into(),
                |options| format!("a list, each entry {options}"),
            ),
            _ => format!(
                "a list of {} values, each {}",
                items.len(),
                ranges::words(key)
            ),
        },
        _ => ranges::words(key),
    }
}

/// The options of an enum key, or none if `probe`, which is no option, is accepted as free text.
/// Asking serde keeps the enum declarations the only list of options.
fn choices(key: &str, probe: Value) -> Option<String> {
    let error = RunConfig::deserialize(nest(key, probe)).err()?;
    let (_, options) = error.message().split_once("expected ")?;
    Some(options.to_owned())
}

/// The table that holds only `key`.
pub(super) fn nest(key: &str, value: Value) -> Table {
    match key.split_once('.') {
        None => Table::from_iter([(key.to_owned(), value)]),
        Some((head, rest)) => {
            Table::from_iter([(head.to_owned(), Value::Table(nest(rest, value)))])
        }
    }
}

/// All values of a table by dotted key. An empty table stays a value, so that a misspelt name of an
/// empty section is noticed.
pub(super) fn flatten(table: &Table) -> Vec<(String, Value)> {
    let mut flat = Vec::new();
    for (name, value) in table {
        match value {
            Value::Table(inner) if !inner.is_empty() => flat.extend(
                flatten(inner)
                    .into_iter()
                    .map(|(key, value)| (format!("{name}.{key}"), value)),
            ),
            _ => flat.push((name.clone(), value.clone())),
        }
    }
    flat
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_dotted_and_sorted() {
        let keys = keys();
        assert!(keys.is_sorted());
        for key in ["seed", "batch.recon", "optimizer.weight_decay", "viz.model"] {
            assert!(keys.contains(&key.to_owned()), "{key}");
        }
    }

    #[test]
    fn flatten_undoes_nest() {
        let flat = flatten(&nest("a.b.c", Value::Integer(3)));
        assert_eq!(flat, [("a.b.c".to_owned(), Value::Integer(3))]);
    }

    #[test]
    fn misspelt_keys_find_their_neighbour() {
        for (typo, meant) in [
            ("lr", "optimizer.lr"),
            ("optimiser.lr", "optimizer.lr"),
            ("tau", "cl.tau"),
            ("orth.from", "orth.form"),
            ("epoch", "epochs"),
            ("batch.recom", "batch.recon"),
            ("batch_size", "pose.batch_size"),
            ("pose.negative", "pose.negatives"),
            ("recon.noise", "recon.noise_std"),
            ("neg-interp.alpha", "neg_interp.alpha"),
            ("checkpoints.keep", "checkpoint.keep"),
        ] {
            assert_eq!(nearest(typo), meant, "{typo}");
        }
    }

    #[test]
    fn aliases_lead_to_keys() {
        for (alias, key) in ALIASES {
            assert!(default_of(alias).is_none(), "{alias} is a key of its own");
            assert_eq!(canonical(alias, "--set").unwrap(), *key);
        }
    }

    #[test]
    fn every_key_says_what_it_accepts() {
        for (key, words) in [
            ("recon.fc", "true or false"),
            ("data.list", "text"),
            ("batch.face", "a whole number from 2 to 8192"),
            ("dwa.mode", "one of `dynamic`, `manual`, `off`"),
            ("verify.threshold", "`kfold` or `fixed`"),
            ("precision", "`f32` or `f16`"),
            ("recon.terms", "a list of 4 values, each true or false"),
            ("neg_interp.branches", "a list, each entry `face` or `pose`"),
            ("data.exclude", "a list of texts"),
            (
                "pose.source_shares",
                "a list, each entry a number from 0 to 1000000",
            ),
            (
                "pose.neg_source",
                "a list, each entry one of `auto`, `flip`, `rotate`, `translate`, `clip`, \
                 `person`, `pairs`",
            ),
            (
                "optimizer.betas",
                "a list of 2 values, each a number at least 0 and below 1",
            ),
        ] {
            assert_eq!(expected(key), words);
        }
        for key in keys() {
            assert!(!expected(&key).is_empty(), "{key}");
        }
    }
}
