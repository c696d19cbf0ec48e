//! Checks that the pictures of a label file exist, without opening one.

use std::collections::{BTreeMap, HashMap};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use icu_normalizer::ComposingNormalizerBorrowed;

use super::error::LabelledError;
use super::picture::Picture;
use super::text::relative;
use crate::data::listing::{Listing, is_image};

/// Looks up the pictures of one folder and counts those that are missing.
pub struct Finder<'a> {
    root: &'a Path,
    named: usize,
    missing: usize,
    /// The first missing picture, and the label file and line that name it.
    first: Option<(PathBuf, PathBuf, usize)>,
    shelves: Shelves,
}

/// Folders that were looked through for names that are spelled otherwise in a list: in another case or
/// Unicode form, with another extension, or one folder deeper.
#[derive(Default)]
struct Shelves(HashMap<PathBuf, Shelf>);

/// What lies in one folder, by its name as [`folded`].
#[derive(Default)]
struct Shelf {
    folders: BTreeMap<String, OsString>,
    /// Images, by their whole names and by those without extension.
    images: BTreeMap<String, OsString>,
}

impl Shelf {
    fn read(folder: &Path) -> Self {
        let Ok(listing) = Listing::read(folder) else {
            return Self::default();
        };
        let mut shelf = Self::default();
        for name in listing.folders {
            shelf.folders.insert(folded(&name.to_string_lossy()), name);
        }
        for name in listing.images {
            let stem = Path::new(&name).file_stem().unwrap_or_default();
            shelf
                .images
                .entry(folded(&stem.to_string_lossy()))
                .or_insert_with(|| name.clone());
            shelf.images.insert(folded(&name.to_string_lossy()), name);
        }
        shelf
    }
}

/// One spelling of a name: composed, in lower case.
fn folded(name: &str) -> String {
    ComposingNormalizerBorrowed::new_nfc()
        .normalize(name)
        .to_lowercase()
}

impl Shelves {
    fn at(&mut self, folder: &Path) -> &Shelf {
        self.0
            .entry(folder.to_owned())
            .or_insert_with(|| Shelf::read(folder))
    }

    /// A picture below `folder` whose name is like `entry`, or one folder deeper.
    fn alike(&mut self, folder: &Path, entry: &str) -> Option<PathBuf> {
        if let Some(found) = self.below(folder, entry) {
            return Some(found);
        }
        let deeper: Vec<_> = self.at(folder).folders.values().cloned().collect();
        deeper
            .iter()
            .find_map(|name| self.below(&folder.join(name), entry))
    }

    fn below(&mut self, folder: &Path, entry: &str) -> Option<PathBuf> {
        let (folders, file) = entry
            .rsplit_once('/')
            .map_or((None, entry), |(a, b)| (Some(a), b));
        let mut place = folder.to_owned();
        for part in folders.into_iter().flat_map(|folders| folders.split('/')) {
            let name = self.at(&place).folders.get(&folded(part))?.clone();
            place.push(name);
        }
        let images = &self.at(&place).images;
        let stem = || {
            let path = Path::new(file);
            let stem = path.file_stem().filter(|_| is_image(path))?;
            images.get(&folded(&stem.to_string_lossy()))
        };
        let name = images.get(&folded(file)).or_else(stem)?;
        Some(place.join(name))
    }
}

impl<'a> Finder<'a> {
    /// For pictures below `root`.
    pub fn new(root: &'a Path) -> Self {
        Self {
            root,
            named: 0,
            missing: 0,
            first: None,
            shelves: Shelves::default(),
        }
    }

    /// The picture `entry` of line `line` in `list`: in the first of `folders` (relative to the
    /// root, `""` is the root) that has it, else in the first that has one spelled alike. Returns it
    /// with its path relative to the root.
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
        for folder in folders {
            if let Some(path) = self.shelves.alike(&self.root.join(folder), &entry) {
                let name = path.strip_prefix(self.root).unwrap_or(&path);
                let name = name.to_string_lossy().replace('\\', "/");
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

    #[test]
    fn names_that_are_spelled_otherwise_are_found() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(dir.path().join("Ann_Lee/deep")).unwrap();
        for file in [
            "Ann_Lee/Ann_Lee_0001.PNG",
            "Ann_Lee/deep/x.jpg",
            "Caf\u{e9}.png",
        ] {
            std::fs::write(dir.path().join(file), b"").unwrap();
        }
        let list = Path::new("list.txt");
        let mut finder = Finder::new(dir.path());
        let names = [
            "ann_lee/ann_lee_0001.jpg",
            "cafe\u{301}.PNG",
            "Ann_Lee_0001.jpg",
        ]
        .map(|entry| finder.find(&[""], entry, list, 1).1);
        let png = "Ann_Lee/Ann_Lee_0001.PNG";
        assert_eq!(names, [png, "Caf\u{e9}.png", png]);
        finder.find(&[""], "x.txt", list, 2);
        let sentence = finder.finish().unwrap_err().to_string();
        assert!(sentence.starts_with("1 of the 4"), "{sentence}");
    }
}
