//! Layers that are one operation of ours, on the CPU and on GPUs, against the same from ordinary
//! operations on the CPU: values and gradients in the middle of a graph.

mod support;

use burn::module::{Module, Param};
use burn::tensor::activation::relu;
use burn::tensor::module::batch_norm_train;
use burn::tensor::{Device, Tensor, TensorData};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use visage::model::{BatchNorm, ChannelAttention, Conv, ProjectionHead, ResidualBlock};

fn leaf<const D: usize>(rng: &mut ChaCha8Rng, shape: [usize; D], device: &Device) -> Tensor<D> {
    let count = shape.iter().product();
    let values = (0..count).map(|_| rng.random_range(-1.0..1.0)).collect();
    Tensor::from_data(TensorData::new::<f32, _>(values, shape), device).require_grad()
}

fn conv(rng: &mut ChaCha8Rng, c: usize, kernel: usize, device: &Device) -> Conv {
    let mut conv = Conv::new(c, c, kernel, 1, device);
    conv.weight = Param::from_tensor(leaf(rng, [c, c, kernel, kernel], device));
    conv.bias = Param::from_tensor(leaf(rng, [c], device));
    conv
}

/// Output of Σ tanh(f(2x))² and its gradients at x and at every parameter.
fn run<M: Module, const D: usize>(
    layer: &M,
    x: &Tensor<D>,
    forward: impl Fn(&M, Tensor<D>) -> Tensor<D>,
) -> Vec<Vec<f32>> {
    let y = forward(layer, x.clone() * 2.0);
    let mut grads = (y.clone() * 0.3).tanh().square().sum().backward();
    let numbers = |data: TensorData| data.iter::<f32>().collect::<Vec<_>>();
    let mut out = vec![
        numbers(y.inner().into_data()),
        numbers(x.grad(&grads).expect("the loss depends on x").into_data()),
    ];
    let parameters = visage::optim::Grads::take(&mut grads, layer, "");
    out.extend(parameters.iter().map(|(_, g)| numbers(g.to_data())));
    out
}

fn compare(what: &str, ours: &[Vec<f32>], plain: &[Vec<f32>], parameters: usize) {
    assert_eq!(
        (ours.len(), plain.len()),
        (2 + parameters, 2 + parameters),
        "{what}"
    );
    // Θ's bias has a gradient of zero: what is left of it is rounding beside the others.
    let largest = plain.iter().flatten().fold(0.0f32, |m, v| m.max(v.abs()));
    for (i, (a, b)) in ours.iter().zip(plain).enumerate() {
        assert_eq!(a.len(), b.len());
        let scale = b.iter().fold(0.1 * largest, |m, v| m.max(v.abs()));
        let worst = a
            .iter()
            .zip(b)
            .fold(0.0f32, |m, (a, b)| m.max((a - b).abs()));
        assert!(worst < 6e-5 * scale, "{what}, part {i}: {worst} of {scale}");
    }
}

/// Compares a layer on every device with its plain twin on the CPU.
fn check<M: Module, const D: usize>(
    what: &str,
    shape: [usize; D],
    parameters: usize,
    make: impl Fn(&mut ChaCha8Rng, &Device) -> M,
    ours: impl Fn(&M, Tensor<D>) -> Tensor<D>,
    plain: impl Fn(&M, Tensor<D>) -> Tensor<D>,
) {
    let on = |device: &Device, forward: &dyn Fn(&M, Tensor<D>) -> Tensor<D>| {
        let device = device.clone().autodiff();
        let mut rng = ChaCha8Rng::seed_from_u64(shape[1] as u64);
        let layer = make(&mut rng, &device);
        run(&layer, &leaf(&mut rng, shape, &device), forward)
    };
    let right = on(&Device::flex(), &plain);
    for device in support::devices() {
        let what = format!("{what} of {shape:?} on {device:?}");
        compare(&what, &on(&device, &ours), &right, parameters);
    }
}

#[test]
fn attention_is_that_of_plain_operations() {
    // For every tile of the products; pictures of few pixels and of many.
    for (b, c, h, w) in [
        (9, 16, 6, 5),
        (1, 3, 1, 7),
        (2, 40, 9, 9),
        (2, 70, 17, 16),
        (3, 20, 1, 1),
    ] {
        let make = |rng: &mut ChaCha8Rng, device: &Device| ChannelAttention {
            g: conv(rng, c, 1, device),
            theta: conv(rng, c, 1, device),
            phi: conv(rng, c, 1, device),
        };
        check(
            "attention",
            [b, c, h, w],
            6,
            make,
            ChannelAttention::forward,
            ChannelAttention::forward_plain,
        );
    }
}

#[test]
fn a_residual_block_is_that_of_plain_operations() {
    for (b, c, h, w) in [(3, 8, 6, 5), (2, 40, 8, 9), (1, 3, 2, 2)] {
        let make = |rng: &mut ChaCha8Rng, device: &Device| ResidualBlock {
            conv1: conv(rng, c, 3, device),
            conv2: conv(rng, c, 3, device),
        };
        check(
            "residual block",
            [b, c, h, w],
            4,
            make,
            ResidualBlock::forward,
            ResidualBlock::forward_plain,
        );
    }
}

/// `batches` of equal size, one after the other.
fn normalisation<const D: usize>(shape: [usize; D], batches: usize, shift: f64) {
    let make = |rng: &mut ChaCha8Rng, device: &Device| {
        let mut layer = BatchNorm::new(shape[1], device);
        layer.gamma = Param::from_tensor(leaf(rng, [shape[1]], device));
        layer.beta = Param::from_tensor(leaf(rng, [shape[1]], device));
        layer
    };
    let ours = |layer: &BatchNorm, x: Tensor<D>| layer.forward_batches(x + shift, batches);
    let plain = |layer: &BatchNorm, x: Tensor<D>| {
        let parts = (x + shift).split(shape[0] / batches, 0).into_iter();
        let parts = parts.map(|x| {
            let (gamma, beta) = (layer.gamma.val(), layer.beta.val());
            batch_norm_train(x, gamma, beta, 1e-5).output
        });
        Tensor::cat(parts.collect(), 0)
    };
    check("normalisation", shape, 2, make, ours, plain);
}

#[test]
fn batch_norm_is_that_of_plain_operations() {
    normalisation([3, 5, 4, 7], 1, 0.0);
    normalisation([2, 70, 16, 16], 1, 3.0);
    normalisation([33, 512], 1, 0.0);
    // Shared out over workgroups.
    normalisation([5, 3, 48, 50], 1, 3.0);
}

#[test]
fn batches_are_normalised_each_on_its_own() {
    normalisation([6, 5, 4, 7], 3, 0.0);
    normalisation([33, 512], 3, 0.0);
    normalisation([10, 3, 48, 50], 2, 3.0);
    for device in support::devices() {
        let device = device.autodiff();
        let mut rng = ChaCha8Rng::seed_from_u64(5);
        let x = leaf(&mut rng, [6, 4, 3, 3], &device);
        let (together, alone) = (BatchNorm::new(4, &device), BatchNorm::new(4, &device));
        together.forward_batches(x.clone(), 3);
        for x in x.split(2, 0) {
            alone.forward(x);
        }
        // As the running statistics: in their order.
        for [a, b] in [
            [&together.running_mean, &alone.running_mean],
            [&together.running_var, &alone.running_var],
        ] {
            let numbers = [a, b].map(|r| r.value_sync().into_data().iter::<f32>().collect());
            let [a, b]: [Vec<f32>; 2] = numbers;
            assert!(
                a.iter().zip(&b).all(|(a, b)| (a - b).abs() < 1e-6),
                "{a:?}, not {b:?}"
            );
        }
    }
}

/// A mean that is ten thousand times the deviation: what f32 keeps of such numbers is enough to
/// find their deviation to a thousandth, unless squares are subtracted from each other.
#[test]
fn moments_survive_a_distant_mean() {
    for device in support::devices() {
        let device = device.autodiff();
        for side in [8, 50] {
            let mut rng = ChaCha8Rng::seed_from_u64(3);
            let x = leaf(&mut rng, [5, 2, side, side], &device) + 6000.0;
            let right = x.to_data().iter::<f64>().collect::<Vec<_>>();
            let layer = BatchNorm::new(2, &device);
            layer.forward(x);
            // The first update of the running variance is a tenth of the unbiased one.
            let found = layer.running_var.value_sync().into_data();
            let n = (5 * side * side) as f64;
            for (channel, found) in found.iter::<f64>().enumerate() {
                let of_channel = |i: &usize| (i / (side * side)) % 2 == channel;
                let numbers = (0..right.len()).filter(of_channel).map(|i| right[i]);
                let numbers = numbers.collect::<Vec<_>>();
                let mean = numbers.iter().sum::<f64>() / n;
                let squares = numbers.iter().map(|v| (v - mean).powi(2)).sum::<f64>();
                let right = 0.9 + 0.1 * squares / (n - 1.0);
                assert!(
                    (found - right).abs() < 1e-4,
                    "{found}, not {right}, on {device:?}"
                );
            }
        }
    }
}

#[test]
fn projection_heads_and_products_are_those_of_plain_operations() {
    // Linear, ReLU and Linear; the normalisation behind them has its own test.
    let linear = |rng: &mut ChaCha8Rng, din: usize, dout: usize, device: &Device| {
        let mut layer = burn::nn::LinearConfig::new(din, dout).init(device);
        layer.weight = Param::from_tensor(leaf(rng, [din, dout], device));
        layer.bias = Some(Param::from_tensor(leaf(rng, [dout], device)));
        layer
    };
    for (b, d) in [(5, 7), (70, 66), (3, 20)] {
        let make = |rng: &mut ChaCha8Rng, device: &Device| ProjectionHead {
            linear1: linear(rng, d, d, device),
            linear2: linear(rng, d, d, device),
            bn: BatchNorm::new(d, device),
        };
        let plain = |head: &ProjectionHead, x: Tensor<2>| {
            let x = head.linear2.forward(relu(head.linear1.forward(x)));
            batch_norm_train(x, head.bn.gamma.val(), head.bn.beta.val(), 1e-5).output
        };
        check("head", [b, d], 6, make, ProjectionHead::forward, plain);
    }
}
