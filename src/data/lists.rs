//! List files, and the two layouts that name one image per line: RAF-DB and BU-3DFE.

use std::fs;
use std::path::{Path, PathBuf};

use super::error::DataError;
use super::reading::Reading;
use super::skipped::SkippedFile;

/// Where RAF-DB copies keep their aligned faces, relative to the data folder.
const RAFDB_FOLDERS: [&str; 3] = ["", "Image/aligned", "img/aligned"];

/// The lines of a list that are not blank, trimmed. A byte-order mark and CRLF are tolerated.
///
/// # Errors
/// [`DataError::ListUnreadable`].
pub fn list_lines(list: &Path) -> Result<Vec<String>, DataError> {
    let bytes = fs::read(list).map_err(|error| DataError::ListUnreadable {
        path: list.to_path_buf(),
        reason: error.to_string(),
    })?;
    let text = String::from_utf8_lossy(&bytes);
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    Ok(text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .map(String::from)
        .collect())
}

/// The path of a list entry; lists written on Windows may separate with backslashes.
pub fn entry_path(root: &Path, entry: &str) -> PathBuf {
    root.join(entry.replace('\\', "/"))
}

/// The error of a list that leads nowhere, with its first entry as an example.
pub fn nothing_listed(list: &Path, entries: usize, skipped: &[SkippedFile]) -> DataError {
    let hint = match skipped.first() {
        Some(first) => format!("e.g. {}: {}", first.file.display(), first.reason),
        None => "the list is blank".into(),
    };
    DataError::ListWithoutEntries {
        path: list.to_path_buf(),
        entries,
        hint,
    }
}

/// RAF-DB: lines `train_00001.jpg 5`, files `<stem>_aligned.jpg` in the data folder,
/// `Image/aligned` or `img/aligned`. The label is not used in pre-training.
///
/// # Errors
/// If the list cannot be read or none of its files exists.
pub fn read_rafdb(root: &Path, list: &Path) -> Result<Reading, DataError> {
    read_images(list, |line| {
        let name = line.split_whitespace().next().unwrap_or(line);
        let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
        RAFDB_FOLDERS
            .iter()
            .map(|folder| root.join(folder).join(format!("{stem}_aligned.jpg")))
            .collect()
    })
}

/// BU-3DFE: lines `path,expression,pose`; a heading line that starts with `path,` is passed over.
/// The labels are not used in pre-training.
///
/// # Errors
/// If the list cannot be read or none of its files exists.
pub fn read_bu3dfe(root: &Path, list: &Path) -> Result<Reading, DataError> {
    read_images(list, |line| {
        // The labels are the last two fields, so a comma inside the path does no harm.
        let path = line.rsplitn(3, ',').nth(2).unwrap_or(line).trim();
        if path == "path" {
            Vec::new()
        } else {
            vec![entry_path(root, path)]
        }
    })
}

/// One image per line: the first of a line's candidate paths that exists. A line without
/// candidates is passed over.
fn read_images(
    list: &Path,
    candidates: impl Fn(&str) -> Vec<PathBuf>,
) -> Result<Reading, DataError> {
    let lines = list_lines(list)?;
    let mut files = Vec::with_capacity(lines.len());
    let mut skipped = Vec::new();
    for line in &lines {
        let candidates = candidates(line);
        match candidates.iter().find(|path| path.is_file()) {
            Some(path) => files.push(path.clone()),
            None => skipped.extend(candidates.into_iter().next().map(|file| SkippedFile {
                file,
                reason: "the list names this image, but it does not exist".into(),
            })),
        }
    }
    if files.is_empty() {
        return Err(nothing_listed(list, lines.len(), &skipped));
    }
    Ok(Reading::files(files, "images", skipped))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::reading::Items;

    fn files(reading: &Reading) -> &[PathBuf] {
        match &reading.items {
            Items::Files(files) => files,
            _ => panic!("lists yield files"),
        }
    }

    #[test]
    fn rafdb_lines_in_each_known_place() {
        for folder in RAFDB_FOLDERS {
            let dir = tempfile::tempdir().unwrap();
            let images = dir.path().join(folder);
            fs::create_dir_all(&images).unwrap();
            fs::write(images.join("train_00001_aligned.jpg"), b"").unwrap();
            let list = dir.path().join("list.txt");
            fs::write(&list, "train_00001.jpg 5\r\ntest_0002.jpg 1\r\n\r\n").unwrap();
            let reading = read_rafdb(dir.path(), &list).unwrap();
            assert_eq!(files(&reading), [images.join("train_00001_aligned.jpg")]);
            assert_eq!(reading.skipped.len(), 1);
            assert!(reading.skipped[0].file.ends_with("test_0002_aligned.jpg"));
        }
    }

    #[test]
    fn bu3dfe_lines_with_heading_commas_and_backslashes() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("F01")).unwrap();
        for name in ["F01/a.png", "F01/b,c.png"] {
            fs::write(dir.path().join(name), b"").unwrap();
        }
        let list = dir.path().join("bu.csv");
        fs::write(
            &list,
            "path,exp,pose\nF01\\a.png,3,0\nF01/b,c.png,1,4\nF01/gone.png,1,4\n",
        )
        .unwrap();
        let reading = read_bu3dfe(dir.path(), &list).unwrap();
        assert_eq!(
            files(&reading),
            [dir.path().join("F01/a.png"), dir.path().join("F01/b,c.png")]
        );
        assert_eq!(reading.skipped.len(), 1);
    }

    #[test]
    fn lists_that_lead_nowhere() {
        let dir = tempfile::tempdir().unwrap();
        let list = dir.path().join("list.txt");
        assert!(matches!(
            read_bu3dfe(dir.path(), &list),
            Err(DataError::ListUnreadable { .. })
        ));
        fs::write(&list, "\r\n \r\n").unwrap();
        let sentence = read_rafdb(dir.path(), &list).err().unwrap().to_string();
        assert!(sentence.contains("the list is blank"), "{sentence}");
    }
}
