//! What can be wrong with the training faces, in sentences that end with the path.

use std::path::{Path, PathBuf};

use super::listing::{EXTENSIONS, unreadable_kinds};
use super::partner::Partner;
use super::skipped::SkippedFile;

/// Why the faces cannot be used at all. A single unusable file is a
/// [`SkippedFile`](super::SkippedFile) instead.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// The data path does not exist.
    #[error("the data folder does not exist; check the path: {}", .0.display())]
    Missing(PathBuf),
    /// The data path is not a folder.
    #[error("the data path is not a folder; give the folder that holds the images: {}", .0.display())]
    NotAFolder(PathBuf),
    /// The data folder cannot be listed.
    #[error("the data folder cannot be read ({reason}); check its permissions: {}", path.display())]
    Unreadable {
        /// The folder.
        path: PathBuf,
        /// What the system says.
        reason: String,
    },
    /// No file with a known extension, at any depth.
    #[error("no image ({}) was found at any depth; give the folder that holds the faces: {}", EXTENSIONS.join(", "), .0.display())]
    Empty(PathBuf),
    /// Pictures were found, but only of kinds that no decoder at hand can read.
    #[error("{kinds}; there is no other image at any depth: {}", path.display())]
    OnlyUnreadable {
        /// How many of which kinds, in words.
        kinds: String,
        /// The data folder.
        path: PathBuf,
    },
    /// `casia` layout without sub-folders.
    #[error("the casia layout needs one sub-folder per item and found none; set data.layout = \"folder\" for loose images: {}", .0.display())]
    NoSubfolders(PathBuf),
    /// The layout needs `data.list` and it is empty.
    #[error("data.layout = \"{layout}\" needs data.list, a text file with one entry per line; set it for the data folder {}", path.display())]
    ListNeeded {
        /// Name of the layout.
        layout: &'static str,
        /// The data folder.
        path: PathBuf,
    },
    /// The list file does not exist or cannot be read.
    #[error("the list file cannot be read ({reason}); lists are relative to the data folder or absolute: {}", path.display())]
    ListUnreadable {
        /// The list file.
        path: PathBuf,
        /// What the system says.
        reason: String,
    },
    /// The list has no entry that leads to an image.
    #[error("none of the {entries} entries leads to an image ({hint}); check data.layout and that entries are relative to the data folder; the list is {}", path.display())]
    ListWithoutEntries {
        /// The list file.
        path: PathBuf,
        /// Lines that are not blank.
        entries: usize,
        /// The first entry and why it was refused, or that the list is blank.
        hint: String,
    },
    /// `data.exclude` names something that is not there.
    #[error("data.exclude names `{place}`, but nothing was found there; entries are relative to the data folder {}", root.display())]
    NothingToExclude {
        /// The entry.
        place: String,
        /// The data folder.
        root: PathBuf,
    },
    /// A line of `pose.pairs` does not name two files.
    #[error("the line `{line}` should name two files, separated by a comma or a tab, in the list of pairs {}", list.display())]
    NotAPair {
        /// The line.
        line: String,
        /// The list file.
        list: PathBuf,
    },
    /// Another picture is wanted beside each frame, and the data do not have it.
    #[error("`{key}` names `{partner}`, but {reason}; `{instead}` needs nothing: {}", root.display())]
    NoPartner {
        /// `pose.source`, `pose.neg_source` or `face.positive`.
        key: &'static str,
        /// What is wanted.
        partner: Partner,
        /// Why it cannot be had.
        reason: &'static str,
        /// What can always be had.
        instead: &'static str,
        /// The data folder.
        root: PathBuf,
    },
    /// The pose of each picture is wanted from somebody else, and the data do not tell who that is.
    #[error(
        "`pose.giver = \"twin\"` needs to know who is in the same pose, which only generated faces with \
         `pose.source = [\"pairs\"]` tell; `own` needs nothing"
    )]
    NoTwin,
    /// `data.strict` is set and a file is unusable.
    #[error("{reason}, and data.strict is set; remove or repair the file, or unset data.strict: {}", path.display())]
    Strict {
        /// The file.
        path: PathBuf,
        /// Why it is unusable.
        reason: String,
    },
    /// Many picks in a row gave nothing.
    #[error("no usable image in {tries} tries (the last one: {reason}); check the files named in skipped.csv, e.g. {}", path.display())]
    NothingUsable {
        /// The last file tried.
        path: PathBuf,
        /// Picks in a row that failed.
        tries: usize,
        /// Why the last one failed.
        reason: String,
    },
    /// A step could need more than the 4 GiB that 32-bit offsets address.
    #[error(
        "{frames} frames of up to {cache_px} px do not fit a step's 4 GiB; lower data.cache_px or the batch sizes"
    )]
    StepTooLarge {
        /// Frames of one step.
        frames: usize,
        /// `data.cache_px`.
        cache_px: u32,
    },
    /// The loader's thread could not be started or has ended.
    #[error("the loader has ended ({0}); start the run again, it resumes at its last checkpoint")]
    LoaderEnded(String),
}

impl DataError {
    /// That no image was found, and what was found instead.
    pub(super) fn no_image(root: &Path, skipped: &[SkippedFile]) -> Self {
        match unreadable_kinds(skipped) {
            None => Self::Empty(root.into()),
            Some(kinds) => Self::OnlyUnreadable {
                kinds,
                path: root.into(),
            },
        }
    }
}
