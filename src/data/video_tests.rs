use super::*;

fn maker(face_box: FaceBox) -> FrameMaker {
    FrameMaker {
        ffmpeg: "ffmpeg".into(),
        fps: 6.0,
        face_box,
        side_px: 160,
    }
}

#[test]
fn boxes_are_fractions_or_pixels() {
    let parse = |text: &str| text.parse::<FaceBox>();
    assert_eq!(
        parse("0.25, 0,0.5,1"),
        Ok(FaceBox::Fractions([0.25, 0.0, 0.5, 1.0]))
    );
    assert_eq!(
        parse("10,0,200,200"),
        Ok(FaceBox::Pixels([10, 0, 200, 200]))
    );
    for wrong in [
        "",
        "1,2,3",
        "0,0,0,1",
        "-1,0,5,5",
        "0.5,0,0.6,1",
        "10.5,0,20,20",
        "a,b,c,d",
        "0,0,nan,1",
    ] {
        assert!(parse(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn arguments_cut_one_box_and_survive_odd_names() {
    let words = |face_box| {
        let arguments = maker(face_box).arguments("-odd: name.mp4".as_ref(), "100%".as_ref());
        let words = arguments
            .into_iter()
            .map(|word| word.into_string().unwrap());
        words.collect::<Vec<_>>()
    };
    let centre = words(FaceBox::Centre);
    assert_eq!(centre[4..6], ["-i", "file:-odd: name.mp4"]);
    assert!(
        centre.contains(&r"fps=6,crop=min(iw\,ih):min(iw\,ih),scale=160:160:flags=area".into())
    );
    let output = Path::new("file:100%%").join("%06d.jpg");
    assert_eq!(Path::new(centre.last().unwrap()), output);
    let fractions = words(FaceBox::Fractions([0.25, 0.0, 0.5, 1.0]));
    assert!(
        fractions
            .iter()
            .any(|word| word.contains("crop=iw*0.5:ih*1:iw*0.25:ih*0,"))
    );
    let pixels = words(FaceBox::Pixels([1, 2, 30, 40]));
    assert!(pixels.iter().any(|word| word.contains(",crop=30:40:1:2,")));
}

#[test]
fn folders_between_and_equal_names_are_kept_apart() {
    let dir = tempfile::tempdir().unwrap();
    for name in [
        "ann/a.mp4",
        "ann/b.MOV",
        "bob/a.mp4",
        "bob/a.mkv",
        "notes.txt",
        "bob/.a.mp4",
    ] {
        let path = dir.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, b"").unwrap();
    }
    let single = dir.path().join("bob/a.mp4");
    let found = clips(&[dir.path().into(), single]).unwrap();
    let places: Vec<_> = found.iter().map(|(_, place)| place.clone()).collect();
    let expected = ["ann/a", "ann/b", "bob/a", "bob/a-2", "a"].map(PathBuf::from);
    assert_eq!(places, expected);

    let gone = clips(&[dir.path().join("gone")]).unwrap_err();
    assert!(gone.to_string().contains("no such video"), "{gone}");
    fs::create_dir(dir.path().join("empty")).unwrap();
    let none = clips(&[dir.path().join("empty")]).unwrap_err();
    assert!(none.to_string().contains("no video (mp4"), "{none}");
}

#[test]
fn without_ffmpeg_it_says_what_to_install() {
    let missing = FrameMaker {
        ffmpeg: "no such program anywhere".into(),
        ..maker(FaceBox::Centre)
    };
    let said = missing.check().unwrap_err().to_string();
    assert!(said.contains("apt install ffmpeg"), "{said}");
}

/// A stand-in for ffmpeg: writes two frames, or complains about a video named `bad`.
#[cfg(unix)]
fn fake(folder: &Path) -> PathBuf {
    use std::os::unix::fs::PermissionsExt;
    let script = folder.join("ffmpeg");
    let text = r#"#!/bin/sh
[ "$1" = -version ] && exit 0
for last; do :; done
case "$6" in *bad*) echo "moov atom not found" >&2; exit 1;; *blank*) exit 0;; esac
folder="${last#file:}"; folder="${folder%/*}"
echo one > "$folder/000001.jpg"; echo two > "$folder/000002.jpg"
"#;
    fs::write(&script, text).unwrap();
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
    script
}

#[cfg(unix)]
#[test]
fn frames_are_made_whole_or_not() {
    let dir = tempfile::tempdir().unwrap();
    let maker = FrameMaker {
        ffmpeg: fake(dir.path()),
        ..maker(FaceBox::Centre)
    };
    maker.check().unwrap();
    let out = dir.path().join("out");
    assert_eq!(maker.make("a.mp4".as_ref(), &out.join("a")).unwrap(), 2);
    assert!(out.join("a/000002.jpg").is_file());
    // What is there stays.
    fs::remove_file(out.join("a/000002.jpg")).unwrap();
    assert_eq!(maker.make("a.mp4".as_ref(), &out.join("a")).unwrap(), 1);
    let bad = maker
        .make("bad.mp4".as_ref(), &out.join("bad"))
        .unwrap_err();
    assert!(bad.to_string().contains("moov atom not found"), "{bad}");
    let blank = maker
        .make("blank.mp4".as_ref(), &out.join("blank"))
        .unwrap_err();
    assert!(blank.to_string().contains("no picture"), "{blank}");
    let left: Vec<_> = fs::read_dir(&out)
        .unwrap()
        .map(|e| e.unwrap().file_name())
        .collect();
    assert_eq!(left, ["a"]);
}
