//! `metrics.csv`: one row per training step.

use std::io;
use std::path::Path;

use super::files::{self, AppendFile};
use crate::train::event::StepReport;

/// File name inside a run folder.
pub const FILE: &str = "metrics.csv";

/// First line: the fields of [`StepReport`], in order. An absent term is an empty cell.
pub const HEADER: &str = "step,epoch,total,dis,t1,t2,t3,t4,orth,face,pose,alpha_pose,alpha_face,\
                          lr,grad_norm,images_per_s,step_ms,wait_ms,views_ms";

/// Columns of the first tables; later columns stand behind these.
const FIRST_COLUMNS: usize = 18;

/// Whether these are the headings of a table of steps, also of one made before there were all
/// columns.
fn is_header<'a>(cells: impl Iterator<Item = &'a [u8]> + Clone) -> bool {
    let count = cells.clone().count();
    let known = HEADER.split(',').map(str::as_bytes);
    count >= FIRST_COLUMNS && cells.eq(known.take(count))
}

/// Writes `metrics.csv`.
pub struct MetricsLog(AppendFile);

impl MetricsLog {
    /// The table of the run in `dir`, of which rows up to step `resumed_at` are kept.
    pub fn new(dir: &Path, resumed_at: u64) -> Self {
        let header = format!("{HEADER}\n").into_bytes();
        Self(AppendFile::new(dir.join(FILE), header, move |path| {
            let mut is_first = true;
            files::cut_lines(path, |line| {
                if std::mem::take(&mut is_first) {
                    return resumed_at > 0 && is_header(line.split(|&byte| byte == b','));
                }
                parse_row(line).is_some_and(|row| row.step <= resumed_at)
            })
        }))
    }

    /// Removes the rows that are about to be computed again; done once, at the latest by the
    /// first [`Self::write`].
    pub fn open(&mut self) -> io::Result<()> {
        self.0.open()
    }

    /// Appends one row.
    pub fn write(&mut self, report: &StepReport) -> io::Result<()> {
        let mut row = csv::WriterBuilder::new()
            .has_headers(false)
            .from_writer(Vec::new());
        row.serialize(report).map_err(io::Error::other)?;
        let row = row.into_inner().map_err(|error| error.into_error())?;
        self.0.append(&row)
    }

    /// Waits until all rows are on the disk.
    pub fn sync(&self) -> io::Result<()> {
        self.0.sync()
    }
}

/// Reads a `metrics.csv`, also while it is being written; a half-written last row is left out.
///
/// # Errors
/// [`io::ErrorKind::InvalidData`] when the first line is not [`HEADER`], besides what reading a
/// file can bring.
pub fn read_metrics(path: &Path) -> io::Result<Vec<StepReport>> {
    let mut rows = Vec::new();
    for_each_row(path, |row| rows.push(row))?;
    Ok(rows)
}

/// [`read_metrics`] without holding the table in memory.
pub(super) fn for_each_row(path: &Path, mut visit: impl FnMut(StepReport)) -> io::Result<()> {
    // One reader for the whole table: setting one up takes longer than reading a row. Without
    // quotes a damaged row cannot swallow those behind it.
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .quoting(false)
        .from_reader(files::whole_lines(path)?);
    let mut row = csv::ByteRecord::new();
    let mut is_first = true;
    while reader.read_byte_record(&mut row)? {
        if std::mem::take(&mut is_first) {
            if !is_header(row.iter()) {
                let text = format!("{} is not a table of training steps", path.display());
                return Err(io::Error::new(io::ErrorKind::InvalidData, text));
            }
        } else if let Ok(report) = row.deserialize(None) {
            visit(report);
        }
    }
    Ok(())
}

fn parse_row(line: &[u8]) -> Option<StepReport> {
    csv::ReaderBuilder::new()
        .has_headers(false)
        .buffer_capacity(512)
        .from_reader(line)
        .deserialize()
        .next()?
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(step: u64) -> StepReport {
        StepReport {
            step,
            epoch: 1,
            total: 1.0 / 3.0 + step as f64,
            t1: Some(1e-300),
            face: Some(f64::NAN),
            lr: 3e-4,
            grad_norm: f64::INFINITY,
            wait_ms: 0.1 + 0.2,
            ..StepReport::default()
        }
    }

    #[test]
    fn header_names_the_fields_in_order() {
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.serialize(StepReport::default()).unwrap();
        let text = String::from_utf8(writer.into_inner().unwrap()).unwrap();
        assert_eq!(text.lines().next().unwrap(), HEADER);
        assert_eq!(
            HEADER,
            "step,epoch,total,dis,t1,t2,t3,t4,orth,face,pose,alpha_pose,alpha_face,lr,grad_norm,\
             images_per_s,step_ms,wait_ms,views_ms"
        );
    }

    #[test]
    fn numbers_survive_exactly_and_absent_terms_are_empty() {
        let dir = tempfile::tempdir().unwrap();
        let mut log = MetricsLog::new(dir.path(), 0);
        log.write(&report(1)).unwrap();
        let text = std::fs::read_to_string(dir.path().join(FILE)).unwrap();
        let cells: Vec<&str> = text.lines().nth(1).unwrap().split(',').collect();
        assert_eq!((cells[0], cells[5], cells[10]), ("1", "", ""));
        let row = &read_metrics(&dir.path().join(FILE)).unwrap()[0];
        assert_eq!(row.total.to_bits(), (1.0f64 / 3.0 + 1.0).to_bits());
        assert_eq!(row.t1, Some(1e-300));
        assert_eq!(row.t2, None);
        assert!(row.face.unwrap().is_nan());
        assert_eq!(row.grad_norm, f64::INFINITY);
        assert_eq!(row.wait_ms, 0.1 + 0.2);
    }

    #[test]
    fn resuming_joins_exactly() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(FILE);
        let mut log = MetricsLog::new(dir.path(), 0);
        for step in 1..=10 {
            log.write(&report(step)).unwrap();
        }
        let whole = std::fs::read(&path).unwrap();
        // Killed in the middle of row 10, last checkpoint at step 7.
        std::fs::write(&path, &whole[..whole.len() - 9]).unwrap();
        assert_eq!(read_metrics(&path).unwrap().len(), 9);
        let mut log = MetricsLog::new(dir.path(), 7);
        for step in 8..=10 {
            log.write(&report(step)).unwrap();
        }
        assert_eq!(std::fs::read(&path).unwrap(), whole);
        // A fresh start in the same folder keeps nothing.
        MetricsLog::new(dir.path(), 0).write(&report(1)).unwrap();
        assert_eq!(read_metrics(&path).unwrap().len(), 1);
    }

    #[test]
    fn tables_without_the_later_columns_are_read_and_gone_on_with() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(FILE);
        let mut log = MetricsLog::new(dir.path(), 0);
        for step in [1, 2] {
            log.write(&report(step)).unwrap();
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let without_last = |line: &str| line.rsplit_once(',').unwrap().0.to_owned() + "\n";
        let older: String = text.lines().map(without_last).collect();
        std::fs::write(&path, &older).unwrap();
        assert_eq!(read_metrics(&path).unwrap().len(), 2);
        let mut log = MetricsLog::new(dir.path(), 1);
        log.write(&StepReport {
            views_ms: 7.0,
            ..report(2)
        })
        .unwrap();
        let rows = read_metrics(&path).unwrap();
        let times: Vec<_> = rows.iter().map(|row| (row.step, row.views_ms)).collect();
        assert_eq!(times, [(1, 0.0), (2, 7.0)]);
    }

    #[test]
    fn foreign_table_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("other.csv");
        std::fs::write(&path, "a,b\n1,2\n").unwrap();
        let error = read_metrics(&path).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
    }
}
