//! Reconstruction network D (METHODS 1.6) and the combination of the codes.

use burn::module::Module;
use burn::nn::Linear;
use burn::tensor::activation::relu;
use burn::tensor::{Device, FloatDType, Tensor};

use super::head::{linear, through};
use super::layers::Conv;
use super::norm::BatchNorm;
use crate::config::{Branch, Combine, VizModel};
use crate::device::KernelGroup;
use crate::ops::{ours, tanh, up_conv, upsample2};

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

/// D: a code becomes a picture of 64×64 pixels in (−1, 1).
#[derive(Module, Debug)]
pub struct Decoder {
    /// Code → 512 numbers, the first 1×1 map. Absent with `recon.fc = false`.
    pub fc: Option<Linear>,
    /// 1×1 → 2×2.
    pub block1: UpBlock,
    /// 2×2 → 4×4.
    pub block2: UpBlock,
    /// 4×4 → 8×8.
    pub block3: UpBlock,
    /// 8×8 → 16×16.
    pub block4: UpBlock,
    /// 16×16 → 32×32.
    pub block5: UpBlock,
    /// 32×32 → 64×64 RGB.
    pub out: OutBlock,
    /// How maps are stored, from the 1×1 map to the one before the picture.
    #[module(skip)]
    pub(super) maps: FloatDType,
}

impl Decoder {
    /// D for codes of length `din`, with channels scaled so that `base` is 64 at full width.
    pub fn new(din: usize, base: usize, fc: bool, device: &Device) -> Self {
        let seed = if fc { 8 * base } else { din };
        let block = |cin, cout| UpBlock::new(cin, cout, device);
        Self {
            fc: fc.then(|| linear(din, seed, device)),
            block1: block(seed, 4 * base),
            block2: block(4 * base, 4 * base),
            block3: block(4 * base, 4 * base),
            block4: block(4 * base, 4 * base),
            block5: block(4 * base, 2 * base),
            out: OutBlock {
                conv: Conv::new(2 * base, 3, 3, 1, device),
            },
            maps: FloatDType::F32,
        }
    }

    /// In training every call normalises with its own batch statistics.
    ///
    /// # Shapes
    ///
    /// - `v`: `[b, din]`
    /// - output: `[b, 3, 64, 64]`, f32, range (−1, 1); targets lie in [0, 1]
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
        let v = match &self.fc {
            Some(fc) => through(fc, v, false),
            None => v,
        };
        let [b, channels] = v.dims();
        let seed = v.reshape([b, channels, 1, 1]).cast(self.maps);
        let blocks = [
            &self.block1,
            &self.block2,
            &self.block3,
            &self.block4,
            &self.block5,
        ];
        let x = blocks
            .into_iter()
            .fold(seed, |x, block| block.forward(x, batches));
        let picture = through_doubled(&self.out.conv, x);
        tanh(picture.cast(FloatDType::F32))
    }
}

/// Puts a face code and a pose code together for D (METHODS table 1.13, row 3).
///
/// # Shapes
///
/// - `face`, `pose`: `[b, d]`
/// - output: `[b, d]`, or `[b, 2d]` for a concatenation
pub fn combine(face: Tensor<2>, pose: Tensor<2>, mode: Combine) -> Tensor<2> {
    match mode {
        Combine::Concat => Tensor::cat(vec![face, pose], 1),
        Combine::Sum => face + pose,
        Combine::SumL2 => l2_normalize(face + pose),
    }
}

/// A single code as D's input: the picture of F_f or F_p alone (METHODS table 1.13, row 32).
///
/// # Shapes
///
/// - `code`: `[b, d]`
/// - output: as [`combine`]
pub fn single_code(code: Tensor<2>, branch: Branch, mode: Combine, viz: VizModel) -> Tensor<2> {
    match (viz, mode, branch) {
        (VizModel::Released, ..) => combine(code.clone(), code, mode),
        // In a concatenation the other half stays silent.
        (_, Combine::Concat, Branch::Face) => Tensor::cat(vec![code.clone(), code.zeros_like()], 1),
        (_, Combine::Concat, Branch::Pose) => Tensor::cat(vec![code.zeros_like(), code], 1),
        (_, Combine::Sum, _) => code,
        (_, Combine::SumL2, _) => l2_normalize(code),
    }
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
