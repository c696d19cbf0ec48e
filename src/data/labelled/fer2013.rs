//! FER-2013: `fer2013.csv`, lists `path label`, or folders `Training/happy` (METHODS 2.9).

use std::path::Path;
use std::sync::Arc;

use super::error::LabelledError;
use super::finder::Finder;
use super::picture::{ChannelOrder, Picture};
use super::table::Table;
use super::task::{ClassTask, FerTest, Part, Parts};
use super::text::{lines, read_text, shown};
use super::words::FER2013;

/// Side of the pictures in `fer2013.csv`.
const SIDE_PX: u32 = 48;
const PIXELS: usize = (SIDE_PX * SIDE_PX) as usize;

/// The rows of `fer2013.csv`.
pub struct Rows {
    /// Where each row's pixels are: all in one block.
    pub pictures: Vec<Picture>,
    emotions: Vec<u32>,
    parts: Vec<Part>,
}

/// Reads the columns `emotion`, `pixels` and `Usage`, in any order.
///
/// # Errors
/// If a column is missing, or a row has a wrong label, part, pixel or number of pixels.
pub fn read_csv(path: &Path) -> Result<Rows, LabelledError> {
    let table = Table::with_heading(path)?;
    let emotion = Some(table.required("emotion")?);
    let pixels = Some(table.required("pixels")?);
    let usage = Some(table.required("usage")?);
    let mut block = Vec::new();
    let mut emotions = Vec::new();
    let mut parts = Vec::new();
    table.for_each(|row| {
        let label = row.text(emotion).unwrap_or_default();
        emotions.push(parse_label(label).map_err(|what| row.error(what))?);
        let word = row.text(usage).unwrap_or_default();
        parts.push(Part::named(word).ok_or_else(|| {
            let what = format!(
                "Usage is {}; it must be Training, PublicTest or PrivateTest",
                shown(word)
            );
            row.error(what)
        })?);
        let before = block.len();
        for pixel in row
            .text(pixels)
            .unwrap_or_default()
            .split_ascii_whitespace()
        {
            block.push(pixel.parse::<u8>().map_err(|_| {
                row.error(format!("the pixel {} is not within 0 to 255", shown(pixel)))
            })?);
        }
        match block.len() - before {
            PIXELS => Ok(()),
            wrong => Err(row.error(format!(
                "the row has {wrong} pixels; {SIDE_PX} × {SIDE_PX} make {PIXELS}"
            ))),
        }
    })?;
    let block: Arc<[u8]> = block.into();
    let pictures = (0..emotions.len())
        .map(|row| Picture::Block {
            pixels: Arc::clone(&block),
            offset: row * PIXELS,
            width: SIDE_PX,
            height: SIDE_PX,
            order: ChannelOrder::Gray,
        })
        .collect();
    Ok(Rows {
        pictures,
        emotions,
        parts,
    })
}

/// Reads a folder with `fer2013.csv`; `None` if it has none.
///
/// # Errors
/// See [`read_csv`]; or a part is empty, or the parts share a person.
pub fn read_csv_task(root: &Path, test: FerTest) -> Result<Option<ClassTask>, LabelledError> {
    let places = ["fer2013.csv", "fer2013/fer2013.csv"];
    let Some(name) = places.into_iter().find(|name| root.join(name).is_file()) else {
        return Ok(None);
    };
    let path = root.join(name);
    let rows = read_csv(&path)?;
    let mut parts = Parts::default();
    let labels = rows.emotions.into_iter().zip(rows.parts);
    for (row, (picture, (emotion, part))) in rows.pictures.into_iter().zip(labels).enumerate() {
        parts
            .set(part)
            .push((picture, format!("{name}#{row}")), emotion);
    }
    Ok(Some(ClassTask {
        split: parts.split(test, root, &path)?,
        classes: FER2013.map(String::from).to_vec(),
        layout: "FER-2013 (fer2013.csv)",
    }))
}

/// Reads `train.txt` and `test.txt` (or `val.txt`) with lines `path label`; `None` without them.
///
/// # Errors
/// If a label is wrong, a picture is missing, a part is empty, or the parts share a person.
pub fn read_lists(root: &Path, test: FerTest) -> Result<Option<ClassTask>, LabelledError> {
    let lists = [
        (Part::Train, "train.txt"),
        (Part::Public, "val.txt"),
        (Part::Private, "test.txt"),
    ]
    .map(|(part, name)| (part, root.join(name)));
    let [train, held_out @ ..] = &lists;
    if !train.1.is_file() || !held_out.iter().any(|(_, list)| list.is_file()) {
        return Ok(None);
    }
    let mut finder = Finder::new(root);
    let mut parts = Parts::default();
    for (part, list) in lists.iter().filter(|(_, list)| list.is_file()) {
        let text = read_text(list)?;
        for (line, entry) in lines(&text) {
            let wrong = |what: String| LabelledError::line(list, line, what);
            let (file, label) = entry
                .rsplit_once(char::is_whitespace)
                .ok_or_else(|| wrong(format!("{} is not a path and a label", shown(entry))))?;
            let label = parse_label(label).map_err(wrong)?;
            let found = finder.find(&["", "images"], file, list, line);
            parts.set(*part).push(found, label);
        }
    }
    finder.finish()?;
    Ok(Some(ClassTask {
        split: parts.split(test, root, &lists[0].1)?,
        classes: FER2013.map(String::from).to_vec(),
        layout: "FER-2013 (lists)",
    }))
}

fn parse_label(label: &str) -> Result<u32, String> {
    match label.trim().parse() {
        Ok(label @ 0..=6) => Ok(label),
        _ => Err(format!(
            "the label is {}; FER-2013 has 0 to 6",
            shown(label)
        )),
    }
}
