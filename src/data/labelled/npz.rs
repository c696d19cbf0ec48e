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
mod tests {
    use std::io::Write;

    use ndarray::{Array, Array2, Array3, ShapeBuilder};
    use ndarray_npy::NpzWriter;
    use zip::write::SimpleFileOptions;

    use super::*;

    fn sentence<T>(result: Result<T, LabelledError>) -> String {
        result.err().expect("it must be refused").to_string()
    }

    fn write(path: &Path, images: &Array4<u8>, poses: &Array2<f64>) {
        let mut npz = NpzWriter::new_compressed(File::create(path).unwrap());
        npz.add_array("image", images).unwrap();
        npz.add_array("pose", poses).unwrap();
        npz.finish().unwrap();
    }

    /// An archive of one member with these bytes.
    fn archive(path: &Path, name: &str, bytes: &[u8]) {
        let mut zip = zip::ZipWriter::new(File::create(path).unwrap());
        zip.start_file(name, SimpleFileOptions::default()).unwrap();
        zip.write_all(bytes).unwrap();
        zip.finish().unwrap();
    }

    fn npy(header: &str, data: usize) -> Vec<u8> {
        let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
        bytes.extend((header.len() as u16 + 1).to_le_bytes());
        bytes.extend(header.bytes());
        bytes.push(b'\n');
        bytes.extend(std::iter::repeat_n(0, data));
        bytes
    }

    #[test]
    fn pictures_in_both_memory_orders() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.npz");
        let value =
            |(n, y, x, c): (usize, usize, usize, usize)| (100 * n + 10 * y + 3 * x + c) as u8;
        for shape in [(2, 8, 9, 3).set_f(false), (2, 8, 9, 3).set_f(true)] {
            write(
                &path,
                &Array::from_shape_fn(shape, value),
                &Array2::zeros((2, 3)),
            );
            let pictures = Npz::open(&path).unwrap().pictures().unwrap();
            assert_eq!(pictures.len(), 2);
            let picture = pictures[1].load(160).unwrap();
            assert_eq!(picture.dimensions(), (9, 8));
            // Blue is stored first.
            let at = |c| value((1, 4, 5, c));
            assert_eq!(picture.get_pixel(5, 4).0, [at(2), at(1), at(0)]);
        }
        assert_eq!(Npz::open(&path).unwrap().poses().unwrap(), [[0.0; 3]; 2]);
    }

    #[test]
    fn wrong_keys_types_and_shapes() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("b.npz");
        let mut npz = NpzWriter::new(File::create(&path).unwrap());
        npz.add_array("images", &Array4::<u8>::zeros((1, 8, 8, 3)))
            .unwrap();
        npz.add_array("pose", &Array2::<i32>::zeros((1, 3)))
            .unwrap();
        npz.add_array("image", &Array3::<u8>::zeros((1, 8, 8)))
            .unwrap();
        npz.finish().unwrap();
        let mut npz = Npz::open(&path).unwrap();
        assert!(sentence(npz.poses()).contains("float32 or float64"));
        assert!(sentence(npz.pictures()).contains("[1, 8, 8]"));
        archive(&path, "images.npy", b"");
        let keys = sentence(Npz::open(&path).unwrap().pictures());
        assert!(
            keys.contains("[\"images\"]") && keys.ends_with("b.npz"),
            "{keys}"
        );

        write(&path, &Array4::zeros((1, 7, 8, 3)), &Array2::zeros((1, 2)));
        assert!(sentence(Npz::open(&path).unwrap().pictures()).contains("7"));
        assert!(sentence(Npz::open(&path).unwrap().poses()).contains("[1, 2]"));
        write(&path, &Array4::zeros((0, 8, 8, 3)), &Array2::zeros((0, 3)));
        assert!(Npz::open(&path).unwrap().pictures().unwrap().is_empty());
    }

    #[test]
    fn bombs_and_lies() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("bomb.npz");
        write(
            &path,
            &Array4::zeros((500, 64, 64, 3)),
            &Array2::zeros((500, 3)),
        );
        let bomb = sentence(Npz::open(&path).unwrap().pictures());
        assert!(bomb.contains("zip bomb"), "{bomb}");
        // Small arrays may be as repetitive as they like.
        assert_eq!(Npz::open(&path).unwrap().poses().unwrap().len(), 500);

        for shape in [
            "(99999999999, 64, 64, 3)",
            "(18446744073709551615, 18446744073709551615, 64, 3)",
            "(1, 8, 8, 3)",
        ] {
            let header = format!("{{'descr': '|u1', 'fortran_order': False, 'shape': {shape}, }}");
            archive(&path, "image.npy", &npy(&header, 100));
            let lie = sentence(Npz::open(&path).unwrap().pictures());
            assert!(lie.contains("does not fit"), "{lie}");
        }
        for (header, data) in [
            ("(".repeat(480), 0),
            ("(".repeat(60_000), 0),
            (String::new(), 9),
        ] {
            archive(&path, "image.npy", &npy(&header, data));
            sentence(Npz::open(&path).unwrap().pictures());
        }
        // Version 2 with a header of 4 GiB, and hardly a header at all.
        archive(&path, "image.npy", b"\x93NUMPY\x02\x00\xff\xff\xff\xff{}");
        assert!(sentence(Npz::open(&path).unwrap().pictures()).contains("header of"));
        archive(&path, "image.npy", b"\x93NUM");
        assert!(sentence(Npz::open(&path).unwrap().pictures()).contains("too short"));
    }

    #[test]
    fn cut_and_changed_files() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("c.npz");
        let noise = Array::from_shape_fn((3, 16, 16, 3), |(n, y, x, c)| {
            (n * 7 + y * 31 + x * 57 + c * 91) as u8
        });
        write(&path, &noise, &Array2::zeros((3, 3)));
        let whole = std::fs::read(&path).unwrap();
        for cut in [
            0,
            1,
            10,
            100,
            whole.len() / 2,
            whole.len() - 30,
            whole.len() - 1,
        ] {
            std::fs::write(&path, &whole[..cut]).unwrap();
            let read = Npz::open(&path).and_then(|mut npz| npz.pictures());
            assert!(sentence(read).ends_with("c.npz"), "cut at {cut}");
        }
        for at in 0..whole.len() {
            let mut changed = whole.clone();
            changed[at] ^= 0x55;
            std::fs::write(&path, &changed).unwrap();
            // Either outcome is right, as long as it is no panic.
            let _ = Npz::open(&path).and_then(|mut npz| npz.pictures().and(npz.poses()));
        }
    }
}
