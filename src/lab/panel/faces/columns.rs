//! The columns of a reconstruction grid in plain words.

use crate::lab::look::glossary;

/// A few words for a heading.
pub(super) fn words(column: &str) -> &str {
    match column {
        "s" => "the face",
        "s^" => "mirrored",
        "F_f + F_p" => "face rebuilt",
        "F_f^ + F_p^" => "mirrored, rebuilt",
        "F_f^ + F_p" => "mirrored look, own pose",
        "F_f + F_p^" => "own look, mirrored pose",
        "F_f" => "face code alone",
        "F_p" => "pose code alone",
        "F_p^" => "mirrored pose alone",
        other => other,
    }
}

/// What the column shows, where the glossary explains the code and not its picture.
pub(super) fn alone(column: &str) -> Option<&'static str> {
    match column {
        "F_f" => Some("Decoded from the face code alone: a look without a pose."),
        "F_p" => Some("Decoded from the pose code alone: a pose without a person."),
        "F_p^" => Some("Decoded from the mirrored face's pose code alone."),
        _ => None,
    }
}

/// What the column shows, as a sentence.
pub(super) fn about(column: &str) -> &'static str {
    alone(column).unwrap_or_else(|| glossary::about(column))
}
