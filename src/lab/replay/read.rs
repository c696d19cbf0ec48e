//! Opens a run's folder.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::events::Timed;
use super::remarks::Remarks;
use super::{ReplayError, pictures, tables};
use crate::config::RunConfig;
use crate::record::{grid, jsonl, knowledge, metrics_csv};
use crate::run::CONFIG_FILE;
use crate::train::event::{Event, StepReport};

/// A run that can be played.
#[derive(Debug)]
pub struct Replay {
    /// The run's configuration, where it was kept.
    pub config: Option<Arc<RunConfig>>,
    pub(super) record: Arc<Record>,
    pub(super) remarks: Remarks,
}

/// What happened in a run.
#[derive(Debug)]
pub(super) struct Record {
    pub dir: PathBuf,
    /// Ascending.
    pub steps: Vec<StepReport>,
    /// Everything else, in order. Grids without pixels: these are read later.
    pub others: Vec<Timed>,
    pub end_step: u64,
}

impl Replay {
    /// Opens the folder of a run that is finished, was cut off or still goes on. What is damaged
    /// or missing costs the part concerned, and a sentence in the log says so.
    ///
    /// # Errors
    /// When there are no steps in it.
    pub fn open(dir: &Path) -> Result<Self, ReplayError> {
        if !dir.exists() {
            return Err(ReplayError::Missing(dir.into()));
        }
        if !dir.is_dir() {
            return Err(ReplayError::NotAFolder(dir.into()));
        }
        if !holds_a_run(dir) {
            return Err(no_run(dir));
        }
        let mut remarks = Remarks::default();
        let (steps, others) = tables::read(dir, &mut remarks)?;
        let config = read_config(&dir.join(CONFIG_FILE), &mut remarks);
        let mut record = Record {
            dir: dir.into(),
            end_step: steps
                .last()
                .map(|report| report.step)
                .max(others.iter().map(|other| other.after).max())
                .unwrap_or(0),
            steps,
            others,
        };
        record.tidy_up(&mut remarks);
        Ok(Self {
            config,
            record: Arc::new(record),
            remarks,
        })
    }
}

fn read_config(path: &Path, remarks: &mut Remarks) -> Option<Arc<RunConfig>> {
    if !path.exists() {
        return None;
    }
    match RunConfig::load_saved(path, &[]) {
        Ok(config) => Some(Arc::new(config)),
        Err(error) => {
            remarks.warn(format!(
                "The run's configuration is not shown, because it cannot be used: {error}"
            ));
            None
        }
    }
}

impl Record {
    /// Leaves out what a replay cannot show, and adds what older runs did not write.
    fn tidy_up(&mut self, remarks: &mut Remarks) {
        for other in &mut self.others {
            if let Event::Started(info) = &mut other.event {
                // A folder may have been moved since.
                info.dir.clone_from(&self.dir);
            }
        }
        self.keep_the_last_end(remarks);
        self.drop_missing_grids(remarks);
        let is_there = |is: fn(&Event) -> bool| self.others.iter().any(|other| is(&other.event));
        let table = self.dir.join(knowledge::FILE).metadata();
        if table.is_ok_and(|table| table.len() > 0)
            && !is_there(|event| matches!(event, Event::Knowledge(_)))
        {
            remarks.note(
                "knowledge.csv holds measurements that events.jsonl lacks; they are not shown."
                    .into(),
            );
        }
        if !is_there(|event| matches!(event, Event::Gallery(_)))
            && let Some(gallery) = pictures::gallery_of_first_grid(&self.dir, &self.others)
        {
            let event = Event::Gallery(gallery);
            self.others.insert(0, Timed { after: 0, event });
        }
    }

    /// A run that was resumed has stopped before; only its last end is one.
    fn keep_the_last_end(&mut self, remarks: &mut Remarks) {
        let is_end = |event: &Event| matches!(event, Event::Stopped { .. });
        let goes_on = |event: &Event| matches!(event, Event::Started(_));
        let last = self
            .others
            .iter()
            .rposition(|other| is_end(&other.event) || goes_on(&other.event))
            .filter(|&at| is_end(&self.others[at].event) && self.others[at].after == self.end_step);
        let end = last.map(|at| self.others.remove(at).event);
        self.others.retain(|other| !is_end(&other.event));
        let after = self.end_step;
        match end {
            Some(event) => self.others.push(Timed { after, event }),
            None => remarks.note(format!(
                "The record ends at step {after} without a word: the run was cut off, or it still \
                 goes on."
            )),
        }
    }

    /// Grids without their picture, and all but the last of those that share one.
    fn drop_missing_grids(&mut self, remarks: &mut Remarks) {
        let there = pictures::names(&self.dir);
        let mut seen = HashSet::new();
        let mut missing = Vec::new();
        // From the end, as the last one of a name is the one whose picture is there.
        let mut stays: Vec<bool> = self
            .others
            .iter()
            .rev()
            .map(|other| match &other.event {
                Event::Faces(grid) | Event::Gallery(grid) => {
                    let name = pictures::name(grid);
                    let is_there = there.contains(&name);
                    // The faces of the gallery are also in the other grids.
                    if !is_there && matches!(other.event, Event::Faces(_)) {
                        missing.push(name.clone());
                    }
                    is_there && seen.insert(name)
                }
                _ => true,
            })
            .collect();
        self.others.retain(|_| stays.pop().unwrap_or(true));
        if let Some(first) = missing.last() {
            remarks.note(format!(
                "Pictures of faces that are missing and left out: {}; the first is {}",
                missing.len(),
                self.dir.join(grid::FOLDER).join(first).display()
            ));
        }
    }
}

fn holds_a_run(dir: &Path) -> bool {
    [metrics_csv::FILE, jsonl::FILE]
        .iter()
        .any(|name| dir.join(name).is_file())
}

fn no_run(dir: &Path) -> ReplayError {
    if dir.join(CONFIG_FILE).is_file() {
        return ReplayError::NoSteps(dir.into());
    }
    let mut runs: Vec<PathBuf> = std::fs::read_dir(dir)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| holds_a_run(path))
        .collect();
    runs.sort();
    let hint = match runs.first() {
        Some(run) => format!("give one of the runs in it, such as {}", run.display()),
        None => "give the folder of a run, e.g. runs/demo".into(),
    };
    ReplayError::NoRun {
        path: dir.into(),
        hint,
    }
}
