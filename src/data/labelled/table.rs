//! Label files with cells between commas, semicolons or tabs.

use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use csv::StringRecord;

use super::error::LabelledError;
use super::text::{read_text, shown};

/// A csv file, visited row by row.
pub struct Table {
    path: PathBuf,
    text: String,
    /// What stands between cells.
    separator: u8,
    /// Lower-case names of the columns; empty for a file without heading.
    headings: Vec<String>,
}

/// One row.
pub struct Row<'a> {
    path: &'a Path,
    /// Its cells.
    pub cells: &'a StringRecord,
    /// Its first line in the file, from 1.
    pub line: usize,
}

impl Table {
    /// Reads a file whose first line names the columns.
    ///
    /// # Errors
    /// If it cannot be read, is empty, or names a column twice.
    pub fn with_heading(path: &Path) -> Result<Self, LabelledError> {
        let mut table = Self::without_heading(path)?;
        let mut heading = StringRecord::new();
        table.read_record(&mut table.reader(), &mut heading)?;
        let headings: Vec<_> = heading
            .iter()
            .map(|name| name.trim().to_ascii_lowercase())
            .collect();
        if headings.iter().all(String::is_empty) {
            let what = "the file is empty; its first line must name the columns";
            return Err(LabelledError::file(path, what));
        }
        for (at, name) in headings.iter().enumerate() {
            if !name.is_empty() && headings[..at].contains(name) {
                let what = format!("the column {} occurs twice; rename one", shown(name));
                return Err(LabelledError::line(path, 1, what));
            }
        }
        table.headings = headings;
        Ok(table)
    }

    /// Reads a file that has rows only, of any number of cells.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn without_heading(path: &Path) -> Result<Self, LabelledError> {
        let text = read_text(path)?;
        Ok(Self {
            path: path.into(),
            separator: separator(&text),
            text,
            headings: Vec::new(),
        })
    }

    fn reader(&self) -> csv::Reader<&[u8]> {
        csv::ReaderBuilder::new()
            .flexible(true)
            .delimiter(self.separator)
            .has_headers(!self.headings.is_empty())
            .from_reader(self.text.as_bytes())
    }

    fn read_record(
        &self,
        reader: &mut csv::Reader<&[u8]>,
        cells: &mut StringRecord,
    ) -> Result<bool, LabelledError> {
        reader.read_record(cells).map_err(|error| {
            LabelledError::file(&self.path, format!("it is no csv file ({error})"))
        })
    }

    /// The column of the first of these names that there is.
    pub fn column(&self, names: &[&str]) -> Option<usize> {
        names
            .iter()
            .find_map(|name| self.headings.iter().position(|heading| heading == name))
    }

    /// [`column`](Self::column) of a name that must be there.
    ///
    /// # Errors
    /// If it is not.
    pub fn required(&self, name: &str) -> Result<usize, LabelledError> {
        self.column(&[name]).ok_or_else(|| {
            let found = self.headings.join(",");
            let what = format!(
                "the column {name} is missing; the heading is {}",
                shown(&found)
            );
            LabelledError::line(&self.path, 1, what)
        })
    }

    /// Visits every row that is not blank.
    ///
    /// # Errors
    /// The first one `visit` returns, or that of a row with another number of cells than the
    /// heading.
    pub fn for_each(
        &self,
        mut visit: impl FnMut(&Row) -> Result<(), LabelledError>,
    ) -> Result<(), LabelledError> {
        let text = self.text.as_bytes();
        let mut reader = self.reader();
        let mut cells = StringRecord::new();
        let (mut line, mut counted) = (1, 0);
        while self.read_record(&mut reader, &mut cells)? {
            // The reader's own position lies before the line ends and blank lines it skips.
            let start = cells.position().map_or(counted, |at| at.byte() as usize);
            let is_end = |byte: &&u8| matches!(byte, b'\r' | b'\n');
            let start = start + text[start..].iter().take_while(is_end).count();
            line += text[counted..start].iter().filter(|&&b| b == b'\n').count();
            counted = start;
            if cells.iter().all(|cell| cell.trim().is_empty()) {
                continue;
            }
            let row = Row {
                path: &self.path,
                cells: &cells,
                line,
            };
            if !self.headings.is_empty() && cells.len() != self.headings.len() {
                return Err(row.error(format!(
                    "the row has {} cells where the heading has {}; cells that contain {} need \
                     quotes",
                    cells.len(),
                    self.headings.len(),
                    match self.separator {
                        b';' => "semicolons",
                        b'\t' => "tabs",
                        _ => "commas",
                    }
                )));
            }
            visit(&row)?;
        }
        Ok(())
    }
}

/// What programs write into a cell of which nothing is known: R, Python, SQL, spreadsheets, people.
const UNKNOWN: [&str; 13] = [
    "", "NA", "N/A", "n/a", "#N/A", "NaN", "nan", "NULL", "null", "None", "none", "-", "?",
];

/// The separator that is most frequent in the first line that is not blank, outside quotes.
fn separator(text: &str) -> u8 {
    let first = text
        .lines()
        .find(|line| !line.trim().is_empty())
        .unwrap_or_default();
    let mut counts = [(b',', 0), (b';', 0), (b'\t', 0)];
    let mut quoted = false;
    for byte in first.bytes() {
        quoted ^= byte == b'"';
        for (separator, count) in &mut counts {
            *count += usize::from(!quoted && byte == *separator);
        }
    }
    // Of equals the comma.
    let most = counts.iter().rev().max_by_key(|(_, count)| *count);
    most.map_or(b',', |(separator, _)| *separator)
}

/// A number with a point, or with a comma where that is the only one.
fn number(text: &str) -> Option<f32> {
    let parsed = text.parse::<f32>();
    let with_point = || match text.split_once(',') {
        Some((whole, part)) if !text.contains('.') => format!("{whole}.{part}").parse().ok(),
        _ => None,
    };
    parsed.ok().or_else(with_point)
}

impl Row<'_> {
    /// The text of a cell; `None` if nothing is known there or there is no such column.
    pub fn text(&self, column: Option<usize>) -> Option<&str> {
        let cell = self.cells.get(column?)?.trim();
        (!UNKNOWN.contains(&cell)).then_some(cell)
    }

    /// The number in a cell, called `name` in messages.
    ///
    /// # Errors
    /// If it is not a finite number within `range`.
    pub fn number(
        &self,
        column: Option<usize>,
        name: &str,
        range: &RangeInclusive<f32>,
    ) -> Result<Option<f32>, LabelledError> {
        let Some(text) = self.text(column) else {
            return Ok(None);
        };
        match number(text) {
            Some(number) if range.contains(&number) => Ok(Some(number)),
            Some(_) => Err(self.error(format!(
                "{name} is {}, outside {} to {}",
                shown(text),
                range.start(),
                range.end()
            ))),
            None => Err(self.error(format!("{name} is {}, which is no number", shown(text)))),
        }
    }

    /// What is wrong with this row.
    pub fn error(&self, what: impl Into<String>) -> LabelledError {
        LabelledError::line(self.path, self.line, what)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<(usize, Vec<String>)>, LabelledError> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("t.csv");
        std::fs::write(&path, text).unwrap();
        let mut rows = Vec::new();
        Table::with_heading(&path)?.for_each(|row| {
            rows.push((row.line, row.cells.iter().map(String::from).collect()));
            Ok(())
        })?;
        Ok(rows)
    }

    #[test]
    fn lines_are_counted_across_quotes_blank_rows_and_line_ends() {
        for end in ["\n", "\r\n"] {
            let text = ["\u{feff}File,b", "\"x,1\",2", "", ",", "y,3", ""].join(end);
            let rows = read(&text).unwrap();
            assert_eq!(
                rows,
                [
                    (2, vec!["x,1".into(), "2".into()]),
                    (5, vec!["y".into(), "3".into()])
                ],
                "{end:?}"
            );
        }
    }

    #[test]
    fn dialects_of_one_table() {
        let expected = [(2, vec!["a.png".to_owned(), "-1,5".to_owned()])];
        for text in [
            "file;yaw\na.png;-1,5\n",
            "file\tyaw\na.png\t-1,5\n",
            "file,yaw\na.png,\"-1,5\"\n",
        ] {
            assert_eq!(read(text).unwrap(), expected, "{text}");
        }
        assert_eq!(separator("\"a;b;c\",d\n"), b',');
        assert_eq!(separator("one"), b',');
        assert_eq!(
            ["-1,5", "2.5", "1e3", "1,000.5", "x"].map(number),
            [Some(-1.5), Some(2.5), Some(1000.0), None, None]
        );
    }

    #[test]
    fn what_is_not_known_is_blank() {
        let cells = StringRecord::from(vec!["NA", "NaN", " null ", "", "Na", "anna"]);
        let row = Row {
            path: Path::new("t.csv"),
            cells: &cells,
            line: 2,
        };
        let texts: Vec<_> = (0..7).map(|column| row.text(Some(column))).collect();
        // Na is a surname.
        assert_eq!(
            texts,
            [None, None, None, None, Some("Na"), Some("anna"), None]
        );
        assert_eq!(
            row.number(Some(0), "yaw_deg", &(-90.0..=90.0)).unwrap(),
            None
        );
    }

    #[test]
    fn what_is_no_table() {
        let fails = |text: &str| read(text).unwrap_err().to_string();
        assert!(fails("").contains("empty"));
        assert!(fails("\r\n\r\n").contains("empty"));
        assert!(fails("file,File\na,b\n").ends_with("line 1"));
        let ragged = fails("file,b\na,1\nb,1,2\n");
        assert!(
            ragged.contains("3 cells") && ragged.ends_with("line 3"),
            "{ragged}"
        );
        let open_quote = fails("file,b\na,1\n\"b,1\nc,2\n");
        assert!(open_quote.contains("1 cells"), "{open_quote}");
        let huge = format!("file,b\n{},1,2\n", "x".repeat(3 << 20));
        assert!(fails(&huge).len() < 300);
    }
}
