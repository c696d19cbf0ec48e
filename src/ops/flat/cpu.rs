//! A share per task; sums in a fixed order.

use burn::backend::tensor::FloatTensor;
use burn::backend::{Flex, TensorMetadata};
use rayon::prelude::*;

use super::FlatOps;
use crate::ops::cpu::{Buffer, SHARE, numbers, plain, wide};

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
        let (mut a, b) = (a.to_contiguous(), b.to_contiguous());
        let sum = |a: &mut [f32], b: &[f32]| {
            a.par_chunks_mut(SHARE)
                .zip(b.par_chunks(SHARE))
                .for_each(|(a, b)| {
                    wide(
                        #[inline(always)]
                        || {
                            for (a, b) in a.iter_mut().zip(b) {
                                *a += b;
                            }
                        },
                    );
                });
        };
        let (start, count) = (a.layout().start_offset(), numbers(&a).len());
        if let Some(own) = a.try_storage_mut::<f32>() {
            sum(&mut own[start..start + count], numbers(&b));
            return a;
        }
        let mut copy = Buffer::new(count);
        copy.copy_from_slice(numbers(&a));
        sum(&mut copy, numbers(&b));
        plain::<1>(copy, a.shape().dims())
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
