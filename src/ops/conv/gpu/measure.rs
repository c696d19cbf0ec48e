//! Timing our kernels against burn's on the device at hand.

use std::time::Instant;

use burn::backend::ops::FloatTensorOps;
use burn::backend::{Backend, DispatchDevice};
use burn::tensor::{Device, Distribution, FloatDType, Shape};
use burn_cubecl::CubeBackend;
use burn_cubecl::tensor::CubeTensor;

use super::{backward_data, backward_weight, convolve};
use crate::device::{ConvKernel, ConvPass, ConvShape, ConvTiming};

/// A measurement ends after this many calls …
const CALLS: usize = 12;
/// … or after this long.
const LONGEST_SECONDS: f64 = 0.5;

/// The convolutions of the encoder for pictures of `side`, where `base` channels leave the first
/// layer (64 at full width).
fn shapes(base: usize, side: usize) -> Vec<ConvShape> {
    let shape = |[cin, cout]: [usize; 2], side: usize, kernel, stride| ConvShape {
        cin,
        cout,
        height: side,
        width: side,
        kernel,
        stride,
    };
    let [one, two, four] = [base, 2 * base, 4 * base];
    let half = |n: u32| (0..n).fold(side, |side, _| side.div_ceil(2));
    vec![
        shape([3, one], side, 7, 2),
        shape([one, one], half(1), 3, 1),
        shape([one, one], half(1), 1, 1),
        shape([one, two], half(1), 3, 2),
        shape([two, two], half(2), 1, 1),
        shape([two, two], half(2), 3, 1),
        shape([two, two], half(2), 3, 2),
        shape([two, two], half(3), 3, 1),
        shape([two, four], half(3), 3, 2),
        shape([four, four], half(4), 3, 1),
        shape([four, two], half(4), 3, 1),
        shape([two, two], half(4), 3, 1),
    ]
}

/// Times every convolution of the encoder with our kernels and with burn's.
///
/// `batch` pictures of `side` pixels, `base` channels behind the first layer. A device that is not
/// a GPU gives an empty table.
pub fn measure_kernels(device: &Device, batch: usize, base: usize, side: usize) -> Vec<ConvTiming> {
    let plain = device.clone().inner();
    let DispatchDevice::Cube(device) = plain.as_dispatch() else {
        return Vec::new();
    };
    let mut out = Vec::new();
    for shape in shapes(base, side) {
        let ConvShape {
            cin,
            cout,
            height,
            width,
            kernel,
            stride,
        } = shape;
        let padding = kernel / 2;
        let after = |n: usize| (n + 2 * padding - kernel) / stride + 1;
        let random = |shape: [usize; 4]| {
            let between = Distribution::Uniform(-1.0, 1.0);
            CubeBackend::float_random(Shape::new(shape), between, device, FloatDType::F32)
        };
        let x = random([batch, cin, height, width]);
        let weight = random([cout, cin, kernel, kernel]);
        let grad = random([batch, cout, after(height), after(width)]);
        let bias = CubeBackend::float_reshape(random([1, 1, 1, cout]), Shape::new([cout]));
        for pass in [ConvPass::Forward, ConvPass::Data, ConvPass::Weight] {
            // Nobody asks for the gradient at the pictures.
            if pass == ConvPass::Data && cin == 3 {
                continue;
            }
            let (x, weight, grad, bias) = (&x, &weight, &grad, &bias);
            let call = |by: ConvKernel| -> CubeTensor {
                let (x, weight, grad) = (x.clone(), weight.clone(), grad.clone());
                match pass {
                    ConvPass::Forward => {
                        convolve(by, x, weight, bias.clone(), stride, padding, 1.0)
                    }
                    ConvPass::Data => {
                        backward_data(by, grad, weight, [height, width], stride, padding)
                    }
                    ConvPass::Weight => backward_weight(by, x, grad, kernel, stride, padding),
                }
            };
            let time = |by: ConvKernel| seconds(device, || drop(call(by))) * 1e3;
            let rows = if pass == ConvPass::Data { cin } else { cout };
            let ours: &[ConvKernel] = if pass == ConvPass::Weight || rows <= 32 {
                &[ConvKernel::Ours]
            } else {
                &[ConvKernel::Square, ConvKernel::Wide]
            };
            let (best, ours_ms) = ours
                .iter()
                .map(|&by| (by, time(by)))
                .min_by(|a, b| a.1.total_cmp(&b.1))
                .expect("there is at least one of ours");
            let burns_ms = time(ConvKernel::Burn);
            out.push(ConvTiming {
                pass,
                shape,
                fastest: if burns_ms < ours_ms {
                    ConvKernel::Burn
                } else {
                    best
                },
                ours_ms,
                burns_ms,
            });
        }
    }
    out
}

/// Median seconds per call.
fn seconds(device: &<CubeBackend as burn::backend::BackendTypes>::Device, call: impl Fn()) -> f64 {
    let timed = || {
        let start = Instant::now();
        call();
        // A device that fails here fails at the next tensor as well, with its own words.
        let _ = CubeBackend::sync(device);
        start.elapsed().as_secs_f64()
    };
    // The first call compiles.
    timed();
    let start = Instant::now();
    let mut all = Vec::new();
    while all.len() < CALLS && start.elapsed().as_secs_f64() < LONGEST_SECONDS {
        all.push(timed());
    }
    all.sort_by(f64::total_cmp);
    all[all.len() / 2]
}
