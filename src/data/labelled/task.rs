//! Pictures in classes, in a training and a test part that share nobody.

use std::collections::{BTreeSet, HashMap};
use std::path::Path;

use super::error::LabelledError;
use super::labels_csv::IDENTITY;
use super::picture::Picture;
use super::table::Table;
use super::text::relative;

/// A training part and a test part.
#[derive(Clone, Debug)]
pub struct Split<T> {
    /// What a probe learns from.
    pub train: T,
    /// What it is measured on.
    pub test: T,
    /// What the user must be told, e.g. which part served as test.
    pub note: Option<String>,
}

/// Pictures with one class each. The vectors run in parallel.
#[derive(Clone, Debug, Default)]
pub struct ClassSet {
    /// Where the pixels are.
    pub pictures: Vec<Picture>,
    /// A short name of each picture, its path relative to the data folder.
    pub names: Vec<String>,
    /// Index into [`ClassTask::classes`].
    pub labels: Vec<u32>,
    /// Who is shown, blank where unknown; empty if nobody is known.
    pub subjects: Vec<String>,
}

impl ClassSet {
    /// Adds a picture of an unknown person.
    pub(super) fn push(&mut self, (picture, name): (Picture, String), label: u32) {
        self.pictures.push(picture);
        self.names.push(name);
        self.labels.push(label);
    }
}

/// A classification task.
#[derive(Clone, Debug)]
pub struct ClassTask {
    /// Its pictures.
    pub split: Split<ClassSet>,
    /// Names of the classes.
    pub classes: Vec<String>,
    /// The layout it was read from, in words.
    pub layout: &'static str,
}

/// Which of FER-2013's two held-out parts is the test part. The paper does not say (METHODS 2.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FerTest {
    /// `PrivateTest`, or a part called `test`.
    #[default]
    Private,
    /// `PublicTest`, or a part called `val`.
    Public,
}

/// A part of a data set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// To learn from.
    Train,
    /// `PublicTest` or `val`.
    Public,
    /// `PrivateTest` or `test`.
    Private,
}

impl Part {
    /// The part of this name, in any case.
    pub fn named(word: &str) -> Option<Self> {
        match word.trim().to_ascii_lowercase().as_str() {
            "train" | "training" => Some(Self::Train),
            "publictest" | "val" | "valid" | "validation" => Some(Self::Public),
            "privatetest" | "test" => Some(Self::Private),
            _ => None,
        }
    }
}

/// Collects the pictures of each part.
#[derive(Default)]
pub struct Parts {
    train: ClassSet,
    public: ClassSet,
    private: ClassSet,
}

impl Parts {
    /// The pictures of one part.
    pub fn set(&mut self, part: Part) -> &mut ClassSet {
        match part {
            Part::Train => &mut self.train,
            Part::Public => &mut self.public,
            Part::Private => &mut self.private,
        }
    }

    /// Chooses the test part; the other held-out part serves if the wanted one is empty. Subjects
    /// come from `labels.csv` in `root` where it names them. `source` defines the parts.
    ///
    /// # Errors
    /// If a part is empty, or the two share a person.
    pub fn split(
        self,
        wanted: FerTest,
        root: &Path,
        source: &Path,
    ) -> Result<Split<ClassSet>, LabelledError> {
        const PRIVATE: &str = "PrivateTest (or test)";
        const PUBLIC: &str = "PublicTest (or val)";
        let (test, spare, test_name, spare_name) = match wanted {
            FerTest::Private => (self.private, self.public, PRIVATE, PUBLIC),
            FerTest::Public => (self.public, self.private, PUBLIC, PRIVATE),
        };
        let stands_in = test.pictures.is_empty() && !spare.pictures.is_empty();
        let note = match (stands_in, wanted) {
            (true, _) => Some(format!(
                "there is no {test_name} part, so {spare_name} is the test part"
            )),
            (false, FerTest::Public) => Some(format!("{test_name} is the test part")),
            (false, FerTest::Private) => None,
        };
        let mut split = Split {
            train: self.train,
            test: if stands_in { spare } else { test },
            note,
        };
        refuse_empty(
            split.train.pictures.len(),
            split.test.pictures.len(),
            source,
        )?;
        if split.train.subjects.is_empty() && split.test.subjects.is_empty() {
            let people = People::beside(root)?;
            split.train.subjects = people.of(&split.train.names);
            split.test.subjects = people.of(&split.test.names);
        }
        refuse_shared(&split.train.subjects, &split.test.subjects, source)?;
        Ok(split)
    }
}

/// Who is shown on which picture, according to a `labels.csv`.
pub struct People(HashMap<String, String>);

impl People {
    /// Reads `labels.csv` in `root`; knows nobody if there is none, or none with identities.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn beside(root: &Path) -> Result<Self, LabelledError> {
        let path = root.join("labels.csv");
        let mut people = HashMap::new();
        if path.is_file() {
            let table = Table::with_heading(&path)?;
            let (file, identity) = (table.column(&["file"]), table.column(&IDENTITY));
            table.for_each(|row| {
                if let (Some(file), Some(identity)) = (row.text(file), row.text(identity)) {
                    people.insert(relative(file), identity.to_string());
                }
                Ok(())
            })?;
        }
        Ok(Self(people))
    }

    /// The people on these pictures, blank where unknown; empty if nobody is known.
    pub fn of(&self, names: &[String]) -> Vec<String> {
        let found: Vec<_> = names
            .iter()
            .map(|name| self.0.get(name).cloned().unwrap_or_default())
            .collect();
        if found.iter().all(String::is_empty) {
            Vec::new()
        } else {
            found
        }
    }
}

/// Refuses a part without pictures.
pub fn refuse_empty(train: usize, test: usize, source: &Path) -> Result<(), LabelledError> {
    let empty = match (train, test) {
        (0, _) => "training",
        (_, 0) => "test",
        _ => return Ok(()),
    };
    let what = format!("there is no picture in the {empty} part");
    Err(LabelledError::file(source, what))
}

/// Refuses parts that share a person; blank names are nobody.
pub fn refuse_shared(
    train: &[String],
    test: &[String],
    source: &Path,
) -> Result<(), LabelledError> {
    let people = |names: &[String]| -> BTreeSet<String> {
        let known = names.iter().filter(|name| !name.is_empty());
        known.cloned().collect()
    };
    let (train, test) = (people(train), people(test));
    let shared: Vec<_> = train.intersection(&test).collect();
    match shared.first() {
        None => Ok(()),
        Some(identity) => Err(LabelledError::SharedIdentity {
            identity: identity.to_string(),
            shared: shared.len(),
            path: source.into(),
        }),
    }
}
