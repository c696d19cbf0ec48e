//! The files of the frame cache. A segment is a pair that only ever grows:
//!
//! ```text
//! 0.rgb   pixels of one frame after the other
//! 0.idx   40 bytes per frame: key, offset, width, height, CRC of the pixels, CRC of the entry
//! 0.lock  held by the one process that appends
//! ```
//!
//! Pixels are written before their entry, so a frame that is named is whole; the checksums catch
//! what a power failure or a full disk left half-done. Processes never wait for each other: one
//! that finds a segment locked appends to the next.

use std::collections::HashMap;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::hash::{BuildHasherDefault, Hash, Hasher};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::rng::stream_seed;

/// Processes that can append at the same time; a further one works without writing.
pub const MAX_SEGMENTS: usize = 32;
const ENTRY_BYTES: usize = 40;

/// What a cached frame was made from: a 128-bit hash of name, size, time and settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameKey([u64; 2]);

impl Hash for FrameKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.0[0]);
    }
}

/// A map by frame. Keys are hashes already, and hashing a million of them once more is what opening
/// a large cache would spend its time on.
pub type FrameMap<T> = HashMap<FrameKey, T, BuildHasherDefault<AsItIs>>;

/// Takes half of a key for its hash.
#[derive(Clone, Copy, Debug, Default)]
pub struct AsItIs(u64);

impl Hasher for AsItIs {
    fn write_u64(&mut self, half: u64) {
        self.0 = half;
    }

    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(byte);
        }
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

impl FrameKey {
    /// Hashes a name and the numbers that go with it (size, time stamp, working size).
    pub fn new(name: &[u8], numbers: &[u64]) -> Self {
        let words = name.chunks(8).map(|chunk| {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            u64::from_le_bytes(word)
        });
        let lane = |seed: u64| {
            words
                .clone()
                .chain([name.len() as u64])
                .chain(numbers.iter().copied())
                .fold(seed, |hash, word| stream_seed(hash, "frame", word, 0))
        };
        Self([lane(1), lane(2)])
    }
}

/// Where a cached frame lies in its segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// What it was made from.
    pub key: FrameKey,
    /// First byte in the pixel file.
    pub offset: u64,
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// CRC-32 of the pixels.
    pub crc: u32,
}

impl Entry {
    /// Number of pixel bytes.
    pub fn bytes(&self) -> u64 {
        u64::from(self.width) * u64::from(self.height) * 3
    }

    fn encode(&self) -> [u8; ENTRY_BYTES] {
        let mut out = [0; ENTRY_BYTES];
        out[0..8].copy_from_slice(&self.key.0[0].to_le_bytes());
        out[8..16].copy_from_slice(&self.key.0[1].to_le_bytes());
        out[16..24].copy_from_slice(&self.offset.to_le_bytes());
        out[24..28].copy_from_slice(&self.width.to_le_bytes());
        out[28..32].copy_from_slice(&self.height.to_le_bytes());
        out[32..36].copy_from_slice(&self.crc.to_le_bytes());
        let check = crc32fast::hash(&out[..36]);
        out[36..40].copy_from_slice(&check.to_le_bytes());
        out
    }

    /// The entry, unless its own checksum is wrong.
    fn decode(bytes: &[u8; ENTRY_BYTES]) -> Option<Self> {
        let word = |at: usize| {
            u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
        };
        let long = |at: usize| u64::from(word(at)) | u64::from(word(at + 4)) << 32;
        (crc32fast::hash(&bytes[..36]) == word(36)).then(|| Self {
            key: FrameKey([long(0), long(8)]),
            offset: long(16),
            width: word(24),
            height: word(28),
            crc: word(32),
        })
    }
}

/// The pixel file of a segment.
pub fn pixel_path(folder: &Path, number: usize) -> PathBuf {
    folder.join(format!("{number}.rgb"))
}

fn index_path(folder: &Path, number: usize) -> PathBuf {
    folder.join(format!("{number}.idx"))
}

/// The entries of a segment whose checksum is right and whose pixels lie inside the pixel file,
/// and the length of that file. A segment that does not exist has none.
pub fn read_entries(folder: &Path, number: usize) -> (Vec<Entry>, u64) {
    let pixel_bytes = fs::metadata(pixel_path(folder, number)).map_or(0, |meta| meta.len());
    let index = fs::read(index_path(folder, number)).unwrap_or_default();
    let (entries, _torn) = index.as_chunks::<ENTRY_BYTES>();
    let inside = |entry: &Entry| {
        entry
            .offset
            .checked_add(entry.bytes())
            .is_some_and(|end| end <= pixel_bytes)
    };
    (
        entries
            .iter()
            .filter_map(Entry::decode)
            .filter(inside)
            .collect(),
        pixel_bytes,
    )
}

/// The right to append to one segment, held until it is dropped or the process ends.
#[derive(Debug)]
pub struct SegmentWriter {
    /// Number of the segment.
    pub number: usize,
    pixels: File,
    index: File,
    end: u64,
    _lock: File,
}

impl SegmentWriter {
    /// Takes the first segment nobody else is appending to, making the folder if needed.
    ///
    /// # Errors
    /// If the folder is not writable, or every segment is taken.
    pub fn acquire(folder: &Path) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        for number in 0..MAX_SEGMENTS {
            let lock = OpenOptions::new()
                .create(true)
                .truncate(false)
                .write(true)
                .open(folder.join(format!("{number}.lock")))?;
            match lock.try_lock() {
                Ok(()) => return Self::open(folder, number, lock),
                Err(TryLockError::WouldBlock) => {}
                Err(TryLockError::Error(error)) => return Err(error),
            }
        }
        Err(io::Error::other(format!(
            "all {MAX_SEGMENTS} segments are in use"
        )))
    }

    fn open(folder: &Path, number: usize, lock: File) -> io::Result<Self> {
        let append = |path: PathBuf| OpenOptions::new().create(true).append(true).open(path);
        let (pixels, index) = (
            append(pixel_path(folder, number))?,
            append(index_path(folder, number))?,
        );
        let end = pixels.metadata()?.len();
        // An interrupted append may have left part of an entry, which would shift all later ones.
        let whole = index.metadata()?.len() / ENTRY_BYTES as u64 * ENTRY_BYTES as u64;
        index.set_len(whole)?;
        Ok(Self {
            number,
            pixels,
            index,
            end,
            _lock: lock,
        })
    }

    /// Appends a frame (RGB, row-major) and returns its entry.
    ///
    /// # Errors
    /// If the disk is full or fails; the writer must not be used afterwards.
    pub fn append(
        &mut self,
        key: FrameKey,
        width: u32,
        height: u32,
        rgb: &[u8],
    ) -> io::Result<Entry> {
        let entry = Entry {
            key,
            offset: self.end,
            width,
            height,
            crc: crc32fast::hash(rgb),
        };
        self.pixels.write_all(rgb)?;
        self.end += rgb.len() as u64;
        self.index.write_all(&entry.encode())?;
        Ok(entry)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(name: &str) -> FrameKey {
        FrameKey::new(name.as_bytes(), &[])
    }

    #[test]
    fn keys_depend_on_every_part() {
        let base = FrameKey::new(b"person/1.jpg", &[10, 20, 160]);
        assert_eq!(base, FrameKey::new(b"person/1.jpg", &[10, 20, 160]));
        for other in [
            FrameKey::new(b"person/2.jpg", &[10, 20, 160]),
            FrameKey::new(b"person/1.jpg", &[11, 20, 160]),
            FrameKey::new(b"person/1.jpg", &[20, 10, 160]),
            FrameKey::new(b"person/1.jpg\0", &[10, 20, 160]),
        ] {
            assert_ne!(base, other);
            assert_ne!(base.0[0], other.0[0]);
            assert_ne!(base.0[1], other.0[1]);
        }
    }

    #[test]
    fn a_later_process_goes_on_in_the_same_segment_and_a_parallel_one_in_the_next() {
        let dir = tempfile::tempdir().unwrap();
        let mut first = SegmentWriter::acquire(dir.path()).unwrap();
        let mut second = SegmentWriter::acquire(dir.path()).unwrap();
        assert_eq!((first.number, second.number), (0, 1));
        first.append(key("a"), 2, 1, &[1; 6]).unwrap();
        second.append(key("b"), 1, 1, &[2; 3]).unwrap();
        drop(first);
        let mut third = SegmentWriter::acquire(dir.path()).unwrap();
        assert_eq!(third.number, 0);
        third.append(key("c"), 1, 2, &[3; 6]).unwrap();
        let (entries, bytes) = read_entries(dir.path(), 0);
        assert_eq!(bytes, 12);
        assert_eq!(
            entries
                .iter()
                .map(|e| (e.key, e.offset))
                .collect::<Vec<_>>(),
            [(key("a"), 0), (key("c"), 6)]
        );
    }

    #[test]
    fn torn_and_damaged_entries_are_left_out() {
        let dir = tempfile::tempdir().unwrap();
        let mut writer = SegmentWriter::acquire(dir.path()).unwrap();
        for name in ["a", "b", "c"] {
            writer.append(key(name), 1, 1, &[9; 3]).unwrap();
        }
        drop(writer);
        let index = index_path(dir.path(), 0);
        let mut bytes = fs::read(&index).unwrap();
        bytes[ENTRY_BYTES + 20] ^= 1; // damage b
        bytes.truncate(3 * ENTRY_BYTES - 7); // tear c
        fs::write(&index, &bytes).unwrap();
        assert_eq!(read_entries(dir.path(), 0).0.len(), 1);

        let mut writer = SegmentWriter::acquire(dir.path()).unwrap();
        writer.append(key("d"), 1, 1, &[8; 3]).unwrap();
        let keys: Vec<_> = read_entries(dir.path(), 0)
            .0
            .iter()
            .map(|e| e.key)
            .collect();
        assert_eq!(keys, [key("a"), key("d")]);

        fs::write(pixel_path(dir.path(), 0), [9; 4]).unwrap();
        let keys: Vec<_> = read_entries(dir.path(), 0)
            .0
            .iter()
            .map(|e| e.key)
            .collect();
        assert_eq!(keys, [key("a")], "pixels beyond the end of the file");
    }
}
