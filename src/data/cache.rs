//! The frame cache: every image is decoded once, then read as bytes from a memory map.
//!
//! ```text
//! fetch(key) ── in memory? ── in a mapped segment, checksum right? ── else decode, append, return
//! ```
//!
//! A frame whose file changed has another key, so it is simply never found again. Losing the
//! cache, or not being able to write it, costs time and nothing else.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use image::RgbImage;
use memmap2::Mmap;

use super::segment::{
    Entry, FrameKey, FrameMap, MAX_SEGMENTS, SegmentWriter, pixel_path, read_entries,
};

/// Disk space one data set may take; frames beyond it are decoded on every visit.
const DISK_LIMIT_BYTES: u64 = 32 << 30;
/// Memory for frames that cannot be written.
const MEMORY_LIMIT_BYTES: usize = 512 << 20;

/// A decoded frame, shared and cheap to clone.
#[derive(Clone, Debug)]
pub struct Frame {
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    pixels: Pixels,
}

#[derive(Clone, Debug)]
enum Pixels {
    Owned(Arc<[u8]>),
    Mapped {
        map: Arc<Mmap>,
        start: usize,
        len: usize,
    },
}

impl Frame {
    /// The pixels: RGB, interleaved, row-major.
    pub fn rgb(&self) -> &[u8] {
        match &self.pixels {
            Pixels::Owned(bytes) => bytes,
            Pixels::Mapped { map, start, len } => &map[*start..*start + *len],
        }
    }
}

impl From<RgbImage> for Frame {
    fn from(image: RgbImage) -> Self {
        let (width, height) = image.dimensions();
        Self {
            width,
            height,
            pixels: Pixels::Owned(image.into_raw().into()),
        }
    }
}

/// The place for cache folders if the user names none: `$VISAGE_CACHE`, the platform's cache
/// folder, or the folder for temporary files.
pub fn default_cache_folder() -> PathBuf {
    let var = |name: &str| {
        std::env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    var("VISAGE_CACHE")
        .or_else(|| {
            var("XDG_CACHE_HOME")
                .or_else(|| var("LOCALAPPDATA"))
                .map(|base| base.join("visage"))
        })
        .or_else(|| var("HOME").map(|home| home.join(".cache").join("visage")))
        .unwrap_or_else(|| std::env::temp_dir().join("visage"))
}

/// The decoded frames of one data set, for many threads and many processes.
#[derive(Debug)]
pub struct FrameCache {
    folder: PathBuf,
    index: RwLock<Index>,
    writer: Mutex<Option<SegmentWriter>>,
    warning: Mutex<Option<String>>,
}

#[derive(Debug, Default)]
struct Index {
    records: FrameMap<Record>,
    /// Maps of the pixel files, by segment number.
    maps: [Option<Arc<Mmap>>; MAX_SEGMENTS],
    disk_bytes: u64,
    memory: FrameMap<Frame>,
    memory_bytes: usize,
}

#[derive(Debug)]
struct Record {
    segment: usize,
    entry: Entry,
    /// The checksum was compared once; a mapped file does not change afterwards.
    verified: AtomicBool,
}

/// What became of a look-up.
enum Found {
    Frame(Frame),
    /// The record lies beyond the current map of this segment, which has grown.
    Beyond(usize),
    /// The record is there, its pixels are not what they should be.
    Damaged,
    Absent,
}

impl FrameCache {
    /// Opens or creates the cache in `folder` (see [`FaceSource::cache_folder`]). A folder that
    /// cannot be used leaves a warning and a cache in memory.
    ///
    /// [`FaceSource::cache_folder`]: super::FaceSource::cache_folder
    pub fn open(folder: &Path) -> Self {
        let mut index = Index::default();
        let (writer, warning) = match SegmentWriter::acquire(folder) {
            Ok(writer) => (Some(writer), None),
            Err(error) => (None, Some(unwritable(folder, &error))),
        };
        for segment in 0..MAX_SEGMENTS {
            let (entries, bytes) = read_entries(folder, segment);
            index.disk_bytes += bytes;
            index.records.reserve(entries.len());
            index.records.extend(
                entries
                    .into_iter()
                    .map(|entry| (entry.key, Record::new(segment, entry))),
            );
        }
        Self {
            folder: folder.into(),
            index: RwLock::new(index),
            writer: Mutex::new(writer),
            warning: Mutex::new(warning),
        }
    }

    /// Frames known so far.
    pub fn len(&self) -> usize {
        let index = self.read();
        index.records.len() + index.memory.len()
    }

    /// Whether no frame is known yet.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The sentence about a cache that cannot be written, once.
    pub fn take_warning(&self) -> Option<String> {
        lock(&self.warning).take()
    }

    /// The frame of this key, made by `decode` if it is not there yet.
    ///
    /// # Errors
    /// Those of `decode`; the cache itself never fails.
    pub fn fetch<E>(
        &self,
        key: FrameKey,
        decode: impl FnOnce() -> Result<RgbImage, E>,
    ) -> Result<Frame, E> {
        match self.find(key) {
            Some(frame) => Ok(frame),
            None => decode().map(|image| self.insert(key, image.into())),
        }
    }

    fn find(&self, key: FrameKey) -> Option<Frame> {
        let mut found = self.read().find(key);
        if let Found::Beyond(segment) = found {
            let map = self.map(segment);
            let mut index = self.write();
            index.maps[segment] = map;
            found = index.find(key);
        }
        match found {
            Found::Frame(frame) => Some(frame),
            Found::Absent => None,
            Found::Damaged | Found::Beyond(_) => {
                self.write().records.remove(&key);
                None
            }
        }
    }

    fn map(&self, segment: usize) -> Option<Arc<Mmap>> {
        let file = File::open(pixel_path(&self.folder, segment)).ok()?;
        // SAFETY: pixel files only grow; no process of this program rewrites or shortens one, so
        // the mapped bytes do not change while they are borrowed.
        unsafe { Mmap::map(&file) }.ok().map(Arc::new)
    }

    fn insert(&self, key: FrameKey, frame: Frame) -> Frame {
        let mut writer = lock(&self.writer);
        {
            // Another thread may have been faster.
            let index = self.read();
            if index.records.contains_key(&key) || index.memory.contains_key(&key) {
                return frame;
            }
        }
        if let Some(segment) = writer.as_mut() {
            if self.read().disk_bytes >= DISK_LIMIT_BYTES {
                return frame;
            }
            match segment.append(key, frame.width, frame.height, frame.rgb()) {
                Ok(entry) => {
                    let record = Record::new(segment.number, entry);
                    let mut index = self.write();
                    index.disk_bytes += entry.bytes();
                    index.records.insert(key, record);
                    return frame;
                }
                Err(error) => {
                    *writer = None;
                    *lock(&self.warning) = Some(unwritable(&self.folder, &error));
                }
            }
        }
        let mut index = self.write();
        if index.memory_bytes + frame.rgb().len() <= MEMORY_LIMIT_BYTES {
            index.memory_bytes += frame.rgb().len();
            index.memory.insert(key, frame.clone());
        }
        frame
    }

    // No operation leaves the maps half-changed, so a panic elsewhere does not spoil them.
    fn read(&self) -> RwLockReadGuard<'_, Index> {
        self.index.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Index> {
        self.index.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Index {
    fn find(&self, key: FrameKey) -> Found {
        if let Some(frame) = self.memory.get(&key) {
            return Found::Frame(frame.clone());
        }
        let Some(Record {
            segment,
            entry,
            verified,
        }) = self.records.get(&key)
        else {
            return Found::Absent;
        };
        let (Ok(start), Ok(len)) = (
            usize::try_from(entry.offset),
            usize::try_from(entry.bytes()),
        ) else {
            return Found::Damaged; // more than this machine can address
        };
        let Some(map) = self.maps[*segment]
            .as_ref()
            .filter(|map| start + len <= map.len())
        else {
            return Found::Beyond(*segment);
        };
        if !verified.load(Ordering::Relaxed) {
            if crc32fast::hash(&map[start..start + len]) != entry.crc {
                return Found::Damaged;
            }
            verified.store(true, Ordering::Relaxed);
        }
        let pixels = Pixels::Mapped {
            map: Arc::clone(map),
            start,
            len,
        };
        Found::Frame(Frame {
            width: entry.width,
            height: entry.height,
            pixels,
        })
    }
}

impl Record {
    fn new(segment: usize, entry: Entry) -> Self {
        Self {
            segment,
            entry,
            verified: AtomicBool::new(false),
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn unwritable(folder: &Path, error: &io::Error) -> String {
    format!(
        "decoded frames cannot be kept on disk ({error}), so images are decoded again and training may wait for data; \
         free some space or set VISAGE_CACHE to a writable folder instead of {}",
        folder.display()
    )
}

#[cfg(test)]
#[path = "cache_tests.rs"]
mod tests;
