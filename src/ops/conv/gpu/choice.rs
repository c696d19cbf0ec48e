//! Whose kernel computes a convolution.
//!
//! On an adapter that was measured it is the fastest. Otherwise it is ours for spatial kernels,
//! where burn has nothing but a direct kernel in WGSL, and for 1×1.

use super::tile::{HALF, NARROW, SQUARE, Tile, WIDE};
use crate::device::{ConvKernel, ConvPass, ConvShape, KernelGroup, measured};
use crate::ops::trial::trusted;

/// With fewer workgroups than this, smaller tiles spread the work better.
const FEW_WORKGROUPS: usize = 512;

/// The kernel for a convolution.
pub(super) fn kernel(pass: ConvPass, shape: ConvShape) -> ConvKernel {
    if !trusted(KernelGroup::Convolution) {
        return ConvKernel::Burn;
    }
    measured(pass, shape).unwrap_or(ConvKernel::Ours)
}

/// The tile for a product of this size.
pub(super) fn tile(kernel: ConvKernel, rows: usize, columns: usize) -> Tile {
    let workgroups = rows.div_ceil(WIDE.rows) * columns.div_ceil(WIDE.columns);
    match (rows, kernel) {
        (0..=16, _) => NARROW,
        (17..=32, _) => HALF,
        (_, ConvKernel::Square) => SQUARE,
        (_, ConvKernel::Wide) => WIDE,
        _ if workgroups >= FEW_WORKGROUPS => WIDE,
        _ => SQUARE,
    }
}
