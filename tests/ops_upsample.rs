//! Upsampling, with and without the ReLU before it, against its plain twin in value and gradient.

mod support;

use burn::tensor::activation::relu;
use burn::tensor::{Device, Tensor, TensorData};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use visage::ops::{relu_upsample2, upsample2, upsample2_plain};

const SHAPES: [[usize; 4]; 5] = [
    [2, 3, 1, 1],
    [1, 5, 2, 1],
    [3, 2, 5, 7],
    [1, 1, 1, 6],
    [2, 8, 16, 16],
];

fn plain_relu_upsample2(x: Tensor<4>) -> Tensor<4> {
    upsample2_plain(relu(x))
}

/// Output and gradient at x of Σ tanh(f(2x))².
fn run(shape: [usize; 4], f: fn(Tensor<4>) -> Tensor<4>, device: &Device) -> [Vec<f32>; 2] {
    let mut rng = ChaCha8Rng::seed_from_u64(shape[2] as u64);
    let numbers: Vec<f32> = (0..shape.iter().product())
        .map(|_| rng.random_range(-1.0..1.0))
        .collect();
    let data = TensorData::new(numbers, shape);
    let x = Tensor::<4>::from_data(data, &device.clone().autodiff()).require_grad();
    let y = f(x.clone() * 2.0);
    let grads = y.clone().tanh().square().sum().backward();
    let values = |t: Tensor<4>| t.into_data().iter::<f32>().collect();
    [
        values(y.inner()),
        values(x.grad(&grads).expect("the loss depends on it")),
    ]
}

#[test]
fn values_and_gradients_are_those_of_the_plain_twins() {
    type Op = fn(Tensor<4>) -> Tensor<4>;
    let pairs: [(Op, Op); 2] = [
        (upsample2, upsample2_plain),
        (relu_upsample2, plain_relu_upsample2),
    ];
    for shape in SHAPES {
        for (which, (ours, plain)) in pairs.into_iter().enumerate() {
            let expected = run(shape, plain, &Device::flex());
            for device in support::devices() {
                let actual = run(shape, ours, &device);
                for (what, (a, b)) in ["y", "x"].iter().zip(actual.iter().zip(&expected)) {
                    assert_eq!(a.len(), b.len());
                    for (a, b) in a.iter().zip(b) {
                        assert!(
                            (a - b).abs() < 1e-5,
                            "{what} of {which}: {a}, not {b} at {shape:?} on {device:?}"
                        );
                    }
                }
            }
        }
    }
}
