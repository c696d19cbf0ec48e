//! Facial expressions: which of the known layouts a folder has (METHODS 2.1).

use std::path::Path;

use super::error::LabelledError;
use super::labels_csv::{Labelled, read_labels};
use super::task::{ClassTask, FerTest, Part, Parts};
use super::text::shown;
use super::{FerLayout, check_folder, class_folders, fer2013, rafdb};

/// Reads a folder of faces with expressions: RAF-DB's lists, `fer2013.csv`, folders or lists of
/// FER-2013, or a `labels.csv` with the column `expression` and one of `split` and `identity`.
/// Without `split`, the last 30 % of the identities in order of name are the test part. `layout` says
/// by hand which data set it is; otherwise its names have to.
///
/// # Errors
/// If no layout is recognised, a label is wrong, a picture is missing, a part is empty, or the
/// parts share a person.
pub fn read_fer(
    root: &Path,
    test: FerTest,
    layout: Option<FerLayout>,
) -> Result<ClassTask, LabelledError> {
    check_folder(root)?;
    let may_be = |which| layout.is_none_or(|layout| layout == which);
    if may_be(FerLayout::Fer2013)
        && let Some(task) = fer2013::read_csv_task(root, test)?
    {
        return Ok(task);
    }
    if may_be(FerLayout::Rafdb)
        && let Some(task) = rafdb::read(root)?
    {
        return Ok(task);
    }
    if may_be(FerLayout::Fer2013)
        && let Some(task) = fer2013::read_lists(root, test)?
    {
        return Ok(task);
    }
    if let Some(task) = class_folders::read(root, test, layout)? {
        return Ok(task);
    }
    if layout.is_none() && root.join("labels.csv").is_file() {
        return from_labels(&read_labels(root)?, test);
    }
    Err(LabelledError::Unrecognised {
        task: "facial expression data set",
        expected: "list_patition_label.txt (RAF-DB), fer2013.csv, train.txt and test.txt, folders \
                   like Training/happy, or labels.csv with the columns file, expression and split \
                   or identity",
        root: root.into(),
    })
}

/// The expressions of a `labels.csv`.
fn from_labels(labelled: &Labelled, test: FerTest) -> Result<ClassTask, LabelledError> {
    let path = labelled.root.join("labels.csv");
    if labelled.expressions.is_empty() {
        let what = "no row has an expression; fill the column expression";
        return Err(LabelledError::file(&path, what));
    }
    let by_split = labelled.split.iter().any(Option::is_some);
    let first_test = first_test_identity(labelled.identities.len());
    if !by_split && first_test.is_none() {
        let what = "fill the column split (train, test), or identity with two people or more, so \
                    that a test part can be set aside";
        return Err(LabelledError::file(&path, what));
    }
    let mut parts = Parts::default();
    let mut passed_over = 0;
    for (row, label) in labelled.labels.iter().enumerate() {
        let part = if by_split {
            part_of(labelled.split[row].as_deref(), row, &path)?
        } else {
            let is_test = |identity: u32| Some(identity as usize) >= first_test;
            label.identity.map(|identity| match is_test(identity) {
                true => Part::Private,
                false => Part::Train,
            })
        };
        let (Some(part), Some(expression)) = (part, label.expression) else {
            passed_over += 1;
            continue;
        };
        let name = labelled.files[row].to_string_lossy().into_owned();
        let set = parts.set(part);
        set.push((labelled.pictures[row].clone(), name), expression);
        if !labelled.identities.is_empty() {
            let person = label
                .identity
                .map(|at| labelled.identities[at as usize].clone());
            set.subjects.push(person.unwrap_or_default());
        }
    }
    // Chosen by identity, the test part bears the same name whatever is wanted.
    let wanted = if by_split { test } else { FerTest::Private };
    let mut split = parts.split(wanted, &labelled.root, &path)?;
    let mut notes: Vec<_> = split.note.take().into_iter().collect();
    if let (false, Some(first)) = (by_split, first_test) {
        notes.push(format!(
            "there is no column split, so the last {} of the {} identities in order of name are \
             the test part",
            labelled.identities.len() - first,
            labelled.identities.len()
        ));
    }
    if passed_over > 0 {
        notes.push(format!(
            "{passed_over} rows without expression or part were passed over"
        ));
    }
    split.note = (!notes.is_empty()).then(|| notes.join("; "));
    Ok(ClassTask {
        split,
        classes: labelled.expressions.clone(),
        layout: "labels.csv",
    })
}

/// The part a row's `split` names. Rows are told by number, as a cell may hold line breaks.
fn part_of(split: Option<&str>, row: usize, path: &Path) -> Result<Option<Part>, LabelledError> {
    let Some(word) = split else {
        return Ok(None);
    };
    match Part::named(word) {
        Some(part) => Ok(Some(part)),
        None => {
            let what = format!(
                "split is {} in row {} below the heading; write train, val or test",
                shown(word),
                row + 1
            );
            Err(LabelledError::file(path, what))
        }
    }
}

/// Of `identities` people, the first one of the test part: 30 %, rounded up, but not all.
fn first_test_identity(identities: usize) -> Option<usize> {
    (identities >= 2).then(|| identities - (identities * 3).div_ceil(10))
}

#[cfg(test)]
#[path = "fer_tests.rs"]
mod tests;
