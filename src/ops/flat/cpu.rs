//! A share per task; sums in a fixed order.

use burn::backend::Flex;
use burn::backend::tensor::FloatTensor;
use rayon::prelude::*;

use super::FlatOps;
use crate::ops::cpu::{Buffer, SHARE, combine, contiguous, numbers, plain, wide};

/// Sums that run beside each other within a share.
const RUNNING: usize = 16;

fn share_of_squares(x: &[f32]) -> f32 {
    let mut sums = [0.0; RUNNING];
    wide(
        #[inline(always)]
        || {
            for part in x.chunks(RUNNING) {
                for (s, v) in sums.iter_mut().zip(part) {
                    *s += v * v;
                }
            }
        },
    );
    sums.iter().sum()
}

impl FlatOps for Flex {
    fn add(a: FloatTensor<Self>, b: FloatTensor<Self>) -> FloatTensor<Self> {
        combine(contiguous(a), &contiguous(b), |a, b| a + b)
    }

    fn sum_of_squares(x: FloatTensor<Self>) -> FloatTensor<Self> {
        let x = x.to_contiguous();
        let sums = numbers(&x)
            .par_chunks(SHARE)
            .map(share_of_squares)
            .collect::<Vec<_>>();
        let mut out = Buffer::new(1);
        out[0] = sums.iter().sum();
        plain(out, [1])
    }
}
