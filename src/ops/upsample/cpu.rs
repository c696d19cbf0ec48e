//! The same on the CPU, one channel map per task.

use burn::backend::tensor::FloatTensor;
use burn::backend::{Flex, TensorMetadata};
use rayon::prelude::*;

use super::UpsampleOps;
use crate::ops::cpu::{tensor, values};

impl UpsampleOps for Flex {
    fn upsample2(x: FloatTensor<Self>) -> FloatTensor<Self> {
        let x = x.to_contiguous();
        let [b, c, h, w] = x.shape().dims();
        let mut out = vec![0.0; b * c * 4 * h * w];
        out.par_chunks_mut(4 * h * w)
            .zip(values(&x).par_chunks(h * w))
            .for_each(|(out, map)| {
                for (oy, line) in out.chunks_mut(2 * w).enumerate() {
                    let y0 = oy / 2;
                    let y1 = if oy % 2 == 0 {
                        y0.saturating_sub(1)
                    } else {
                        (y0 + 1).min(h - 1)
                    };
                    let (here, there) = (&map[y0 * w..][..w], &map[y1 * w..][..w]);
                    let column = |x: usize| 0.75 * here[x] + 0.25 * there[x];
                    for x in 0..w {
                        let middle = 0.75 * column(x);
                        line[2 * x] = middle + 0.25 * column(x.saturating_sub(1));
                        line[2 * x + 1] = middle + 0.25 * column((x + 1).min(w - 1));
                    }
                }
            });
        tensor(out, [b, c, 2 * h, 2 * w])
    }

    fn upsample2_backward(grad: FloatTensor<Self>) -> FloatTensor<Self> {
        let grad = grad.to_contiguous();
        let [b, c, gh, gw] = grad.shape().dims();
        let (h, w) = (gh / 2, gw / 2);
        let mut out = vec![0.0; b * c * h * w];
        out.par_chunks_mut(h * w)
            .zip(values(&grad).par_chunks(gh * gw))
            .for_each(|(out, map)| {
                for (iy, line) in out.chunks_mut(w).enumerate() {
                    let row =
                        |t: usize| &map[(2 * iy + t).saturating_sub(1).min(gh - 1) * gw..][..gw];
                    let [a, b, c, d] = [row(0), row(1), row(2), row(3)];
                    let column = |x: usize| 0.25 * (a[x] + d[x]) + 0.75 * (b[x] + c[x]);
                    for (ix, value) in line.iter_mut().enumerate() {
                        *value = 0.25
                            * (column((2 * ix).saturating_sub(1))
                                + column((2 * ix + 2).min(gw - 1)))
                            + 0.75 * (column(2 * ix) + column(2 * ix + 1));
                    }
                }
            });
        tensor(out, [b, c, h, w])
    }
}
