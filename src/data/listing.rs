//! Directory listings: which names count as images, in which order, and how links are treated.
//!
//! Nothing in here opens a file, and only symbolic links are looked up one by one.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use walkdir::WalkDir;

use super::skipped::SkippedFile;

/// Extensions of image files, in any case.
pub const EXTENSIONS: [&str; 8] = ["jpg", "jpeg", "png", "webp", "bmp", "pgm", "ppm", "pnm"];

/// Whether the name ends like an image file.
pub fn is_image(path: &Path) -> bool {
    path.extension().is_some_and(|ext| {
        EXTENSIONS
            .iter()
            .any(|known| ext.eq_ignore_ascii_case(known))
    })
}

/// Hidden names start with a dot; `._photo.jpg` of macOS archives is one of them.
fn is_hidden(name: &OsStr) -> bool {
    name.as_encoded_bytes().first() == Some(&b'.')
}

/// The visible sub-folders and images of one folder, each sorted by name.
#[derive(Debug, Default)]
pub struct Listing {
    /// Names of sub-folders.
    pub folders: Vec<OsString>,
    /// Names of image files.
    pub images: Vec<OsString>,
}

impl Listing {
    /// Lists a folder; links count as what they point to, broken ones are left out.
    ///
    /// # Errors
    /// If the folder cannot be opened or read.
    pub fn read(folder: &Path) -> io::Result<Self> {
        let mut listing = Self::default();
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let name = entry.file_name();
            if is_hidden(&name) {
                continue;
            }
            let mut kind = entry.file_type()?;
            if kind.is_symlink() {
                match fs::metadata(entry.path()) {
                    Ok(target) => kind = target.file_type(),
                    Err(_) => continue,
                }
            }
            if kind.is_dir() {
                listing.folders.push(name);
            } else if kind.is_file() && is_image(Path::new(&name)) {
                listing.images.push(name);
            }
        }
        listing.folders.sort_unstable();
        listing.images.sort_unstable();
        Ok(listing)
    }
}

/// Every image at any depth below `folder`, in sorted depth-first order, and the folders that
/// could not be read. A link back to one of its own ancestors is passed over.
pub fn images_below(folder: &Path) -> (Vec<PathBuf>, Vec<SkippedFile>) {
    let mut images = Vec::new();
    let mut unreadable = Vec::new();
    let walk = WalkDir::new(folder)
        .follow_links(true)
        .sort_by_file_name()
        .into_iter()
        // The folder itself may be hidden: the user named it.
        .filter_entry(|entry| entry.depth() == 0 || !is_hidden(entry.file_name()));
    for entry in walk {
        match entry {
            Ok(entry) if entry.file_type().is_file() && is_image(entry.path()) => {
                images.push(entry.into_path())
            }
            Ok(_) => {}
            Err(error) if error.loop_ancestor().is_some() => {}
            Err(error) => unreadable.push(SkippedFile {
                file: error.path().unwrap_or(folder).to_path_buf(),
                reason: match error.io_error() {
                    Some(error) => format!("it cannot be read ({error})"),
                    None => "it cannot be read".into(),
                },
            }),
        }
    }
    (images, unreadable)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn touch(root: &Path, names: &[&str]) {
        for name in names {
            let path = root.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, b"").unwrap();
        }
    }

    #[test]
    fn known_extensions_in_any_case_and_nothing_hidden() {
        let dir = tempfile::tempdir().unwrap();
        touch(
            dir.path(),
            &[
                "b/2.JPG",
                "b/10.png",
                "a.WebP",
                ".dot/x.jpg",
                "b/._2.jpg",
                "notes.txt",
                "jpg",
                "z.pgm",
            ],
        );
        let (images, unreadable) = images_below(dir.path());
        let names: Vec<_> = images
            .iter()
            .map(|p| p.strip_prefix(dir.path()).unwrap().to_path_buf())
            .collect();
        assert_eq!(
            names,
            ["a.WebP", "b/10.png", "b/2.JPG", "z.pgm"].map(PathBuf::from)
        );
        assert!(unreadable.is_empty());

        let listing = Listing::read(dir.path()).unwrap();
        assert_eq!(listing.folders, ["b"]);
        assert_eq!(listing.images, ["a.WebP", "z.pgm"]);
    }

    #[cfg(unix)]
    #[test]
    fn link_loops_end_and_links_to_images_count() {
        use std::os::unix::fs::symlink;
        let dir = tempfile::tempdir().unwrap();
        touch(dir.path(), &["a/1.jpg"]);
        symlink(dir.path(), dir.path().join("a/back")).unwrap();
        symlink(dir.path().join("a/1.jpg"), dir.path().join("a/2.jpg")).unwrap();
        symlink(dir.path().join("gone.jpg"), dir.path().join("a/3.jpg")).unwrap();
        let (images, unreadable) = images_below(dir.path());
        assert_eq!(images.len(), 2, "{images:?}");
        assert_eq!(
            unreadable.len(),
            1,
            "the broken link is named: {unreadable:?}"
        );
        assert_eq!(
            Listing::read(&dir.path().join("a")).unwrap().images,
            ["1.jpg", "2.jpg"]
        );
    }
}
