//! A dense way past the trunk, from a small picture straight to F_s.

use burn::module::Module;
use burn::nn::Linear;
use burn::tensor::module::{adaptive_avg_pool2d, interpolate};
use burn::tensor::ops::{InterpolateMode, InterpolateOptions};
use burn::tensor::{Device, Tensor};

use super::head::{linear, through};

/// Side to which a picture is reduced before the first dense layer.
const REDUCED_PX: usize = 32;
/// Side of the map it becomes: that of F_s at 64 px.
const MAP_SIDE: usize = 4;
/// Middle and spread of pixels, so that the first layer sees numbers around 0 of size 1.
const MEAN: f64 = 0.5;
const STD: f64 = 0.25;

/// Two dense layers that are added to the trunk's output. Not in the paper: a plain deep network
/// without normalisation that is narrow passes on five or six directions of a picture, a dense layer
/// as many as it has numbers.
#[derive(Module, Debug)]
pub struct DenseShortcut {
    /// The reduced picture → hidden numbers, with ReLU.
    pub linear1: Linear,
    /// Hidden numbers → C × 4 × 4.
    pub linear2: Linear,
}

impl DenseShortcut {
    /// From `hidden` numbers to a map of `channels`.
    pub fn new(hidden: usize, channels: usize, device: &Device) -> Self {
        let pixels = 3 * REDUCED_PX * REDUCED_PX;
        Self {
            linear1: linear(pixels, hidden, device),
            linear2: linear(hidden, channels * MAP_SIDE * MAP_SIDE, device),
        }
    }

    /// Pictures of any size are reduced to the same number of pixels, and their map is enlarged.
    ///
    /// # Shapes
    ///
    /// - `x`: `[b, 3, H, W]`
    /// - output: `[b, C, h, w]`, f32, with `size` = `[h, w]`
    pub fn forward(&self, x: Tensor<4>, size: [usize; 2]) -> Tensor<4> {
        let reduced = adaptive_avg_pool2d(x, [REDUCED_PX; 2]);
        let pixels = ((reduced - MEAN) / STD).flatten::<2>(1, 3);
        let hidden = through(&self.linear1, pixels, true);
        let numbers = through(&self.linear2, hidden, false);
        let [b, count] = numbers.dims();
        let channels = count / (MAP_SIDE * MAP_SIDE);
        let map = numbers.reshape([b, channels, MAP_SIDE, MAP_SIDE]);
        if size == [MAP_SIDE; 2] {
            return map;
        }
        let options = InterpolateOptions::new(InterpolateMode::Bilinear)
            .with_align_corners(false)
            .with_output_size(size);
        interpolate(map, options)
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::Distribution;

    use super::*;
    use crate::model::initialise;

    #[test]
    fn pictures_of_every_size_get_a_map_of_the_trunk_s_size() {
        let device = Device::flex();
        let shortcut = initialise(DenseShortcut::new(6, 5, &device), 3);
        for (side, map) in [(64, 4), (100, 7), (20, 2)] {
            let x = Tensor::random([2, 3, side, side], Distribution::Default, &device);
            let out = shortcut.forward(x, [map, map]);
            assert_eq!(out.dims(), [2, 5, map, map]);
        }
        // Twice as large with the same content in every 2×2 is the same picture.
        let small = Tensor::<4>::random([1, 3, 32, 32], Distribution::Default, &device);
        let large = small
            .clone()
            .reshape([1, 3, 32, 1, 32, 1])
            .expand([1, 3, 32, 2, 32, 2])
            .reshape([1, 3, 64, 64]);
        let [a, b] = [small, large].map(|x| shortcut.forward(x, [MAP_SIDE; 2]));
        let apart: f32 = (a - b).abs().max().into_scalar();
        assert!(apart < 1e-4, "{apart}");
    }
}
