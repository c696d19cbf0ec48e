//! The CPU path: unpack the parameters and hand over to the rayon renderer.

use burn::backend::flex::FlexTensor;
use burn::backend::tensor::{FloatTensor, IntTensor};
use burn::backend::{Flex, TensorMetadata};
use burn::tensor::TensorData;

use rayon::prelude::*;

use super::{ROW, ViewOps, from_row};
use crate::augment::{FrameArena, FrameSlot, noise, render};
use crate::ops::cpu::{Buffer, SHARE, cos, ln, numbers, plain, wide};

/// The numbers 0, 1, 2, … of a seed, as [`noise::normal`] has them.
fn fill_normal(seed: u32, out: &mut [f32]) {
    let keys = noise::keys(seed);
    out.par_chunks_mut(SHARE).enumerate().for_each(|(i, out)| {
        wide(
            #[inline(always)]
            || {
                for (at, value) in out.iter_mut().enumerate() {
                    let [first, second] = noise::hashes(keys, (i * SHARE + at) as u32);
                    let uniform = noise::uniform(first);
                    *value = (-2.0 * ln(uniform)).sqrt() * cos(noise::angle(second));
                }
            },
        );
    });
}

impl ViewOps for Flex {
    fn render_views(
        frames: IntTensor<Self>,
        slots: IntTensor<Self>,
        rows: FloatTensor<Self>,
        side: usize,
        _affine: bool,
    ) -> FloatTensor<Self> {
        let words =
            |t: &IntTensor<Self>| t.as_slice::<u32>().expect("uploaded as dense u32").to_vec();
        let arena = FrameArena {
            bytes: bytemuck::pod_collect_to_vec(&words(&frames)),
            table: words(&slots)
                .chunks_exact(3)
                .map(|s| FrameSlot {
                    offset: s[0],
                    width: s[1],
                    height: s[2],
                })
                .collect(),
        };
        let rows = rows.to_contiguous();
        let views = numbers(&rows)
            .chunks_exact(ROW)
            .map(from_row)
            .collect::<Vec<_>>();
        let shape = [views.len(), 3, side, side];
        FlexTensor::from_data(TensorData::new(render(&arena, &views, side), shape))
    }

    fn normal(like: FloatTensor<Self>, seed: u32) -> FloatTensor<Self> {
        let shape = like.shape();
        let mut out = Buffer::new(shape.num_elements());
        fill_normal(seed, &mut out);
        plain(out, shape)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fast_noise_is_the_noise() {
        let mut fast = vec![0.0; 3 * SHARE + 5];
        fill_normal(77, &mut fast);
        for (at, value) in fast.iter().enumerate() {
            let right = noise::normal(77, at as u32);
            assert!((value - right).abs() < 5e-6, "{at}: {value} {right}");
        }
    }
}
