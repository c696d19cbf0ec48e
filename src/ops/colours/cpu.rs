//! One picture per task, channels-last.

use burn::backend::flex::FlexTensor;
use burn::backend::tensor::FloatTensor;
use burn::backend::{Flex, TensorMetadata};
use rayon::prelude::*;

use super::{ColourOps, side_of};
use crate::ops::cpu::{Buffer, channels_last, contiguous, map, numbers, numbers_mut, own, plain};

impl ColourOps for Flex {
    fn colours(numbers: FloatTensor<Self>) -> FloatTensor<Self> {
        let numbers = contiguous(numbers);
        let [b, count] = numbers.shape().dims();
        let side = side_of(count);
        let mut out = Buffer::new(b * 3 * side * side);
        out.fill(0.0);
        add_colours(&mut out, &numbers, side);
        map(out, [b, 3, side, side])
    }

    fn painted(base: FloatTensor<Self>, numbers: FloatTensor<Self>) -> FloatTensor<Self> {
        let numbers = contiguous(numbers);
        let [_, count] = numbers.shape().dims();
        let mut out = own(channels_last(base));
        add_colours(numbers_mut(&mut out), &numbers, side_of(count));
        out
    }

    fn colours_backward(grad: FloatTensor<Self>) -> FloatTensor<Self> {
        let grad = channels_last(grad);
        let [b, _, side, _] = grad.shape().dims();
        let count = side * side + side * side / 2;
        let mut out = Buffer::new(b * count);
        out.par_chunks_mut(count)
            .zip(numbers(&grad).par_chunks(3 * side * side))
            .for_each(|(out, grad)| gather(out, grad, side));
        plain(out, [b, count])
    }
}

/// Adds what the numbers show to pictures.
fn add_colours(out: &mut [f32], from: &FlexTensor, side: usize) {
    let count = side * side + side * side / 2;
    out.par_chunks_mut(3 * side * side)
        .zip(numbers(from).par_chunks(count))
        .for_each(|(out, numbers)| {
            let (y, colours) = numbers.split_at(side * side);
            let (red, blue) = colours.split_at(side * side / 4);
            let (rows, _) = out.as_chunks_mut::<3>();
            for (row, (out, y)) in rows.chunks_mut(side).zip(y.chunks(side)).enumerate() {
                let lines = Lines::new(row, side);
                for (column, (out, y)) in out.iter_mut().zip(y).enumerate() {
                    let at = lines.weights(column);
                    let [red, blue] = [red, blue].map(|colour| {
                        let [p, q, r, s] = at.map(|(place, weight)| weight * colour[place]);
                        p + q + r + s
                    });
                    out[0] += y + red;
                    out[1] += y - red - blue;
                    out[2] += y + blue;
                }
            }
        });
}

/// The transpose of the above, for one picture.
fn gather(out: &mut [f32], grad: &[f32], side: usize) {
    let (y, colours) = out.split_at_mut(side * side);
    let (red, blue) = colours.split_at_mut(side * side / 4);
    red.fill(0.0);
    blue.fill(0.0);
    let (pixels, _) = grad.as_chunks::<3>();
    for (row, (grad, y)) in pixels.chunks(side).zip(y.chunks_mut(side)).enumerate() {
        let lines = Lines::new(row, side);
        for (column, ([r, g, b], y)) in grad.iter().zip(y).enumerate() {
            *y = r + g + b;
            for (place, weight) in lines.weights(column) {
                red[place] += weight * (r - g);
                blue[place] += weight * (b - g);
            }
        }
    }
}

/// The two rows of the small map that a row of the large one lies between.
struct Lines {
    near: usize,
    far: usize,
    half: usize,
}

impl Lines {
    fn new(row: usize, side: usize) -> Self {
        let half = side / 2;
        Self {
            near: row / 2 * half,
            far: neighbour(row, half) * half,
            half,
        }
    }

    /// Four places of the small map and their weights.
    fn weights(&self, column: usize) -> [(usize, f32); 4] {
        let (near, far) = (column / 2, neighbour(column, self.half));
        [
            (self.near + near, 0.5625),
            (self.near + far, 0.1875),
            (self.far + near, 0.1875),
            (self.far + far, 0.0625),
        ]
    }
}

/// The second nearest place of the small map, the border repeated.
fn neighbour(place: usize, half: usize) -> usize {
    if place.is_multiple_of(2) {
        (place / 2).saturating_sub(1)
    } else {
        (place / 2 + 1).min(half - 1)
    }
}
