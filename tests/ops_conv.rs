//! Our convolution against burn's own, in value and in all three gradients, in the middle of a
//! graph.

mod support;

use burn::tensor::activation::leaky_relu;
use burn::tensor::module::conv2d;
use burn::tensor::ops::ConvOptions;
use burn::tensor::{Device, FloatDType, Tensor, TensorData};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use visage::config::Precision;

/// One kind of layer at small sizes.
#[derive(Debug)]
struct Layer {
    b: usize,
    cin: usize,
    cout: usize,
    sides: [usize; 2],
    kernel: usize,
    stride: usize,
    padding: usize,
    slope: f32,
}

/// A layer as the network has them: b, cin → cout, sides, kernel, stride.
const fn layer(
    b: usize,
    [cin, cout]: [usize; 2],
    sides: [usize; 2],
    kernel: usize,
    stride: usize,
    slope: f32,
) -> Layer {
    Layer {
        b,
        cin,
        cout,
        sides,
        kernel,
        stride,
        padding: kernel / 2,
        slope,
    }
}

const LAYERS: [Layer; 23] = [
    layer(3, [3, 8], [33, 33], 7, 2, 1.0),
    layer(5, [6, 10], [16, 16], 3, 1, 0.1),
    layer(11, [8, 5], [15, 15], 3, 2, 1.0),
    layer(17, [12, 7], [2, 2], 3, 1, 0.1),
    layer(9, [7, 7], [8, 8], 1, 1, 1.0),
    layer(1, [4, 6], [40, 40], 3, 1, 0.1),
    // No side, channel or batch a multiple of anything.
    layer(1, [70, 66], [5, 7], 3, 1, 0.1),
    layer(2, [20, 33], [7, 6], 3, 2, 0.1),
    layer(1, [3, 3], [1, 1], 3, 1, 1.0),
    layer(2, [5, 3], [12, 11], 3, 1, 1.0),
    layer(3, [9, 17], [1, 5], 3, 2, 1.0),
    layer(2, [3, 64], [16, 15], 7, 2, 0.1),
    layer(1, [2, 70], [4, 5], 7, 2, 0.1),
    layer(2, [3, 64], [2, 2], 7, 2, 0.1),
    // Channels and sides for which the CPU takes Winograd's way, and for which it multiplies first.
    layer(3, [40, 70], [9, 10], 3, 1, 0.1),
    layer(33, [64, 64], [4, 4], 3, 1, 0.1),
    layer(3, [70, 3], [9, 7], 3, 1, 1.0),
    layer(2, [24, 2], [1, 4], 3, 1, 0.1),
    layer(70, [130, 40], [1, 1], 1, 1, 1.0),
    // Enough pixels for the widest tile, and for a weight gradient in many parts.
    layer(2, [2, 70], [127, 131], 3, 1, 0.1),
    // Steps longer than the kernel leave pixels out; more padding than half the kernel.
    Layer {
        padding: 0,
        ..layer(2, [4, 5], [8, 7], 2, 3, 1.0)
    },
    Layer {
        padding: 2,
        ..layer(2, [4, 20], [6, 5], 3, 1, 0.1)
    },
    Layer {
        padding: 0,
        ..layer(3, [4, 5], [9, 8], 3, 2, 1.0)
    },
];

fn numbers(rng: &mut ChaCha8Rng, count: usize) -> Vec<f32> {
    (0..count).map(|_| rng.random_range(-1.0..1.0)).collect()
}

/// Whose convolution, and how it finds its map stored.
#[derive(Clone, Copy)]
enum Whose {
    Burns,
    Ours(FloatDType),
}

/// Output and gradients (x, weight, bias) of Σ tanh(conv(2x))², so that the incoming gradient is
/// neither one nor constant. All numbers of x fit into 16 bits.
fn run(layer: &Layer, whose: Whose, device: &Device) -> [Vec<f32>; 4] {
    let &Layer {
        b,
        cin,
        cout,
        sides: [h, w],
        kernel,
        stride,
        padding,
        slope,
    } = layer;
    let mut rng = ChaCha8Rng::seed_from_u64(h as u64);
    let device = device.clone().autodiff();
    let leaf = |numbers: Vec<f32>, shape: [usize; 4]| {
        Tensor::<4>::from_data(TensorData::new(numbers, shape), &device).require_grad()
    };
    let mut random = |shape: [usize; 4]| numbers(&mut rng, shape.iter().product());
    let short = |x: f32| (1024.0 * x).round() / 1024.0;
    let x = random([b, cin, h, w]).into_iter().map(short).collect();
    let x = leaf(x, [b, cin, h, w]);
    let shape = [cout, cin, kernel, kernel];
    let weight = leaf(random(shape), shape);
    let shape = [1, 1, 1, cout];
    let bias_leaf = leaf(random(shape), shape);
    let bias = bias_leaf.clone().reshape([cout]);
    let input = x.clone() * 2.0;
    let y = match whose {
        Whose::Ours(maps) => {
            let y = visage::ops::conv(
                input.cast(maps),
                weight.clone(),
                bias,
                stride,
                padding,
                slope,
            );
            assert_eq!(y.dtype(), maps.into());
            y.cast(FloatDType::F32)
        }
        Whose::Burns => {
            let options = ConvOptions::new([stride; 2], [padding; 2], [1; 2], 1);
            let y = conv2d(input, weight.clone(), Some(bias), options);
            if slope == 1.0 {
                y
            } else {
                leaky_relu(y, f64::from(slope))
            }
        }
    };
    let grads = (y.clone() * 0.1).tanh().square().sum().backward();
    let values = |t: Tensor<4>| t.into_data().iter::<f32>().collect::<Vec<_>>();
    let grad = |t: &Tensor<4>| values(t.grad(&grads).expect("the loss depends on it"));
    [values(y.inner()), grad(&x), grad(&weight), grad(&bias_leaf)]
}

/// The largest difference may be `tolerance` of the largest number.
fn assert_burns(layer: &Layer, maps: FloatDType, device: &Device, tolerance: f32) {
    let reference = run(layer, Whose::Burns, &Device::flex());
    let ours = run(layer, Whose::Ours(maps), device);
    for (what, (a, b)) in ["y", "x", "weight", "bias"]
        .iter()
        .zip(ours.iter().zip(&reference))
    {
        assert_eq!(a.len(), b.len());
        let scale = b.iter().fold(1e-3f32, |m, v| m.max(v.abs()));
        let worst = a
            .iter()
            .zip(b)
            .fold(0.0f32, |m, (a, b)| m.max((a - b).abs()));
        assert!(
            worst < tolerance * scale,
            "{what}: {worst} of {scale} at {layer:?} on {device:?}"
        );
    }
}

#[test]
fn values_and_gradients_are_those_of_burn() {
    for layer in &LAYERS {
        for device in support::devices() {
            assert_burns(layer, FloatDType::F32, &device, 2e-5);
        }
    }
}

/// Output and gradients are rounded to 11 bits on their way out, and the gradient also on its way
/// in: each time by at most 2⁻¹¹ of a number.
#[test]
fn maps_of_16_bits_give_the_same_but_for_their_rounding() {
    let Some(device) = support::software() else {
        return;
    };
    for layer in &LAYERS {
        assert_burns(layer, FloatDType::F16, &device, 1.5e-3);
    }
}

/// Sums are taken in a fixed order, so a run can be repeated to the last bit.
#[test]
fn gradients_are_the_same_on_every_run() {
    let layer = layer(4, [5, 9], [63, 61], 3, 1, 0.1);
    for device in support::devices() {
        let ours = || run(&layer, Whose::Ours(FloatDType::F32), &device);
        assert_eq!(ours(), ours());
    }
}

/// What is done when a GPU is opened; the tests' adapter is opened without it.
#[test]
fn the_kernels_stand_their_trial() {
    for device in support::devices() {
        let wrong = visage::ops::try_kernels(&device, Precision::F32);
        assert_eq!(wrong, [], "{device:?}");
    }
    if let Some(device) = support::software() {
        assert_eq!(visage::ops::try_kernels(&device, Precision::F16), []);
    }
}
