//! Sums over the units of a workgroup, in a fixed order.

use cubecl::prelude::*;

/// Adds up one number per unit; the sum then lies in the first place, for every unit to read.
/// `units` is a power of two.
#[cube]
pub(super) fn sum_of_units(numbers: &mut Shared<[f32]>, unit: usize, #[comptime] units: usize) {
    sync_cube();
    let mut width = comptime!(units / 2).runtime();
    while width > 0 {
        if unit < width {
            let other = numbers[unit + width];
            numbers[unit] += other;
        }
        sync_cube();
        width /= 2;
    }
}
