//! Upsampling against its plain twin in value and gradient.

mod support;

use burn::tensor::{Device, FloatDType, Tensor, TensorData};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use visage::ops::{upsample2, upsample2_plain};

const SHAPES: [[usize; 4]; 5] = [
    [2, 3, 1, 1],
    [1, 5, 2, 1],
    [3, 2, 5, 7],
    [1, 1, 1, 6],
    [2, 8, 16, 16],
];

type Op = fn(Tensor<4>) -> Tensor<4>;

/// Output and gradient at x of Σ tanh(f(2x))², where f finds its map stored like this. All numbers
/// of x fit into 16 bits.
fn run(shape: [usize; 4], f: Op, maps: FloatDType, device: &Device) -> [Vec<f32>; 2] {
    let mut rng = ChaCha8Rng::seed_from_u64(shape[2] as u64);
    let numbers: Vec<f32> = (0..shape.iter().product())
        .map(|_| rng.random_range(-1024..1024) as f32 / 1024.0)
        .collect();
    let data = TensorData::new(numbers, shape);
    let x = Tensor::<4>::from_data(data, &device.clone().autodiff()).require_grad();
    let y = f((x.clone() * 2.0).cast(maps));
    assert_eq!(y.dtype(), maps.into());
    let y = y.cast(FloatDType::F32);
    let grads = y.clone().tanh().square().sum().backward();
    let values = |t: Tensor<4>| t.into_data().iter::<f32>().collect();
    [
        values(y.inner()),
        values(x.grad(&grads).expect("the loss depends on it")),
    ]
}

fn assert_plain(maps: FloatDType, device: &Device, tolerance: f32) {
    for shape in SHAPES {
        let expected = run(shape, upsample2_plain, FloatDType::F32, &Device::flex());
        let actual = run(shape, upsample2, maps, device);
        for (what, (a, b)) in ["y", "x"].iter().zip(actual.iter().zip(&expected)) {
            assert_eq!(a.len(), b.len());
            for (a, b) in a.iter().zip(b) {
                assert!(
                    (a - b).abs() < tolerance,
                    "{what}: {a}, not {b} at {shape:?} on {device:?}"
                );
            }
        }
    }
}

#[test]
fn values_and_gradients_are_those_of_the_plain_twin() {
    for device in support::devices() {
        assert_plain(FloatDType::F32, &device, 1e-5);
    }
}

/// Numbers below 4 are rounded by at most 2⁻¹¹ of themselves on their way in and out.
#[test]
fn maps_of_16_bits_give_the_same_but_for_their_rounding() {
    if let Some(device) = support::software() {
        assert_plain(FloatDType::F16, &device, 4e-3);
    }
}
