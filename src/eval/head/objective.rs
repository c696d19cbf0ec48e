//! The losses of the heads, with their gradients in the head's numbers.

use crate::eval::rows::{RowsError, check_classes};

/// What a head learns.
pub trait Objective: Sync {
    /// Numbers the head gives per row.
    fn outputs(&self) -> usize;

    /// Training items: pictures, or pairs of them.
    fn items(&self) -> usize;

    /// Most rows a batch of `items` items needs.
    fn rows_per(&self, items: usize) -> usize {
        items
    }

    /// Appends the feature rows that `items` need, in the order [`Objective::loss`] expects.
    fn rows(&self, items: &[usize], rows: &mut Vec<usize>) {
        rows.extend_from_slice(items);
    }

    /// Whether the labels fit that many pictures.
    fn check(&self, pictures: usize) -> Result<(), RowsError> {
        match self.items() {
            labels if labels == pictures => Ok(()),
            labels => Err(RowsError::Labels {
                labels,
                rows: pictures,
            }),
        }
    }

    /// Mean loss of `items` given the head's numbers `y`, `[rows, outputs]`; its gradient goes to
    /// `grad`.
    fn loss(&self, items: &[usize], y: &[f32], grad: &mut [f32]) -> f64;
}

/// Softmax and cross-entropy: one class per picture.
pub struct CrossEntropy<'a> {
    labels: &'a [u32],
    classes: usize,
}

impl<'a> CrossEntropy<'a> {
    /// Classes count from 0.
    ///
    /// # Errors
    /// If a label is not below `classes`.
    pub fn new(labels: &'a [u32], classes: usize) -> Result<Self, RowsError> {
        check_classes(labels, classes)?;
        Ok(Self { labels, classes })
    }
}

impl Objective for CrossEntropy<'_> {
    fn outputs(&self) -> usize {
        self.classes
    }

    fn items(&self) -> usize {
        self.labels.len()
    }

    fn loss(&self, items: &[usize], y: &[f32], grad: &mut [f32]) -> f64 {
        let (mut total, share) = (0.0, 1.0 / items.len() as f32);
        let rows = y
            .chunks_exact(self.classes)
            .zip(grad.chunks_exact_mut(self.classes));
        for (&item, (y, grad)) in items.iter().zip(rows) {
            let truth = self.labels[item] as usize;
            let top = y.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            let mut sum = 0.0;
            for (g, y) in grad.iter_mut().zip(y) {
                *g = (y - top).exp();
                sum += *g;
            }
            total += f64::from(sum.ln() - (y[truth] - top));
            for g in grad.iter_mut() {
                *g *= share / sum;
            }
            grad[truth] -= share;
        }
        total / items.len() as f64
    }
}

/// Binary cross-entropy on logits: any number of yes-or-no labels per picture.
pub struct BinaryCrossEntropy<'a> {
    present: &'a [bool],
    outputs: usize,
}

impl<'a> BinaryCrossEntropy<'a> {
    /// `present` is `[pictures, outputs]`.
    pub fn new(present: &'a [bool], outputs: usize) -> Self {
        Self { present, outputs }
    }
}

impl Objective for BinaryCrossEntropy<'_> {
    fn outputs(&self) -> usize {
        self.outputs
    }

    fn items(&self) -> usize {
        self.present.len() / self.outputs
    }

    fn loss(&self, items: &[usize], y: &[f32], grad: &mut [f32]) -> f64 {
        let (mut total, numbers) = (0.0, y.len() as f32);
        let rows = y
            .chunks_exact(self.outputs)
            .zip(grad.chunks_exact_mut(self.outputs));
        for (&item, (y, grad)) in items.iter().zip(rows) {
            let truth = &self.present[item * self.outputs..];
            for ((&y, g), &present) in y.iter().zip(grad).zip(truth) {
                let target = f32::from(u8::from(present));
                // −log σ(y) without overflow on either side.
                total += f64::from(y.max(0.0) - y * target + (-y.abs()).exp().ln_1p());
                *g = (1.0 / (1.0 + (-y).exp()) - target) / numbers;
            }
        }
        total / f64::from(numbers)
    }
}

/// Mean absolute error of several numbers per picture, in their unit.
pub struct AbsoluteError<'a> {
    targets: &'a [f32],
    outputs: usize,
}

impl<'a> AbsoluteError<'a> {
    /// `targets` is `[pictures, outputs]`, e.g. yaw, pitch and roll in degrees.
    pub fn new(targets: &'a [f32], outputs: usize) -> Self {
        Self { targets, outputs }
    }
}

impl Objective for AbsoluteError<'_> {
    fn outputs(&self) -> usize {
        self.outputs
    }

    fn items(&self) -> usize {
        self.targets.len() / self.outputs
    }

    fn loss(&self, items: &[usize], y: &[f32], grad: &mut [f32]) -> f64 {
        let (mut total, numbers) = (0.0, y.len() as f32);
        let rows = y
            .chunks_exact(self.outputs)
            .zip(grad.chunks_exact_mut(self.outputs));
        for (&item, (y, grad)) in items.iter().zip(rows) {
            for ((y, g), target) in y.iter().zip(grad).zip(&self.targets[item * self.outputs..]) {
                let error = y - target;
                total += f64::from(error.abs());
                *g = if error == 0.0 {
                    0.0
                } else {
                    error.signum() / numbers
                };
            }
        }
        total / f64::from(numbers)
    }
}

/// Cosine-embedding loss on pairs: 1 − cos for the same person, max(0, cos − margin) for two
/// (METHODS 2.2).
pub struct CosineEmbedding<'a> {
    pairs: &'a [(usize, usize, bool)],
    outputs: usize,
    margin: f32,
}

impl<'a> CosineEmbedding<'a> {
    /// Pairs of rows with whether they show the same person. The margin's default in PyTorch is 0.
    pub fn new(pairs: &'a [(usize, usize, bool)], outputs: usize, margin: f32) -> Self {
        Self {
            pairs,
            outputs,
            margin,
        }
    }
}

impl Objective for CosineEmbedding<'_> {
    fn outputs(&self) -> usize {
        self.outputs
    }

    fn items(&self) -> usize {
        self.pairs.len()
    }

    fn rows_per(&self, items: usize) -> usize {
        2 * items
    }

    /// All first pictures, then all second ones.
    fn rows(&self, items: &[usize], rows: &mut Vec<usize>) {
        rows.extend(items.iter().map(|&item| self.pairs[item].0));
        rows.extend(items.iter().map(|&item| self.pairs[item].1));
    }

    fn check(&self, pictures: usize) -> Result<(), RowsError> {
        let most = self.pairs.iter().map(|&(a, b, _)| a.max(b) + 1).max();
        match most {
            Some(labels) if labels > pictures => Err(RowsError::Labels {
                labels,
                rows: pictures,
            }),
            _ => Ok(()),
        }
    }

    fn loss(&self, items: &[usize], y: &[f32], grad: &mut [f32]) -> f64 {
        let (half, share) = (items.len() * self.outputs, 1.0 / items.len() as f32);
        let ((first, second), (grad_first, grad_second)) =
            (y.split_at(half), grad.split_at_mut(half));
        let ys = first
            .chunks_exact(self.outputs)
            .zip(second.chunks_exact(self.outputs));
        let grads = grad_first
            .chunks_exact_mut(self.outputs)
            .zip(grad_second.chunks_exact_mut(self.outputs));
        let mut total = 0.0;
        for (&item, ((a, b), (grad_a, grad_b))) in items.iter().zip(ys.zip(grads)) {
            let product = |u: &[f32], v: &[f32]| u.iter().zip(v).map(|(u, v)| u * v).sum::<f32>();
            // PyTorch adds this to both squared lengths.
            let (aa, bb) = (product(a, a) + 1e-12, product(b, b) + 1e-12);
            let inverse = 1.0 / (aa * bb).sqrt();
            let cosine = product(a, b) * inverse;
            let (loss, slope) = match self.pairs[item].2 {
                true => (1.0 - cosine, -share),
                false if cosine > self.margin => (cosine - self.margin, share),
                false => (0.0, 0.0),
            };
            total += f64::from(loss);
            // d cos / da = b/(|a||b|) − cos · a/|a|².
            let (with, of_a, of_b) = (slope * inverse, slope * cosine / aa, slope * cosine / bb);
            for ((a, b), (grad_a, grad_b)) in a.iter().zip(b).zip(grad_a.iter_mut().zip(grad_b)) {
                *grad_a = with * b - of_a * a;
                *grad_b = with * a - of_b * b;
            }
        }
        total / items.len() as f64
    }
}
