//! `labels.csv`: one row per picture, and any columns of what is known about it.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use super::check_folder;
use super::error::LabelledError;
use super::fer2013;
use super::finder::Finder;
use super::npz::Npz;
use super::picture::Picture;
use super::table::{Row, Table};
use super::text::{relative, shown};
use super::words;

/// Columns of [`FaceLabel::au_intensity`], in its order.
const AU_COLUMNS: [&str; 8] = ["au1", "au2", "au4", "au6", "au9", "au12", "au25", "au26"];
/// Intensity of an action unit, from absent to the strongest (FACS E).
pub(super) const INTENSITIES: RangeInclusive<f32> = 0.0..=5.0;
const ANGLES_DEG: RangeInclusive<f32> = -180.0..=180.0;

/// What is known about one picture.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FaceLabel {
    /// Index into [`Labelled::identities`].
    pub identity: Option<u32>,
    /// Clip, unique per pair of identity and clip name.
    pub clip: Option<u32>,
    /// Index into [`Labelled::expressions`].
    pub expression: Option<u32>,
    /// Intensity, 0 to 5, of AU 1, 2, 4, 6, 9, 12, 25, 26; `None` unless all eight are given.
    pub au_intensity: Option<[f32; 8]>,
    /// Yaw in degrees.
    pub yaw_deg: Option<f32>,
    /// Pitch in degrees.
    pub pitch_deg: Option<f32>,
    /// Roll in degrees.
    pub roll_deg: Option<f32>,
}

/// A folder with a `labels.csv`. The vectors run in parallel, one element per row.
#[derive(Clone, Debug)]
pub struct Labelled {
    /// The folder.
    pub root: PathBuf,
    /// The pictures' names, relative to the folder, with `/`.
    pub files: Vec<PathBuf>,
    /// Where their pixels are.
    pub pictures: Vec<Picture>,
    /// What is known about them.
    pub labels: Vec<FaceLabel>,
    /// Cells of the column `split`, as written.
    pub split: Vec<Option<String>>,
    /// Names of the people, sorted.
    pub identities: Vec<String>,
    /// Names of the expressions: the basic ones first, others after them by name.
    pub expressions: Vec<String>,
}

impl Labelled {
    /// Rows that are kept, and rows held out because their file lies below one of the `prefixes`
    /// (whole parts of a path: `person1` does not hold out `person10/a.jpg`).
    pub fn hold_out(&self, prefixes: &[String]) -> (Vec<usize>, Vec<usize>) {
        let prefixes: Vec<_> = prefixes.iter().map(|prefix| relative(prefix)).collect();
        (0..self.files.len()).partition(|&row| {
            !prefixes
                .iter()
                .any(|prefix| self.files[row].starts_with(prefix))
        })
    }
}

/// Reads `labels.csv` in `root`. The column `file` is relative to `root`; it may also name a row,
/// counted from 0, of `fer2013.csv#12` or `AFW.npz#12`. Columns may come in any order; unknown
/// ones are passed over, and blank cells mean unknown. Aliases: `person` and `subject` for
/// `identity`, `series` and `video` for `clip`, `emotion` for `expression`, and angles without
/// `_deg`.
///
/// # Errors
/// If there is no such file or no row, a number is mistyped, not finite or out of range, or a
/// picture is named twice or missing.
pub fn read_labels(root: &Path) -> Result<Labelled, LabelledError> {
    let path = labels_path(root)?;
    let table = Table::with_heading(&path)?;
    let file = table.required("file")?;
    let columns = Columns::of(&table);
    let mut pictures = Pictures::new(root, &path);
    let mut rows = Vec::new();
    table.for_each(|row| {
        let (picture, name) = pictures.of(row, file)?;
        rows.push((picture, name, columns.read(row)?));
        Ok(())
    })?;
    pictures.finder.finish()?;
    if rows.is_empty() {
        return Err(LabelledError::file(
            &path,
            "there is no row below the heading",
        ));
    }
    Ok(index(root, rows))
}

/// `labels.csv` of a folder.
///
/// # Errors
/// If there is no folder, or no such file in it.
fn labels_path(root: &Path) -> Result<PathBuf, LabelledError> {
    check_folder(root)?;
    let path = root.join("labels.csv");
    if path.is_file() {
        Ok(path)
    } else {
        Err(LabelledError::NoLabels(root.into()))
    }
}

/// Where each label is.
struct Columns {
    identity: Option<usize>,
    clip: Option<usize>,
    expression: Option<usize>,
    split: Option<usize>,
    aus: [Option<usize>; 8],
    yaw: Option<usize>,
    pitch: Option<usize>,
    roll: Option<usize>,
}

/// Names of the column that tells people apart.
pub(super) const IDENTITY: [&str; 3] = ["identity", "person", "subject"];

/// The labels of one row, names still in words.
#[derive(Default)]
struct Words {
    identity: Option<String>,
    clip: Option<String>,
    expression: Option<String>,
    split: Option<String>,
    /// The numbers.
    label: FaceLabel,
}

impl Columns {
    fn of(table: &Table) -> Self {
        Self {
            identity: table.column(&IDENTITY),
            clip: table.column(&["clip", "series", "video"]),
            expression: table.column(&["expression", "emotion"]),
            split: table.column(&["split"]),
            aus: AU_COLUMNS.map(|name| table.column(&[name])),
            yaw: table.column(&["yaw_deg", "yaw"]),
            pitch: table.column(&["pitch_deg", "pitch"]),
            roll: table.column(&["roll_deg", "roll"]),
        }
    }

    fn read(&self, row: &Row) -> Result<Words, LabelledError> {
        let mut aus = [None; 8];
        for ((au, column), name) in aus.iter_mut().zip(self.aus).zip(AU_COLUMNS) {
            *au = row.number(column, name, &INTENSITIES)?;
        }
        let all_aus = aus.iter().all(Option::is_some);
        Ok(Words {
            identity: row.text(self.identity).map(String::from),
            clip: row.text(self.clip).map(String::from),
            expression: row.text(self.expression).map(words::expression),
            split: row.text(self.split).map(String::from),
            label: FaceLabel {
                au_intensity: all_aus.then(|| aus.map(Option::unwrap_or_default)),
                yaw_deg: row.number(self.yaw, "yaw_deg", &ANGLES_DEG)?,
                pitch_deg: row.number(self.pitch, "pitch_deg", &ANGLES_DEG)?,
                roll_deg: row.number(self.roll, "roll_deg", &ANGLES_DEG)?,
                ..FaceLabel::default()
            },
        })
    }
}

/// Finds the pictures of the column `file`, each once.
struct Pictures<'a> {
    root: &'a Path,
    path: &'a Path,
    finder: Finder<'a>,
    /// Names so far, for duplicates.
    seen: HashSet<String>,
    /// Pictures of the blocks named so far.
    blocks: HashMap<String, Vec<Picture>>,
}

impl<'a> Pictures<'a> {
    fn new(root: &'a Path, path: &'a Path) -> Self {
        Self {
            root,
            path,
            finder: Finder::new(root),
            seen: HashSet::new(),
            blocks: HashMap::new(),
        }
    }

    fn of(&mut self, row: &Row, file: usize) -> Result<(Picture, String), LabelledError> {
        let entry = row
            .text(Some(file))
            .ok_or_else(|| row.error("the cell file is blank"))?;
        let name = relative(entry);
        if Path::new(&name).has_root() {
            let what = format!(
                "{} is an absolute path; write it relative to the folder of labels.csv",
                shown(&name)
            );
            return Err(row.error(what));
        }
        if !self.seen.insert(name.clone()) {
            return Err(row.error(format!("{} is named a second time", shown(&name))));
        }
        let Some((container, at)) = block_entry(&name) else {
            return Ok(self.finder.find(&[""], &name, self.path, row.line));
        };
        if !self.blocks.contains_key(container) {
            let path = self.root.join(container);
            if !path.is_file() {
                return Ok(self.finder.find(&[""], container, self.path, row.line));
            }
            let pictures = if container.ends_with(".npz") {
                Npz::open(&path)?.pictures()?
            } else {
                fer2013::read_csv(&path)?.pictures
            };
            self.blocks.insert(container.into(), pictures);
        }
        let pictures = &self.blocks[container];
        match pictures.get(at) {
            Some(picture) => Ok((picture.clone(), name)),
            None => {
                let what = format!(
                    "{} is beyond the {} pictures of {container}",
                    shown(&name),
                    pictures.len()
                );
                Err(row.error(what))
            }
        }
    }
}

/// `AFW.npz#12` → `AFW.npz` and 12.
fn block_entry(name: &str) -> Option<(&str, usize)> {
    let (container, row) = name.rsplit_once('#')?;
    let known = container.ends_with(".npz") || container.ends_with(".csv");
    known.then_some(())?;
    Some((container, row.parse().ok()?))
}

/// Gives the names their numbers.
fn index(root: &Path, rows: Vec<(Picture, String, Words)>) -> Labelled {
    let names: BTreeSet<_> = rows
        .iter()
        .filter_map(|(_, _, row)| row.identity.clone())
        .collect();
    let identities: Vec<_> = names.into_iter().collect();
    let expressions = words::ordered(rows.iter().filter_map(|(_, _, row)| row.expression.clone()));
    let mut clips = BTreeMap::new();
    for (_, _, row) in &rows {
        if let Some(clip) = &row.clip {
            clips.insert((row.identity.clone(), clip.clone()), 0);
        }
    }
    for (number, clip) in clips.values_mut().enumerate() {
        *clip = number as u32;
    }
    let mut labelled = Labelled {
        root: root.into(),
        files: Vec::with_capacity(rows.len()),
        pictures: Vec::with_capacity(rows.len()),
        labels: Vec::with_capacity(rows.len()),
        split: Vec::with_capacity(rows.len()),
        identities,
        expressions,
    };
    let position = |names: &[String], name: &Option<String>| {
        let name = name.as_ref()?;
        names
            .iter()
            .position(|known| known == name)
            .map(|at| at as u32)
    };
    for (picture, name, row) in rows {
        let identity = row.identity.as_ref().and_then(|name| {
            let at = labelled.identities.binary_search(name).ok()?;
            Some(at as u32)
        });
        labelled.labels.push(FaceLabel {
            identity,
            expression: position(&labelled.expressions, &row.expression),
            clip: row
                .clip
                .and_then(|clip| clips.get(&(row.identity, clip)).copied()),
            ..row.label
        });
        labelled.files.push(name.into());
        labelled.pictures.push(picture);
        labelled.split.push(row.split);
    }
    labelled
}

#[cfg(test)]
#[path = "labels_csv_tests.rs"]
mod tests;
