//! Pictures that cannot be used: found all at once, and left out of what a task was read into.

use std::collections::HashSet;
use std::path::PathBuf;

use rayon::prelude::*;

use super::disfa::AuSet;
use super::labels_csv::Labelled;
use super::pairs::PairSet;
use super::picture::Picture;
use super::task::{ClassSet, ClassTask};
use crate::data::{SkippedFile, spelled};

/// Pictures that were left out, and why.
#[derive(Clone, Debug, Default)]
pub struct LeftOut {
    /// Each of them once.
    pub files: Vec<SkippedFile>,
    paths: HashSet<PathBuf>,
}

impl LeftOut {
    /// Adds those among `files` that are new, and says whether any was.
    pub fn add(&mut self, files: Vec<SkippedFile>) -> bool {
        let before = self.files.len();
        for file in files {
            if self.paths.insert(file.file.clone()) {
                self.files.push(file);
            }
        }
        self.files.len() > before
    }

    /// In words: "2 pictures were left out, because they cannot be used: …"; `None` if none was.
    pub fn words(&self) -> Option<String> {
        let (count, first) = (self.files.len(), self.files.first()?);
        let named = format!("{}, {}", first.file.display(), first.reason);
        Some(match count {
            1 => format!("one picture was left out, because it cannot be used: {named}"),
            _ => format!(
                "{count} pictures were left out, because they cannot be used; the first: {named}"
            ),
        })
    }

    /// File and reason of each, in words.
    pub fn pairs(&self) -> Vec<(String, String)> {
        let pair = |bad: &SkippedFile| (spelled(&bad.file), bad.reason.clone());
        self.files.iter().map(pair).collect()
    }

    /// The pictures that stay.
    pub fn rest_of(&self, mut pictures: Vec<Picture>) -> Vec<Picture> {
        pictures.retain(|picture| !self.has(picture));
        pictures
    }

    fn has(&self, picture: &Picture) -> bool {
        matches!(picture, Picture::File(path) if self.paths.contains(path))
    }

    /// For each picture whether it stays.
    fn kept(&self, pictures: &[Picture]) -> Vec<bool> {
        pictures.iter().map(|picture| !self.has(picture)).collect()
    }
}

/// Opens all pictures, on all cores, as [`Picture::load`] does, and returns those that cannot be used.
pub fn unusable(pictures: &[Picture], max_side_px: u32) -> Vec<SkippedFile> {
    let trial = |picture: &Picture| match (picture.load(max_side_px), picture) {
        (Err(super::LabelledError::Picture { path, reason }), _) => Some(SkippedFile {
            file: path,
            reason: reason.to_string(),
        }),
        (Err(error), Picture::File(path)) => Some(SkippedFile {
            file: path.clone(),
            reason: error.to_string(),
        }),
        _ => None,
    };
    pictures.par_iter().filter_map(trial).collect()
}

/// Keeps the entries whose place in `kept` is true.
fn retain<T>(list: &mut Vec<T>, kept: &[bool]) {
    let mut kept = kept.iter();
    list.retain(|_| kept.next().copied().unwrap_or(true));
}

impl ClassSet {
    fn leave_out(&mut self, left_out: &LeftOut) {
        let kept = left_out.kept(&self.pictures);
        retain(&mut self.pictures, &kept);
        retain(&mut self.names, &kept);
        retain(&mut self.labels, &kept);
        retain(&mut self.subjects, &kept);
    }
}

impl ClassTask {
    /// Without these pictures.
    pub fn without(mut self, left_out: &LeftOut) -> Self {
        self.split.train.leave_out(left_out);
        self.split.test.leave_out(left_out);
        self
    }
}

impl AuSet {
    /// Without these pictures.
    pub fn without(mut self, left_out: &LeftOut) -> Self {
        let kept = left_out.kept(&self.pictures);
        retain(&mut self.pictures, &kept);
        retain(&mut self.names, &kept);
        retain(&mut self.subject, &kept);
        retain(&mut self.intensity, &kept);
        retain(&mut self.fold, &kept);
        self
    }
}

impl PairSet {
    /// Without the pairs that have one of these pictures.
    pub fn without(mut self, left_out: &LeftOut) -> Self {
        let kept = left_out.kept(&self.pictures);
        self.pairs.retain(|pair| kept[pair.a] && kept[pair.b]);
        // How many of the pictures before each one stay.
        let mut count = 0;
        let place: Vec<usize> = kept
            .iter()
            .map(|&stays| {
                count += usize::from(stays);
                count - usize::from(stays)
            })
            .collect();
        for pair in &mut self.pairs {
            (pair.a, pair.b) = (place[pair.a], place[pair.b]);
        }
        retain(&mut self.pictures, &kept);
        retain(&mut self.names, &kept);
        self
    }
}

impl Labelled {
    /// Without these pictures.
    pub fn without(&self, left_out: &LeftOut) -> Self {
        let mut rest = self.clone();
        let kept = left_out.kept(&rest.pictures);
        retain(&mut rest.files, &kept);
        retain(&mut rest.pictures, &kept);
        retain(&mut rest.labels, &kept);
        retain(&mut rest.split, &kept);
        rest
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::labelled::Pair;

    fn files(count: usize) -> (Vec<Picture>, Vec<String>) {
        let name = |at: usize| format!("{at}.png");
        let pictures = (0..count).map(|at| Picture::File(name(at).into()));
        (pictures.collect(), (0..count).map(name).collect())
    }

    fn without(names: &[&str]) -> LeftOut {
        let mut left_out = LeftOut::default();
        let skipped = |name: &&str| SkippedFile {
            file: name.into(),
            reason: "it is cut off".into(),
        };
        assert!(left_out.add(names.iter().map(skipped).collect()));
        assert!(!left_out.add(names.iter().map(skipped).collect()), "known");
        left_out
    }

    #[test]
    fn pairs_keep_their_pictures() {
        let (pictures, names) = files(5);
        let pair = |a, b| Pair {
            a,
            b,
            same: true,
            fold: 0,
        };
        let set = PairSet {
            pictures,
            names,
            pairs: vec![pair(0, 4), pair(1, 2), pair(3, 4), pair(2, 3)],
            layout: "LFW",
        };
        let rest = set.without(&without(&["1.png"]));
        assert_eq!(rest.names, ["0.png", "2.png", "3.png", "4.png"]);
        assert_eq!(rest.pairs, [pair(0, 3), pair(2, 3), pair(1, 2)]);
    }

    #[test]
    fn vectors_stay_parallel() {
        let (pictures, names) = files(4);
        let set = ClassSet {
            pictures,
            names,
            labels: vec![0, 1, 2, 3],
            subjects: Vec::new(),
        };
        let mut rest = set;
        rest.leave_out(&without(&["0.png", "2.png"]));
        assert_eq!((rest.names.len(), rest.labels), (2, vec![1, 3]));
        assert!(rest.subjects.is_empty(), "nobody was known");
    }

    #[test]
    fn words_name_the_first() {
        assert_eq!(LeftOut::default().words(), None);
        let words = without(&["a.png", "b.png"]).words().unwrap();
        assert!(words.starts_with("2 pictures were left out"), "{words}");
        assert!(words.ends_with("a.png, it is cut off"), "{words}");
    }

    #[test]
    fn all_that_cannot_be_opened_are_found() {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name);
        image::RgbImage::new(16, 16).save(path("good.png")).unwrap();
        std::fs::write(path("text.png"), "no picture").unwrap();
        let pictures = ["text.png", "good.png", "gone.png"].map(|name| Picture::File(path(name)));
        let found: Vec<_> = unusable(&pictures, 160)
            .into_iter()
            .map(|bad| bad.file)
            .collect();
        assert_eq!(found, [path("text.png"), path("gone.png")]);
    }
}
