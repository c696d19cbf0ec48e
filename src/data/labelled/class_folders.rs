//! Folders `<part>/<expression>/*.jpg`, as many copies of the expression data sets come.

use std::path::Path;

use super::error::LabelledError;
use super::picture::Picture;
use super::task::{ClassTask, FerTest, Part, Parts};
use super::words::{self, AFFECTNET, EXPRESSIONS, FER2013, RAFDB};
use crate::data::listing::Listing;

/// A data set of expressions. Where its classes are numbers, each means something else by them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum FerLayout {
    /// RAF-DB: 1 surprise, 2 fear, 3 disgust, 4 happy, 5 sad, 6 anger, 7 neutral.
    Rafdb,
    /// FER-2013: 0 anger, 1 disgust, 2 fear, 3 happy, 4 sad, 5 surprise, 6 neutral.
    Fer2013,
    /// AffectNet: 0 neutral, 1 happy, 2 sad, 3 surprise, 4 fear, 5 disgust, 6 anger, 7 contempt.
    Affectnet,
}

impl FerLayout {
    fn words(self) -> &'static str {
        match self {
            Self::Rafdb => "RAF-DB (folders)",
            Self::Fer2013 => "FER-2013 (folders)",
            Self::Affectnet => "AffectNet (folders)",
        }
    }

    /// What it means by a number.
    fn meaning(self, number: u32) -> Option<&'static str> {
        let at = number as usize;
        match self {
            Self::Rafdb => RAFDB.get(at.checked_sub(1)?).copied(),
            Self::Fer2013 => FER2013.get(at).copied(),
            Self::Affectnet => AFFECTNET.get(at).copied(),
        }
    }

    /// The data set whose files or parts have such names; other sets do not use them.
    fn of_names(part: &str, file: &str) -> Option<Self> {
        let [part, file] = [part, file].map(str::to_ascii_lowercase);
        let parts = ["training", "publictest", "privatetest"];
        let prefixed = |prefix: &str| file.starts_with(prefix);
        if (prefixed("train_") || prefixed("test_")) && file.contains("_aligned.") {
            Some(Self::Rafdb)
        } else if parts
            .iter()
            .any(|known| part == *known || prefixed(&format!("{known}_")))
        {
            Some(Self::Fer2013)
        } else {
            None
        }
    }
}

/// Expressions in words, or as numbers of a data set that is known by its names or `given` by hand.
/// `None` if there are no such folders. Other words become further classes.
///
/// # Errors
/// If the classes are numbers and nothing tells whose, a folder cannot be read, a part is empty, or the
/// parts share a person.
pub fn read(
    root: &Path,
    test: FerTest,
    given: Option<FerLayout>,
) -> Result<Option<ClassTask>, LabelledError> {
    let mut found = Vec::new();
    let mut known = given;
    for part_folder in list(root)?.folders {
        let part_folder = part_folder.to_string_lossy().into_owned();
        let Some(part) = Part::named(&part_folder) else {
            continue;
        };
        for class in list(&root.join(&part_folder))?.folders {
            let class = class.to_string_lossy().into_owned();
            let folder = format!("{part_folder}/{class}");
            let images = list(&root.join(&folder))?.images;
            let first = images.first().map(|name| name.to_string_lossy());
            known = known.or_else(|| FerLayout::of_names(&part_folder, &first.unwrap_or_default()));
            found.push((part, folder, class, images));
        }
    }
    let number = |class: &str| class.trim().parse::<u32>().ok();
    let word = |class: &str| -> Result<String, LabelledError> {
        let Some(number) = number(class) else {
            return Ok(words::expression(class));
        };
        let Some(layout) = known else {
            return Err(LabelledError::NumberedClasses(root.into()));
        };
        layout.meaning(number).map(String::from).ok_or_else(|| {
            let what = format!("{} has no class {number}", layout.words());
            LabelledError::file(root, what)
        })
    };
    let is_class = |class: &str| {
        number(class).is_some() || EXPRESSIONS.contains(&words::expression(class).as_str())
    };
    if !found.iter().any(|(_, _, class, _)| is_class(class)) {
        return Ok(None);
    }
    let all: Vec<String> = found
        .iter()
        .map(|(_, _, class, _)| word(class))
        .collect::<Result<_, _>>()?;
    let order: &[&str] = match known {
        Some(FerLayout::Rafdb) => &RAFDB,
        Some(FerLayout::Affectnet) => &EXPRESSIONS,
        Some(FerLayout::Fer2013) | None => &FER2013,
    };
    let others = all
        .iter()
        .filter(|word| !order.contains(&word.as_str()))
        .cloned();
    let others = words::ordered(others);
    let classes: Vec<String> = order
        .iter()
        .map(|word| word.to_string())
        .chain(others)
        .collect();
    let mut parts = Parts::default();
    for ((part, folder, _, images), word) in found.into_iter().zip(&all) {
        let label = classes.iter().position(|class| class == word).unwrap_or(0) as u32;
        for image in images {
            let name = format!("{folder}/{}", image.to_string_lossy());
            let picture = Picture::File(root.join(&folder).join(image));
            parts.set(part).push((picture, name), label);
        }
    }
    Ok(Some(ClassTask {
        split: parts.split(test, root, root)?,
        classes,
        layout: known.map_or("folders of expressions", FerLayout::words),
    }))
}

fn list(folder: &Path) -> Result<Listing, LabelledError> {
    Listing::read(folder).map_err(|error| LabelledError::Unreadable {
        path: folder.into(),
        reason: error.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(files: &[&str]) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        for name in files {
            let path = dir.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, b"").unwrap();
        }
        dir
    }

    fn class_of(task: &ClassTask, name: &str) -> String {
        let train = &task.split.train;
        let at = train.names.iter().position(|known| known == name).unwrap();
        task.classes[train.labels[at] as usize].clone()
    }

    #[test]
    fn raf_db_is_known_by_its_files() {
        let dir = folder(&[
            "train/1/train_00010_aligned.jpg",
            "test/7/test_00070_aligned.jpg",
        ]);
        let task = read(dir.path(), FerTest::Private, None).unwrap().unwrap();
        assert_eq!(
            class_of(&task, "train/1/train_00010_aligned.jpg"),
            "surprise"
        );
        assert_eq!(task.layout, "RAF-DB (folders)");
        assert_eq!(task.classes, RAFDB);
        // 0 is no class there.
        let dir = folder(&[
            "train/0/train_00010_aligned.jpg",
            "test/7/test_00070_aligned.jpg",
        ]);
        let refused = read(dir.path(), FerTest::Private, None)
            .unwrap_err()
            .to_string();
        assert!(refused.contains("no class 0"), "{refused}");
    }

    #[test]
    fn bare_numbers_are_not_guessed() {
        let dir = folder(&["train/0/a.jpg", "val/6/b.jpg"]);
        let refused = read(dir.path(), FerTest::Private, None)
            .unwrap_err()
            .to_string();
        for choice in ["--layout", "rafdb", "fer2013", "affectnet"] {
            assert!(refused.contains(choice), "{refused}");
        }
        for (layout, word) in [
            (FerLayout::Affectnet, "neutral"),
            (FerLayout::Fer2013, "anger"),
        ] {
            let task = read(dir.path(), FerTest::Private, Some(layout))
                .unwrap()
                .unwrap();
            assert_eq!(class_of(&task, "train/0/a.jpg"), word);
            assert_eq!(task.layout, layout.words());
        }
    }

    #[test]
    fn words_need_no_data_set() {
        let dir = folder(&["train/happy/a.jpg", "train/boredom/b.jpg", "test/sad/c.jpg"]);
        let task = read(dir.path(), FerTest::Private, None).unwrap().unwrap();
        assert_eq!(class_of(&task, "train/boredom/b.jpg"), "boredom");
        assert_eq!(task.layout, "folders of expressions");
        let none = folder(&["train/anna/a.jpg", "test/bert/b.jpg"]);
        assert!(read(none.path(), FerTest::Private, None).unwrap().is_none());
    }
}
