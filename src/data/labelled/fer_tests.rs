use std::fs;

use super::*;
use crate::data::labelled::ClassSet;

fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (file, text) in files {
        let path = dir.path().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    dir
}

fn read(files: &[(&str, &str)]) -> Result<ClassTask, LabelledError> {
    read_fer(folder(files).path(), FerTest::Private, None)
}

fn sentence(files: &[(&str, &str)]) -> String {
    read(files).unwrap_err().to_string()
}

/// Name and class of each picture.
fn classes<'a>(task: &'a ClassTask, set: &'a ClassSet) -> Vec<(&'a str, &'a str)> {
    let class = |&label: &u32| task.classes[label as usize].as_str();
    set.names
        .iter()
        .map(String::as_str)
        .zip(set.labels.iter().map(class))
        .collect()
}

fn fer_row(emotion: &str, pixels: usize, usage: &str) -> String {
    format!("{emotion},{},{usage}\n", vec!["200"; pixels].join(" "))
}

#[test]
fn rafdb_in_both_layouts() {
    let list = "train_00001.jpg 5\r\ntest_0001.jpg 1\r\n";
    for (list_file, images) in [
        ("EmoLabel/list_patition_label.txt", "Image/aligned"),
        ("list_patition_label.txt", "RAFDB/img/aligned"),
    ] {
        let [train, test] =
            ["train_00001", "test_0001"].map(|stem| format!("{images}/{stem}_aligned.jpg"));
        let task = read(&[(list_file, list), (&train, ""), (&test, "")]).unwrap();
        assert_eq!(classes(&task, &task.split.train), [(train.as_str(), "sad")]);
        assert_eq!(
            classes(&task, &task.split.test),
            [(test.as_str(), "surprise")]
        );
        assert_eq!((task.layout, task.split.note.as_deref()), ("RAF-DB", None));
    }
    let task = read(&[
        ("EmoLabel/train.txt", "train_1.jpg 7\n"),
        ("EmoLabel/test.txt", "test_1.jpg 6\n"),
        ("img/aligned/train_1_aligned.jpg", ""),
        ("img/aligned/test_1_aligned.jpg", ""),
    ])
    .unwrap();
    assert_eq!(classes(&task, &task.split.train)[0].1, "neutral");
    assert_eq!(classes(&task, &task.split.test)[0].1, "anger");
}

#[test]
fn rafdb_lines_that_are_refused() {
    let refused = |list: &str| {
        sentence(&[
            ("list_patition_label.txt", list),
            ("Image/aligned/train_1_aligned.jpg", ""),
        ])
    };
    for (list, word) in [
        ("train_1.jpg 5\ntrain_1.jpg 8\n", "1 to 7"),
        ("train_1.jpg 5\ntrain_1.jpg\n", "a label"),
        ("train_1.jpg 5\nval_1.jpg 5\n", "neither"),
        ("train_1.jpg 5\ntest_1.jpg 5\n", "1 of the 2"),
    ] {
        let wrong = refused(list);
        assert!(
            wrong.contains(word) && wrong.ends_with("label.txt, line 2"),
            "{wrong}"
        );
    }
    assert!(refused("").contains("no picture in the training part"));
    assert!(refused("train_1.jpg 5\n").contains("no picture in the test part"));
}

#[test]
fn fer2013_csv_with_each_test_part() {
    let csv = [
        "emotion,pixels,Usage\n".to_string(),
        fer_row("0", 2304, "Training"),
        fer_row("3", 2304, "PublicTest"),
    ]
    .concat();
    let both = csv.clone() + &fer_row("6", 2304, "PrivateTest");
    let dir = folder(&[("fer2013.csv", &both)]);
    let test = |wanted| {
        let task = read_fer(dir.path(), wanted, None).unwrap();
        let found = classes(&task, &task.split.test)[0];
        (
            format!("{} {}", found.0, found.1),
            task.split.note.is_some(),
        )
    };
    assert_eq!(
        test(FerTest::Private),
        ("fer2013.csv#2 neutral".into(), false)
    );
    assert_eq!(test(FerTest::Public), ("fer2013.csv#1 happy".into(), true));
    let task = read_fer(dir.path(), FerTest::Private, None).unwrap();
    let picture = task.split.train.pictures[0].load(160).unwrap();
    assert_eq!(
        (picture.dimensions(), picture.get_pixel(47, 47).0),
        ((48, 48), [200; 3])
    );

    let task = read(&[("fer2013.csv", &csv)]).unwrap();
    assert_eq!(classes(&task, &task.split.test)[0].1, "happy");
    assert!(task.split.note.unwrap().contains("PublicTest"));

    // A labels.csv beside it tells who is shown.
    let labels = "file,identity\nfer2013.csv#0,anna\nfer2013.csv#1,anna\n";
    let shared = sentence(&[("fer2013.csv", &csv), ("labels.csv", labels)]);
    assert!(shared.contains("\"anna\""), "{shared}");
}

#[test]
fn fer2013_rows_that_are_refused() {
    let good = fer_row("0", 2304, "Training");
    for (bad, word) in [
        (fer_row("0", 2303, "Training"), "2303 pixels"),
        (fer_row("0", 2305, "Training"), "2305 pixels"),
        (fer_row("0", 0, "Training"), "0 pixels"),
        (fer_row("7", 2304, "Training"), "0 to 6"),
        (fer_row("", 2304, "Training"), "0 to 6"),
        (fer_row("0", 2304, "Test2"), "Usage is"),
        (good.replacen("200", "256", 1), "\"256\""),
        (good.replacen("200", "1.5", 1), "\"1.5\""),
    ] {
        let wrong = sentence(&[("fer2013.csv", &format!("emotion,pixels,Usage\n{good}{bad}"))]);
        assert!(
            wrong.contains(word) && wrong.ends_with("fer2013.csv, line 3"),
            "{wrong}"
        );
    }
    assert!(sentence(&[("fer2013.csv", "emotion,pixels\n")]).contains("column usage"));
}

#[test]
fn fer2013_folders_and_lists() {
    let task = read(&[
        ("Training/angry/1.jpg", ""),
        ("Training/6/2.png", ""),
        ("Training/contempt/3.jpg", ""),
        ("Training/angry/notes.txt", ""),
        ("PublicTest/happy/4.jpg", ""),
    ])
    .unwrap();
    assert_eq!(
        classes(&task, &task.split.train),
        [
            ("Training/6/2.png", "neutral"),
            ("Training/angry/1.jpg", "anger"),
            ("Training/contempt/3.jpg", "contempt")
        ]
    );
    assert_eq!(
        classes(&task, &task.split.test),
        [("PublicTest/happy/4.jpg", "happy")]
    );
    assert!(task.split.note.is_some());

    let files = [
        ("train.txt", "a b.jpg 4\n"),
        ("test.txt", "c.jpg\t0\n"),
        ("a b.jpg", ""),
        ("images/c.jpg", ""),
    ];
    let task = read(&files).unwrap();
    assert_eq!(classes(&task, &task.split.train), [("a b.jpg", "sad")]);
    assert_eq!(
        classes(&task, &task.split.test),
        [("images/c.jpg", "anger")]
    );
    let wrong = sentence(&[("train.txt", "a.jpg 4\na.jpg 7\n"), files[1], ("a.jpg", "")]);
    assert!(wrong.ends_with("train.txt, line 2"), "{wrong}");
}

const FACES: [(&str, &str); 4] = [("1.jpg", ""), ("2.jpg", ""), ("3.jpg", ""), ("4.jpg", "")];

fn with_labels(labels: &str) -> Result<ClassTask, LabelledError> {
    let files: Vec<_> = FACES.into_iter().chain([("labels.csv", labels)]).collect();
    read(&files)
}

#[test]
fn labels_csv_by_split() {
    let task = with_labels(
        "file,emotion,person,split\n1.jpg,happy,anna,train\n2.jpg,,anna,train\n3.jpg,fear,ben,val\n4.jpg,happy,cleo,\n",
    )
    .unwrap();
    assert_eq!(classes(&task, &task.split.train), [("1.jpg", "happy")]);
    assert_eq!(classes(&task, &task.split.test), [("3.jpg", "fear")]);
    assert_eq!(task.split.test.subjects, ["ben"]);
    let note = task.split.note.unwrap();
    assert!(note.contains("val") && note.contains("2 rows"), "{note}");

    let shared =
        with_labels("file,emotion,person,split\n1.jpg,happy,anna,train\n3.jpg,fear,anna,test\n");
    assert!(matches!(shared, Err(LabelledError::SharedIdentity { .. })));
    let odd = with_labels("file,emotion,split\n1.jpg,happy,train\n3.jpg,fear,tset\n")
        .unwrap_err()
        .to_string();
    assert!(odd.contains("\"tset\" in row 2"), "{odd}");
}

#[test]
fn labels_csv_by_identity() {
    let labels = "file,emotion,person\n1.jpg,happy,d\n2.jpg,sad,a\n3.jpg,fear,b\n4.jpg,happy,c\n";
    let task = with_labels(labels).unwrap();
    assert_eq!(task.split.test.subjects, ["d", "c"]);
    assert_eq!(task.split.train.subjects, ["a", "b"]);
    assert!(task.split.note.unwrap().contains("last 2 of the 4"));
    assert_eq!(
        [0, 1, 2, 3, 10, 64].map(first_test_identity),
        [None, None, Some(1), Some(2), Some(7), Some(44)]
    );

    let nobody = with_labels("file,emotion\n1.jpg,happy\n")
        .unwrap_err()
        .to_string();
    assert!(nobody.contains("split"), "{nobody}");
    let nothing = with_labels("file,person\n1.jpg,a\n2.jpg,b\n")
        .unwrap_err()
        .to_string();
    assert!(nothing.contains("expression"), "{nothing}");
    assert!(matches!(
        read(&FACES),
        Err(LabelledError::Unrecognised { .. })
    ));
}
