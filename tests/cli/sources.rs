//! Pictures in another pose: what `auto` becomes, and videos that become clips.

use super::*;

#[test]
fn what_auto_became_is_told_and_kept() {
    let place = Place::new();
    place.faces(4);
    for (n, clip) in ["ann/1", "ann/1", "bob/1", "bob/1"].iter().enumerate() {
        let folder = place.path("faces").join(clip);
        std::fs::create_dir_all(&folder).unwrap();
        let name = format!("{n:02}.{}", ["png", "jpg", "bmp", "webp"][n]);
        std::fs::rename(place.path("faces").join(&name), folder.join(&name)).unwrap();
    }
    let sets = [
        "--set",
        "pose.source=auto",
        "--set",
        "face.positive=auto",
        "--set",
        "pose.neg_source=person,flip",
    ];
    let said = "pose.source = auto: clip";
    let plan = place.train(&[&sets[..], &["--plan"]].concat()).expect(0);
    assert!(plan.stdout.contains(said), "{}", plan.stdout);
    let more = ["--out", "run", "--steps", "2"];
    let told = place.train(&[&sets[..], &more].concat()).expect(0);
    assert!(told.stderr.contains(said), "{}", told.stderr);
    let config: toml::Table = std::fs::read_to_string(place.path("run/config.toml"))
        .unwrap()
        .parse()
        .unwrap();
    assert_eq!(config["pose"]["source"].to_string(), r#"["clip"]"#);
    assert_eq!(config["face"]["positive"].as_str(), Some("clip"));
    // Going on does not ask the data again.
    place.resume("run", 3).expect(0);
    let config = std::fs::read_to_string(place.path("run/config.toml")).unwrap();
    assert!(config.contains(r#"source = ["clip"]"#), "{config}");
}

#[test]
fn generated_heads_are_turned_and_resume_to_the_bit() {
    let place = Place::new();
    let train = |out: &str, steps: &str| {
        let mut args = place.tiny(&["--set", "pose.source=auto", "--out", out, "--steps", steps]);
        let data = args.iter().position(|word| *word == "--data").unwrap();
        args.drain(data..data + 2);
        place.run(&args).expect(0);
    };
    train("whole", "4");
    train("parts", "2");
    place.resume("parts", 4).expect(0);
    let [whole, parts] = ["whole", "parts"].map(|run| process::exact_rows(&place.path(run)));
    assert_eq!((whole.len(), &whole), (4, &parts));
}

#[cfg(unix)]
#[test]
fn videos_become_clips_and_a_bad_one_is_named() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::new();
    std::fs::create_dir_all(place.path("videos/ann")).unwrap();
    for video in ["ann/smile.mp4", "ann/broken.mov", "talk.mkv"] {
        std::fs::write(place.path("videos").join(video), "").unwrap();
    }
    let frames = |path: &Path| {
        let mut command = place.command(&["frames", "videos", "--out", "clips"]);
        command.env("PATH", path);
        process::Running::start(command).wait()
    };
    let bin = place.path("bin");
    std::fs::create_dir(&bin).unwrap();
    frames(&bin)
        .expect(2)
        .says(&["ffmpeg was not found", "apt install ffmpeg"]);

    let script = bin.join("ffmpeg");
    // Shell builtins only: nothing else is on this PATH.
    let text = r#"#!/bin/sh
[ "$1" = -version ] && exit 0
for last; do :; done
case "$6" in *broken*) echo "moov atom not found" >&2; exit 1;; esac
folder="${last#file:}"; folder="${folder%/*}"
echo one > "$folder/000001.jpg"; echo two > "$folder/000002.jpg"
"#;
    std::fs::write(&script, text).unwrap();
    std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755)).unwrap();
    let said = frames(&bin).expect(2).says(&[
        "broken.mov",
        "moov atom not found",
        "1 of 3 videos gave no frames",
    ]);
    assert!(
        said.stdout.contains("ann/smile: 2 frames"),
        "{}",
        said.stdout
    );
    assert_eq!(names(&place.path("clips")), ["ann", "talk"]);
    assert_eq!(
        names(&place.path("clips/talk")),
        ["000001.jpg", "000002.jpg"]
    );
    place
        .run(&["frames", "gone.mp4", "--out", "clips"])
        .expect(2)
        .says(&["no such video", "gone.mp4"]);
}
