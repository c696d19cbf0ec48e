//! `knowledge.csv`: what each code knows, measurement after measurement.

use std::io;
use std::path::Path;

use super::files::{self, AppendFile};
use crate::train::event::KnowledgeReport;

/// File name inside a run folder.
pub const FILE: &str = "knowledge.csv";

/// First line; a row is one number.
pub const HEADER: &str = "step,epoch,code,quantity,value";

/// Writes `knowledge.csv`.
pub struct KnowledgeLog(AppendFile);

impl KnowledgeLog {
    /// The table of the run in `dir`, of which rows up to step `resumed_at` are kept.
    pub fn new(dir: &Path, resumed_at: u64) -> Self {
        let header = format!("{HEADER}\n").into_bytes();
        Self(AppendFile::new(dir.join(FILE), header, move |path| {
            let mut is_header = true;
            files::cut_lines(path, |line| {
                if std::mem::take(&mut is_header) {
                    return resumed_at > 0 && line == HEADER.as_bytes();
                }
                step_of(line).is_some_and(|step| step <= resumed_at)
            })
        }))
    }

    /// Removes the rows of steps that are about to be made again; done once, at the latest by the
    /// first [`Self::write`].
    pub fn open(&mut self) -> io::Result<()> {
        self.0.open()
    }

    /// Appends the rows of one measurement in one piece.
    pub fn write(&mut self, report: &KnowledgeReport) -> io::Result<()> {
        let mut rows = csv::Writer::from_writer(Vec::new());
        let (step, epoch) = (report.step.to_string(), report.epoch.to_string());
        for row in report.table.rows() {
            let value = row.value.to_string();
            rows.write_record([&step, &epoch, &row.code, &row.quantity, &value])
                .map_err(io::Error::other)?;
        }
        let rows = rows.into_inner().map_err(|error| error.into_error())?;
        self.0.append(&rows)
    }

    /// Waits until all rows are on the disk.
    pub fn sync(&self) -> io::Result<()> {
        self.0.sync()
    }
}

fn step_of(line: &[u8]) -> Option<u64> {
    std::str::from_utf8(line)
        .ok()?
        .split(',')
        .next()?
        .parse()
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eval::probe::{CodeReport, KnowledgeTable, Regression};

    fn report(step: u64) -> KnowledgeReport {
        let code = CodeReport {
            code: "F_p".into(),
            yaw: Some(Regression {
                r2: None,
                mae_deg: 0.1 + step as f64,
            }),
            ..CodeReport::default()
        };
        KnowledgeReport {
            step,
            epoch: 1,
            ms: 2.0,
            table: KnowledgeTable {
                codes: vec![code],
                ..KnowledgeTable::default()
            },
        }
    }

    #[test]
    fn a_row_is_one_number_and_resuming_joins_exactly() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(FILE);
        let mut log = KnowledgeLog::new(dir.path(), 0);
        for step in [10, 20, 30] {
            log.write(&report(step)).unwrap();
        }
        let whole = std::fs::read_to_string(&path).unwrap();
        let lines: Vec<&str> = whole.lines().collect();
        assert_eq!(lines[..2], [HEADER, "10,1,F_p,yaw_mae_deg,10.1"]);
        // Killed in the middle of the last row, last checkpoint at step 25.
        std::fs::write(&path, &whole[..whole.len() - 3]).unwrap();
        let mut log = KnowledgeLog::new(dir.path(), 25);
        log.open().unwrap();
        assert_eq!(
            std::fs::read_to_string(&path).unwrap(),
            lines[..3].join("\n") + "\n"
        );
        log.write(&report(30)).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), whole);
    }
}
