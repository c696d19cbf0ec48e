//! Trained networks as files to be handed on, and by their names.

use crate::metadata;
use crate::process::{Place, names, tensors};

#[test]
fn an_exported_network_is_half_as_large_and_works_as_well() {
    let place = Place::new();
    let run = place.train_generated(2);
    place.faces(3);
    let args = ["export", "run", "--out", "nets/mine", "--device", "cpu"];
    let said = place.run(&args).expect(0).stdout;
    assert!(
        said.contains("MB") && said.contains("network.toml"),
        "{said}"
    );
    let exported = place.path("nets/mine/network.safetensors");
    let trained = run.join("checkpoints/step_00000002/model.safetensors");
    let len = |path| std::fs::metadata(path).unwrap().len();
    assert!(len(&exported) < len(&trained) * 6 / 10);
    assert_eq!(tensors(&exported).len(), tensors(&trained).len());
    assert_eq!(metadata(&exported), metadata(&trained));

    let words = std::fs::read_to_string(place.path("nets/mine/network.toml")).unwrap();
    let words: toml::Table = words.parse().unwrap();
    let command = words["command"].as_str().unwrap();
    assert!(
        command.starts_with("visage train --preset paper"),
        "{command}"
    );
    assert!(command.contains("--set model.width=0.125 "), "{command}");
    assert!(command.ends_with("--steps 2"), "{command}");
    assert!((0.0..0.1).contains(&words["hours"].as_float().unwrap()));
    assert!(words["data"].as_str().unwrap().contains("generated faces"));
    assert!(
        words["licence"]
            .as_str()
            .unwrap()
            .contains("MIT OR Apache-2.0")
    );
    let measured = words["measured"].as_str().unwrap();
    assert!(
        measured.contains("F_p") && measured.contains("raw pixels"),
        "{measured}"
    );
    assert_eq!(words["config"]["model"]["width"].as_float(), Some(0.125));

    // It stands wherever a run does.
    let photos = ["faces/00.png", "faces/01.jpg"];
    let swap = [&["swap", "nets/mine"][..], &photos, &["--device", "cpu"]].concat();
    place.run(&swap).expect(0);
    assert!(place.path("swap.png").exists());
    let embed = ["embed", "nets/mine", "faces", "--device", "cpu"];
    place.run(&embed).expect(0);
    let eval = [
        "eval",
        "nets/mine",
        "--pictures",
        "105",
        "--no-baselines",
        "--device",
        "cpu",
    ];
    place.run(&eval).expect(0);
    assert!(names(&place.path("nets/mine/eval")).contains(&"codes-generated.json".to_owned()));
    // The table of an evaluation can take the place of a measurement.
    let table = "nets/mine/eval/codes-generated.json";
    let again = ["export", "nets/mine", "--out", "again", "--measured", table];
    place.run(&again).expect(0);
    assert_eq!(
        tensors(&place.path("again/network.safetensors")),
        tensors(&exported)
    );
    let text = std::fs::read_to_string(place.path("again/network.toml")).unwrap();
    let again: toml::Table = text.parse().unwrap();
    let measured = again["measured"].as_str().unwrap();
    assert!(
        measured.contains("F_p") && !measured.contains("raw pixels"),
        "{measured}"
    );
    // What is exported again still says where it came from.
    assert_eq!(again["command"].as_str(), Some(command));
    let no_table = [
        "export",
        "nets/mine",
        "--out",
        "again",
        "--measured",
        "swap.png",
    ];
    place
        .run(&no_table)
        .expect(2)
        .says(&["no table", "swap.png"]);
}

#[test]
fn a_damaged_network_is_a_sentence_that_names_the_file() {
    let place = Place::new();
    place.train_generated(1);
    let args = ["export", "run", "--out", "mine", "--device", "cpu"];
    place.run(&args).expect(0);
    let weights = place.path("mine/network.safetensors");
    let mut bytes = std::fs::read(&weights).unwrap();
    let embed = ["embed", "mine", "faces", "--device", "cpu"];
    place.faces(1);
    *bytes.last_mut().unwrap() ^= 1;
    std::fs::write(&weights, &bytes).unwrap();
    place
        .run(&embed)
        .expect(2)
        .says(&["SHA-256", "network.safetensors"]);
    std::fs::write(&weights, &bytes[..bytes.len() / 2]).unwrap();
    place
        .run(&embed)
        .expect(2)
        .says(&["not a whole safetensors file"]);
}

#[test]
fn an_unknown_name_is_told_what_there_is() {
    let place = Place::new();
    place.faces(2);
    let shipped: Vec<&str> = visage::networks::names().collect();
    for args in [
        &["swap", "no-such", "faces/00.png", "faces/01.jpg"][..],
        &["embed", "no-such", "faces"],
        &["eval", "no-such"],
        &["export", "no-such", "--out", "there"],
        &["lab", "--network", "no-such"],
    ] {
        place
            .run(args)
            .expect(2)
            .says(&["no-such", "comes with the program"])
            .says(&shipped);
    }
    let help = place.run(&["swap", "--help"]).expect(0).stdout;
    assert!(help.contains("comes with the program"), "{help}");
    let plays = ["lab", "--network", "no-such", "--resume", "run"];
    place.run(&plays).expect(2).says(&["--resume"]);
}

#[test]
fn shipped_networks_stand_for_a_run_by_their_names() {
    let place = Place::new();
    place.faces(2);
    for name in visage::networks::names() {
        let swap = [
            "swap",
            name,
            "faces/00.png",
            "faces/01.jpg",
            "--device",
            "cpu",
        ];
        place.run(&[&swap[..], &["--out", name]].concat()).expect(0);
        assert!(place.path(name).join("swap.png").exists());
        // That folder is no network, so the name still means the shipped one.
        let eval = [
            "eval",
            name,
            "--pictures",
            "105",
            "--no-baselines",
            "--device",
            "cpu",
        ];
        place.run(&eval).expect(0);
        let results = place.path(&format!("eval-{name}"));
        assert!(names(&results).contains(&"codes-generated.json".to_owned()));
    }
}

#[test]
#[cfg(target_os = "linux")]
fn without_a_display_there_is_nothing_to_play_on() {
    let place = Place::new();
    place.train_generated(1);
    place
        .run(&["lab", "--network", "run", "--device", "cpu"])
        .expect(2)
        .says(&["no display"]);
    assert!(!place.path("runs").exists());
}
