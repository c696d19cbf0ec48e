//! Faces with labels: one's own `labels.csv`, and the data sets of the evaluation protocols in
//! their usual layouts (METHODS 2.1–2.6, 2.9).
//!
//! ```text
//!  labels.csv                                        ── read_labels ──────▶ Labelled
//!  one sub-folder per person                ── read_people_folders ────────▶ Labelled
//!  RAF-DB, FER-2013 (csv, folders, lists), labels.csv ─ read_fer ─────────▶ ClassTask
//!  BU-3DFE lists                                     ── read_pose_classes ▶ ClassTask
//!  LFW pairs.txt, CPLFW (two forms)                  ── read_pairs ───────▶ PairSet
//!  DISFA label files, or fold lists                  ── read_disfa ───────▶ AuSet
//!  300W-LP and AFLW2000 npz                          ── read_pose ────────▶ Split<PoseSet>
//! ```
//!
//! Readers look no further than labels and file names: no image is decoded before
//! [`Picture::load`]. A label that leads nowhere, or parts that share a person, are errors.

mod bu3dfe;
mod class_folders;
mod disfa;
mod error;
mod fer;
mod fer2013;
mod finder;
mod labels_csv;
mod left_out;
mod npz;
mod pairs;
mod people_folders;
mod picture;
mod pose_npz;
mod rafdb;
mod table;
mod task;
mod text;
mod words;

use std::path::Path;

pub use bu3dfe::read_pose_classes;
pub use class_folders::FerLayout;
pub use disfa::{AuSet, read_disfa};
pub use error::LabelledError;
pub use fer::read_fer;
pub use labels_csv::{FaceLabel, Labelled, read_labels};
pub use left_out::{LeftOut, unusable};
pub use pairs::{Pair, PairSet, read_pairs};
pub use people_folders::read_people_folders;
pub use picture::{ChannelOrder, Picture};
pub use pose_npz::{PoseSet, read_pose};
pub use task::{ClassSet, ClassTask, FerTest, Split};
pub use words::{EXPRESSIONS, expression};

fn check_folder(root: &Path) -> Result<(), LabelledError> {
    if root.is_dir() {
        Ok(())
    } else {
        Err(LabelledError::NoFolder(root.into()))
    }
}
