//! Every layout as the reference readers expect it, read back here by the letter.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use ndarray::{Array2, Array4};
use ndarray_npy::NpzReader;

use super::*;
use crate::data::generated::{CLIPS, Expression, FRAMES};

const EACH: usize = CLIPS * FRAMES;

fn plan(layout: ExportLayout, identities: usize) -> Plan {
    Export::new(layout, identities, 5, None)
        .unwrap()
        .plan()
        .unwrap()
}

fn written(layout: ExportLayout, identities: usize) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let export = Export::new(layout, identities, 5, None).unwrap();
    let drawn = AtomicUsize::new(0);
    let count = || {
        drawn.fetch_add(1, Ordering::Relaxed);
    };
    export.write(dir.path(), &count).unwrap();
    assert_eq!(drawn.into_inner(), export.pictures());
    dir
}

/// The rows of a csv file as maps from its heading.
fn table(path: &Path) -> Vec<HashMap<String, String>> {
    let mut reader = csv::Reader::from_path(path).unwrap();
    reader.deserialize().map(Result::unwrap).collect()
}

fn person(shot: &plan::Shot) -> usize {
    shot.item / EACH
}

#[test]
fn impossible_exports_are_refused() {
    for layout in ExportLayout::ALL {
        let (fewest, _) = layout.fewest_identities();
        let error = Export::new(layout, fewest - 1, 0, None).unwrap_err();
        assert!(error.to_string().contains(&format!("at least {fewest}")));
        let plan = plan(layout, fewest);
        assert_eq!(plan.shots.len(), fewest * EACH, "{layout}");
        let files: BTreeSet<&str> = plan.shots.iter().map(|s| s.file.as_str()).collect();
        assert_eq!(
            files.len(),
            plan.shots.len(),
            "{layout}: a name is used twice"
        );
        assert_eq!(layout.name().parse(), Ok(layout));
    }
    let new = |layout, side| Export::new(layout, 30, 0, Some(side));
    assert!(matches!(
        new(ExportLayout::Vox, 63),
        Err(ExportError::Side(63))
    ));
    assert!(new(ExportLayout::Vox, 256).is_ok());
    assert!(new(ExportLayout::Fer2013, 48).is_ok());
    let error = new(ExportLayout::Fer2013, 96).unwrap_err().to_string();
    assert!(error.contains("48"), "{error}");
    let many = Export::new(ExportLayout::Vox, usize::MAX, 0, None);
    assert!(matches!(many, Err(ExportError::TooMany(_))));
}

#[test]
fn a_folder_with_contents_is_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("thesis.txt"), "years").unwrap();
    let export = Export::new(ExportLayout::Folder, 1, 0, None).unwrap();
    let result = export.write(dir.path(), &|| ());
    assert!(matches!(result, Err(ExportError::NotEmpty(_))));
    let file = dir.path().join("thesis.txt");
    let result = export.write(&file, &|| ());
    assert!(matches!(result, Err(ExportError::Unwritable { .. })));
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
}

#[test]
fn files_and_labels_agree_and_repeat() {
    let dir = written(ExportLayout::Vox, 1);
    let rows = table(&dir.path().join("labels.csv"));
    assert_eq!(rows.len(), EACH);
    let faces = GeneratedFaces::new(5, 1);
    for (item, row) in rows.iter().enumerate() {
        let truth = faces.truth(item);
        let (clip, frame) = (item / FRAMES, item % FRAMES);
        assert_eq!(row["file"], format!("id00000/clip{clip:02}/{frame:05}.jpg"));
        assert_eq!(row["identity"], "id00000");
        assert_eq!(row["clip"], format!("clip{clip:02}"));
        assert_eq!(row["frame"], frame.to_string());
        let words = [
            "neutral", "happy", "sad", "surprise", "fear", "disgust", "anger",
        ];
        let class = Expression::ALL.iter().position(|e| *e == truth.expression);
        assert_eq!(row["expression"], words[class.unwrap()]);
        let near = |column: &str, value: f32| {
            assert!((row[column].parse::<f32>().unwrap() - value).abs() < 0.006);
        };
        near("au1", truth.au_intensity[0]);
        near("au26", truth.au_intensity[7]);
        near("yaw_deg", truth.yaw_deg);
        near("pitch_deg", truth.pitch_deg);
        near("roll_deg", truth.roll_deg);
        let picture = image::open(dir.path().join(&row["file"]))
            .unwrap()
            .to_rgb8();
        let drawn = faces.render(item, 96);
        let off: u64 = picture
            .iter()
            .zip(drawn.iter())
            .map(|(a, b)| u64::from(a.abs_diff(*b)))
            .sum();
        assert!(
            off < 3 * drawn.len() as u64,
            "picture {item} is another one: {off}"
        );
    }
    let again = written(ExportLayout::Vox, 1);
    for file in ["labels.csv", "clips.txt", "id00000/clip03/00004.jpg"] {
        let read = |dir: &tempfile::TempDir| fs::read(dir.path().join(file)).unwrap();
        assert_eq!(read(&dir), read(&again), "{file}");
    }
}

#[test]
fn rafdb_lists_every_picture_with_its_class() {
    let dir = written(ExportLayout::Rafdb, 2);
    let list = fs::read_to_string(dir.path().join("EmoLabel/list_patition_label.txt")).unwrap();
    let rows = table(&dir.path().join("labels.csv"));
    let words = [
        "surprise", "fear", "disgust", "happy", "sad", "anger", "neutral",
    ];
    let mut people: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (line, row) in list.lines().zip(&rows) {
        let (file, class) = line.split_once(' ').unwrap();
        let stem = file.strip_suffix(".jpg").unwrap();
        assert_eq!(row["file"], format!("Image/aligned/{stem}_aligned.jpg"));
        assert_eq!(
            row["expression"],
            words[class.parse::<usize>().unwrap() - 1]
        );
        people
            .entry(&stem[..5])
            .or_default()
            .insert(&row["identity"]);
    }
    assert_eq!(list.lines().count(), 2 * EACH);
    assert_eq!(people["train"], BTreeSet::from(["id00000"]));
    assert_eq!(people["test_"], BTreeSet::from(["id00001"]));
    let picture = image::open(dir.path().join("Image/aligned/test_00056_aligned.jpg")).unwrap();
    assert_eq!((picture.width(), picture.height()), (100, 100));
}

#[test]
fn fer2013_rows_have_2304_pixels() {
    let dir = written(ExportLayout::Fer2013, 3);
    let rows = table(&dir.path().join("fer2013.csv"));
    let labels = table(&dir.path().join("labels.csv"));
    let words = [
        "anger", "disgust", "fear", "happy", "sad", "surprise", "neutral",
    ];
    for (n, (row, label)) in rows.iter().zip(&labels).enumerate() {
        assert_eq!(label["file"], format!("fer2013.csv#{n}"));
        assert_eq!(
            label["expression"],
            words[row["emotion"].parse::<usize>().unwrap()]
        );
        let pixels: Vec<u8> = row["pixels"]
            .split(' ')
            .map(|p| p.parse().unwrap())
            .collect();
        assert_eq!(pixels.len(), 48 * 48);
        assert_eq!(
            row["Usage"],
            ["Training", "PublicTest", "PrivateTest"][n / EACH]
        );
    }
    assert_eq!(rows.len(), 3 * EACH);
    let share = |usage| (0..40).filter(|p| fer2013::usage(*p, 40) == usage).count();
    assert_eq!(
        [share("Training"), share("PublicTest"), share("PrivateTest")],
        [32, 4, 4]
    );
}

#[test]
fn pairs_are_balanced_and_folds_share_nobody() {
    for (layout, apart) in [
        (ExportLayout::Lfw, 0.0),
        (ExportLayout::Cplfw, cplfw::APART_DEG),
    ] {
        let faces = GeneratedFaces::new(5, 33);
        let folds = pairs::folds(&faces, layout, apart).unwrap();
        assert_eq!(folds.len(), 10);
        let mut seen: HashMap<usize, usize> = HashMap::new();
        for (number, fold) in folds.iter().enumerate() {
            assert_eq!(fold.same.len(), fold.different.len());
            assert_eq!(fold.same.len(), folds[0].same.len());
            assert!(fold.same.len() >= 100, "{}", fold.same.len());
            for (pairs, same) in [(&fold.same, true), (&fold.different, false)] {
                for &(a, b) in pairs {
                    let (a, b) = (faces.truth(a), faces.truth(b));
                    assert_eq!(a.identity == b.identity, same);
                    assert_ne!(a.expression, b.expression);
                    assert!((a.yaw_deg - b.yaw_deg).abs() >= apart);
                    for face in [a, b] {
                        assert_eq!(*seen.entry(face.identity).or_insert(number), number);
                    }
                }
            }
        }
        assert_eq!(seen.len(), 33, "everyone takes part");
    }
}

#[test]
fn lfw_lines_name_pictures_that_exist() {
    let plan = plan(ExportLayout::Lfw, 20);
    let files: HashMap<&str, usize> = plan
        .shots
        .iter()
        .map(|s| (s.file.as_str(), person(s)))
        .collect();
    assert!(files.contains_key("Person_012/Person_012_0056.jpg"));
    let lines: Vec<Vec<&str>> = plan.lists[0]
        .text
        .lines()
        .map(|line| line.split('\t').collect())
        .collect();
    let each: usize = lines[0][1].parse().unwrap();
    assert_eq!(
        (plan.lists[0].file.as_str(), lines[0][0]),
        ("pairs.txt", "10")
    );
    assert_eq!(lines.len(), 1 + 20 * each);
    let find = |name: &str, number: &str| {
        files[format!("{name}/{name}_{:04}.jpg", number.parse::<usize>().unwrap()).as_str()]
    };
    for (n, line) in lines[1..].iter().enumerate() {
        match line[..] {
            [name, i, j] if n % (2 * each) < each => assert_eq!(find(name, i), find(name, j)),
            [a, i, b, j] if n % (2 * each) >= each => assert_ne!(find(a, i), find(b, j)),
            _ => panic!("line {n}: {line:?}"),
        }
    }
}

#[test]
fn cplfw_pairs_take_two_lines() {
    let plan = plan(ExportLayout::Cplfw, 20);
    let files: HashMap<&str, usize> = plan
        .shots
        .iter()
        .map(|s| (s.file.as_str(), person(s)))
        .collect();
    let lines: Vec<&str> = plan.lists[0].text.lines().collect();
    assert_eq!(plan.lists[0].file, "pairs_CPLFW.txt");
    assert!(lines.len().is_multiple_of(40), "{}", lines.len());
    for pair in lines.chunks(2) {
        let [(a, label), (b, same)] = [0, 1].map(|k| pair[k].split_once(' ').unwrap());
        let [a, b] = [a, b].map(|file| files[format!("images/{file}").as_str()]);
        assert_eq!((label, label == "1"), (same, a == b));
    }
}

#[test]
fn disfa_has_whole_intensities_and_the_published_folds() {
    let plan = plan(ExportLayout::Disfa, 30);
    let names: BTreeSet<String> = (0..30).map(disfa::subject).collect();
    assert_eq!(names.len(), 30);
    let first: Vec<String> = (0..4).map(disfa::subject).collect();
    assert_eq!(first, ["SN001", "SN006", "SN003", "SN002"]);
    assert_eq!(
        (disfa::subject(26), disfa::subject(27)),
        ("SN029".into(), "SN033".into())
    );
    assert_eq!(plan.lists.len(), 8 * 30);
    assert_eq!(plan.shots[EACH + 9].file, "DISFA/SN006/9.jpg");
    let list = plan
        .lists
        .iter()
        .find(|list| list.file == "ActionUnit_Labels/SN006/SN006_au12.txt");
    let faces = GeneratedFaces::new(5, 30);
    for (frame, line) in list.unwrap().text.lines().enumerate() {
        let (number, intensity) = line.split_once(',').unwrap();
        assert_eq!(number, (frame + 1).to_string());
        let truth = faces.truth(EACH + frame).au_intensity[5];
        assert!((f32::from(intensity.parse::<u8>().unwrap()) - truth).abs() <= 0.5);
    }
}

#[test]
fn npz_files_hold_bgr_pictures_and_poses() {
    let dir = written(ExportLayout::W300Lp, 3);
    let faces = GeneratedFaces::new(5, 3);
    for (block, name) in ["AFW", "HELEN", "AFLW2000"].into_iter().enumerate() {
        let file = fs::File::open(dir.path().join(format!("{name}.npz"))).unwrap();
        let mut archive = NpzReader::new(file).unwrap();
        let images: Array4<u8> = archive.by_name("image").unwrap();
        let poses: Array2<f32> = archive.by_name("pose").unwrap();
        assert_eq!((images.dim(), poses.dim()), ((EACH, 64, 64, 3), (EACH, 3)));
        let item = block * EACH + 7;
        let truth = faces.truth(item);
        let pose = [truth.yaw_deg, truth.pitch_deg, truth.roll_deg];
        assert_eq!(poses.row(7).to_vec(), pose);
        let picture = faces.render(item, 64);
        for (x, y) in [(0, 0), (30, 33), (63, 20)] {
            let bgr = [0, 1, 2].map(|c| images[[7, y as usize, x as usize, 2 - c]]);
            assert_eq!(bgr, picture.get_pixel(x, y).0);
        }
    }
    let labels = table(&dir.path().join("labels.csv"));
    assert_eq!(labels[2 * EACH + 3]["file"], "AFLW2000.npz#3");
}

#[test]
fn bu3dfe_views_go_round_the_classes() {
    let dir = written(ExportLayout::Bu3dfe, 3);
    let labels = table(&dir.path().join("labels.csv"));
    let mut lines = String::new();
    for (file, count) in [("train.csv", 2 * EACH), ("val.csv", EACH)] {
        let list = fs::read_to_string(dir.path().join(file)).unwrap();
        assert_eq!(list.lines().count(), count);
        lines.push_str(&list);
    }
    let mut counts = [0; bu3dfe::CLASSES];
    for (line, label) in lines.lines().zip(&labels) {
        let fields: Vec<&str> = line.split(',').collect();
        assert_eq!(fields[0], label["file"]);
        let yaw: f32 = label["yaw_deg"].parse().unwrap();
        let nearest = ((yaw + 90.0) / 22.5).round() as usize;
        assert_eq!(fields[2], nearest.to_string());
        let expression = Expression::ALL[fields[1].parse::<usize>().unwrap()];
        assert_eq!(label["expression"], expression.to_string());
        counts[nearest] += 1;
    }
    assert!(counts.iter().all(|n| (18..=19).contains(n)), "{counts:?}");
    // The picture shows the yaw of the label, not that of the clip.
    let face = image::open(dir.path().join(&labels[0]["file"]))
        .unwrap()
        .to_rgb8();
    let clip = GeneratedFaces::new(5, 3).render(0, 96);
    let apart: u64 = face
        .iter()
        .zip(clip.iter())
        .map(|(a, b)| u64::from(a.abs_diff(*b)))
        .sum();
    assert!(apart > 10 * face.len() as u64, "{apart}");
}

#[test]
fn the_sheet_is_as_large_as_its_tiles() {
    let faces = GeneratedFaces::new(5, 2);
    let sheet = contact_sheet(&faces, 64);
    assert_eq!(sheet.dimensions(), (9 * 64, 2 * 64));
    let tile =
        |x: u32, y: u32| image::imageops::crop_imm(&sheet, 64 * x, 64 * y, 64, 64).to_image();
    assert_ne!(tile(4, 0), tile(4, 1), "two people");
    assert_ne!(tile(0, 0), tile(8, 0), "two poses");
}
