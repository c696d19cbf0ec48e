//! Pictures that need no convolution: a mean and a weighted sum of components, and pixels that move.

use burn::module::Module;
use burn::nn::Linear;
use burn::tensor::{Device, Tensor};

use super::head::{linear, through};
use crate::ops::{self, upsample2};

/// Side of the picture in pixels.
const SIDE_PX: usize = 64;
/// Side of its colours, which eyes see less sharply than brightness.
const COLOUR_PX: usize = SIDE_PX / 2;
/// Numbers of the brightness of a picture.
const BRIGHTNESS: usize = SIDE_PX * SIDE_PX;
/// Numbers of one of its two colours.
const COLOUR: usize = COLOUR_PX * COLOUR_PX;
/// Numbers that a component has: brightness Y, then R − Y and B − Y at half the side.
pub const COMPONENT_NUMBERS: usize = BRIGHTNESS + 2 * COLOUR;
/// What a component adds to a number when its coefficient is 1: coefficients of faces then are
/// about 1.
const COMPONENT_GAIN: f64 = 0.05;
/// Weight of a colour beside brightness when components are looked for. An error of Y is one of
/// three channels at one pixel, an error of R − Y one of two channels (R and G) at four pixels.
const COLOUR_WEIGHT: f32 = 1.632_993_2;

/// Coefficients of a code, and the components that they weigh. Brightness is drawn at 64 px and
/// colour at 32 px, which halves the largest matrix of the network.
#[derive(Module, Debug)]
pub struct LinearPicture {
    /// Code → coefficients.
    pub coefficients: Linear,
    /// Coefficients → numbers, with weights of size 1; the bias is the mean picture.
    pub components: Linear,
}

impl LinearPicture {
    /// From a code of this length through so many components.
    pub fn new(code: usize, components: usize, device: &Device) -> Self {
        Self {
            coefficients: linear(code, components, device),
            components: linear(components, COMPONENT_NUMBERS, device),
        }
    }

    /// # Shapes
    ///
    /// - `code`: `[b, code]`
    /// - output: `[b, 3, 64, 64]`, not bounded
    pub fn forward(&self, code: Tensor<2>) -> Tensor<4> {
        self.draw(through(&self.coefficients, code, false))
    }

    /// A picture with what a code changes of it: [`Self::forward`] without the mean picture.
    ///
    /// # Shapes
    ///
    /// - `picture`: `[b, 3, 64, 64]`
    /// - `code`: `[b, code]`
    /// - output: `[b, 3, 64, 64]`
    pub fn change(&self, picture: Tensor<4>, code: Tensor<2>) -> Tensor<4> {
        let coefficients = through(&self.coefficients, code, false) * COMPONENT_GAIN;
        let none = Tensor::zeros([COMPONENT_NUMBERS], &coefficients.device());
        let weight = self.components.weight.val();
        ops::painted(picture, ops::linear(coefficients, weight, none, false))
    }

    /// The picture of these coefficients.
    ///
    /// # Shapes
    ///
    /// - `coefficients`: `[b, components]`
    /// - output: `[b, 3, 64, 64]`
    pub fn draw(&self, coefficients: Tensor<2>) -> Tensor<4> {
        let numbers = through(&self.components, coefficients * COMPONENT_GAIN, false);
        ops::colours(numbers)
    }
}

/// Side of the map of movements before it is enlarged: heads move as a whole.
const FLOW_PX: usize = SIDE_PX / 4;
/// Pixels that a number of that map stands for.
const FLOW_GAIN: f64 = 10.0;

/// A face drawn from its look in a pose of no head in particular, whose pixels are then moved
/// (Shu et al., *Deforming autoencoders*, ECCV 2018). Adding pictures up can only fade one pose into
/// another; moving pixels keeps an eye an eye.
#[derive(Module, Debug)]
pub struct Deformation {
    /// F_f → hidden numbers, with ReLU.
    pub look1: Linear,
    /// The second dense layer, with ReLU.
    pub look2: Linear,
    /// Hidden numbers of the look → coefficients of the face at rest.
    pub texture: Linear,
    /// Hidden numbers of both codes → movements of 16×16 places, across and down.
    pub flow: Linear,
}

impl Deformation {
    /// Of codes whose first `face` numbers are F_f.
    pub fn new(face: usize, hidden: usize, components: usize, device: &Device) -> Self {
        Self {
            look1: linear(face, hidden, device),
            look2: linear(hidden, hidden, device),
            texture: linear(hidden, components, device),
            flow: linear(hidden, 2 * FLOW_PX * FLOW_PX, device),
        }
    }

    /// The moved face.
    ///
    /// # Shapes
    ///
    /// - `codes`: `[b, face + pose]`, F_f first
    /// - `hidden`: `[b, hidden]` of both
    /// - output: `[b, 3, 64, 64]`
    pub fn forward(
        &self,
        codes: Tensor<2>,
        hidden: Tensor<2>,
        picture: &LinearPicture,
    ) -> Tensor<4> {
        let [b, _] = codes.dims();
        let [face, _] = self.look1.weight.val().dims();
        let look = through(&self.look1, codes.slice([0..b, 0..face]), true);
        let look = through(&self.look2, look, true);
        let at_rest = picture.draw(through(&self.texture, look, false));
        let flow = through(&self.flow, hidden, false) * FLOW_GAIN;
        let flow = flow.reshape([b, 2, FLOW_PX, FLOW_PX]);
        ops::warp(at_rest, upsample2(upsample2(flow)))
    }
}

/// The numbers of pictures in which components are looked for, weighted by what an error in them
/// costs.
///
/// # Shapes
///
/// - `planes`: `[n, 3, 64, 64]`, row-major
/// - output: `[n, COMPONENT_NUMBERS]`
pub fn component_numbers(planes: &[f32]) -> Vec<f32> {
    let pictures = planes.len() / (3 * BRIGHTNESS);
    let mut numbers = Vec::with_capacity(pictures * COMPONENT_NUMBERS);
    for picture in planes.chunks_exact(3 * BRIGHTNESS) {
        let channel = |at: usize| &picture[at * BRIGHTNESS..(at + 1) * BRIGHTNESS];
        let (red, green, blue) = (channel(0), channel(1), channel(2));
        let y: Vec<f32> = (0..BRIGHTNESS)
            .map(|i| (red[i] + green[i] + blue[i]) / 3.0)
            .collect();
        numbers.extend_from_slice(&y);
        for channel in [red, blue] {
            numbers.extend((0..COLOUR).map(|i| {
                let first = 2 * (i / COLOUR_PX) * SIDE_PX + 2 * (i % COLOUR_PX);
                let four = [first, first + 1, first + SIDE_PX, first + SIDE_PX + 1];
                let sum: f32 = four.iter().map(|&at| channel[at] - y[at]).sum();
                COLOUR_WEIGHT * sum / 4.0
            }));
        }
    }
    numbers
}

/// Weight and bias of [`LinearPicture::components`] that draw these components.
///
/// # Shapes
///
/// - `mean`: `[COMPONENT_NUMBERS]` of [`component_numbers`]
/// - `components`: `[count, COMPONENT_NUMBERS]`, orthonormal rows
/// - output: weight `[count, COMPONENT_NUMBERS]`, bias `[COMPONENT_NUMBERS]`
pub fn draw_components(mean: &[f32], components: &[f32]) -> (Vec<f32>, Vec<f32>) {
    // Orthonormal rows become rows of numbers of size 1.
    let length = (COMPONENT_NUMBERS as f32).sqrt();
    let unweighted = |(at, number): (usize, &f32)| match at {
        0..BRIGHTNESS => *number,
        _ => number / COLOUR_WEIGHT,
    };
    let rows = components.chunks_exact(COMPONENT_NUMBERS);
    let weight = rows.flat_map(|row| row.iter().enumerate().map(unweighted).map(|x| x * length));
    (
        weight.collect(),
        mean.iter().enumerate().map(unweighted).collect(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::load_values;

    /// A picture whose colours change slowly: half their side is enough for them.
    fn smooth(shift: f32) -> Vec<f32> {
        let value = |channel: usize, i: usize| {
            let (x, y) = ((i % SIDE_PX) as f32 / 64.0, (i / SIDE_PX) as f32 / 64.0);
            let sharp = f32::from(u8::from(i.is_multiple_of(7))) * 0.2;
            [0.2 + 0.3 * x, 0.5 - 0.2 * y, 0.3 + 0.1 * (x + y)][channel] + sharp + shift
        };
        (0..3)
            .flat_map(|channel| (0..BRIGHTNESS).map(move |i| value(channel, i)))
            .collect()
    }

    #[test]
    fn a_mean_picture_is_drawn_as_it_was() {
        let device = Device::flex();
        let picture = smooth(0.0);
        let numbers = component_numbers(&picture);
        assert_eq!(numbers.len(), COMPONENT_NUMBERS);
        let (_, bias) = draw_components(&numbers, &[]);
        let layer = load_values(LinearPicture::new(3, 1, &device), &mut |name, _| {
            (name == "components.bias").then(|| bias.clone())
        });
        let drawn = layer.forward(Tensor::zeros([1, 3], &device));
        let drawn: Vec<f32> = drawn.into_data().try_to_vec().unwrap();
        for (at, (drawn, picture)) in drawn.iter().zip(&picture).enumerate() {
            assert!((drawn - picture).abs() < 0.01, "{at}: {drawn} {picture}");
        }
    }

    #[test]
    fn a_coefficient_adds_its_component() {
        let device = Device::flex();
        // A little brighter everywhere, as a direction of length one.
        let brighter = 1.0 / (BRIGHTNESS as f32).sqrt();
        let mut direction = vec![0.0; COMPONENT_NUMBERS];
        direction[..BRIGHTNESS].fill(brighter);
        let (weight, bias) = draw_components(&component_numbers(&smooth(0.0)), &direction);
        let layer = load_values(
            LinearPicture::new(1, 1, &device),
            &mut |name, _| match name {
                "components.weight" => Some(weight.clone()),
                "components.bias" => Some(bias.clone()),
                "coefficients.bias" => Some(vec![2.0]),
                _ => None,
            },
        );
        let drawn: Vec<f32> = layer
            .forward(Tensor::zeros([1, 1], &device))
            .into_data()
            .try_to_vec()
            .unwrap();
        let length = (COMPONENT_NUMBERS as f32).sqrt();
        let expected = smooth(2.0 * COMPONENT_GAIN as f32 * brighter * length);
        assert!(
            drawn
                .iter()
                .zip(&expected)
                .all(|(a, b)| (a - b).abs() < 0.01)
        );
    }
}
