//! Reconstruction network D (METHODS 1.6) and the combination of the codes.

use burn::module::Module;
use burn::nn::Linear;
use burn::tensor::activation::relu;
use burn::tensor::{Device, FloatDType, Tensor};

use super::head::{linear, through};
use super::layers::Conv;
use super::norm::BatchNorm;
use super::picture::{Deformation, LinearPicture};
use crate::config::{Branch, Combine, VizModel};
use crate::device::KernelGroup;
use crate::ops::{ours, tanh, up_conv, upsample2};

/// Side of D's pictures in pixels.
const SIDE_PX: usize = 64;
/// ReLU, ×2 bilinear, 3×3 convolution, batch-norm.
#[derive(Module, Debug)]
pub struct UpBlock {
    /// The convolution.
    pub conv: Conv,
    /// The normalisation.
    pub bn: BatchNorm,
}

impl UpBlock {
    /// Channels `cin` → `cout`.
    pub fn new(cin: usize, cout: usize, device: &Device) -> Self {
        Self {
            conv: Conv::new(cin, cout, 3, 1, device),
            bn: BatchNorm::new(cout, device),
        }
    }

    fn forward(&self, x: Tensor<4>, batches: usize) -> Tensor<4> {
        self.bn
            .forward_batches(through_doubled(&self.conv, x), batches)
    }
}

/// ReLU, ×2 bilinear, and this convolution.
fn through_doubled(conv: &Conv, x: Tensor<4>) -> Tensor<4> {
    if ours(KernelGroup::UpConvolution, x.device()) {
        up_conv(x, conv.weight.val(), conv.bias.val())
    } else {
        through_doubled_plain(conv, x)
    }
}

/// The same from the operations it consists of.
pub(crate) fn through_doubled_plain(conv: &Conv, x: Tensor<4>) -> Tensor<4> {
    conv.forward(upsample2(relu(x)))
}

/// ReLU, ×2 bilinear, 3×3 convolution to RGB, tanh.
#[derive(Module, Debug)]
pub struct OutBlock {
    /// The convolution.
    pub conv: Conv,
}

/// The size of D.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DecoderShape {
    /// Length of the combined code.
    pub din: usize,
    /// Base width: 64 at full width; its blocks have 4× and 2× of it.
    pub base: usize,
    /// A linear layer makes the first map; otherwise the code is the first map.
    pub fc: bool,
    /// Side of the first map: 1, or 4 with a linear layer; 0: no convolutions.
    pub start_px: usize,
    /// Width of two dense layers before everything else; 0: none.
    pub hidden: usize,
    /// Numbers of the code that are F_f, where their face is moved by all of them; 0: nothing is
    /// moved.
    pub moved_face: usize,
    /// Components of the picture to which the convolutions add what it lacks; 0: they draw all of it.
    pub components: usize,
}

/// D: a code becomes a picture of 64×64 pixels in (−1, 1).
#[derive(Module, Debug)]
pub struct Decoder {
    /// Code → `recon.hidden` numbers, with ReLU.
    pub hidden1: Option<Linear>,
    /// The second dense layer, with ReLU.
    pub hidden2: Option<Linear>,
    /// The picture that needs no convolution: `recon.components`.
    pub picture: Option<LinearPicture>,
    /// The face whose pixels move: `recon.deform`.
    pub deformation: Option<Deformation>,
    /// Code → the first map: 512 numbers at 1×1 in the paper. Absent with `recon.fc = false`.
    pub fc: Option<Linear>,
    /// Normalisation of a first map of 4×4; absent with one of 1×1.
    pub start_bn: Option<BatchNorm>,
    /// 1×1 → 2×2; absent with a first map of 4×4.
    pub block1: Option<UpBlock>,
    /// 2×2 → 4×4; absent with a first map of 4×4.
    pub block2: Option<UpBlock>,
    /// 4×4 → 8×8; absent, like all that follow, without convolutions.
    pub block3: Option<UpBlock>,
    /// 8×8 → 16×16.
    pub block4: Option<UpBlock>,
    /// 16×16 → 32×32.
    pub block5: Option<UpBlock>,
    /// 32×32 → 64×64 RGB.
    pub out: Option<OutBlock>,
    /// How maps are stored, from the 1×1 map to the one before the picture.
    #[module(skip)]
    pub(super) maps: FloatDType,
}

impl Decoder {
    /// D of this size.
    pub fn new(shape: DecoderShape, device: &Device) -> Self {
        let DecoderShape {
            din,
            base,
            fc,
            start_px,
            hidden,
            moved_face,
            components,
        } = shape;
        let code = if hidden > 0 { hidden } else { din };
        let dense = |din, dout| (hidden > 0).then(|| linear(din, dout, device));
        let convolutions = start_px > 0;
        let from_one = start_px == 1;
        let first = match (fc, from_one) {
            (false, _) => code,
            (true, true) => 8 * base,
            (true, false) => 4 * base * start_px * start_px,
        };
        let block = |present: bool, cin, cout| present.then(|| UpBlock::new(cin, cout, device));
        Self {
            hidden1: dense(din, hidden),
            hidden2: dense(hidden, hidden),
            picture: (components > 0).then(|| LinearPicture::new(code, components, device)),
            deformation: (moved_face > 0)
                .then(|| Deformation::new(moved_face, code, components, device)),
            fc: (fc && convolutions).then(|| linear(code, first, device)),
            start_bn: (convolutions && !from_one).then(|| BatchNorm::new(4 * base, device)),
            block1: block(from_one, first, 4 * base),
            block2: block(from_one, 4 * base, 4 * base),
            block3: block(convolutions, 4 * base, 4 * base),
            block4: block(convolutions, 4 * base, 4 * base),
            block5: block(convolutions, 4 * base, 2 * base),
            out: convolutions.then(|| OutBlock {
                conv: Conv::new(2 * base, 3, 3, 1, device),
            }),
            maps: FloatDType::F32,
        }
    }

    /// In training every call normalises with its own batch statistics.
    ///
    /// # Shapes
    ///
    /// - `v`: `[b, din]`
    /// - output: `[b, 3, 64, 64]`, f32, range (−1, 1), of a linear picture not bounded; targets lie in
    ///   [0, 1]
    pub fn forward(&self, v: Tensor<2>) -> Tensor<4> {
        self.forward_batches(v, 1)
    }

    /// The same for so many batches of equal size that stand one after the other in `v`, each with
    /// statistics of its own: as so many calls, but with fewer and larger products.
    ///
    /// # Shapes
    ///
    /// As [`Decoder::forward`].
    pub fn forward_batches(&self, v: Tensor<2>, batches: usize) -> Tensor<4> {
        let codes = v.clone();
        let dense = [&self.hidden1, &self.hidden2].into_iter().flatten();
        let v = dense.fold(v, |v, layer| through(layer, v, true));
        let [b, _] = v.dims();
        let device = v.device();
        let linear = self.picture.as_ref().map(|layer| match &self.deformation {
            None => layer.forward(v.clone()),
            // What moving cannot do: light, and what comes into sight.
            Some(moved) => layer.change(moved.forward(codes, v.clone(), layer), v.clone()),
        });
        match (linear, self.details(v, batches)) {
            (Some(linear), Some(details)) => linear + details,
            (Some(linear), None) => linear,
            (None, Some(details)) => tanh(details),
            // The configuration refuses such a network.
            (None, None) => Tensor::zeros([b, 3, SIDE_PX, SIDE_PX], &device),
        }
    }

    /// What the convolutions draw, before any limit.
    fn details(&self, v: Tensor<2>, batches: usize) -> Option<Tensor<4>> {
        let out = self.out.as_ref()?;
        let v = match &self.fc {
            Some(fc) => through(fc, v, false),
            None => v,
        };
        let [b, numbers] = v.dims();
        let first = match &self.start_bn {
            None => v.reshape([b, numbers, 1, 1]).cast(self.maps),
            Some(bn) => {
                let [channels] = bn.gamma.val().dims();
                let side = (numbers / channels).isqrt();
                let map = v.reshape([b, channels, side, side]).cast(self.maps);
                bn.forward_batches(map, batches)
            }
        };
        let x = [
            &self.block1,
            &self.block2,
            &self.block3,
            &self.block4,
            &self.block5,
        ]
        .into_iter()
        .flatten()
        .fold(first, |x, block| block.forward(x, batches));
        Some(through_doubled(&out.conv, x).cast(FloatDType::F32))
    }
}

/// Puts a face code and a pose code together for D (METHODS table 1.13, row 3).
///
/// # Shapes
///
/// - `face`, `pose`: `[b, d]`; of a concatenation each may have a length of its own
/// - output: `[b, d]`, or `[b, d_face + d_pose]` for a concatenation
pub fn combine(face: Tensor<2>, pose: Tensor<2>, mode: Combine) -> Tensor<2> {
    match mode {
        Combine::Concat => Tensor::cat(vec![face, pose], 1),
        Combine::UnitConcat => Tensor::cat(vec![unit_rms(face), unit_rms(pose)], 1),
        Combine::Sum => face + pose,
        Combine::SumL2 => l2_normalize(face + pose),
    }
}

/// [`Combine::UnitConcat`] in training: noise is added to the codes behind their normalisation, so
/// that a code holds on to what D can tell from the noise.
///
/// # Shapes
///
/// - `face` and its noise: `[b, d_face]`; `pose` and its noise: `[b, d_pose]`
/// - output: `[b, d_face + d_pose]`
pub fn combine_noisy(face: Tensor<2>, pose: Tensor<2>, noise: [Tensor<2>; 2]) -> Tensor<2> {
    let [face_noise, pose_noise] = noise;
    let codes = vec![unit_rms(face) + face_noise, unit_rms(pose) + pose_noise];
    Tensor::cat(codes, 1)
}

/// A single code as D's input: the picture of F_f or F_p alone (METHODS table 1.13, row 32).
///
/// # Shapes
///
/// - `code`: `[b, d]`
/// - `other_len`: length of the other code
/// - output: as [`combine`]
pub fn single_code(
    code: Tensor<2>,
    other_len: usize,
    branch: Branch,
    mode: Combine,
    viz: VizModel,
) -> Tensor<2> {
    let [b, len] = code.dims();
    match (viz, mode) {
        (VizModel::Released, _) if len == other_len => combine(code.clone(), code, mode),
        // In a concatenation the other half stays silent.
        (_, Combine::Concat | Combine::UnitConcat) => {
            let silent = Tensor::zeros([b, other_len], &code.device());
            match branch {
                Branch::Face => combine(code, silent, mode),
                Branch::Pose => combine(silent, code, mode),
            }
        }
        (_, Combine::Sum) => code,
        (_, Combine::SumL2) => l2_normalize(code),
    }
}

/// Rows divided by their root mean square; a zero row stays zero.
///
/// # Shapes
///
/// - `v`: `[b, d]`
pub fn unit_rms(v: Tensor<2>) -> Tensor<2> {
    let [_, d] = v.dims();
    l2_normalize(v) * (d as f64).sqrt()
}

/// Rows divided by max(‖row‖, 1e-12); a zero row stays zero.
///
/// # Shapes
///
/// - `v`: `[b, d]`
pub fn l2_normalize(v: Tensor<2>) -> Tensor<2> {
    let norm = v.clone().square().sum_dim(1).clamp_min(1e-24).sqrt();
    v / norm
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(numbers: [[f32; 2]; 2]) -> Tensor<2> {
        Tensor::from_data(numbers, &Device::flex())
    }

    fn numbers(tensor: Tensor<2>) -> Vec<f32> {
        tensor.into_data().try_to_vec().unwrap()
    }

    #[test]
    fn unit_codes_stand_side_by_side_whatever_their_size() {
        let face = rows([[3.0, 4.0], [0.0, 0.0]]);
        let pose = Tensor::from_data([[-9.0], [0.5]], &Device::flex());
        let both = numbers(combine(face.clone(), pose.clone(), Combine::UnitConcat));
        let expected = [0.6 * 2f32.sqrt(), 0.8 * 2f32.sqrt(), -1.0, 0.0, 0.0, 1.0];
        assert!(both.iter().zip(expected).all(|(a, e)| (a - e).abs() < 1e-6));
        // Noise is added behind the normalisation and is not normalised itself.
        let noise = [rows([[1.0, 0.0], [0.0, 2.0]]), pose.zeros_like()];
        let noisy = numbers(combine_noisy(face.clone(), pose, noise));
        assert!((noisy[0] - both[0] - 1.0).abs() < 1e-6 && (noisy[4] - 2.0).abs() < 1e-6);
        // A single code leaves the place of the other one empty, also where lengths differ.
        let alone = |viz| single_code(face.clone(), 1, Branch::Face, Combine::UnitConcat, viz);
        for viz in [VizModel::Training, VizModel::Released] {
            assert_eq!(numbers(alone(viz))[..3], [both[0], both[1], 0.0]);
        }
    }
}
