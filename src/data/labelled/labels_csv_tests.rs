use std::fs;

use super::*;

fn folder(files: &[&str], labels: impl AsRef<[u8]>) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for file in files {
        let path = dir.path().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, b"").unwrap();
    }
    fs::write(dir.path().join("labels.csv"), labels).unwrap();
    dir
}

fn sentence(files: &[&str], labels: impl AsRef<[u8]>) -> String {
    let dir = folder(files, labels);
    read_labels(dir.path()).unwrap_err().to_string()
}

#[test]
fn all_columns() {
    let heading = "file,identity,clip,frame,expression,au1,au2,au4,au6,au9,au12,au25,au26,yaw_deg,\
                   pitch_deg,roll_deg";
    let labels = format!(
        "{heading}\nb/1.jpg,ben,c1,1,happy,0,1,2,3,4,5,0.5,0,-90,10.5,-1\n\
         a/1.jpg,anna,c1,1,anger,0,0,0,0,0,0,0,0,0,0,0\na/2.jpg,anna,c0,2,,0,,0,0,0,0,0,0,,,\n"
    );
    let dir = folder(&["a/1.jpg", "a/2.jpg", "b/1.jpg"], labels);
    let labelled = read_labels(dir.path()).unwrap();
    assert_eq!(labelled.identities, ["anna", "ben"]);
    assert_eq!(labelled.expressions, ["happy", "anger"]);
    assert_eq!(labelled.files[0], Path::new("b/1.jpg"));
    assert_eq!(
        labelled.labels[0],
        FaceLabel {
            identity: Some(1),
            clip: Some(2),
            expression: Some(0),
            au_intensity: Some([0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 0.5, 0.0]),
            yaw_deg: Some(-90.0),
            pitch_deg: Some(10.5),
            roll_deg: Some(-1.0),
        }
    );
    // Both people have a clip c1, and they are two clips.
    assert_eq!(
        (labelled.labels[1].clip, labelled.labels[2].clip),
        (Some(1), Some(0))
    );
    let sparse = &labelled.labels[2];
    assert_eq!(
        (sparse.au_intensity, sparse.yaw_deg, sparse.expression),
        (None, None, None)
    );
    assert!(
        matches!(&labelled.pictures[0], Picture::File(path) if *path == dir.path().join("b/1.jpg"))
    );
}

#[test]
fn aliases_order_mark_line_ends_and_quotes() {
    let labels = "\u{feff}Yaw, Subject ,notes,emotion,video,split,FILE\r\n\
                  5,07,\"x, y\",Sadness,v,PublicTest,\"a,b.jpg\"\r\n,07,,contempt,v,,.\\c\\d.jpg\r\n";
    let dir = folder(&["a,b.jpg", "c/d.jpg"], labels);
    let labelled = read_labels(dir.path()).unwrap();
    assert_eq!(labelled.identities, ["07"]);
    assert_eq!(labelled.expressions, ["sad", "contempt"]);
    assert_eq!(labelled.files, [Path::new("a,b.jpg"), Path::new("c/d.jpg")]);
    assert_eq!(labelled.split, [Some("PublicTest".into()), None]);
    assert_eq!(labelled.labels[0].yaw_deg, Some(5.0));
    assert_eq!(labelled.labels[0].clip, labelled.labels[1].clip);
}

#[test]
fn numbers_that_are_refused() {
    for (column, cell) in [
        ("pitch", "inf"),
        ("roll_deg", "-infinity"),
        ("yaw", "180.5"),
        ("yaw", "1e40"),
        ("pitch_deg", "12°"),
        ("au12", "5.1"),
        ("au1", "-1"),
        ("au26", "x"),
    ] {
        let wrong = sentence(
            &["a.jpg", "b.jpg"],
            format!("file,{column}\na.jpg,0\nb.jpg,{cell}\n"),
        );
        assert!(wrong.contains(cell), "{wrong}");
        assert!(wrong.ends_with("labels.csv, line 3"), "{wrong}");
    }
}

#[test]
fn files_that_are_refused() {
    let twice = sentence(&["a.jpg"], "file\na.jpg\n./a.jpg\n");
    assert!(
        twice.contains("second time") && twice.ends_with("line 3"),
        "{twice}"
    );
    let blank = sentence(&["a.jpg"], "file,yaw\n,1\n");
    assert!(
        blank.contains("blank") && blank.ends_with("line 2"),
        "{blank}"
    );
    let rooted = sentence(&[], "file\n/etc/a.jpg\n");
    assert!(rooted.contains("absolute"), "{rooted}");
    let missing = sentence(&["a.jpg"], "file\na.jpg\nb.jpg\nAFW.npz#0\nc.jpg\n");
    assert!(
        missing.starts_with("3 of the 4") && missing.ends_with("line 3"),
        "{missing}"
    );
    assert!(sentence(&[], "").contains("empty"));
    assert!(sentence(&[], "file,yaw\n").contains("no row"));
    assert!(sentence(&[], "path,yaw\na,1\n").contains("column file is missing"));
    assert!(sentence(&[], b"file\n\xff\xfe.jpg\n").ends_with("line 2"));
    assert!(sentence(&[], b"\xff\xfef\0i\0l\0e\0\n\0").contains("UTF-8"));
}

#[test]
fn a_folder_without_labels_is_told_what_to_write() {
    let dir = tempfile::tempdir().unwrap();
    let sentence = read_labels(dir.path()).unwrap_err().to_string();
    for word in [
        "file",
        "identity",
        "au26",
        "roll_deg",
        "anna/01.jpg,anna,-30",
    ] {
        assert!(sentence.contains(word), "{sentence}");
    }
    let gone = dir.path().join("gone");
    assert!(matches!(
        read_labels(&gone),
        Err(LabelledError::NoFolder(_))
    ));
}

#[test]
fn rows_of_blocks() {
    let dir = folder(&[], "file,yaw\nfer2013.csv#1,3\nsub/A.npz#0,4\n");
    let csv = format!(
        "emotion,pixels,Usage\n0,{},Training\n6,{},PrivateTest\n",
        vec!["7"; 2304].join(" "),
        vec!["9"; 2304].join(" ")
    );
    fs::write(dir.path().join("fer2013.csv"), csv).unwrap();
    fs::create_dir(dir.path().join("sub")).unwrap();
    let file = fs::File::create(dir.path().join("sub/A.npz")).unwrap();
    let mut npz = ndarray_npy::NpzWriter::new(file);
    npz.add_array("image", &ndarray::Array4::from_elem((1, 8, 8, 3), 5u8))
        .unwrap();
    npz.finish().unwrap();
    let labelled = read_labels(dir.path()).unwrap();
    let pixel = |row: usize| labelled.pictures[row].load(160).unwrap().get_pixel(0, 0).0;
    assert_eq!((pixel(0), pixel(1)), ([9; 3], [5; 3]));

    fs::write(dir.path().join("labels.csv"), "file\nsub/A.npz#1\n").unwrap();
    let beyond = read_labels(dir.path()).unwrap_err().to_string();
    assert!(
        beyond.contains("beyond the 1 pictures") && beyond.ends_with("line 2"),
        "{beyond}"
    );
}

#[test]
fn held_out_by_whole_parts_of_the_path() {
    let files = ["p1/a.jpg", "p10/a.jpg", "p2/s1/a.jpg", "p2/s2/a.jpg"];
    let dir = folder(&files, format!("file\n{}\n", files.join("\n")));
    let labelled = read_labels(dir.path()).unwrap();
    let hold_out = |prefixes: &[&str]| {
        let prefixes: Vec<_> = prefixes.iter().map(|prefix| prefix.to_string()).collect();
        labelled.hold_out(&prefixes)
    };
    assert_eq!(hold_out(&["p1", "./p2/s2/"]), (vec![1, 2], vec![0, 3]));
    assert_eq!(hold_out(&[]), (vec![0, 1, 2, 3], vec![]));
    assert_eq!(hold_out(&["p"]), (vec![0, 1, 2, 3], vec![]));
}
