use std::fs;

use super::*;

fn folder(list: &str, text: &str, images: &[&str]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for image in images {
        let path = dir.path().join(image);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, b"").unwrap();
    }
    fs::write(dir.path().join(list), text).unwrap();
    dir
}

fn sentence(list: &str, text: &str, images: &[&str]) -> String {
    read_pairs(folder(list, text, images).path())
        .unwrap_err()
        .to_string()
}

const LFW: [&str; 4] = [
    "A/A_0001.jpg",
    "A/A_0002.jpg",
    "B/B_0001.jpg",
    "B/B_0002.jpg",
];

#[test]
fn lfw_with_heading_in_both_places() {
    let text = format!("10\t1\n{}", "A\t1\t2\r\nA\t2\tB\t1\r\n".repeat(10));
    for prefix in ["", "lfw/"] {
        let images = LFW.map(|image| format!("{prefix}{image}"));
        let dir = folder("pairs.txt", &text, &images.each_ref().map(String::as_str));
        let set = read_pairs(dir.path()).unwrap();
        assert_eq!(set.names, images[..3]);
        assert_eq!(set.pairs.len(), 20);
        assert_eq!(
            set.pairs[0],
            Pair {
                a: 0,
                b: 1,
                same: true,
                fold: 0
            }
        );
        assert_eq!(
            set.pairs[3],
            Pair {
                a: 1,
                b: 2,
                same: false,
                fold: 1
            }
        );
        assert_eq!(set.pairs[19].fold, 9);
        assert_eq!(set.layout, "LFW pairs.txt");
    }
    // Without heading: ten blocks of two.
    let dir = folder("pairs.txt", text.split_once('\n').unwrap().1, &LFW);
    assert_eq!(read_pairs(dir.path()).unwrap().pairs[19].fold, 9);
}

#[test]
fn cplfw_in_both_forms() {
    let images = ["images/a.jpg", "images/b.jpg"];
    let two_lines = "a.jpg 1\nb.jpg 1\na.jpg 0\nb.jpg 0\n".repeat(10);
    let triples = "a.jpg b.jpg 1\na.jpg b.jpg -1\n".repeat(10);
    for (list, text) in [
        ("pairs_CPLFW.txt", &two_lines),
        ("pairs_CPLFW.txt", &triples),
        ("pairs.txt", &triples),
    ] {
        let set = read_pairs(folder(list, text, &images).path()).unwrap();
        assert_eq!(set.names, images);
        assert_eq!(set.pairs.len(), 20);
        assert_eq!(
            set.pairs[1],
            Pair {
                a: 0,
                b: 1,
                same: false,
                fold: 0
            }
        );
        assert_eq!(
            set.pairs[2],
            Pair {
                a: 0,
                b: 1,
                same: true,
                fold: 1
            }
        );
    }
}

#[test]
fn what_is_refused() {
    let lfw = |rows: &str| sentence("pairs.txt", &format!("10\t1\n{rows}"), &LFW);
    for (rows, word, line) in [
        ("A 1 2\nA 1\n", "2 fields", 3),
        ("A 1 2\nA 1 B 1 2\n", "5 fields", 3),
        ("A 1 2\nA 1 x\n", "number of a picture", 3),
        ("A 1 2\nA 1 B -1\n", "number of a picture", 3),
        ("A 1 2\nA 1 B 1\n", "2 pairs follow", 1),
        ("A 1 2\nA 1 B 3\nA 1 C 3\n", "3 pairs follow", 1),
    ] {
        let wrong = lfw(rows);
        assert!(wrong.contains(word), "{wrong}");
        assert!(
            wrong.ends_with(&format!("pairs.txt, line {line}")),
            "{wrong}"
        );
    }
    let missing = lfw(&"A\t1\t9\nA\t2\tC\t1\n".repeat(10));
    assert!(
        missing.starts_with("2 of the 4") && missing.ends_with("line 2"),
        "{missing}"
    );
    assert!(sentence("pairs.txt", "9\t1\nA 1 2\n", &LFW).contains("9 folds"));
    assert!(sentence("pairs.txt", "10\t4294967295\nA 1 2\n", &LFW).ends_with("line 1"));

    let images = ["images/a.jpg", "images/b.jpg"];
    let cplfw = |text: &str| sentence("pairs_CPLFW.txt", text, &images);
    for (text, word, line) in [
        ("a.jpg 1\nb.jpg 0\n", "different labels", 2),
        ("a.jpg 1\nb.jpg 1\na.jpg 1\n", "one line only", 3),
        ("a.jpg 1\nb.jpg 2\n", "1, 0 or -1", 2),
        ("a.jpg b.jpg 1\na.jpg b.jpg\n", "2 fields", 2),
        ("a.jpg b.jpg 1\na.jpg b.jpg yes\n", "\"yes\"", 2),
        ("a.jpg\n", "1 fields", 1),
    ] {
        let wrong = cplfw(text);
        assert!(wrong.contains(word), "{wrong}");
        assert!(
            wrong.ends_with(&format!("pairs_CPLFW.txt, line {line}")),
            "{wrong}"
        );
    }
    assert!(cplfw(" \n").contains("empty"));
    assert!(cplfw("a.jpg b.jpg 1\n").contains("too few"));
}
