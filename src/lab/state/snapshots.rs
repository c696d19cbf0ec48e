//! Grids of faces over time, in bounded memory.

use crate::train::ask::{Answer, FaceId, Question, Reply};
use crate::train::event::FaceGrid;

/// Snapshots of a kind never outnumber this. Eight faces take about a megabyte.
const MOST: usize = 64;

/// A grid with the faces it shows.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// Steps done.
    pub step: u64,
    /// The faces of the rows.
    pub faces: Vec<FaceId>,
    /// The pictures.
    pub grid: FaceGrid,
}

/// Grids over time, oldest first.
#[derive(Clone, Debug, Default)]
pub struct Snapshots {
    /// Reconstructions: rows are faces; see the grid's headings for the columns, which are fewer
    /// in those that the run's own record holds.
    pub reconstructions: Vec<Snapshot>,
    /// The swap matrix of the run's fixed faces, originals along both edges.
    pub swaps: Vec<Snapshot>,
}

impl Snapshots {
    /// A grid of the run's record, which shows the run's fixed faces.
    pub fn push(&mut self, grid: &FaceGrid, gallery: Vec<FaceId>) {
        let list = if grid.kind == "swap" {
            &mut self.swaps
        } else {
            &mut self.reconstructions
        };
        keep(
            list,
            Snapshot {
                step: grid.step,
                faces: gallery,
                grid: grid.clone(),
            },
        );
    }

    /// An answer, if it is a grid of reconstructions. One of a photo alone was asked for elsewhere.
    pub fn push_answer(&mut self, answer: &Answer) {
        if let (Question::Faces { faces }, Reply::Grid(grid)) = (&answer.question, &answer.reply)
            && faces.iter().any(|face| !face.is_photo())
        {
            keep(
                &mut self.reconstructions,
                Snapshot {
                    step: answer.step,
                    faces: faces.clone(),
                    grid: grid.clone(),
                },
            );
        }
    }
}

/// Adds a snapshot; the one of the same step with fewer columns gives way.
fn keep(list: &mut Vec<Snapshot>, new: Snapshot) {
    if let Some(last) = list.last_mut()
        && last.step == new.step
    {
        if new.grid.columns.len() >= last.grid.columns.len() {
            *last = new;
        }
        return;
    }
    list.push(new);
    if list.len() > MOST {
        // The one whose neighbours are nearest goes, so that all times stay about equally well
        // covered; the first and the newest stay.
        let gap = |at: &usize| list[at + 1].step.saturating_sub(list[at - 1].step);
        if let Some(at) = (1..list.len() - 1).min_by_key(gap) {
            list.remove(at);
        }
    }
}
