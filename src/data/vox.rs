//! Layout `vox`: a list names one directory per line, usually `person/video`; its sub-directories
//! are clips, and in them lie the frames.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use rand::Rng;

use super::error::DataError;
use super::listing::{Listing, images_below};
use super::lists::{entry_path, list_lines, nothing_listed};
use super::reading::Reading;
use super::sampler::below;
use super::skipped::SkippedFile;
use crate::config::VoxUnit;

/// Deepest nesting followed below an entry; only a loop of links gets there.
const MAX_DEPTH: usize = 32;

/// Reads the list. Entries that do not exist are skipped by name.
///
/// An entry is one item (`video`), each of its sub-directories is one (`clip`; an entry without
/// sub-directories is itself the clip), or each image at any depth below it is one (`frame`).
///
/// # Errors
/// If the list cannot be read or none of its entries exists.
pub fn read(root: &Path, list: &Path, unit: VoxUnit) -> Result<Reading, DataError> {
    let lines = list_lines(list)?;
    let mut found = Vec::new();
    let mut skipped = Vec::new();
    let mut people = HashSet::new();
    for line in &lines {
        let entry = entry_path(root, line);
        if !entry.is_dir() {
            skipped.push(SkippedFile {
                file: entry,
                reason: "the list names this folder, but it does not exist".into(),
            });
            continue;
        }
        // An entry is a person's video, or everything of a person.
        let above = entry.parent().filter(|&folder| folder != root);
        people.insert(above.unwrap_or(&entry).to_path_buf());
        match unit {
            VoxUnit::Video => found.push(entry),
            VoxUnit::Clip => match Listing::read(&entry) {
                Ok(listing) if listing.folders.is_empty() => found.push(entry),
                Ok(listing) => found.extend(listing.folders.iter().map(|name| entry.join(name))),
                Err(error) => skipped.push(unreadable(&entry, &error)),
            },
            VoxUnit::Frame => {
                let (mut images, mut without) = images_below(&entry);
                if images.is_empty() && without.is_empty() {
                    without.push(no_image(&entry));
                }
                found.append(&mut images);
                skipped.append(&mut without);
            }
        }
    }
    if found.is_empty() {
        return Err(nothing_listed(list, lines.len(), &skipped));
    }
    let reading = match unit {
        VoxUnit::Video => Reading::folders(found, "videos", skipped),
        VoxUnit::Clip => Reading::folders(found, "clips", skipped),
        VoxUnit::Frame => Reading::files(found, "frames", skipped),
    };
    Ok(Reading { people, ..reading })
}

/// One random frame below `entry`: a random sub-directory at each level, then a random image.
///
/// Images that lie beside sub-directories count together as one more choice. Directories are
/// listed anew on every visit: a whole video corpus would not fit in memory as names, and a folder
/// that changes is seen as it is.
///
/// # Errors
/// If the directory that was drawn cannot be read or holds no image.
pub fn random_frame<R: Rng + ?Sized>(entry: &Path, rng: &mut R) -> Result<PathBuf, SkippedFile> {
    let mut folder = entry.to_path_buf();
    for _ in 0..MAX_DEPTH {
        let listing = Listing::read(&folder).map_err(|error| unreadable(&folder, &error))?;
        let choices = listing.folders.len() + usize::from(!listing.images.is_empty());
        if choices == 0 {
            return Err(no_image(&folder));
        }
        match listing.folders.get(below(rng, choices)) {
            Some(name) => folder.push(name),
            None => return Ok(folder.join(&listing.images[below(rng, listing.images.len())])),
        }
    }
    Err(SkippedFile {
        file: entry.to_path_buf(),
        reason: format!("it is nested deeper than {MAX_DEPTH} folders"),
    })
}

/// A folder that cannot be listed.
pub fn unreadable(folder: &Path, error: &std::io::Error) -> SkippedFile {
    SkippedFile {
        file: folder.to_path_buf(),
        reason: format!("the folder cannot be read ({error})"),
    }
}

fn no_image(folder: &Path) -> SkippedFile {
    SkippedFile {
        file: folder.to_path_buf(),
        reason: "the folder holds no image".into(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::fs;

    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    use super::*;
    use crate::data::reading::Items;

    fn tree(names: &[&str]) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        for name in names {
            let path = dir.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, b"").unwrap();
        }
        dir
    }

    #[test]
    fn sub_directory_first_then_file() {
        // Clip c2 has one frame, c1 has nine: by clip the lone frame comes up half of the time.
        let mut names: Vec<String> = (0..9).map(|i| format!("p/v/c1/{i}.jpg")).collect();
        names.push("p/v/c2/only.jpg".into());
        let dir = tree(&names.iter().map(String::as_str).collect::<Vec<_>>());
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let mut counts: HashMap<PathBuf, usize> = HashMap::new();
        for _ in 0..2000 {
            *counts
                .entry(random_frame(&dir.path().join("p/v"), &mut rng).unwrap())
                .or_default() += 1;
        }
        let only = counts[&dir.path().join("p/v/c2/only.jpg")];
        assert!((900..1100).contains(&only), "{only}");
        assert_eq!(counts.len(), 10, "every frame is reached");
    }

    #[test]
    fn any_depth_below_the_entry() {
        let dir = tree(&[
            "flat/1.jpg",
            "deep/a/b/c/1.jpg",
            "mixed/1.jpg",
            "mixed/sub/2.jpg",
        ]);
        let mut rng = ChaCha8Rng::seed_from_u64(2);
        assert!(
            random_frame(&dir.path().join("flat"), &mut rng)
                .unwrap()
                .ends_with("flat/1.jpg")
        );
        assert!(
            random_frame(&dir.path().join("deep"), &mut rng)
                .unwrap()
                .ends_with("a/b/c/1.jpg")
        );
        let mixed: std::collections::HashSet<_> = (0..50)
            .map(|_| random_frame(&dir.path().join("mixed"), &mut rng).unwrap())
            .collect();
        assert_eq!(mixed.len(), 2);
    }

    #[test]
    fn units_and_missing_entries() {
        let dir = tree(&[
            "p1/v1/c1/1.jpg",
            "p1/v1/c1/2.jpg",
            "p1/v1/c2/1.jpg",
            "p2/v1/1.jpg",
        ]);
        let list = dir.path().join("list.txt");
        fs::write(&list, "\u{feff}p1/v1\r\n\r\np2/v1\r\np3/gone\r\n").unwrap();
        for (unit, expected) in [(VoxUnit::Video, 2), (VoxUnit::Clip, 3), (VoxUnit::Frame, 4)] {
            let reading = read(dir.path(), &list, unit).unwrap();
            let len = match &reading.items {
                Items::Files(files) => files.len(),
                Items::Folders(folders) => folders.len(),
                Items::Generated(_) => unreachable!(),
            };
            assert_eq!(len, expected, "{unit:?}");
            assert_eq!(reading.skipped.len(), 1);
            assert!(reading.skipped[0].file.ends_with("p3/gone"));
        }
        fs::write(&list, "gone\nalso gone\n").unwrap();
        let sentence = read(dir.path(), &list, VoxUnit::Video)
            .err()
            .unwrap()
            .to_string();
        assert!(
            sentence.contains("none of the 2 entries") && sentence.ends_with("list.txt"),
            "{sentence}"
        );
    }

    #[test]
    fn an_empty_directory_is_an_error_not_a_panic() {
        let dir = tempfile::tempdir().unwrap();
        let mut rng = ChaCha8Rng::seed_from_u64(3);
        assert_eq!(
            random_frame(dir.path(), &mut rng).unwrap_err(),
            no_image(dir.path())
        );
        assert!(
            random_frame(&dir.path().join("gone"), &mut rng)
                .unwrap_err()
                .reason
                .contains("cannot be read")
        );
    }
}
