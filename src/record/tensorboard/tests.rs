//! A reader of its own, so that writer and reader do not share their mistakes.

use std::sync::Arc;

use super::*;
use crate::record::grid;

/// One protobuf field: number and content.
#[derive(Debug, PartialEq)]
enum Field {
    Int(u64),
    Fixed64([u8; 8]),
    Bytes(Vec<u8>),
    Fixed32([u8; 4]),
}

fn take(data: &mut &[u8], bytes: usize) -> Vec<u8> {
    let (head, tail) = data.split_at(bytes);
    *data = tail;
    head.to_vec()
}

fn take_varint(data: &mut &[u8]) -> u64 {
    let mut value = 0;
    for shift in (0..).step_by(7) {
        let byte = take(data, 1)[0];
        value += u64::from(byte % 128) << shift;
        if byte < 128 {
            break;
        }
    }
    value
}

fn fields(mut data: &[u8]) -> Vec<(u64, Field)> {
    let mut found = Vec::new();
    while !data.is_empty() {
        let key = take_varint(&mut data);
        let field = match key % 8 {
            0 => Field::Int(take_varint(&mut data)),
            1 => Field::Fixed64(take(&mut data, 8).try_into().unwrap()),
            2 => {
                let length = take_varint(&mut data) as usize;
                Field::Bytes(take(&mut data, length))
            }
            5 => Field::Fixed32(take(&mut data, 4).try_into().unwrap()),
            other => panic!("wire type {other}"),
        };
        found.push((key / 8, field));
    }
    found
}

fn bitwise_masked_crc(bytes: &[u8]) -> u32 {
    let mut crc = u32::MAX;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = if crc % 2 == 1 {
                crc >> 1 ^ 0x82f6_3b78
            } else {
                crc >> 1
            };
        }
    }
    crc = !crc;
    crc.rotate_right(15).wrapping_add(0xa282_ead8)
}

/// Splits a file into records, checking both sums of each.
fn records(mut data: &[u8]) -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    while !data.is_empty() {
        let length = take(&mut data, 8);
        assert_eq!(
            take(&mut data, 4),
            bitwise_masked_crc(&length).to_le_bytes()
        );
        let record = take(
            &mut data,
            u64::from_le_bytes(length.try_into().unwrap()) as usize,
        );
        assert_eq!(
            take(&mut data, 4),
            bitwise_masked_crc(&record).to_le_bytes()
        );
        found.push(record);
    }
    found
}

fn only_file(dir: &Path) -> PathBuf {
    let mut found = fs::read_dir(dir.join(FOLDER)).unwrap();
    let path = found.next().unwrap().unwrap().path();
    assert!(found.next().is_none());
    path
}

fn report(step: u64) -> StepReport {
    StepReport {
        step,
        face: Some(4.25),
        ..StepReport::default()
    }
}

#[test]
fn crc_matches_the_published_check_values() {
    // RFC 3720 B.4 and the catalogue's check value.
    assert_eq!(crc32c(b"123456789"), 0xe306_9283);
    assert_eq!(crc32c(&[0; 32]), 0x8a91_36aa);
    assert_eq!(crc32c(&[0xff; 32]), 0x62a8_ab43);
}

#[test]
fn scalars_and_images_read_back() {
    let dir = tempfile::tempdir().unwrap();
    let (mut board, opened) = TensorBoard::open(dir.path(), 0);
    opened.unwrap();
    board.step(&report(300)).unwrap();
    let grid = FaceGrid {
        step: 300,
        kind: "swap".into(),
        columns: vec!["s".into()],
        rows: 1,
        tile_px: 8,
        pixels: Arc::new(vec![7; 3 * 64]),
    };
    let png = grid::png_bytes(&grid).unwrap();
    board.image(&grid, &png).unwrap();

    let records = records(&fs::read(only_file(dir.path())).unwrap());
    assert_eq!(records.len(), 3);
    let version = fields(&records[0]);
    assert!(version.contains(&(3, Field::Bytes(b"brain.Event:2".to_vec()))));

    let step = fields(&records[1]);
    let (1, Field::Fixed64(time)) = &step[0] else {
        panic!()
    };
    assert!(f64::from_le_bytes(*time) > 1.6e9);
    assert_eq!(step[1], (2, Field::Int(300)));
    let (5, Field::Bytes(summary)) = &step[2] else {
        panic!()
    };
    let values: Vec<_> = fields(summary)
        .into_iter()
        .map(|(_, value)| match value {
            Field::Bytes(value) => fields(&value),
            other => panic!("{other:?}"),
        })
        .collect();
    let named = |tag: &str| {
        let tag = (1, Field::Bytes(tag.as_bytes().to_vec()));
        values.iter().find(|value| value[0] == tag)
    };
    assert_eq!(
        named("loss/face").unwrap()[1],
        (2, Field::Fixed32(4.25f32.to_le_bytes()))
    );
    assert!(named("loss/pose").is_none(), "an absent term has no point");
    assert!(named("alpha/pose").is_some() && named("train/wait_ms").is_some());

    let image = fields(&records[2]);
    let (5, Field::Bytes(summary)) = &image[2] else {
        panic!()
    };
    let (1, Field::Bytes(value)) = &fields(summary)[0] else {
        panic!()
    };
    let (4, Field::Bytes(image)) = &fields(value)[1] else {
        panic!()
    };
    let image = fields(image);
    let (width, height) = png_size(&grid);
    assert_eq!(image[0], (1, Field::Int(height.into())));
    assert_eq!(image[1], (2, Field::Int(width.into())));
    assert_eq!(image[3], (4, Field::Bytes(png)));
}

#[test]
fn resuming_cuts_later_steps_and_torn_frames() {
    let dir = tempfile::tempdir().unwrap();
    let (mut board, _) = TensorBoard::open(dir.path(), 0);
    for step in [1, 200, 300] {
        board.step(&report(step)).unwrap();
    }
    let path = only_file(dir.path());
    let whole = fs::read(&path).unwrap();
    let count = || records(&fs::read(&path).unwrap()).len();
    // Kill in the middle of the last frame.
    fs::write(&path, &whole[..whole.len() - 5]).unwrap();
    TensorBoard::open(dir.path(), 300).1.unwrap();
    assert_eq!(count(), 3);
    // Steps behind the checkpoint.
    fs::write(&path, &whole).unwrap();
    TensorBoard::open(dir.path(), 200).1.unwrap();
    assert_eq!(count(), 3);
    TensorBoard::open(dir.path(), 199).1.unwrap();
    assert_eq!(count(), 2);
    // Nothing to keep: the file goes.
    TensorBoard::open(dir.path(), 0).1.unwrap();
    assert!(!path.exists());
}

#[test]
fn damaged_length_is_no_record() {
    let mut bytes = frame(b"data");
    assert_eq!(read_frame(&mut bytes.as_slice()).unwrap().unwrap(), b"data");
    bytes[0] = 200;
    assert_eq!(read_frame(&mut bytes.as_slice()).unwrap(), None);
}
