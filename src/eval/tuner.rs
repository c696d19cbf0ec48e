//! An encoder with a linear head, trained together (METHODS 2.8).

use burn::module::Module;
use burn::nn::Linear;
use burn::tensor::{Device, Tensor};

use super::EvalError;
use crate::config::{OptimizerConfig, Schedule};
use crate::model::{
    Architecture, Encoder, initial_values, linear, load_exactly, load_values, values,
};
use crate::optim::{Adam, AdamOptions, Grads, learning_rate};

/// Learning rate of the encoder; no source gives one.
pub const ENCODER_LR: f64 = 1e-4;
/// Learning rate of the head.
pub const HEAD_LR: f64 = 1e-3;

/// Encoder, head and their optimisers.
pub struct Tuner {
    encoder: Encoder,
    head: Linear,
    encoder_adam: Adam,
    head_adam: Adam,
    epochs: u32,
}

impl Tuner {
    /// Starts from the weights of an encoder on a plain device; a new head makes `outputs` numbers
    /// of the `dim` numbers of F_s.
    ///
    /// # Errors
    /// If the encoder is not of this architecture.
    pub fn new(
        start: &Encoder,
        arch: Architecture,
        [dim, outputs]: [usize; 2],
        epochs: u32,
        seed: u64,
    ) -> Result<Self, EvalError> {
        let device = start.device().autodiff();
        let encoder = Encoder::new(arch.widths(), &device);
        let encoder = load_exactly(encoder, &values(start)).map_err(EvalError::Device)?;
        let head = load_values(linear(dim, outputs, &device), &mut |name, shape| {
            initial_values(&format!("finetune.{name}"), shape, dim, seed)
        });
        let options = AdamOptions {
            weight_decay: 0.0,
            ..AdamOptions::from(&OptimizerConfig::default())
        };
        Ok(Self {
            encoder,
            head,
            encoder_adam: Adam::new(options),
            head_adam: Adam::new(options),
            epochs,
        })
    }

    /// One update; `loss` makes a number of the head's outputs for `images`, which are
    /// `[n, 3, H, W]` on the plain device. Returns its value.
    ///
    /// # Errors
    /// If the device fails.
    pub fn step(
        &mut self,
        images: Tensor<4>,
        epoch: u32,
        loss: impl FnOnce(Tensor<2>) -> Tensor<1>,
    ) -> Result<f64, EvalError> {
        let map = self.encoder.trunk.forward(Tensor::from_inner(images));
        let loss = loss(self.head.forward(map.flatten(1, 3)));
        let value = loss
            .clone()
            .inner()
            .try_into_data()
            .map_err(|error| EvalError::Device(error.to_string()))?;
        let mut tape = loss.backward();
        let encoder = Grads::take(&mut tape, &self.encoder, "");
        let head = Grads::take(&mut tape, &self.head, "");
        let lr = |base| learning_rate(Schedule::Cosine, base, epoch, self.epochs);
        let (encoder_lr, head_lr) = (lr(ENCODER_LR), lr(HEAD_LR));
        self.encoder = self
            .encoder_adam
            .step(self.encoder.clone(), &encoder, encoder_lr);
        self.head = self.head_adam.step(self.head.clone(), &head, head_lr);
        Ok(value.iter::<f64>().sum())
    }

    /// The head's outputs without recording gradients.
    ///
    /// # Shapes
    ///
    /// - `images`: `[n, 3, H, W]` on the plain device
    pub fn outputs(&self, images: Tensor<4>) -> Tensor<2> {
        let map = self.encoder.valid().trunk.forward(images);
        self.head.valid().forward(map.flatten(1, 3))
    }

    /// The plain device.
    pub fn device(&self) -> Device {
        self.encoder.device().inner()
    }
}
