//! Pairs of faces, the same person or not: LFW's `pairs.txt` and both forms of CPLFW
//! (METHODS 2.2).

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::check_folder;
use super::error::LabelledError;
use super::finder::Finder;
use super::picture::Picture;
use super::text::{lines, read_text, shown};

/// Folds of both protocols.
const FOLDS: usize = 10;
/// Where the pictures may be.
const LFW_FOLDERS: [&str; 5] = ["", "lfw", "lfw-deepfunneled", "lfw_funneled", "images"];
const CPLFW_FOLDERS: [&str; 2] = ["images", ""];

/// Two pictures of a [`PairSet`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pair {
    /// Index of the first picture.
    pub a: usize,
    /// Index of the second picture.
    pub b: usize,
    /// Whether both show one person.
    pub same: bool,
    /// Fold of the cross-validation, 0 to 9.
    pub fold: usize,
}

/// Pairs of faces in ten folds.
#[derive(Clone, Debug)]
pub struct PairSet {
    /// Every picture once.
    pub pictures: Vec<Picture>,
    /// Its path relative to the data folder.
    pub names: Vec<String>,
    /// The pairs, in the order of the file.
    pub pairs: Vec<Pair>,
    /// The layout they were read from, in words.
    pub layout: &'static str,
}

/// Reads `pairs.txt` or `pairs_CPLFW.txt`; the content of the first line tells the form:
///
/// * LFW: heading `10 300`; `name 1 2` for the same person and `name 1 other 3` for two people,
///   pictures `name/name_0001.jpg`; a fold has 300 pairs of either kind,
/// * CPLFW: two lines `image label` per pair, label 1 (same) or 0,
/// * CPLFW as the reference code reads it: `image image label`, label 1 or −1.
///
/// Without heading, the folds are ten consecutive blocks.
///
/// # Errors
/// If there is no such file, a line has a wrong number of fields or a wrong label, the number of
/// pairs is not what the heading says, or a picture is missing.
pub fn read_pairs(root: &Path) -> Result<PairSet, LabelledError> {
    check_folder(root)?;
    let places = ["pairs_CPLFW.txt", "pairs.txt", "lfw/pairs.txt"];
    let Some(list) = places
        .map(|name| root.join(name))
        .into_iter()
        .find(|list| list.is_file())
    else {
        return Err(LabelledError::Unrecognised {
            task: "list of face pairs",
            expected: "pairs.txt (LFW) or pairs_CPLFW.txt (CPLFW)",
            root: root.into(),
        });
    };
    let text = read_text(&list)?;
    let rows: Vec<(usize, Vec<&str>)> = lines(&text)
        .map(|(line, row)| (line, row.split_whitespace().collect()))
        .collect();
    let Some((first_line, first)) = rows.first() else {
        return Err(LabelledError::file(&list, "the list of pairs is empty"));
    };
    let mut pairs = Pairs::new(root, &list);
    let layout = match first[..] {
        [a, b] if is_count(a) && is_count(b) => pairs.read_lfw(&rows)?,
        [_, i, j] if is_count(i) && is_count(j) => pairs.read_lfw(&rows)?,
        [_, _, _, _] => pairs.read_lfw(&rows)?,
        [_, _] => pairs.read_two_lines(&rows)?,
        [_, _, _] => pairs.read_triples(&rows)?,
        _ => return Err(pairs.wrong_fields(*first_line, first.len())),
    };
    pairs.finish(layout)
}

/// Names of pictures are no plain numbers.
fn is_count(field: &str) -> bool {
    field.parse::<u32>().is_ok()
}

struct Pairs<'a> {
    list: &'a Path,
    finder: Finder<'a>,
    pictures: Vec<Picture>,
    names: Vec<String>,
    /// Index of each entry already looked up.
    known: HashMap<String, usize>,
    /// Both pictures of a pair, and whether they show one person.
    pairs: Vec<(usize, usize, bool)>,
    /// The one folder of LFW's pictures, once it is known.
    folders: Vec<&'static str>,
    root: PathBuf,
}

impl<'a> Pairs<'a> {
    fn new(root: &'a Path, list: &'a Path) -> Self {
        Self {
            list,
            finder: Finder::new(root),
            pictures: Vec::new(),
            names: Vec::new(),
            known: HashMap::new(),
            pairs: Vec::new(),
            folders: CPLFW_FOLDERS.to_vec(),
            root: root.into(),
        }
    }

    fn read_lfw(&mut self, rows: &[(usize, Vec<&str>)]) -> Result<&'static str, LabelledError> {
        let heading = match rows {
            [(line, fields), ..] if fields.len() == 2 => Some((*line, fields)),
            _ => None,
        };
        let rows = &rows[usize::from(heading.is_some())..];
        for (line, fields) in rows {
            let (a, b, same) = match fields[..] {
                [name, i, j] => ((name, i), (name, j), true),
                [name, i, other, j] => ((name, i), (other, j), false),
                _ => return Err(self.wrong_fields(*line, fields.len())),
            };
            let [a, b] = [self.lfw_entry(a, *line)?, self.lfw_entry(b, *line)?];
            if self.known.is_empty() {
                // Names may have another extension, so the folder of the person decides.
                let person = Path::new(&a).parent().unwrap_or(Path::new(""));
                let at = |folder: &&&str| self.root.join(folder).join(person).is_dir();
                self.folders = vec![LFW_FOLDERS.iter().find(at).copied().unwrap_or_default()];
            }
            self.push(&a, &b, same, *line);
        }
        if let Some((line, fields)) = heading {
            let [folds, per_fold] = [fields[0], fields[1]].map(|n| n.parse::<usize>().unwrap_or(0));
            let announced = per_fold.saturating_mul(2 * FOLDS);
            if folds != FOLDS || announced != self.pairs.len() {
                let what = format!(
                    "the heading announces {folds} folds of {per_fold} pairs of either kind, and \
                     {} pairs follow; it must be {FOLDS} folds and all of their pairs",
                    self.pairs.len()
                );
                return Err(LabelledError::line(self.list, line, what));
            }
        }
        Ok("LFW pairs.txt")
    }

    /// `name`, `3` → `name/name_0003.jpg`.
    fn lfw_entry(
        &self,
        (name, number): (&str, &str),
        line: usize,
    ) -> Result<String, LabelledError> {
        match number.parse::<u32>() {
            Ok(number) => Ok(format!("{name}/{name}_{number:04}.jpg")),
            Err(_) => {
                let what = format!("{} is not the number of a picture", shown(number));
                Err(LabelledError::line(self.list, line, what))
            }
        }
    }

    fn read_two_lines(
        &mut self,
        rows: &[(usize, Vec<&str>)],
    ) -> Result<&'static str, LabelledError> {
        for pair in rows.chunks(2) {
            let mut read = Vec::with_capacity(2);
            for (line, fields) in pair {
                let [image, label] = fields[..] else {
                    return Err(self.wrong_fields(*line, fields.len()));
                };
                read.push((image, self.label(label, *line)?, *line));
            }
            match read[..] {
                [(a, same, line), (b, also, _)] if same == also => self.push(a, b, same, line),
                [_, (_, _, line)] => {
                    let what = "the two lines of this pair have different labels";
                    return Err(LabelledError::line(self.list, line, what));
                }
                _ => {
                    let line = pair.last().map_or(0, |(line, _)| *line);
                    let what = "the last pair has one line only; every pair has two";
                    return Err(LabelledError::line(self.list, line, what));
                }
            }
        }
        Ok("CPLFW, two lines a pair")
    }

    fn read_triples(&mut self, rows: &[(usize, Vec<&str>)]) -> Result<&'static str, LabelledError> {
        for (line, fields) in rows {
            let [a, b, label] = fields[..] else {
                return Err(self.wrong_fields(*line, fields.len()));
            };
            let same = self.label(label, *line)?;
            self.push(a, b, same, *line);
        }
        Ok("CPLFW, one line a pair")
    }

    fn label(&self, label: &str, line: usize) -> Result<bool, LabelledError> {
        match label {
            "1" | "+1" => Ok(true),
            "0" | "-1" => Ok(false),
            _ => {
                let what = format!("the label is {}; it must be 1, 0 or -1", shown(label));
                Err(LabelledError::line(self.list, line, what))
            }
        }
    }

    fn push(&mut self, a: &str, b: &str, same: bool, line: usize) {
        let [a, b] = [a, b].map(|entry| {
            if let Some(&known) = self.known.get(entry) {
                return known;
            }
            let (picture, name) = self.finder.find(&self.folders, entry, self.list, line);
            self.pictures.push(picture);
            self.names.push(name);
            self.known.insert(entry.into(), self.names.len() - 1);
            self.names.len() - 1
        });
        self.pairs.push((a, b, same));
    }

    fn wrong_fields(&self, line: usize, fields: usize) -> LabelledError {
        let what = format!(
            "the line has {fields} fields; LFW has 3 (name, number, number) or 4 (name, number, \
             name, number), CPLFW 2 (image, label) or 3 (image, image, label)"
        );
        LabelledError::line(self.list, line, what)
    }

    fn finish(self, layout: &'static str) -> Result<PairSet, LabelledError> {
        self.finder.finish()?;
        let count = self.pairs.len();
        if count < FOLDS {
            let what = format!("{count} pairs are too few for {FOLDS} folds");
            return Err(LabelledError::file(self.list, what));
        }
        let pair = |(at, (a, b, same))| Pair {
            a,
            b,
            same,
            fold: at * FOLDS / count,
        };
        Ok(PairSet {
            pictures: self.pictures,
            names: self.names,
            pairs: self.pairs.into_iter().enumerate().map(pair).collect(),
            layout,
        })
    }
}

#[cfg(test)]
#[path = "pairs_tests.rs"]
mod tests;
