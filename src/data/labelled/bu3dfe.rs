//! BU-3DFE: lists `path,expression,pose`, the third field a class of pose (METHODS 2.5, 2.9).

use std::path::{Path, PathBuf};

use super::check_folder;
use super::error::LabelledError;
use super::finder::Finder;
use super::table::{Row, Table};
use super::task::{ClassTask, FerTest, Part, Parts};
use super::text::shown;

/// Most classes; more would be a mistyped label.
const MAX_CLASSES: u32 = 1000;

/// Reads `train.csv` and `val.csv` (or `test`, or `.txt`) with lines `path,expression,pose`, paths
/// relative to `images/` or to `root`. There are as many classes as the largest pose says.
///
/// # Errors
/// If a list is missing, a label is wrong, a picture is missing, a part is empty, or the parts
/// share a person.
pub fn read_pose_classes(root: &Path) -> Result<ClassTask, LabelledError> {
    check_folder(root)?;
    let (Some(train), Some(test)) = (find(root, &["train"]), find(root, &["val", "test"])) else {
        return Err(LabelledError::Unrecognised {
            task: "list of pose classes",
            expected: "train.csv and val.csv (or test.csv, or .txt) with lines path,expression,pose",
            root: root.into(),
        });
    };
    let mut finder = Finder::new(root);
    let mut parts = Parts::default();
    let mut classes = 0;
    for (list, part) in [(&train, Part::Train), (&test, Part::Private)] {
        Table::without_heading(list)?.for_each(|row| {
            if row.cells.get(0).is_some_and(|cell| cell.trim() == "path") {
                return Ok(());
            }
            let (path, pose) = parse(row)?;
            let found = finder.find(&["images", ""], &path, list, row.line);
            parts.set(part).push(found, pose);
            classes = classes.max(pose + 1);
            Ok(())
        })?;
    }
    finder.finish()?;
    Ok(ClassTask {
        split: parts.split(FerTest::Private, root, &test)?,
        classes: (0..classes).map(|pose| format!("pose {pose}")).collect(),
        layout: "BU-3DFE",
    })
}

fn find(root: &Path, names: &[&str]) -> Option<PathBuf> {
    names
        .iter()
        .flat_map(|name| ["csv", "txt"].map(|ext| root.join(format!("{name}.{ext}"))))
        .find(|list| list.is_file())
}

/// Path and pose. The labels are the last two cells, so a comma inside the path does no harm.
fn parse(row: &Row) -> Result<(String, u32), LabelledError> {
    let cells: Vec<_> = row.cells.iter().map(str::trim).collect();
    let [path @ .., _expression, pose] = &cells[..] else {
        return Err(row.error("the line is not path,expression,pose"));
    };
    if path.is_empty() {
        return Err(row.error("the line has 2 fields; it must be path,expression,pose"));
    }
    match pose.parse() {
        Ok(pose @ 0..MAX_CLASSES) => Ok((path.join(","), pose)),
        _ => Err(row.error(format!(
            "the pose is {}; it must be the number of a class, from 0",
            shown(pose)
        ))),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::super::task::Split;
    use super::*;

    fn folder(train: &str, val: (&str, &str)) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir_all(dir.path().join("images/F01")).unwrap();
        for name in ["images/F01/a.png", "images/F01/b,c.png", "d.png"] {
            fs::write(dir.path().join(name), b"").unwrap();
        }
        fs::write(dir.path().join("train.csv"), train).unwrap();
        fs::write(dir.path().join(val.0), val.1).unwrap();
        dir
    }

    const TRAIN: &str = "path,expression,pose\r\nF01\\a.png,happy,0\r\nF01/b,c.png,3,4\r\n";

    #[test]
    fn commas_headings_and_both_folders() {
        for val in ["val.csv", "test.txt"] {
            let dir = folder(TRAIN, (val, "\"d.png\",sad,2\n"));
            let task = read_pose_classes(dir.path()).unwrap();
            let Split { train, test, note } = task.split;
            assert_eq!(train.names, ["images/F01/a.png", "images/F01/b,c.png"]);
            assert_eq!((train.labels, note), (vec![0, 4], None));
            assert_eq!((test.names, test.labels), (vec!["d.png".into()], vec![2]));
            assert_eq!(task.classes.len(), 5);
        }
    }

    #[test]
    fn what_is_refused() {
        let sentence = |val: &str| {
            let dir = folder(TRAIN, ("val.csv", val));
            read_pose_classes(dir.path()).unwrap_err().to_string()
        };
        for pose in ["x", "-1", "1.5", "4000000000", "99999999999999999999", ""] {
            let wrong = sentence(&format!("\nd.png,sad,{pose}\n"));
            assert!(wrong.contains("the pose is"), "{wrong}");
            assert!(wrong.ends_with("val.csv, line 2"), "{wrong}");
        }
        assert!(sentence("d.png,1\n").ends_with("line 1"));
        assert!(sentence("d.png\n").ends_with("line 1"));
        assert!(sentence("").contains("no picture in the test part"));
        let missing = sentence("d.png,sad,1\ne.png,sad,1\nf.png,sad,1\n");
        assert!(
            missing.starts_with("2 of the 5") && missing.ends_with("line 2"),
            "{missing}"
        );

        let dir = folder(TRAIN, ("val.csv", "d.png,sad,1\n"));
        let labels =
            "file,identity\nimages/F01/a.png,anna\n\"images/F01/b,c.png\",ben\nd.png,ben\n";
        fs::write(dir.path().join("labels.csv"), labels).unwrap();
        let shared = read_pose_classes(dir.path()).unwrap_err();
        assert!(
            matches!(&shared, LabelledError::SharedIdentity { identity, shared: 1, .. } if identity == "ben")
        );
        fs::remove_file(dir.path().join("val.csv")).unwrap();
        assert!(matches!(
            read_pose_classes(dir.path()),
            Err(LabelledError::Unrecognised { .. })
        ));
    }
}
