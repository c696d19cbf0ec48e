//! What can be wrong with a configuration, each in one sentence that says what to do.

use std::path::PathBuf;

/// Why a configuration was refused.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// No preset of this name is built in.
    #[error("there is no preset `{name}`; choose one of {known}")]
    UnknownPreset {
        /// The name as given.
        name: String,
        /// The names there are.
        known: String,
    },
    /// The configuration file cannot be read.
    #[error("cannot read the configuration file: {error}: {}", path.display())]
    Read {
        /// What the system said.
        error: std::io::Error,
        /// The file.
        path: PathBuf,
    },
    /// The configuration file is not TOML.
    #[error("the configuration file is not valid TOML: {error}in {}", path.display())]
    Syntax {
        /// Where and why, with the line itself.
        error: String,
        /// The file.
        path: PathBuf,
    },
    /// A `--set` argument has no `=` or nothing before it.
    #[error("`--set {argument}` should read `--set key=value`, for example `--set batch.recon=16`")]
    SetSyntax {
        /// The argument as given.
        argument: String,
    },
    /// No such key.
    #[error("unknown key `{key}` in {origin}: {hint}")]
    UnknownKey {
        /// The key as given.
        key: String,
        /// The file, preset or `--set` it stands in.
        origin: String,
        /// The nearest valid key, or the keys of the section that was named.
        hint: String,
    },
    /// A value of the wrong type, or a choice that does not exist.
    #[error("`{key} = {value}` in {origin} does not fit: `{key}` must be {expected}")]
    BadValue {
        /// Full dotted key.
        key: String,
        /// The value, as TOML.
        value: String,
        /// The file, preset or `--set` it stands in.
        origin: String,
        /// What is allowed.
        expected: String,
    },
    /// A number outside its range.
    #[error("`{key} = {value}` is out of range: `{key}` must be {range}")]
    OutOfRange {
        /// Full dotted key.
        key: String,
        /// The value, as TOML.
        value: String,
        /// The range in words.
        range: String,
    },
    /// Values that are fine one by one but not together.
    #[error("{0}")]
    Conflict(String),
}
