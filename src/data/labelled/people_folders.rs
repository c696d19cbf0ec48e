//! A folder of people without any labels: one sub-folder per person.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::labels_csv::{FaceLabel, Labelled};
use super::picture::Picture;
use super::task::Part;
use super::{LabelledError, check_folder};
use crate::data::listing::{Listing, images_below};

/// Pictures whose first sub-folder below `root` names the person, as in ORL or LFW; nothing else
/// is known about them. `train`, `val` and their like are parts, not people: there the next folder
/// names the person.
///
/// # Errors
/// [`LabelledError::NoLabels`] if fewer than two sub-folders hold pictures, since the folders then
/// tell nobody apart.
pub fn read_people_folders(root: &Path) -> Result<Labelled, LabelledError> {
    check_folder(root)?;
    let listing = Listing::read(root).map_err(|error| LabelledError::Unreadable {
        path: root.into(),
        reason: error.to_string(),
    })?;
    let mut labelled = Labelled {
        root: root.into(),
        files: Vec::new(),
        pictures: Vec::new(),
        labels: Vec::new(),
        split: Vec::new(),
        identities: Vec::new(),
        expressions: Vec::new(),
    };
    for (person, folder) in people(root, listing.folders) {
        let (images, _) = images_below(&folder);
        if images.is_empty() {
            continue;
        }
        let known = labelled.identities.iter().position(|name| *name == person);
        let identity = known.unwrap_or(labelled.identities.len()) as u32;
        if known.is_none() {
            labelled.identities.push(person);
        }
        for image in images {
            let name = image.strip_prefix(root).unwrap_or(&image);
            labelled.files.push(name.into());
            labelled.labels.push(FaceLabel {
                identity: Some(identity),
                ..FaceLabel::default()
            });
            labelled.split.push(None);
            labelled.pictures.push(Picture::File(image));
        }
    }
    if labelled.identities.len() < 2 {
        return Err(LabelledError::NoLabels(root.into()));
    }
    Ok(labelled)
}

/// Names of people and their folders; a person may have one in each part.
fn people(root: &Path, folders: Vec<OsString>) -> Vec<(String, PathBuf)> {
    let mut people = Vec::new();
    for folder in folders {
        let (name, path) = (folder.to_string_lossy().into_owned(), root.join(&folder));
        if Part::named(&name).is_none() {
            people.push((name, path));
        } else if let Ok(part) = Listing::read(&path) {
            let below = part.folders.into_iter();
            people.extend(below.map(|name| (name.to_string_lossy().into(), path.join(&name))));
        }
    }
    people
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_folder_names_the_person() {
        let dir = tempfile::tempdir().unwrap();
        for name in [
            "ann/1.png",
            "ann/deep/2.png",
            "bob/1.png",
            "loose.png",
            "none/notes.txt",
        ] {
            let path = dir.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, b"").unwrap();
        }
        let found = read_people_folders(dir.path()).unwrap();
        assert_eq!(found.identities, ["ann", "bob"]);
        let who: Vec<_> = found.labels.iter().map(|label| label.identity).collect();
        assert_eq!(who, [Some(0), Some(0), Some(1)]);
        assert_eq!(found.files[2], Path::new("bob/1.png"));
        let parts = tempfile::tempdir().unwrap();
        for name in [
            "train/ann/1.png",
            "train/bob/1.png",
            "val/ann/2.png",
            "val/loose.png",
        ] {
            let path = parts.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, b"").unwrap();
        }
        let found = read_people_folders(parts.path()).unwrap();
        assert_eq!(found.identities, ["ann", "bob"]);
        assert_eq!(
            found.files.len(),
            3,
            "whom a loose picture shows is not known"
        );
        let one = read_people_folders(&dir.path().join("ann"));
        assert!(matches!(one, Err(LabelledError::NoLabels(_))));
    }
}
