//! What can be wrong with labels, in sentences that end with the file and the line.

use std::path::{Path, PathBuf};

use crate::data::DecodeError;

/// Why labelled faces cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LabelledError {
    /// The folder is missing, or no folder.
    #[error("the labelled folder does not exist or is not a folder; check the path: {}", .0.display())]
    NoFolder(PathBuf),
    /// A file cannot be opened or read.
    #[error("the file cannot be read ({reason}): {}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        reason: String,
    },
    /// The folder has no `labels.csv`.
    #[error(
        "there is no labels.csv; write one with the column file (relative to its folder) and any \
         of identity, clip, expression, au1, au2, au4, au6, au9, au12, au25, au26, yaw_deg, \
         pitch_deg, roll_deg, split, for example the two lines `file,identity,yaw_deg` and \
         `anna/01.jpg,anna,-30`: {}", .0.display()
    )]
    NoLabels(PathBuf),
    /// None of the layouts of a task was found.
    #[error("no {task} was found; expected {expected}, in {}", root.display())]
    Unrecognised {
        /// What the task needs, e.g. "list of face pairs".
        task: &'static str,
        /// The files that are looked for.
        expected: &'static str,
        /// The folder.
        root: PathBuf,
    },
    /// Folders of expressions have numbers, and nothing tells which data set's.
    #[error(
        "the classes are numbers, which each data set means otherwise (1 is surprise in RAF-DB, disgust \
         in FER-2013, happy in AffectNet), and no file name tells which it is; say it with --layout \
         rafdb, fer2013 or affectnet: {}", .0.display()
    )]
    NumberedClasses(PathBuf),
    /// One line of a label file is wrong.
    #[error("{what}: {}, line {line}", path.display())]
    Line {
        /// What is wrong and what to do.
        what: String,
        /// The label file.
        path: PathBuf,
        /// Line, from 1.
        line: usize,
    },
    /// A file is wrong as a whole.
    #[error("{what}: {}", path.display())]
    File {
        /// What is wrong and what to do.
        what: String,
        /// The file or folder.
        path: PathBuf,
    },
    /// Labels lead to pictures that do not exist.
    #[error(
        "{missing} of the {named} labelled pictures do not exist, the first is {}; put them in \
         place or remove their lines: {}, line {line}", first.display(), path.display()
    )]
    MissingPictures {
        /// The first one.
        first: PathBuf,
        /// How many are missing.
        missing: usize,
        /// How many are named.
        named: usize,
        /// The label file that names the first.
        path: PathBuf,
        /// Its line, from 1.
        line: usize,
    },
    /// The training and the test part share a person.
    #[error(
        "{shared} of the people are in the training and in the test part, e.g. {identity:?}, so \
         the test would measure memory; move each person to one part: {}", path.display()
    )]
    SharedIdentity {
        /// The first of them in order of name.
        identity: String,
        /// How many there are.
        shared: usize,
        /// The file or folder that defines the parts.
        path: PathBuf,
    },
    /// A picture's pixels are unusable.
    #[error("the picture cannot be used, {reason}: {}", path.display())]
    Picture {
        /// The picture.
        path: PathBuf,
        /// Why.
        reason: DecodeError,
    },
}

impl LabelledError {
    /// A wrong line.
    pub(super) fn line(path: &Path, line: usize, what: impl Into<String>) -> Self {
        Self::Line {
            what: what.into(),
            path: path.into(),
            line,
        }
    }

    /// A wrong file or folder.
    pub(super) fn file(path: &Path, what: impl Into<String>) -> Self {
        Self::File {
            what: what.into(),
            path: path.into(),
        }
    }
}
