//! One picture per task, channels-last.

use burn::backend::tensor::FloatTensor;
use burn::backend::{Flex, TensorMetadata};
use rayon::prelude::*;

use super::WarpOps;
use crate::ops::cpu::{Buffer, channels_last, map, numbers};

/// The four pixels that one is read between: the first one, the steps to its right and lower
/// neighbour, and how far it lies towards them.
struct Place {
    first: usize,
    right: usize,
    down: usize,
    tx: f32,
    ty: f32,
    /// Whether a step along x or y changes the place: not beyond the border.
    free: [bool; 2],
}

impl Place {
    #[inline(always)]
    fn new([x, y]: [usize; 2], flow: [f32; 2], [w, h]: [usize; 2]) -> Self {
        let along = |at: usize, by: f32, size: usize| {
            let wanted = at as f32 + by;
            let place = wanted.clamp(0.0, (size - 1) as f32);
            let first = (place as usize).min(size.saturating_sub(2));
            (first, place - first as f32, wanted == place)
        };
        let (x0, tx, free_x) = along(x, flow[0], w);
        let (y0, ty, free_y) = along(y, flow[1], h);
        Self {
            first: y0 * w + x0,
            right: usize::from(w > 1),
            down: if h > 1 { w } else { 0 },
            tx,
            ty,
            free: [free_x, free_y],
        }
    }

    /// The four pixels and their weights.
    #[inline(always)]
    fn corners(&self) -> [(usize, f32); 4] {
        let (tx, ty) = (self.tx, self.ty);
        [
            (self.first, (1.0 - tx) * (1.0 - ty)),
            (self.first + self.right, tx * (1.0 - ty)),
            (self.first + self.down, (1.0 - tx) * ty),
            (self.first + self.right + self.down, tx * ty),
        ]
    }
}

/// Calls `each` with the number of every pixel and its place.
#[inline(always)]
fn places(flow: &[f32], [h, w]: [usize; 2], mut each: impl FnMut(usize, Place)) {
    for (y, line) in flow.as_chunks::<2>().0.chunks(w).enumerate() {
        for (x, flow) in line.iter().enumerate() {
            each(y * w + x, Place::new([x, y], *flow, [w, h]));
        }
    }
}

/// The pixels of a picture.
fn pixels(numbers: &[f32]) -> &[[f32; 3]] {
    numbers.as_chunks().0
}

impl WarpOps for Flex {
    fn warp(picture: FloatTensor<Self>, flow: FloatTensor<Self>) -> FloatTensor<Self> {
        let (picture, flow) = (channels_last(picture), channels_last(flow));
        let [b, _, h, w] = picture.shape().dims();
        let mut out = Buffer::new(b * 3 * h * w);
        out.par_chunks_mut(3 * h * w)
            .zip(numbers(&picture).par_chunks(3 * h * w))
            .zip(numbers(&flow).par_chunks(2 * h * w))
            .for_each(|((out, picture), flow)| {
                let (out, picture) = (out.as_chunks_mut::<3>().0, pixels(picture));
                places(flow, [h, w], |pixel, place| {
                    let corners = place
                        .corners()
                        .map(|(from, by)| picture[from].map(|x| by * x));
                    let [p, q, r, s] = corners;
                    out[pixel] = std::array::from_fn(|k| p[k] + q[k] + r[k] + s[k]);
                });
            });
        map(out, [b, 3, h, w])
    }

    fn warp_picture_backward(
        flow: FloatTensor<Self>,
        grad: FloatTensor<Self>,
    ) -> FloatTensor<Self> {
        let (flow, grad) = (channels_last(flow), channels_last(grad));
        let [b, _, h, w] = grad.shape().dims();
        let mut out = Buffer::new(b * 3 * h * w);
        out.par_chunks_mut(3 * h * w)
            .zip(numbers(&grad).par_chunks(3 * h * w))
            .zip(numbers(&flow).par_chunks(2 * h * w))
            .for_each(|((out, grad), flow)| {
                out.fill(0.0);
                let (out, grad) = (out.as_chunks_mut::<3>().0, pixels(grad));
                places(flow, [h, w], |pixel, place| {
                    for (to, weight) in place.corners() {
                        for (out, grad) in out[to].iter_mut().zip(grad[pixel]) {
                            *out += weight * grad;
                        }
                    }
                });
            });
        map(out, [b, 3, h, w])
    }

    fn warp_flow_backward(
        picture: FloatTensor<Self>,
        flow: FloatTensor<Self>,
        grad: FloatTensor<Self>,
    ) -> FloatTensor<Self> {
        let [picture, flow, grad] = [picture, flow, grad].map(channels_last);
        let [b, _, h, w] = picture.shape().dims();
        let mut out = Buffer::new(b * 2 * h * w);
        out.par_chunks_mut(2 * h * w)
            .zip(numbers(&picture).par_chunks(3 * h * w))
            .zip(numbers(&grad).par_chunks(3 * h * w))
            .zip(numbers(&flow).par_chunks(2 * h * w))
            .for_each(|(((out, picture), grad), flow)| {
                let (picture, grad) = (pixels(picture), pixels(grad));
                let (out, _) = out.as_chunks_mut::<2>();
                places(flow, [h, w], |pixel, place| {
                    let [p, q, r, s] = place.corners().map(|(from, _)| picture[from]);
                    let (mut along_x, mut along_y) = (0.0, 0.0);
                    for (k, g) in grad[pixel].into_iter().enumerate() {
                        let (p, q, r, s) = (p[k], q[k], r[k], s[k]);
                        along_x += g * ((q - p) * (1.0 - place.ty) + (s - r) * place.ty);
                        along_y += g * ((r - p) * (1.0 - place.tx) + (s - q) * place.tx);
                    }
                    let [free_x, free_y] = place.free;
                    out[pixel] = [
                        if free_x { along_x } else { 0.0 },
                        if free_y { along_y } else { 0.0 },
                    ];
                });
            });
        map(out, [b, 2, h, w])
    }
}
