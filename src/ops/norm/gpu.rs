//! The kernels: one reduction and one pass over the map each way.
//!
//! A channel's numbers in a batch are shared out over workgroups by picture, and a second kernel puts
//! the parts together in their order where there is more than one. Mean and variance are found in one
//! pass by Welford's running update and Chan's rule for putting two parts together, so that a mean
//! far from zero costs no digits.
//!
//! Maps may be stored in f16; everything that is computed is f32.

// Kernel code knows `%`, not `is_multiple_of`, and a kernel takes one argument per buffer.
#![allow(clippy::manual_is_multiple_of, clippy::too_many_arguments)]

use burn::backend::TensorMetadata;
use burn::backend::tensor::FloatTensor;
use burn_cubecl::CubeBackend;
use burn_cubecl::tensor::CubeTensor;
use cubecl::prelude::*;
use cubecl::server::CubeCountSelection;

use super::NormOps;
use crate::ops::launch::{dense, dense_map, elementwise, empty, empty_map, storage};
use crate::ops::reduce::sum_of_units;

/// Units of a workgroup that shares a sum.
const UNITS: usize = 256;
/// As many workgroups keep a GPU busy.
const WORKGROUPS: usize = 512;
/// A unit adds at least this many numbers, so that putting parts together costs little.
const SHORTEST_RUN: usize = 16;

/// How a map lies in memory and is shared out.
#[derive(CubeType, CubeLaunch, Clone, Copy)]
struct Layout {
    /// Batches, one after the other.
    batches: usize,
    /// Pictures of a batch.
    pictures: usize,
    channels: usize,
    /// Numbers per picture and channel.
    plane: usize,
    /// Parts that the pictures of a batch are cut into.
    parts: usize,
}

#[derive(Clone, Copy)]
struct Sizes {
    batches: usize,
    pictures: usize,
    channels: usize,
    plane: usize,
    parts: usize,
}

impl Sizes {
    fn of(x: &CubeTensor, batches: usize) -> Self {
        let shape = x.shape();
        let (pictures, channels) = (shape[0] / batches.max(1), shape[1]);
        let plane = shape.num_elements() / (shape[0] * channels).max(1);
        let runs = pictures * plane / (UNITS * SHORTEST_RUN);
        Self {
            batches,
            pictures,
            channels,
            plane,
            parts: (WORKGROUPS / (batches * channels).max(1))
                .min(runs)
                .clamp(1, pictures.max(1)),
        }
    }

    fn launch(self) -> LayoutLaunch {
        LayoutLaunch::new(
            self.batches,
            self.pictures,
            self.channels,
            self.plane,
            self.parts,
        )
    }
}

/// The first picture of a part, counting the parts of all batches.
#[cube]
fn first_picture(layout: &Layout, part: usize) -> usize {
    let batch = part / layout.parts;
    batch * layout.pictures + layout.pictures * (part % layout.parts) / layout.parts
}

/// Mean and sum of squared deviations of so many numbers.
#[derive(CubeType, Clone, Copy)]
struct Spread {
    count: f32,
    mean: f32,
    squares: f32,
}

/// Chan's rule.
#[cube]
fn together(a: Spread, b: Spread) -> Spread {
    let count = a.count + b.count;
    let share = b.count / count.max(1.0f32);
    let apart = b.mean - a.mean;
    Spread {
        count,
        mean: a.mean + apart * share,
        squares: a.squares + b.squares + apart * apart * a.count * share,
    }
}

/// One workgroup per channel and part → `[batches · parts, 2, channels]`: means, and variances within
/// the part.
#[cube(launch)]
fn moments_kernel<F: Float>(
    x: &[F],
    out: &mut [f32],
    layout: Layout,
    #[define(F)] _storage: ElemType,
) {
    let channel = CUBE_POS % layout.channels;
    let part = CUBE_POS / layout.channels;
    if part >= layout.batches * layout.parts {
        terminate!();
    }
    let first = first_picture(&layout, part);
    let count = (first_picture(&layout, part + 1) - first) * layout.plane;
    let unit = UNIT_POS as usize;
    let mut seen = f32::new(0.0);
    let mut mean = f32::new(0.0);
    let mut squares = f32::new(0.0);
    let mut i = unit;
    while i < count {
        let picture = first + i / layout.plane;
        let at = (picture * layout.channels + channel) * layout.plane + i % layout.plane;
        let value = f32::cast_from(x[at]);
        seen += 1.0f32;
        let away = value - mean;
        mean += away / seen;
        squares += away * (value - mean);
        i += UNITS;
    }
    let mut counts = Shared::<[f32]>::new_slice(UNITS);
    let mut means = Shared::<[f32]>::new_slice(UNITS);
    let mut sums = Shared::<[f32]>::new_slice(UNITS);
    counts[unit] = seen;
    means[unit] = mean;
    sums[unit] = squares;
    sync_cube();
    let mut width = comptime!(UNITS / 2).runtime();
    while width > 0 {
        if unit < width {
            let other = unit + width;
            let both = together(
                Spread {
                    count: counts[unit],
                    mean: means[unit],
                    squares: sums[unit],
                },
                Spread {
                    count: counts[other],
                    mean: means[other],
                    squares: sums[other],
                },
            );
            counts[unit] = both.count;
            means[unit] = both.mean;
            sums[unit] = both.squares;
        }
        sync_cube();
        width /= 2;
    }
    if unit == 0 {
        let at = part * 2 * layout.channels + channel;
        out[at] = means[0];
        out[at + layout.channels] = sums[0] / counts[0].max(1.0f32);
    }
}

/// One unit per channel and batch: `[batches · parts, 2, channels]` → `[batches, 2, channels]`.
#[cube(launch)]
fn moments_of_parts(partial: &[f32], out: &mut [f32], layout: Layout) {
    if ABSOLUTE_POS >= layout.batches * layout.channels {
        terminate!();
    }
    let channels = layout.channels;
    let channel = ABSOLUTE_POS % channels;
    let batch = ABSOLUTE_POS / channels;
    let mut seen = f32::new(0.0);
    let mut mean = f32::new(0.0);
    let mut squares = f32::new(0.0);
    for part in batch * layout.parts..(batch + 1) * layout.parts {
        let pictures = first_picture(&layout, part + 1) - first_picture(&layout, part);
        let count = f32::cast_from((pictures * layout.plane) as u32);
        let at = part * 2 * channels + channel;
        let both = together(
            Spread {
                count: seen,
                mean,
                squares,
            },
            Spread {
                count,
                mean: partial[at],
                squares: partial[at + channels] * count,
            },
        );
        seen = both.count;
        mean = both.mean;
        squares = both.squares;
    }
    let at = batch * 2 * channels + channel;
    out[at] = mean;
    out[at + channels] = squares / seen.max(1.0f32);
}

/// The batch that the number at `ABSOLUTE_POS` belongs to.
#[cube]
fn batch_here(layout: &Layout) -> usize {
    ABSOLUTE_POS / (layout.pictures * layout.channels * layout.plane)
}

/// Mean of a channel in a batch.
#[cube]
fn mean_of(moments: &[f32], batch: usize, channel: usize, channels: usize) -> f32 {
    moments[batch * 2 * channels + channel]
}

/// 1/√(variance + ε) of a channel in a batch.
#[cube]
fn inverse_deviation(
    moments: &[f32],
    batch: usize,
    channel: usize,
    channels: usize,
    epsilon: f32,
) -> f32 {
    1.0f32 / (moments[(batch * 2 + 1) * channels + channel] + epsilon).sqrt()
}

/// One unit per number.
#[cube(launch)]
fn normalise_kernel<F: Float>(
    x: &[F],
    moments: &[f32],
    gamma: &[f32],
    beta: &[f32],
    out: &mut [F],
    layout: Layout,
    epsilon: f32,
    #[define(F)] _storage: ElemType,
) {
    if ABSOLUTE_POS >= out.len() {
        terminate!();
    }
    let channel = (ABSOLUTE_POS / layout.plane) % layout.channels;
    let channels = layout.channels;
    let batch = batch_here(&layout);
    let scale = gamma[channel] * inverse_deviation(moments, batch, channel, channels, epsilon);
    // The mean first: it may be far larger than the deviation.
    let centred = f32::cast_from(x[ABSOLUTE_POS]) - mean_of(moments, batch, channel, channels);
    out[ABSOLUTE_POS] = F::cast_from(centred * scale + beta[channel]);
}

/// One workgroup per channel and part → `[batches · parts, channels]` each: Σ g and Σ g·x̂.
#[cube(launch)]
fn gradient_sums<F: Float>(
    x: &[F],
    grad: &[F],
    moments: &[f32],
    at_beta: &mut [f32],
    at_gamma: &mut [f32],
    layout: Layout,
    epsilon: f32,
    #[define(F)] _storage: ElemType,
) {
    let channel = CUBE_POS % layout.channels;
    let part = CUBE_POS / layout.channels;
    if part >= layout.batches * layout.parts {
        terminate!();
    }
    let first = first_picture(&layout, part);
    let count = (first_picture(&layout, part + 1) - first) * layout.plane;
    let unit = UNIT_POS as usize;
    let batch = part / layout.parts;
    let mean = mean_of(moments, batch, channel, layout.channels);
    let mut plain = f32::new(0.0);
    let mut centred = f32::new(0.0);
    let mut i = unit;
    while i < count {
        let picture = first + i / layout.plane;
        let at = (picture * layout.channels + channel) * layout.plane + i % layout.plane;
        let g = f32::cast_from(grad[at]);
        plain += g;
        centred += g * (f32::cast_from(x[at]) - mean);
        i += UNITS;
    }
    let mut plain_sums = Shared::<[f32]>::new_slice(UNITS);
    let mut centred_sums = Shared::<[f32]>::new_slice(UNITS);
    plain_sums[unit] = plain;
    centred_sums[unit] = centred;
    sum_of_units(&mut plain_sums, unit, UNITS);
    sum_of_units(&mut centred_sums, unit, UNITS);
    if unit == 0 {
        let at = part * layout.channels + channel;
        let inverse = inverse_deviation(moments, batch, channel, layout.channels, epsilon);
        at_beta[at] = plain_sums[0];
        at_gamma[at] = centred_sums[0] * inverse;
    }
}

/// One unit per channel and batch: two times `[batches · parts, channels]` → `[batches, channels]`.
#[cube(launch)]
fn sums_of_parts(
    beta_parts: &[f32],
    gamma_parts: &[f32],
    at_beta: &mut [f32],
    at_gamma: &mut [f32],
    channels: usize,
    parts: usize,
) {
    if ABSOLUTE_POS >= at_beta.len() {
        terminate!();
    }
    let channel = ABSOLUTE_POS % channels;
    let first = ABSOLUTE_POS / channels * parts;
    let mut plain = f32::new(0.0);
    let mut scaled = f32::new(0.0);
    for part in first..first + parts {
        plain += beta_parts[part * channels + channel];
        scaled += gamma_parts[part * channels + channel];
    }
    at_beta[ABSOLUTE_POS] = plain;
    at_gamma[ABSOLUTE_POS] = scaled;
}

/// One unit per number: γ/σ · (g − Σg/n − x̂ Σgx̂/n).
#[cube(launch)]
fn gradient_kernel<F: Float>(
    x: &[F],
    grad: &[F],
    moments: &[f32],
    gamma: &[f32],
    at_beta: &[f32],
    at_gamma: &[f32],
    out: &mut [F],
    layout: Layout,
    epsilon: f32,
    #[define(F)] _storage: ElemType,
) {
    if ABSOLUTE_POS >= out.len() {
        terminate!();
    }
    let channel = (ABSOLUTE_POS / layout.plane) % layout.channels;
    let channels = layout.channels;
    let batch = batch_here(&layout);
    let inverse = inverse_deviation(moments, batch, channel, channels, epsilon);
    let n = f32::cast_from((layout.pictures * layout.plane) as u32);
    let centred = f32::cast_from(x[ABSOLUTE_POS]) - mean_of(moments, batch, channel, channels);
    let g = f32::cast_from(grad[ABSOLUTE_POS]);
    let sums = batch * channels + channel;
    let rest = g - at_beta[sums] / n - centred * inverse * (at_gamma[sums] / n);
    out[ABSOLUTE_POS] = F::cast_from(gamma[channel] * inverse * rest);
}

/// So many workgroups, folded so that no axis exceeds the device's limit; there may be some more.
fn workgroups(like: &CubeTensor, count: usize) -> CubeCount {
    CubeCountSelection::new(&like.client, count as u32).cube_count()
}

/// Two times `[batches · parts, channels]` → `[batches · channels]`.
fn add_up(
    [beta, gamma]: [CubeTensor; 2],
    [batches, channels, parts]: [usize; 3],
) -> (CubeTensor, CubeTensor) {
    if parts == 1 {
        return (beta, gamma);
    }
    let client = beta.client.clone();
    let size = batches * channels;
    let (beta_sum, gamma_sum) = (empty(&beta, [size]), empty(&beta, [size]));
    let (count, dim) = elementwise(&beta_sum, size);
    sums_of_parts::launch(
        &client,
        count,
        dim,
        beta.into_buffer_arg(),
        gamma.into_buffer_arg(),
        beta_sum.clone().into_buffer_arg(),
        gamma_sum.clone().into_buffer_arg(),
        channels,
        parts,
    );
    (beta_sum, gamma_sum)
}

impl NormOps for CubeBackend {
    fn moments(x: FloatTensor<Self>, batches: usize) -> FloatTensor<Self> {
        let x = dense_map(x);
        let sizes = Sizes::of(&x, batches);
        let (parts, c) = (sizes.parts, sizes.channels);
        let partial = empty(&x, [batches * parts, 2, c]);
        let stored = storage(&x);
        moments_kernel::launch(
            &partial.client,
            workgroups(&partial, batches * c * parts),
            CubeDim::new_1d(UNITS as u32),
            x.into_buffer_arg(),
            partial.clone().into_buffer_arg(),
            sizes.launch(),
            stored,
        );
        if parts == 1 {
            return partial;
        }
        let out = empty(&partial, [batches, 2, c]);
        let (count, dim) = elementwise(&out, batches * c);
        moments_of_parts::launch(
            &out.client,
            count,
            dim,
            partial.into_buffer_arg(),
            out.clone().into_buffer_arg(),
            sizes.launch(),
        );
        out
    }

    fn normalise(
        x: FloatTensor<Self>,
        moments: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        epsilon: f32,
    ) -> FloatTensor<Self> {
        let x = dense_map(x);
        let (moments, gamma, beta) = (dense(moments), dense(gamma), dense(beta));
        let sizes = Sizes::of(&x, moments.shape()[0]);
        let out = empty_map(&x, x.shape());
        let (count, dim) = elementwise(&out, out.meta.num_elements());
        normalise_kernel::launch(
            &out.client,
            count,
            dim,
            x.into_buffer_arg(),
            moments.into_buffer_arg(),
            gamma.into_buffer_arg(),
            beta.into_buffer_arg(),
            out.clone().into_buffer_arg(),
            sizes.launch(),
            epsilon,
            storage(&out),
        );
        out
    }

    fn normalise_backward(
        x: FloatTensor<Self>,
        moments: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        grad: FloatTensor<Self>,
        epsilon: f32,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        let (x, grad) = (dense_map(x), dense_map(grad));
        assert_eq!(x.dtype, grad.dtype, "a gradient is stored as its map is");
        let (moments, gamma) = (dense(moments), dense(gamma));
        let batches = moments.shape()[0];
        let sizes = Sizes::of(&x, batches);
        let (parts, c) = (sizes.parts, sizes.channels);
        let client = x.client.clone();
        let stored = storage(&x);
        let all = batches * parts * c;
        let (at_beta, at_gamma) = (empty(&x, [all]), empty(&x, [all]));
        gradient_sums::launch(
            &client,
            workgroups(&x, batches * c * parts),
            CubeDim::new_1d(UNITS as u32),
            x.clone().into_buffer_arg(),
            grad.clone().into_buffer_arg(),
            moments.clone().into_buffer_arg(),
            at_beta.clone().into_buffer_arg(),
            at_gamma.clone().into_buffer_arg(),
            sizes.launch(),
            epsilon,
            stored,
        );
        let (at_beta, at_gamma) = add_up([at_beta, at_gamma], [batches, c, parts]);
        let out = empty_map(&x, x.shape());
        let (count, dim) = elementwise(&out, out.meta.num_elements());
        gradient_kernel::launch(
            &client,
            count,
            dim,
            x.into_buffer_arg(),
            grad.into_buffer_arg(),
            moments.into_buffer_arg(),
            gamma.into_buffer_arg(),
            at_beta.clone().into_buffer_arg(),
            at_gamma.clone().into_buffer_arg(),
            out.clone().into_buffer_arg(),
            sizes.launch(),
            epsilon,
            stored,
        );
        let (at_beta, at_gamma) = add_up([at_beta, at_gamma], [1, c, batches]);
        (out, at_gamma, at_beta)
    }
}
