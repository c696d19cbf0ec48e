//! Batch normalisation with the reference's running statistics.

use burn::module::{Initializer, Module, Param, RunningState};
use burn::tensor::module::{BatchNormTrainOutput, batch_norm, batch_norm_train};
use burn::tensor::{Device, FloatDType, Tensor};

use crate::device::KernelGroup;
use crate::ops::{self, Normalised, ours};

/// Added to the variance.
const EPSILON: f64 = 1e-5;
/// Share of the newest batch in the running statistics.
const MOMENTUM: f64 = 0.1;

/// Normalises every channel by its batch statistics while training, by its running statistics
/// afterwards.
///
/// Differs from `burn::nn::BatchNorm` in one point: the running variance takes the *unbiased* batch
/// variance, as the PyTorch networks do that PCL is compared with.
#[derive(Module, Debug)]
pub struct BatchNorm {
    /// Scale: `[C]`.
    pub gamma: Param<Tensor<1>>,
    /// Shift: `[C]`.
    pub beta: Param<Tensor<1>>,
    /// Running mean: `[C]`.
    pub running_mean: RunningState<Tensor<1>>,
    /// Running variance, unbiased: `[C]`.
    pub running_var: RunningState<Tensor<1>>,
}

impl BatchNorm {
    /// Normalisation of `channels` channels: scale 1, shift 0, running mean 0, running variance 1.
    pub fn new(channels: usize, device: &Device) -> Self {
        Self {
            gamma: Initializer::Ones.init([channels], device),
            beta: Initializer::Zeros.init([channels], device),
            running_mean: RunningState::new(Tensor::zeros([channels], device)),
            running_var: RunningState::new(Tensor::ones([channels], device)),
        }
    }

    /// Batch statistics on a device that records gradients, running statistics elsewhere. Computed
    /// in f32, however `x` is stored.
    ///
    /// # Shapes
    ///
    /// - `x`: `[b, C, …]`
    /// - output: as `x`
    pub fn forward<const D: usize>(&self, x: Tensor<D>) -> Tensor<D> {
        self.forward_batches(x, 1)
    }

    /// The same for so many batches of equal size that stand one after the other in `x`: each is
    /// normalised by its own statistics, as if it had come alone, and they enter the running
    /// statistics in their order.
    ///
    /// # Shapes
    ///
    /// - `x`: `[batches · b, C, …]`
    /// - output: as `x`
    pub fn forward_batches<const D: usize>(&self, x: Tensor<D>, batches: usize) -> Tensor<D> {
        let stored = x.dtype();
        let (gamma, beta) = (self.gamma.val(), self.beta.val());
        if !x.device().is_autodiff() {
            return batch_norm(
                x.cast(FloatDType::F32),
                gamma,
                beta,
                self.running_mean.value(),
                self.running_var.value(),
                EPSILON,
            )
            .cast(stored);
        }
        let shape = x.dims();
        let n = (shape.iter().product::<usize>() / (shape[1] * batches)) as f64;
        let result = if ours(KernelGroup::Normalisation, x.device()) {
            ops::batch_norm(x, gamma, beta, EPSILON, batches)
        } else {
            plain(x.cast(FloatDType::F32), gamma, beta, batches)
        };
        let blend = |old: Tensor<1>, new: Tensor<2>| {
            new.detach().split(1, 0).into_iter().fold(old, |old, new| {
                (old * (1.0 - MOMENTUM) + new.squeeze_dim(0) * MOMENTUM).detach()
            })
        };
        let unbiased = result.variance * (n / (n - 1.0).max(1.0));
        self.running_mean
            .update(blend(self.running_mean.value_sync(), result.mean));
        self.running_var
            .update(blend(self.running_var.value_sync(), unbiased));
        result.output.cast(stored)
    }
}

/// The same as [`ops::batch_norm`] by burn's own operations, one batch after the other.
fn plain<const D: usize>(
    x: Tensor<D>,
    gamma: Tensor<1>,
    beta: Tensor<1>,
    batches: usize,
) -> Normalised<D> {
    let each = x.dims()[0] / batches;
    let parts = x
        .split(each, 0)
        .into_iter()
        .map(|x| batch_norm_train(x, gamma.clone(), beta.clone(), EPSILON))
        .collect::<Vec<_>>();
    let stack = |of: &dyn Fn(&BatchNormTrainOutput<D>) -> Tensor<1>| {
        Tensor::stack(parts.iter().map(of).collect(), 0)
    };
    let (mean, variance) = (stack(&|p| p.mean.clone()), stack(&|p| p.variance.clone()));
    Normalised {
        output: Tensor::cat(parts.into_iter().map(|p| p.output).collect(), 0),
        mean,
        variance,
    }
}
