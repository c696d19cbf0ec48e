//! Launching a [`Gather`].

use burn::backend::TensorMetadata;
use burn_cubecl::tensor::CubeTensor;
use cubecl::CubeDim;

use super::gather::{Gather, SizesLaunch, gathered_product};
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
        gather,
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
    let tile = gather.tile;
    let count = rows.div_ceil(tile.rows) * columns.div_ceil(tile.columns);
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
    // SAFETY: the kernel reads and writes only positions that it found to be inside the tensors,
    // whose sizes are those of the shapes above.
    unsafe {
        gathered_product::launch_unchecked(
            &out.client.clone(),
            workgroups(&out, count),
            CubeDim::new_1d(tile.units() as u32),
            x.into_buffer_arg(),
            weight.into_buffer_arg(),
            bias.into_buffer_arg(),
            out.into_buffer_arg(),
            sizes,
            slope,
            gather,
        );
    }
}
