//! Products of at most four rows: the pictures that come out of the decoder.
//!
//! A tile of four rows would spend its time on gathering. Here a unit owns one pixel, reads its
//! neighbourhood straight from the picture (neighbouring units share it through the cache) and
//! holds the sums of all rows; only the weights lie in workgroup memory, all rows of a tap in one
//! read.

// Kernel code knows `%`, not `is_multiple_of`, and a kernel takes one argument per buffer.
#![allow(clippy::manual_is_multiple_of, clippy::too_many_arguments)]

use cubecl::prelude::*;

use super::gather::{Gather, Sizes, weight_index};
use super::tile::Four;

/// Most rows.
pub(super) const ROWS: usize = 4;
/// Units per workgroup, one pixel each.
pub(super) const UNITS: usize = 256;
/// Weights in workgroup memory at a time, four rows each: 8 KiB.
const WEIGHTS: usize = 512;
/// Most taps of a kernel, so that one channel's weights fit.
pub(super) const TAPS: usize = WEIGHTS;

/// One workgroup per 256 pixels.
#[cube(launch_unchecked)]
pub(super) fn thin_product<F: Float>(
    x: &[F],
    weight: &[f32],
    bias: &[f32],
    out: &mut [F],
    sizes: Sizes,
    slope: f32,
    #[comptime] gather: Gather,
    #[define(F)] _storage: ElemType,
) {
    let taps_y = comptime!(gather.taps[0]);
    let taps_x = comptime!(gather.taps[1]);
    let taps = comptime!(taps_y * taps_x);
    let chunk = comptime!(WEIGHTS / taps);
    let grid = sizes.grid_height * sizes.grid_width;
    let columns = sizes.pictures * grid;
    let summed = sizes.channels * taps;
    let first_column = CUBE_POS * UNITS;
    if first_column >= columns {
        terminate!();
    }
    let unit = UNIT_POS as usize;
    let column = first_column + unit;
    let there = column < columns;
    let picture = column / grid;
    let within = column % grid;
    let gy = within / sizes.grid_width;
    let gx = within % sizes.grid_width;
    // Where the first tap lies; below zero it wraps, and wraps back when the tap is added.
    let top = gy * gather.stride + comptime!(gather.after[0]) - comptime!(gather.before[0]);
    let left = gx * gather.stride + comptime!(gather.after[1]) - comptime!(gather.before[1]);
    let plane = sizes.height * sizes.width;
    let mut origin = picture * sizes.channels * plane + top * sizes.width + left;

    let mut weights = Shared::<[Four]>::new_slice(WEIGHTS);
    let mut sums = Four::new(0.0f32);
    let mut channel = 0usize.runtime();
    while channel < sizes.channels {
        let channels = (sizes.channels - channel).min(chunk);
        // Nobody may change the weights before everybody has used them.
        sync_cube();
        let mut i = unit;
        while i < channels * taps {
            let k = channel * taps + i;
            let mut four = Four::new(0.0f32);
            #[unroll]
            for row in 0..ROWS {
                let at = weight_index(
                    row.runtime(),
                    k,
                    k / taps,
                    k % taps,
                    summed,
                    &sizes,
                    gather.weight,
                    taps_x,
                );
                let inside = row < sizes.rows;
                let value = weight[select(inside, at, 0usize)];
                four.insert(row, select(inside, value, 0.0f32));
            }
            weights[i] = four;
            i += UNITS;
        }
        sync_cube();
        for c in 0..channels {
            #[unroll]
            for ty in 0..taps_y {
                let row_inside = there && top + ty < sizes.height;
                #[unroll]
                for tx in 0..taps_x {
                    let inside = row_inside && left + tx < sizes.width;
                    let value = x[select(inside, origin + ty * sizes.width + tx, 0usize)];
                    let value = select(inside, f32::cast_from(value), 0.0f32);
                    sums += weights[c * taps + comptime!(ty * taps_x + tx)] * Four::new(value);
                }
            }
            origin += plane;
        }
        channel += channels;
    }

    if there {
        let y = gy * gather.spread + comptime!(gather.start[0]);
        let x = gx * gather.spread + comptime!(gather.start[1]);
        let out_plane = sizes.out_height * sizes.out_width;
        let pixel = picture * sizes.rows * out_plane + y * sizes.out_width + x;
        #[unroll]
        for row in 0..ROWS {
            if row < sizes.rows {
                let mut value = sums.extract(row);
                if comptime!(gather.bias) {
                    value += bias[row];
                }
                if comptime!(gather.activate) {
                    value = select(value > 0.0f32, value, slope * value);
                }
                out[pixel + row * out_plane] = F::cast_from(value);
            }
        }
    }
}
