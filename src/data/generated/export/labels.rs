//! `labels.csv`: the truth about every picture of an export.

use std::path::Path;

use super::ExportError;
use super::plan::Shot;
use crate::data::generated::{ACTION_UNITS, GeneratedFaces};

/// Writes one row per shot: file, who, when, expression, action units 0–5, angles in degrees.
pub fn write(faces: &GeneratedFaces, shots: &[Shot], out: &Path) -> Result<(), ExportError> {
    let path = out.join("labels.csv");
    let file = std::fs::File::create(&path).map_err(ExportError::unwritable(&path))?;
    rows(csv::Writer::from_writer(file), faces, shots).map_err(ExportError::unwritable(&path))
}

fn rows<W: std::io::Write>(
    mut table: csv::Writer<W>,
    faces: &GeneratedFaces,
    shots: &[Shot],
) -> csv::Result<()> {
    let heading = ["file", "identity", "clip", "frame", "expression"].map(String::from);
    let units = ACTION_UNITS.map(|unit| format!("au{unit}"));
    let angles = ["yaw_deg", "pitch_deg", "roll_deg"].map(String::from);
    table.write_record(heading.iter().chain(&units).chain(&angles))?;
    for shot in shots {
        let truth = shot.truth(faces);
        let place = [
            shot.file.clone(),
            format!("id{:05}", truth.identity),
            format!("clip{:02}", truth.clip),
            truth.frame.to_string(),
            truth.expression.to_string(),
        ];
        let angles = [truth.yaw_deg, truth.pitch_deg, truth.roll_deg];
        let numbers = truth.au_intensity.iter().chain(&angles);
        table.write_record(place.into_iter().chain(numbers.map(|n| format!("{n:.2}"))))?;
    }
    Ok(table.flush()?)
}
