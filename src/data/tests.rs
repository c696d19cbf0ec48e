use std::fs;
use std::path::PathBuf;

use image::RgbImage;

use super::*;

fn with_layout(layout: Layout, list: &str) -> RunConfig {
    let mut cfg = RunConfig::default();
    cfg.data.layout = layout;
    cfg.data.list = list.into();
    cfg
}

fn people() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for name in ["p1/s1/1.png", "p1/s1/2.png", "p1/s2/1.png", "p2/s1/1.png"] {
        let path = dir.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        RgbImage::new(16, 16).save(path).unwrap();
    }
    fs::write(dir.path().join("list.txt"), "p1\np2\np3\n").unwrap();
    dir
}

#[test]
fn the_list_decides_between_folder_and_vox() {
    let dir = people();
    let name = dir.path().file_name().unwrap().to_str().unwrap();
    for (layout, list, words) in [
        (Layout::Auto, "", "4 images in "),
        (Layout::Folder, "", "4 images in "),
        (Layout::Auto, "list.txt", "2 videos in "),
        (Layout::Vox, "list.txt", "2 videos in "),
        (Layout::Casia, "", "2 folders in "),
    ] {
        let source = open(Some(dir.path()), &with_layout(layout, list)).unwrap();
        assert_eq!(source.describe(), format!("{words}{name}"));
        assert_eq!(
            source.skipped().count(),
            usize::from(!list.is_empty()),
            "p3 is missing from the folder"
        );
    }
    let mut cfg = with_layout(Layout::Vox, dir.path().join("list.txt").to_str().unwrap());
    cfg.vox.unit = crate::config::VoxUnit::Clip;
    assert_eq!(
        open(Some(dir.path()), &cfg).unwrap().len(),
        3,
        "an absolute list path"
    );
    cfg.data.strict = true;
    let error = open(Some(dir.path()), &cfg).unwrap_err();
    assert!(
        matches!(&error, DataError::Strict { path, .. } if path.ends_with("p3")),
        "{error}"
    );
}

#[test]
fn errors_are_sentences_that_end_with_the_path() {
    let dir = people();
    let file = dir.path().join("list.txt");
    let gone = dir.path().join("gone");
    let (empty, loose) = (dir.path().join("empty"), dir.path().join("p1/s1"));
    fs::create_dir(&empty).unwrap();
    let cases: [(PathBuf, RunConfig, &str, PathBuf); 7] = [
        (
            gone.clone(),
            RunConfig::default(),
            "does not exist",
            gone.clone(),
        ),
        (
            file.clone(),
            RunConfig::default(),
            "is not a folder",
            file.clone(),
        ),
        (
            empty.clone(),
            RunConfig::default(),
            "no image (jpg, ",
            empty.clone(),
        ),
        (
            loose.clone(),
            with_layout(Layout::Casia, ""),
            "one sub-folder per item",
            loose,
        ),
        (
            dir.path().into(),
            with_layout(Layout::Vox, ""),
            "needs data.list",
            dir.path().into(),
        ),
        (
            dir.path().into(),
            with_layout(Layout::Rafdb, "nolist.txt"),
            "cannot be read",
            dir.path().join("nolist.txt"),
        ),
        (
            dir.path().into(),
            with_layout(Layout::Bu3dfe, "list.txt"),
            "none of the 3 entries",
            file,
        ),
    ];
    for (root, cfg, words, path) in cases {
        let sentence = open(Some(&root), &cfg).unwrap_err().to_string();
        assert!(sentence.contains(words), "{sentence}");
        assert!(
            sentence.ends_with(&path.display().to_string()),
            "{sentence}"
        );
    }
}

#[cfg(unix)]
#[test]
fn a_folder_without_permission_says_so() {
    use std::os::unix::fs::PermissionsExt;
    let dir = people();
    let locked = dir.path().join("p1");
    fs::set_permissions(&locked, fs::Permissions::from_mode(0o000)).unwrap();
    let privileged = fs::read_dir(&locked).is_ok();
    let root = open(Some(&locked), &RunConfig::default());
    let around = open(Some(dir.path()), &RunConfig::default());
    fs::set_permissions(&locked, fs::Permissions::from_mode(0o755)).unwrap();
    if privileged {
        return; // the superuser may read everything
    }
    assert!(matches!(root, Err(DataError::Unreadable { .. })));
    let around = around.unwrap();
    assert_eq!((around.len(), around.skipped().count()), (1, 1));
}

#[test]
fn generated_faces_need_no_folder() {
    let source = open(None, &RunConfig::default()).unwrap();
    assert_eq!(source.describe(), "3,584 generated faces of 64 people");
    let mut rng = <rand_chacha::ChaCha8Rng as rand::SeedableRng>::seed_from_u64(1);
    let frame = source.pick(3, &mut rng).unwrap();
    let image = source.decode(&frame).unwrap();
    assert_eq!(image.dimensions(), (96, 96));
    assert_ne!(
        image,
        source.decode(&source.pick(4, &mut rng).unwrap()).unwrap()
    );
    assert_ne!(
        source.key(&frame).unwrap(),
        source.key(&source.pick(4, &mut rng).unwrap()).unwrap()
    );
}
