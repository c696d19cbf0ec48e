//! Convolution on GPUs: tiled matrix products of our own, burn's kernels where they are faster.

mod activation;
mod burn;
mod data;
mod forward;
mod gather;
mod product;
mod tile;
mod weight;

use ::burn::backend::tensor::FloatTensor;
use burn_cubecl::CubeBackend;
use burn_cubecl::tensor::CubeTensor;
use cubecl::CubeCount;
use cubecl::server::CubeCountSelection;
use tile::{FLAT, HALF, NARROW, SQUARE, Tile, WIDE};

use super::ConvOps;

/// With fewer workgroups than this, smaller tiles spread the work better.
const FEW_WORKGROUPS: usize = 512;

/// The tile for a product of this size.
fn choose_tile(rows: usize, columns: usize) -> Tile {
    match rows {
        0..=4 => FLAT,
        5..=16 => NARROW,
        17..=32 => HALF,
        _ if rows.div_ceil(WIDE.rows) * columns.div_ceil(WIDE.columns) >= FEW_WORKGROUPS => WIDE,
        _ => SQUARE,
    }
}

/// So many workgroups, folded so that no axis exceeds the device's limit; there may be some more.
fn workgroups(like: &CubeTensor, count: usize) -> CubeCount {
    CubeCountSelection::new(&like.client, count as u32).cube_count()
}

impl ConvOps for CubeBackend {
    fn conv(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        stride: usize,
        padding: usize,
        slope: f32,
    ) -> FloatTensor<Self> {
        forward::forward(x, weight, bias, stride, padding, slope)
    }

    fn conv_activation_backward(
        grad: FloatTensor<Self>,
        out: FloatTensor<Self>,
        slope: f32,
    ) -> FloatTensor<Self> {
        activation::activation_backward(grad, out, slope)
    }

    fn conv_data_backward(
        grad: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        h: usize,
        w: usize,
        stride: usize,
        padding: usize,
    ) -> FloatTensor<Self> {
        data::data_backward(grad, weight, h, w, stride, padding)
    }

    fn conv_weight_backward(
        x: FloatTensor<Self>,
        grad: FloatTensor<Self>,
        kernel: usize,
        stride: usize,
        padding: usize,
    ) -> FloatTensor<Self> {
        weight::weight_backward(x, grad, kernel, stride, padding)
    }

    fn conv_bias_backward(grad: FloatTensor<Self>) -> FloatTensor<Self> {
        weight::bias_backward(grad)
    }
}
