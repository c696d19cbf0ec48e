//! Which other picture may stand beside a frame: one of its clip, one of its person, or its pair.
//!
//! What belongs together is read off a `labels.csv` with the column `identity`, or off the tree:
//!
//! ```text
//! person/clip/frame.jpg     the folder of a frame is its clip, the first folder its person
//! person/frame.jpg          one folder is both
//! list of person/video      (vox) the folder above a list's entry is the person
//! ```

use std::collections::HashMap;
use std::fmt;
use std::path::{Path, PathBuf};

use rand::Rng;

use super::error::DataError;
use super::generated::{CLIPS, FRAMES, GeneratedFaces};
use super::groups::Groups;
use super::labelled::{self, EXPRESSIONS};
use super::listing::Listing;
use super::lists::{entry_path, list_lines};
use super::reading::{Items, Reading};
use super::sampler::below;
use super::skipped::SkippedFile;
use super::source::FrameId;
use super::vox::{random_frame, unreadable};
use crate::config::{FacePositive, Layout, PoseAug, PoseSource, RunConfig};
use crate::rng::stream_seed;

/// Draws until a picture of another clip is found; a person may have one clip only.
const CLIP_TRIES: usize = 32;

/// How another picture belongs to a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Partner {
    /// Another frame of the same clip.
    Clip,
    /// Another picture of the same person, of another clip where there is one.
    Person,
    /// The other file of a listed pair; of generated faces the same moment with the head turned.
    Pairs,
}

impl fmt::Display for Partner {
    /// As in the configuration.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        PoseSource::from(*self).fmt(f)
    }
}

impl From<Partner> for PoseSource {
    fn from(partner: Partner) -> Self {
        match partner {
            Partner::Clip => Self::Clip,
            Partner::Person => Self::Person,
            Partner::Pairs => Self::Pairs,
        }
    }
}

/// What makes a picture in another pose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// A geometric change of the picture itself.
    Own(PoseAug),
    /// Another picture.
    Other(Partner),
}

impl From<PoseSource> for Change {
    /// An `auto` that was never settled is a flip, which every picture has.
    fn from(source: PoseSource) -> Self {
        match source {
            PoseSource::Auto | PoseSource::Flip => Self::Own(PoseAug::Flip),
            PoseSource::Rotate => Self::Own(PoseAug::Rotate),
            PoseSource::Translate => Self::Own(PoseAug::Translate),
            PoseSource::Clip => Self::Other(Partner::Clip),
            PoseSource::Person => Self::Other(Partner::Person),
            PoseSource::Pairs => Self::Other(Partner::Pairs),
        }
    }
}

/// The other picture that the second view of L_face is cut from, if it is another.
pub fn positive(choice: FacePositive) -> Option<Partner> {
    match choice {
        FacePositive::Own | FacePositive::Auto => None,
        FacePositive::Clip => Some(Partner::Clip),
        FacePositive::Person => Some(Partner::Person),
        FacePositive::Pairs => Some(Partner::Pairs),
    }
}

/// How the files of a data set belong together.
#[derive(Debug, Default)]
pub struct Kinship {
    /// Of items that are images, those of one folder or labelled clip.
    clips: Groups,
    /// Items that show one person.
    people: Groups,
    /// Of every listed file those it is listed with.
    pairs: HashMap<PathBuf, Vec<PathBuf>>,
    /// What the data offer for the choice `auto`.
    best: Option<Partner>,
}

impl Kinship {
    /// Reads the pairs, the labels or the tree, as far as the configuration needs it.
    ///
    /// # Errors
    /// If `pose.pairs` names a list that cannot be read or has a line without two files.
    pub fn of(root: &Path, reading: &Reading, cfg: &RunConfig) -> Result<Self, DataError> {
        let mut kinship = Self::default();
        match &reading.items {
            // They need no list.
            Items::Generated(_) => {
                kinship.best = Some(Partner::Pairs);
                return Ok(kinship);
            }
            // A video corpus tells its clips apart, a folder per person does not.
            Items::Folders(folders) => {
                kinship.people = Groups::by(folders.iter().map(|f| person(root, reading, f)));
                kinship.best = Some(match reading.people.is_empty() {
                    true => Partner::Person,
                    false => Partner::Clip,
                });
            }
            // The folder of RAF-DB holds everybody.
            Items::Files(_) if cfg.data.layout == Layout::Rafdb => {}
            Items::Files(files) => kinship.read_tree(root, reading, files),
        }
        if !cfg.pose.pairs.trim().is_empty() {
            let list = root.join(cfg.pose.pairs.trim());
            kinship.pairs = read_pairs(root, &list, &cfg.data.exclude)?;
            kinship.best = Some(Partner::Pairs);
        }
        Ok(kinship)
    }

    fn read_tree(&mut self, root: &Path, reading: &Reading, files: &[PathBuf]) {
        // A `labels.csv` that cannot be used is reported by the live measurement.
        let labels = labelled::read_labels(root).ok();
        let labels = labels.filter(|found| found.labels.iter().any(|row| row.identity.is_some()));
        let by_file: HashMap<PathBuf, _> = labels.as_ref().map_or_else(HashMap::new, |found| {
            let names = found.files.iter().map(|name| root.join(name));
            names.zip(&found.labels).collect()
        });
        let labelled = labels.is_some();
        let who = |file: &PathBuf| by_file.get(file).and_then(|row| row.identity);
        let clip = |file: &PathBuf| by_file.get(file).and_then(|row| row.clip);
        self.clips = Groups::by(files.iter().map(|file| match (who(file), clip(file)) {
            (None, _) if labelled => None,
            (_, clip @ Some(_)) => Some((clip, None, None)),
            (who, None) => folder(root, file).map(|folder| (None, who, Some(folder))),
        }));
        self.people = if labelled {
            Groups::by(files.iter().map(who))
        } else {
            Groups::by(files.iter().map(|file| person(root, reading, file)))
        };
        // Folders named after expressions are classes of many people.
        let classes = !labelled
            && files
                .iter()
                .filter_map(|f| folder(root, f)?.file_name()?.to_str())
                .all(is_expression);
        self.best = if classes {
            None
        } else if self.clips.larger_than_one() > 1 {
            Some(Partner::Clip)
        } else {
            (self.people.larger_than_one() > 1).then_some(Partner::Person)
        };
    }

    /// The best that the data offer, if they offer any other picture.
    pub fn best(&self) -> Option<Partner> {
        self.best
    }

    /// Why no picture of these items has such a partner, if that is known.
    pub fn refusal(&self, partner: Partner, items: &Items) -> Option<&'static str> {
        match (partner, items) {
            (_, Items::Generated(_)) => None,
            (Partner::Pairs, _) if self.pairs.is_empty() => {
                Some("the data have no pairs: name a list with two files per line in `pose.pairs`")
            }
            (Partner::Pairs, Items::Files(files)) => {
                let none = !files.iter().any(|file| self.pairs.contains_key(file));
                none.then_some("the list `pose.pairs` names none of the training faces")
            }
            (_, Items::Folders(_)) => None,
            (Partner::Clip, Items::Files(_)) => (self.clips.larger_than_one() == 0).then_some(
                "the data have no clips: the frames of each clip should lie in a folder of its own",
            ),
            (Partner::Person, Items::Files(_)) => (self.people.larger_than_one() == 0).then_some(
                "no two pictures are known to show one person: each person should have a folder, \
                 or `labels.csv` the column `identity`",
            ),
        }
    }

    /// A partner of the image `path`, which is (or comes from) `item`; `None` if it has none.
    ///
    /// # Errors
    /// The folder that cannot be read or holds no image.
    pub fn draw<R: Rng + ?Sized>(
        &self,
        partner: Partner,
        items: &Items,
        item: usize,
        path: &Path,
        rng: &mut R,
    ) -> Result<Option<PathBuf>, SkippedFile> {
        match (partner, items) {
            (Partner::Pairs, _) => Ok(self
                .pairs
                .get(path)
                .and_then(|with| any(with, rng))
                .cloned()),
            (Partner::Clip, Items::Files(files)) => {
                let others: Vec<_> = self.clips.others(item).collect();
                Ok(any(&others, rng).map(|&at| files[at as usize].clone()))
            }
            (Partner::Person, Items::Files(files)) => {
                let others: Vec<_> = self.people.others(item).collect();
                let elsewhere: Vec<_> = others
                    .iter()
                    .filter(|&&at| self.clips.differ(at, item))
                    .collect();
                let found = any(&elsewhere, rng).copied().or_else(|| any(&others, rng));
                Ok(found.map(|&at| files[at as usize].clone()))
            }
            (Partner::Clip, Items::Folders(_)) => sibling(path, rng),
            (Partner::Person, Items::Folders(folders)) => {
                let of_person = self.people.members(item);
                let mut of_clip = None;
                for _ in 0..CLIP_TRIES {
                    let Some(&at) = any(of_person, rng) else {
                        break;
                    };
                    let found = random_frame(&folders[at as usize], rng)?;
                    if found.parent() != path.parent() {
                        return Ok(Some(found));
                    }
                    of_clip = of_clip.or((found != path).then_some(found));
                }
                Ok(of_clip)
            }
            (_, Items::Generated(_)) => Ok(None),
        }
    }
}

/// The folder that stands for the person whom an item shows: one that the reader knows, or the
/// first below the data folder.
fn person(root: &Path, reading: &Reading, item: &Path) -> Option<PathBuf> {
    if !reading.people.is_empty() {
        let mut above = item.ancestors();
        return above
            .find(|folder| reading.people.contains(*folder))
            .map(PathBuf::from);
    }
    let mut below_root = item.strip_prefix(root).ok()?.components();
    let first = below_root.next()?;
    let alone = below_root.next().is_none() && matches!(reading.items, Items::Files(_));
    (!alone).then(|| root.join(first))
}

/// The folder of a file, unless it is the data folder itself.
fn folder<'a>(root: &Path, file: &'a Path) -> Option<&'a Path> {
    file.parent().filter(|&folder| folder != root)
}

fn is_expression(name: &str) -> bool {
    let name = labelled::expression(name);
    EXPRESSIONS.contains(&name.as_str())
}

/// Another image of the same folder.
fn sibling<R: Rng + ?Sized>(path: &Path, rng: &mut R) -> Result<Option<PathBuf>, SkippedFile> {
    let folder = path.parent().unwrap_or(path);
    let listing = Listing::read(folder).map_err(|error| unreadable(folder, &error))?;
    let own = path.file_name();
    let others: Vec<_> = listing
        .images
        .iter()
        .filter(|name| Some(name.as_os_str()) != own)
        .collect();
    Ok(any(&others, rng).map(|name| folder.join(name)))
}

/// Of every file of the list those that stand in a line with it. What training leaves out has no
/// part in a pair either.
fn read_pairs(
    root: &Path,
    list: &Path,
    exclude: &[String],
) -> Result<HashMap<PathBuf, Vec<PathBuf>>, DataError> {
    let excluded: Vec<_> = exclude
        .iter()
        .map(|place| entry_path(root, place))
        .collect();
    let is_excluded = |file: &PathBuf| excluded.iter().any(|place| file.starts_with(place));
    let mut pairs: HashMap<PathBuf, Vec<PathBuf>> = HashMap::new();
    for line in list_lines(list)? {
        let files: Vec<_> = line.split([',', '\t']).map(str::trim).collect();
        let &[a, b] = files.as_slice() else {
            return Err(DataError::NotAPair {
                line,
                list: list.into(),
            });
        };
        let files = [a, b].map(|entry| entry_path(root, entry));
        if files.iter().any(is_excluded) {
            continue;
        }
        let [a, b] = files;
        pairs.entry(a.clone()).or_default().push(b.clone());
        pairs.entry(b).or_default().push(a);
    }
    Ok(pairs)
}

fn any<'a, T, R: Rng + ?Sized>(of: &'a [T], rng: &mut R) -> Option<&'a T> {
    (!of.is_empty()).then(|| &of[below(rng, of.len())])
}

/// A picture beside the generated face `item`, which always has one.
pub fn generated_partner<R: Rng + ?Sized>(
    faces: &GeneratedFaces,
    partner: Partner,
    item: usize,
    rng: &mut R,
) -> FrameId {
    let mut other = |own: usize, of: usize| (own + 1 + below(rng, of - 1)) % of;
    let (identity, clip, frame) = GeneratedFaces::place(item);
    match partner {
        Partner::Clip => FrameId::Generated(faces.item(identity, clip, other(frame, FRAMES))),
        Partner::Person => {
            let clip = other(clip, CLIPS);
            FrameId::Generated(faces.item(identity, clip, below(rng, FRAMES)))
        }
        // Always the same pose, so that each face has to be drawn only once more.
        Partner::Pairs => {
            let draw = stream_seed(faces.seed(), "pose of", item as u64, 0);
            let steps = 1 + (draw % (faces.len() as u64 - 1)) as usize;
            FrameId::Turned {
                item,
                pose_of: (item + steps) % faces.len(),
            }
        }
    }
}

#[cfg(test)]
#[path = "partner_tests.rs"]
mod tests;
