//! The program from the outside: exit codes, sentences, and what a run leaves on disk.

#[path = "cli/bench.rs"]
mod bench;
#[path = "cli/drill.rs"]
mod drill;
#[path = "cli/faults.rs"]
mod faults;
#[path = "cli/networks.rs"]
mod networks;
#[path = "support/process.rs"]
mod process;
#[path = "cli/sources.rs"]
mod sources;

use std::collections::HashMap;
use std::path::Path;

use process::{Place, checkpoints, names, rows, steps};
use safetensors::SafeTensors;
use serde_json::Value;

#[test]
fn help_names_what_there_is() {
    let place = Place::new();
    let help = place.run(&["--help"]).expect(0).stdout;
    for command in ["train", "lab", "frames", "bench", "devices", "config"] {
        assert!(help.contains(command), "{command}");
    }
    let help = place.run(&["train", "--help"]).expect(0).stdout;
    for option in [
        "--data", "--preset", "--config", "--set", "--device", "--out", "--steps", "--epochs",
        "--resume", "--strict", "--plan",
    ] {
        assert!(help.contains(option), "{option}");
    }
    let version = place.run(&["--version"]).expect(0).stdout;
    assert_eq!(
        version.trim(),
        concat!("visage ", env!("CARGO_PKG_VERSION"))
    );
}

#[test]
fn devices_says_what_auto_takes() {
    let said = Place::new().run(&["devices"]).expect(0).stdout;
    assert!(said.contains("--device auto takes: "), "{said}");
}

#[test]
fn config_prints_presets_that_can_be_read_back() {
    let place = Place::new();
    let text = place.run(&["config", "demo"]).expect(0).stdout;
    let table: toml::Table = text.parse().expect("TOML");
    assert_eq!(table["model"]["width"].as_float(), Some(0.125));
    std::fs::write(place.path("demo.toml"), &text).unwrap();
    place.faces(4);
    let said = place.run(&[
        "train",
        "--device",
        "cpu",
        "--data",
        "faces",
        "--config",
        "demo.toml",
        "--plan",
    ]);
    assert!(said.expect(0).stdout.contains("demo"));

    let defaults = place.run(&["config"]).expect(0).stdout;
    for key in [
        "weight_decay = 0.001",
        "num_negatives = 100",
        "every_steps = 500",
        "seed = 1234",
    ] {
        assert!(defaults.lines().any(|line| line == key), "{key}");
    }
    place
        .run(&["config", "nope"])
        .expect(2)
        .says(&["no preset `nope`", "laptop"]);
}

#[test]
fn what_the_user_got_wrong_ends_with_2_and_a_sentence() {
    let place = Place::new();
    place.faces(2);
    std::fs::create_dir_all(place.path("empty/deeper")).unwrap();
    std::fs::write(place.path("file.png"), "x").unwrap();
    std::fs::write(place.path("own.toml"), "[batch]\nrecom = 4\n").unwrap();
    let mistakes: &[(&[&str], &[&str])] = &[
        (&["--nonsense"], &["--nonsense"]),
        (
            &["--set", "optimiser.lr=1"],
            &["`optimiser.lr`", "did you mean `optimizer.lr`?"],
        ),
        (
            &["--set", "batch.recom=4"],
            &["`batch.recom`", "did you mean `batch.recon`?"],
        ),
        (
            &["--set", "batch=4"],
            &["section", "batch.recon", "batch.face"],
        ),
        (&["--set", "batch.recon"], &["--set key=value"]),
        (
            &["--set", "batch.recon=1"],
            &["out of range", "whole number from 2 to 8192"],
        ),
        (
            &["--set", "model.width=0.3"],
            &["model.width", "one of 1, 0.5, 0.25, 0.125"],
        ),
        (
            &["--set", "cl.tau=0"],
            &["cl.tau", "above 0 and at most 100"],
        ),
        (
            &["--set", "step_mode=both"],
            &["step_mode", "joint", "alternating"],
        ),
        (&["--epochs", "0"], &["epochs", "from 1 to"]),
        (
            &["--preset", "nope"],
            &["no preset `nope`", "paper, released, laptop, demo"],
        ),
        (
            &["--config", "missing.toml"],
            &["configuration file", "missing.toml"],
        ),
        (
            &["--config", "own.toml"],
            &["own.toml", "`batch.recom`", "`batch.recon`"],
        ),
        (&["--steps", "3", "--epochs", "3"], &["--steps", "--epochs"]),
        (
            &["--set", "precision=f64"],
            &["precision", "`f32` or `f16`"],
        ),
        (
            &["--set", "precision=f16"],
            &["16-bit floats", "CPU", "visage devices", "precision=f32"],
        ),
        (
            &["--set", "pose.source=flip,clip"],
            &["`pose.source` names `clip`", "no clips", "`flip`", "faces"],
        ),
        (
            &["--set", "pose.source=mirror"],
            &["pose.source", "`flip`", "`person`"],
        ),
        (&["--device", "cuda"], &["cuda", "visage devices"]),
        (&["--device", "99"], &["no adapter 99", "visage devices"]),
        (&["--data", "missing"], &["does not exist", "missing"]),
        (&["--data", "empty"], &["no image", "empty"]),
        (&["--data", "file.png"], &["not a folder", "file.png"]),
        (&["--resume", "missing"], &["missing", "cannot"]),
    ];
    for (mistake, words) in mistakes {
        // Given twice, `--device` and `--data` would be a mistake of their own.
        let given = |option| mistake.contains(&option);
        let mut args = vec!["train"];
        for (option, value) in [("--device", "cpu"), ("--data", "faces")] {
            if !given(option) {
                args.extend([option, value]);
            }
        }
        args.extend(*mistake);
        place.run(&args).expect(2).says(words);
        // Asking what a run would do meets the same mistake.
        args.push("--plan");
        if !given("--resume") {
            place.run(&args).expect(2).says(words);
        }
    }
    assert_eq!(
        names(&place.path("")),
        ["empty", "faces", "file.png", "own.toml"]
    );
}

#[test]
fn plan_tells_the_cost_and_trains_nothing() {
    let place = Place::new();
    place.faces(6);
    let said = place.train(&["--plan", "--epochs", "5"]).expect(0).stdout;
    for word in [
        "Memory",
        "GiB",
        "TFLOP",
        "3 steps per epoch",
        "15 steps",
        "6 images in faces",
    ] {
        assert!(said.contains(word), "`{word}` is missing in: {said}");
    }
    assert_eq!(names(&place.path("")), ["faces"]);
}

#[test]
fn a_run_folder_holds_everything() {
    let place = Place::new();
    place.faces(6);
    let more = [
        "--steps",
        "6",
        "--set",
        "snapshot.every_steps=4",
        "--set",
        "checkpoint.keep=2",
    ];
    let sets = ["--set", "checkpoint.every_steps=2", "--set", "epochs=3"];
    let said = place.train(&[&more[..], &sets].concat()).expect(0);
    said.says(&[
        "Device  CPU",
        "6 images in faces",
        "step 6/6",
        "Finished after 6 steps",
    ]);

    let run = place.path("runs/paper");
    let metrics = std::fs::read_to_string(run.join("metrics.csv")).unwrap();
    assert_eq!(
        metrics.lines().next().unwrap(),
        "step,epoch,total,dis,t1,t2,t3,t4,orth,face,pose,alpha_pose,alpha_face,lr,grad_norm,\
         images_per_s,step_ms,wait_ms,views_ms"
    );
    assert_eq!(steps(&run), [1, 2, 3, 4, 5, 6]);
    for row in rows(&run) {
        let numbers: Vec<f64> = row.split(',').map(|cell| cell.parse().unwrap()).collect();
        assert_eq!(numbers.len(), 19);
        assert!(numbers.iter().all(|n| n.is_finite() && *n >= 0.0), "{row}");
    }

    let config = std::fs::read_to_string(run.join("config.toml")).unwrap();
    let config: toml::Table = config.parse().unwrap();
    assert_eq!(config["model"]["width"].as_float(), Some(0.125));
    let json =
        |path: &Path| -> Value { serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap() };
    assert_eq!(
        json(&run.join("run.json"))["data"],
        place.path("faces").to_str().unwrap()
    );
    let events = std::fs::read_to_string(run.join("events.jsonl")).unwrap();
    let events: Vec<Value> = events
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let count = |kind: &str| events.iter().filter(|event| event["event"] == kind).count();
    assert_eq!(
        ["started", "step", "epoch", "faces", "stopped"].map(count),
        [1, 6, 2, 4, 1]
    );
    let saved = |step: u64| {
        events
            .iter()
            .any(|e| e["event"] == "checkpoint" && e["step"] == step)
    };
    assert!([2, 4, 6].into_iter().all(saved), "{events:?}");

    assert!(
        names(&run.join("tensorboard"))
            .iter()
            .any(|name| name.contains("tfevents"))
    );
    let pictures = names(&run.join("faces"));
    let expected = ["0000004", "0000006", "latest"].map(|when| format!("_{when}.png"));
    for kind in ["reconstruction", "swap"] {
        for end in &expected {
            assert!(pictures.contains(&format!("{kind}{end}")), "{pictures:?}");
        }
    }
    for name in pictures {
        let grid = image::open(run.join("faces").join(&name)).unwrap();
        assert!(grid.width() > 128 && grid.height() > 128, "{name}");
    }
    assert!(
        std::fs::read_to_string(run.join("dwa.csv"))
            .unwrap()
            .starts_with("epoch,")
    );
    assert!(!run.join("skipped.csv").exists(), "nothing was skipped");

    assert_eq!(checkpoints(&run), ["step_00000004", "step_00000006"]);
    let newest = run.join("checkpoints/step_00000006");
    assert_eq!(
        names(&newest),
        ["model.safetensors", "optimizer.safetensors", "state.json"]
    );
    assert_eq!(json(&newest.join("state.json"))["progress"]["step"], 6);
    let provenance = metadata(&newest.join("model.safetensors"));
    assert!(provenance["program"].starts_with("visage "));
    assert_eq!(provenance["steps"], "6");
    assert_eq!(provenance["backbone"], "facecycle_paper");
    assert!(provenance["config"].contains("width = 0.125"));
    assert!(provenance["data"].contains("6 images in faces"));
}

/// What the header of a weights file says about it.
fn metadata(path: &Path) -> HashMap<String, String> {
    let bytes = std::fs::read(path).unwrap();
    let (_, header) = SafeTensors::read_metadata(&bytes).unwrap();
    header.metadata().clone().expect("metadata")
}

#[test]
fn a_run_is_not_overwritten() {
    let place = Place::new();
    place.faces(4);
    place.train(&["--out", "mine", "--steps", "1"]).expect(0);
    let before = rows(&place.path("mine"));
    place
        .train(&["--out", "mine", "--steps", "1"])
        .expect(2)
        .says(&["already holds a run", "--resume mine"]);
    assert_eq!(rows(&place.path("mine")), before);
    // Without a name, runs are numbered.
    place.train(&["--steps", "1"]).expect(0);
    place.train(&["--steps", "1"]).expect(0);
    assert_eq!(names(&place.path("runs")), ["paper", "paper-2"]);
}

#[test]
#[cfg(target_os = "linux")]
fn without_a_display_the_lab_trains_in_the_terminal() {
    let place = Place::new();
    place.faces(4);
    let args = place.tiny(&["--lab", "--steps", "2"]);
    place
        .run(&args)
        .expect(0)
        .says(&["no display", "in the terminal", "Finished after 2 steps"]);
    let replay = place.run(&["lab", "--replay", "runs/paper"]);
    replay.expect(2).says(&["no display"]);
}

#[test]
fn a_folder_that_is_no_run_cannot_be_replayed() {
    let place = Place::new();
    place.faces(1);
    place
        .run(&["lab", "--replay", "faces"])
        .expect(2)
        .says(&["faces"]);
    place
        .run(&["lab", "--replay", "faces", "--preset", "demo"])
        .expect(2)
        .says(&["--preset"]);
}
