//! From a trained network to tables, files and figures: every protocol on the generated layout of
//! its data set, as a user would run it.

#[path = "eval/input.rs"]
mod input;
#[path = "support/process.rs"]
mod process;

use std::path::Path;

use process::{Place, names, tensors};
use serde_json::Value;

/// Protocol, layout of its data set, people, and what its table must name.
const PROTOCOLS: [(&str, &str, &str, &[&str]); 8] = [
    ("fer", "rafdb", "4", &["RAF-DB", "PCL", "74.47"]),
    ("fer", "fer2013", "5", &["FER-2013", "PCL", "56.81"]),
    ("verify", "lfw", "20", &["LFW", "PCL", "79.72", "±"]),
    ("verify", "cplfw", "20", &["CPLFW", "PCL", "64.61", "±"]),
    ("au", "disfa", "3", &["AU12", "PCL", "54.80", "pooled"]),
    ("pose", "300wlp", "3", &["yaw", "PCL", "12.36"]),
    ("pose-class", "bu3dfe", "2", &["pose 8", "PCL", "98.95"]),
    ("knn", "rafdb", "4", &["5 nearest"]),
];

fn json(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).expect("a report")).expect("JSON")
}

#[test]
fn every_protocol_runs_on_its_layout_and_leaves_the_weights_alone() {
    let place = Place::new();
    let run = place.train_generated(2);
    let weights = run.join("checkpoints/step_00000002/model.safetensors");
    let before = tensors(&weights);
    for (task, layout, people, words) in PROTOCOLS {
        if !place.path(layout).exists() {
            place
                .run(&[
                    "faces",
                    "--identities",
                    people,
                    "--layout",
                    layout,
                    "--out",
                    layout,
                ])
                .expect(0);
        }
        let args = [
            "eval",
            "run",
            "--device",
            "cpu",
            "--task",
            task,
            "--data",
            layout,
            "--size",
            "32",
            "--set",
            "probe.epochs=3",
        ];
        let said = place.run(&args).expect(0).stdout;
        for word in words
            .iter()
            .chain(&["untrained", "raw pixels", "chance", "quoted"])
        {
            let optional = task == "knn" && *word == "quoted";
            assert!(
                optional || said.contains(word),
                "{task}: `{word}` is missing in {said}"
            );
        }
        let report = json(&run.join(format!("eval/{task}-{layout}.json")));
        let hash = report["model"]["sha256"].as_str().expect("a hash");
        assert_eq!(hash.len(), 64);
        let ours = &report["rows"][0]["cells"][0]["last"];
        let ours = ours.as_f64().expect("a number");
        assert!((0.0..=100.0).contains(&ours), "{task}: {ours}");
        if task == "fer" {
            assert!(report["rows"][0]["cells"][0]["best"].as_f64() >= Some(ours));
        }
    }
    assert_eq!(tensors(&weights), before);
    let sheets = names(&run.join("eval"));
    assert!(
        sheets.contains(&"fer-rafdb-examples.png".to_owned()),
        "{sheets:?}"
    );
    assert!(
        sheets.contains(&"verify-lfw-examples.png".to_owned()),
        "{sheets:?}"
    );
}

#[test]
fn features_are_computed_once_and_repeat_to_the_digit() {
    let place = Place::new();
    let run = place.train_generated(1);
    place
        .run(&[
            "faces",
            "--identities",
            "2",
            "--layout",
            "rafdb",
            "--out",
            "rafdb",
        ])
        .expect(0);
    let eval = |file: &str, more: &[&str]| {
        let args = [
            "eval",
            "run",
            "--device",
            "cpu",
            "--task",
            "fer",
            "--data",
            "rafdb",
            "--size",
            "32",
            "--set",
            "probe.epochs=2",
        ];
        place.run(&[&args[..], more].concat()).expect(0);
        (
            names(&place.path("cache/features")),
            json(&run.join("eval").join(file)),
        )
    };
    let (files, report) = eval("fer-rafdb.json", &[]);
    assert_eq!(
        files.len(),
        6,
        "training and test part of three rows: {files:?}"
    );
    assert_eq!(eval("fer-rafdb.json", &[]), (files.clone(), report.clone()));
    // Another feature of the same network has features of its own, and its result a name of its own.
    let ff_and_fp = ["--feature", "ff+fp", "--no-baselines"];
    let (more, other) = eval("fer-rafdb-ff_plus_fp.json", &ff_and_fp);
    assert_eq!(json(&run.join("eval/fer-rafdb.json")), report);
    assert_eq!(more.len(), files.len() + 2);
    assert_eq!(other["protocol"]["feature"], "F_f + F_p");
}

#[test]
fn fine_tuning_changes_what_it_starts_from_and_reports_both_rows() {
    let place = Place::new();
    let run = place.train_generated(1);
    place
        .run(&[
            "faces",
            "--identities",
            "2",
            "--layout",
            "rafdb",
            "--out",
            "rafdb",
        ])
        .expect(0);
    let args = [
        "eval", "run", "--device", "cpu", "--task", "finetune", "--data", "rafdb", "--size", "32",
        "--epochs", "6",
    ];
    let said = place.run(&args).expect(0).stdout;
    for word in ["ours, fine-tuned", "fully supervised", "82.43", "quoted"] {
        assert!(said.contains(word), "{said}");
    }
    let report = json(&run.join("eval/finetune-rafdb.json"));
    assert_eq!(report["rows"].as_array().expect("rows").len(), 3 + 4);
}

#[test]
fn codes_of_generated_faces_and_of_a_labelled_folder() {
    let place = Place::new();
    let run = place.train_generated(2);
    // The live measurement is in the run folder.
    let live = std::fs::read_to_string(run.join("knowledge.csv")).expect("knowledge.csv");
    for part in [
        "step,epoch,code,quantity,value",
        "2,1,F_p,yaw_mae_deg,",
        "swap,decoded_l1",
    ] {
        assert!(live.contains(part), "`{part}` is missing in {live}");
    }
    let eval = |more: &[&str]| {
        let args = ["eval", "run", "--device", "cpu", "--pictures", "105"];
        place.run(&[&args[..], more].concat()).expect(0).stdout
    };
    let said = eval(&["--maps"]);
    for word in [
        "F_p",
        "chance",
        "raw pixels",
        "untrained F_s",
        "D(F_f(A), F_p(B))",
    ] {
        assert!(said.contains(word), "{said}");
    }
    let files = names(&run.join("eval"));
    for file in [
        "codes-generated.png",
        "map-codes-generated.csv",
        "map-yaw-generated.png",
    ] {
        assert!(files.contains(&file.to_owned()), "{files:?}");
    }
    place
        .run(&[
            "faces",
            "--identities",
            "3",
            "--layout",
            "folder",
            "--out",
            "folder",
        ])
        .expect(0);
    let said = eval(&["--data", "folder"]);
    assert!(said.contains("yaw") && !said.contains("D(F_f(A)"), "{said}");
}

#[test]
fn codes_as_files_and_swapped_photos() {
    let place = Place::new();
    place.train_generated(1);
    let faces = place.faces(5);
    place
        .run(&[
            "embed", "run", "faces", "--device", "cpu", "--out", "features",
        ])
        .expect(0);
    let bytes = std::fs::read(place.path("features/F_p.npy")).expect("F_p");
    let codes: ndarray::Array2<f32> =
        ndarray_npy::ReadNpyExt::read_npy(&bytes[..]).expect("a whole npy file");
    assert_eq!(codes.dim(), (5, 256));
    assert!(codes.iter().all(|x| x.is_finite()) && codes.iter().any(|x| *x != 0.0));
    let table = std::fs::read_to_string(place.path("features/files.csv")).expect("files.csv");
    assert_eq!(table.lines().count(), 6);
    assert!(table.contains("4,04.png"), "{table}");

    let photo = |n: usize| faces.join(&names(&faces)[n]).display().to_string();
    place
        .run(&[
            "swap",
            "run",
            &photo(0),
            &photo(1),
            "--device",
            "cpu",
            "--out",
            "swapped",
        ])
        .expect(0);
    let swap = image::open(place.path("swapped/swap.png")).expect("a grid");
    let figure = image::open(place.path("swapped/reconstruction.png")).expect("a figure");
    // Three tiles a row against six.
    assert!(swap.width() > 200 && figure.width() > 2 * swap.width() - 10);
}
