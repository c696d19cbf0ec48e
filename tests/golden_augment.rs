//! The augmentation operators and the generator against the golden numbers.

#[path = "support/generator.rs"]
mod generator;
#[path = "support/summary.rs"]
mod summary;

use generator::{bits24, from_spec};
use serde_json::Value;
use summary::{assert_matches, golden};
use visage::augment::{CropBox, ViewParams, colour, filter, quadrant, resize, whole};

/// Several times the error of one float32 run of the reference (4e-7 at most).
const TOLERANCE: f64 = 2e-6;
const SIDE: usize = 64;

fn number(value: &Value) -> f32 {
    value.as_f64().expect("a number") as f32
}

fn integer(value: &Value) -> u32 {
    value.as_u64().expect("a whole number") as u32
}

fn four(value: &Value) -> [u32; 4] {
    std::array::from_fn(|i| integer(&value[i]))
}

fn jitter_of(settings: &Value) -> ViewParams {
    ViewParams {
        order: four(&settings["order"]),
        brightness: number(&settings["brightness"]),
        contrast: number(&settings["contrast"]),
        saturation: number(&settings["saturation"]),
        hue: number(&settings["hue"]),
        ..whole(0, (64, 64))
    }
}

/// The operator of an `augment` output, by its name.
fn apply(name: &str, case: &Value) -> Vec<f32> {
    let settings = &case["settings"][name];
    let spec = &case["inputs"][settings["input"].as_str().expect("an input")];
    let mut x = from_spec(spec);
    let size = generator::shape(spec)[1];
    let whole_box = CropBox {
        top: 0,
        left: 0,
        height: size as u32,
        width: size as u32,
    };
    let resized = |x: &[f32], crop| resize::resize_planar(x, (size, size), crop, SIDE);
    let scratch = &mut Vec::new();
    match name.split('_').next().expect("a word") {
        "resize" => x = resized(&x, whole_box),
        "grayscale" => colour::grayscale(&mut x),
        "hflip" => resize::hflip(&mut x, SIDE),
        "gradient" => {
            // Here the brightness goes beyond 1 on purpose, to see the gradient's own clamp.
            let gain = settings["brightness_first_no_clamp"]
                .as_f64()
                .unwrap_or(1.0) as f32;
            x.iter_mut().for_each(|value| *value *= gain);
            filter::gradient(&mut x, SIDE, scratch);
        }
        "brightness" => colour::brightness(&mut x, number(&settings["factor"])),
        "contrast" => colour::contrast(&mut x, number(&settings["factor"])),
        "saturation" => colour::saturation(&mut x, number(&settings["factor"])),
        "hue" => colour::hue(&mut x, number(&settings["shift"])),
        "blur" => filter::blur(&mut x, SIDE, number(&settings["sigma"]), scratch),
        "jitter" => colour::jitter(&mut x, &jitter_of(settings)),
        "chain" if name == "chain" => {
            let [top, left, height, width] = four(&settings["crop_top_left_height_width"]);
            x = resized(
                &x,
                CropBox {
                    top,
                    left,
                    height,
                    width,
                },
            );
            colour::jitter(&mut x, &jitter_of(&case["settings"]["jitter_2"]));
            filter::blur(&mut x, SIDE, 0.8, scratch);
            filter::gradient(&mut x, SIDE, scratch);
        }
        "chain" => {
            x = resized(&x, whole_box);
            colour::jitter(&mut x, &jitter_of(&case["settings"]["jitter_1"]));
            colour::grayscale(&mut x);
            filter::blur(&mut x, SIDE, 1.4, scratch);
        }
        other => panic!("no operator for {other}"),
    }
    x
}

#[test]
fn operators() {
    let golden = golden();
    let case = &golden["cases"]["augment"];
    let outputs = case["outputs"].as_object().expect("outputs");
    assert_eq!(outputs.len(), 35);
    for (name, expected) in outputs {
        let actual = match name.strip_prefix("blur_kernel_") {
            Some(sigma) => filter::blur_kernel(sigma.parse().expect("a number")).to_vec(),
            None => apply(name, case),
        };
        if name == "gradient_unclamped" {
            // Ours always clamps; below 1 it is the same number.
            for (index, value) in summary::samples(expected) {
                assert!(
                    (f64::from(actual[index]) - value.min(1.0)).abs() < TOLERANCE,
                    "{name}"
                );
            }
        } else {
            assert_matches(name, &actual, expected, TOLERANCE);
        }
    }
}

#[test]
fn quadrant_boxes() {
    let golden = golden();
    let cases = golden["cases"]["quadrant_boxes"]["outputs"]["boxes"]
        .as_array()
        .expect("boxes");
    assert_eq!(cases.len(), 20);
    for case in cases {
        let [height, width, which] = ["h", "w", "quadrant"].map(|key| integer(&case[key]));
        let [y, x] = quadrant::ranges(height, width, which);
        let pair = |key: &str| [integer(&case[key][0]), integer(&case[key][1])];
        assert_eq!([y.half, x.half], pair("half"));
        assert_eq!([y.low, y.high], pair("y_range"));
        assert_eq!([x.low, x.high], pair("x_range"));
        for expected in case["boxes"].as_array().expect("boxes") {
            let [dy, dx] = ["dy", "dx"].map(|key| integer(&expected[key]));
            let CropBox {
                top,
                left,
                height,
                width,
            } = quadrant::crop_box([y, x], dy, dx);
            assert_eq!(
                [top, left, height, width],
                four(&expected["top_left_height_width"])
            );
        }
    }
}

#[test]
fn generator_is_exact() {
    let golden = golden();
    let outputs = &golden["cases"]["generator"]["outputs"];
    for (index, draws) in outputs["draws"].as_object().expect("draws") {
        let index = index.parse().expect("an index");
        for element in 0..4 {
            assert_eq!(bits24(index, element), integer(&draws[element as usize]));
        }
    }
    for spec in outputs["tensors"].as_array().expect("tensors") {
        let bits: Vec<u32> = from_spec(spec).into_iter().map(f32::to_bits).collect();
        let expected = spec["f32_bits"].as_array().expect("bits");
        assert_eq!(bits, expected.iter().map(integer).collect::<Vec<_>>());
    }
}
