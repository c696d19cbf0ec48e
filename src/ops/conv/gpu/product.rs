//! Launching a [`Gather`].

use burn::backend::TensorMetadata;
use burn_cubecl::tensor::CubeTensor;
use cubecl::CubeDim;

use super::gather::{Gather, SizesLaunch, finish, gathered_product};
use super::workgroups;
use crate::ops::launch::{elementwise, empty, storage};

/// As many workgroups keep a GPU busy. Products of fewer tiles are cut along their sum.
const WORKGROUPS: usize = 256;
/// A part is at least this many steps, so that adding the parts does not cost more than it gains.
const SHORTEST_PART_STEPS: usize = 16;

/// A product and its tensors, all dense.
pub(super) struct Product {
    pub gather: Gather,
    pub x: CubeTensor,
    pub weight: CubeTensor,
    pub bias: Option<CubeTensor>,
    /// `[b, rows, H, W]`, stored as `x` is.
    pub out: CubeTensor,
    /// Channels, height and width of `x`.
    pub input: [usize; 3],
    /// Height and width of the grid of columns.
    pub grid: [usize; 2],
    pub slope: f32,
}

/// Parts and steps per part of a sum of `steps` steps, for a product of `tiles` tiles.
fn parts(tiles: usize, steps: usize) -> (usize, usize) {
    let parts = (WORKGROUPS / tiles).min(steps / SHORTEST_PART_STEPS).max(1);
    let part_steps = steps.div_ceil(parts).max(1);
    (steps.div_ceil(part_steps).max(1), part_steps)
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
    let client = out.client.clone();
    let sizes = |parts, part_steps| {
        SizesLaunch::new(
            pictures,
            channels,
            height,
            width,
            rows,
            grid_height,
            grid_width,
            out_height,
            out_width,
            parts,
            part_steps,
        )
    };
    let bias = bias.unwrap_or_else(|| weight.clone());
    let stored = storage(&out);
    let taps = gather.taps[0] * gather.taps[1];
    let tile = gather.tile;
    let summed = channels * taps;
    gather.even = [
        rows.is_multiple_of(tile.rows),
        summed.is_multiple_of(tile.depth),
    ];
    let tiles = rows.div_ceil(tile.rows) * columns.div_ceil(tile.columns);
    let steps = summed.div_ceil(tile.depth);
    // A grid that does not cover the output cannot have parts: they would be added where it left
    // nothing.
    let covers = gather.spread == 1;
    let (parts, part_steps) = parts(if covers { tiles } else { WORKGROUPS }, steps);
    let (with_bias, activate) = (gather.bias, gather.activate);
    let target = if parts == 1 {
        out.clone()
    } else {
        gather.bias = false;
        gather.activate = false;
        empty(&out, [parts, pictures, rows, out_height, out_width])
    };
    // SAFETY: the kernel reads and writes only positions that it found to be inside the tensors, whose
    // sizes are those of the shapes above.
    unsafe {
        gathered_product::launch_unchecked(
            &client,
            workgroups(&out, tiles * parts),
            CubeDim::new_1d(tile.units() as u32),
            x.into_buffer_arg(),
            weight.into_buffer_arg(),
            bias.clone().into_buffer_arg(),
            target.clone().into_buffer_arg(),
            sizes(parts, part_steps),
            slope,
            gather,
            [stored, storage(&target)],
        );
    }
    if parts > 1 {
        let (count, dim) = elementwise(&out, out.meta.num_elements());
        finish::launch(
            &client,
            count,
            dim,
            target.into_buffer_arg(),
            bias.into_buffer_arg(),
            out.into_buffer_arg(),
            parts,
            out_height * out_width,
            slope,
            with_bias,
            activate,
            stored,
        );
    }
}
