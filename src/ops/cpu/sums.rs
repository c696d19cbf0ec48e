//! Sums over pixels.

use rayon::prelude::*;

use super::{Buffer, SHARE, wide};

/// Adds up `of(row, sums)` over the rows of `x`, `[rows, c]`, in an order that does not depend on
/// the number of cores: `[width]`.
///
/// `of` adds what row number `i` contributes to the running sums of its share.
pub(in crate::ops) fn column_sums(
    rows: usize,
    c: usize,
    width: usize,
    of: impl Fn(usize, &mut [f32]) + Sync,
) -> Buffer {
    let share = (SHARE / c.max(1)).max(1);
    let shares = rows.div_ceil(share);
    let mut partial = Buffer::zeros(shares.max(1) * width);
    partial
        .par_chunks_mut(width.max(1))
        .enumerate()
        .for_each(|(i, sums)| {
            wide(
                #[inline(always)]
                || {
                    for row in i * share..((i + 1) * share).min(rows) {
                        of(row, sums);
                    }
                },
            );
        });
    in_order(&partial, width)
}

/// Adds up the rows of `x`, `[rows, c]`: `[c]`.
pub(in crate::ops) fn sum_of_rows(x: &[f32], c: usize) -> Buffer {
    column_sums(
        x.len() / c.max(1),
        c,
        c,
        #[inline(always)]
        |row, sums| {
            for (s, v) in sums.iter_mut().zip(&x[row * c..][..c]) {
                *s += v;
            }
        },
    )
}

/// Adds up partial sums of `width` numbers each, one after the other.
pub(in crate::ops) fn in_order(partials: &[f32], width: usize) -> Buffer {
    let mut total = Buffer::zeros(width);
    for sums in partials.chunks_exact(width.max(1)) {
        for (t, s) in total.iter_mut().zip(sums) {
            *t += s;
        }
    }
    total
}
