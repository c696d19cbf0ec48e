//! The kernels on the bare GPU backend. burn decides when it is compiled whether a `Device` goes
//! through its fusion (here it does), so that the tests of tensors see the kernels behind it; this
//! test sees them alone.

use burn::backend::ops::{FloatTensorOps, IntTensorOps};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, BackendTypes, DispatchDevice, Flex};
use burn::tensor::{DType, Device, FloatDType, Int, Tensor, TensorData};
use burn_cubecl::CubeBackend;
use cubecl::ir::{ElemType, FloatKind};

use super::adam::{AdamOps, AdamStep};
use super::attention::AttentionOps;
use super::contrast::{FaceLossOps, PoseLossOps, mixed_cross_entropy, pose_cross_entropy};
use super::norm::NormOps;
use super::residual::ResidualOps;
use super::upconv::UpConvOps;
use super::upsample::UpsampleOps;
use super::views::ViewOps;
use crate::device::{DeviceRequest, choose};

fn values(count: usize, pace: f32) -> Vec<f32> {
    (0..count).map(|i| (i as f32 * pace).sin()).collect()
}

fn tensor<B: Backend>(shape: &[usize], pace: f32, device: &B::Device) -> FloatTensor<B> {
    let data = TensorData::new(values(shape.iter().product(), pace), shape.to_vec());
    B::float_from_data(data, device)
}

fn numbers<B: Backend>(tensor: FloatTensor<B>) -> Vec<f32> {
    let data = pollster::block_on(B::float_into_data(tensor)).unwrap();
    data.iter::<f32>().collect()
}

/// What the layers make of the same numbers, forward and backward.
fn layers<B>(device: &B::Device) -> Vec<Vec<f32>>
where
    B: NormOps + AttentionOps + ResidualOps + UpsampleOps + UpConvOps + AdamOps + ViewOps,
{
    let make = |shape: &[usize], pace| tensor::<B>(shape, pace, device);
    let mut out = Vec::new();
    // Few numbers, and enough to be shared out; one batch, and several.
    for ([b, c, h, w], batches) in [([3, 20, 5, 7], 1), ([4, 3, 48, 50], 1), ([6, 4, 48, 51], 3)] {
        let x = || make(&[b, c, h, w], 0.37);
        let (gamma, beta) = (|| make(&[c], 1.13), || make(&[c], 0.71));
        let moments = || B::moments(x(), batches);
        out.push(numbers::<B>(moments()));
        let y = B::normalise(x(), moments(), gamma(), beta(), 1e-5);
        out.push(numbers::<B>(y));
        let grad = make(&[b, c, h, w], 0.53);
        let (x, gamma, beta) = B::normalise_backward(x(), moments(), gamma(), grad, 1e-5);
        out.extend([x, gamma, beta].map(numbers::<B>));
    }
    for [b, c, h, w] in [[2, 9, 9, 8], [1, 70, 5, 6]] {
        let x = || make(&[b, c, h, w], 0.37);
        let weight = || make(&[2 * c, c, 1, 1], 1.13);
        let phi = || make(&[c, c, 1, 1], 0.83);
        let (bias, phi_bias) = (make(&[2 * c], 0.71), make(&[c], 0.59));
        let (y, softmaxes, products) =
            B::channel_attention(x(), weight(), bias, phi(), phi_bias, 0.1);
        out.extend([&y, &softmaxes].map(|t| numbers::<B>(t.clone())));
        let grad = make(&[b, c, h, w], 0.53);
        let (x, weight, bias, phi, phi_bias) =
            B::channel_attention_backward(x(), weight(), phi(), y, softmaxes, products, grad, 0.1);
        out.extend([x, weight, bias, phi, phi_bias].map(numbers::<B>));
    }
    let (kernel, bias) = (|| make(&[6, 6, 3, 3], 1.13), || make(&[6], 0.71));
    let y = B::residual(
        make(&[2, 6, 7, 5], 0.37),
        kernel(),
        bias(),
        kernel(),
        bias(),
        0.1,
    );
    out.push(numbers::<B>(y));
    let (x, grad) = (|| make(&[2, 5, 6, 7], 0.37), || make(&[2, 5, 12, 14], 0.53));
    out.extend(
        [
            B::upsample2(x()),
            B::upsample2_backward(grad()),
            B::normal(x(), 7),
        ]
        .map(numbers::<B>),
    );
    for [b, cin, cout, h, w] in [[2, 40, 20, 5, 7], [3, 20, 3, 8, 9]] {
        let (x, weight) = (
            || make(&[b, cin, h, w], 0.37),
            || make(&[cout, cin, 3, 3], 1.13),
        );
        let y = B::up_conv(x(), weight(), make(&[cout], 0.71));
        out.push(numbers::<B>(y));
        let grad = make(&[b, cout, 2 * h, 2 * w], 0.53);
        let (x, weight, bias) = B::up_conv_backward(x(), weight(), grad);
        out.extend([x, weight, bias].map(numbers::<B>));
    }
    let step = AdamStep {
        lr: 1e-2,
        betas: [0.9, 0.999],
        eps: 1e-8,
        weight_decay: 5e-4,
        corrections: [0.19, 0.002],
    };
    let squares = B::float_abs(make(&[1000], 0.71));
    let (p, m, v) = B::adam(
        make(&[1000], 0.37),
        make(&[1000], 0.53),
        squares,
        make(&[1000], 1.13),
        step,
    );
    out.extend([p, m, v].map(numbers::<B>));
    out
}

fn compare(ours: &[Vec<f32>], right: &[Vec<f32>], tolerance: f32) {
    assert_eq!(ours.len(), right.len());
    for (i, (a, b)) in ours.iter().zip(right).enumerate() {
        assert_eq!(a.len(), b.len());
        let scale = b.iter().fold(1e-3f32, |m, v| m.max(v.abs()));
        for (a, b) in a.iter().zip(b) {
            assert!(
                (a - b).abs() < tolerance * scale,
                "{i}: {a}, not {b}, of {scale}"
            );
        }
    }
}

/// The software GPU.
fn software() -> Option<Device> {
    let found = choose(DeviceRequest::Software);
    let required = std::env::var_os("VISAGE_REQUIRE_GPU").is_some();
    assert!(!required || found.is_ok(), "VISAGE_REQUIRE_GPU is set");
    Some(found.ok()?.device)
}

fn bare(device: &Device) -> <CubeBackend as BackendTypes>::Device {
    match device.as_dispatch() {
        DispatchDevice::Cube(device) => device.clone(),
        other => panic!("{other:?} is not a GPU"),
    }
}

#[test]
fn layers_are_those_of_the_cpu() {
    if let Some(device) = software() {
        let right = layers::<Flex>(&Default::default());
        compare(&layers::<CubeBackend>(&bare(&device)), &right, 1e-4);
    }
}

/// Maps in f16: what is computed is f32, so only the storing rounds.
#[test]
fn maps_may_be_stored_in_half() {
    let Some(device) = software() else {
        return;
    };
    let device = bare(&device);
    let properties = device.client().properties().clone();
    if !properties.supports_type(ElemType::Float(FloatKind::F16)) {
        eprintln!("this adapter has no f16");
        return;
    }
    let shape = [4, 3, 48, 50];
    let run = |half: bool| {
        // What goes in is rounded either way.
        let store = |map: FloatTensor<CubeBackend>| {
            let rounded = CubeBackend::float_cast(map, FloatDType::F16);
            if half {
                rounded
            } else {
                CubeBackend::float_cast(rounded, FloatDType::F32)
            }
        };
        let make = |shape: &[usize], pace| tensor::<CubeBackend>(shape, pace, &device);
        let x = || store(make(&shape, 0.37));
        let grad = store(make(&shape, 0.53));
        let gamma = || make(&[3], 1.13);
        let moments = CubeBackend::moments(x(), 2);
        let beta = make(&[3], 0.71);
        let y = CubeBackend::normalise(x(), moments.clone(), gamma(), beta, 1e-5);
        let sum = CubeBackend::add_activated(y.clone(), x(), 0.1);
        let (at_x, at_gamma, at_beta) =
            CubeBackend::normalise_backward(x(), moments.clone(), gamma(), grad, 1e-5);
        for map in [&y, &sum, &at_x] {
            assert_eq!(map.dtype == DType::F16, half);
        }
        [moments, y, sum, at_x, at_gamma, at_beta]
            .map(|t| numbers::<CubeBackend>(CubeBackend::float_cast(t, FloatDType::F32)))
    };
    compare(&run(true), &run(false), 1e-3);
}

/// What a contrastive loss is made of, for as many codes, rows of λ and negatives.
struct Contrast {
    gram: TensorData,
    lambda: TensorData,
    moved: TensorData,
    grad: TensorData,
}

impl Contrast {
    fn new([codes, rows, k, anchors]: [usize; 4]) -> Self {
        let z = TensorData::new(values(codes * 7, 0.37), [codes, 7]);
        let z = Tensor::<2>::from_data(z, &Device::flex());
        let moved = (0..k).map(|i| ((i * 5 + 3) % k) as i32).collect();
        Self {
            gram: z.clone().matmul(z.transpose()).into_data(),
            lambda: TensorData::new(values(rows * k, 1.13), [rows, k]),
            moved: TensorData::new::<i32, _>(moved, [k]),
            grad: TensorData::new(values(anchors, 0.71), [anchors]),
        }
    }

    /// Losses and gradient at the Gram matrix of the operation on tensors, which is fused.
    fn fused(
        &self,
        device: &Device,
        loss: impl Fn(Tensor<2>, Tensor<2>, Tensor<1, Int>) -> Tensor<1>,
    ) -> [Vec<f32>; 2] {
        let device = device.clone().autodiff();
        let leaf = Tensor::<2>::from_data(self.gram.clone(), &device).require_grad();
        let losses = loss(
            leaf.clone(),
            Tensor::from_data(self.lambda.clone(), &device),
            Tensor::from_data(self.moved.clone(), &device),
        );
        let weights = Tensor::from_data(self.grad.clone(), &device);
        let grads = (losses.clone() * weights).sum().backward();
        [
            losses.into_data().iter().collect(),
            leaf.grad(&grads).unwrap().into_data().iter().collect(),
        ]
    }
}

/// The fused ones are compared with their plain twins elsewhere.
#[test]
fn the_contrastive_losses_are_the_same_with_and_without_fusion() {
    let Some(device) = software() else {
        return;
    };
    let bare = bare(&device);
    let float = |data: &TensorData| CubeBackend::float_from_data(data.clone(), &bare);
    let int = |data: &TensorData| CubeBackend::int_from_data(data.clone(), &bare);
    let tau = 0.5;

    let c = Contrast::new([10, 10, 8, 10]);
    let fused = c.fused(&device, |gram, lambda, moved| {
        mixed_cross_entropy(gram, lambda, moved, tau)
    });
    let (gram, lambda, moved) = (|| float(&c.gram), || float(&c.lambda), || int(&c.moved));
    let losses = CubeBackend::mixed_cross_entropy(gram(), lambda(), moved(), tau);
    let at_gram = CubeBackend::mixed_cross_entropy_backward(
        float(&c.grad),
        losses.clone(),
        gram(),
        lambda(),
        moved(),
        tau,
    );
    compare(&[losses, at_gram].map(numbers::<CubeBackend>), &fused, 1e-4);

    // Two images with seven negatives each.
    let c = Contrast::new([18, 2, 7, 4]);
    let fused = c.fused(&device, |gram, lambda, moved| {
        pose_cross_entropy(gram, lambda, moved, tau, true)
    });
    let (gram, lambda, moved) = (|| float(&c.gram), || float(&c.lambda), || int(&c.moved));
    let losses = CubeBackend::pose_cross_entropy(gram(), lambda(), moved(), tau, true);
    let at_gram = CubeBackend::pose_cross_entropy_backward(
        float(&c.grad),
        losses.clone(),
        gram(),
        lambda(),
        moved(),
        tau,
        true,
    );
    compare(&[losses, at_gram].map(numbers::<CubeBackend>), &fused, 1e-4);
}
