//! Files that could not be used: named once each, in warnings and in `skipped.csv`.

use std::collections::HashSet;
use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// A file, folder or list entry that was passed over, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SkippedFile {
    /// Path as it was reached from the data folder.
    pub file: PathBuf,
    /// The reason, a clause without the path.
    pub reason: String,
}

/// Collects skipped files from many threads, each path once.
#[derive(Debug, Default)]
pub struct Skipped {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    seen: HashSet<PathBuf>,
    new: Vec<SkippedFile>,
}

impl Skipped {
    /// Notes a skipped file; a path already noted is ignored.
    pub fn record(&self, skipped: &SkippedFile) {
        let mut state = self.lock();
        if state.seen.insert(skipped.file.clone()) {
            state.new.push(skipped.clone());
        }
    }

    /// Number of different paths noted so far.
    pub fn count(&self) -> usize {
        self.lock().seen.len()
    }

    /// What was noted since the last call, in order of arrival.
    pub fn drain_new(&self) -> Vec<SkippedFile> {
        std::mem::take(&mut self.lock().new)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        // A panic elsewhere cannot leave the set half-changed, so its data stays good.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A path as it is written into tables. Where a name is no UTF-8 (old archives and cameras), all of it
/// is written as `bytes:` and its bytes, those beyond ASCII as `%E9`, from which the name can be had
/// back; replacing them would name a file that does not exist.
pub fn spelled(path: &Path) -> String {
    if let Some(text) = path.to_str() {
        return text.to_owned();
    }
    let mut text = String::from("bytes:");
    for &byte in path.as_os_str().as_encoded_bytes() {
        match byte {
            b' '..=b'~' if byte != b'%' => text.push(char::from(byte)),
            _ => text.push_str(&format!("%{byte:02X}")),
        }
    }
    text
}

/// Appends to `skipped.csv` (columns `file,reason`), leaving out files it already names, so that a
/// resumed run repeats nothing.
///
/// # Errors
/// If the file cannot be read or written.
pub fn append_csv(csv_path: &Path, skipped: &[SkippedFile]) -> io::Result<()> {
    if skipped.is_empty() {
        return Ok(());
    }
    let mut named = HashSet::new();
    if csv_path.exists() {
        for record in csv::Reader::from_reader(File::open(csv_path)?)
            .records()
            .flatten()
        {
            named.extend(record.get(0).map(String::from));
        }
    }
    let file = OpenOptions::new()
        .create(true)
        .append(true)
        .open(csv_path)?;
    let fresh = file.metadata()?.len() == 0;
    let mut writer = csv::Writer::from_writer(file);
    if fresh {
        writer.write_record(["file", "reason"])?;
    }
    for entry in skipped {
        let file = spelled(&entry.file);
        if !named.contains(&file) {
            writer.write_record([file.as_str(), entry.reason.as_str()])?;
            named.insert(file);
        }
    }
    writer.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn skip(file: &str, reason: &str) -> SkippedFile {
        SkippedFile {
            file: file.into(),
            reason: reason.into(),
        }
    }

    #[test]
    fn every_path_is_named_once() {
        let skipped = Skipped::default();
        skipped.record(&skip("a.jpg", "truncated"));
        skipped.record(&skip("a.jpg", "something else"));
        skipped.record(&skip("b.jpg", "too small"));
        assert_eq!(
            skipped.drain_new(),
            [skip("a.jpg", "truncated"), skip("b.jpg", "too small")]
        );
        skipped.record(&skip("a.jpg", "truncated"));
        assert!(skipped.drain_new().is_empty());
        assert_eq!(skipped.count(), 2);
    }

    #[cfg(unix)]
    #[test]
    fn names_that_are_no_text_can_be_had_back() {
        use std::ffi::OsStr;
        use std::os::unix::ffi::OsStrExt;
        let latin = Path::new(OsStr::from_bytes(b"100%/caf\xE9.png"));
        assert_eq!(spelled(latin), "bytes:100%25/caf%E9.png");
        assert_eq!(spelled(Path::new("100%/café.png")), "100%/café.png");
    }

    #[test]
    fn csv_is_appended_without_repeats_and_quotes_commas() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("skipped.csv");
        append_csv(&path, &[]).unwrap();
        assert!(!path.exists(), "nothing skipped, no file");
        append_csv(&path, &[skip("a,1.jpg", "cut off")]).unwrap();
        append_csv(
            &path,
            &[skip("a,1.jpg", "cut off"), skip("b.jpg", "too \"small\"")],
        )
        .unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(
            text,
            "file,reason\n\"a,1.jpg\",cut off\nb.jpg,\"too \"\"small\"\"\"\n"
        );
    }
}
