use std::fs;

use super::*;

fn write(root: &Path, file: &str, text: &str) {
    let path = root.join(file);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// Two frames of each subject; AU k of the second frame has the intensity of its column, at most 5.
fn label_files(subjects: &[&str]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for subject in subjects {
        for (column, unit) in UNITS.into_iter().enumerate() {
            let file = format!("ActionUnit_Labels/{subject}/{subject}_au{unit}.txt");
            write(
                dir.path(),
                &file,
                &format!("1,0\r\n2,{}\r\n", column.min(5)),
            );
        }
        for frame in 0..2 {
            write(dir.path(), &format!("DISFA/{subject}/{frame}.jpg"), "");
        }
    }
    dir
}

#[test]
fn label_files_in_the_published_folds() {
    let dir = label_files(&["SN003", "SN001", "SN006", "SN099"]);
    let set = read_disfa(dir.path()).unwrap();
    assert_eq!(set.subject[..3], ["SN001", "SN001", "SN003"]);
    assert_eq!(set.names[1], "DISFA/SN001/1.jpg");
    assert_eq!(set.intensity[0], [0.0; 8]);
    assert_eq!(set.intensity[1], [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 5.0, 5.0]);
    // SN099 is not published: the fourth by name goes to fold 3 mod 3.
    assert_eq!(set.fold, [0, 0, 2, 2, 1, 1, 0, 0]);

    let dir = label_files(&["SN001", "SN002", "SN009"]);
    assert_eq!(read_disfa(dir.path()).unwrap().fold, [0, 0, 1, 1, 2, 2]);
    let few = read_disfa(label_files(&["SN001", "SN006"]).path()).unwrap_err();
    assert!(few.to_string().contains("too few"), "{few}");
}

#[test]
fn published_folds_have_27_different_subjects() {
    let numbers: BTreeSet<_> = FOLDS.iter().flatten().collect();
    assert_eq!(numbers.len(), 27);
}

#[test]
fn label_files_that_are_refused() {
    for (text, word, line) in [
        ("1,0\n2,6\n", "outside 0 to 5", 2),
        ("1,0\n2,NaN\n", "blank", 2),
        ("1,0\n2,x\n", "no number", 2),
        ("1,0\n2,\n", "blank", 2),
        ("1,0\n0,1\n", "count from 1", 2),
        ("1,0\n1,1\n", "also on line 1", 2),
        ("1,0\n2\n", "1 fields", 2),
    ] {
        let dir = label_files(&["SN001", "SN003", "SN006"]);
        write(dir.path(), "ActionUnit_Labels/SN003/SN003_au4.txt", text);
        let wrong = read_disfa(dir.path()).unwrap_err().to_string();
        assert!(wrong.contains(word), "{wrong}");
        assert!(
            wrong.ends_with(&format!("SN003_au4.txt, line {line}")),
            "{wrong}"
        );
    }
    let dir = label_files(&["SN001", "SN003", "SN006"]);
    write(dir.path(), "ActionUnit_Labels/SN003/SN003_au4.txt", "1,0\n");
    let sentence = || read_disfa(dir.path()).unwrap_err().to_string();
    assert!(sentence().contains("1 frames"), "{}", sentence());
    fs::remove_file(dir.path().join("ActionUnit_Labels/SN003/SN003_au4.txt")).unwrap();
    assert!(sentence().ends_with("SN003_au4.txt"), "{}", sentence());
    fs::remove_dir_all(dir.path().join("ActionUnit_Labels/SN003")).unwrap();
    fs::remove_file(dir.path().join("DISFA/SN006/1.jpg")).unwrap();
    assert!(
        sentence().ends_with("SN006_au1.txt, line 2"),
        "{}",
        sentence()
    );
}

fn fold_lists(rows: [&str; 3], subjects: [&str; 3]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (fold, (row, subject)) in rows.into_iter().zip(subjects).enumerate() {
        let list = |kind| format!("list/DISFA_part{}_{kind}.txt", fold + 1);
        write(dir.path(), &list("path"), &format!("{subject}/0.jpg\n"));
        write(dir.path(), &list("AUoccur"), &format!("{row}\n"));
        write(dir.path(), &format!("DISFA/{subject}/0.jpg"), "");
    }
    dir
}

#[test]
fn fold_lists_with_occurrences_or_intensities() {
    let subjects = ["SN010", "SN002", "SN077"];
    let dir = fold_lists(
        ["1 0 0 0 0 0 0 1", "0,0,0,0,0,0,0,0", "0 0 0 0 0 0 1 0"],
        subjects,
    );
    let set = read_disfa(dir.path()).unwrap();
    assert_eq!(
        (set.subject, set.fold),
        (subjects.map(String::from).to_vec(), vec![0, 1, 2])
    );
    assert_eq!(set.intensity[0], [2.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 2.0]);

    let dir = fold_lists(
        ["1 0 0 0 0 0 0 1", "0 0 0 0 0 0 0 0", "0 0 0 0 0 5 1 0"],
        subjects,
    );
    assert_eq!(read_disfa(dir.path()).unwrap().intensity[0][0], 1.0);
}

#[test]
fn fold_lists_that_are_refused() {
    let zero = "0 0 0 0 0 0 0 0";
    let sentence = |dir: tempfile::TempDir| read_disfa(dir.path()).unwrap_err().to_string();
    let shared = sentence(fold_lists([zero; 3], ["SN001", "SN002", "SN001"]));
    assert!(
        shared.contains("\"SN001\"") && shared.ends_with("part3_path.txt, line 1"),
        "{shared}"
    );
    for (row, word) in [
        ("0 0 0", "3 numbers"),
        ("0 0 0 0 0 0 0 6", "0 to 5"),
        ("0 0 0 0 0 0 0 -0.1", "0 to 5"),
        ("", "labels 0 pictures"),
    ] {
        let wrong = sentence(fold_lists([zero, row, zero], ["SN001", "SN002", "SN003"]));
        assert!(
            wrong.contains(word) && wrong.contains("part2_AUoccur.txt"),
            "{wrong}"
        );
    }
    assert!(sentence(tempfile::tempdir().unwrap()).contains("ActionUnit_Labels/SN001"));
}
