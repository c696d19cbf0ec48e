//! The table as files.

use std::sync::Arc;

use crate::figure;
use crate::record::{grid, knowledge};
use crate::train::event::KnowledgeReport;

/// Name of the picture.
pub const PICTURE: &str = "what_each_code_knows.png";
/// Name of the table; the run keeps its own `knowledge.csv`.
pub const TABLE: &str = "what_each_code_knows.csv";

/// The heat table of a measurement as PNG.
///
/// # Errors
/// If it cannot be drawn; the sentence says why.
pub fn picture(report: &KnowledgeReport) -> Result<Vec<u8>, String> {
    let mut table = figure::codes::heat_table(&report.table);
    table.title = format!("What each code knows, step {}", report.step);
    let picture = figure::knowledge::draw(&table).map_err(|error| error.to_string())?;
    grid::encode(&picture).map_err(|error| error.to_string())
}

/// All numbers of all measurements as CSV, in the columns of the run's own record.
///
/// # Errors
/// If a row cannot be written.
pub fn table(reports: &[Arc<KnowledgeReport>]) -> Result<Vec<u8>, String> {
    let mut csv = csv::Writer::from_writer(Vec::new());
    let mut write = |record: [&str; 5]| csv.write_record(record).map_err(|error| error.to_string());
    let mut heading = knowledge::HEADER.split(',');
    write(std::array::from_fn(|_| heading.next().unwrap_or_default()))?;
    for report in reports {
        let (step, epoch) = (report.step.to_string(), report.epoch.to_string());
        for row in report.table.rows() {
            let value = row.value.to_string();
            write([&step, &epoch, &row.code, &row.quantity, &value])?;
        }
    }
    csv.into_inner().map_err(|error| error.to_string())
}
