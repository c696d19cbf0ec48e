//! Preset ← file ← `--set`, in this order.

use std::path::Path;

use serde::Deserialize;
use toml::{Table, Value};

use super::{ConfigError, DEFAULT_PRESET, RunConfig, keys, presets, ranges};

impl RunConfig {
    /// The configuration of a run: a preset, changed by a TOML file, changed by `key=value`
    /// arguments in their order.
    ///
    /// The preset is `preset` if given, else the one the file names with `preset = "…"`, else
    /// [`DEFAULT_PRESET`]. The value of an argument is read as TOML if it can be, otherwise as a
    /// bare string: `orth.form=eq3_raw`, `batch.recon=16` and `pose.neg_aug=flip,rotate` all work.
    ///
    /// # Errors
    /// The first thing that is wrong, as a sentence that names the key, where it stands and what
    /// is allowed; see [`ConfigError`].
    pub fn resolve(
        preset: Option<&str>,
        file: Option<&Path>,
        sets: &[String],
    ) -> Result<Self, ConfigError> {
        let mut layers = Layers::default();
        let mut name = DEFAULT_PRESET.to_owned();
        let mut file_layer = None;
        if let Some(path) = file {
            let mut table = read(path)?;
            let origin = path.display().to_string();
            if let Some(value) = table.remove("preset") {
                name = match value {
                    Value::String(name) => name,
                    other => return Err(bad_value("preset", &other, &origin)),
                };
            }
            file_layer = Some((table, origin));
        }
        if let Some(given) = preset {
            name = given.to_owned();
        }
        layers.add(&preset_table(&name)?, &format!("preset `{name}`"))?;
        if let Some((table, origin)) = file_layer {
            layers.add(&table, &origin)?;
        }
        for argument in sets {
            layers.add_argument(argument)?;
        }
        layers.assign("preset", name.into(), "--preset")?;
        let config = layers.finish();
        config.validate()?;
        Ok(config)
    }

    /// Reads what [`RunConfig::to_toml`] wrote. Keys that an older version did not know get their
    /// default; the preset's name is kept but not looked up, so that a run outlives its preset.
    /// `sets` are `key=value` arguments on top.
    ///
    /// # Errors
    /// As [`RunConfig::resolve`].
    pub fn load_saved(path: &Path, sets: &[String]) -> Result<Self, ConfigError> {
        let mut layers = Layers::default();
        layers.add(&read(path)?, &path.display().to_string())?;
        for argument in sets {
            layers.add_argument(argument)?;
        }
        let config = layers.finish();
        config.validate()?;
        Ok(config)
    }

    /// As [`RunConfig::load_saved`], from the text that stands in the metadata of `path`.
    ///
    /// # Errors
    /// As [`RunConfig::resolve`].
    pub fn from_saved(text: &str, path: &Path) -> Result<Self, ConfigError> {
        let mut layers = Layers::default();
        layers.add(&parse(text, path)?, &path.display().to_string())?;
        let config = layers.finish();
        config.validate()?;
        Ok(config)
    }

    /// This configuration with `key=value` arguments on top.
    ///
    /// # Errors
    /// As [`RunConfig::resolve`].
    pub fn with(&self, sets: &[String]) -> Result<Self, ConfigError> {
        let mut layers = Layers::default();
        let table = Table::try_from(self).expect("plain numbers, texts and lists are TOML");
        layers.add(&table, "the run")?;
        for argument in sets {
            layers.add_argument(argument)?;
        }
        let config = layers.finish();
        config.validate()?;
        Ok(config)
    }

    /// Every key with its value, as TOML.
    pub fn to_toml(&self) -> String {
        toml::to_string(self).expect("plain numbers, texts and lists can be written as TOML")
    }
}

/// The keys that were given so far; whatever is absent has its default.
#[derive(Default)]
struct Layers(Table);

impl Layers {
    /// Puts every key of a table over what is there.
    fn add(&mut self, table: &Table, origin: &str) -> Result<(), ConfigError> {
        for (key, value) in keys::flatten(table) {
            let empty_section = matches!(&value, Value::Table(_));
            if empty_section && !keys::section_members(&key).is_empty() {
                continue;
            }
            self.assign(keys::canonical(&key, origin)?, value, origin)?;
        }
        Ok(())
    }

    /// Puts one `key=value` over what is there.
    fn add_argument(&mut self, argument: &str) -> Result<(), ConfigError> {
        let (key, text) = argument
            .split_once('=')
            .map(|(key, text)| (key.trim(), text.trim()))
            .filter(|(key, _)| !key.is_empty())
            .ok_or_else(|| ConfigError::SetSyntax {
                argument: argument.into(),
            })?;
        if key == "preset" {
            return Err(ConfigError::Conflict(format!(
                "`--set {argument}` comes after the preset was applied: use `--preset {text}`"
            )));
        }
        let key = keys::canonical(key, "--set")?;
        self.assign(key, parse_argument(key, text), "--set")
    }

    /// Puts one value over what is there, after checking it by itself.
    fn assign(&mut self, key: &str, value: Value, origin: &str) -> Result<(), ConfigError> {
        ranges::check(key, &value)?;
        let single = keys::nest(key, value.clone());
        if RunConfig::deserialize(single.clone()).is_err() {
            return Err(bad_value(key, &value, origin));
        }
        merge(&mut self.0, single);
        Ok(())
    }

    fn finish(self) -> RunConfig {
        RunConfig::deserialize(self.0).expect("every value was accepted when it was assigned")
    }
}

fn bad_value(key: &str, value: &Value, origin: &str) -> ConfigError {
    ConfigError::BadValue {
        key: key.into(),
        value: value.to_string(),
        origin: origin.into(),
        expected: keys::expected(key),
    }
}

/// Puts `over` over `base`, section by section.
fn merge(base: &mut Table, over: Table) {
    for (key, value) in over {
        match (base.get_mut(&key), value) {
            (Some(Value::Table(base)), Value::Table(over)) => merge(base, over),
            (_, value) => {
                base.insert(key, value);
            }
        }
    }
}

/// Reads an argument the way its key wants it. A key that holds text takes whatever stands there,
/// and a key that holds a list takes it with or without brackets and quotes, because a shell eats
/// the quotes of `["flip"]`.
fn parse_argument(key: &str, text: &str) -> Value {
    let parsed = text.parse::<Value>();
    match (keys::default_of(key), parsed) {
        (Some(Value::Array(_)), Ok(list @ Value::Array(_))) => list,
        (Some(Value::Array(_)), _) => {
            let inner = text
                .strip_prefix('[')
                .and_then(|text| text.strip_suffix(']'))
                .unwrap_or(text);
            let entries = inner.split(',').map(str::trim);
            let entries = entries.filter(|entry| !entry.is_empty());
            Value::Array(
                entries
                    .map(|entry| entry.parse().unwrap_or_else(|_| entry.into()))
                    .collect(),
            )
        }
        (Some(Value::String(_)), Ok(Value::String(quoted))) => quoted.into(),
        (Some(Value::String(_)), _) | (_, Err(_)) => text.into(),
        (_, Ok(value)) => value,
    }
}

fn read(path: &Path) -> Result<Table, ConfigError> {
    let text = std::fs::read_to_string(path).map_err(|error| ConfigError::Read {
        error,
        path: path.into(),
    })?;
    parse(&text, path)
}

fn parse(text: &str, path: &Path) -> Result<Table, ConfigError> {
    text.parse()
        .map_err(|error: toml::de::Error| ConfigError::Syntax {
            error: error.to_string(),
            path: path.into(),
        })
}

fn preset_table(name: &str) -> Result<Table, ConfigError> {
    let text = presets::text(name).ok_or_else(|| ConfigError::UnknownPreset {
        name: name.into(),
        known: presets::names().join(", "),
    })?;
    Ok(text.parse().expect("built-in presets are TOML"))
}
