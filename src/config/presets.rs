//! The built-in presets.

/// The preset that is used when none is named.
pub const DEFAULT_PRESET: &str = "paper";

/// Every preset: its name, its TOML, and one line for `--help`.
pub const PRESETS: &[(&str, &str, &str)] = &[
    (
        "paper",
        include_str!("../../assets/presets/paper.toml"),
        "the method as published; needs a large GPU",
    ),
    (
        "released",
        include_str!("../../assets/presets/released.toml"),
        "what the authors' public code does, defects included; needs a large GPU",
    ),
    (
        "laptop",
        include_str!("../../assets/presets/laptop.toml"),
        "half-width networks and smaller batches for an integrated GPU with 4 GB",
    ),
    (
        "demo",
        include_str!("../../assets/presets/demo.toml"),
        "dense layers in place of convolutions and a face whose pixels move, for a first look on any GPU or a CPU",
    ),
];

/// The names of all presets.
pub fn names() -> Vec<&'static str> {
    PRESETS.iter().map(|(name, _, _)| *name).collect()
}

/// The TOML of a preset, if there is one of this name.
pub(super) fn text(name: &str) -> Option<&'static str> {
    PRESETS
        .iter()
        .find(|(known, _, _)| *known == name)
        .map(|(_, toml, _)| *toml)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use toml::Table;

    use super::*;
    use crate::config::{RunConfig, keys};

    /// The keys a preset names.
    fn named(preset: &str) -> BTreeSet<String> {
        let table: Table = text(preset).unwrap().parse().unwrap();
        keys::flatten(&table)
            .into_iter()
            .map(|(key, _)| key)
            .collect()
    }

    /// The table "paper versus released code": row, key, value in the paper and the released preset.
    /// Row 31 (AU detection) has no key because there is only one way to do it.
    const ROWS: &[(u32, &str, &str, &str)] = &[
        (
            1,
            "backbone",
            "\"facecycle_paper\"",
            "\"facecycle_released\"",
        ),
        (2, "proj.enabled", "true", "true"),
        (3, "recon.combine", "\"sum_l2\"", "\"sum_l2\""),
        (4, "recon.fc", "true", "true"),
        (5, "recon.noise_std", "0.4", "0.4"),
        (6, "orth.form", "\"cross_corr\"", "\"cross_corr\""),
        (7, "recon.reduction", "\"mean\"", "\"mean\""),
        (8, "pose.pos_in_denominator", "true", "true"),
        (9, "cl.reduction", "\"mean\"", "\"mean\""),
        (10, "pose.negatives", "\"own\"", "\"released_mixed\""),
        (11, "pose.num_negatives", "100", "100"),
        (12, "pose.batch_size", "10", "10"),
        (13, "neg_interp.alpha", "1.6", "1.6"),
        (
            13,
            "neg_interp.branches",
            "[\"face\", \"pose\"]",
            "[\"face\", \"pose\"]",
        ),
        (14, "step_mode", "\"joint\"", "\"alternating\""),
        (14, "alternating.touch_all", "true", "true"),
        (15, "face.views", "\"quadrant\"", "\"quadrant\""),
        (16, "aug.gray_p", "0.2", "0.2"),
        (17, "pose.neg_aug", "[\"flip\"]", "[\"flip\"]"),
        (17, "pose.source", "[\"flip\"]", "[\"flip\"]"),
        (18, "pose.crop", "false", "false"),
        (19, "epochs", "1000", "6000"),
        (20, "optimizer.weight_decay", "0.001", "0.001"),
        (21, "dwa.t", "2.0", "2.0"),
        (21, "dwa.start_epoch", "3", "3"),
        (22, "precision", "\"f32\"", "\"f32\""),
        (23, "vox.unit", "\"video\"", "\"video\""),
        (24, "eval.feature", "\"fs\"", "\"fs\""),
        (25, "probe.shuffle", "true", "false"),
        (25, "probe.select", "\"last\"", "\"best_test\""),
        (26, "pose_probe.lr", "0.001", "0.001"),
        (26, "pose_probe.schedule", "\"constant\"", "\"constant\""),
        (26, "pose_probe.batch_size", "128", "128"),
        (27, "pose_probe.aug", "\"none\"", "\"released_test\""),
        (
            28,
            "pose_probe.columns",
            "\"yaw_pitch_roll\"",
            "\"pitch_yaw_roll\"",
        ),
        (29, "pose_probe.bgr_to_rgb", "true", "false"),
        (30, "verify.threshold", "\"kfold\"", "\"fixed\""),
        (32, "viz.model", "\"training\"", "\"released\""),
        (33, "warmup_epochs", "-1", "-1"),
        (34, "recon.weight_schedule", "\"constant\"", "\"constant\""),
        (35, "pose.bn_joint", "true", "false"),
        (36, "checkpoint.every_steps", "500", "4350"),
        (37, "recon.bn_joint", "false", "false"),
    ];

    #[test]
    fn the_table_of_rows_is_complete() {
        let rows: BTreeSet<u32> = ROWS.iter().map(|(row, ..)| *row).collect();
        let expected: BTreeSet<u32> = (1..=37).filter(|row| *row != 31).collect();
        assert_eq!(rows, expected);
    }

    #[test]
    fn paper_and_released_name_every_row_with_its_value() {
        for (preset, column) in [("paper", 0), ("released", 1)] {
            let config = RunConfig::resolve(Some(preset), None, &[]).unwrap();
            let values = keys::flatten(&config.to_toml().parse().unwrap());
            let named = named(preset);
            for (row, key, paper, released) in ROWS {
                let (_, value) = values.iter().find(|(name, _)| name == key).unwrap();
                assert_eq!(
                    value.to_string(),
                    [*paper, *released][column],
                    "row {row} {preset}"
                );
                assert!(
                    named.contains(*key),
                    "row {row}: {key} is missing in {preset}.toml"
                );
            }
        }
    }

    #[test]
    fn released_differs_from_paper_in_its_rows_only() {
        let flat = |preset: &str| {
            let config = RunConfig::resolve(Some(preset), None, &[]).unwrap();
            keys::flatten(&config.to_toml().parse().unwrap())
        };
        for ((key, paper), (_, released)) in flat("paper").into_iter().zip(flat("released")) {
            if paper != released && key != "preset" {
                assert!(ROWS.iter().any(|(_, row_key, ..)| *row_key == key), "{key}");
            }
        }
    }

    #[test]
    fn paper_is_the_default_and_documents_every_key() {
        assert_eq!(
            RunConfig::resolve(None, None, &[]).unwrap(),
            RunConfig::default()
        );
        let all: BTreeSet<String> = keys::keys()
            .into_iter()
            .filter(|key| key != "preset")
            .collect();
        assert_eq!(named("paper"), all);
    }

    #[test]
    fn every_preset_resolves_and_says_why() {
        assert_eq!(names(), ["paper", "released", "laptop", "demo"]);
        for (name, text, about) in PRESETS {
            let config = RunConfig::resolve(Some(name), None, &[]).unwrap();
            assert_eq!(config.preset, *name);
            assert!(!about.is_empty());
            for line in text.lines().filter(|line| line.contains(" = ")) {
                assert!(line.contains("# "), "{name}: no comment on `{line}`");
            }
        }
        let demo = RunConfig::resolve(Some("demo"), None, &[]).unwrap();
        assert_eq!((demo.model.width, demo.batch.recon), (0.125, 64));
    }

    #[test]
    fn small_presets_hold_only_what_differs() {
        for preset in ["laptop", "demo"] {
            let table: Table = text(preset).unwrap().parse().unwrap();
            for (key, value) in keys::flatten(&table) {
                // Memory is stated where it is the point of the preset.
                if key != "memory.chunk" {
                    assert_ne!(Some(&value), keys::default_of(&key), "{preset}: {key}");
                }
            }
        }
    }
}
