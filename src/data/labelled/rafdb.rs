//! RAF-DB, basic expressions: lines `train_00001.jpg 5`, pictures `train_00001_aligned.jpg`
//! (METHODS 2.9, both layouts).

use std::path::{Path, PathBuf};

use super::error::LabelledError;
use super::finder::Finder;
use super::task::{ClassTask, FerTest, Part, Parts};
use super::text::{lines, read_text, shown};
use super::words;

/// Where copies keep their aligned faces.
const FOLDERS: [&str; 6] = [
    "Image/aligned",
    "img/aligned",
    "RAFDB/Image/aligned",
    "RAFDB/img/aligned",
    "basic/Image/aligned",
    "aligned",
];
/// Where copies keep their lists.
const LIST_FOLDERS: [&str; 6] = [
    "",
    "EmoLabel",
    "RAFDB",
    "RAFDB/EmoLabel",
    "basic/EmoLabel",
    "basic",
];

/// Reads RAF-DB; `None` if the folder is something else.
///
/// # Errors
/// If a label is wrong, a picture is missing, or a part is empty.
pub fn read(root: &Path) -> Result<Option<ClassTask>, LabelledError> {
    let Some(lists) = find_lists(root) else {
        return Ok(None);
    };
    let folders: Vec<_> = FOLDERS
        .into_iter()
        .filter(|folder| root.join(folder).is_dir())
        .collect();
    let folders = if folders.is_empty() {
        &FOLDERS[..1]
    } else {
        &folders[..]
    };
    let mut finder = Finder::new(root);
    let mut parts = Parts::default();
    for list in &lists {
        let text = read_text(list)?;
        for (line, entry) in lines(&text) {
            let (file, label) =
                parse(entry).map_err(|what| LabelledError::line(list, line, what))?;
            let part = part_of(file).ok_or_else(|| {
                let what = format!("{} is neither train_… nor test_…", shown(file));
                LabelledError::line(list, line, what)
            })?;
            let stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
            let aligned = format!("{stem}_aligned.jpg");
            let found = finder.find(folders, &aligned, list, line);
            parts.set(part).push(found, label);
        }
    }
    finder.finish()?;
    Ok(Some(ClassTask {
        split: parts.split(FerTest::Private, root, &lists[0])?,
        classes: words::RAFDB.map(String::from).to_vec(),
        layout: "RAF-DB",
    }))
}

/// `list_patition_label.txt` (so spelled), or `train.txt` and `test.txt` beside aligned faces.
fn find_lists(root: &Path) -> Option<Vec<PathBuf>> {
    for folder in LIST_FOLDERS {
        let list = root.join(folder).join("list_patition_label.txt");
        if list.is_file() {
            return Some(vec![list]);
        }
    }
    // Lists of these names may also be FER-2013's.
    FOLDERS.iter().find(|folder| root.join(folder).is_dir())?;
    LIST_FOLDERS.iter().find_map(|folder| {
        let lists = ["train.txt", "test.txt"].map(|name| root.join(folder).join(name));
        lists
            .iter()
            .all(|list| list.is_file())
            .then(|| lists.to_vec())
    })
}

/// The file and its class, from 0.
fn parse(entry: &str) -> Result<(&str, u32), String> {
    let (file, label) = entry
        .rsplit_once(char::is_whitespace)
        .ok_or_else(|| format!("{} is not a file name and a label", shown(entry)))?;
    match label.parse() {
        Ok(label @ 1..=7) => Ok((file.trim_end(), label - 1)),
        _ => Err(format!("the label is {}; RAF-DB has 1 to 7", shown(label))),
    }
}

fn part_of(file: &str) -> Option<Part> {
    match (file.contains("train"), file.contains("test")) {
        (true, false) => Some(Part::Train),
        (false, true) => Some(Part::Private),
        _ => None,
    }
}
