//! The kernel: workgroups add up shares side by side, one adds up the shares. Which number belongs
//! to which share depends on the length alone, so a sum is the same on every run.

use burn::backend::tensor::FloatTensor;
use burn_cubecl::CubeBackend;
use burn_cubecl::tensor::CubeTensor;
use cubecl::prelude::*;
use cubecl::server::CubeCountSelection;

use super::TotalOps;
use crate::ops::launch::{dense, empty};
use crate::ops::reduce::sum_of_units;

/// Units of a workgroup.
const UNITS: usize = 256;
/// As many workgroups keep a GPU busy.
const WORKGROUPS: usize = 512;
/// A unit adds at least this many numbers, so that adding up the shares costs little.
const SHORTEST_RUN: usize = 16;

/// One workgroup per share → `[shares]`.
#[cube(launch)]
fn shares_kernel(x: &[f32], out: &mut [f32], #[comptime] square: bool) {
    let share = CUBE_POS;
    let shares = out.len();
    if share >= shares {
        terminate!();
    }
    let unit = UNIT_POS as usize;
    let len = x.len();
    let mut sum = f32::new(0.0);
    let mut i = share * UNITS + unit;
    while i < len {
        let value = x[i];
        if comptime!(square) {
            sum += value * value;
        } else {
            sum += value;
        }
        i += shares * UNITS;
    }
    let mut sums = Shared::<[f32]>::new_slice(UNITS);
    sums[unit] = sum;
    sum_of_units(&mut sums, unit, UNITS);
    if unit == 0 {
        out[share] = sums[0];
    }
}

fn shares(x: CubeTensor, shares: usize, square: bool) -> CubeTensor {
    let out = empty(&x, [shares]);
    shares_kernel::launch(
        &out.client,
        CubeCountSelection::new(&out.client, shares as u32).cube_count(),
        CubeDim::new_1d(UNITS as u32),
        x.into_buffer_arg(),
        out.clone().into_buffer_arg(),
        square,
    );
    out
}

fn sum(x: CubeTensor, square: bool) -> CubeTensor {
    let x = dense(x);
    let count = (x.meta.num_elements() / (UNITS * SHORTEST_RUN)).clamp(1, WORKGROUPS);
    let partial = shares(x, count, square);
    if count == 1 {
        partial
    } else {
        shares(partial, 1, false)
    }
}

impl TotalOps for CubeBackend {
    fn total(x: FloatTensor<Self>) -> FloatTensor<Self> {
        sum(x, false)
    }

    fn total_of_squares(x: FloatTensor<Self>) -> FloatTensor<Self> {
        sum(x, true)
    }
}
