//! 300W-LP and AFLW2000 as the npz files of the reference reader (METHODS 2.4): `image`, n×64×64×3
//! bytes in the order blue, green, red, and `pose`, n×3 degrees in the order yaw, pitch, roll.

use std::fs::File;
use std::path::Path;

use ndarray::{Array2, Array4};
use ndarray_npy::{NpzWriter, WriteNpzError};
use rayon::prelude::*;

use super::ExportError;
use super::plan::{Plan, Shot, Studio, shots};
use crate::data::generated::GeneratedFaces;

/// Two files for training, then the test.
const BLOCKS: [&str; 3] = ["AFW.npz", "HELEN.npz", "AFLW2000.npz"];

/// The last fifth of the people are the test, a third of the others are in the smaller file.
pub fn plan(faces: &GeneratedFaces) -> Plan {
    let people = faces.identities();
    let trained = people - (people / 5).max(1);
    let ends = [(trained / 3).max(1), trained, people];
    let starts = [0, ends[0], ends[1]];
    let mut all = Vec::with_capacity(faces.len());
    for (block, (start, end)) in BLOCKS.iter().zip(starts.into_iter().zip(ends)) {
        let mut row = 0..;
        all.extend(shots(faces, start..end, |_, _, _| {
            format!("{block}#{}", row.next().unwrap_or(0))
        }));
    }
    Plan {
        shots: all,
        lists: Vec::new(),
    }
}

/// Draws and writes the files, one after the other.
pub fn write(studio: &Studio, shots: &[Shot], out: &Path) -> Result<(), ExportError> {
    for block in shots.chunk_by(|a, b| block_of(a) == block_of(b)) {
        let path = out.join(block_of(&block[0]));
        let file = File::create(&path).map_err(ExportError::unwritable(&path))?;
        write_block(studio, block, file).map_err(ExportError::unwritable(&path))?;
    }
    Ok(())
}

fn block_of(shot: &Shot) -> &str {
    shot.file.split('#').next().unwrap_or_default()
}

fn write_block(studio: &Studio, shots: &[Shot], file: File) -> Result<(), WriteNpzError> {
    let side = studio.side_px as usize;
    let mut images = Array4::<u8>::zeros((shots.len(), side, side, 3));
    let mut poses = Array2::<f32>::zeros((shots.len(), 3));
    // Both arrays are in standard order.
    if let Some(bytes) = images.as_slice_mut() {
        bytes
            .par_chunks_exact_mut(side * side * 3)
            .zip(shots)
            .for_each(|(bytes, shot)| {
                let picture = studio.picture(shot);
                for (bgr, rgb) in bytes.chunks_exact_mut(3).zip(picture.pixels()) {
                    bgr.copy_from_slice(&[rgb[2], rgb[1], rgb[0]]);
                }
            });
    }
    for (mut pose, shot) in poses.rows_mut().into_iter().zip(shots) {
        let truth = shot.truth(&studio.faces);
        pose[0] = truth.yaw_deg;
        pose[1] = truth.pitch_deg;
        pose[2] = truth.roll_deg;
    }
    let mut archive = NpzWriter::new_compressed(file);
    archive.add_array("image", &images)?;
    archive.add_array("pose", &poses)?;
    archive.finish()?;
    Ok(())
}
