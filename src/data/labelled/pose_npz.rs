//! Head pose in angles: 300W-LP for training, AFLW2000 for the test (METHODS 2.4).

use std::path::{Path, PathBuf};

use super::check_folder;
use super::error::LabelledError;
use super::npz::Npz;
use super::picture::Picture;
use super::task::{People, Split, refuse_empty, refuse_shared};

/// Pictures with a larger angle are dropped, in both parts, as in the reference code.
const MAX_ANGLE_DEG: f32 = 99.0;
/// The file of the test part, without extension.
const TEST: &str = "aflw2000";

/// Faces with their pose. The vectors run in parallel.
#[derive(Clone, Debug, Default)]
pub struct PoseSet {
    /// Where the pixels are.
    pub pictures: Vec<Picture>,
    /// File and row, e.g. `AFW.npz#12`.
    pub names: Vec<String>,
    /// Yaw, pitch and roll in degrees.
    pub pose_deg: Vec<[f32; 3]>,
    /// Pictures left out because an angle is beyond ±99°.
    pub dropped: usize,
}

/// Reads a folder of npz files with the keys `image` (n × 64 × 64 × 3 bytes, blue first) and
/// `pose` (n × 3, float32 or float64: yaw, pitch, roll in degrees). `AFLW2000.npz` is the test
/// part, all others the training part.
///
/// # Errors
/// If a part is empty, a file is damaged or has other keys, types, shapes or lengths, an angle is
/// not finite, or a `labels.csv` tells that the parts share a person.
pub fn read_pose(root: &Path) -> Result<Split<PoseSet>, LabelledError> {
    check_folder(root)?;
    let (mut train, mut test) = (PoseSet::default(), PoseSet::default());
    let files = npz_files(root)?;
    if files.is_empty() {
        return Err(LabelledError::Unrecognised {
            task: "head pose data set",
            expected: "AFLW2000.npz and at least one other npz file (300W-LP)",
            root: root.into(),
        });
    }
    for path in files {
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        let is_test = stem.eq_ignore_ascii_case(TEST);
        read_file(&path, if is_test { &mut test } else { &mut train })?;
    }
    refuse_empty(train.pictures.len(), test.pictures.len(), root)?;
    let people = People::beside(root)?;
    refuse_shared(&people.of(&train.names), &people.of(&test.names), root)?;
    Ok(Split {
        train,
        test,
        note: None,
    })
}

/// The npz files of a folder, by name.
fn npz_files(root: &Path) -> Result<Vec<PathBuf>, LabelledError> {
    let unreadable = |error: std::io::Error| LabelledError::Unreadable {
        path: root.into(),
        reason: error.to_string(),
    };
    let mut files = Vec::new();
    for entry in std::fs::read_dir(root).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let is_npz = path
            .extension()
            .is_some_and(|ext| ext.eq_ignore_ascii_case("npz"));
        if is_npz && path.is_file() {
            files.push(path);
        }
    }
    files.sort_unstable();
    Ok(files)
}

fn read_file(path: &Path, set: &mut PoseSet) -> Result<(), LabelledError> {
    let mut npz = Npz::open(path)?;
    // The poses first: where they are wrong, no picture need be unpacked.
    let poses = npz.poses()?;
    if let Some(row) = poses
        .iter()
        .position(|pose| !pose.iter().all(|angle| angle.is_finite()))
    {
        let what = format!(
            "the pose of row {row} (from 0) is {:?}, not finite",
            poses[row]
        );
        return Err(LabelledError::file(path, what));
    }
    let pictures = npz.pictures()?;
    if pictures.len() != poses.len() {
        let what = format!(
            "it has {} pictures and {} poses; both keys need one row for each",
            pictures.len(),
            poses.len()
        );
        return Err(LabelledError::file(path, what));
    }
    let file = path.file_name().unwrap_or_default().to_string_lossy();
    for (row, (picture, pose)) in pictures.into_iter().zip(poses).enumerate() {
        if pose.iter().any(|angle| angle.abs() > MAX_ANGLE_DEG) {
            set.dropped += 1;
            continue;
        }
        set.pictures.push(picture);
        set.names.push(format!("{file}#{row}"));
        set.pose_deg.push(pose);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs::File;

    use ndarray::{Array2, Array4};
    use ndarray_npy::{NpzWriter, WritableElement};

    use super::*;

    fn write<T: WritableElement>(root: &Path, name: &str, images: usize, poses: Vec<[T; 3]>) {
        let mut npz = NpzWriter::new_compressed(File::create(root.join(name)).unwrap());
        let images = Array4::from_shape_fn((images, 8, 8, 3), |(n, ..)| n as u8);
        npz.add_array("image", &images).unwrap();
        npz.add_array("pose", &Array2::from(poses)).unwrap();
        npz.finish().unwrap();
    }

    #[test]
    fn both_precisions_and_the_limit_of_99() {
        let dir = tempfile::tempdir().unwrap();
        write(
            dir.path(),
            "HELEN.npz",
            2,
            vec![[1.0f32, 2.0, 3.0], [99.0, -99.0, 0.0]],
        );
        write(
            dir.path(),
            "AFW_Flip.npz",
            3,
            vec![[0.0f64, 0.0, -99.5], [4.5, 0.0, 0.0], [0.0, 100.0, 0.0]],
        );
        write(
            dir.path(),
            "AFLW2000.npz",
            2,
            vec![[-10.0f32, 0.0, 0.0], [120.0, 0.0, 0.0]],
        );
        let Split { train, test, .. } = read_pose(dir.path()).unwrap();
        assert_eq!(
            train.names,
            ["AFW_Flip.npz#1", "HELEN.npz#0", "HELEN.npz#1"]
        );
        assert_eq!(
            train.pose_deg,
            [[4.5, 0.0, 0.0], [1.0, 2.0, 3.0], [99.0, -99.0, 0.0]]
        );
        assert_eq!((train.dropped, test.dropped), (2, 1));
        assert_eq!(
            train.pictures[0].load(64).unwrap().get_pixel(3, 3).0,
            [1; 3]
        );
        assert_eq!(
            (test.names, test.pose_deg),
            (vec!["AFLW2000.npz#0".into()], vec![[-10.0, 0.0, 0.0]])
        );

        std::fs::write(
            dir.path().join("labels.csv"),
            "file,identity\nAFLW2000.npz#0,anna\nHELEN.npz#1,anna\n",
        )
        .unwrap();
        assert!(matches!(
            read_pose(dir.path()),
            Err(LabelledError::SharedIdentity { .. })
        ));
    }

    #[test]
    fn what_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        assert!(matches!(
            read_pose(dir.path()),
            Err(LabelledError::Unrecognised { .. })
        ));
        let sentence = || read_pose(dir.path()).unwrap_err().to_string();
        write(dir.path(), "AFW.npz", 1, vec![[0.0f32; 3]]);
        assert!(sentence().contains("test part"));
        for angle in [f32::NAN, f32::INFINITY] {
            write(
                dir.path(),
                "AFLW2000.npz",
                2,
                vec![[0.0; 3], [0.0, angle, 0.0]],
            );
            assert!(sentence().contains("row 1"), "{}", sentence());
        }
        write(dir.path(), "AFLW2000.npz", 2, vec![[0.0f32; 3]; 3]);
        assert!(
            sentence().contains("2 pictures and 3 poses"),
            "{}",
            sentence()
        );
        assert!(sentence().ends_with("AFLW2000.npz"));
    }
}
