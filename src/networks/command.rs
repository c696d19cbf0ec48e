//! The command that makes a run again.

use std::path::Path;

use toml::{Table, Value};

use crate::config::RunConfig;

/// The `visage train` command of a run: its preset and every setting that differs from it. Of the
/// data folder only the name is given, as it lies elsewhere on another computer.
pub fn command(config: &RunConfig, data: Option<&Path>, steps: Option<u64>) -> String {
    let preset = RunConfig::resolve(Some(&config.preset), None, &[]);
    // A preset may be gone; then every key is given.
    let known = preset.map_or_else(|_| Vec::new(), |preset| leaves(&preset));
    let mut words = vec!["visage train".to_owned()];
    if !known.is_empty() {
        words.push(format!("--preset {}", config.preset));
    }
    if let Some(name) = data.and_then(Path::file_name) {
        words.push(format!("--data {}", quoted(&name.to_string_lossy())));
    }
    for leaf in leaves(config) {
        if leaf.0 != "preset" && !known.contains(&leaf) {
            words.push(format!(
                "--set {}",
                quoted(&format!("{}={}", leaf.0, leaf.1))
            ));
        }
    }
    words.extend(steps.map(|steps| format!("--steps {steps}")));
    words.join(" ")
}

/// Every key with its value.
fn leaves(config: &RunConfig) -> Vec<(String, Value)> {
    fn walk(table: Table, prefix: &str, out: &mut Vec<(String, Value)>) {
        for (key, value) in table {
            let path = format!("{prefix}{key}");
            match value {
                Value::Table(section) => walk(section, &format!("{path}."), out),
                value => out.push((path, value)),
            }
        }
    }
    let mut out = Vec::new();
    walk(Table::try_from(config).unwrap_or_default(), "", &mut out);
    out
}

/// A word as a shell takes it.
fn quoted(word: &str) -> String {
    let plain = |char: char| char.is_ascii_alphanumeric() || "._-=/+".contains(char);
    if word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_gives_what_differs_from_the_preset_and_makes_it_again() {
        let sets = ["seed=7", "pose.neg_aug=[\"flip\",\"rotate\"]"].map(String::from);
        let config = RunConfig::resolve(Some("demo"), None, &sets).unwrap();
        let folder = Path::new("/somewhere/their faces");
        let said = command(&config, Some(folder), Some(60));
        assert_eq!(
            said,
            "visage train --preset demo --data 'their faces' \
             --set 'pose.neg_aug=[\"flip\", \"rotate\"]' --set seed=7 --steps 60"
        );
        let argument = "pose.neg_aug=[\"flip\", \"rotate\"]".to_owned();
        let again = RunConfig::resolve(Some("demo"), None, &["seed=7".into(), argument]);
        assert_eq!(again.unwrap(), config);
    }
}
