use std::io::Write;

use ndarray::{Array, Array2, Array3, ShapeBuilder};
use ndarray_npy::NpzWriter;
use zip::write::SimpleFileOptions;

use super::*;

fn sentence<T>(result: Result<T, LabelledError>) -> String {
    result.err().expect("it must be refused").to_string()
}

fn write(path: &Path, images: &Array4<u8>, poses: &Array2<f64>) {
    let mut npz = NpzWriter::new_compressed(File::create(path).unwrap());
    npz.add_array("image", images).unwrap();
    npz.add_array("pose", poses).unwrap();
    npz.finish().unwrap();
}

/// An archive of one member with these bytes.
fn archive(path: &Path, name: &str, bytes: &[u8]) {
    let mut zip = zip::ZipWriter::new(File::create(path).unwrap());
    zip.start_file(name, SimpleFileOptions::default()).unwrap();
    zip.write_all(bytes).unwrap();
    zip.finish().unwrap();
}

fn npy(header: &str, data: usize) -> Vec<u8> {
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((header.len() as u16 + 1).to_le_bytes());
    bytes.extend(header.bytes());
    bytes.push(b'\n');
    bytes.extend(std::iter::repeat_n(0, data));
    bytes
}

#[test]
fn pictures_in_both_memory_orders() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.npz");
    let value = |(n, y, x, c): (usize, usize, usize, usize)| (100 * n + 10 * y + 3 * x + c) as u8;
    for shape in [(2, 8, 9, 3).set_f(false), (2, 8, 9, 3).set_f(true)] {
        write(
            &path,
            &Array::from_shape_fn(shape, value),
            &Array2::zeros((2, 3)),
        );
        let pictures = Npz::open(&path).unwrap().pictures().unwrap();
        assert_eq!(pictures.len(), 2);
        let picture = pictures[1].load(160).unwrap();
        assert_eq!(picture.dimensions(), (9, 8));
        // Blue is stored first.
        let at = |c| value((1, 4, 5, c));
        assert_eq!(picture.get_pixel(5, 4).0, [at(2), at(1), at(0)]);
    }
    assert_eq!(Npz::open(&path).unwrap().poses().unwrap(), [[0.0; 3]; 2]);
}

#[test]
fn wrong_keys_types_and_shapes() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("b.npz");
    let mut npz = NpzWriter::new(File::create(&path).unwrap());
    npz.add_array("images", &Array4::<u8>::zeros((1, 8, 8, 3)))
        .unwrap();
    npz.add_array("pose", &Array2::<i32>::zeros((1, 3)))
        .unwrap();
    npz.add_array("image", &Array3::<u8>::zeros((1, 8, 8)))
        .unwrap();
    npz.finish().unwrap();
    let mut npz = Npz::open(&path).unwrap();
    assert!(sentence(npz.poses()).contains("float32 or float64"));
    assert!(sentence(npz.pictures()).contains("[1, 8, 8]"));
    archive(&path, "images.npy", b"");
    let keys = sentence(Npz::open(&path).unwrap().pictures());
    assert!(
        keys.contains("[\"images\"]") && keys.ends_with("b.npz"),
        "{keys}"
    );

    write(&path, &Array4::zeros((1, 7, 8, 3)), &Array2::zeros((1, 2)));
    assert!(sentence(Npz::open(&path).unwrap().pictures()).contains("7"));
    assert!(sentence(Npz::open(&path).unwrap().poses()).contains("[1, 2]"));
    write(&path, &Array4::zeros((0, 8, 8, 3)), &Array2::zeros((0, 3)));
    assert!(Npz::open(&path).unwrap().pictures().unwrap().is_empty());
}

#[test]
fn bombs_and_lies() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("bomb.npz");
    write(
        &path,
        &Array4::zeros((500, 64, 64, 3)),
        &Array2::zeros((500, 3)),
    );
    let bomb = sentence(Npz::open(&path).unwrap().pictures());
    assert!(bomb.contains("zip bomb"), "{bomb}");
    // Small arrays may be as repetitive as they like.
    assert_eq!(Npz::open(&path).unwrap().poses().unwrap().len(), 500);

    for shape in [
        "(99999999999, 64, 64, 3)",
        "(18446744073709551615, 18446744073709551615, 64, 3)",
        "(1, 8, 8, 3)",
    ] {
        let header = format!("{{'descr': '|u1', 'fortran_order': False, 'shape': {shape}, }}");
        archive(&path, "image.npy", &npy(&header, 100));
        let lie = sentence(Npz::open(&path).unwrap().pictures());
        assert!(lie.contains("does not fit"), "{lie}");
    }
    for (header, data) in [
        ("(".repeat(480), 0),
        ("(".repeat(60_000), 0),
        (String::new(), 9),
    ] {
        archive(&path, "image.npy", &npy(&header, data));
        sentence(Npz::open(&path).unwrap().pictures());
    }
    // Version 2 with a header of 4 GiB, and hardly a header at all.
    archive(&path, "image.npy", b"\x93NUMPY\x02\x00\xff\xff\xff\xff{}");
    assert!(sentence(Npz::open(&path).unwrap().pictures()).contains("header of"));
    archive(&path, "image.npy", b"\x93NUM");
    assert!(sentence(Npz::open(&path).unwrap().pictures()).contains("too short"));
}

#[test]
fn cut_and_changed_files() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("c.npz");
    let noise = Array::from_shape_fn((3, 16, 16, 3), |(n, y, x, c)| {
        (n * 7 + y * 31 + x * 57 + c * 91) as u8
    });
    write(&path, &noise, &Array2::zeros((3, 3)));
    let whole = std::fs::read(&path).unwrap();
    for cut in [
        0,
        1,
        10,
        100,
        whole.len() / 2,
        whole.len() - 30,
        whole.len() - 1,
    ] {
        std::fs::write(&path, &whole[..cut]).unwrap();
        let read = Npz::open(&path).and_then(|mut npz| npz.pictures());
        assert!(sentence(read).ends_with("c.npz"), "cut at {cut}");
    }
    for at in 0..whole.len() {
        let mut changed = whole.clone();
        changed[at] ^= 0x55;
        std::fs::write(&path, &changed).unwrap();
        // Either outcome is right, as long as it is no panic.
        let _ = Npz::open(&path).and_then(|mut npz| npz.pictures().and(npz.poses()));
    }
}
