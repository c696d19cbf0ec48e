//! A head in training: its parameters in one flat vector, and their gradient.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};
use rayon::prelude::*;

use super::linear::{Linear, forward, weight_gradient};
use super::norm::Statistics;
use super::objective::Objective;
use crate::rng::stream_seed;

/// Standard deviation of a new weight (METHODS 2.1).
const WEIGHT_STD: f32 = 0.01;

/// Batch-norm + linear layer, or the linear layer alone.
pub(super) struct Model {
    inputs: usize,
    outputs: usize,
    /// Weight `[inputs, outputs]`, bias `[outputs]`, and with batch-norm γ and β `[inputs]`.
    pub parameters: Vec<f32>,
    /// Gradient of the last batch, in the same order.
    pub gradient: Vec<f32>,
    /// The layer as the batch meets it: with batch-norm γ and β are folded in.
    layer: Linear,
    /// Shifts that fold into the biases: tens of thousands of terms, too many for f32.
    sums: Vec<f64>,
    norm: Option<Statistics>,
    /// Outputs of a batch and the loss's gradient in them.
    y: Vec<f32>,
    grad_y: Vec<f32>,
}

/// Borrows the four parts of the flat vector.
fn parts(flat: &[f32], inputs: usize, outputs: usize) -> (&[f32], &[f32], &[f32], &[f32]) {
    let (weight, rest) = flat.split_at(inputs * outputs);
    let (bias, rest) = rest.split_at(outputs);
    let (gamma, beta) = rest.split_at(rest.len() / 2);
    (weight, bias, gamma, beta)
}

impl Model {
    /// A new head for batches of at most `rows` rows.
    pub fn new(inputs: usize, outputs: usize, batch_norm: bool, rows: usize, seed: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(stream_seed(seed, "head weights", 0, 0));
        let normal = |_| WEIGHT_STD * Distribution::<f32>::sample(&StandardNormal, &mut rng);
        let mut parameters = (0..inputs * outputs).map(normal).collect::<Vec<f32>>();
        parameters.resize(parameters.len() + outputs, 0.0);
        if batch_norm {
            parameters.resize(parameters.len() + inputs, 1.0);
            parameters.resize(parameters.len() + inputs, 0.0);
        }
        Self {
            inputs,
            outputs,
            gradient: vec![0.0; parameters.len()],
            layer: Linear {
                weight: vec![0.0; if batch_norm { inputs * outputs } else { 0 }],
                bias: vec![0.0; outputs],
            },
            sums: vec![0.0; outputs],
            parameters,
            norm: batch_norm.then(|| Statistics::new(inputs)),
            y: vec![0.0; rows * outputs],
            grad_y: vec![0.0; rows * outputs],
        }
    }

    /// Loss of `items`, whose rows are `x`, and its gradient in all parameters, left in
    /// `self.gradient`. With batch-norm, `x` is normalised in place.
    pub fn backward(&mut self, x: &mut [f32], objective: &dyn Objective, items: &[usize]) -> f64 {
        let (inputs, outputs) = (self.inputs, self.outputs);
        let (weight, bias, gamma, beta) = parts(&self.parameters, inputs, outputs);
        let numbers = x.len() / inputs * outputs;
        let (y, grad_y) = (&mut self.y[..numbers], &mut self.grad_y[..numbers]);

        if let Some(statistics) = &mut self.norm {
            statistics.normalise(x);
            let scale_shift = gamma.iter().copied().zip(beta.iter().copied());
            fold(weight, bias, scale_shift, &mut self.layer, &mut self.sums);
            forward(x, &self.layer.weight, &self.layer.bias, y);
        } else {
            forward(x, weight, bias, y);
        }
        let loss = objective.loss(items, y, grad_y);

        let (grad_weight, rest) = self.gradient.split_at_mut(inputs * outputs);
        let (grad_bias, rest) = rest.split_at_mut(outputs);
        weight_gradient(x, grad_y, outputs, grad_weight);
        grad_bias.fill(0.0);
        for row in grad_y.chunks_exact(outputs) {
            for (sum, g) in grad_bias.iter_mut().zip(row) {
                *sum += g;
            }
        }
        if self.norm.is_some() {
            let (grad_gamma, grad_beta) = rest.split_at_mut(inputs);
            let through = Through {
                weight,
                gamma,
                beta,
                grad_bias,
            };
            through.scale_and_shift(grad_weight, grad_gamma, grad_beta);
        }
        loss
    }

    /// The head as the test part meets it: running statistics folded in.
    pub fn export(&mut self) -> &Linear {
        let (weight, bias, gamma, beta) = parts(&self.parameters, self.inputs, self.outputs);
        if let Some(statistics) = &self.norm {
            let scale_shift = statistics.running().zip(gamma).zip(beta);
            let scale_shift = scale_shift.map(|(((mean, inverse), gamma), beta)| {
                let scale = gamma * inverse;
                (scale, beta - mean * scale)
            });
            fold(weight, bias, scale_shift, &mut self.layer, &mut self.sums);
        } else {
            self.layer.weight.clear();
            self.layer.weight.extend_from_slice(weight);
            self.layer.bias.copy_from_slice(bias);
        }
        &self.layer
    }
}

/// Folds `x · scale + shift` before a linear layer into the layer.
fn fold(
    weight: &[f32],
    bias: &[f32],
    scale_shift: impl Iterator<Item = (f32, f32)>,
    layer: &mut Linear,
    sums: &mut [f64],
) {
    let outputs = bias.len();
    sums.fill(0.0);
    let rows = weight.chunks_exact(outputs);
    let folded = layer.weight.chunks_exact_mut(outputs);
    for ((row, out), (scale, shift)) in rows.zip(folded).zip(scale_shift) {
        for ((w, out), sum) in row.iter().zip(out).zip(&mut *sums) {
            *out = w * scale;
            *sum += f64::from(shift * w);
        }
    }
    for ((out, b), sum) in layer.bias.iter_mut().zip(bias).zip(sums) {
        *out = (f64::from(*b) + *sum) as f32;
    }
}

/// What the gradients of the weight, γ and β are made of, besides x̂ᵀ·g.
struct Through<'a> {
    weight: &'a [f32],
    gamma: &'a [f32],
    beta: &'a [f32],
    grad_bias: &'a [f32],
}

impl Through<'_> {
    /// From P = x̂ᵀ·g (in `grad_weight`) and s = Σ g (the bias's gradient), with y = (γx̂ + β)·W:
    /// dγᵢ = Σₒ Wᵢₒ Pᵢₒ, dβᵢ = Σₒ Wᵢₒ sₒ, dWᵢₒ = γᵢ Pᵢₒ + βᵢ sₒ.
    fn scale_and_shift(
        &self,
        grad_weight: &mut [f32],
        grad_gamma: &mut [f32],
        grad_beta: &mut [f32],
    ) {
        let outputs = self.grad_bias.len();
        let weights = self.weight.par_chunks_exact(outputs);
        let per_input = grad_weight
            .par_chunks_exact_mut(outputs)
            .zip(weights)
            .zip(self.gamma.par_iter().zip(self.beta))
            .zip(grad_gamma.par_iter_mut().zip(grad_beta))
            .with_min_len(1024);
        per_input.for_each(|(((product, weight), (gamma, beta)), (d_gamma, d_beta))| {
            (*d_gamma, *d_beta) = (0.0, 0.0);
            for ((p, w), s) in product.iter_mut().zip(weight).zip(self.grad_bias) {
                *d_gamma += w * *p;
                *d_beta += w * s;
                *p = gamma * *p + beta * s;
            }
        });
    }
}
