//! The faces a run trains on: items, each of which yields one frame per visit.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::UNIX_EPOCH;

use image::RgbImage;
use rand::Rng;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::decode::{DecodeError, MIN_SIDE_PX, decode_file};
use super::error::DataError;
use super::generated::GeneratedFaces;
use super::listing::unreadable_kinds;
use super::partner::{Kinship, Partner, generated_partner};
use super::reading::{Items, Reading};
use super::segment::FrameKey;
use super::settle::wants_partners;
use super::skipped::{Skipped, SkippedFile};
use super::vox::random_frame;
use crate::config::RunConfig;
use crate::rng::stream_seed;

/// Changes whenever the same file would decode to other pixels, so that old caches are left alone.
const DECODER_VERSION: u64 = 3;

/// Generated pictures follow `data.cache_px` in this range only: the renderer's smallest side, and
/// that of a tight video crop, which draws in a third of the time 160 px takes.
const MIN_GENERATED_PX: u32 = 64;
const MAX_GENERATED_PX: u32 = 96;

/// One frame of one item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FrameId {
    /// An image file.
    File(PathBuf),
    /// A generated face, by number.
    Generated(usize),
    /// The generated face `item` in the pose of the face `pose_of`.
    Turned {
        /// Number of the face.
        item: usize,
        /// Number of the one that lends its yaw, pitch and roll.
        pose_of: usize,
    },
}

/// What a data set consists of, to tell whether it is still the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Census {
    /// Number of items.
    pub items: u64,
    /// Hash of their names, in hexadecimal.
    pub names: String,
}

/// A data set that is ready to be visited.
#[derive(Debug)]
pub struct FaceSource {
    root: PathBuf,
    reading: Reading,
    /// Longest side of a frame in pixels.
    cache_px: u32,
    /// Seed of generated faces; 0 for files.
    seed: u64,
    skipped: Arc<Skipped>,
    /// How many files of which kinds no decoder at hand can read, in words.
    unreadable_kinds: Option<String>,
    kinship: Kinship,
    /// Visits of a picture that had no partner.
    alone: AtomicU64,
}

impl FaceSource {
    /// A data set read from `root`, its frames at most `cache_px` pixels a side.
    pub fn from_reading(root: &Path, mut reading: Reading, cache_px: u32) -> Self {
        let skipped = Skipped::default();
        let unreadable_kinds = unreadable_kinds(&reading.skipped);
        reading
            .skipped
            .drain(..)
            .for_each(|entry| skipped.record(&entry));
        Self {
            root: root.into(),
            reading,
            cache_px: cache_px.max(MIN_SIDE_PX),
            seed: 0,
            skipped: Arc::new(skipped),
            unreadable_kinds,
            kinship: Kinship::default(),
            alone: AtomicU64::new(0),
        }
    }

    /// Finds out what belongs together, if the configuration wants other pictures beside a frame.
    ///
    /// # Errors
    /// If `pose.pairs` names a list that cannot be used.
    pub(super) fn with_partners(mut self, cfg: &RunConfig) -> Result<Self, DataError> {
        if wants_partners(cfg) {
            self.kinship = Kinship::of(&self.root, &self.reading, cfg)?;
        }
        Ok(self)
    }

    /// `identities` generated people, the same for the same seed.
    pub fn generated(seed: u64, identities: usize, cache_px: u32) -> Self {
        let side_px = cache_px.clamp(MIN_GENERATED_PX, MAX_GENERATED_PX);
        let faces = GeneratedFaces::new(seed, identities);
        let reading = Reading {
            items: Items::Generated(faces),
            noun: "pictures",
            skipped: Vec::new(),
            people: HashSet::new(),
        };
        Self {
            seed,
            ..Self::from_reading(Path::new("generated"), reading, side_px)
        }
    }

    /// Number of items; at least one.
    pub fn len(&self) -> usize {
        match &self.reading.items {
            Items::Files(paths) | Items::Folders(paths) => paths.len(),
            Items::Generated(faces) => faces.len(),
        }
    }

    /// Whether there is no item; never true for a source that [`open`](super::open) returned.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The data folder as the user gave it, or `generated`.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// What was passed over so far, while reading the folder and while training.
    pub fn skipped(&self) -> &Skipped {
        &self.skipped
    }

    /// How many files of which kinds cannot be read, in words; `None` if all can.
    pub fn unreadable_kinds(&self) -> Option<&str> {
        self.unreadable_kinds.as_deref()
    }

    /// What the items are: their number, and a hash of their names below the data folder, or of what
    /// generated faces depend on.
    pub fn census(&self) -> Census {
        let mut hash = Sha256::new();
        match &self.reading.items {
            Items::Generated(faces) => hash.update(format!("{} {}", self.seed, faces.identities())),
            Items::Files(paths) | Items::Folders(paths) => {
                for path in paths {
                    let name = path.strip_prefix(&self.root).unwrap_or(path).as_os_str();
                    hash.update((name.len() as u64).to_le_bytes());
                    hash.update(name.as_encoded_bytes());
                }
            }
        }
        Census {
            items: self.len() as u64,
            names: hash.finalize()[..8]
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect(),
        }
    }

    /// In words: "1,860 images in pointing04".
    pub fn describe(&self) -> String {
        let count = with_thousands(self.len());
        match &self.reading.items {
            Items::Generated(faces) => format!(
                "{count} generated faces of {} people",
                with_thousands(faces.identities())
            ),
            _ => format!("{count} {} in {}", self.reading.noun, self.name()),
        }
    }

    /// Last part of the data folder's full path.
    fn name(&self) -> String {
        let full = fs::canonicalize(&self.root).unwrap_or_else(|_| self.root.clone());
        full.file_name().map_or_else(
            || full.display().to_string(),
            |name| name.to_string_lossy().into_owned(),
        )
    }

    /// Where this data set's cache belongs below `base`: the folder's name and a hash of its full
    /// path.
    pub fn cache_folder(&self, base: &Path) -> PathBuf {
        let full = fs::canonicalize(&self.root).unwrap_or_else(|_| self.root.clone());
        let hash = full
            .as_os_str()
            .as_encoded_bytes()
            .iter()
            .fold(self.seed, |hash, &byte| {
                stream_seed(hash, "cache folder", u64::from(byte), 0)
            });
        base.join(format!("{}-{hash:016x}", self.name()))
    }

    /// The frame this visit of an item gets; a random one if the item is a folder.
    ///
    /// # Errors
    /// The folder that cannot be read or holds no image.
    pub fn pick<R: Rng + ?Sized>(&self, item: usize, rng: &mut R) -> Result<FrameId, SkippedFile> {
        match &self.reading.items {
            Items::Files(files) => Ok(FrameId::File(files[item].clone())),
            Items::Folders(folders) => random_frame(&folders[item], rng).map(FrameId::File),
            Items::Generated(_) => Ok(FrameId::Generated(item)),
        }
    }

    /// Whether the faces are generated.
    pub(super) fn is_generated(&self) -> bool {
        matches!(self.reading.items, Items::Generated(_))
    }

    /// What the data offer for the choice `auto`; `None` if pictures do not belong together.
    pub(super) fn best_partner(&self) -> Option<Partner> {
        self.kinship.best()
    }

    /// Checks that some pictures have such a partner, as far as that can be known beforehand.
    ///
    /// # Errors
    /// [`DataError::NoPartner`] with the key that asks for it.
    pub(super) fn check_partner(
        &self,
        key: &'static str,
        partner: Partner,
    ) -> Result<(), DataError> {
        match self.kinship.refusal(partner, &self.reading.items) {
            None => Ok(()),
            Some(reason) => Err(DataError::NoPartner {
                key,
                partner,
                reason,
                instead: if key == "face.positive" {
                    "own"
                } else {
                    "flip"
                },
                root: self.root.clone(),
            }),
        }
    }

    /// A picture that may stand beside the frame that a visit of `item` got; `None` if it has none,
    /// which is counted.
    ///
    /// # Errors
    /// The folder that cannot be read or holds no image.
    pub fn partner<R: Rng + ?Sized>(
        &self,
        partner: Partner,
        item: usize,
        frame: &FrameId,
        rng: &mut R,
    ) -> Result<Option<FrameId>, SkippedFile> {
        let found = match (frame, &self.reading.items) {
            (_, Items::Generated(faces)) => Some(generated_partner(faces, partner, item, rng)),
            (FrameId::File(path), items) => {
                let found = self.kinship.draw(partner, items, item, path, rng)?;
                found.map(FrameId::File)
            }
            _ => None,
        };
        if found.is_none() {
            self.alone.fetch_add(1, Ordering::Relaxed);
        }
        Ok(found)
    }

    /// Visits so far of a picture that had no partner.
    pub fn alone(&self) -> u64 {
        self.alone.load(Ordering::Relaxed)
    }

    /// What the frame's pixels depend on: its name below the data folder, the file's size and time
    /// stamps, and the working size.
    ///
    /// # Errors
    /// If the file has vanished or cannot be looked at.
    pub fn key(&self, frame: &FrameId) -> Result<FrameKey, DecodeError> {
        let settings = [u64::from(self.cache_px), DECODER_VERSION];
        match frame {
            FrameId::File(path) => {
                let meta = fs::metadata(path)
                    .map_err(|error| DecodeError::Unreadable(error.to_string()))?;
                let modified = meta
                    .modified()
                    .ok()
                    .and_then(|time| time.duration_since(UNIX_EPOCH).ok())
                    .unwrap_or_default();
                let name: &OsStr = path.strip_prefix(&self.root).unwrap_or(path).as_os_str();
                let stamp = [
                    meta.len(),
                    modified.as_secs(),
                    u64::from(modified.subsec_nanos()),
                    changed_at(&meta),
                ];
                Ok(FrameKey::new(
                    name.as_encoded_bytes(),
                    &[stamp.as_slice(), &settings].concat(),
                ))
            }
            // The faces may look different in another version of the program.
            FrameId::Generated(item) => {
                let face = [self.seed, *item as u64, self.len() as u64];
                Ok(FrameKey::new(
                    concat!("generated ", env!("CARGO_PKG_VERSION")).as_bytes(),
                    &[face.as_slice(), &settings].concat(),
                ))
            }
            FrameId::Turned { item, pose_of } => {
                let face = [self.seed, *item as u64, *pose_of as u64];
                Ok(FrameKey::new(
                    concat!("turned ", env!("CARGO_PKG_VERSION")).as_bytes(),
                    &[face.as_slice(), &settings].concat(),
                ))
            }
        }
    }

    /// The frame's pixels, upright, RGB, its longest side at most `data.cache_px`.
    ///
    /// # Errors
    /// Why the file is unusable.
    pub fn decode(&self, frame: &FrameId) -> Result<RgbImage, DecodeError> {
        match (frame, &self.reading.items) {
            (FrameId::File(path), _) => decode_file(path, self.cache_px),
            (FrameId::Generated(item), Items::Generated(faces)) => {
                Ok(faces.render(*item, self.cache_px))
            }
            (&FrameId::Turned { item, pose_of }, Items::Generated(faces)) => {
                Ok(faces.render_turned(item, pose_of, self.cache_px))
            }
            (FrameId::Generated(_) | FrameId::Turned { .. }, _) => Err(DecodeError::NotAnImage),
        }
    }

    /// The path of a frame, for messages.
    pub fn path_of(&self, frame: &FrameId) -> PathBuf {
        match frame {
            FrameId::File(path) => path.clone(),
            FrameId::Generated(item) | FrameId::Turned { item, .. } => {
                self.root.join(item.to_string())
            }
        }
    }

    /// Longest side of a frame in pixels.
    pub fn cache_px(&self) -> u32 {
        self.cache_px
    }
}

/// When the file was last changed in any way, in nanoseconds: a copy may keep the time of its content,
/// but not this one. 0 where the system does not say.
#[cfg(unix)]
fn changed_at(meta: &fs::Metadata) -> u64 {
    use std::os::unix::fs::MetadataExt;
    (meta.ctime() as u64)
        .wrapping_mul(1_000_000_000)
        .wrapping_add(meta.ctime_nsec() as u64)
}

#[cfg(not(unix))]
fn changed_at(_: &fs::Metadata) -> u64 {
    0
}

/// 1234567 → "1,234,567".
fn with_thousands(number: usize) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
impl FaceSource {
    /// The paths of all items.
    pub(super) fn item_paths(&self) -> &[PathBuf] {
        match &self.reading.items {
            Items::Files(paths) | Items::Folders(paths) => paths,
            Items::Generated(_) => &[],
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::*;

    #[test]
    fn thousands() {
        let words = [1, 999, 1000, 1860, 1_234_567].map(with_thousands);
        assert_eq!(words, ["1", "999", "1,000", "1,860", "1,234,567"]);
    }

    #[test]
    fn keys_follow_the_file_not_where_the_folder_is_named_from() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.png");
        fs::write(&path, b"one").unwrap();
        let source = |root: &Path, cache_px| {
            FaceSource::from_reading(
                root,
                Reading::files(vec![root.join("a.png")], "images", vec![]),
                cache_px,
            )
        };
        let id = |root: &Path| FrameId::File(root.join("a.png"));
        let base = source(dir.path(), 160).key(&id(dir.path())).unwrap();
        let dotted = dir.path().join(".");
        assert_eq!(base, source(&dotted, 160).key(&id(&dotted)).unwrap());
        assert_eq!(
            source(dir.path(), 160).cache_folder(Path::new("")),
            source(&dotted, 160).cache_folder(Path::new(""))
        );
        assert_ne!(base, source(dir.path(), 96).key(&id(dir.path())).unwrap());

        let file = fs::File::options().write(true).open(&path).unwrap();
        file.set_modified(SystemTime::now() + Duration::from_secs(5))
            .unwrap();
        let touched = source(dir.path(), 160).key(&id(dir.path())).unwrap();
        assert_ne!(base, touched);
        fs::remove_file(&path).unwrap();
        assert!(matches!(
            source(dir.path(), 160).key(&id(dir.path())),
            Err(DecodeError::Unreadable(_))
        ));
    }
}
