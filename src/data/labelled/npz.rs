//! Arrays of an npz file (a zip archive of npy files), sized up before anything is allocated.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ndarray::{Array4, ArrayD};
use ndarray_npy::npy::header::Header;
use ndarray_npy::{ReadNpyExt, ReadableElement};
use zip::ZipArchive;

use super::error::LabelledError;
use super::picture::{ChannelOrder, Picture};
use crate::data::decode::{MAX_SIDE_PX, MIN_SIDE_PX};

/// Largest array, in bytes.
const MAX_BYTES: u64 = 8 << 30;
/// Arrays up to this size may be packed as tightly as they like: a thousand equal poses are no bomb.
const SMALL_BYTES: u64 = 1 << 20;
/// Highest ratio of an array's size to its packed size.
const MAX_RATIO: u64 = 200;
/// Longest npy header; NumPy's have 128 bytes for arrays of few axes.
const MAX_HEADER_BYTES: u64 = 512;

/// An open npz file.
pub struct Npz {
    path: PathBuf,
    archive: ZipArchive<BufReader<File>>,
    /// Length of the file.
    bytes: u64,
}

/// What a member of the archive says it is, checked against its size.
struct Member {
    index: usize,
    /// As NumPy writes it, e.g. `<f4`.
    dtype: String,
    shape: Vec<usize>,
}

impl Npz {
    /// Opens the archive; no array is read.
    ///
    /// # Errors
    /// If it cannot be read or is no zip archive.
    pub fn open(path: &Path) -> Result<Self, LabelledError> {
        let unreadable = |error: std::io::Error| LabelledError::Unreadable {
            path: path.into(),
            reason: error.to_string(),
        };
        let file = File::open(path).map_err(unreadable)?;
        let bytes = file.metadata().map_err(unreadable)?.len();
        let archive = ZipArchive::new(BufReader::new(file)).map_err(|error| {
            LabelledError::file(path, format!("it is damaged or no npz file ({error})"))
        })?;
        Ok(Self {
            path: path.into(),
            archive,
            bytes,
        })
    }

    /// The pictures of key `image`: n × height × width × 3 bytes, blue first.
    ///
    /// # Errors
    /// If the key is missing, or its type, shape or size is another one.
    pub fn pictures(&mut self) -> Result<Vec<Picture>, LabelledError> {
        let member = self.member("image")?;
        let sides = MIN_SIDE_PX as usize..=MAX_SIDE_PX as usize;
        let (width, height) = match member.shape[..] {
            [_, height, width, 3] if sides.contains(&width) && sides.contains(&height) => {
                (width, height)
            }
            _ => {
                let what = format!(
                    "image has the shape {:?}; it must be pictures × height × width × 3, as \
                     n × 64 × 64 × 3",
                    member.shape
                );
                return Err(LabelledError::file(&self.path, what));
            }
        };
        if !["|u1", "u1", "B"].contains(&member.dtype.as_str()) {
            return Err(self.wrong_dtype("image", &member, "uint8"));
        }
        let array: ArrayD<u8> = self.read(&member, "image")?;
        let array: Array4<u8> = array
            .into_dimensionality()
            .map_err(|error| LabelledError::file(&self.path, format!("image: {error}")))?;
        let array = if array.is_standard_layout() {
            array
        } else {
            array.as_standard_layout().into_owned()
        };
        let pixels: Arc<[u8]> = array.into_raw_vec_and_offset().0.into();
        let bytes = width * height * 3;
        Ok((0..pixels.len() / bytes)
            .map(|row| Picture::Block {
                pixels: Arc::clone(&pixels),
                offset: row * bytes,
                width: width as u32,
                height: height as u32,
                order: ChannelOrder::Bgr,
            })
            .collect())
    }

    /// The rows of key `pose`: yaw, pitch and roll in degrees.
    ///
    /// # Errors
    /// If the key is missing, or its type, shape or size is another one.
    pub fn poses(&mut self) -> Result<Vec<[f32; 3]>, LabelledError> {
        let member = self.member("pose")?;
        if !matches!(member.shape[..], [_, 3]) {
            let what = format!(
                "pose has the shape {:?}; it must be pictures × 3, yaw, pitch and roll in degrees",
                member.shape
            );
            return Err(LabelledError::file(&self.path, what));
        }
        let numbers: Vec<f32> = match member.dtype.as_str() {
            "<f4" | ">f4" => self.read::<f32>(&member, "pose")?.into_iter().collect(),
            "<f8" | ">f8" => {
                let wide = self.read::<f64>(&member, "pose")?;
                wide.into_iter().map(|angle| angle as f32).collect()
            }
            _ => return Err(self.wrong_dtype("pose", &member, "float32 or float64")),
        };
        let (rows, _) = numbers.as_chunks::<3>();
        Ok(rows.to_vec())
    }

    /// Sizes up the array `key` from what the archive and the npy header declare.
    fn member(&mut self, key: &str) -> Result<Member, LabelledError> {
        let path = self.path.clone();
        let wrong = |what: String| LabelledError::file(&path, format!("{key} {what}"));
        let damaged = |error: &dyn std::fmt::Display| {
            wrong(format!("is damaged or of an unknown kind ({error})"))
        };
        let Some(index) = self.archive.index_for_name(&format!("{key}.npy")) else {
            let mut keys: Vec<_> = self
                .archive
                .file_names()
                .map(|name| name.strip_suffix(".npy").unwrap_or(name))
                .collect();
            keys.sort_unstable();
            keys.truncate(10);
            let what = format!("is not among its keys {keys:?}; image and pose are needed");
            return Err(wrong(what));
        };
        let member = self
            .archive
            .by_index(index)
            .map_err(|error| damaged(&error))?;
        let (declared, packed) = (member.size(), member.compressed_size());
        if packed > self.bytes {
            return Err(wrong("ends beyond the end of the file".into()));
        }
        if declared > MAX_BYTES {
            return Err(wrong(format!(
                "declares {declared} bytes, beyond the limit of 8 GiB"
            )));
        }
        if declared > SMALL_BYTES && declared > packed.saturating_mul(MAX_RATIO) {
            return Err(wrong(format!(
                "unpacks from {packed} to {declared} bytes, beyond the limit of {MAX_RATIO} to 1: \
                 a zip bomb"
            )));
        }
        let mut start = Vec::new();
        member
            .take(MAX_HEADER_BYTES)
            .read_to_end(&mut start)
            .map_err(|error| damaged(&error))?;
        // A longer header would be allocated whole, and parsed with a stack as deep as its brackets.
        let header_bytes = match start[..] {
            [_, _, _, _, _, _, 1, _, low, high, ..] => {
                10 + u64::from(u16::from_le_bytes([low, high]))
            }
            [_, _, _, _, _, _, _, _, a, b, c, d, ..] => {
                12 + u64::from(u32::from_le_bytes([a, b, c, d]))
            }
            _ => return Err(wrong("is no npy array: it is too short".into())),
        };
        if header_bytes > MAX_HEADER_BYTES {
            return Err(wrong(format!(
                "has a header of {header_bytes} bytes; it is no plain array"
            )));
        }
        let header = Header::from_reader(&mut &start[..]).map_err(|error| damaged(&error))?;
        let dtype = header.type_descriptor.to_string();
        let dtype = dtype.trim_matches('\'').to_string();
        let item_bytes = dtype.trim_start_matches(['|', '<', '>', '=']).get(1..);
        let item_bytes = item_bytes
            .and_then(|digits| digits.parse().ok())
            .unwrap_or(1);
        let described = header
            .shape
            .iter()
            .try_fold(item_bytes, |product: u64, &side| {
                product.checked_mul(side as u64)
            })
            .and_then(|bytes| bytes.checked_add(header_bytes));
        if described != Some(declared) {
            return Err(wrong(format!(
                "has the shape {:?} of {dtype}, which does not fit the {declared} bytes stored",
                header.shape
            )));
        }
        Ok(Member {
            index,
            dtype,
            shape: header.shape,
        })
    }

    fn read<T: ReadableElement>(
        &mut self,
        member: &Member,
        key: &str,
    ) -> Result<ArrayD<T>, LabelledError> {
        let damaged = |error: &dyn std::fmt::Display| {
            LabelledError::file(&self.path, format!("{key} is damaged ({error})"))
        };
        let data = self
            .archive
            .by_index(member.index)
            .map_err(|error| damaged(&error))?;
        ArrayD::read_npy(BufReader::new(data)).map_err(|error| damaged(&error))
    }

    fn wrong_dtype(&self, key: &str, member: &Member, wanted: &str) -> LabelledError {
        let what = format!("{key} has the type {}; it must be {wanted}", member.dtype);
        LabelledError::file(&self.path, what)
    }
}

#[cfg(test)]
#[path = "npz_tests.rs"]
mod tests;
