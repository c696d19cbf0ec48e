//! A linear layer.

use rayon::prelude::*;

use crate::eval::product::{View, multiply};
use crate::eval::rows::Rows;

/// Rows multiplied by one task: fixed, so that results do not depend on the number of cores.
const ROWS: usize = 64;

/// `y = x · weight + bias`: a trained head, batch-norm folded in.
#[derive(Clone, Debug, PartialEq)]
pub struct Linear {
    /// Row-major, `[inputs, outputs]`.
    pub weight: Vec<f32>,
    /// `[outputs]`.
    pub bias: Vec<f32>,
}

impl Linear {
    /// The head's numbers for every row, `[rows, outputs]`.
    ///
    /// # Panics
    /// If the rows have another length than the head's input.
    pub fn apply(&self, rows: &dyn Rows) -> Vec<f32> {
        let mut out = vec![0.0; rows.len() * self.bias.len()];
        self.apply_to(rows, &mut out);
        out
    }

    /// [`Linear::apply`] into `out`.
    pub(super) fn apply_to(&self, rows: &dyn Rows, out: &mut [f32]) {
        let (inputs, outputs) = (rows.dim(), self.bias.len());
        assert_eq!(self.weight.len(), inputs * outputs);
        out.par_chunks_mut(ROWS * outputs)
            .enumerate()
            .for_each_init(Vec::new, |block, (chunk, out)| {
                block.clear();
                for i in 0..out.len() / outputs {
                    block.extend_from_slice(rows.row(chunk * ROWS + i));
                }
                product(block, &self.weight, &self.bias, out);
            });
    }
}

/// `out = x · weight + bias` on all cores.
pub(super) fn forward(x: &[f32], weight: &[f32], bias: &[f32], out: &mut [f32]) {
    let (inputs, outputs) = (weight.len() / bias.len(), bias.len());
    out.par_chunks_mut(ROWS * outputs)
        .zip(x.par_chunks(ROWS * inputs))
        .for_each(|(out, x)| product(x, weight, bias, out));
}

fn product(x: &[f32], weight: &[f32], bias: &[f32], out: &mut [f32]) {
    let (inputs, outputs) = (weight.len() / bias.len(), bias.len());
    multiply(out, View::new(x, inputs), View::new(weight, outputs));
    for y in out.chunks_exact_mut(outputs) {
        for (y, b) in y.iter_mut().zip(bias) {
            *y += b;
        }
    }
}

/// `gradient = xᵀ · grad_out`, the gradient of the weight, on all cores.
pub(super) fn weight_gradient(x: &[f32], grad_out: &[f32], outputs: usize, gradient: &mut [f32]) {
    /// Inputs one task covers.
    const INPUTS: usize = 1024;
    let inputs = gradient.len() / outputs;
    let x = View::new(x, inputs);
    gradient
        .par_chunks_mut(INPUTS * outputs)
        .enumerate()
        .for_each(|(chunk, gradient)| {
            let part = x.columns(chunk * INPUTS, gradient.len() / outputs);
            multiply(gradient, part.transposed(), View::new(grad_out, outputs));
        });
}
