//! The gradients at the weight and at the bias: sums over all pixels of all pictures.
//!
//! The weight's is a matrix product of few rows and columns and a very long sum. The sum is cut
//! into parts that workgroups compute side by side; a second kernel adds the parts in their order.
//! How many parts there are depends on shapes alone and nothing is added atomically, so the result
//! is the same on every run.
//!
//! The maps may be stored in 16 bits; the sums and gradients are f32.

// Kernel code knows `%`, not `is_multiple_of`, and a kernel takes one argument per buffer.
#![allow(clippy::manual_is_multiple_of, clippy::too_many_arguments)]

use burn::backend::TensorMetadata;
use burn_cubecl::tensor::CubeTensor;
use cubecl::prelude::*;

use super::tile::{DEEP, Four, HALF, NARROW, Tile, multiply, no_sums, place, unit_place};
use super::workgroups;
use crate::ops::launch::{dense_map, elementwise, empty, storage};

/// As many workgroups keep a large GPU busy.
const WORKGROUPS: usize = 512;
/// A part is at least this many steps, so that storing it does not cost more than computing it.
const SHORTEST_PART_STEPS: usize = 16;
/// Units per workgroup of the sum for the bias.
const BIAS_UNITS: usize = 256;

/// Sizes, known when the kernel is launched.
#[derive(CubeType, CubeLaunch, Clone, Copy)]
struct Sizes {
    pictures: usize,
    /// Channels, height and width of the input.
    cin: usize,
    height: usize,
    width: usize,
    /// Channels, height and width of the output.
    cout: usize,
    out_height: usize,
    out_width: usize,
    /// Pixels per part of the sum.
    part: usize,
}

/// What is fixed when the kernel is compiled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Form {
    pub tile: Tile,
    pub kernel: usize,
    pub stride: usize,
    pub padding: usize,
    /// Whether only what is positive in the picture counts.
    pub relu: bool,
}

/// Rows are output channels, columns input channels and taps; one workgroup per tile and part.
#[cube(launch_unchecked)]
fn partial_product<F: Float>(
    x: &[F],
    grad: &[F],
    out: &mut [f32],
    sizes: Sizes,
    #[comptime] form: Form,
    #[define(F)] _storage: ElemType,
) {
    let tile = comptime!(form.tile);
    let units = comptime!(tile.units());
    let row_slots = comptime!(tile.rows / 4);
    let column_slots = comptime!(tile.columns / 4);
    let depth = comptime!(tile.depth);
    let kernel = comptime!(form.kernel);
    let taps = comptime!(kernel * kernel);

    let columns = sizes.cin * taps;
    let plane = sizes.height * sizes.width;
    let out_plane = sizes.out_height * sizes.out_width;
    let pixels = sizes.pictures * out_plane;
    let row_tiles = (sizes.cout + comptime!(tile.rows - 1)) / tile.rows;
    let column_tiles = (columns + comptime!(tile.columns - 1)) / tile.columns;
    let tiles = row_tiles * column_tiles;
    let part = CUBE_POS / tiles;
    let within = CUBE_POS % tiles;
    let first_row = (within % row_tiles) * tile.rows;
    let first_column = (within / row_tiles) * tile.columns;
    let first_pixel = part * sizes.part;
    if first_pixel >= pixels {
        terminate!();
    }
    let last_pixel = (first_pixel + sizes.part).min(pixels);
    let unit = UNIT_POS as usize;

    // The columns that this unit gathers, for every pixel.
    let left_loads = comptime!((row_slots * depth).div_ceil(units));
    let right_loads = comptime!((column_slots * depth).div_ceil(units));
    let left_half = comptime!(row_slots * depth);
    let right_half = comptime!(column_slots * depth);
    let mine = unit % depth;
    let first_slot = unit / depth;
    let slots_per_load = comptime!(units / depth);
    let mut offset = Array::<usize>::new(comptime!(4 * right_loads));
    let mut tap_y = Array::<usize>::new(comptime!(4 * right_loads));
    let mut tap_x = Array::<usize>::new(comptime!(4 * right_loads));
    #[unroll]
    for load in 0..right_loads {
        #[unroll]
        for c in 0..4usize {
            let column = first_column + c * column_slots + first_slot + load * slots_per_load;
            let tap = column % taps;
            let ty = tap / kernel;
            let tx = tap % kernel;
            offset[load * 4 + c] = (column / taps) * plane + ty * sizes.width + tx;
            // A column beyond the last is nowhere inside: no picture is as high as that.
            tap_y[load * 4 + c] = select(column < columns, ty, 0x4000_0000usize);
            tap_x[load * 4 + c] = tx;
        }
    }

    // The pixel of this unit in the next step.
    let mut pixel = first_pixel + mine;
    let mut picture = pixel / out_plane;
    let mut position = pixel % out_plane;

    let mut left_memory = Shared::<[Four]>::new_slice(comptime!(2 * row_slots * depth));
    let mut right_memory = Shared::<[Four]>::new_slice(comptime!(2 * column_slots * depth));
    let mut next_left = Array::<Four>::new(left_loads);
    let mut next_right = Array::<Four>::new(right_loads);
    let (row_place, column_place) = unit_place(tile);
    let mut sums = no_sums(tile);

    let steps = (last_pixel - first_pixel + comptime!(depth - 1)) / depth;
    for turn in 0..(steps + 1) {
        if turn < steps {
            let there = pixel < last_pixel;
            let from = picture * sizes.cout * out_plane + position;
            #[unroll]
            for load in 0..left_loads {
                let slot = first_slot + load * slots_per_load;
                let mut four = Four::new(0.0f32);
                #[unroll]
                for c in 0..4usize {
                    let row = first_row + c * row_slots + slot;
                    let inside = there && row < sizes.cout && slot < row_slots;
                    let value = grad[select(inside, from + row * out_plane, 0usize)];
                    four.insert(c, select(inside, f32::cast_from(value), 0.0f32));
                }
                next_left[load] = four;
            }
            // Where the first tap lies; below zero it wraps, and wraps back with the tap.
            let top = (position / sizes.out_width) * form.stride - comptime!(form.padding);
            let left = (position % sizes.out_width) * form.stride - comptime!(form.padding);
            let origin = picture * sizes.cin * plane + top * sizes.width + left;
            #[unroll]
            for load in 0..right_loads {
                let mut four = Four::new(0.0f32);
                #[unroll]
                for c in 0..4usize {
                    let inside = there
                        && top + tap_y[load * 4 + c] < sizes.height
                        && left + tap_x[load * 4 + c] < sizes.width;
                    let value = x[select(inside, origin + offset[load * 4 + c], 0usize)];
                    let mut value = f32::cast_from(value);
                    if comptime!(form.relu) {
                        value = value.max(0.0f32);
                    }
                    four.insert(c, select(inside, value, 0.0f32));
                }
                next_right[load] = four;
            }
            pixel += depth;
            position += depth;
            while position >= out_plane {
                position -= out_plane;
                picture += 1;
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
                true,
            );
        }
        if turn < steps {
            let half = turn % 2;
            #[unroll]
            for load in 0..left_loads {
                let slot = first_slot + load * slots_per_load;
                if slot < row_slots {
                    let at = place(slot, mine, row_slots, true);
                    left_memory[half * left_half + at] = next_left[load];
                }
            }
            #[unroll]
            for load in 0..right_loads {
                let slot = first_slot + load * slots_per_load;
                if slot < column_slots {
                    let at = place(slot, mine, column_slots, true);
                    right_memory[half * right_half + at] = next_right[load];
                }
            }
        }
        sync_cube();
    }

    let unit_rows = comptime!(tile.unit_rows / 4);
    let unit_columns = comptime!(tile.unit_columns / 4);
    let down = comptime!(tile.rows / tile.unit_rows);
    let across = comptime!(tile.columns / tile.unit_columns);
    #[unroll]
    for i in 0..unit_rows {
        #[unroll]
        for r in 0..4usize {
            let row = first_row + r * row_slots + row_place + i * down;
            if row < sizes.cout {
                let line = (part * sizes.cout + row) * columns;
                #[unroll]
                for j in 0..unit_columns {
                    #[unroll]
                    for c in 0..4usize {
                        let column = first_column + c * column_slots + column_place + j * across;
                        if column < columns {
                            out[line + column] = sums[(i * 4 + r) * unit_columns + j].extract(c);
                        }
                    }
                }
            }
        }
    }
}

/// Adds `parts` arrays that lie one after the other.
#[cube(launch)]
fn add_parts(partial: &[f32], out: &mut [f32], parts: usize) {
    if ABSOLUTE_POS >= out.len() {
        terminate!();
    }
    let len = out.len();
    let mut sum = f32::new(0.0);
    for part in 0..parts {
        sum += partial[part * len + ABSOLUTE_POS];
    }
    out[ABSOLUTE_POS] = sum;
}

/// Adds `parts` arrays `[cout · taps, cin]` into `[cout, cin, taps]`.
#[cube(launch)]
pub(super) fn add_parts_by_tap(
    partial: &[f32],
    out: &mut [f32],
    parts: usize,
    cin: usize,
    taps: usize,
) {
    if ABSOLUTE_POS >= out.len() {
        terminate!();
    }
    let len = out.len();
    let tap = ABSOLUTE_POS % taps;
    let channel = (ABSOLUTE_POS / taps) % cin;
    let row = ABSOLUTE_POS / (taps * cin);
    let at = (row * taps + tap) * cin + channel;
    let mut sum = f32::new(0.0);
    for part in 0..parts {
        sum += partial[part * len + at];
    }
    out[ABSOLUTE_POS] = sum;
}

/// One workgroup per channel and part of the pictures: `grad` `[b, channels, plane]` → `out`
/// `[parts, channels]`.
#[cube(launch)]
fn channel_sums<F: Float>(
    grad: &[F],
    out: &mut [f32],
    pictures: usize,
    channels: usize,
    plane: usize,
    parts: usize,
    #[comptime] units: usize,
    #[define(F)] _storage: ElemType,
) {
    let channel = CUBE_POS % channels;
    let part = CUBE_POS / channels;
    if part >= parts {
        terminate!();
    }
    let first = pictures * part / parts;
    let count = (pictures * (part + 1) / parts - first) * plane;
    let unit = UNIT_POS as usize;
    let mut sums = Shared::<[f32]>::new_slice(units);
    let mut sum = f32::new(0.0);
    let mut i = unit;
    while i < count {
        let picture = first + i / plane;
        sum += f32::cast_from(grad[(picture * channels + channel) * plane + i % plane]);
        i += units;
    }
    sums[unit] = sum;
    sync_cube();
    let mut half = comptime!(units / 2).runtime();
    while half > 0 {
        if unit < half {
            let other = sums[unit + half];
            sums[unit] += other;
        }
        sync_cube();
        half /= 2;
    }
    if unit == 0 {
        out[part * channels + channel] = sums[0];
    }
}

/// Parts of a sum of `steps` steps that is computed once per `tiles` workgroups.
fn parts(tiles: usize, steps: usize) -> usize {
    (WORKGROUPS / tiles).min(steps / SHORTEST_PART_STEPS).max(1)
}

/// `[parts, …]` → the sum over parts, in their order.
fn sum_of_parts(partial: CubeTensor, out: &CubeTensor, parts: usize) {
    let (count, dim) = elementwise(out, out.meta.num_elements());
    add_parts::launch(
        &out.client,
        count,
        dim,
        partial.into_buffer_arg(),
        out.clone().into_buffer_arg(),
        parts,
    );
}

/// `[cout, cin, k, k]`.
pub(super) fn weight_backward(
    x: CubeTensor,
    grad: CubeTensor,
    kernel: usize,
    stride: usize,
    padding: usize,
) -> CubeTensor {
    let (x, grad) = (dense_map(x), dense_map(grad));
    assert_eq!(
        x.dtype, grad.dtype,
        "a map and its gradient are stored alike"
    );
    let ([_, cin, ..], [_, cout, ..]) = (x.shape().dims::<4>(), grad.shape().dims::<4>());
    let out = empty(&x, [cout, cin, kernel, kernel]);
    let form = Form {
        tile: tile(cout),
        kernel,
        stride,
        padding,
        relu: false,
    };
    let (partial, parts) = partials(x, grad, form);
    sum_of_parts(partial, &out, parts);
    out
}

/// The tile for so many rows.
pub(super) fn tile(rows: usize) -> Tile {
    match rows {
        0..=16 => NARROW,
        17..=32 => HALF,
        _ => DEEP,
    }
}

/// The parts of the sum, `[parts, cout, cin·k²]`, and how many there are.
pub(super) fn partials(x: CubeTensor, grad: CubeTensor, form: Form) -> (CubeTensor, usize) {
    let (tile, kernel) = (form.tile, form.kernel);
    let ([b, cin, h, w], [_, cout, oh, ow]) = (x.shape().dims(), grad.shape().dims());
    let columns = cin * kernel * kernel;
    let tiles = cout.div_ceil(tile.rows) * columns.div_ceil(tile.columns);
    let pixels = b * oh * ow;
    let steps = pixels.div_ceil(tile.depth).max(1);
    let part = steps.div_ceil(parts(tiles, steps)) * tile.depth;
    let parts = pixels.div_ceil(part);
    let partial = empty(&x, [parts, cout, columns]);
    let stored = storage(&x);
    // SAFETY: the kernel reads and writes only positions that it found to be inside the tensors,
    // whose sizes are those of the shapes above.
    unsafe {
        partial_product::launch_unchecked(
            &partial.client,
            workgroups(&partial, tiles * parts),
            CubeDim::new_1d(tile.units() as u32),
            x.into_buffer_arg(),
            grad.into_buffer_arg(),
            partial.clone().into_buffer_arg(),
            SizesLaunch::new(b, cin, h, w, cout, oh, ow, part),
            form,
            stored,
        );
    }
    (partial, parts)
}

/// `[b, cout, oh, ow]` → `[cout]`, without moving the tensor around first.
pub(in crate::ops) fn bias_backward(grad: CubeTensor) -> CubeTensor {
    let grad = dense_map(grad);
    let [b, cout, oh, ow] = grad.shape().dims();
    let parts = (WORKGROUPS / cout.max(1)).min(b).max(1);
    let out = empty(&grad, [cout]);
    let partial = empty(&grad, [parts, cout]);
    let stored = storage(&grad);
    channel_sums::launch(
        &out.client,
        workgroups(&out, parts * cout),
        CubeDim::new_1d(BIAS_UNITS as u32),
        grad.into_buffer_arg(),
        partial.clone().into_buffer_arg(),
        b,
        cout,
        oh * ow,
        parts,
        BIAS_UNITS,
        stored,
    );
    sum_of_parts(partial, &out, parts);
    out
}
