//! `dwa.csv`: the loss weights of every epoch (dynamic weight averaging).

use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::files;
use crate::train::event::{EpochReport, StepReport};

/// File name inside a run folder.
pub const FILE: &str = "dwa.csv";

/// A row of `dwa.csv`: an epoch, the weights in force and what it brought.
///
/// The last row is the epoch under way: its weights are known, its losses are not.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DwaRow {
    /// The epoch, from 1.
    pub epoch: u32,
    /// Steps done when it began.
    pub step: u64,
    /// α_pose.
    pub alpha_pose: f64,
    /// α_face.
    pub alpha_face: f64,
    /// ω_pose, the loss ratio that led to α_pose.
    pub omega_pose: Option<f64>,
    /// ω_face.
    pub omega_face: Option<f64>,
    /// Mean unweighted L_face.
    pub face: Option<f64>,
    /// Mean unweighted L_pose.
    pub pose: Option<f64>,
}

/// The table, held in memory and replaced on disk after every epoch.
pub struct DwaTable {
    path: PathBuf,
    rows: Vec<DwaRow>,
}

impl DwaTable {
    /// The table of the run in `dir`, still empty.
    pub fn new(dir: &Path) -> Self {
        Self {
            path: dir.join(FILE),
            rows: Vec::new(),
        }
    }

    /// Takes up the rows as they were at step `resumed_at`.
    pub fn resume(&mut self, resumed_at: u64) -> io::Result<()> {
        if files::open_existing(&self.path)?.is_none() {
            return Ok(());
        }
        self.rows = read_dwa(&self.path)?;
        self.rows.retain(|row| row.step <= resumed_at);
        if let Some(under_way) = self.rows.last_mut() {
            (under_way.face, under_way.pose) = (None, None);
        }
        Ok(())
    }

    /// All rows, the epoch under way included.
    pub fn rows(&self) -> &[DwaRow] {
        &self.rows
    }

    /// Completes the row of the epoch that ended and begins the next. `last_step` tells which
    /// weights were in force, also when somebody set them by hand.
    pub fn end_epoch(&mut self, report: &EpochReport, last_step: &StepReport) {
        let last = match self.rows.last_mut() {
            Some(row) if row.epoch == report.epoch => row,
            _ => self.rows.push_mut(DwaRow {
                epoch: report.epoch,
                step: 0,
                alpha_pose: last_step.alpha_pose,
                alpha_face: last_step.alpha_face,
                omega_pose: None,
                omega_face: None,
                face: None,
                pose: None,
            }),
        };
        (last.face, last.pose) = (report.face, report.pose);
        if last_step.epoch == report.epoch {
            last.alpha_pose = last_step.alpha_pose;
            last.alpha_face = last_step.alpha_face;
        }
        self.rows.push(DwaRow {
            epoch: report.epoch + 1,
            step: report.step,
            alpha_pose: report.next_alpha_pose,
            alpha_face: report.next_alpha_face,
            omega_pose: report.omega_pose,
            omega_face: report.omega_face,
            face: None,
            pose: None,
        });
    }

    /// Replaces the file.
    pub fn save(&self) -> io::Result<()> {
        let mut table = csv::Writer::from_writer(Vec::new());
        for row in &self.rows {
            table.serialize(row).map_err(io::Error::other)?;
        }
        let bytes = table.into_inner().map_err(|error| error.into_error())?;
        files::replace(&self.path, &bytes)
    }
}

/// Reads a `dwa.csv`.
///
/// # Errors
/// What reading the file brings, and rows that are not [`DwaRow`]s.
pub fn read_dwa(path: &Path) -> io::Result<Vec<DwaRow>> {
    csv::Reader::from_reader(std::fs::File::open(path)?)
        .deserialize()
        .map(|row| row.map_err(io::Error::other))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn epoch(epoch: u32) -> EpochReport {
        EpochReport {
            epoch,
            step: u64::from(epoch) * 10,
            dis: 0.1,
            face: Some(4.0 / f64::from(epoch)),
            pose: Some(2.0),
            omega_pose: (epoch > 1).then_some(1.0 / 3.0),
            omega_face: (epoch > 1).then_some(0.5),
            next_alpha_pose: 1.0 + f64::from(epoch) / 100.0,
            next_alpha_face: 1.0 - f64::from(epoch) / 100.0,
        }
    }

    /// Weights in force during an epoch: what the one before said, 1 in the first.
    fn last_step(epoch: u32) -> StepReport {
        StepReport {
            epoch,
            step: u64::from(epoch) * 10,
            alpha_pose: 1.0 + f64::from(epoch - 1) / 100.0,
            alpha_face: 1.0 - f64::from(epoch - 1) / 100.0,
            ..StepReport::default()
        }
    }

    #[test]
    fn weights_stand_beside_the_losses_they_weighted() {
        let dir = tempfile::tempdir().unwrap();
        let mut table = DwaTable::new(dir.path());
        for e in 1..=3 {
            table.end_epoch(&epoch(e), &last_step(e));
        }
        table.save().unwrap();
        let text = std::fs::read_to_string(dir.path().join(FILE)).unwrap();
        assert_eq!(
            text,
            "epoch,step,alpha_pose,alpha_face,omega_pose,omega_face,face,pose\n\
             1,0,1.0,1.0,,,4.0,2.0\n\
             2,10,1.01,0.99,,,2.0,2.0\n\
             3,20,1.02,0.98,0.3333333333333333,0.5,1.3333333333333333,2.0\n\
             4,30,1.03,0.97,0.3333333333333333,0.5,,\n"
        );
    }

    #[test]
    fn resuming_gives_the_same_table() {
        let dir = tempfile::tempdir().unwrap();
        let mut whole = DwaTable::new(dir.path());
        for e in 1..=4 {
            whole.end_epoch(&epoch(e), &last_step(e));
        }
        whole.save().unwrap();
        for resumed_at in [5, 10, 19, 25] {
            let mut resumed = DwaTable::new(dir.path());
            resumed.resume(resumed_at).unwrap();
            for e in (resumed_at / 10 + 1) as u32..=4 {
                resumed.end_epoch(&epoch(e), &last_step(e));
            }
            assert_eq!(resumed.rows, whole.rows, "resumed at {resumed_at}");
        }
    }

    #[test]
    fn weights_set_by_hand_are_recorded() {
        let dir = tempfile::tempdir().unwrap();
        let mut table = DwaTable::new(dir.path());
        table.end_epoch(&epoch(1), &last_step(1));
        let by_hand = StepReport {
            alpha_pose: 0.3,
            ..last_step(2)
        };
        table.end_epoch(&epoch(2), &by_hand);
        assert_eq!(table.rows()[1].alpha_pose, 0.3);
    }
}
