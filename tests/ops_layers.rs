//! Layers that are one operation on the CPU, against the same from ordinary operations: values and
//! gradients in the middle of a graph.

mod support;

use burn::module::{Module, Param};
use burn::tensor::module::batch_norm_train;
use burn::tensor::{Device, Tensor, TensorData};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use visage::model::{BatchNorm, ChannelAttention, Conv, ResidualBlock};

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
        assert!(worst < 3e-5 * scale, "{what}, part {i}: {worst} of {scale}");
    }
}

#[test]
fn attention_is_that_of_plain_operations() {
    let device = Device::flex().autodiff();
    for (b, c, h, w) in [(9, 16, 6, 5), (1, 3, 1, 7), (2, 40, 9, 9)] {
        let mut rng = ChaCha8Rng::seed_from_u64(c as u64);
        let layer = ChannelAttention {
            g: conv(&mut rng, c, 1, &device),
            theta: conv(&mut rng, c, 1, &device),
            phi: conv(&mut rng, c, 1, &device),
        };
        let x = leaf(&mut rng, [b, c, h, w], &device);
        let ours = run(&layer, &x, ChannelAttention::forward);
        let plain = run(&layer, &x, ChannelAttention::forward_plain);
        compare(&format!("{b}×{c}×{h}×{w}"), &ours, &plain, 6);
    }
}

#[test]
fn a_residual_block_is_that_of_plain_operations() {
    let device = Device::flex().autodiff();
    for (b, c, h, w) in [(3, 8, 6, 5), (2, 40, 8, 9), (1, 3, 2, 2)] {
        let mut rng = ChaCha8Rng::seed_from_u64(c as u64);
        let layer = ResidualBlock {
            conv1: conv(&mut rng, c, 3, &device),
            conv2: conv(&mut rng, c, 3, &device),
        };
        let x = leaf(&mut rng, [b, c, h, w], &device);
        let ours = run(&layer, &x, ResidualBlock::forward);
        let plain = run(&layer, &x, ResidualBlock::forward_plain);
        compare(&format!("{b}×{c}×{h}×{w}"), &ours, &plain, 4);
    }
}

fn normalisation<const D: usize>(shape: [usize; D], shift: f64) {
    let device = Device::flex().autodiff();
    let mut rng = ChaCha8Rng::seed_from_u64(5);
    let mut layer = BatchNorm::new(shape[1], &device);
    layer.gamma = Param::from_tensor(leaf(&mut rng, [shape[1]], &device));
    layer.beta = Param::from_tensor(leaf(&mut rng, [shape[1]], &device));
    let x = leaf(&mut rng, shape, &device);
    let ours = run(&layer, &x, |bn, x| bn.forward(x + shift));
    let plain = run(&layer, &x, |bn, x| {
        batch_norm_train(x + shift, bn.gamma.val(), bn.beta.val(), 1e-5).output
    });
    compare(&format!("{shape:?}"), &ours, &plain, 2);
}

#[test]
fn batch_norm_is_that_of_plain_operations() {
    normalisation([3, 5, 4, 7], 0.0);
    normalisation([2, 70, 16, 16], 3.0);
    normalisation([33, 512], 0.0);
}
