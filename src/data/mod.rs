//! The data room: from a folder of faces to what a training step needs.
//!
//! ```text
//!  folder / list / generated          visits, in seeded order              one training step
//!  ┌────────────────────────┐   ┌─────────────────────────────────┐   ┌────────────────────────┐
//!  │ folder  vox  casia     │   │ sampler: which items            │   │ StepBatch              │
//!  │ lists (RAF-DB, BU-3DFE)├──▶│ pick:    which frame of an item ├──▶│  arena: RGB frames     │
//!  │ generated              │   │ partner: one beside it          │   │  views: drawn by       │
//!  └───────────┬────────────┘   │ cache:   its pixels ◀─ decode   │   │         `augment`      │
//!              │                └───────────────┬─────────────────┘   │                        │
//!              └──────── skipped (csv) ◀────────┘                     └───────────┬────────────┘
//!                                                                     loader, 2–3 steps ahead
//! ```
//!
//! Evaluation has its own door: [`labelled`] reads `labels.csv` and the reference data sets.
//!
//! Only folders are listed up front; no image is opened before a step needs it. Everything about
//! step k is a function of the configuration, the data set and k.

mod cache;
mod casia;
mod decode;
mod error;
mod folder;
pub mod generated;
mod groups;
mod jpeg;
pub mod labelled;
mod listing;
mod lists;
mod loader;
mod partner;
mod reading;
mod sampler;
mod segment;
mod settle;
mod sizes;
mod skipped;
mod slot;
mod source;
mod step;
pub mod video;
mod vox;

use std::path::{Path, PathBuf};

pub use cache::{Frame, FrameCache, default_cache_folder};
pub use decode::{DecodeError, decode, decode_file};
pub use error::DataError;
pub use listing::EXTENSIONS;
pub use loader::Loader;
pub use partner::Partner;
pub use sampler::{Stream, indices, steps_per_epoch};
pub use segment::FrameKey;
pub use settle::settle;
pub use sizes::StreamSizes;
pub use skipped::{Skipped, SkippedFile, append_csv, spelled};
pub use source::{Census, FaceSource, FrameId};
pub use step::{StepBatch, StepBuilder};

use crate::config::{Layout, RunConfig};

/// Opens the training faces: a folder in the layout of `[data]`, or generated faces for `None`.
///
/// # Errors
/// If the folder or list is missing, unreadable or leads to no image, or `data.strict` is set and
/// an entry had to be passed over.
pub fn open(data: Option<&Path>, cfg: &RunConfig) -> Result<FaceSource, DataError> {
    let Some(root) = data else {
        return FaceSource::generated(cfg.seed, cfg.data.people, cfg.data.cache_px)
            .with_partners(cfg);
    };
    check_folder(root)?;
    let list = |layout| match cfg.data.list.trim() {
        "" => Err(DataError::ListNeeded {
            layout,
            path: root.into(),
        }),
        list => Ok(root.join(list)),
    };
    let reading = match cfg.data.layout {
        Layout::Auto if cfg.data.list.trim().is_empty() => folder::read(root),
        Layout::Folder => folder::read(root),
        Layout::Auto | Layout::Vox => vox::read(root, &list("vox")?, cfg.vox.unit),
        Layout::Casia => casia::read(root),
        Layout::Rafdb => lists::read_rafdb(root, &list("rafdb")?),
        Layout::Bu3dfe => lists::read_bu3dfe(root, &list("bu3dfe")?),
    }?;
    let reading = reading.without(root, &cfg.data.exclude)?;
    match reading.skipped.first() {
        Some(first) if cfg.data.strict => Err(DataError::Strict {
            path: first.file.clone(),
            reason: first.reason.clone(),
        }),
        _ => FaceSource::from_reading(root, reading, cfg.data.cache_px).with_partners(cfg),
    }
}

/// Every image below a folder, at any depth, in sorted order, and what cannot be read.
///
/// # Errors
/// If the folder is missing or unreadable, or holds no image.
pub fn pictures_below(root: &Path) -> Result<(Vec<PathBuf>, Vec<SkippedFile>), DataError> {
    check_folder(root)?;
    let (images, skipped) = listing::images_below(root);
    if images.is_empty() {
        return Err(DataError::no_image(root, &skipped));
    }
    Ok((images, skipped))
}

fn check_folder(root: &Path) -> Result<(), DataError> {
    match std::fs::read_dir(root) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            Err(DataError::Missing(root.into()))
        }
        Err(_) if root.is_file() => Err(DataError::NotAFolder(root.into())),
        Err(error) => Err(DataError::Unreadable {
            path: root.into(),
            reason: error.to_string(),
        }),
    }
}

#[cfg(test)]
mod tests;
