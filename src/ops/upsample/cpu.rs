//! The same on the CPU, channels-last, one row of pixels per task.

use burn::backend::flex::FlexTensor;
use burn::backend::tensor::FloatTensor;
use burn::backend::{Flex, TensorMetadata};
use rayon::prelude::*;

use super::UpsampleOps;
use crate::ops::cpu::{Buffer, channels_last, map, numbers, wide};

impl UpsampleOps for Flex {
    fn upsample2(x: FloatTensor<Self>) -> FloatTensor<Self> {
        forward(x)
    }

    fn upsample2_backward(grad: FloatTensor<Self>) -> FloatTensor<Self> {
        backward(grad)
    }
}

fn forward(x: FlexTensor) -> FlexTensor {
    let x = channels_last(x);
    let [b, c, h, w] = x.shape().dims();
    let mut out = Buffer::new(b * c * 4 * h * w);
    let images = numbers(&x);
    out.par_chunks_mut((2 * w * c).max(1))
        .enumerate()
        .for_each(|(row, line)| {
            let size = h * w * c;
            let (image, oy) = (&images[row / (2 * h) * size..][..size], row % (2 * h));
            let (y0, y1) = (oy / 2, neighbour(oy, h));
            let pixel = |y: usize, x: usize| &image[(y * w + x) * c..][..c];
            wide(
                #[inline(always)]
                || {
                    for (ox, out) in line.chunks_exact_mut(c).enumerate() {
                        let (x0, x1) = (ox / 2, neighbour(ox, w));
                        let near = pixel(y0, x0).iter().zip(pixel(y0, x1));
                        let far = pixel(y1, x0).iter().zip(pixel(y1, x1));
                        for (o, ((a, b), (d, e))) in out.iter_mut().zip(near.zip(far)) {
                            *o = 0.5625 * a + 0.1875 * (b + d) + 0.0625 * e;
                        }
                    }
                },
            );
        });
    map(out, [b, c, 2 * h, 2 * w])
}

fn backward(grad: FlexTensor) -> FlexTensor {
    let grad = channels_last(grad);
    let [b, c, gh, gw] = grad.shape().dims();
    let (h, w) = (gh / 2, gw / 2);
    let mut out = Buffer::new(b * c * h * w);
    let images = numbers(&grad);
    out.par_chunks_mut((w * c).max(1))
        .enumerate()
        .for_each(|(row, line)| {
            let size = gh * gw * c;
            let (image, iy) = (&images[row / h * size..][..size], row % h);
            // The four outputs along an axis that an input went into.
            let takers =
                |i: usize, side: usize| [0, 1, 2, 3].map(|t| (2 * i + t).clamp(1, side) - 1);
            let pixel = |y: usize, x: usize| &image[(y * gw + x) * c..][..c];
            wide(
                #[inline(always)]
                || {
                    for (ix, out) in line.chunks_exact_mut(c).enumerate() {
                        let xs = takers(ix, gw);
                        for (t, y) in takers(iy, gh).into_iter().enumerate() {
                            let weight = if t == 0 || t == 3 { 0.25 } else { 0.75 };
                            let outer = pixel(y, xs[0]).iter().zip(pixel(y, xs[3]));
                            let inner = pixel(y, xs[1]).iter().zip(pixel(y, xs[2]));
                            for (o, ((a, d), (b, e))) in out.iter_mut().zip(outer.zip(inner)) {
                                let sum = weight * (0.25 * (a + d) + 0.75 * (b + e));
                                *o = if t == 0 { sum } else { *o + sum };
                            }
                        }
                    }
                },
            );
        });
    map(out, [b, c, h, w])
}

/// The second input of output `o`: the one before for even outputs, the one after for odd ones,
/// the border repeated.
fn neighbour(o: usize, side: usize) -> usize {
    let here = o / 2;
    if o.is_multiple_of(2) {
        here.saturating_sub(1)
    } else {
        (here + 1).min(side - 1)
    }
}
