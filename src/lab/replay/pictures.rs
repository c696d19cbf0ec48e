//! The pixels of grids: read when they are needed, kept while they may be needed again.

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::Arc;

use rayon::iter::{IntoParallelIterator, ParallelIterator};

use super::events::Timed;
use super::read::Record;
use crate::record::grid;
use crate::train::event::{Event, FaceGrid};

/// Grids whose pixels are kept; what is on the screen stays in any case. Eight faces take about
/// a megabyte.
const MOST_KEPT: usize = 192;
/// Grids that are looked into for the faces of a run.
const TRIES: usize = 5;

/// Pixels of a grid by its place among the events, or why there are none.
pub(super) type Pixels = HashMap<usize, Result<Arc<Vec<u8>>, String>>;

/// The pixels that were read so far.
#[derive(Debug, Default)]
pub(super) struct Pictures {
    read: Pixels,
}

impl Pictures {
    /// The pixels of these grids, read at once where they have not been read before.
    pub fn get(&mut self, record: &Record, wanted: &[usize]) -> Pixels {
        let new: Vec<usize> = wanted
            .iter()
            .copied()
            .filter(|at| !self.read.contains_key(at))
            .collect();
        let new: Pixels = new
            .into_par_iter()
            .filter_map(|at| Some((at, pixels(record, at)?)))
            .collect();
        if self.read.len() + new.len() > MOST_KEPT {
            self.read.retain(|at, _| wanted.contains(at));
        }
        self.read.extend(new);
        wanted
            .iter()
            .filter_map(|at| Some((*at, self.read.get(at)?.clone())))
            .collect()
    }
}

fn pixels(record: &Record, at: usize) -> Option<Result<Arc<Vec<u8>>, String>> {
    let grid = grid_of(&record.others.get(at)?.event)?;
    Some(if grid.pixels.is_empty() {
        read(&record.dir, grid).map(Arc::new)
    } else {
        Ok(grid.pixels.clone())
    })
}

/// The grid an event brings.
pub(super) fn grid_of(event: &Event) -> Option<&FaceGrid> {
    match event {
        Event::Faces(grid) | Event::Gallery(grid) => Some(grid),
        _ => None,
    }
}

/// The file name of a grid's picture.
pub(super) fn name(grid: &FaceGrid) -> String {
    grid::file_name(&grid.kind, grid.step)
}

/// The names of all pictures of a run.
pub(super) fn names(dir: &Path) -> HashSet<String> {
    let entries = std::fs::read_dir(dir.join(grid::FOLDER));
    let entries = entries.into_iter().flatten().flatten();
    entries
        .filter_map(|entry| entry.file_name().into_string().ok())
        .collect()
}

/// The faces of a run that did not keep them by themselves: the column `s` of an early grid.
pub(super) fn gallery_of_first_grid(dir: &Path, events: &[Timed]) -> Option<FaceGrid> {
    events
        .iter()
        .filter_map(|timed| grid_of(&timed.event))
        .filter(|grid| grid.columns.iter().any(|heading| heading == "s"))
        .take(TRIES)
        .find_map(|grid| {
            let column = grid.columns.iter().position(|heading| heading == "s")?;
            let pixels = read(dir, grid).ok()?;
            let faces = pixels
                .chunks_exact(3 * grid.tile_px * grid.tile_px)
                .skip(column)
                .step_by(grid.columns.len())
                .flatten();
            Some(FaceGrid {
                step: 0,
                kind: "gallery".into(),
                columns: vec!["s".into()],
                rows: grid.rows,
                tile_px: grid.tile_px,
                pixels: Arc::new(faces.copied().collect()),
            })
        })
}

fn read(dir: &Path, grid: &FaceGrid) -> Result<Vec<u8>, String> {
    let path = dir.join(grid::FOLDER).join(name(grid));
    grid::read_png(&path, &grid.columns, grid.rows, grid.tile_px).map_err(|error| {
        format!(
            "A picture of faces is left out ({error}): {}",
            path.display()
        )
    })
}
