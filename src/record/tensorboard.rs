//! TensorBoard event files: TFRecord frames around hand-encoded protocol buffers.
//!
//! A frame is `length u64 | masked crc of length u32 | data | masked crc of data u32`, all little
//! endian; the data is a `tensorflow.Event` message.

use std::fs;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use super::files::{self, AppendFile};
use super::grid::png_size;
use crate::train::event::{FaceGrid, KnowledgeReport, StepReport};

/// Folder name inside a run folder.
pub const FOLDER: &str = "tensorboard";

/// A longer record is taken for damage rather than read; pictures stay far below.
const LONGEST_RECORD: u64 = 1 << 28;

/// Writes one event file; every process that works on a run has its own.
pub struct TensorBoard(AppendFile);

impl TensorBoard {
    /// A new event file for the run in `dir`. Earlier ones are cut behind step `resumed_at`;
    /// the outcome of that comes along.
    pub fn open(dir: &Path, resumed_at: u64) -> (Self, io::Result<()>) {
        let folder = dir.join(FOLDER);
        let cut = fs::create_dir_all(&folder).and_then(|()| cut_all(&folder, resumed_at));
        let seconds = wall_time_s() as u64;
        let path = folder.join(format!("events.out.tfevents.{seconds}.visage"));
        let version = frame(&event(0, |out| bytes_field(out, 3, b"brain.Event:2")));
        let make_folder = move |_: &Path| fs::create_dir_all(&folder);
        (Self(AppendFile::new(path, version, make_folder)), cut)
    }

    /// Writes the scalars of one step.
    pub fn step(&mut self, report: &StepReport) -> io::Result<()> {
        self.scalars(report.step, scalars(report))
    }

    /// Writes what each code knows, as `knows/<code>/<quantity>`.
    pub fn knowledge(&mut self, report: &KnowledgeReport) -> io::Result<()> {
        self.scalars(report.step, report.table.scalars().into_iter())
    }

    fn scalars(
        &mut self,
        step: u64,
        values: impl Iterator<Item = (impl AsRef<str>, f64)>,
    ) -> io::Result<()> {
        self.0.append(&frame(&event(step, |out| {
            message_field(out, 5, |summary| {
                for (tag, value) in values {
                    message_field(summary, 1, |entry| {
                        bytes_field(entry, 1, tag.as_ref().as_bytes());
                        entry.push(2 << 3 | 5);
                        entry.extend((value as f32).to_le_bytes());
                    });
                }
            });
        })))
    }

    /// Writes a grid, `png` being the encoded picture.
    pub fn image(&mut self, grid: &FaceGrid, png: &[u8]) -> io::Result<()> {
        let (width, height) = png_size(grid);
        self.0.append(&frame(&event(grid.step, |out| {
            message_field(out, 5, |summary| {
                message_field(summary, 1, |entry| {
                    bytes_field(entry, 1, format!("faces/{}", grid.kind).as_bytes());
                    message_field(entry, 4, |image| {
                        int_field(image, 1, u64::from(height));
                        int_field(image, 2, u64::from(width));
                        int_field(image, 3, 3); // RGB
                        bytes_field(image, 4, png);
                    });
                });
            });
        })))
    }
}

/// The numbers of a step that are there, grouped by what they tell.
fn scalars(report: &StepReport) -> impl Iterator<Item = (&'static str, f64)> {
    [
        ("loss/total", Some(report.total)),
        ("loss/dis", report.dis),
        ("loss/t1", report.t1),
        ("loss/t2", report.t2),
        ("loss/t3", report.t3),
        ("loss/t4", report.t4),
        ("loss/orth", report.orth),
        ("loss/face", report.face),
        ("loss/pose", report.pose),
        ("alpha/pose", Some(report.alpha_pose)),
        ("alpha/face", Some(report.alpha_face)),
        ("train/epoch", Some(f64::from(report.epoch))),
        ("train/lr", Some(report.lr)),
        ("train/grad_norm", Some(report.grad_norm)),
        ("train/images_per_s", Some(report.images_per_s)),
        ("train/step_ms", Some(report.step_ms)),
        ("train/wait_ms", Some(report.wait_ms)),
    ]
    .into_iter()
    .filter_map(|(tag, value)| Some((tag, value?)))
}

/// Cuts every event file of the folder behind `resumed_at`; files left without content go.
fn cut_all(folder: &Path, resumed_at: u64) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with("events.out.tfevents.") && name.ends_with(".visage") {
            cut(&path, resumed_at)?;
        }
    }
    Ok(())
}

/// Cuts one event file at its first damaged frame or step beyond `resumed_at`.
fn cut(path: &PathBuf, resumed_at: u64) -> io::Result<()> {
    let Some(file) = files::open_existing(path)? else {
        return Ok(());
    };
    let whole_bytes = file.metadata()?.len();
    let mut reader = BufReader::new(file);
    let mut kept_bytes = 0;
    let mut kept_steps = false;
    while let Some(data) = read_frame(&mut reader)? {
        let step = step_of(&data);
        if step > resumed_at {
            break;
        }
        kept_steps |= step > 0;
        kept_bytes += data.len() as u64 + 16;
    }
    if !kept_steps {
        fs::remove_file(path)
    } else if kept_bytes < whole_bytes {
        fs::OpenOptions::new()
            .write(true)
            .open(path)?
            .set_len(kept_bytes)
    } else {
        Ok(())
    }
}

/// The next record, or `None` at the end and at anything damaged.
fn read_frame(reader: &mut impl Read) -> io::Result<Option<Vec<u8>>> {
    let mut head = [0; 12];
    if !read_whole(reader, &mut head)? {
        return Ok(None);
    }
    let (length, length_crc) = head.split_at(8);
    let bytes = u64::from_le_bytes(length.try_into().unwrap_or_default());
    if length_crc != masked_crc(length).to_le_bytes() || bytes > LONGEST_RECORD {
        return Ok(None);
    }
    let mut data = vec![0; bytes as usize];
    let mut data_crc = [0; 4];
    let whole = read_whole(reader, &mut data)? && read_whole(reader, &mut data_crc)?;
    Ok((whole && data_crc == masked_crc(&data).to_le_bytes()).then_some(data))
}

/// `read_exact` that tells the end of the file from an error.
fn read_whole(reader: &mut impl Read, buffer: &mut [u8]) -> io::Result<bool> {
    match reader.read_exact(buffer) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}

/// The step of an encoded event as [`event`] lays it out: 9 bytes of time, then the step.
fn step_of(event: &[u8]) -> u64 {
    let mut step = 0;
    if event.get(9) == Some(&(2 << 3)) {
        for (index, byte) in event[10..].iter().take(10).enumerate() {
            step |= u64::from(byte & 0x7f) << (7 * index);
            if byte & 0x80 == 0 {
                break;
            }
        }
    }
    step
}

/// An event message: time, step, and what `body` adds.
fn event(step: u64, body: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut out = vec![1 << 3 | 1];
    out.extend(wall_time_s().to_le_bytes());
    int_field(&mut out, 2, step);
    body(&mut out);
    out
}

fn wall_time_s() -> f64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0.0, |since| since.as_secs_f64())
}

fn varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn int_field(out: &mut Vec<u8>, field: u8, value: u64) {
    out.push(field << 3);
    varint(out, value);
}

fn bytes_field(out: &mut Vec<u8>, field: u8, bytes: &[u8]) {
    out.push(field << 3 | 2);
    varint(out, bytes.len() as u64);
    out.extend(bytes);
}

fn message_field(out: &mut Vec<u8>, field: u8, body: impl FnOnce(&mut Vec<u8>)) {
    let mut message = Vec::new();
    body(&mut message);
    bytes_field(out, field, &message);
}

fn frame(data: &[u8]) -> Vec<u8> {
    let length = (data.len() as u64).to_le_bytes();
    let mut out = Vec::with_capacity(data.len() + 16);
    out.extend(length);
    out.extend(masked_crc(&length).to_le_bytes());
    out.extend(data);
    out.extend(masked_crc(data).to_le_bytes());
    out
}

/// CRC of a record, rotated and shifted so that a record holding its own CRC stays checkable.
fn masked_crc(bytes: &[u8]) -> u32 {
    crc32c(bytes).rotate_right(15).wrapping_add(0xa282_ead8)
}

/// CRC-32C (Castagnoli polynomial, reflected).
fn crc32c(bytes: &[u8]) -> u32 {
    const TABLE: [u32; 256] = {
        let mut table = [0; 256];
        let mut index = 0;
        while index < 256 {
            let mut crc = index as u32;
            let mut bit = 0;
            while bit < 8 {
                crc = (crc >> 1) ^ (0x82f6_3b78 * (crc & 1));
                bit += 1;
            }
            table[index] = crc;
            index += 1;
        }
        table
    };
    !bytes.iter().fold(!0, |crc, &byte| {
        (crc >> 8) ^ TABLE[((crc ^ u32::from(byte)) & 0xff) as usize]
    })
}

#[cfg(test)]
mod tests;
