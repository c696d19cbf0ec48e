//! A convolution as a matrix product whose right side is gathered from the picture on the way
//! into workgroup memory: rows are output channels, columns the pixels of all pictures, and the
//! sum runs over input channels and taps.
//!
//! The data gradient has the same form, with the roles of the channels exchanged and the taps
//! turned around; with a stride it falls apart into one such product per residue of the position,
//! so that no product with a zero is computed.
//!
//! Pictures may be stored in 16 bits; weights, bias and sums are f32.

// Kernel code knows `%`, not `is_multiple_of`, and a kernel takes one argument per buffer.
#![allow(clippy::manual_is_multiple_of, clippy::too_many_arguments)]

use cubecl::prelude::*;

use super::tile::{Four, Tile, multiply, no_sums, place, unit_place};

/// What of a product is fixed when its kernel is compiled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Gather {
    /// Size of the tile.
    pub tile: Tile,
    /// Taps along y and x.
    pub taps: [usize; 2],
    /// Steps in the picture per step of the grid of columns.
    pub stride: usize,
    /// The first tap reads this much before the position …
    pub before: [usize; 2],
    /// … and this much after it; one of the two is zero.
    pub after: [usize; 2],
    /// Steps in the output per step of the grid.
    pub spread: usize,
    /// Where in the output the grid starts.
    pub start: [usize; 2],
    /// How the weight is read.
    pub weight: WeightOrder,
    /// Whether only what is positive in the picture counts.
    pub relu: bool,
    /// Whether a bias is added.
    pub bias: bool,
    /// Whether LeakyReLU follows.
    pub activate: bool,
    /// Whether tiles fit without rest along the rows and the sum; then nothing is checked there.
    pub even: [bool; 2],
}

/// How the left side lies in the weight `[cout, cin, k, k]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum WeightOrder {
    /// Rows are `cout`: the matrix as it is.
    Forward,
    /// Rows are `cin`; tap (y, x) is number `last − y·along_y − x·along_x` of `area`.
    Turned {
        /// k².
        area: usize,
        /// Number of the weight's tap that the first tap here uses.
        last: usize,
        /// Distance per y.
        along_y: usize,
        /// Distance per x.
        along_x: usize,
    },
    /// Rows are the taps of `cout`, the sum runs over `cin` of one pixel.
    ByTap {
        /// k².
        area: usize,
    },
    /// Rows are `cin`, the sum runs over the taps of `cout` at one pixel.
    ByTapTurned {
        /// k².
        area: usize,
    },
}

/// Sizes, known when the kernel is launched.
#[derive(CubeType, CubeLaunch, Clone, Copy)]
pub(super) struct Sizes {
    /// Pictures.
    pub pictures: usize,
    /// Channels of the input.
    pub channels: usize,
    /// Height of the input.
    pub height: usize,
    /// Width of the input.
    pub width: usize,
    /// Channels of the output.
    pub rows: usize,
    /// Height of the grid of columns.
    pub grid_height: usize,
    /// Width of the grid of columns.
    pub grid_width: usize,
    /// Height of the output.
    pub out_height: usize,
    /// Width of the output.
    pub out_width: usize,
    /// Parts that the sum is cut into, each written to an output of its own.
    pub parts: usize,
    /// Steps per part.
    pub part_steps: usize,
}

/// One workgroup per tile and part of the sum, tiles of the same pixels next to each other. `I`
/// and `O` are how `x` and `out` are stored.
#[cube(launch_unchecked)]
pub(super) fn gathered_product<I: Float, O: Float>(
    x: &[I],
    weight: &[f32],
    bias: &[f32],
    out: &mut [O],
    sizes: Sizes,
    slope: f32,
    #[comptime] gather: Gather,
    #[define(I, O)] _storage: [ElemType; 2],
) {
    let tile = comptime!(gather.tile);
    let units = comptime!(tile.units());
    let row_slots = comptime!(tile.rows / 4);
    let column_slots = comptime!(tile.columns / 4);
    let depth = comptime!(tile.depth);
    let taps = comptime!(gather.taps[0] * gather.taps[1]);
    let taps_x = comptime!(gather.taps[1]);

    let grid = sizes.grid_height * sizes.grid_width;
    let columns = sizes.pictures * grid;
    let summed = sizes.channels * taps;
    let row_tiles = (sizes.rows + comptime!(tile.rows - 1)) / tile.rows;
    let column_tiles = (columns + comptime!(tile.columns - 1)) / tile.columns;
    let tiles = row_tiles * column_tiles;
    let part = CUBE_POS / tiles;
    let within = CUBE_POS % tiles;
    let first_row = (within % row_tiles) * tile.rows;
    let first_column = (within / row_tiles) * tile.columns;
    if part >= sizes.parts {
        terminate!();
    }
    let unit = UNIT_POS as usize;
    let plane = sizes.height * sizes.width;

    // The four pixels whose neighbourhood this unit gathers, for all channels: where the first
    // tap lies (below zero it wraps, and wraps back when the tap is added), and which taps are
    // inside the picture.
    let column_slot = unit % column_slots;
    let masked = comptime!(taps <= 32);
    let mut mask = Array::<u32>::new(4usize);
    let mut origin = Array::<usize>::new(4usize);
    let mut top = Array::<usize>::new(4usize);
    let mut left = Array::<usize>::new(4usize);
    #[unroll]
    for c in 0..4usize {
        let column = first_column + c * column_slots + column_slot;
        let picture = column / grid;
        let within = column % grid;
        let y = (within / sizes.grid_width) * gather.stride + comptime!(gather.after[0])
            - comptime!(gather.before[0]);
        let x = (within % sizes.grid_width) * gather.stride + comptime!(gather.after[1])
            - comptime!(gather.before[1]);
        origin[c] = picture * sizes.channels * plane + y * sizes.width + x;
        // A column beyond the last is nowhere inside.
        top[c] = select(column < columns, y, sizes.height);
        left[c] = x;
        if comptime!(masked) {
            let mut bits = 0u32.runtime();
            #[unroll]
            for tap in 0..taps {
                let inside = top[c] + comptime!(tap / taps_x) < sizes.height
                    && x + comptime!(tap % taps_x) < sizes.width;
                bits |= select(inside, comptime!(1u32 << tap), 0u32);
            }
            mask[c] = bits;
        }
    }

    let left_loads = comptime!((row_slots * depth).div_ceil(units));
    let right_loads = comptime!(column_slots * depth / units);
    let rows_per_load = comptime!(units / column_slots);
    let left_half = comptime!(row_slots * depth);
    let right_half = comptime!(column_slots * depth);
    let mut left_memory = Shared::<[Four]>::new_slice(comptime!(2 * row_slots * depth));
    let mut right_memory = Shared::<[Four]>::new_slice(comptime!(2 * column_slots * depth));
    let mut next_left = Array::<Four>::new(left_loads);
    let mut next_right = Array::<Four>::new(right_loads);
    let (row_place, column_place) = unit_place(tile);
    let mut sums = no_sums(tile);

    let first_step = part * sizes.part_steps;
    let all_steps = (summed + comptime!(depth - 1)) / depth;
    let steps = (all_steps - first_step).min(sizes.part_steps);
    for turn in 0..(steps + 1) {
        // Numbers of the step after the one that is multiplied; they arrive meanwhile.
        if turn < steps {
            #[unroll]
            for load in 0..left_loads {
                let element = unit + load * units;
                let k = (first_step + turn) * depth + element % depth;
                let slot = element / depth;
                let channel = k / taps;
                let tap = k % taps;
                let mut four = Four::new(0.0f32);
                #[unroll]
                for c in 0..4usize {
                    let row = first_row + c * row_slots + slot;
                    let at =
                        weight_index(row, k, channel, tap, summed, &sizes, gather.weight, taps_x);
                    if comptime!(gather.even[0] && gather.even[1] && row_slots >= units / depth) {
                        four.insert(c, weight[at]);
                    } else {
                        let inside = row < sizes.rows && k < summed && slot < row_slots;
                        let value = weight[select(inside, at, 0usize)];
                        four.insert(c, select(inside, value, 0.0f32));
                    }
                }
                next_left[load] = four;
            }
            #[unroll]
            for load in 0..right_loads {
                let k = (first_step + turn) * depth + unit / column_slots + load * rows_per_load;
                let channel = k / taps;
                let tap = k % taps;
                let ty = tap / taps_x;
                let tx = tap % taps_x;
                let offset = channel * plane + ty * sizes.width + tx;
                let mut four = Four::new(0.0f32);
                #[unroll]
                for c in 0..4usize {
                    let mut inside = if comptime!(masked) {
                        (mask[c] >> tap as u32) & 1 == 1
                    } else {
                        top[c] + ty < sizes.height && left[c] + tx < sizes.width
                    };
                    if comptime!(!gather.even[1]) {
                        inside = inside && k < summed;
                    }
                    let value = x[select(inside, origin[c] + offset, 0usize)];
                    let mut value = f32::cast_from(value);
                    if comptime!(gather.relu) {
                        value = value.max(0.0f32);
                    }
                    four.insert(c, select(inside, value, 0.0f32));
                }
                next_right[load] = four;
            }
        }
        if turn > 0 {
            let half = (turn + 1) % 2;
            multiply(
                &left_memory,
                &right_memory,
                &mut sums,
                half,
                row_place,
                column_place,
                tile,
                false,
            );
        }
        if turn < steps {
            let half = turn % 2;
            #[unroll]
            for load in 0..left_loads {
                let element = unit + load * units;
                if element < left_half {
                    let at = place(element / depth, element % depth, row_slots, true);
                    left_memory[half * left_half + at] = next_left[load];
                }
            }
            #[unroll]
            for load in 0..right_loads {
                let k = unit / column_slots + load * rows_per_load;
                let at = place(column_slot, k, column_slots, false);
                right_memory[half * right_half + at] = next_right[load];
            }
        }
        sync_cube();
    }

    let unit_rows = comptime!(tile.unit_rows / 4);
    let unit_columns = comptime!(tile.unit_columns / 4);
    let down = comptime!(tile.rows / tile.unit_rows);
    let across = comptime!(tile.columns / tile.unit_columns);
    let out_plane = sizes.out_height * sizes.out_width;
    let start = part * sizes.pictures * sizes.rows * out_plane;
    #[unroll]
    for j in 0..unit_columns {
        #[unroll]
        for c in 0..4usize {
            let column = first_column + c * column_slots + column_place + j * across;
            if column < columns {
                let picture = column / grid;
                let within = column % grid;
                let y = (within / sizes.grid_width) * gather.spread + comptime!(gather.start[0]);
                let x = (within % sizes.grid_width) * gather.spread + comptime!(gather.start[1]);
                let pixel = start + picture * sizes.rows * out_plane + y * sizes.out_width + x;
                #[unroll]
                for i in 0..unit_rows {
                    #[unroll]
                    for r in 0..4usize {
                        let row = first_row + r * row_slots + row_place + i * down;
                        if row < sizes.rows {
                            let mut value = sums[(i * 4 + r) * unit_columns + j].extract(c);
                            if comptime!(gather.bias) {
                                value += bias[row];
                            }
                            if comptime!(gather.activate) {
                                value = select(value > 0.0f32, value, slope * value);
                            }
                            out[pixel + row * out_plane] = O::cast_from(value);
                        }
                    }
                }
            }
        }
    }
}

/// Adds the parts of a product in their order, then bias and LeakyReLU.
#[cube(launch)]
pub(super) fn finish<F: Float>(
    partial: &[f32],
    bias: &[f32],
    out: &mut [F],
    parts: usize,
    plane: usize,
    slope: f32,
    #[comptime] with_bias: bool,
    #[comptime] activate: bool,
    #[define(F)] _storage: ElemType,
) {
    if ABSOLUTE_POS >= out.len() {
        terminate!();
    }
    let len = out.len();
    let mut value = f32::new(0.0);
    for part in 0..parts {
        value += partial[part * len + ABSOLUTE_POS];
    }
    if comptime!(with_bias) {
        value += bias[(ABSOLUTE_POS / plane) % bias.len()];
    }
    if comptime!(activate) {
        value = select(value > 0.0f32, value, slope * value);
    }
    out[ABSOLUTE_POS] = F::cast_from(value);
}

/// Where the left side's number at `row` and summed index `k` lies.
#[cube]
pub(super) fn weight_index(
    row: usize,
    k: usize,
    channel: usize,
    tap: usize,
    summed: usize,
    sizes: &Sizes,
    #[comptime] order: WeightOrder,
    #[comptime] taps_x: usize,
) -> usize {
    match comptime!(order) {
        WeightOrder::Forward => row * summed + k,
        WeightOrder::Turned {
            area,
            last,
            along_y,
            along_x,
        } => {
            let number = last - (tap / taps_x) * along_y - (tap % taps_x) * along_x;
            (channel * sizes.rows + row) * area + number
        }
        WeightOrder::ByTap { area } => ((row / area) * summed + k) * area + row % area,
        WeightOrder::ByTapTurned { area } => ((k / area) * sizes.rows + row) * area + k % area,
    }
}
