//! Label files as text: reading them whole, their lines, and how their words are shown.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use super::error::LabelledError;

/// Largest label file; `fer2013.csv` has 301 MB.
const MAX_BYTES: u64 = 1 << 30;

/// A label file's text without byte-order mark.
///
/// # Errors
/// If it cannot be read, is larger than 1 GiB, or is not UTF-8 (with the first such line).
pub fn read_text(path: &Path) -> Result<String, LabelledError> {
    let unreadable = |error: std::io::Error| LabelledError::Unreadable {
        path: path.into(),
        reason: error.to_string(),
    };
    let mut bytes = Vec::new();
    File::open(path)
        .map_err(unreadable)?
        .take(MAX_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(unreadable)?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(LabelledError::file(
            path,
            "the label file is larger than 1 GiB; check that it is the right one",
        ));
    }
    let mut text = String::from_utf8(bytes).map_err(|error| {
        let valid = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = 1 + valid.iter().filter(|&&byte| byte == b'\n').count();
        LabelledError::line(path, line, "the text is not UTF-8; save the file as UTF-8")
    })?;
    if text.starts_with('\u{feff}') {
        text.drain(..'\u{feff}'.len_utf8());
    }
    Ok(text)
}

/// The lines that are not blank, trimmed, with their number from 1.
pub fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines()
        .enumerate()
        .map(|(at, line)| (at + 1, line.trim()))
        .filter(|(_, line)| !line.is_empty())
}

/// A path of a label file with `/` between its parts, without a leading `./`.
pub fn relative(entry: &str) -> String {
    let path = entry.trim().replace('\\', "/");
    path.trim_start_matches("./").to_string()
}

/// A word of a label file for messages: quoted, control characters escaped, and cut when long.
pub fn shown(word: &str) -> String {
    const LONGEST: usize = 40;
    match word.char_indices().nth(LONGEST) {
        Some((cut, _)) => format!("{:?}…", &word[..cut]),
        None => format!("{word:?}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_line_ends_and_wrong_bytes() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("list.txt");
        std::fs::write(&path, "\u{feff}a 1\r\n\r\n  b 2 \n").unwrap();
        let text = read_text(&path).unwrap();
        assert_eq!(lines(&text).collect::<Vec<_>>(), [(1, "a 1"), (3, "b 2")]);

        std::fs::write(&path, b"a\nb\n\xe9t\xe9\n").unwrap();
        let sentence = read_text(&path).unwrap_err().to_string();
        assert!(sentence.ends_with("list.txt, line 3"), "{sentence}");
        assert!(matches!(
            read_text(dir.path()),
            Err(LabelledError::Unreadable { .. })
        ));
    }

    #[test]
    fn words_and_paths() {
        assert_eq!(shown("a\"\n"), r#""a\"\n""#);
        assert_eq!(shown(&"é".repeat(1000)).chars().count(), 43);
        assert_eq!(relative(" .\\a\\b.jpg "), "a/b.jpg");
    }
}
