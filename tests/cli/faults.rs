//! What goes wrong outside the program: pictures that are none, disks that are full, Ctrl-C.

use std::path::Path;

use crate::process::{Finished, Place, Running, checkpoints, picture, rows, steps};

/// Adds a cut-off JPEG, text under a picture's name, a single pixel, and a header that lies.
fn bad_pictures(folder: &Path) -> [&'static str; 4] {
    let names = ["cut.jpg", "text.png", "dot.png", "vast.png"];
    let path = |n: usize| folder.join(names[n]);
    std::fs::create_dir_all(folder).unwrap();
    picture(1).save(path(0)).unwrap();
    let whole = std::fs::read(path(0)).unwrap();
    std::fs::write(path(0), &whole[..whole.len() / 2]).unwrap();
    std::fs::write(path(1), "this is no picture at all, only words").unwrap();
    image::RgbImage::new(1, 1).save(path(2)).unwrap();
    picture(1).save(path(3)).unwrap();
    let mut png = std::fs::read(path(3)).unwrap();
    // Width and height stand at byte 16; the checksum of the header chunk has to fit them.
    png[16..20].copy_from_slice(&60_000u32.to_be_bytes());
    png[20..24].copy_from_slice(&60_000u32.to_be_bytes());
    let crc = crc32fast::hash(&png[12..29]);
    png[29..33].copy_from_slice(&crc.to_be_bytes());
    std::fs::write(path(3), png).unwrap();
    names
}

#[test]
fn bad_pictures_are_named_and_passed_over() {
    let place = Place::new();
    let bad = bad_pictures(&place.faces(20));
    // One epoch: the reconstruction stream visits every picture once.
    let more = ["--epochs", "1", "--out", "run", "--set", "snapshot.faces=8"];
    let said = place.train(&more).expect(0);
    assert_eq!(steps(&place.path("run")).len(), 12);
    let skipped = std::fs::read_to_string(place.path("run/skipped.csv")).unwrap();
    let reasons = ["cut off", "not an image", "1 × 1 pixels", "60000 × 60000"];
    let mut lines = skipped.lines();
    assert_eq!(lines.next(), Some("file,reason"));
    assert_eq!(lines.count(), 4, "each once: {skipped}");
    for (name, reason) in bad.into_iter().zip(reasons) {
        let line = skipped
            .lines()
            .find(|line| line.contains(name))
            .expect(name);
        assert!(line.contains(reason), "{line}");
    }
    said.says(&["4 unusable files", "skipped.csv", "Finished after 12 steps"]);
}

#[test]
fn strict_stops_at_the_first_bad_picture() {
    let place = Place::new();
    bad_pictures(&place.faces(4));
    let said = place
        .train(&["--epochs", "3", "--out", "run", "--strict"])
        .expect(2);
    said.says(&["data.strict is set", "remove or repair the file"]);
}

#[test]
fn only_bad_pictures_are_an_error() {
    let place = Place::new();
    bad_pictures(&place.path("faces"));
    let said = place.train(&["--steps", "3", "--out", "run"]).expect(2);
    said.says(&["no usable image", "skipped.csv"]);
    let skipped = std::fs::read_to_string(place.path("run/skipped.csv")).unwrap();
    assert_eq!(skipped.lines().count(), 5, "{skipped}");
}

#[test]
fn there_must_be_a_checkpoint_to_resume() {
    let place = Place::new();
    place.faces(4);
    place.train(&["--steps", "1", "--out", "run"]).expect(0);
    std::fs::remove_dir_all(place.path("run/checkpoints")).unwrap();
    place
        .resume("run", 2)
        .expect(2)
        .says(&["no checkpoint to go on from", "run"]);
    place.resume("faces", 2).expect(2).says(&["faces"]);
}

#[test]
fn a_run_survives_a_precision_that_its_device_has_not() {
    let place = Place::new();
    place.faces(4);
    place.train(&["--steps", "1", "--out", "run"]).expect(0);
    let before = checkpoints(&place.path("run"));
    let go_on = [
        "train", "--device", "cpu", "--resume", "run", "--steps", "2",
    ];
    let with = |set: &'static str| [&go_on[..], &["--set", set]].concat();
    place
        .run(&with("precision=f16"))
        .expect(2)
        .says(&["16-bit floats", "CPU"]);
    assert_eq!(checkpoints(&place.path("run")), before);
    place.run(&with("precision=f32")).expect(0);
    assert_eq!(steps(&place.path("run")), [1, 2]);
}

#[test]
fn what_cannot_be_written_costs_the_file_not_the_run() {
    let place = Place::new();
    place.faces(4);
    std::fs::create_dir_all(place.path("run")).unwrap();
    // Something else has the name of the folder.
    std::fs::write(place.path("run/faces"), "").unwrap();
    let more = [
        "--steps",
        "4",
        "--out",
        "run",
        "--set",
        "checkpoint.every_steps=2",
    ];
    let said = place
        .train(&more)
        .expect(0)
        .says(&["a picture in faces", "Finished after 4 steps"]);
    assert_eq!(
        said.stderr.matches("a picture in faces").count(),
        1,
        "said once"
    );
    assert_eq!(steps(&place.path("run")), [1, 2, 3, 4]);
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_costs_the_file_not_the_run() {
    let place = Place::new();
    place.faces(4);
    std::fs::create_dir_all(place.path("run")).unwrap();
    std::os::unix::fs::symlink("/dev/full", place.path("run/metrics.csv")).unwrap();
    let more = [
        "--steps",
        "3",
        "--out",
        "run",
        "--set",
        "checkpoint.every_steps=2",
    ];
    place.train(&more).expect(0).says(&[
        "metrics.csv",
        "check the space",
        "Finished after 3 steps",
    ]);
    let saved = checkpoints(&place.path("run"));
    assert!(
        saved.ends_with(&["step_00000002".into(), "step_00000003".into()]),
        "{saved:?}"
    );
}

/// Sends the signal of Ctrl-C once `ready` holds, and waits for the end.
#[cfg(unix)]
fn interrupt(mut running: Running, ready: impl FnMut() -> bool) -> Finished {
    running.wait_until(ready);
    assert!(running.signal("INT"), "it had ended already");
    running.wait()
}

#[cfg(unix)]
#[test]
fn ctrl_c_saves_and_says_how_to_go_on() {
    let place = Place::new();
    place.faces(6);
    let run = place.path("run");
    let args = place.tiny(&["--out", "run", "--epochs", "900"]);
    let said = interrupt(Running::start(place.command(&args)), || {
        rows(&run).len() >= 2
    });
    said.expect(130)
        .says(&["Stopped at step", "visage train --resume run"]);
    let done = *steps(&run).last().unwrap();
    assert!(done < 2700, "it was to stop in the middle");
    assert_eq!(checkpoints(&run).pop(), Some(format!("step_{done:08}")));
    place.resume("run", done + 2).expect(0);
    assert_eq!(steps(&run), (1..=done + 2).collect::<Vec<_>>());
}

#[cfg(unix)]
#[test]
fn ctrl_c_before_the_first_step_keeps_its_promise() {
    let place = Place::new();
    place.faces(6);
    let run = place.path("run");
    let args = place.tiny(&["--out", "run", "--epochs", "900"]);
    // The cache is opened after the handler is in place and before the network is made.
    let said = interrupt(Running::start(place.command(&args)), || {
        place.path("cache").exists()
    });
    said.expect(130).says(&["visage train --resume run"]);
    let done = steps(&run).len() as u64;
    place.resume("run", done + 1).expect(0);
    assert_eq!(steps(&run), (1..=done + 1).collect::<Vec<_>>());
}

#[test]
fn losses_that_overflow_leave_the_weights_alone_and_end_the_run() {
    let place = Place::new();
    place.faces(12);
    let mut more = vec!["--steps", "30", "--out", "run"];
    // Raw features that nothing holds back, an absurd weight, and an absurd step.
    for setting in [
        "optimizer.lr=1",
        "proj.enabled=false",
        "recon.combine=sum",
        "orth.form=eq3_raw",
        "orth.weight=1e9",
    ] {
        more.extend(["--set", setting]);
    }
    let said = place.train(&more).expect(1);
    said.says(&[
        "L_orth is not finite",
        "The weights are as before it",
        "3 steps in a row had no finite loss",
        "--resume run",
    ]);
    let done = steps(&place.path("run"));
    assert!(
        !done.is_empty(),
        "the first step is finite, and has its row"
    );
}
