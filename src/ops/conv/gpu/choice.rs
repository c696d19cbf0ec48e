//! Whose kernel computes a convolution.
//!
//! On an adapter that was measured it is the fastest. Otherwise it is ours for spatial kernels,
//! where burn has nothing but a direct kernel in WGSL, and for 1×1.

use std::sync::atomic::{AtomicBool, Ordering};

use super::tile::{HALF, NARROW, SQUARE, Tile, WIDE};
use crate::device::{ConvKernel, ConvPass, ConvShape, measured};

/// With fewer workgroups than this, smaller tiles spread the work better.
const FEW_WORKGROUPS: usize = 512;

static DISTRUSTED: AtomicBool = AtomicBool::new(false);

/// From now on burn's kernels are used for everything.
pub(in crate::ops::conv) fn distrust() {
    DISTRUSTED.store(true, Ordering::Relaxed);
}

/// The kernel for a convolution.
pub(super) fn kernel(pass: ConvPass, shape: ConvShape) -> ConvKernel {
    if DISTRUSTED.load(Ordering::Relaxed) {
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
