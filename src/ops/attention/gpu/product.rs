//! One small matrix product per picture, with tiles in workgroup memory as the convolutions have
//! them.

// Kernel code knows `%`, not `is_multiple_of`, and a kernel takes one argument per buffer.
#![allow(clippy::manual_is_multiple_of, clippy::too_many_arguments)]

use burn_cubecl::tensor::CubeTensor;
use cubecl::prelude::*;
use cubecl::server::CubeCountSelection;

use crate::ops::conv::tile::{
    DEEP, Four, HALF, NARROW, SQUARE, Tile, multiply, no_sums, place, unit_place,
};
use crate::ops::launch::storage;

/// How one side of a product lies in memory.
#[derive(CubeType, CubeLaunch, Clone, Copy)]
struct Side {
    /// Where the first picture's begins.
    start: usize,
    /// From picture to picture.
    image: usize,
    /// From row to row of the left side, from column to column of the right one.
    line: usize,
    /// From one summed number to the next.
    step: usize,
}

/// Sizes, known when the kernel is launched.
#[derive(CubeType, CubeLaunch, Clone, Copy)]
struct Sizes {
    images: usize,
    rows: usize,
    columns: usize,
    summed: usize,
    /// Where the first picture's product begins in the output, and from picture to picture.
    out_start: usize,
    out_image: usize,
}

/// What is fixed when the kernel is compiled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Form {
    tile: Tile,
    /// Whether neighbours in memory follow each other in the sum, on either side.
    along_sum: [bool; 2],
    /// Whether the map `addend` is added and LeakyReLU follows …
    finish: bool,
    /// … with a number of `bias` per row before it.
    bias: bool,
}

/// One workgroup per picture and tile.
#[cube(launch_unchecked)]
fn product_kernel<L: Float, R: Float, O: Float>(
    left: &[L],
    right: &[R],
    addend: &[O],
    bias: &[f32],
    out: &mut [O],
    left_side: Side,
    right_side: Side,
    sizes: Sizes,
    slope: f32,
    #[comptime] form: Form,
    #[define(L, R, O)] _storage: [ElemType; 3],
) {
    let tile = comptime!(form.tile);
    let units = comptime!(tile.units());
    let row_slots = comptime!(tile.rows / 4);
    let column_slots = comptime!(tile.columns / 4);
    let depth = comptime!(tile.depth);
    let row_tiles = (sizes.rows + comptime!(tile.rows - 1)) / tile.rows;
    let column_tiles = (sizes.columns + comptime!(tile.columns - 1)) / tile.columns;
    let tiles = row_tiles * column_tiles;
    let image = CUBE_POS / tiles;
    if image >= sizes.images {
        terminate!();
    }
    let within = CUBE_POS % tiles;
    let first_row = (within % row_tiles) * tile.rows;
    let first_column = (within / row_tiles) * tile.columns;
    let left_start = left_side.start + image * left_side.image;
    let right_start = right_side.start + image * right_side.image;
    let unit = UNIT_POS as usize;

    let left_half = comptime!(row_slots * depth);
    let right_half = comptime!(column_slots * depth);
    let left_loads = comptime!(left_half.div_ceil(units));
    let right_loads = comptime!(right_half.div_ceil(units));
    let mut left_memory = Shared::<[Four]>::new_slice(comptime!(2 * row_slots * depth));
    let mut right_memory = Shared::<[Four]>::new_slice(comptime!(2 * column_slots * depth));
    let mut next_left = Array::<Four>::new(left_loads);
    let mut next_right = Array::<Four>::new(right_loads);
    let (row_place, column_place) = unit_place(tile);
    let mut sums = no_sums(tile);

    let steps = (sizes.summed + comptime!(depth - 1)) / depth;
    for turn in 0..(steps + 1) {
        // Numbers of the step after the one that is multiplied; they arrive meanwhile.
        if turn < steps {
            #[unroll]
            for load in 0..left_loads {
                let element = unit + load * units;
                let slot = slot_of(element, row_slots, depth, form.along_sum[0]);
                let k = turn * depth + depth_of(element, row_slots, depth, form.along_sum[0]);
                let mut four = Four::new(0.0f32);
                #[unroll]
                for c in 0..4usize {
                    let row = first_row + c * row_slots + slot;
                    let inside = row < sizes.rows && k < sizes.summed && element < left_half;
                    let at = left_start + row * left_side.line + k * left_side.step;
                    let value = f32::cast_from(left[select(inside, at, 0usize)]);
                    four.insert(c, select(inside, value, 0.0f32));
                }
                next_left[load] = four;
            }
            #[unroll]
            for load in 0..right_loads {
                let element = unit + load * units;
                let slot = slot_of(element, column_slots, depth, form.along_sum[1]);
                let k = turn * depth + depth_of(element, column_slots, depth, form.along_sum[1]);
                let mut four = Four::new(0.0f32);
                #[unroll]
                for c in 0..4usize {
                    let column = first_column + c * column_slots + slot;
                    let inside = column < sizes.columns && k < sizes.summed && element < right_half;
                    let at = right_start + column * right_side.line + k * right_side.step;
                    let value = f32::cast_from(right[select(inside, at, 0usize)]);
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
                form.along_sum[1],
            );
        }
        if turn < steps {
            let half = turn % 2;
            #[unroll]
            for load in 0..left_loads {
                let element = unit + load * units;
                if element < left_half {
                    let slot = slot_of(element, row_slots, depth, form.along_sum[0]);
                    let k = depth_of(element, row_slots, depth, form.along_sum[0]);
                    let at = place(slot, k, row_slots, true);
                    left_memory[half * left_half + at] = next_left[load];
                }
            }
            #[unroll]
            for load in 0..right_loads {
                let element = unit + load * units;
                if element < right_half {
                    let slot = slot_of(element, column_slots, depth, form.along_sum[1]);
                    let k = depth_of(element, column_slots, depth, form.along_sum[1]);
                    let at = place(slot, k, column_slots, form.along_sum[1]);
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
    let start = sizes.out_start + image * sizes.out_image;
    #[unroll]
    for i in 0..unit_rows {
        #[unroll]
        for r in 0..4usize {
            let row = first_row + r * row_slots + row_place + i * down;
            if row < sizes.rows {
                #[unroll]
                for j in 0..unit_columns {
                    #[unroll]
                    for c in 0..4usize {
                        let column = first_column + c * column_slots + column_place + j * across;
                        if column < sizes.columns {
                            let at = start + row * sizes.columns + column;
                            let mut value = sums[(i * 4 + r) * unit_columns + j].extract(c);
                            if comptime!(form.finish) {
                                value += f32::cast_from(addend[at]);
                                if comptime!(form.bias) {
                                    value += bias[row];
                                }
                                value = select(value > 0.0f32, value, slope * value);
                            }
                            out[at] = O::cast_from(value);
                        }
                    }
                }
            }
        }
    }
}

/// The slot that an element of a step belongs to.
#[cube]
fn slot_of(
    element: usize,
    #[comptime] slots: usize,
    #[comptime] depth: usize,
    #[comptime] along_sum: bool,
) -> usize {
    if comptime!(along_sum) {
        element / depth
    } else {
        element % slots
    }
}

/// Its depth in the step.
#[cube]
fn depth_of(
    element: usize,
    #[comptime] slots: usize,
    #[comptime] depth: usize,
    #[comptime] along_sum: bool,
) -> usize {
    if comptime!(along_sum) {
        element % depth
    } else {
        element / slots
    }
}

/// One side of a product.
#[derive(Clone)]
pub(super) struct Operand {
    tensor: CubeTensor,
    start: usize,
    image: usize,
    line: usize,
    step: usize,
}

impl Operand {
    /// Part number `part` of `channels` rows of `[b, rows, positions]`, summed over positions.
    pub fn over_positions(map: &CubeTensor, part: usize, sizes: [usize; 3]) -> Self {
        let [rows, channels, positions] = sizes;
        Self {
            tensor: map.clone(),
            start: part * channels * positions,
            image: rows * positions,
            line: positions,
            step: 1,
        }
    }

    /// `[b, c, c]`, summed over its last axis.
    pub fn square(matrices: &CubeTensor, c: usize) -> Self {
        Self {
            tensor: matrices.clone(),
            start: 0,
            image: c * c,
            line: c,
            step: 1,
        }
    }

    /// A matrix `[c, c]` that all pictures share, summed over its last axis.
    pub fn shared(matrix: &CubeTensor, c: usize) -> Self {
        Self {
            image: 0,
            ..Self::square(matrix, c)
        }
    }

    /// Rows and columns exchanged.
    pub fn turned(self) -> Self {
        Self {
            line: self.step,
            step: self.line,
            ..self
        }
    }

    fn launch(&self) -> SideLaunch {
        SideLaunch::new(self.start, self.image, self.line, self.step)
    }
}

/// A product `[b, rows, columns]` of sums of `summed` products each.
#[derive(Clone, Copy)]
pub(super) struct Shape {
    pub images: usize,
    pub rows: usize,
    pub columns: usize,
    pub summed: usize,
}

/// What follows a product.
pub(super) struct Finish {
    /// A map of the shape of the output that is added.
    pub addend: CubeTensor,
    /// A number per row that is added.
    pub bias: Option<CubeTensor>,
    /// Of the LeakyReLU behind; 1 for none.
    pub slope: f32,
}

/// Writes left · right as part number `part` of `parts` of every picture of `out`.
pub(super) fn product(
    left: Operand,
    right: Operand,
    shape: Shape,
    (out, part, parts): (&CubeTensor, usize, usize),
    finish: Option<Finish>,
) {
    let Shape {
        images,
        rows,
        columns,
        summed,
    } = shape;
    if images * rows * columns == 0 {
        return;
    }
    let along_sum = [left.step == 1, right.step == 1];
    let tile = match rows {
        0..=16 => NARROW,
        17..=32 => HALF,
        _ if along_sum == [true; 2] => DEEP,
        _ => SQUARE,
    };
    let tiles = rows.div_ceil(tile.rows) * columns.div_ceil(tile.columns);
    let types = [storage(&left.tensor), storage(&right.tensor), storage(out)];
    let form = Form {
        tile,
        along_sum,
        finish: finish.is_some(),
        bias: finish.as_ref().is_some_and(|f| f.bias.is_some()),
    };
    let (left_side, right_side) = (left.launch(), right.launch());
    // Nothing reads what stands in for an addend or a bias.
    let nothing = || left.tensor.clone();
    let (addend, bias, slope) = match finish {
        Some(f) => (f.addend, f.bias.unwrap_or_else(nothing), f.slope),
        None => (nothing(), nothing(), 1.0),
    };
    // SAFETY: the kernel reads and writes only positions that it found to be inside the tensors,
    // whose sizes are those of the shapes above.
    unsafe {
        product_kernel::launch_unchecked(
            &out.client,
            CubeCountSelection::new(&out.client, (tiles * images) as u32).cube_count(),
            CubeDim::new_1d(tile.units() as u32),
            left.tensor.into_buffer_arg(),
            right.tensor.into_buffer_arg(),
            addend.into_buffer_arg(),
            bias.into_buffer_arg(),
            out.clone().into_buffer_arg(),
            left_side,
            right_side,
            SizesLaunch::new(
                images,
                rows,
                columns,
                summed,
                part * rows * columns,
                parts * rows * columns,
            ),
            slope,
            form,
            types,
        );
    }
}
