//! Maps: layout, colours, hostile data and the table beside them.

use super::*;
use crate::figure::palette::Rgb;

fn classes(of: Vec<u32>) -> Colouring {
    Colouring::Classes {
        names: vec!["one".into(), "two".into()],
        of,
    }
}

fn panel(points: Vec<[f32; 2]>, colour: Colouring) -> MapPanel {
    MapPanel {
        title: "F_p".into(),
        points,
        colour,
    }
}

fn count(picture: &RgbImage, colour: Rgb) -> usize {
    picture.pixels().filter(|pixel| pixel.0 == colour).count()
}

#[test]
fn maps_stand_in_a_row_and_four_in_a_square() {
    let one = || panel(vec![[0.0, 0.0], [1.0, 2.0]], classes(vec![0, 1]));
    let width = (MARGIN_PX + MAP_PX + key::WIDTH_PX) as u32;
    let height = (TITLE_PX + MAP_PX + MARGIN_PX) as u32;
    for (maps, columns, rows) in [(1, 1, 1), (2, 2, 1), (3, 3, 1), (4, 2, 2)] {
        let picture = draw(&vec![one(); maps]).unwrap();
        assert_eq!(picture.dimensions(), (columns * width, rows * height));
    }
    assert!(draw(&[]).is_err());
    assert!(draw(&vec![one(); 5]).is_err());
}

#[test]
fn every_class_appears_in_its_colour_and_the_unknown_in_grey() {
    let points = vec![[0.0, 0.0], [5.0, 5.0], [9.0, 1.0]];
    let known = draw(&[panel(points.clone(), classes(vec![0, 1, 1]))]).unwrap();
    let partly = draw(&[panel(points, classes(vec![0, 1, u32::MAX]))]).unwrap();
    let second = palette::class_mark(1).0;
    assert!(count(&known, palette::class_mark(0).0) > 200);
    assert!(count(&known, second) > count(&partly, second) + 150);
    assert!(count(&partly, palette::UNKNOWN) > count(&known, palette::UNKNOWN) + 150);
}

#[test]
fn up_is_up_and_both_axes_have_one_scale() {
    let places = places(&[[0.0, 0.0], [10.0, 0.0], [0.0, 5.0]]);
    assert!(places[2][1] < places[0][1]);
    let (wide, high) = (places[1][0] - places[0][0], places[0][1] - places[2][1]);
    assert!((wide / high - 2.0).abs() < 1e-3);
    assert!(
        places
            .iter()
            .flatten()
            .all(|place| (0.0..800.0).contains(place))
    );
}

#[test]
fn no_points_one_point_equal_points_and_extreme_values() {
    for points in [
        vec![],
        vec![[3.0, 4.0]],
        vec![[1.0, 1.0]; 5],
        vec![[3e38; 2], [-3e38; 2]],
    ] {
        let count = points.len();
        let values = vec![f32::NAN; count];
        let value = Colouring::Value {
            name: "yaw".into(),
            unit: "°".into(),
            values,
        };
        assert!(draw(&[panel(points.clone(), value)]).is_ok());
        assert!(draw(&[panel(points, classes(vec![0; count]))]).is_ok());
    }
}

#[test]
fn refusals_name_the_point() {
    let lost = draw(&[panel(
        vec![[0.0, 0.0], [f32::NAN, 0.0]],
        classes(vec![0, 1]),
    )]);
    let lost = lost.unwrap_err().to_string();
    assert!(lost.contains("point 1") && lost.contains("F_p"), "{lost}");
    let short = draw(&[panel(vec![[0.0, 0.0]], classes(vec![]))]);
    assert!(short.unwrap_err().to_string().contains("0 instead of 1"));
}

#[test]
fn csv_gives_back_every_number() {
    let dir = tempfile::tempdir().unwrap();
    let png = dir.path().join("maps").join("two.png");
    let values = vec![0.1, f32::NAN, -1.25e-7];
    let points = vec![[0.1, 1.0 / 3.0], [2.0, -7.5], [1e-20, 3e8]];
    let value = Colouring::Value {
        name: "yaw".into(),
        unit: "°".into(),
        values: values.clone(),
    };
    let panels = [
        panel(points.clone(), classes(vec![1, 0, 9])),
        panel(points.clone(), value),
    ];
    save(&panels, &png).unwrap();
    assert_eq!(image::open(&png).unwrap().to_rgb8(), draw(&panels).unwrap());
    let mut table = csv::Reader::from_path(csv_beside(&png)).unwrap();
    assert_eq!(
        table.headers().unwrap(),
        vec!["panel", "point", "x", "y", "label"]
    );
    let rows: Vec<(String, usize, f32, f32, String)> =
        table.deserialize().map(Result::unwrap).collect();
    let places: Vec<_> = rows.iter().map(|row| [row.2, row.3]).collect();
    assert_eq!(places, [points.clone(), points].concat());
    assert_eq!(rows[4].1, 1);
    let labels: Vec<_> = rows.iter().map(|row| row.4.as_str()).collect();
    assert_eq!(labels[..3], ["two", "one", ""]);
    assert_eq!(labels[3].parse::<f32>().unwrap(), values[0]);
    assert_eq!(labels[4], "");
    assert_eq!(labels[5].parse::<f32>().unwrap(), values[2]);
}

#[test]
fn a_folder_in_the_way_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let png = dir.path().join("map.png");
    std::fs::create_dir(&png).unwrap();
    let error = save(&[panel(vec![[0.0; 2]], classes(vec![0]))], &png).unwrap_err();
    assert!(error.to_string().contains("map.png"), "{error}");
}
