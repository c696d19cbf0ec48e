//! The CPU path: unpack the parameters and hand over to the rayon renderer.

use burn::backend::flex::FlexTensor;
use burn::backend::tensor::{FloatTensor, IntTensor};
use burn::backend::{Flex, TensorMetadata};
use burn::tensor::TensorData;

use super::{ROW, ViewOps, from_row};
use crate::augment::{FrameArena, FrameSlot, fill_normal, render};
use crate::ops::cpu::numbers;

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
        let mut out = vec![0.0; shape.num_elements()];
        fill_normal(seed, &mut out);
        FlexTensor::from_data(TensorData::new(out, shape))
    }
}
