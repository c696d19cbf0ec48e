//! The sum on the CPU, written over whichever map nobody else holds.

use burn::backend::tensor::FloatTensor;
use burn::backend::{Flex, TensorMetadata};
use rayon::prelude::*;

use super::ResidualOps;
use crate::ops::conv::ConvOps;
use crate::ops::cpu::{Buffer, SHARE, channels_last, map, numbers, wide};

impl ResidualOps for Flex {
    fn residual(
        x: FloatTensor<Self>,
        weight1: FloatTensor<Self>,
        bias1: FloatTensor<Self>,
        weight2: FloatTensor<Self>,
        bias2: FloatTensor<Self>,
        slope: f32,
    ) -> FloatTensor<Self> {
        let inner = Self::conv(x.clone(), weight1, bias1, 1, 1, slope);
        let sum = Self::conv(inner, weight2, bias2, 1, 1, 1.0);
        Self::add_activated(sum, x, slope)
    }

    fn add_activated(a: FloatTensor<Self>, b: FloatTensor<Self>, slope: f32) -> FloatTensor<Self> {
        let (mut a, b) = (channels_last(a), channels_last(b));
        let add = |a: &mut [f32], b: &[f32]| {
            a.par_chunks_mut(SHARE)
                .zip(b.par_chunks(SHARE))
                .for_each(|(a, b)| {
                    wide(
                        #[inline(always)]
                        || {
                            for (a, b) in a.iter_mut().zip(b) {
                                let sum = *a + *b;
                                *a = if sum > 0.0 { sum } else { slope * sum };
                            }
                        },
                    );
                });
        };
        let (start, count) = (a.layout().start_offset(), numbers(&a).len());
        if let Some(own) = a.try_storage_mut::<f32>() {
            add(&mut own[start..start + count], numbers(&b));
            return a;
        }
        let mut copy = Buffer::new(count);
        copy.copy_from_slice(numbers(&a));
        add(&mut copy, numbers(&b));
        map(copy, a.shape().dims())
    }
}
