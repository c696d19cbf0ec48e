//! Who owns a run folder: one process at a time, from before it reads its data until it ends.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Read, Seek, Write};
use std::path::{Path, PathBuf};

use super::folder::{CONFIG_FILE, RunFolderError};

/// Locked while a process works in the folder, with its number inside. The lock ends with the
/// process, however that ends; the file stays.
const LOCK_FILE: &str = ".lock";

/// A run folder that belongs to this process. If nothing begins in it, a new folder goes again.
#[derive(Debug)]
pub struct Claim {
    dir: PathBuf,
    /// Held for its lock.
    _lock: File,
    /// Folders that were made for it, the outermost first; empty once something has begun.
    made: Vec<PathBuf>,
}

impl Claim {
    /// The folder `base`, or `base-2`, `base-3`, …: the first that does not exist.
    ///
    /// # Errors
    ///
    /// If no folder can be made there.
    pub fn numbered(base: &Path) -> Result<Self, RunFolderError> {
        let parents = make_parents(base)?;
        for number in 1u32.. {
            let dir = match number {
                1 => base.to_owned(),
                _ => PathBuf::from(format!("{}-{number}", base.display())),
            };
            match fs::create_dir(&dir) {
                Ok(()) => {
                    return Self::lock(dir.clone(), parents.into_iter().chain([dir]).collect());
                }
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                Err(error) => return Err(unwritable(&dir, &error)),
            }
        }
        Err(RunFolderError(format!(
            "there are too many runs beside {}",
            base.display()
        )))
    }

    /// Exactly this folder, which may exist but holds no run yet.
    ///
    /// # Errors
    ///
    /// If it holds one, another process works in it, or it cannot be made.
    pub fn fresh(dir: &Path) -> Result<Self, RunFolderError> {
        let mut made = make_parents(dir)?;
        match fs::create_dir(dir) {
            Ok(()) => made.push(dir.to_owned()),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err(unwritable(dir, &error)),
        }
        let claim = Self::lock(dir.to_owned(), made)?;
        if dir.join(CONFIG_FILE).exists() {
            return Err(RunFolderError(format!(
                "this folder already holds a run; choose another --out, or go on with --resume {}",
                dir.display()
            )));
        }
        Ok(claim)
    }

    /// The folder of a run that is gone on with.
    ///
    /// # Errors
    ///
    /// If another process works in it, or it is not there.
    pub fn existing(dir: &Path) -> Result<Self, RunFolderError> {
        Self::lock(dir.to_owned(), Vec::new())
    }

    /// The folder.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Something has begun in it, so it stays.
    pub fn begin(&mut self) {
        self.made.clear();
    }

    fn lock(dir: PathBuf, made: Vec<PathBuf>) -> Result<Self, RunFolderError> {
        let path = dir.join(LOCK_FILE);
        let mut options = OpenOptions::new();
        let opened = options
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path);
        let mut lock = opened.map_err(|error| unwritable(&dir, &error))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut owner = String::new();
                // Some systems let nobody read what is locked.
                let _ = lock.read_to_string(&mut owner);
                let owner = match owner.trim() {
                    "" => String::new(),
                    number => format!(" (process {number})"),
                };
                return Err(RunFolderError(format!(
                    "another visage{owner} is at work in this folder; wait for it, stop it, or choose \
                     another --out: {}",
                    dir.display()
                )));
            }
            // A file system without locks is better than none; nothing else tells owners apart there.
            Err(TryLockError::Error(error)) if error.kind() == ErrorKind::Unsupported => {}
            Err(TryLockError::Error(error)) => return Err(unwritable(&dir, &error)),
        }
        // Only for the sentence above.
        let _ = lock
            .set_len(0)
            .and_then(|()| lock.rewind())
            .and_then(|()| write!(lock, "{}", std::process::id()));
        Ok(Self {
            dir,
            _lock: lock,
            made,
        })
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        if let Some(dir) = self.made.pop() {
            let _ = fs::remove_file(dir.join(LOCK_FILE));
            // Only what is empty can be removed, so nothing is lost.
            let removed = fs::remove_dir(&dir);
            while let (Ok(()), Some(parent)) = (&removed, self.made.pop()) {
                let _ = fs::remove_dir(parent);
            }
        }
    }
}

/// Makes the folders above `dir`; returns those that did not exist, the outermost first.
fn make_parents(dir: &Path) -> Result<Vec<PathBuf>, RunFolderError> {
    let missing = |folder: &&Path| !folder.as_os_str().is_empty() && !folder.exists();
    let mut made: Vec<_> = dir
        .ancestors()
        .skip(1)
        .take_while(missing)
        .map(PathBuf::from)
        .collect();
    made.reverse();
    if let Some(parent) = dir.parent() {
        fs::create_dir_all(parent).map_err(|error| unwritable(dir, &error))?;
    }
    Ok(made)
}

fn unwritable(dir: &Path, error: &io::Error) -> RunFolderError {
    RunFolderError(format!(
        "the run folder cannot be made or written ({error}); choose another --out: {}",
        dir.display()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_take_folders_of_their_own() {
        let dir = tempfile::tempdir().unwrap();
        let base = dir.path().join("runs/demo");
        let claims: Vec<_> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..4)
                .map(|_| scope.spawn(|| Claim::numbered(&base).unwrap()))
                .collect();
            threads
                .into_iter()
                .map(|thread| thread.join().unwrap())
                .collect()
        });
        let mut dirs: Vec<_> = claims.iter().map(|claim| claim.dir().to_owned()).collect();
        dirs.sort();
        let expected = ["demo", "demo-2", "demo-3", "demo-4"];
        assert_eq!(
            dirs,
            expected.map(|name| dir.path().join("runs").join(name))
        );
    }

    #[test]
    fn a_folder_has_one_owner() {
        let dir = tempfile::tempdir().unwrap();
        let run = dir.path().join("run");
        let mut claim = Claim::fresh(&run).unwrap();
        for second in [Claim::fresh(&run), Claim::existing(&run)] {
            let refused = second.unwrap_err().to_string();
            let number = std::process::id().to_string();
            assert!(refused.contains("another visage"), "{refused}");
            assert!(refused.contains(&number) || cfg!(windows), "{refused}");
            assert!(refused.ends_with("run"), "{refused}");
        }
        fs::write(run.join(CONFIG_FILE), "").unwrap();
        claim.begin();
        drop(claim);
        let refused = Claim::fresh(&run).unwrap_err().to_string();
        assert!(refused.contains("--resume"), "{refused}");
        drop(Claim::existing(&run).unwrap());
        assert!(run.is_dir());
    }

    #[test]
    fn what_never_began_leaves_nothing() {
        let dir = tempfile::tempdir().unwrap();
        drop(Claim::numbered(&dir.path().join("runs/deep/demo")).unwrap());
        assert!(!dir.path().join("runs").exists());
        // A folder that was there stays, and so does one with something in it.
        let there = dir.path().join("there");
        fs::create_dir(&there).unwrap();
        drop(Claim::fresh(&there).unwrap());
        assert!(there.is_dir());
        let claim = Claim::fresh(&dir.path().join("used")).unwrap();
        fs::write(claim.dir().join("picture.png"), "").unwrap();
        drop(claim);
        assert!(dir.path().join("used/picture.png").is_file());
    }
}
