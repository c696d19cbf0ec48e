//! Launching a [`Gather`].

use burn::backend::TensorMetadata;
use burn_cubecl::tensor::CubeTensor;
use cubecl::CubeDim;

use super::gather::{Gather, SizesLaunch, gathered_product};
use super::thin::{self, thin_product};
use super::workgroups;

/// A product and its tensors, all dense.
pub(super) struct Product {
    pub gather: Gather,
    pub x: CubeTensor,
    pub weight: CubeTensor,
    pub bias: Option<CubeTensor>,
    /// `[b, rows, H, W]`.
    pub out: CubeTensor,
    /// Channels, height and width of `x`.
    pub input: [usize; 3],
    /// Height and width of the grid of columns.
    pub grid: [usize; 2],
    pub slope: f32,
}

/// Writes the part of `out` that the grid covers.
pub(super) fn run(product: Product) {
    let Product {
        mut gather,
        x,
        weight,
        bias,
        out,
        input: [channels, height, width],
        grid: [grid_height, grid_width],
        slope,
    } = product;
    let [pictures, rows, out_height, out_width] = out.shape().dims();
    let columns = pictures * grid_height * grid_width;
    if columns == 0 || rows == 0 {
        return;
    }
    let sizes = SizesLaunch::new(
        pictures,
        channels,
        height,
        width,
        rows,
        grid_height,
        grid_width,
        out_height,
        out_width,
    );
    let bias = bias.unwrap_or_else(|| weight.clone());
    let client = out.client.clone();
    let [x, weight, bias] = [x, weight, bias].map(CubeTensor::into_buffer_arg);
    let thin = rows <= thin::ROWS && gather.taps[0] * gather.taps[1] <= thin::TAPS;
    // SAFETY, for both: the kernels read and write only positions that they found to be inside the
    // tensors, whose sizes are those of the shapes above.
    if thin {
        let count = workgroups(&out, columns.div_ceil(thin::UNITS));
        let dim = CubeDim::new_1d(thin::UNITS as u32);
        let out = out.into_buffer_arg();
        unsafe {
            thin_product::launch_unchecked(
                &client, count, dim, x, weight, bias, out, sizes, slope, gather,
            );
        }
    } else {
        let tile = gather.tile;
        let summed = channels * gather.taps[0] * gather.taps[1];
        gather.even = [
            rows.is_multiple_of(tile.rows),
            summed.is_multiple_of(tile.depth),
        ];
        let tiles = rows.div_ceil(tile.rows) * columns.div_ceil(tile.columns);
        let count = workgroups(&out, tiles);
        let dim = CubeDim::new_1d(tile.units() as u32);
        let out = out.into_buffer_arg();
        unsafe {
            gathered_product::launch_unchecked(
                &client, count, dim, x, weight, bias, out, sizes, slope, gather,
            );
        }
    }
}
