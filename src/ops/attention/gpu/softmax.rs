//! Softmax of G over channels and of Θ over positions, in place, and their gradients.
//!
//! G and Θ of a picture lie one after the other: `[b, 2c, positions]`.

// A kernel takes one argument per buffer and number.
#![allow(clippy::too_many_arguments)]

use burn::backend::TensorMetadata;
use burn_cubecl::tensor::CubeTensor;
use cubecl::prelude::*;
use cubecl::server::CubeCountSelection;

use crate::ops::launch::{elementwise, storage};
use crate::ops::reduce::sum_of_units;

/// Units that share a row of Θ.
const UNITS: usize = 256;
/// Below every number that a network computes.
const LOWEST: f32 = -1e30;

/// One unit per picture and position.
#[cube(launch)]
fn over_channels<F: Float>(
    q: &mut [F],
    images: usize,
    channels: usize,
    positions: usize,
    #[define(F)] _storage: ElemType,
) {
    if ABSOLUTE_POS >= images * positions {
        terminate!();
    }
    let image = ABSOLUTE_POS / positions;
    let start = 2 * image * channels * positions + ABSOLUTE_POS % positions;
    let mut top = f32::new(LOWEST);
    for j in 0..channels {
        top = top.max(f32::cast_from(q[start + j * positions]));
    }
    let mut sum = f32::new(0.0);
    for j in 0..channels {
        sum += (f32::cast_from(q[start + j * positions]) - top).exp();
    }
    for j in 0..channels {
        let at = start + j * positions;
        q[at] = F::cast_from((f32::cast_from(q[at]) - top).exp() / sum);
    }
}

/// One unit per picture and position: p · (d − Σ d·p).
#[cube(launch)]
fn over_channels_backward<F: Float>(
    q: &[F],
    d: &mut [F],
    images: usize,
    channels: usize,
    positions: usize,
    #[define(F)] _storage: ElemType,
) {
    if ABSOLUTE_POS >= images * positions {
        terminate!();
    }
    let image = ABSOLUTE_POS / positions;
    let start = 2 * image * channels * positions + ABSOLUTE_POS % positions;
    let mut dot = f32::new(0.0);
    for j in 0..channels {
        let at = start + j * positions;
        dot += f32::cast_from(q[at]) * f32::cast_from(d[at]);
    }
    for j in 0..channels {
        let at = start + j * positions;
        d[at] = F::cast_from(f32::cast_from(q[at]) * (f32::cast_from(d[at]) - dot));
    }
}

/// Where the row of a workgroup begins in Θ.
#[cube]
fn row_start(row: usize, channels: usize, positions: usize) -> usize {
    let image = row / channels;
    (2 * image * channels + channels + row % channels) * positions
}

/// One workgroup per picture and channel.
#[cube(launch)]
fn over_positions<F: Float>(
    q: &mut [F],
    rows: usize,
    channels: usize,
    positions: usize,
    #[define(F)] _storage: ElemType,
) {
    let row = CUBE_POS;
    if row >= rows {
        terminate!();
    }
    let start = row_start(row, channels, positions);
    let unit = UNIT_POS as usize;
    let mut top = f32::new(LOWEST);
    let mut i = unit;
    while i < positions {
        top = top.max(f32::cast_from(q[start + i]));
        i += UNITS;
    }
    let mut tops = Shared::<[f32]>::new_slice(UNITS);
    tops[unit] = top;
    sync_cube();
    let mut width = comptime!(UNITS / 2).runtime();
    while width > 0 {
        if unit < width {
            let other = tops[unit + width];
            let mine = tops[unit];
            tops[unit] = mine.max(other);
        }
        sync_cube();
        width /= 2;
    }
    let top = tops[0];
    let mut sum = f32::new(0.0);
    let mut i = unit;
    while i < positions {
        sum += (f32::cast_from(q[start + i]) - top).exp();
        i += UNITS;
    }
    let mut sums = Shared::<[f32]>::new_slice(UNITS);
    sums[unit] = sum;
    sum_of_units(&mut sums, unit, UNITS);
    let sum = sums[0];
    let mut i = unit;
    while i < positions {
        q[start + i] = F::cast_from((f32::cast_from(q[start + i]) - top).exp() / sum);
        i += UNITS;
    }
}

/// One workgroup per picture and channel: p · (d − Σ d·p).
#[cube(launch)]
fn over_positions_backward<F: Float>(
    q: &[F],
    d: &mut [F],
    rows: usize,
    channels: usize,
    positions: usize,
    #[define(F)] _storage: ElemType,
) {
    let row = CUBE_POS;
    if row >= rows {
        terminate!();
    }
    let start = row_start(row, channels, positions);
    let unit = UNIT_POS as usize;
    let mut dot = f32::new(0.0);
    let mut i = unit;
    while i < positions {
        dot += f32::cast_from(q[start + i]) * f32::cast_from(d[start + i]);
        i += UNITS;
    }
    let mut dots = Shared::<[f32]>::new_slice(UNITS);
    dots[unit] = dot;
    sum_of_units(&mut dots, unit, UNITS);
    let dot = dots[0];
    let mut i = unit;
    while i < positions {
        let at = start + i;
        d[at] = F::cast_from(f32::cast_from(q[at]) * (f32::cast_from(d[at]) - dot));
        i += UNITS;
    }
}

/// Pictures, channels of one part and positions of `[b, 2c, h, w]`.
fn sizes(q: &CubeTensor) -> [usize; 3] {
    let [b, both, h, w] = q.shape().dims();
    [b, both / 2, h * w]
}

fn workgroups(like: &CubeTensor, count: usize) -> CubeCount {
    CubeCountSelection::new(&like.client, count as u32).cube_count()
}

/// Both, over what is there. Nobody else may hold `q`.
pub(super) fn apply_softmaxes(q: &CubeTensor) {
    let [b, c, positions] = sizes(q);
    let (count, dim) = elementwise(q, b * positions);
    over_channels::launch(
        &q.client,
        count,
        dim,
        q.clone().into_buffer_arg(),
        b,
        c,
        positions,
        storage(q),
    );
    over_positions::launch(
        &q.client,
        workgroups(q, b * c),
        CubeDim::new_1d(UNITS as u32),
        q.clone().into_buffer_arg(),
        b * c,
        c,
        positions,
        storage(q),
    );
}

/// Turns the gradients `d` behind both into those before them, in place. Nobody else may hold `d`.
pub(super) fn softmaxes_backward(q: &CubeTensor, d: &CubeTensor) {
    let [b, c, positions] = sizes(q);
    let (count, dim) = elementwise(q, b * positions);
    over_channels_backward::launch(
        &q.client,
        count,
        dim,
        q.clone().into_buffer_arg(),
        d.clone().into_buffer_arg(),
        b,
        c,
        positions,
        storage(q),
    );
    over_positions_backward::launch(
        &q.client,
        workgroups(q, b * c),
        CubeDim::new_1d(UNITS as u32),
        q.clone().into_buffer_arg(),
        d.clone().into_buffer_arg(),
        b * c,
        c,
        positions,
        storage(q),
    );
}
