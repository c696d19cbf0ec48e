//! Features on disk: computed once per network, picture list and preparation.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use memmap2::Mmap;
use sha2::{Digest, Sha256};
use tempfile::NamedTempFile;

use super::EvalError;
use super::rows::Rows;
use crate::data::labelled::Picture;

/// Older files go when all together pass this.
const LIMIT_BYTES: u64 = 64 << 30;

/// Features of many pictures, read from a memory map.
pub struct StoredFeatures {
    map: Mmap,
    rows: usize,
    cols: usize,
}

impl Rows for StoredFeatures {
    fn len(&self) -> usize {
        self.rows
    }
    fn dim(&self) -> usize {
        self.cols
    }
    fn row(&self, i: usize) -> &[f32] {
        let numbers: &[f32] = bytemuck::cast_slice(&self.map);
        &numbers[i * self.cols..(i + 1) * self.cols]
    }
}

/// What a feature file depends on.
pub struct FeatureKey(String);

impl FeatureKey {
    /// `words` say how the features are made: the hash of the weights, the feature, the
    /// preparation. Files count with name, size and time stamp, blocks with their content.
    pub fn new(words: &[&str], pictures: &[Picture]) -> Self {
        let mut hash = Sha256::new();
        for word in words {
            hash.update((word.len() as u64).to_le_bytes());
            hash.update(word);
        }
        let mut seen = HashSet::new();
        for picture in pictures {
            match picture {
                Picture::File(path) => {
                    hash.update(path.as_os_str().as_encoded_bytes());
                    if let Ok(meta) = fs::metadata(path) {
                        hash.update(meta.len().to_le_bytes());
                        let modified = meta.modified().ok();
                        hash.update(format!("{modified:?}"));
                    }
                }
                Picture::Block {
                    pixels,
                    offset,
                    width,
                    height,
                    order,
                } => {
                    if seen.insert(Arc::as_ptr(pixels)) {
                        hash.update(pixels);
                    }
                    hash.update(format!("{offset} {width} {height} {order:?}"));
                }
            }
        }
        Self(hash.finalize().iter().map(|b| format!("{b:02x}")).collect())
    }
}

/// The features of this key, made batch after batch by `make` if they are not on disk.
///
/// `make(first, count)` returns the rows `first .. first + count`; `progress` hears how many are
/// done.
///
/// # Errors
/// Those of `make`, and if the file cannot be written or mapped.
pub fn stored(
    folder: &Path,
    key: &FeatureKey,
    pictures: usize,
    batch: usize,
    mut make: impl FnMut(usize, usize) -> Result<Vec<f32>, EvalError>,
    progress: &mut dyn FnMut(usize),
) -> Result<StoredFeatures, EvalError> {
    let path = folder.join(format!("{}.f32", key.0));
    if !path.is_file() {
        let failed = |reason: String| EvalError::Write {
            path: path.clone(),
            reason,
        };
        fs::create_dir_all(folder).map_err(|error| failed(error.to_string()))?;
        // Removed by itself if anything goes wrong before it gets its name.
        let mut partial =
            NamedTempFile::new_in(folder).map_err(|error| failed(error.to_string()))?;
        for first in (0..pictures).step_by(batch) {
            let count = batch.min(pictures - first);
            let numbers = make(first, count)?;
            partial
                .write_all(bytemuck::cast_slice(&numbers))
                .map_err(|error| failed(error.to_string()))?;
            progress(first + count);
        }
        partial
            .persist(&path)
            .map_err(|error| failed(error.to_string()))?;
        prune(folder, &path);
    }
    progress(pictures);
    map(path, pictures)
}

fn map(path: PathBuf, rows: usize) -> Result<StoredFeatures, EvalError> {
    let failed = |reason: String| EvalError::Write {
        path: path.clone(),
        reason,
    };
    let file = File::open(&path).map_err(|error| failed(error.to_string()))?;
    let bytes = file
        .metadata()
        .map_err(|error| failed(error.to_string()))?
        .len() as usize;
    if rows == 0 || bytes == 0 || !bytes.is_multiple_of(4 * rows) {
        return Err(failed(
            "the features stored there are damaged; remove the file".into(),
        ));
    }
    // SAFETY: the file is complete and is never written again under this name.
    let map = unsafe { Mmap::map(&file) }.map_err(|error| failed(error.to_string()))?;
    Ok(StoredFeatures {
        map,
        rows,
        cols: bytes / 4 / rows,
    })
}

/// Removes the oldest feature files beyond the limit. What cannot be removed stays.
fn prune(folder: &Path, newest: &Path) {
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    let mut files: Vec<_> = entries
        .flatten()
        .filter(|entry| entry.path() != newest)
        .filter_map(|entry| {
            let meta = entry.metadata().ok()?;
            Some((meta.modified().ok()?, meta.len(), entry.path()))
        })
        .collect();
    files.sort();
    let mut total: u64 = files.iter().map(|(_, bytes, _)| bytes).sum();
    for (_, bytes, path) in files {
        if total <= LIMIT_BYTES {
            return;
        }
        if fs::remove_file(path).is_ok() {
            total -= bytes;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn features_are_made_once() {
        let dir = tempfile::tempdir().unwrap();
        let key = FeatureKey::new(&["weights", "F_s"], &[]);
        let mut made = 0;
        let mut get = || {
            let make = |first: usize, count: usize| {
                made += count;
                Ok((first..first + count)
                    .flat_map(|i| [i as f32, 0.5])
                    .collect())
            };
            stored(dir.path(), &key, 5, 2, make, &mut |_| {}).unwrap()
        };
        let first = get();
        assert_eq!(
            (first.len(), first.dim(), first.row(4)),
            (5, 2, &[4.0, 0.5][..])
        );
        assert_eq!(get().row(1), &[1.0, 0.5]);
        assert_eq!(made, 5);
    }

    #[test]
    fn a_failure_leaves_nothing_behind() {
        let dir = tempfile::tempdir().unwrap();
        let key = FeatureKey::new(&["x"], &[]);
        let fail = |_, _| Err(EvalError::TooLittle("no".into()));
        assert!(stored(dir.path(), &key, 3, 2, fail, &mut |_| {}).is_err());
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
    }

    #[test]
    fn the_key_follows_words_pictures_and_pixels() {
        let block = |pixels: &[u8]| Picture::Block {
            pixels: pixels.into(),
            offset: 0,
            width: 1,
            height: 1,
            order: crate::data::labelled::ChannelOrder::Gray,
        };
        let key = |words: &[&str], pixels| FeatureKey::new(words, &[block(pixels)]).0;
        let base = key(&["a", "b"], &[1]);
        assert_eq!(base, key(&["a", "b"], &[1]));
        assert_ne!(base, key(&["ab", ""], &[1]));
        assert_ne!(base, key(&["a", "b"], &[2]));
    }
}
