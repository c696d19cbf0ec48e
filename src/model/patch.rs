//! A linear embedding of patches, which goes past the trunk.

use burn::module::Module;
use burn::nn::Linear;
use burn::tensor::Device;
use burn::tensor::Tensor;

use super::head::{linear, through};

/// Side of a patch in pixels: what one place of the trunk's output stands for.
const PATCH_PX: usize = 16;
/// Numbers of a patch.
const NUMBERS: usize = 3 * PATCH_PX * PATCH_PX;
/// Middle of the range of pixels.
const MIDDLE: f64 = 0.5;

/// Every 16×16 patch of a picture as C numbers. Not in the paper.
#[derive(Module, Debug)]
pub struct PatchEmbedding {
    /// 768 → C.
    pub linear: Linear,
}

impl PatchEmbedding {
    /// An embedding in `channels` numbers.
    pub fn new(channels: usize, device: &Device) -> Self {
        Self {
            linear: linear(NUMBERS, channels, device),
        }
    }

    /// Where a side is no multiple of 16, the last patch is filled up with gray.
    ///
    /// # Shapes
    ///
    /// - `x`: `[b, 3, H, W]`, any size
    /// - output: `[b, C, ⌈H/16⌉, ⌈W/16⌉]`, f32
    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let [b, c, height, width] = x.dims();
        let (rows, columns) = (height.div_ceil(PATCH_PX), width.div_ceil(PATCH_PX));
        let (below, right) = (rows * PATCH_PX - height, columns * PATCH_PX - width);
        let mut x = x - MIDDLE;
        if below + right > 0 {
            let device = x.device();
            let under = Tensor::zeros([b, c, below, width], &device);
            let x_tall = Tensor::cat(vec![x, under], 2);
            let beside = Tensor::zeros([b, c, height + below, right], &device);
            x = Tensor::cat(vec![x_tall, beside], 3);
        }
        let patches = x
            .reshape([b, c, rows, PATCH_PX, columns, PATCH_PX])
            .permute([0, 2, 4, 1, 3, 5])
            .reshape([b * rows * columns, NUMBERS]);
        let codes = through(&self.linear, patches, false);
        let [_, channels] = codes.dims();
        codes
            .reshape([b, rows, columns, channels])
            .permute([0, 3, 1, 2])
    }
}
