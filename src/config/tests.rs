//! How presets, files and arguments combine, and what is said about mistakes.

use std::path::PathBuf;

use super::*;

fn sets(arguments: &[&str]) -> Vec<String> {
    arguments.iter().map(|text| text.to_string()).collect()
}

fn with(arguments: &[&str]) -> RunConfig {
    RunConfig::resolve(None, None, &sets(arguments)).unwrap()
}

fn complaint(arguments: &[&str]) -> String {
    RunConfig::resolve(None, None, &sets(arguments))
        .unwrap_err()
        .to_string()
}

/// A configuration file that lives as long as the folder it comes with.
fn file(text: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.toml");
    std::fs::write(&path, text).unwrap();
    (folder, path)
}

#[test]
fn saved_configurations_come_back() {
    for name in presets::names() {
        let changes = sets(&[
            "seed=77",
            "aug.blur_sigma=[0.3,1.7]",
            "data.list=a \"b\".txt",
        ]);
        let config = RunConfig::resolve(Some(name), None, &changes).unwrap();
        let (_folder, path) = file(&config.to_toml());
        assert_eq!(RunConfig::load_saved(&path, &[]).unwrap(), config);
        assert_eq!(RunConfig::resolve(None, Some(&path), &[]).unwrap(), config);
    }
}

#[test]
fn saved_configurations_outlive_their_preset() {
    let (_folder, path) = file("preset = \"forgotten\"\nepochs = 7\n");
    let config = RunConfig::load_saved(&path, &[]).unwrap();
    assert_eq!((config.preset.as_str(), config.epochs), ("forgotten", 7));
    assert!(RunConfig::resolve(None, Some(&path), &[]).is_err());
}

#[test]
fn later_layers_win() {
    let (_folder, path) = file("preset = \"demo\"\nepochs = 5\n[batch]\nface = 20\n");
    let path = Some(path.as_path());
    let from_file = RunConfig::resolve(None, path, &[]).unwrap();
    assert_eq!(from_file.preset, "demo");
    assert_eq!((from_file.epochs, from_file.batch.face), (5, 20));
    assert_eq!(from_file.batch.recon, 64, "from the preset the file names");

    let other_preset = RunConfig::resolve(Some("released"), path, &[]).unwrap();
    assert_eq!(other_preset.preset, "released");
    assert_eq!(other_preset.step_mode, StepMode::Alternating);
    assert_eq!((other_preset.epochs, other_preset.batch.recon), (5, 256));

    let twice = sets(&["epochs=6", "batch.face=30", "epochs=7"]);
    let with_sets = RunConfig::resolve(None, path, &twice).unwrap();
    assert_eq!((with_sets.epochs, with_sets.batch.face), (7, 30));
}

#[test]
fn arguments_are_toml_or_bare_words() {
    let config = with(&[
        "orth.form=eq3_raw",
        "step_mode=\"alternating\"",
        "recon.terms=[true,false,true,false]",
        "batch.recon = 16",
        "model.width=1",
        "optimizer.lr=2e-4",
        "face.enabled=false",
        "data.list=2020-01-01",
        "optimizer.betas=0.5,0.9",
    ]);
    assert_eq!(config.orth.form, OrthForm::Eq3Raw);
    assert_eq!(config.step_mode, StepMode::Alternating);
    assert_eq!(config.recon.terms, [true, false, true, false]);
    assert_eq!(config.batch.recon, 16);
    assert_eq!(config.optimizer.lr, 2e-4);
    assert!(!config.face.enabled);
    assert_eq!(config.data.list, "2020-01-01");
    assert_eq!(config.optimizer.betas, [0.5, 0.9]);
    for list in ["[\"flip\",\"rotate\"]", "[flip,rotate]", "flip, rotate"] {
        let config = with(&[&format!("pose.neg_aug={list}")]);
        assert_eq!(
            config.pose.neg_aug,
            [PoseAug::Flip, PoseAug::Rotate],
            "{list}"
        );
    }
    assert!(
        with(&["neg_interp.branches="])
            .neg_interp
            .branches
            .is_empty()
    );
}

#[test]
fn wd_is_weight_decay() {
    assert_eq!(with(&["wd=0.01"]).optimizer.weight_decay, 0.01);
    let (_folder, path) = file("wd = 0.02\n");
    let config = RunConfig::resolve(None, Some(&path), &[]).unwrap();
    assert_eq!(config.optimizer.weight_decay, 0.02);
}

#[test]
fn unknown_keys_name_the_nearest_and_the_source() {
    let said = complaint(&["pose.num_negative=3"]);
    assert_eq!(
        said,
        "unknown key `pose.num_negative` in --set: did you mean `pose.num_negatives`?"
    );
    let (_folder, path) = file("[optimzer]\nlr = 1e-3\n");
    let error = RunConfig::resolve(None, Some(&path), &[]).unwrap_err();
    let said = error.to_string();
    assert!(
        said.contains("`optimzer.lr`") && said.contains("run.toml"),
        "{said}"
    );
    assert!(said.ends_with("did you mean `optimizer.lr`?"), "{said}");
}

#[test]
fn sections_are_told_from_keys() {
    let said = complaint(&["batch=16"]);
    assert!(
        said.ends_with("section with the keys batch.face, batch.recon"),
        "{said}"
    );
    let (_folder, path) = file("[batch]\n[pose]\ncrop = true\n");
    assert!(
        RunConfig::resolve(None, Some(&path), &[])
            .unwrap()
            .pose
            .crop
    );
    let (_folder, path) = file("[bach]\n");
    let said = RunConfig::resolve(None, Some(&path), &[])
        .unwrap_err()
        .to_string();
    assert!(said.contains("unknown key `bach`"), "{said}");
}

#[test]
fn wrong_types_and_choices_say_what_is_allowed() {
    let said = complaint(&["orth.form=eq3"]);
    assert_eq!(
        said,
        "`orth.form = \"eq3\"` in --set does not fit: `orth.form` must be one of `cross_corr`, \
         `eq3_norm`, `eq3_raw`"
    );
    for (argument, words) in [
        ("batch.recon=many", "a whole number from 2 to 8192"),
        ("epochs=2.5", "a whole number from 1 to 1000000"),
        ("optimizer.lr=true", "a number above 0 and at most 1"),
        ("recon.fc=1", "true or false"),
        (
            "recon.terms=[true,false]",
            "a list of 4 values, each true or false",
        ),
        (
            "pose.neg_aug=flop",
            "a list, each entry one of `flip`, `rotate`, `translate`",
        ),
        (
            "backbone=3",
            "one of `facecycle_paper`, `facecycle_released`, `facecycle_original`, `dense`",
        ),
        ("verify.threshold=", "`kfold` or `fixed`"),
    ] {
        let said = complaint(&[argument]);
        assert!(said.ends_with(&format!(" must be {words}")), "{said}");
    }
    let (_folder, path) = file("[data]\nlist = 3\n");
    let said = RunConfig::resolve(None, Some(&path), &[])
        .unwrap_err()
        .to_string();
    assert!(
        said.contains("`data.list = 3`") && said.ends_with("must be text"),
        "{said}"
    );
}

#[test]
fn negative_counts_are_out_of_range_not_of_type() {
    assert_eq!(
        complaint(&["epochs=-3"]),
        "`epochs = -3` is out of range: `epochs` must be a whole number from 1 to 1000000"
    );
}

#[test]
fn values_that_conflict_are_refused() {
    let said = complaint(&["backbone=facecycle_original"]);
    assert!(said.contains("train with `facecycle_paper`"), "{said}");
}

#[test]
fn presets_are_chosen_by_name() {
    let said = RunConfig::resolve(Some("papr"), None, &[])
        .unwrap_err()
        .to_string();
    assert_eq!(
        said,
        "there is no preset `papr`; choose one of paper, released, laptop, demo"
    );
    assert!(complaint(&["preset=demo"]).ends_with("use `--preset demo`"));
    let (_folder, path) = file("preset = 3\n");
    let said = RunConfig::resolve(None, Some(&path), &[])
        .unwrap_err()
        .to_string();
    assert!(said.contains("`preset = 3`"), "{said}");
}

#[test]
fn unreadable_input_is_named() {
    assert!(complaint(&["epochs"]).contains("`--set epochs` should read"));
    assert!(complaint(&["=3"]).contains("should read"));
    let said = RunConfig::resolve(None, Some("no/such.toml".as_ref()), &[])
        .unwrap_err()
        .to_string();
    assert!(said.contains("no/such.toml"), "{said}");
    let (_folder, path) = file("epochs = \n");
    let said = RunConfig::load_saved(&path, &[]).unwrap_err().to_string();
    assert!(
        said.contains("not valid TOML") && said.contains("line 1"),
        "{said}"
    );
}

#[test]
fn writing_never_fails() {
    let config = RunConfig {
        seed: u64::MAX,
        ..RunConfig::default()
    };
    assert!(config.to_toml().contains("seed = 18446744073709551615"));
}
