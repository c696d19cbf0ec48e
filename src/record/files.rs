//! Files that survive a kill, a full disk and a resume.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// Replaces `path` by `bytes`: written beside, synced, renamed, so that a reader sees the old or
/// the new content and nothing between.
pub fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".tmp");
    let beside = PathBuf::from(beside);
    let written = File::create(&beside)
        .and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_data()))
        .and_then(|()| fs::rename(&beside, path));
    if written.is_err() {
        // The cause is reported; what is left of the attempt only takes up space.
        let _ = fs::remove_file(&beside);
    }
    written
}

/// Cuts the file at the first line that `keep` refuses or that lacks its end (kill -9).
///
/// Rows are in order of steps, so everything behind that line goes too. Shortening is atomic and
/// needs no space, which rewriting would. A missing file is fine.
pub fn cut_lines(path: &Path, mut keep: impl FnMut(&[u8]) -> bool) -> io::Result<()> {
    let Some(file) = open_existing(path)? else {
        return Ok(());
    };
    let mut reader = BufReader::new(file);
    let mut kept_bytes = 0;
    let mut line = Vec::new();
    loop {
        line.clear();
        let read = reader.read_until(b'\n', &mut line)?;
        if read == 0 {
            return Ok(());
        }
        if line.last() != Some(&b'\n') || !keep(&line[..read - 1]) {
            return OpenOptions::new()
                .write(true)
                .open(path)?
                .set_len(kept_bytes);
        }
        kept_bytes += read as u64;
    }
}

/// Opens a regular file for reading; `None` when there is none (a device or a pipe has no rows to
/// look through, and reading it might never end).
pub fn open_existing(path: &Path) -> io::Result<Option<File>> {
    match fs::metadata(path) {
        Ok(facts) if facts.is_file() => File::open(path).map(Some),
        Ok(_) => Ok(None),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// The file without what follows its last whole line (it is being written, or a kill cut it).
pub fn whole_lines(path: &Path) -> io::Result<io::Take<File>> {
    const BLOCK: u64 = 4096;
    let mut file = File::open(path)?;
    let mut end = file.seek(SeekFrom::End(0))?;
    let mut block = Vec::new();
    while end > 0 {
        let start = end.saturating_sub(BLOCK);
        block.clear();
        file.seek(SeekFrom::Start(start))?;
        (&mut file).take(end - start).read_to_end(&mut block)?;
        if let Some(at) = block.iter().rposition(|&byte| byte == b'\n') {
            end = start + at as u64 + 1;
            break;
        }
        end = start;
    }
    file.seek(SeekFrom::Start(0))?;
    Ok(file.take(end))
}

/// What to do with a file's earlier content before the first record is appended.
type Prepare = Box<dyn FnMut(&Path) -> io::Result<()> + Send>;

/// A file that only grows, record by record; every record reaches the operating system before
/// [`Self::append`] returns.
///
/// After a failed write the file is cut back to its last whole record, so that later records do
/// not follow a torn one.
pub struct AppendFile {
    path: PathBuf,
    header: Vec<u8>,
    prepare: Prepare,
    file: Option<File>,
    whole_bytes: u64,
    torn: bool,
}

impl AppendFile {
    /// A file at `path` which starts with `header` when it is new or empty. `prepare` is called
    /// until it succeeds once, before anything is appended.
    pub fn new(
        path: PathBuf,
        header: Vec<u8>,
        prepare: impl FnMut(&Path) -> io::Result<()> + Send + 'static,
    ) -> Self {
        Self {
            path,
            header,
            prepare: Box::new(prepare),
            file: None,
            whole_bytes: 0,
            torn: false,
        }
    }

    /// Prepares and opens the file unless that is done.
    pub fn open(&mut self) -> io::Result<()> {
        if self.file.is_none() {
            (self.prepare)(&self.path)?;
            // Not `append(true)`: Windows would then refuse to shorten the file.
            let mut file = OpenOptions::new()
                .write(true)
                .create(true)
                .truncate(false)
                .open(&self.path)?;
            self.whole_bytes = file.seek(SeekFrom::End(0))?;
            self.file = Some(file);
        }
        Ok(())
    }

    /// Writes one record.
    ///
    /// # Errors
    /// The record is then not in the file; the next call tries anew.
    pub fn append(&mut self, record: &[u8]) -> io::Result<()> {
        self.open()?;
        let Some(file) = &mut self.file else {
            return Ok(());
        };
        if self.torn {
            shorten(file, self.whole_bytes)?;
            self.torn = false;
        }
        let header: &[u8] = if self.whole_bytes == 0 {
            &self.header
        } else {
            &[]
        };
        // One call for one record: a kill between two calls would leave half of it.
        let bytes = [header, record].concat();
        let written = file.write_all(&bytes);
        match written {
            Ok(()) => self.whole_bytes += bytes.len() as u64,
            Err(_) => self.torn = shorten(file, self.whole_bytes).is_err(),
        }
        written
    }

    /// Waits until everything written is on the disk.
    pub fn sync(&self) -> io::Result<()> {
        self.file.as_ref().map_or(Ok(()), File::sync_data)
    }
}

/// Cuts a regular file to `len` bytes and goes there; what went into a device cannot be taken
/// back.
fn shorten(file: &mut File, len: u64) -> io::Result<()> {
    if file.metadata()?.is_file() {
        file.set_len(len)?;
        file.seek(SeekFrom::Start(len))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cutting_drops_refused_and_half_lines() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("rows");
        fs::write(&path, "1\n2\n3\n4").unwrap();
        cut_lines(&path, |_| true).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "1\n2\n3\n");
        cut_lines(&path, |line| line != b"2").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "1\n");
        cut_lines(&dir.path().join("none"), |_| true).unwrap();
    }

    #[test]
    fn whole_lines_end_with_the_last_newline() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("rows");
        let long = "x".repeat(10_000);
        for (text, whole) in [
            ("", 0),
            ("1", 0),
            ("1\n", 2),
            ("1\n22", 2),
            (&format!("1\n{long}"), 2),
            (&format!("{long}\n{long}"), 10_001),
        ] {
            fs::write(&path, text).unwrap();
            let mut read = String::new();
            whole_lines(&path)
                .unwrap()
                .read_to_string(&mut read)
                .unwrap();
            assert_eq!(read, text[..whole]);
        }
        assert!(whole_lines(&dir.path().join("none")).is_err());
    }

    #[test]
    fn header_comes_once() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("rows");
        for record in ["a\n", "b\n"] {
            let mut file = AppendFile::new(path.clone(), b"head\n".to_vec(), |_| Ok(()));
            file.append(record.as_bytes()).unwrap();
        }
        assert_eq!(fs::read_to_string(&path).unwrap(), "head\na\nb\n");
    }

    #[test]
    fn replacing_leaves_nothing_beside() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("picture.png");
        replace(&path, b"old").unwrap();
        replace(&path, b"new").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn full_disk_fails_every_time_and_recovers() {
        let mut log = AppendFile::new("/dev/full".into(), b"head\n".to_vec(), |_| Ok(()));
        for _ in 0..3 {
            let error = log.append(b"row\n").unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::StorageFull);
        }
        // The same writer goes on once there is space again.
        let dir = tempfile::tempdir().unwrap();
        log.file = None;
        log.path = dir.path().join("rows");
        log.append(b"row\n").unwrap();
        assert_eq!(fs::read(&log.path).unwrap(), b"head\nrow\n");
    }

    #[test]
    fn torn_record_is_cut_before_the_next() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("rows");
        let mut log = AppendFile::new(path.clone(), Vec::new(), |_| Ok(()));
        log.append(b"one\n").unwrap();
        // As if a write had failed half-way and cutting had failed as well.
        log.file.as_mut().unwrap().write_all(b"tw").unwrap();
        log.torn = true;
        log.append(b"three\n").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"one\nthree\n");
    }

    #[test]
    fn preparation_is_repeated_until_it_succeeds() {
        let dir = tempfile::tempdir().unwrap();
        let mut failures = 1;
        let mut log = AppendFile::new(dir.path().join("rows"), Vec::new(), move |_| {
            failures -= 1;
            if failures >= 0 {
                return Err(io::Error::other("busy"));
            }
            assert_eq!(failures, -1, "prepared again after success");
            Ok(())
        });
        assert!(log.append(b"lost").is_err());
        log.append(b"a").unwrap();
        log.append(b"b").unwrap();
        assert_eq!(fs::read(dir.path().join("rows")).unwrap(), b"ab");
    }
}
