//! A backbone of dense layers: what two CPU cores can train in minutes.

use burn::module::Module;
use burn::nn::Linear;
use burn::tensor::activation::leaky_relu;
use burn::tensor::module::adaptive_avg_pool2d;
use burn::tensor::{Device, Tensor};

use super::encoder::DenseWidths;
use super::head::{linear, through};
use super::layers::SLOPE;

/// Side to which a picture is reduced before the first layer.
pub const REDUCED_PX: usize = 32;
/// Numbers of a reduced picture.
pub const REDUCED_NUMBERS: usize = 3 * REDUCED_PX * REDUCED_PX;
/// Middle and spread of pixels, so that the first layer sees numbers around 0 of size 1.
pub const PIXEL_MEAN: f64 = 0.5;
/// See [`PIXEL_MEAN`].
pub const PIXEL_STD: f64 = 0.25;
/// Side of the map of F_s, as of the other backbones at 64 px.
const MAP_SIDE: usize = 4;
/// Factor behind the mean over pixels: the first principal component of faces becomes about 3.
const STEM_GAIN: f64 = 5.0;

/// B as three dense layers. Not in the paper: PCL leaves the backbone open, and a dense layer passes
/// on as many directions of a picture as it has numbers, where the plain convolutions of FaceCycle at
/// an eighth of their width pass on five or six.
///
/// Pictures of any size are reduced to the same number of pixels, so F_s has one length only.
#[derive(Module, Debug)]
pub struct DenseTrunk {
    /// The reduced picture → components. A weight is of size 1, because the layer takes means over
    /// pixels instead of sums: Adam's steps then are small beside it.
    pub stem: Linear,
    /// Components → hidden numbers, with LReLU.
    pub layer1: Linear,
    /// Hidden numbers → C × 4 × 4, with LReLU.
    pub layer2: Linear,
}

impl DenseTrunk {
    /// A trunk whose map has so many channels.
    pub fn new(widths: DenseWidths, channels: usize, device: &Device) -> Self {
        let DenseWidths { components, hidden } = widths;
        Self {
            stem: linear(REDUCED_NUMBERS, components, device),
            layer1: linear(components, hidden, device),
            layer2: linear(hidden, channels * MAP_SIDE * MAP_SIDE, device),
        }
    }

    /// # Shapes
    ///
    /// - `x`: `[b, 3, H, W]`, any size
    /// - output: `[b, C, 4, 4]`, f32
    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let reduced = match x.dims() {
            [_, _, REDUCED_PX, REDUCED_PX] => x,
            _ => adaptive_avg_pool2d(x, [REDUCED_PX; 2]),
        };
        let mean = STEM_GAIN / REDUCED_NUMBERS as f64;
        let pixels = (reduced - PIXEL_MEAN) * (mean / PIXEL_STD);
        let components = through(&self.stem, pixels.flatten::<2>(1, 3), false);
        let hidden = lrelu(through(&self.layer1, components, false));
        let numbers = lrelu(through(&self.layer2, hidden, false));
        let [b, count] = numbers.dims();
        numbers.reshape([b, count / (MAP_SIDE * MAP_SIDE), MAP_SIDE, MAP_SIDE])
    }
}

/// Weights and bias of [`DenseTrunk::stem`] that make it read these components of reduced pictures.
///
/// # Shapes
///
/// - `mean`: `[numbers]` of a reduced picture, in 0–1
/// - `components`: `[count, numbers]`, orthonormal rows
/// - output: weight `[numbers, count]`, bias `[count]`
pub fn stem_of_components(mean: &[f32], components: &[f32]) -> (Vec<f32>, Vec<f32>) {
    let numbers = mean.len();
    let count = components.len() / numbers;
    let length = (numbers as f32).sqrt();
    let mut weight = vec![0.0; numbers * count];
    let mut bias = vec![0.0f64; count];
    let gain = STEM_GAIN / (REDUCED_NUMBERS as f64 * PIXEL_STD);
    for (k, component) in components.chunks_exact(numbers).enumerate() {
        for (i, (&direction, &mean)) in component.iter().zip(mean).enumerate() {
            weight[i * count + k] = direction * length;
            let above = f64::from(mean) - PIXEL_MEAN;
            bias[k] -= gain * above * f64::from(direction * length);
        }
    }
    (weight, bias.into_iter().map(|b| b as f32).collect())
}

fn lrelu(x: Tensor<2>) -> Tensor<2> {
    leaky_relu(x, SLOPE)
}

#[cfg(test)]
mod tests {
    use burn::tensor::Distribution;

    use super::*;
    use crate::model::{initialise, load_values};

    const WIDTHS: DenseWidths = DenseWidths {
        components: 2,
        hidden: 6,
    };

    #[test]
    fn pictures_of_every_size_get_a_map_of_one_size() {
        let device = Device::flex();
        let trunk = initialise(DenseTrunk::new(WIDTHS, 5, &device), 3);
        for side in [20, 32, 64, 100] {
            let x = Tensor::random([2, 3, side, side], Distribution::Default, &device);
            assert_eq!(trunk.forward(x).dims(), [2, 5, 4, 4]);
        }
        // Twice as large with the same content in every 2×2 is the same picture.
        let small = Tensor::<4>::random([1, 3, 32, 32], Distribution::Default, &device);
        let large = small
            .clone()
            .reshape([1, 3, 32, 1, 32, 1])
            .expand([1, 3, 32, 2, 32, 2])
            .reshape([1, 3, 64, 64]);
        let [a, b] = [small, large].map(|x| trunk.forward(x));
        let apart: f32 = (a - b).abs().max().into_scalar();
        assert!(apart < 1e-4, "{apart}");
    }

    #[test]
    fn the_stem_reads_coefficients_of_components() {
        let mut mean = vec![0.4; REDUCED_NUMBERS];
        mean[0] = 0.9;
        // Two orthonormal directions: the first two numbers, and all others alike.
        let mut components = vec![0.0; 2 * REDUCED_NUMBERS];
        components[..2].copy_from_slice(&[0.6, 0.8]);
        let rest = ((REDUCED_NUMBERS - 2) as f32).sqrt().recip();
        components[REDUCED_NUMBERS + 2..].fill(rest);
        let device = Device::flex();
        let (weight, bias) = stem_of_components(&mean, &components);
        let trunk = load_values(
            DenseTrunk::new(WIDTHS, 1, &device),
            &mut |name, _| match name {
                "stem.weight" => Some(weight.clone()),
                "stem.bias" => Some(bias.clone()),
                _ => None,
            },
        );
        let picture: Vec<f64> = (0..REDUCED_NUMBERS).map(|i| (i % 7) as f64 / 7.0).collect();
        let x = Tensor::<1>::from_floats(&picture[..], &device).reshape([1, REDUCED_NUMBERS]);
        let gain = STEM_GAIN / REDUCED_NUMBERS as f64;
        let read = through(&trunk.stem, (x - PIXEL_MEAN) * (gain / PIXEL_STD), false);
        let read: Vec<f32> = read.into_data().try_to_vec().unwrap();
        for (read, component) in read.iter().zip(components.chunks(REDUCED_NUMBERS)) {
            let along: f64 = (0..REDUCED_NUMBERS)
                .map(|i| (picture[i] - f64::from(mean[i])) * f64::from(component[i]))
                .sum();
            // In standard deviations of a pixel, as a mean over pixels.
            let expected = along / PIXEL_STD * STEM_GAIN / (REDUCED_NUMBERS as f64).sqrt();
            assert!(
                (f64::from(*read) - expected).abs() < 1e-3,
                "{read} {expected}"
            );
        }
    }
}
