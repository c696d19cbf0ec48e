//! What the operations share on the CPU.
//!
//! Maps lie *channels-last* in memory: the numbers of all channels of a pixel side by side, whatever
//! order of axes their tensor shows. Every loop then works on whole vectors, and a convolution's
//! matrix product reads and writes them as they are.

mod layout;
pub(super) mod matrix;
mod pool;
pub(super) mod product;
mod simd;
mod sums;

pub(super) use layout::{
    channels_last, combine, contiguous, map, numbers, numbers_mut, own, plain, transpose,
};
pub(super) use pool::Buffer;
pub(super) use simd::{activate_biased, cos, exp, ln, tanh, wide};
pub(super) use sums::{column_sums, in_order, sum_of_rows};

/// Numbers that one task works on where every number is handled alone.
pub(super) const SHARE: usize = 1 << 14;
