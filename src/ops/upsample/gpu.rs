//! The kernels.

// Kernel code knows `%`, not `is_multiple_of`.
#![allow(clippy::manual_is_multiple_of)]

use burn::backend::TensorMetadata;
use burn::backend::tensor::FloatTensor;
use burn_cubecl::CubeBackend;
use cubecl::prelude::*;

use super::UpsampleOps;
use crate::ops::launch::{dense, elementwise, empty};

/// One unit per output element.
#[cube(launch)]
fn forward(x: &Tensor<f32>, out: &mut Tensor<f32>) {
    if ABSOLUTE_POS >= out.len() {
        terminate!();
    }
    let h = x.shape(2);
    let w = x.shape(3);
    let oh = out.shape(2);
    let ow = out.shape(3);
    let ox = ABSOLUTE_POS % ow;
    let row = ABSOLUTE_POS / ow;
    let oy = row % oh;
    let base = (row / oh) * h * w;

    let y0 = oy / 2;
    let x0 = ox / 2;
    // The other tap: the one before for even outputs, the one after for odd ones, clamped.
    let y1 = select(oy % 2 == 0, y0.max(1) - 1, (y0 + 1).min(h - 1));
    let x1 = select(ox % 2 == 0, x0.max(1) - 1, (x0 + 1).min(w - 1));

    out[ABSOLUTE_POS] = 0.5625f32 * x[base + y0 * w + x0]
        + 0.1875f32 * (x[base + y0 * w + x1] + x[base + y1 * w + x0])
        + 0.0625f32 * x[base + y1 * w + x1];
}

/// One unit per input element, collecting the outputs it went into.
#[cube(launch)]
fn backward(grad: &Tensor<f32>, out: &mut Tensor<f32>) {
    if ABSOLUTE_POS >= out.len() {
        terminate!();
    }
    let h = out.shape(2);
    let w = out.shape(3);
    let gh = grad.shape(2);
    let gw = grad.shape(3);
    let ix = ABSOLUTE_POS % w;
    let row = ABSOLUTE_POS / w;
    let iy = row % h;
    let base = (row / h) * gh * gw;

    let taps = comptime!(4usize);
    let mut sum = f32::new(0.0);
    #[unroll]
    for ty in 0..taps {
        let gy = ((2 * iy + ty).max(1) - 1).min(gh - 1);
        let wy = f32::new(comptime!(if ty == 0 || ty == 3 { 0.25 } else { 0.75 }));
        #[unroll]
        for tx in 0..taps {
            let gx = ((2 * ix + tx).max(1) - 1).min(gw - 1);
            let wx = f32::new(comptime!(if tx == 0 || tx == 3 { 0.25 } else { 0.75 }));
            sum += wy * wx * grad[base + gy * gw + gx];
        }
    }
    out[ABSOLUTE_POS] = sum;
}

impl UpsampleOps for CubeBackend {
    fn upsample2(x: FloatTensor<Self>) -> FloatTensor<Self> {
        let x = dense(x);
        let [b, c, h, w] = x.shape().dims();
        let out = empty(&x, [b, c, 2 * h, 2 * w]);
        let (count, dim) = elementwise(&out, b * c * 4 * h * w);
        forward::launch(
            &out.client,
            count,
            dim,
            x.into_tensor_arg(),
            out.clone().into_tensor_arg(),
        );
        out
    }

    fn upsample2_backward(grad: FloatTensor<Self>) -> FloatTensor<Self> {
        let grad = dense(grad);
        let [b, c, h, w] = grad.shape().dims();
        let out = empty(&grad, [b, c, h / 2, w / 2]);
        let (count, dim) = elementwise(&out, b * c * (h / 2) * (w / 2));
        backward::launch(
            &out.client,
            count,
            dim,
            grad.into_tensor_arg(),
            out.clone().into_tensor_arg(),
        );
        out
    }
}
