//! Steps from `metrics.csv`, everything else from `events.jsonl`; each stands in for the other where
//! it can.

use std::path::Path;

use super::ReplayError;
use super::events::{EventFile, Timed};
use super::remarks::Remarks;
use crate::record::{jsonl, metrics_csv};
use crate::train::event::StepReport;

/// The steps, and everything else that happened.
///
/// # Errors
/// When there are no steps.
pub(super) fn read(
    dir: &Path,
    remarks: &mut Remarks,
) -> Result<(Vec<StepReport>, Vec<Timed>), ReplayError> {
    let table_path = dir.join(metrics_csv::FILE);
    let table = metrics_csv::read_metrics(&table_path).map(in_order);
    let known = table.as_deref().unwrap_or_default();
    let is_known = |step| {
        known
            .binary_search_by_key(&step, |report| report.step)
            .is_ok()
    };
    let log_path = dir.join(jsonl::FILE);
    let log = EventFile::read(&log_path, is_known);

    let table_error = table.as_ref().err().map(ToString::to_string);
    let log_error = log.as_ref().err().map(ToString::to_string);
    let mut steps = table.unwrap_or_default();
    let EventFile {
        steps: more,
        others,
        damaged,
        ..
    } = log.unwrap_or_default();
    if !more.is_empty() {
        // The sort is stable, so that of two reports of a step the one of the table is the last.
        steps.splice(0..0, in_order(more));
        steps.sort_by_key(|report| report.step);
        steps = in_order(steps);
    }
    if steps.is_empty() {
        let unreadable = |path: &Path, reason: Option<String>| {
            let path = path.to_path_buf();
            let broken = reason.filter(|_| path.exists());
            broken.map(|reason| ReplayError::Unreadable { path, reason })
        };
        return Err(unreadable(&table_path, table_error)
            .or_else(|| unreadable(&log_path, log_error))
            .unwrap_or_else(|| ReplayError::NoSteps(dir.into())));
    }
    if let Some(error) = table_error {
        remarks.warn(format!(
            "metrics.csv cannot be read ({error}); the steps come from events.jsonl instead."
        ));
    }
    if let Some(error) = log_error {
        remarks.warn(format!(
            "events.jsonl cannot be read ({error}), so there are curves, but no faces, measurements \
             or messages: {}",
            log_path.display()
        ));
    }
    if damaged > 0 {
        remarks.warn(format!(
            "Damaged lines that were left out: {damaged}; they are in {}",
            log_path.display()
        ));
    }
    Ok((steps, others))
}

/// Ascending; of two reports of a step the later one counts.
fn in_order(reports: Vec<StepReport>) -> Vec<StepReport> {
    if reports.is_sorted_by(|one, next| one.step < next.step) {
        return reports;
    }
    let mut steps: Vec<StepReport> = Vec::with_capacity(reports.len());
    for report in reports {
        while steps.last().is_some_and(|last| last.step >= report.step) {
            steps.pop();
        }
        steps.push(report);
    }
    steps
}
