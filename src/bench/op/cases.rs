//! The operations, their shapes, and how much they compute and move.
//!
//! Names are those of the layers. Bytes are what has to be read and written if nothing is done
//! twice; what an implementation really moves is more.

use burn::tensor::{Device, Distribution, FloatDType, Tensor};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use crate::augment::{FrameArena, Interpolation, pose_negative};
use crate::bench::BenchError;
use crate::config::{Precision, RunConfig};
use crate::data::StreamSizes;
use crate::loss::{l_face, l_pose};
use crate::model::{Architecture, BatchNorm, ChannelAttention, Conv, Pcl};
use crate::ops::{UploadedFrames, on_cpu, up_conv};
use crate::optim::{Adam, Grads};
use crate::train::objective::Objective;
use crate::train::upload::{SIDE_PX, mix};

/// All operations.
pub const NAMES: [&str; 20] = [
    "conv1",
    "conv2",
    "conv5",
    "conv6",
    "conv7",
    "conv8",
    "conv9",
    "conv10",
    "d_block3",
    "d_block4",
    "d_block5",
    "d_out",
    "one_by_one",
    "attention1",
    "attention2",
    "batch_norm",
    "l_face",
    "l_pose",
    "adam",
    "views",
];

/// Bytes of an f32.
const F32: f64 = 4.0;

/// What is left to do after a forward pass.
pub(super) type Backward = Box<dyn FnOnce()>;

/// One operation, ready to run.
pub(super) struct Case {
    /// The forward pass; gives the backward pass if there is one.
    pub forward: Box<dyn FnMut() -> Option<Backward>>,
    /// What goes in and comes out, in words.
    pub shape: String,
    /// Floating-point operations forward and backward, 2 per multiply-add; 0 where moving counts.
    pub flop: [f64; 2],
    /// Bytes forward and backward.
    pub bytes: [f64; 2],
}

/// The operation of this name, as this configuration needs it.
pub(super) fn case(name: &str, config: &RunConfig, device: &Device) -> Result<Case, BenchError> {
    let w = Architecture::from(config).widths();
    let b = w.base;
    // The reconstruction stream encodes s and ŝ and decodes one term at a time.
    let (encoded, decoded) = (2 * config.batch.recon, config.batch.recon);
    let recording = device.clone().autodiff();
    let maps = config.precision;
    let conv = |n, cin, cout, kernel, stride, side| {
        convolution([n, cin, cout, kernel, stride, side], maps, &recording)
    };
    Ok(match name {
        "conv1" => conv(encoded, 3, b, 7, 2, 64),
        "conv2" => conv(encoded, b, b, 3, 1, 32),
        "conv5" => conv(encoded, b, 2 * b, 3, 2, 32),
        "conv6" => conv(encoded, 2 * b, 2 * b, 3, 1, 16),
        "conv7" => conv(encoded, 2 * b, 2 * b, 3, 2, 16),
        "conv8" => conv(encoded, 2 * b, 2 * b, 3, 1, 8),
        "conv9" => conv(encoded, 2 * b, 4 * b, 3, 2, 8),
        "conv10" => conv(encoded, 4 * b, w.trunk_out, 3, 1, 4),
        "d_block3" => doubled([decoded, 4 * b, 4 * b, 4], maps, &recording),
        "d_block4" => doubled([decoded, 4 * b, 4 * b, 8], maps, &recording),
        "d_block5" => doubled([decoded, 4 * b, 2 * b, 16], maps, &recording),
        "d_out" => doubled([decoded, 2 * b, 3, 32], maps, &recording),
        "one_by_one" => conv(encoded, b, b, 1, 1, 32),
        "attention1" => attention(encoded, b, 32, maps, &recording),
        "attention2" => attention(encoded, 2 * b, 16, maps, &recording),
        "batch_norm" => batch_norm([decoded, 2 * b, 32, 32], maps, &recording),
        "l_face" => face_loss(config, 8 * b, &recording),
        "l_pose" => pose_loss(config, 8 * b, &recording),
        "adam" => adam(config, &recording),
        "views" => views(config, device),
        other => return Err(BenchError::NoSuchOp(other.to_owned())),
    })
}

fn random<const D: usize>(shape: [usize; D], device: &Device) -> Tensor<D> {
    let plain = device.clone().inner();
    let numbers = Tensor::random(shape, Distribution::Uniform(-1.0, 1.0), &plain);
    if device.is_autodiff() {
        Tensor::from_inner(numbers).require_grad()
    } else {
        numbers
    }
}

/// A map as the layer before leaves it: on the CPU with the channels of a pixel side by side.
fn random_map([b, c, h, w]: [usize; 4], maps: Precision, device: &Device) -> Tensor<4> {
    let plain = device.clone().inner();
    let map = if on_cpu(device.clone()) {
        random([b, h, w, c], &plain).permute([0, 3, 1, 2])
    } else {
        random([b, c, h, w], &plain)
    };
    Tensor::from_inner(map.cast(FloatDType::from(maps))).require_grad()
}

/// A pass whose backward starts from ones, which on the CPU have to be moved first.
fn pass<const D: usize>(
    mut forward: impl FnMut() -> Tensor<D> + 'static,
) -> Box<dyn FnMut() -> Option<Backward>> {
    Box::new(move || {
        let out = forward();
        Some(Box::new(move || {
            let _gradients = out.backward();
        }))
    })
}

fn convolution(
    [n, cin, cout, kernel, stride, side]: [usize; 6],
    maps: Precision,
    device: &Device,
) -> Case {
    let out_side = side.div_ceil(stride);
    let layer = Conv::new(cin, cout, kernel, stride, device);
    let x = random_map([n, cin, side, side], maps, device);
    let macs = (n * cin * cout * kernel * kernel * out_side * out_side) as f64;
    let numbers = (n * (cin * side * side + cout * out_side * out_side)) as f64;
    Case {
        forward: pass(move || layer.forward(x.clone())),
        shape: format!("[{n}, {cin}, {side}, {side}] * {kernel}x{kernel} / {stride} -> {cout}"),
        flop: [2.0 * macs, 4.0 * macs],
        bytes: [maps.bytes() * numbers, 2.0 * maps.bytes() * numbers],
    }
}

fn attention(n: usize, channels: usize, side: usize, maps: Precision, device: &Device) -> Case {
    let layer = ChannelAttention::new(channels, device);
    let x = random_map([n, channels, side, side], maps, device);
    let numbers = (n * channels * side * side) as f64;
    // Three 1×1 convolutions and two products.
    let macs = 5.0 * numbers * channels as f64;
    Case {
        forward: pass(move || layer.forward(x.clone())),
        shape: format!("[{n}, {channels}, {side}, {side}]"),
        flop: [2.0 * macs, 4.0 * macs],
        bytes: [2.0 * maps.bytes() * numbers, 3.0 * maps.bytes() * numbers],
    }
}

/// ReLU, upsampling and convolution.
fn doubled([n, cin, cout, side]: [usize; 4], maps: Precision, device: &Device) -> Case {
    let layer = Conv::new(cin, cout, 3, 1, device);
    let x = random_map([n, cin, side, side], maps, device);
    let pixels = n * side * side;
    let macs = (pixels * cin * cout * 9) as f64;
    let numbers = (pixels * (cin + 4 * cout)) as f64;
    Case {
        forward: pass(move || up_conv(x.clone(), layer.weight.val(), layer.bias.val())),
        shape: format!("[{n}, {cin}, {side}, {side}] x 2 * 3x3 -> {cout}"),
        flop: [2.0 * macs, 4.0 * macs],
        bytes: [maps.bytes() * numbers, 2.0 * maps.bytes() * numbers],
    }
}

fn batch_norm(shape: [usize; 4], maps: Precision, device: &Device) -> Case {
    let layer = BatchNorm::new(shape[1], device);
    let x = random_map(shape, maps, device);
    let numbers = shape.iter().product::<usize>() as f64;
    Case {
        forward: pass(move || layer.forward(x.clone())),
        shape: format!("{shape:?}"),
        flop: [0.0; 2],
        // Read for the statistics, read and written for the result; x and the gradient twice back.
        bytes: [3.0 * maps.bytes() * numbers, 5.0 * maps.bytes() * numbers],
    }
}

fn interpolation(rows: usize, k: usize, config: &RunConfig, device: &Device) -> crate::loss::Mix {
    let mut rng = ChaCha8Rng::seed_from_u64(config.seed);
    let drawn = Interpolation::draw(rows, k, config.neg_interp.alpha, &mut rng);
    mix(&drawn, &device.clone().inner())
}

fn face_loss(config: &RunConfig, d: usize, device: &Device) -> Case {
    let n2 = 2 * config.batch.face;
    let k = n2 - 2;
    let z = random([n2, d], device);
    let mix = interpolation(n2, k, config, device);
    let options = Objective::from(config).contrastive;
    let macs = (n2 * n2 * d) as f64;
    Case {
        forward: pass(move || l_face(z.clone(), Some(&mix), options)),
        shape: format!("[{n2}, {d}], {k} negatives each"),
        flop: [2.0 * macs, 4.0 * macs],
        bytes: [F32 * (n2 * d) as f64, 2.0 * F32 * (n2 * d) as f64],
    }
}

fn pose_loss(config: &RunConfig, d: usize, device: &Device) -> Case {
    let (b, m) = (config.pose.batch_size, config.pose.num_negatives);
    let positives = random([2 * b, d], device);
    let negatives = random([b, m, d], device);
    let mix = interpolation(b, m, config, device);
    let options = Objective::from(config).contrastive;
    let macs = (2 * b * m * d) as f64;
    let numbers = ((2 * b + b * m) * d) as f64;
    Case {
        forward: pass(move || l_pose(positives.clone(), negatives.clone(), Some(&mix), options)),
        shape: format!("[{}, {d}], [{b}, {m}, {d}]", 2 * b),
        flop: [2.0 * macs, 4.0 * macs],
        bytes: [F32 * numbers, 2.0 * F32 * numbers],
    }
}

/// An update of the whole network; what it starts from is set up outside the clock.
fn adam(config: &RunConfig, device: &Device) -> Case {
    let mut model = Some(Pcl::new(Architecture::from(config), config.seed, device));
    let mut adam = Adam::new((&config.optimizer).into());
    let lr = config.optimizer.lr;
    let network = model.as_ref().map(crate::model::parameter_count);
    let parameters = network.unwrap_or_default();
    let grads = model.as_ref().map(all_gradients).unwrap_or_default();
    Case {
        forward: Box::new(move || {
            model = model.take().map(|model| adam.step(model, &grads, lr));
            None
        }),
        shape: format!("{parameters} parameters"),
        flop: [0.0; 2],
        // Parameter, m and v read and written, the gradient read.
        bytes: [7.0 * F32 * parameters as f64, 0.0],
    }
}

/// A gradient for every parameter: that of the sum of their squares.
fn all_gradients(model: &Pcl) -> Grads {
    use burn::module::{Module, ModuleVisitor, Param};
    struct Sum(Option<Tensor<1>>);
    impl ModuleVisitor for Sum {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            let tensor = param.val();
            if tensor.is_require_grad() {
                let square = tensor.square().sum();
                self.0 = Some(match self.0.take() {
                    None => square,
                    Some(sum) => sum + square,
                });
            }
        }
    }
    let mut sum = Sum(None);
    model.visit(&mut sum);
    sum.0.map_or_else(Grads::default, |sum| {
        Grads::take(&mut sum.backward(), model, "")
    })
}

/// As many augmented views as a step has, of frames as large as the cache keeps them.
fn views(config: &RunConfig, device: &Device) -> Case {
    let sizes = StreamSizes::new(config);
    let count = sizes.recon + 2 * sizes.face + sizes.pose * (2 + config.pose.num_negatives);
    let side = config.data.cache_px;
    let mut rng = ChaCha8Rng::seed_from_u64(config.seed);
    let mut arena = FrameArena::default();
    let pixels = (0..3 * side * side)
        .map(|at| (at * 7 % 251) as u8)
        .collect::<Vec<_>>();
    for _ in 0..sizes.total().max(1) {
        arena.push(side, side, &pixels);
    }
    let frames = arena.table.len() as u32;
    let pose = &config.pose;
    let params = (0..count as u32)
        .map(|at| {
            let (frame, size) = (at % frames, (side, side));
            pose_negative(frame, size, &config.aug, &pose.neg_aug, pose.crop, &mut rng)
        })
        .collect::<Vec<_>>();
    let frames = UploadedFrames::new(&arena, device);
    let out = (count * 3 * SIDE_PX * SIDE_PX) as f64;
    let read = count as f64 * f64::from(3 * side * side);
    Case {
        forward: Box::new(move || {
            let _views = frames.render(&params, SIDE_PX);
            None
        }),
        shape: format!("{count} views of {side} x {side} frames"),
        flop: [0.0; 2],
        bytes: [read + F32 * out, 0.0],
    }
}
