//! Work is never lost: signals in pairs, several runs at once, data that change, listeners that go.

use std::path::Path;

use crate::process::{Place, Running, checkpoints, names, rows, steps};

/// How often a drill is repeated; `VISAGE_DRILL=100` for a long one.
fn rounds() -> u32 {
    let asked = std::env::var("VISAGE_DRILL").ok();
    asked.and_then(|count| count.parse().ok()).unwrap_or(1)
}

/// Whether the newest checkpoint is that of the last step there is a row for.
#[track_caller]
fn nothing_is_lost(run: &Path) {
    let done = *steps(run).last().expect("a step was made");
    assert_eq!(checkpoints(run).pop(), Some(format!("step_{done:08}")));
}

#[cfg(unix)]
#[test]
fn signals_in_pairs_are_one_request() {
    let place = Place::new();
    place.faces(6);
    for round in 0..rounds() {
        for pair in [
            ["INT", "INT"],
            ["TERM", "TERM"],
            ["TERM", "HUP"],
            ["HUP", "INT"],
        ] {
            let out = format!("run-{round}-{}", pair.join("-"));
            let run = place.path(&out);
            let args = place.tiny(&["--out", &out, "--epochs", "900"]);
            let mut running = Running::start(place.command(&args));
            running.wait_until(|| rows(&run).len() > round as usize % 5);
            // One right after the other; the first may have ended it already.
            for name in pair {
                running.signal(name);
            }
            running.wait().expect(130).says(&["To go on"]);
            nothing_is_lost(&run);
        }
    }
}

#[cfg(unix)]
#[test]
fn runs_that_begin_together_have_folders_of_their_own() {
    let place = Place::new();
    place.faces(6);
    let args = place.tiny(&["--steps", "2"]);
    let running: Vec<_> = (0..3)
        .map(|_| Running::start(place.command(&args)))
        .collect();
    running.into_iter().for_each(|running| {
        running.wait().expect(0);
    });
    assert_eq!(names(&place.path("runs")), ["paper", "paper-2", "paper-3"]);
    for name in names(&place.path("runs")) {
        assert_eq!(steps(&place.path("runs").join(name)), [1, 2]);
    }
}

#[cfg(unix)]
#[test]
fn a_run_that_is_going_on_is_nobody_elses() {
    let place = Place::new();
    place.faces(6);
    let run = place.path("run");
    let args = place.tiny(&["--out", "run", "--epochs", "900"]);
    let mut first = Running::start(place.command(&args));
    first.wait_until(|| !rows(&run).is_empty());
    let number = format!("process {}", first.id());
    let words = ["another visage", number.as_str(), "run"];
    place.resume("run", 5000).expect(2).says(&words);
    place
        .train(&["--out", "run", "--steps", "1"])
        .expect(2)
        .says(&words);
    first.signal("INT");
    first.wait().expect(130);
    nothing_is_lost(&run);
    let done = *steps(&run).last().unwrap();
    place.resume("run", done + 1).expect(0);
    assert_eq!(steps(&run), (1..=done + 1).collect::<Vec<_>>());
}

#[test]
fn a_run_that_could_not_begin_can_begin_the_next_time() {
    let place = Place::new();
    let faces = place.faces(1);
    std::fs::write(faces.join("00.png"), "no picture").unwrap();
    let more = ["--steps", "1", "--out", "run"];
    place.train(&more).expect(2).says(&["no usable image"]);
    place.faces(4);
    place.train(&more).expect(0);
    assert_eq!(steps(&place.path("run")), [1]);
    // Nothing at all: not even the folder is left.
    std::fs::create_dir(place.path("empty")).unwrap();
    let args = ["train", "--data", "empty", "--device", "cpu"];
    place.run(&args).expect(2).says(&["no image", "empty"]);
    assert!(!place.path("runs").exists());
}

#[test]
fn other_faces_are_named_and_the_schedule_stays() {
    let place = Place::new();
    let faces = place.faces(12);
    // Six steps an epoch.
    place
        .train(&["--out", "run", "--set", "epochs=2", "--steps", "4"])
        .expect(0);
    for n in 0..6 {
        let name = format!("{n:02}.{}", ["png", "jpg", "bmp", "webp"][n % 4]);
        std::fs::remove_file(faces.join(name)).unwrap();
    }
    let said = place.resume("run", 12).expect(0);
    said.says(&["6 faces, where the run began with 12", "stay as they were"]);
    let text = std::fs::read_to_string(place.path("run/metrics.csv")).unwrap();
    let epochs: Vec<_> = text
        .lines()
        .skip(1)
        .map(|row| row.split(',').nth(1).unwrap())
        .collect();
    assert_eq!(
        epochs,
        ["1", "1", "1", "1", "1", "1", "2", "2", "2", "2", "2", "2"]
    );
}

#[test]
fn files_do_not_depend_on_who_listens() {
    let place = Place::new();
    place.train_generated(1);
    let faces = place.faces(4);
    std::fs::write(faces.join("cut.jpg"), "no picture").unwrap();
    std::fs::write(faces.join("phone.HEIC"), "").unwrap();
    let unheard = |args: &[&str]| {
        let (listener, words) = std::io::pipe().unwrap();
        drop(listener);
        let mut command = place.command(args);
        command.stdout(words);
        Running::start(command).wait().expect(0)
    };
    let embed = ["embed", "run", "faces", "--device", "cpu", "--out", "codes"];
    let said = unheard(&embed);
    said.says(&["cut.jpg", "HEIC"]);
    assert_eq!(
        names(&place.path("codes")),
        ["F_f.npy", "F_p.npy", "F_s.npy", "files.csv", "skipped.csv"]
    );
    let rows = std::fs::read_to_string(place.path("codes/files.csv")).unwrap();
    assert_eq!(rows.lines().count(), 5, "{rows}");
    unheard(&[
        "swap",
        "run",
        "faces/00.png",
        "faces/01.jpg",
        "faces/cut.jpg",
        "--device",
        "cpu",
        "--out",
        "swap",
    ]);
    assert_eq!(
        names(&place.path("swap")),
        ["reconstruction.png", "swap.png"]
    );
    unheard(&["config"]);
}

#[cfg(target_os = "linux")]
#[test]
fn what_is_not_saved_is_the_last_word() {
    let place = Place::new();
    place.faces(4);
    std::fs::create_dir_all(place.path("run")).unwrap();
    // Something else has the name of the folder.
    std::fs::write(place.path("run/checkpoints"), "").unwrap();
    let said = place.train(&["--steps", "2", "--out", "run"]).expect(3);
    let last = said.stderr.lines().last().unwrap_or_default().to_owned();
    assert!(
        last.starts_with("Step 2 could not be saved") && last.contains("no checkpoint"),
        "{last}"
    );
    said.says(&["tried again for 20 seconds"]);
}
