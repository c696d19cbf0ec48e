//! The inner part of every kernel here: tiles of a matrix product in workgroup memory.
//!
//! A workgroup computes `rows` × `columns` of the product. Per step it brings `depth` columns of
//! the left and `depth` rows of the right matrix into workgroup memory, while it multiplies the
//! ones before: each half of that memory is written while the other is read, so one barrier per
//! step is enough. Within it a unit holds `unit_rows` × `unit_columns` sums in registers.
//!
//! All workgroup memory is read and written four numbers at a time. The four belong to rows (or
//! columns) a quarter of the tile apart, not to neighbours: neighbouring units then touch
//! neighbouring numbers both in global and in workgroup memory.

// A kernel takes one argument per buffer and number.
#![allow(clippy::too_many_arguments)]

use cubecl::prelude::*;

/// Four numbers, the width of one access to workgroup memory.
pub(in crate::ops) type Four = Vector<f32, Const<4>>;

/// The shape of a tile, fixed when the kernel is compiled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in crate::ops) struct Tile {
    /// Rows of the product per workgroup.
    pub rows: usize,
    /// Columns of the product per workgroup.
    pub columns: usize,
    /// Products summed per step.
    pub depth: usize,
    /// Rows per unit, a multiple of four.
    pub unit_rows: usize,
    /// Columns per unit, a multiple of four.
    pub unit_columns: usize,
}

impl Tile {
    const fn new(rows: usize, columns: usize, depth: usize, unit: [usize; 2]) -> Self {
        Self {
            rows,
            columns,
            depth,
            unit_rows: unit[0],
            unit_columns: unit[1],
        }
    }

    /// Units per workgroup.
    pub const fn units(self) -> usize {
        self.rows / self.unit_rows * (self.columns / self.unit_columns)
    }
}

/// For up to 16 rows.
pub(in crate::ops) const NARROW: Tile = Tile::new(16, 128, 8, [8, 4]);
/// For up to 32 rows.
pub(in crate::ops) const HALF: Tile = Tile::new(32, 128, 8, [8, 4]);
/// For more rows where the product is small: more workgroups.
pub(in crate::ops) const SQUARE: Tile = Tile::new(64, 64, 8, [8, 4]);
/// For more rows: fewer reads per product.
pub(in crate::ops) const WIDE: Tile = Tile::new(64, 128, 8, [8, 8]);
/// For weights, where both sides lie along the summed index: longer runs of neighbours.
pub(in crate::ops) const DEEP: Tile = Tile::new(64, 64, 16, [8, 4]);

/// Where the four numbers of `slot` at depth `k` lie in one half of a side's memory.
///
/// `swizzle` is for sides whose units write down the depth: without it those writes would all go
/// to the same banks.
#[cube]
pub(in crate::ops) fn place(
    slot: usize,
    k: usize,
    #[comptime] slots: usize,
    #[comptime] swizzle: bool,
) -> usize {
    if comptime!(swizzle && slots >= 8) {
        k * slots + (slot ^ (k % 8))
    } else {
        k * slots + slot
    }
}

/// This unit's place in the tile: its first slot of rows and of columns.
#[cube]
pub(in crate::ops) fn unit_place(#[comptime] tile: Tile) -> (usize, usize) {
    let across = comptime!(tile.columns / tile.unit_columns);
    let unit = UNIT_POS as usize;
    (unit / across, unit % across)
}

/// Sums of nothing.
#[cube]
pub(in crate::ops) fn no_sums(#[comptime] tile: Tile) -> Array<Four> {
    let count = comptime!(tile.unit_rows * tile.unit_columns / 4);
    let mut sums = Array::<Four>::new(count);
    #[unroll]
    for i in 0..count {
        sums[i] = Four::new(0.0f32);
    }
    sums
}

/// Adds the products of one step.
#[cube]
pub(in crate::ops) fn multiply(
    left: &Shared<[Four]>,
    right: &Shared<[Four]>,
    sums: &mut Array<Four>,
    half: usize,
    row_slot: usize,
    column_slot: usize,
    #[comptime] tile: Tile,
    #[comptime] swizzle_right: bool,
) {
    let row_slots = comptime!(tile.rows / 4);
    let column_slots = comptime!(tile.columns / 4);
    let down = comptime!(tile.rows / tile.unit_rows);
    let across = comptime!(tile.columns / tile.unit_columns);
    let rows = comptime!(tile.unit_rows / 4);
    let columns = comptime!(tile.unit_columns / 4);
    let at_left = half * comptime!(tile.depth * row_slots);
    let at_right = half * comptime!(tile.depth * column_slots);
    for k in 0..tile.depth {
        let mut b = Array::<Four>::new(columns);
        #[unroll]
        for j in 0..columns {
            b[j] =
                right[at_right + place(column_slot + j * across, k, column_slots, swizzle_right)];
        }
        #[unroll]
        for i in 0..rows {
            let a = left[at_left + place(row_slot + i * down, k, row_slots, true)];
            #[unroll]
            for c in 0..4usize {
                let value = Four::new(a.extract(c));
                #[unroll]
                for j in 0..columns {
                    sums[(i * 4 + c) * columns + j] += value * b[j];
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiles_keep_within_what_every_gpu_has() {
        for tile in [NARROW, HALF, SQUARE, WIDE, DEEP] {
            let bytes = 2 * tile.depth * (tile.rows + tile.columns) * 4;
            assert!(bytes <= 16384, "{tile:?} takes {bytes} bytes");
            assert!(tile.units() <= 256, "{tile:?} has {} units", tile.units());
            assert_eq!(tile.unit_rows % 4 + tile.unit_columns % 4, 0);
            // Every unit brings whole rows of the right side, always for the same columns …
            assert_eq!(tile.units() % (tile.columns / 4).min(tile.units()), 0);
            assert!(tile.units() >= tile.columns / 4);
            // … and whole columns of the left one.
            assert_eq!(tile.units() % tile.depth, 0);
        }
    }
}
