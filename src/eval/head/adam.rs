//! Adam and AdamW on one flat vector, with PyTorch's arithmetic.

use rayon::prelude::*;

use super::Optimizer;

const BETA1: f64 = 0.9;
const BETA2: f64 = 0.999;
const EPS: f64 = 1e-8;
/// Parameters updated by one task.
const SHARE: usize = 1 << 15;

/// State of the optimiser.
pub(super) struct Adam {
    weight_decay: f64,
    step: i32,
    first: Vec<f32>,
    second: Vec<f32>,
}

impl Adam {
    /// The optimiser of `parameters` numbers.
    pub fn new(optimizer: Optimizer, parameters: usize) -> Self {
        Self {
            weight_decay: match optimizer {
                Optimizer::Adam => 0.0,
                Optimizer::AdamW { weight_decay } => weight_decay,
            },
            step: 0,
            first: vec![0.0; parameters],
            second: vec![0.0; parameters],
        }
    }

    /// One update of `parameters` against `gradient` with learning rate `lr`.
    pub fn update(&mut self, parameters: &mut [f32], gradient: &[f32], lr: f64) {
        self.step += 1;
        let correction1 = 1.0 - BETA1.powi(self.step);
        let correction2 = (1.0 - BETA2.powi(self.step)).sqrt();
        let shrink = (1.0 - lr * self.weight_decay) as f32;
        let step_size = (lr / correction1) as f32;
        let (root, eps) = (correction2 as f32, EPS as f32);
        let (b1, b2) = ((1.0 - BETA1) as f32, BETA2 as f32);
        let c2 = (1.0 - BETA2) as f32;
        parameters
            .par_chunks_mut(SHARE)
            .zip(gradient.par_chunks(SHARE))
            .zip(self.first.par_chunks_mut(SHARE))
            .zip(self.second.par_chunks_mut(SHARE))
            .for_each(|(((parameters, gradient), first), second)| {
                let numbers = parameters.iter_mut().zip(gradient).zip(first).zip(second);
                for (((p, g), m), v) in numbers {
                    *m += (g - *m) * b1;
                    *v = *v * b2 + c2 * g * g;
                    *p = *p * shrink - step_size * (*m / (v.sqrt() / root + eps));
                }
            });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// With a constant gradient both moments are unbiased after correction, so each step is lr.
    #[test]
    fn steps_by_hand() {
        let mut adam = Adam::new(Optimizer::Adam, 2);
        let mut p = [1.0, -1.0];
        for _ in 0..3 {
            adam.update(&mut p, &[0.5, -2.0], 0.1);
        }
        assert!(
            (p[0] - 0.7).abs() < 1e-6 && (p[1] + 0.7).abs() < 1e-6,
            "{p:?}"
        );

        // Decoupled: 2 → 2·(1 − 0.1·0.01) − 0.1.
        let mut adamw = Adam::new(Optimizer::AdamW { weight_decay: 0.01 }, 1);
        let mut p = [2.0];
        adamw.update(&mut p, &[3.0], 0.1);
        assert!((p[0] - 1.898).abs() < 1e-6, "{p:?}");
    }
}
