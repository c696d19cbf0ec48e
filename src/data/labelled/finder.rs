//! Checks that the pictures of a label file exist, without opening one.

use std::path::{Path, PathBuf};

use super::error::LabelledError;
use super::picture::Picture;
use super::text::relative;

/// Looks up the pictures of one folder and counts those that are missing.
pub struct Finder<'a> {
    root: &'a Path,
    named: usize,
    missing: usize,
    /// The first missing picture, and the label file and line that name it.
    first: Option<(PathBuf, PathBuf, usize)>,
}

impl<'a> Finder<'a> {
    /// For pictures below `root`.
    pub fn new(root: &'a Path) -> Self {
        Self {
            root,
            named: 0,
            missing: 0,
            first: None,
        }
    }

    /// The picture `entry` of line `line` in `list`: in the first of `folders` (relative to the
    /// root, `""` is the root) that has it. Returns it with its path relative to the root.
    pub fn find(
        &mut self,
        folders: &[&str],
        entry: &str,
        list: &Path,
        line: usize,
    ) -> (Picture, String) {
        let entry = relative(entry);
        let name = |folder: &str| match folder {
            "" => entry.clone(),
            folder => format!("{folder}/{entry}"),
        };
        self.named += 1;
        for folder in folders {
            let name = name(folder);
            let path = self.root.join(&name);
            if path.is_file() {
                return (Picture::File(path), name);
            }
        }
        let name = name(folders.first().unwrap_or(&""));
        let path = self.root.join(&name);
        self.missing += 1;
        self.first
            .get_or_insert_with(|| (path.clone(), list.into(), line));
        (Picture::File(path), name)
    }

    /// Ends the search.
    ///
    /// # Errors
    /// [`LabelledError::MissingPictures`] if one is missing.
    pub fn finish(self) -> Result<(), LabelledError> {
        match self.first {
            None => Ok(()),
            Some((first, path, line)) => Err(LabelledError::MissingPictures {
                first,
                missing: self.missing,
                named: self.named,
                path,
                line,
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_folder_that_has_it_and_the_first_missing_line() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("images")).unwrap();
        for file in ["images/a.jpg", "b.jpg"] {
            std::fs::write(dir.path().join(file), b"").unwrap();
        }
        let list = Path::new("list.txt");
        let mut finder = Finder::new(dir.path());
        let names = [("a.jpg", 1), (".\\b.jpg", 2), ("c.jpg", 5), ("d.jpg", 6)]
            .map(|(entry, line)| finder.find(&["images", ""], entry, list, line).1);
        assert_eq!(
            names,
            ["images/a.jpg", "b.jpg", "images/c.jpg", "images/d.jpg"]
        );
        let sentence = finder.finish().unwrap_err().to_string();
        assert!(sentence.starts_with("2 of the 4"), "{sentence}");
        assert!(sentence.contains("c.jpg"), "{sentence}");
        assert!(sentence.ends_with("list.txt, line 5"), "{sentence}");
    }
}
