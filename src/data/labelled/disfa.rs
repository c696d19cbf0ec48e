//! DISFA: action units of video frames in three subject-exclusive folds (METHODS 2.3).

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::check_folder;
use super::error::LabelledError;
use super::finder::Finder;
use super::labels_csv::INTENSITIES;
use super::picture::Picture;
use super::table::Table;
use super::text::{lines, read_text, shown};
use crate::data::listing::Listing;

/// The eight units of the protocol, in the order of [`AuSet::intensity`].
const UNITS: [u32; 8] = [1, 2, 4, 6, 9, 12, 25, 26];
/// Numbers of the subjects of each fold, as in JAA-Net's lists.
const FOLDS: [[u32; 9]; 3] = [
    [1, 2, 9, 10, 16, 26, 27, 30, 32],
    [6, 11, 12, 13, 18, 21, 24, 28, 31],
    [3, 4, 5, 7, 8, 17, 23, 25, 29],
];
/// Intensity that stands for "present" where lists tell only that: the threshold is 2.
const PRESENT: f32 = 2.0;

/// Faces with action units. The vectors run in parallel.
#[derive(Clone, Debug, Default)]
pub struct AuSet {
    /// Where the pixels are.
    pub pictures: Vec<Picture>,
    /// Path relative to the data folder.
    pub names: Vec<String>,
    /// Who is shown.
    pub subject: Vec<String>,
    /// Intensity, 0 to 5, of AU 1, 2, 4, 6, 9, 12, 25, 26; 0 or 2 if only occurrence is known.
    pub intensity: Vec<[f32; 8]>,
    /// Fold, 0 to 2; no subject is in two.
    pub fold: Vec<usize>,
    /// The layout it was read from, in words.
    pub layout: &'static str,
}

impl AuSet {
    fn push(&mut self, (picture, name): (Picture, String), subject: &str, intensity: [f32; 8]) {
        self.pictures.push(picture);
        self.names.push(name);
        self.subject.push(subject.into());
        self.intensity.push(intensity);
    }
}

/// Reads DISFA in either layout:
///
/// * `ActionUnit_Labels/SN001/SN001_au1.txt` with lines `frame,intensity` (frames from 1) and
///   pictures `DISFA/SN001/0.jpg` (from 0). The folds are those of JAA-Net's lists; if these leave
///   one empty, as with few or other subjects, subjects go round the folds in order of name,
/// * `list/DISFA_part1_path.txt` and `list/DISFA_part1_AUoccur.txt` (8 numbers a line), one pair of
///   lists per fold, paths relative to `DISFA/` or to `root`.
///
/// # Errors
/// If neither is there, a label is wrong, label files disagree in length, a picture is missing, a
/// fold is empty, or folds share a subject.
pub fn read_disfa(root: &Path) -> Result<AuSet, LabelledError> {
    check_folder(root)?;
    if root.join("ActionUnit_Labels").is_dir() {
        read_label_files(root)
    } else if root.join("list/DISFA_part1_path.txt").is_file() {
        read_fold_lists(root)
    } else {
        Err(LabelledError::Unrecognised {
            task: "action unit data set",
            expected: "ActionUnit_Labels/SN001/SN001_au1.txt, or list/DISFA_part1_path.txt and \
                       list/DISFA_part1_AUoccur.txt (DISFA)",
            root: root.into(),
        })
    }
}

fn read_label_files(root: &Path) -> Result<AuSet, LabelledError> {
    let labels = root.join("ActionUnit_Labels");
    let listing = Listing::read(&labels).map_err(|error| LabelledError::Unreadable {
        path: labels.clone(),
        reason: error.to_string(),
    })?;
    let mut finder = Finder::new(root);
    let mut set = AuSet {
        layout: "DISFA (ActionUnit_Labels)",
        ..AuSet::default()
    };
    for subject in listing.folders {
        let subject = subject.to_string_lossy().into_owned();
        let file = |unit| {
            labels
                .join(&subject)
                .join(format!("{subject}_au{unit}.txt"))
        };
        let first = read_unit(&file(UNITS[0]))?;
        let mut frames: Vec<_> = first.values().map(|&(_, level)| [level; 8]).collect();
        for (column, unit) in UNITS.into_iter().enumerate().skip(1) {
            let levels = read_unit(&file(unit))?;
            if !levels.keys().eq(first.keys()) {
                let what = format!(
                    "it labels {} frames and AU {} labels {}; all units must label the same frames",
                    levels.len(),
                    UNITS[0],
                    first.len()
                );
                return Err(LabelledError::file(&file(unit), what));
            }
            for (frame, &(_, level)) in frames.iter_mut().zip(levels.values()) {
                frame[column] = level;
            }
        }
        let list = file(UNITS[0]);
        for ((frame, (line, _)), intensity) in first.into_iter().zip(frames) {
            let entry = format!("{subject}/{}.jpg", frame - 1);
            let found = finder.find(&["DISFA", ""], &entry, &list, line);
            set.push(found, &subject, intensity);
        }
    }
    finder.finish()?;
    let subjects: BTreeSet<_> = set.subject.iter().map(String::as_str).collect();
    let folds = fold_of_subjects(&subjects).ok_or_else(|| {
        let what = format!(
            "{} subjects are too few for three subject-exclusive folds",
            subjects.len()
        );
        LabelledError::file(&labels, what)
    })?;
    set.fold = set
        .subject
        .iter()
        .map(|subject| folds[subject.as_str()])
        .collect();
    Ok(set)
}

/// Frames, from 1, of one unit: their line and intensity.
fn read_unit(path: &Path) -> Result<BTreeMap<u32, (usize, f32)>, LabelledError> {
    let mut levels = BTreeMap::new();
    Table::without_heading(path)?.for_each(|row| {
        if row.cells.len() != 2 {
            let what = format!(
                "the line has {} fields; it must be frame,intensity",
                row.cells.len()
            );
            return Err(row.error(what));
        }
        let frame = row.text(Some(0)).unwrap_or_default();
        let number = frame.parse().ok().filter(|&number| number > 0);
        let number: u32 = number.ok_or_else(|| {
            row.error(format!(
                "the frame is {}; frames count from 1",
                shown(frame)
            ))
        })?;
        let level = row
            .number(Some(1), "the intensity", &INTENSITIES)?
            .ok_or_else(|| row.error("the intensity is blank"))?;
        match levels.insert(number, (row.line, level)) {
            None => Ok(()),
            Some((line, _)) => Err(row.error(format!("frame {number} is also on line {line}"))),
        }
    })?;
    Ok(levels)
}

/// The fold of each subject; `None` if there are fewer subjects than folds.
fn fold_of_subjects<'a>(subjects: &BTreeSet<&'a str>) -> Option<BTreeMap<&'a str, usize>> {
    let published = |subject: &str| {
        let number = subject.strip_prefix("SN")?.parse().ok()?;
        FOLDS.iter().position(|fold| fold.contains(&number))
    };
    let in_turn = || {
        subjects
            .iter()
            .enumerate()
            .map(|(at, &subject)| (subject, at % 3))
    };
    let folds: BTreeMap<_, _> = in_turn()
        .map(|(subject, turn)| (subject, published(subject).unwrap_or(turn)))
        .collect();
    if (0..3).all(|fold| folds.values().any(|&used| used == fold)) {
        return Some(folds);
    }
    (subjects.len() >= 3).then(|| in_turn().collect())
}

fn read_fold_lists(root: &Path) -> Result<AuSet, LabelledError> {
    let mut finder = Finder::new(root);
    let mut set = AuSet {
        layout: "DISFA (fold lists)",
        ..AuSet::default()
    };
    let mut fold_of = BTreeMap::new();
    for fold in 0..3 {
        let list = |kind| root.join(format!("list/DISFA_part{}_{kind}.txt", fold + 1));
        let (paths, labels) = (list("path"), list("AUoccur"));
        let (path_text, label_text) = (read_text(&paths)?, read_text(&labels)?);
        let (named, labelled) = (lines(&path_text).count(), lines(&label_text).count());
        if named == 0 || named != labelled {
            let what = format!(
                "it labels {labelled} pictures where {} names {named}; both need one line for each",
                paths.display()
            );
            return Err(LabelledError::file(&labels, what));
        }
        for ((line, entry), (label_line, row)) in lines(&path_text).zip(lines(&label_text)) {
            let intensity =
                parse_row(row).map_err(|what| LabelledError::line(&labels, label_line, what))?;
            let found = finder.find(&["DISFA", ""], entry, &paths, line);
            let subject = subject_of(&found.1).to_string();
            if *fold_of.entry(subject.clone()).or_insert(fold) != fold {
                let what = format!("the subject {} is also in another fold", shown(&subject));
                return Err(LabelledError::line(&paths, line, what));
            }
            set.push(found, &subject, intensity);
            set.fold.push(fold);
        }
    }
    finder.finish()?;
    // Nothing but 0 and 1 tells whether a unit is there, not how strong it is.
    let levels = || set.intensity.iter().flatten();
    if levels().all(|&level| level == 0.0 || level == 1.0) {
        let levels = set.intensity.iter_mut().flatten();
        levels.for_each(|level| *level *= PRESENT);
    }
    Ok(set)
}

/// Eight numbers, separated by blanks or commas.
fn parse_row(row: &str) -> Result<[f32; 8], String> {
    let fields: Vec<_> = row
        .split(|c: char| c == ',' || c.is_whitespace())
        .filter(|field| !field.is_empty())
        .collect();
    let fields: [&str; 8] = fields.try_into().map_err(|fields: Vec<_>| {
        format!("the line has {} numbers; it must have 8", fields.len())
    })?;
    let mut intensity = [0.0; 8];
    for (level, field) in intensity.iter_mut().zip(fields) {
        let number = field
            .parse()
            .ok()
            .filter(|number| INTENSITIES.contains(number));
        *level = number.ok_or_else(|| format!("{} is not within 0 to 5", shown(field)))?;
    }
    Ok(intensity)
}

/// `DISFA/SN001/0.jpg` → `SN001`; the picture's folder if no part of the path looks like that.
fn subject_of(name: &str) -> &str {
    let is_subject = |part: &&str| {
        part.strip_prefix("SN")
            .is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()))
    };
    let mut parts = name.split('/');
    let folder = name.rsplit('/').nth(1).unwrap_or(name);
    parts.find(is_subject).unwrap_or(folder)
}

#[cfg(test)]
#[path = "disfa_tests.rs"]
mod tests;
