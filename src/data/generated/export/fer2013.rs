//! FER-2013 (METHODS 2.1, 2.9): `fer2013.csv` with the columns emotion, pixels, Usage.

use std::path::Path;

use image::imageops;
use rayon::prelude::*;

use super::ExportError;
use super::plan::{Plan, Shot, Studio, shots};
use crate::data::generated::{Expression, GeneratedFaces};

/// Pictures that are held in memory at a time.
const BATCH: usize = 1024;

/// One row per picture, in the order of the people.
pub fn plan(faces: &GeneratedFaces) -> Plan {
    let mut row = 0..;
    Plan {
        lists: Vec::new(),
        shots: shots(faces, 0..faces.identities(), |_, _, _| {
            format!("fer2013.csv#{}", row.next().unwrap_or(0))
        }),
    }
}

/// Draws and writes the rows.
pub fn write(studio: &Studio, shots: &[Shot], out: &Path) -> Result<(), ExportError> {
    let path = out.join("fer2013.csv");
    let failed = ExportError::unwritable(&path);
    let mut table = csv::Writer::from_path(&path).map_err(&failed)?;
    table
        .write_record(["emotion", "pixels", "Usage"])
        .map_err(&failed)?;
    for batch in shots.chunks(BATCH) {
        let rows: Vec<[String; 3]> = batch.par_iter().map(|shot| row(studio, shot)).collect();
        for row in rows {
            table.write_record(row).map_err(&failed)?;
        }
    }
    table.flush().map_err(ExportError::unwritable(&path))
}

fn row(studio: &Studio, shot: &Shot) -> [String; 3] {
    let truth = studio.faces.truth(shot.item);
    let grey = imageops::grayscale(&studio.picture(shot));
    let pixels: Vec<String> = grey.as_raw().iter().map(u8::to_string).collect();
    [
        emotion(truth.expression).to_string(),
        pixels.join(" "),
        usage(truth.identity, studio.faces.identities()).to_owned(),
    ]
}

/// The last two tenths of the people are the public and the private test.
pub(super) fn usage(person: usize, people: usize) -> &'static str {
    let tested = (people / 10).max(1);
    match people - person {
        left if left <= tested => "PrivateTest",
        left if left <= 2 * tested => "PublicTest",
        _ => "Training",
    }
}

/// FER-2013's number of an expression.
fn emotion(expression: Expression) -> u8 {
    match expression {
        Expression::Anger => 0,
        Expression::Disgust => 1,
        Expression::Fear => 2,
        Expression::Happy => 3,
        Expression::Sad => 4,
        Expression::Surprise => 5,
        Expression::Neutral => 6,
    }
}
