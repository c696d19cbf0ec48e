//! D's block against its plain twin, in value and in all three gradients, in the middle of a graph.

mod support;

use burn::tensor::activation::relu;
use burn::tensor::module::conv2d;
use burn::tensor::ops::ConvOptions;
use burn::tensor::{Device, FloatDType, Tensor, TensorData};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use visage::ops::{up_conv, upsample2_plain};

/// b, cin, cout, h, w.
const LAYERS: [[usize; 5]; 9] = [
    [2, 3, 4, 1, 1],
    [5, 12, 7, 2, 1],
    [1, 6, 3, 1, 6],
    [3, 2, 1, 5, 7],
    // More images than are worked on at once on the CPU, and pixels that fill no task.
    [40, 5, 33, 7, 5],
    // No channels a multiple of anything; a matrix per tap, and one for all.
    [2, 70, 66, 5, 3],
    [2, 19, 31, 9, 4],
    // A block and a picture of D.
    [3, 64, 32, 8, 8],
    [2, 40, 3, 16, 16],
];

type Layer = fn(Tensor<4>, Tensor<4>, Tensor<1>) -> Tensor<4>;

fn plain(x: Tensor<4>, weight: Tensor<4>, bias: Tensor<1>) -> Tensor<4> {
    let options = ConvOptions::new([1, 1], [1, 1], [1, 1], 1);
    conv2d(upsample2_plain(relu(x)), weight, Some(bias), options)
}

/// Output and gradients at x, weight and bias of Σ tanh(f(2x))², where f finds its map stored like
/// this. All numbers fit into 16 bits.
fn run(
    [b, cin, cout, h, w]: [usize; 5],
    f: Layer,
    maps: FloatDType,
    device: &Device,
) -> [Vec<f32>; 4] {
    let mut rng = ChaCha8Rng::seed_from_u64((cin * 100 + cout) as u64);
    let device = device.clone().autodiff();
    let mut leaf = |count: usize, scale: f32| -> Vec<f32> {
        let mut number = || rng.random_range(-1024..1024) as f32 / 1024.0;
        (0..count).map(|_| scale * number()).collect()
    };
    let x = TensorData::new(leaf(b * cin * h * w, 1.0), [b, cin, h, w]);
    // Sums of about 1, so that tanh has a slope.
    let weight = TensorData::new(leaf(cout * cin * 9, 0.25), [cout, cin, 3, 3]);
    let bias = TensorData::new(leaf(cout, 1.0), [cout]);
    let x = Tensor::<4>::from_data(x, &device).require_grad();
    let weight = Tensor::<4>::from_data(weight, &device).require_grad();
    let bias = Tensor::<1>::from_data(bias, &device).require_grad();
    let y = f((x.clone() * 2.0).cast(maps), weight.clone(), bias.clone());
    assert_eq!(
        (y.dims(), y.dtype()),
        ([b, cout, 2 * h, 2 * w], maps.into())
    );
    let y = y.cast(FloatDType::F32);
    let grads = y.clone().tanh().square().sum().backward();
    [
        y.inner().into_data().iter::<f32>().collect(),
        x.grad(&grads).unwrap().into_data().iter::<f32>().collect(),
        weight
            .grad(&grads)
            .unwrap()
            .into_data()
            .iter::<f32>()
            .collect(),
        bias.grad(&grads)
            .unwrap()
            .into_data()
            .iter::<f32>()
            .collect(),
    ]
}

fn assert_plain(maps: FloatDType, device: &Device, tolerance: f32) {
    for layer in LAYERS {
        let expected = run(layer, plain, FloatDType::F32, &Device::flex());
        let actual = run(layer, up_conv, maps, device);
        for (what, (a, b)) in ["y", "x", "weight", "bias"]
            .iter()
            .zip(actual.iter().zip(&expected))
        {
            let scale = b.iter().fold(1.0f32, |m, v| m.max(v.abs()));
            assert_eq!(a.len(), b.len());
            for (a, b) in a.iter().zip(b) {
                assert!(
                    (a - b).abs() < tolerance * scale,
                    "{what}: {a}, not {b}, of {scale} at {layer:?} on {device:?}"
                );
            }
        }
    }
}

#[test]
fn values_and_gradients_are_those_of_the_plain_twin() {
    for device in support::devices() {
        assert_plain(FloatDType::F32, &device, 2e-5);
    }
}

/// The products are stored in 16 bits as the maps are: every tap rounds by 2⁻¹¹ of itself.
#[test]
fn maps_of_16_bits_give_the_same_but_for_their_rounding() {
    if let Some(device) = support::software() {
        assert_plain(FloatDType::F16, &device, 1e-2);
    }
}
