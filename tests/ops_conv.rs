//! Our convolution against burn's own, in value and in all three gradients, in the middle of a
//! graph.

mod support;

use burn::tensor::module::conv2d;
use burn::tensor::ops::ConvOptions;
use burn::tensor::{Device, Tensor, TensorData};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// One kind of layer of the network, at small sizes.
struct Layer {
    b: usize,
    cin: usize,
    cout: usize,
    side: usize,
    kernel: usize,
    stride: usize,
}

const LAYERS: [Layer; 6] = [
    Layer {
        b: 3,
        cin: 3,
        cout: 8,
        side: 33,
        kernel: 7,
        stride: 2,
    },
    Layer {
        b: 5,
        cin: 6,
        cout: 10,
        side: 16,
        kernel: 3,
        stride: 1,
    },
    Layer {
        b: 11,
        cin: 8,
        cout: 5,
        side: 15,
        kernel: 3,
        stride: 2,
    },
    Layer {
        b: 17,
        cin: 12,
        cout: 7,
        side: 2,
        kernel: 3,
        stride: 1,
    },
    Layer {
        b: 9,
        cin: 7,
        cout: 7,
        side: 8,
        kernel: 1,
        stride: 1,
    },
    Layer {
        b: 1,
        cin: 4,
        cout: 6,
        side: 40,
        kernel: 3,
        stride: 1,
    },
];

fn numbers(rng: &mut ChaCha8Rng, count: usize) -> Vec<f32> {
    (0..count).map(|_| rng.random_range(-1.0..1.0)).collect()
}

/// Output and gradients (x, weight, bias) of Σ tanh(conv(2x))², so that the incoming gradient is
/// neither one nor constant.
fn run(layer: &Layer, ours: bool, device: &Device) -> [Vec<f32>; 4] {
    let mut rng = ChaCha8Rng::seed_from_u64(layer.side as u64);
    let device = device.clone().autodiff();
    let &Layer {
        b,
        cin,
        cout,
        side,
        kernel,
        stride,
    } = layer;
    let mut leaf = |shape: [usize; 4]| {
        let data = TensorData::new(numbers(&mut rng, shape.iter().product()), shape);
        Tensor::<4>::from_data(data, &device).require_grad()
    };
    let x = leaf([b, cin, side, side]);
    let weight = leaf([cout, cin, kernel, kernel]);
    let bias_leaf = leaf([1, 1, 1, cout]);
    let bias = bias_leaf.clone().reshape([cout]);
    let (input, padding) = (x.clone() * 2.0, kernel / 2);
    let y = if ours {
        visage::ops::conv(input, weight.clone(), bias, stride, padding, 1.0)
    } else {
        let options = ConvOptions::new([stride; 2], [padding; 2], [1; 2], 1);
        conv2d(input, weight.clone(), Some(bias), options)
    };
    let grads = (y.clone() * 0.1).tanh().square().sum().backward();
    let values = |t: Tensor<4>| t.into_data().iter::<f32>().collect::<Vec<_>>();
    let grad = |t: &Tensor<4>| values(t.grad(&grads).expect("the loss depends on it"));
    [values(y.inner()), grad(&x), grad(&weight), grad(&bias_leaf)]
}

#[test]
fn values_and_gradients_are_those_of_burn() {
    for layer in &LAYERS {
        let reference = run(layer, false, &Device::flex());
        for device in support::devices() {
            let ours = run(layer, true, &device);
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
                    worst < 2e-5 * scale,
                    "{what}: {worst} of {scale} at side {} kernel {} on {device:?}",
                    layer.side,
                    layer.kernel
                );
            }
        }
    }
}
