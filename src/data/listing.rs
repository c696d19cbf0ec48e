//! Directory listings: which names count as images, in which order, and how links are treated.
//!
//! Only files whose names say nothing are opened, for their first bytes, and only symbolic links are
//! looked up one by one.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use image::ImageFormat;
use walkdir::WalkDir;

use super::skipped::SkippedFile;

/// Extensions of image files, in any case.
pub const EXTENSIONS: [&str; 15] = [
    "jpg", "jpeg", "jpe", "jfif", "mpo", "png", "webp", "bmp", "pgm", "ppm", "pbm", "pnm", "gif",
    "tif", "tiff",
];
/// Extensions of pictures that no decoder at hand can read.
const UNREADABLE: [&str; 21] = [
    "heic", "heif", "avif", "jxl", "jp2", "j2k", "psd", "svg", "tga", "exr", "hdr", "raw", "dng",
    "cr2", "cr3", "nef", "arw", "orf", "rw2", "raf", "dcm",
];
/// Bytes that tell what a file holds.
const SNIFFED_BYTES: u64 = 32;

/// Whether the name ends like an image file.
pub fn is_image(path: &Path) -> bool {
    ends_with(path, &EXTENSIONS)
}

fn ends_with(path: &Path, extensions: &[&str]) -> bool {
    path.extension().is_some_and(|ext| {
        extensions
            .iter()
            .any(|known| ext.eq_ignore_ascii_case(known))
    })
}

/// What a file is, by its name and, where that says nothing, by its first bytes.
enum Kind {
    Image,
    /// A picture of this kind, which cannot be read.
    Unreadable(String),
    Other,
}

impl Kind {
    fn of(path: &Path) -> Self {
        if is_image(path) {
            return Self::Image;
        }
        let extension = path.extension().unwrap_or_default().to_string_lossy();
        if ends_with(path, &UNREADABLE) {
            return Self::Unreadable(extension.to_uppercase());
        }
        // A few letters or digits may be the kind of a file or, in a name without an extension, a
        // number; what is known to be no picture need not be opened.
        if ends_with(
            path,
            &[
                "csv",
                "txt",
                "json",
                "jsonl",
                "toml",
                "md",
                "npy",
                "npz",
                "safetensors",
            ],
        ) {
            return Self::Other;
        }
        let mut start = Vec::new();
        let read =
            File::open(path).and_then(|file| file.take(SNIFFED_BYTES).read_to_end(&mut start));
        let known = |format: ImageFormat| {
            let names = format.extensions_str();
            names.iter().any(|name| EXTENSIONS.contains(name))
        };
        match (read, image::guess_format(&start)) {
            (Ok(_), Ok(format)) if known(format) => Self::Image,
            _ => Self::Other,
        }
    }
}

/// How many files of which kinds cannot be read, in words: "3 files of kinds that visage cannot read
/// (2 HEIC, 1 PSD); convert them to JPEG or PNG".
pub fn unreadable_kinds(skipped: &[SkippedFile]) -> Option<String> {
    let mut kinds = BTreeMap::<String, usize>::new();
    for entry in skipped
        .iter()
        .filter(|entry| ends_with(&entry.file, &UNREADABLE))
    {
        let extension = entry.file.extension().unwrap_or_default();
        *kinds
            .entry(extension.to_string_lossy().to_uppercase())
            .or_default() += 1;
    }
    let count: usize = kinds.values().sum();
    let files = if count == 1 {
        "file of a kind"
    } else {
        "files of kinds"
    };
    let list: Vec<_> = kinds
        .iter()
        .map(|(kind, count)| format!("{count} {kind}"))
        .collect();
    (count > 0).then(|| {
        format!(
            "{count} {files} that visage cannot read ({}); convert to JPEG or PNG",
            list.join(", ")
        )
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

/// Every image at any depth below `folder`, in sorted depth-first order, and the folders and kinds of
/// pictures that cannot be read. A file whose name says nothing is an image if it begins like one.
/// A link back to one of its own ancestors is passed over.
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
            Ok(entry) if entry.file_type().is_file() => match Kind::of(entry.path()) {
                Kind::Image => images.push(entry.into_path()),
                Kind::Unreadable(kind) => unreadable.push(SkippedFile {
                    file: entry.into_path(),
                    reason: format!("visage cannot read {kind}; convert it to JPEG or PNG"),
                }),
                Kind::Other => {}
            },
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

    #[test]
    fn what_can_be_decoded_is_found_and_what_cannot_is_counted() {
        let dir = tempfile::tempdir().unwrap();
        let png = dir.path().join("a.png");
        image::RgbImage::new(8, 8).save(&png).unwrap();
        for name in [
            "chrome.jfif",
            "scan.TIFF",
            "c.mpo",
            "no-extension",
            "IMG.0001",
        ] {
            fs::copy(&png, dir.path().join(name)).unwrap();
        }
        touch(
            dir.path(),
            &[
                "IMG_1.HEIC",
                "IMG_2.heic",
                "draft.psd",
                "labels.csv",
                "film.mp4",
                "empty",
            ],
        );
        let (images, skipped) = images_below(dir.path());
        let names: Vec<_> = images
            .iter()
            .map(|path| path.file_name().unwrap().to_str().unwrap())
            .collect();
        assert_eq!(
            names,
            [
                "IMG.0001",
                "a.png",
                "c.mpo",
                "chrome.jfif",
                "no-extension",
                "scan.TIFF"
            ]
        );
        assert_eq!(
            unreadable_kinds(&skipped).unwrap(),
            "3 files of kinds that visage cannot read (2 HEIC, 1 PSD); convert to JPEG or PNG"
        );
        assert!(skipped[0].reason.contains("HEIC"));
        assert_eq!(unreadable_kinds(&[]), None);
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
