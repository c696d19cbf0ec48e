//! Writes generated faces to disk in the layout of a reference data set (METHODS 2.1–2.5, 2.9).
//!
//! ```text
//!  layout ──▶ Plan: which picture goes where, and the data set's own lists ──▶ Studio draws
//!                                                    │                            │
//!                                                    ▼                            ▼
//!                                lists, then labels.csv (last)      JPEG files, csv or npz blocks
//! ```
//!
//! Every layout gets a `labels.csv` with the truth besides its own lists. Whatever a layout splits
//! (train and test, folds) it splits by person. Seed and arguments determine every byte.

mod bu3dfe;
mod cplfw;
mod disfa;
mod error;
mod fer2013;
mod files;
mod labels;
mod layout;
mod lfw;
mod pairs;
mod plan;
mod rafdb;
mod sheet;
#[cfg(test)]
mod tests;
mod vox;
mod w300lp;

use std::path::Path;

pub use error::ExportError;
pub use layout::ExportLayout;
pub use sheet::{SHEET_PEOPLE, contact_sheet};

use super::GeneratedFaces;
use plan::{Plan, Studio};

/// Most people of one export: 5.6 million pictures.
pub const MOST_IDENTITIES: usize = 100_000;
/// Sides the renderer is made for, in pixels.
const SIDES_PX: std::ops::RangeInclusive<u32> = 64..=256;

/// A data set of generated faces that can be written.
#[derive(Clone, Copy, Debug)]
pub struct Export {
    layout: ExportLayout,
    faces: GeneratedFaces,
    side_px: u32,
}

impl Export {
    /// `identities` people drawn from `seed`, in pictures of `side_px` pixels a side (64–256), by
    /// default the side the reference data set has.
    ///
    /// # Errors
    /// If there are too few people to fill every split of the layout, or more than
    /// [`MOST_IDENTITIES`]; if the side is out of range, or the layout prescribes another.
    pub fn new(
        layout: ExportLayout,
        identities: usize,
        seed: u64,
        side_px: Option<u32>,
    ) -> Result<Self, ExportError> {
        let (fewest, reason) = layout.fewest_identities();
        if identities < fewest {
            return Err(ExportError::TooFew {
                layout,
                given: identities,
                fewest,
                reason,
            });
        }
        if identities > MOST_IDENTITIES {
            return Err(ExportError::TooMany(identities));
        }
        let usual = layout.side_px();
        match side_px {
            Some(side) if layout.prescribes_side() && side != usual => {
                return Err(ExportError::PrescribedSide { layout, usual });
            }
            Some(side) if !layout.prescribes_side() && !SIDES_PX.contains(&side) => {
                return Err(ExportError::Side(side));
            }
            _ => {}
        }
        Ok(Self {
            layout,
            faces: GeneratedFaces::new(seed, identities),
            side_px: side_px.unwrap_or(usual),
        })
    }

    /// Number of pictures that will be drawn.
    pub fn pictures(&self) -> usize {
        self.faces.len()
    }

    /// Writes everything below `out`, which is created if missing; `labels.csv` comes last, so a
    /// folder that has it is complete. Calls `drawn` after every picture, from several threads.
    ///
    /// # Errors
    /// If `out` is not an empty folder, if something cannot be written, or if people and seed leave
    /// a fold of `cplfw` without pairs.
    pub fn write(&self, out: &Path, drawn: &(dyn Fn() + Sync)) -> Result<(), ExportError> {
        files::empty_folder(out)?;
        let plan = self.plan()?;
        for list in &plan.lists {
            files::write(&out.join(&list.file), list.text.as_bytes())?;
        }
        let studio = Studio::new(self.faces, self.side_px, drawn);
        match self.layout {
            ExportLayout::Fer2013 => fer2013::write(&studio, &plan.shots, out)?,
            ExportLayout::W300Lp => w300lp::write(&studio, &plan.shots, out)?,
            _ => files::write_pictures(&studio, &plan.shots, out)?,
        }
        labels::write(&self.faces, &plan.shots, out)
    }

    fn plan(&self) -> Result<Plan, ExportError> {
        let faces = &self.faces;
        Ok(match self.layout {
            ExportLayout::Vox => vox::clips(faces),
            ExportLayout::Folder => vox::folder(faces),
            ExportLayout::Rafdb => rafdb::plan(faces),
            ExportLayout::Fer2013 => fer2013::plan(faces),
            ExportLayout::Lfw => lfw::plan(faces)?,
            ExportLayout::Cplfw => cplfw::plan(faces)?,
            ExportLayout::Disfa => disfa::plan(faces),
            ExportLayout::W300Lp => w300lp::plan(faces),
            ExportLayout::Bu3dfe => bu3dfe::plan(faces),
        })
    }
}
