//! A share of the numbers per task; sums in a fixed order.

use burn::backend::Flex;
use burn::backend::tensor::FloatTensor;
use rayon::prelude::*;

use super::PictureOps;
use crate::ops::cpu::{
    Buffer, SHARE, channels_last, combine, numbers, numbers_mut, own, plain, tanh, wide,
};

/// Sums that run beside each other within a share.
const RUNNING: usize = 16;

impl PictureOps for Flex {
    fn squash(x: FloatTensor<Self>) -> FloatTensor<Self> {
        let mut x = own(channels_last(x));
        numbers_mut(&mut x).par_chunks_mut(SHARE).for_each(|x| {
            wide(
                #[inline(always)]
                || x.iter_mut().for_each(|x| *x = tanh(*x)),
            );
        });
        x
    }

    fn squash_backward(out: FloatTensor<Self>, grad: FloatTensor<Self>) -> FloatTensor<Self> {
        combine(channels_last(grad), &channels_last(out), |g, y| {
            g * (1.0 - y * y)
        })
    }

    fn distance(image: FloatTensor<Self>, target: FloatTensor<Self>) -> FloatTensor<Self> {
        let (image, target) = (channels_last(image), channels_last(target));
        let shares = numbers(&image)
            .par_chunks(SHARE)
            .zip(numbers(&target).par_chunks(SHARE))
            .map(|(image, target)| {
                let mut sums = [0.0f32; RUNNING];
                wide(
                    #[inline(always)]
                    || {
                        for (a, b) in image.chunks(RUNNING).zip(target.chunks(RUNNING)) {
                            for ((s, a), b) in sums.iter_mut().zip(a).zip(b) {
                                *s += (a - b).abs();
                            }
                        }
                    },
                );
                f64::from(sums.iter().sum::<f32>())
            })
            .collect::<Vec<_>>();
        let count = numbers(&image).len();
        let mut out = Buffer::new(1);
        out[0] = (shares.iter().sum::<f64>() / count as f64) as f32;
        plain(out, [1])
    }

    fn distance_backward(
        image: FloatTensor<Self>,
        target: FloatTensor<Self>,
        grad: FloatTensor<Self>,
    ) -> FloatTensor<Self> {
        let image = channels_last(image);
        let each = numbers(&grad)[0] / numbers(&image).len() as f32;
        combine(image, &channels_last(target), |a, b| {
            // Where they are equal the distance has no slope.
            let up = if a > b { each } else { 0.0 };
            if a < b { -each } else { up }
        })
    }
}
