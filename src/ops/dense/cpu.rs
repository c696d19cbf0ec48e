//! Some columns or rows of the weights per task.

use burn::backend::tensor::FloatTensor;
use burn::backend::{Flex, TensorMetadata};
use rayon::prelude::*;

use super::DenseOps;
use crate::ops::cpu::matrix::{multiply, rows, turned};
use crate::ops::cpu::{Buffer, contiguous, numbers, plain, sum_of_rows, transpose};

/// Columns of a task.
const COLUMNS: usize = 128;
/// Rows of a task.
const ROWS: usize = 96;

impl DenseOps for Flex {
    fn dense(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
    ) -> FloatTensor<Self> {
        let [x, weight, bias] = [x, weight, bias].map(contiguous);
        let ([n, k], [_, m]) = (x.shape().dims(), weight.shape().dims());
        let parts = (0..m.div_ceil(COLUMNS))
            .into_par_iter()
            .map(|part| {
                let from = part * COLUMNS;
                let width = COLUMNS.min(m - from);
                let mut out = Buffer::new(n * width);
                for row in out.chunks_exact_mut(width) {
                    row.copy_from_slice(&numbers(&bias)[from..from + width]);
                }
                let weight = rows(&numbers(&weight)[from..], m);
                multiply(&mut out, rows(numbers(&x), k), weight, [n, width, k], true);
                (from, width, out)
            })
            .collect::<Vec<_>>();
        let mut out = Buffer::new(n * m);
        for (from, width, part) in &parts {
            for (out, part) in out.chunks_exact_mut(m).zip(part.chunks_exact(*width)) {
                out[*from..from + width].copy_from_slice(part);
            }
        }
        plain(out, [n, m])
    }

    fn dense_data_backward(
        grad: FloatTensor<Self>,
        weight: FloatTensor<Self>,
    ) -> FloatTensor<Self> {
        let [grad, weight] = [grad, weight].map(contiguous);
        let ([n, m], [k, _]) = (grad.shape().dims(), weight.shape().dims());
        // Turned around, so that the weights are the left matrix, which may lie as it does.
        let mut turned_grad = Buffer::new(n * m);
        transpose(numbers(&grad), m, [n, m], &mut turned_grad);
        let mut out_turned = Buffer::new(k * n);
        out_turned
            .par_chunks_mut(ROWS * n)
            .zip(numbers(&weight).par_chunks(ROWS * m))
            .for_each(|(out, weight)| {
                let sizes = [weight.len() / m, n, m];
                multiply(out, rows(weight, m), rows(&turned_grad, n), sizes, false);
            });
        let mut out = Buffer::new(n * k);
        transpose(&out_turned, n, [k, n], &mut out);
        plain(out, [n, k])
    }

    fn dense_weight_backward(x: FloatTensor<Self>, grad: FloatTensor<Self>) -> FloatTensor<Self> {
        let [x, grad] = [x, grad].map(contiguous);
        let ([n, k], [_, m]) = (x.shape().dims(), grad.shape().dims());
        let mut out = Buffer::new(k * m);
        out.par_chunks_mut(ROWS * m)
            .enumerate()
            .for_each(|(part, out)| {
                let x = turned(&numbers(&x)[part * ROWS..], k);
                let sizes = [out.len() / m, m, n];
                multiply(out, x, rows(numbers(&grad), m), sizes, false);
            });
        plain(out, [k, m])
    }

    fn dense_bias_backward(grad: FloatTensor<Self>) -> FloatTensor<Self> {
        let grad = contiguous(grad);
        let [_, m] = grad.shape().dims();
        plain(sum_of_rows(numbers(&grad), m), [m])
    }
}
