//! The kernels: one unit per pixel of the smaller map, two numbers of the larger one at a time.
//!
//! Maps may be stored in 16 bits; sums are f32.

use burn::backend::TensorMetadata;
use burn::backend::tensor::FloatTensor;
use burn_cubecl::CubeBackend;
use burn_cubecl::tensor::CubeTensor;
use cubecl::prelude::*;

use super::UpsampleOps;
use crate::ops::launch::{dense_map, elementwise, empty_map, storage};

/// Two neighbours along x.
type Pair = Vector<f32, Const<2>>;
/// The same as they are stored.
type Stored<F> = Vector<F, Const<2>>;

/// Two outputs along x from the row that starts at `row`: ¼·before + ¾·here and ¾·here + ¼·after.
#[cube]
fn widened<F: Float>(x: &[F], row: usize, before: usize, here: usize, after: usize) -> Pair {
    let a = f32::cast_from(x[row + before]);
    let b = f32::cast_from(x[row + here]);
    let c = f32::cast_from(x[row + after]);
    let mut pair = Pair::new(0.75f32 * b);
    let even = pair.extract(0usize) + 0.25f32 * a;
    let odd = pair.extract(1usize) + 0.25f32 * c;
    pair.insert(0usize, even);
    pair.insert(1usize, odd);
    pair
}

/// The four outputs of one input pixel.
#[cube(launch)]
fn forward<F: Float>(
    x: &[F],
    out: &mut [Stored<F>],
    h: usize,
    w: usize,
    #[define(F)] _storage: ElemType,
) {
    if ABSOLUTE_POS >= x.len() {
        terminate!();
    }
    let ix = ABSOLUTE_POS % w;
    let line = ABSOLUTE_POS / w;
    let iy = line % h;
    let before = ix.max(1) - 1;
    let after = (ix + 1).min(w - 1);
    let map = (line - iy) * w;
    let above = widened::<F>(x, map + (iy.max(1) - 1) * w, before, ix, after);
    let here = widened::<F>(x, map + iy * w, before, ix, after);
    let below = widened::<F>(x, map + (iy + 1).min(h - 1) * w, before, ix, after);
    let near = here * Pair::new(0.75f32);
    let far = Pair::new(0.25f32);
    out[2 * line * w + ix] = Stored::<F>::cast_from(near + above * far);
    out[(2 * line + 1) * w + ix] = Stored::<F>::cast_from(near + below * far);
}

/// What the outputs of one row give back to the input at `here`.
#[cube]
fn narrowed<F: Float>(grad: &[Stored<F>], row: usize, here: usize, w: usize) -> f32 {
    let middle = Pair::cast_from(grad[row + here]);
    let before = Pair::cast_from(grad[row + here.max(1) - 1]);
    let after = Pair::cast_from(grad[row + (here + 1).min(w - 1)]);
    // At a border the outermost output also took what it would have taken from beyond.
    let left = select(here > 0, before.extract(1usize), middle.extract(0usize));
    let right = select(here + 1 < w, after.extract(0usize), middle.extract(1usize));
    0.75f32 * (middle.extract(0usize) + middle.extract(1usize)) + 0.25f32 * (left + right)
}

/// One input pixel collects the outputs it went into.
#[cube(launch)]
fn backward<F: Float>(
    grad: &[Stored<F>],
    out: &mut [F],
    h: usize,
    w: usize,
    #[define(F)] _storage: ElemType,
) {
    if ABSOLUTE_POS >= out.len() {
        terminate!();
    }
    let ix = ABSOLUTE_POS % w;
    let line = ABSOLUTE_POS / w;
    let iy = line % h;
    let map = 2 * (line - iy) * w;
    let first = narrowed::<F>(grad, map + ((2 * iy).max(1) - 1) * w, ix, w);
    let second = narrowed::<F>(grad, map + 2 * iy * w, ix, w);
    let third = narrowed::<F>(grad, map + (2 * iy + 1) * w, ix, w);
    let fourth = narrowed::<F>(grad, map + (2 * iy + 2).min(2 * h - 1) * w, ix, w);
    let sum = 0.25f32 * (first + fourth) + 0.75f32 * (second + third);
    out[ABSOLUTE_POS] = F::cast_from(sum);
}

fn double(x: CubeTensor) -> CubeTensor {
    let x = dense_map(x);
    let [b, c, h, w] = x.shape().dims();
    let out = empty_map(&x, [b, c, 2 * h, 2 * w]);
    let (count, dim) = elementwise(&out, b * c * h * w);
    forward::launch(
        &out.client,
        count,
        dim,
        x.into_buffer_arg(),
        out.clone().into_buffer_arg(),
        h,
        w,
        storage(&out),
    );
    out
}

fn halve(grad: CubeTensor) -> CubeTensor {
    let grad = dense_map(grad);
    let [b, c, h, w] = grad.shape().dims();
    let (h, w) = (h / 2, w / 2);
    let out = empty_map(&grad, [b, c, h, w]);
    let (count, dim) = elementwise(&out, b * c * h * w);
    backward::launch(
        &out.client,
        count,
        dim,
        grad.into_buffer_arg(),
        out.clone().into_buffer_arg(),
        h,
        w,
        storage(&out),
    );
    out
}

impl UpsampleOps for CubeBackend {
    fn upsample2(x: FloatTensor<Self>) -> FloatTensor<Self> {
        double(x)
    }

    fn upsample2_backward(grad: FloatTensor<Self>) -> FloatTensor<Self> {
        halve(grad)
    }
}
