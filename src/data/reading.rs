//! What a layout's reader hands over: the items below the data folder.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use super::error::DataError;
use super::generated::GeneratedFaces;
use super::lists::entry_path;
use super::skipped::SkippedFile;

/// What a reader found below the data folder.
#[derive(Debug)]
pub struct Reading {
    /// The items.
    pub items: Items,
    /// What an item is called, in the plural.
    pub noun: &'static str,
    /// Entries that had to be passed over.
    pub skipped: Vec<SkippedFile>,
    /// Folders of one person each, as far as the layout tells them.
    pub people: HashSet<PathBuf>,
}

/// The items of a data set.
#[derive(Debug)]
pub enum Items {
    /// One image each.
    Files(Vec<PathBuf>),
    /// One folder each, of which every visit draws a random image.
    Folders(Vec<PathBuf>),
    /// Faces drawn by the program itself.
    Generated(GeneratedFaces),
}

impl Reading {
    /// Items that are images.
    pub fn files(files: Vec<PathBuf>, noun: &'static str, skipped: Vec<SkippedFile>) -> Self {
        Self {
            items: Items::Files(files),
            noun,
            skipped,
            people: HashSet::new(),
        }
    }

    /// Items that are folders.
    pub fn folders(folders: Vec<PathBuf>, noun: &'static str, skipped: Vec<SkippedFile>) -> Self {
        Self {
            items: Items::Folders(folders),
            noun,
            skipped,
            people: HashSet::new(),
        }
    }

    /// Leaves out what lies at or below one of these places, relative to `root`.
    ///
    /// # Errors
    /// If a place names nothing that was found, or nothing is left.
    pub fn without(mut self, root: &Path, places: &[String]) -> Result<Self, DataError> {
        let (Items::Files(paths) | Items::Folders(paths)) = &mut self.items else {
            return Ok(self);
        };
        for place in places {
            let excluded = entry_path(root, place);
            let before = paths.len();
            paths.retain(|path| !path.starts_with(&excluded));
            if paths.len() == before {
                return Err(DataError::NothingToExclude {
                    place: place.clone(),
                    root: root.into(),
                });
            }
        }
        if paths.is_empty() {
            return Err(DataError::Empty(root.into()));
        }
        Ok(self)
    }
}
