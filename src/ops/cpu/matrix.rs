//! Matrix products on one thread, with their bounds checked.

use super::product::{ColumnsAt, Left, PANEL, Product, RowPlaces, RowsAt, Strided};
use super::{Buffer, transpose};

/// A row-major matrix, or the transpose of one.
#[derive(Clone, Copy)]
pub(in crate::ops) struct Matrix<'a> {
    numbers: &'a [f32],
    /// Distance between two rows in memory.
    pitch: usize,
    /// Distance between two panels of [`PANEL`] columns.
    panel: usize,
    transposed: bool,
}

/// The matrix whose rows begin every `pitch` numbers.
pub(in crate::ops) fn rows(numbers: &[f32], pitch: usize) -> Matrix<'_> {
    Matrix {
        numbers,
        pitch,
        panel: PANEL,
        transposed: false,
    }
}

/// The matrix of `rows` rows that lies as panels of [`PANEL`] columns, one after the other; the last
/// may be narrower but takes as much room.
pub(in crate::ops) fn panels(numbers: &[f32], rows: usize) -> Matrix<'_> {
    Matrix {
        numbers,
        pitch: PANEL,
        panel: rows * PANEL,
        transposed: false,
    }
}

/// The transpose of [`rows`].
pub(in crate::ops) fn turned(numbers: &[f32], pitch: usize) -> Matrix<'_> {
    Matrix {
        transposed: true,
        ..rows(numbers, pitch)
    }
}

impl Matrix<'_> {
    /// Whether an `m` × `n` matrix lies inside.
    fn holds(&self, m: usize, n: usize) -> bool {
        let (rows, columns) = if self.transposed { (n, m) } else { (m, n) };
        if rows == 0 || columns == 0 {
            return true;
        }
        let last = columns - 1;
        let place = (rows - 1) * self.pitch + last / PANEL * self.panel + last % PANEL;
        place < self.numbers.len()
    }

    /// The transpose `[m, n]`, its rows one after the other.
    fn upright(&self, m: usize, n: usize) -> Buffer {
        let mut out = Buffer::new(m * n);
        transpose(self.numbers, self.pitch, [n, m], &mut out);
        out
    }
}

/// `out[m, n] = a[m, k] · b[k, n]`, added to what is there if `add`; the rows of `out` are `pitch`
/// numbers apart.
pub(in crate::ops) fn multiply_into(
    (out, pitch): (&mut [f32], usize),
    a: Matrix<'_>,
    b: Matrix<'_>,
    [m, n, k]: [usize; 3],
    add: bool,
) {
    if m == 0 || n == 0 {
        return;
    }
    assert!(a.panel == PANEL, "only a right matrix may lie in panels");
    assert!(pitch >= n && (m - 1) * pitch + n <= out.len() && a.holds(m, k) && b.holds(k, n));
    let upright;
    let b = if b.transposed {
        upright = b.upright(k, n);
        rows(&upright, n)
    } else {
        b
    };
    let (rows, columns) = if a.transposed {
        (1, a.pitch)
    } else {
        (a.pitch, 1)
    };
    let product = Product {
        out: out.as_mut_ptr(),
        places: RowPlaces::Every(pitch),
        left: a.numbers.as_ptr(),
        shape: Strided { rows, columns, k },
        right: b.numbers.as_ptr(),
        pitch: b.pitch,
        panel: b.panel,
        m,
        n,
        add,
    };
    // SAFETY: all three matrices were checked to lie inside their slices.
    unsafe { product.run() };
}

/// `out[m, n] = a[m, k] · b[k, n]`, added to what is there if `add`.
pub(in crate::ops) fn multiply(
    out: &mut [f32],
    a: Matrix<'_>,
    b: Matrix<'_>,
    sizes: [usize; 3],
    add: bool,
) {
    multiply_into((out, sizes[1]), a, b, sizes, add);
}

/// A product whose left rows lie anywhere, and whose result goes anywhere: row `i` of the result,
/// `n` numbers from `to` on, is the row of `left` at `rows.places[i]` times `right[k, n]`.
pub(in crate::ops) fn multiply_rows_at(
    (out, to): (&mut [f32], RowPlaces<'_>),
    (left, rows): (&[f32], RowsAt<'_>),
    right: &[f32],
    n: usize,
) {
    let (m, k) = (rows.places.len(), rows.segments() * rows.len());
    if m == 0 || n == 0 {
        return;
    }
    let last = match k {
        0 => 0,
        _ => (rows.segments() - 1) * rows.pitch + rows.len(),
    };
    assert!(farthest(rows.places) + last <= left.len() && k * n <= right.len());
    let end = match to {
        RowPlaces::Every(pitch) => (m - 1) * pitch,
        RowPlaces::At(places) => {
            assert_eq!(places.len(), m);
            farthest(places)
        }
    };
    assert!(end + n <= out.len());
    let product = Product {
        out: out.as_mut_ptr(),
        places: to,
        left: left.as_ptr(),
        shape: rows,
        right: right.as_ptr(),
        pitch: n,
        panel: PANEL,
        m,
        n,
        add: false,
    };
    // SAFETY: the farthest number of each matrix was checked to lie inside its slice.
    unsafe { product.run() };
}

/// `out[m, n] += left[m, k] · right[k, n]`, where column `i` of `left` is the `m` numbers from
/// `places[i]` on.
pub(in crate::ops) fn add_product_of_columns_at(
    out: &mut [f32],
    (left, places): (&[f32], &[u32]),
    right: &[f32],
    [m, n]: [usize; 2],
) {
    if m == 0 || n == 0 || places.is_empty() {
        return;
    }
    assert!(farthest(places) + m <= left.len());
    assert!(places.len() * n <= right.len() && m * n <= out.len());
    let product = Product {
        out: out.as_mut_ptr(),
        places: RowPlaces::Every(n),
        left: left.as_ptr(),
        shape: ColumnsAt { places },
        right: right.as_ptr(),
        pitch: n,
        panel: PANEL,
        m,
        n,
        add: true,
    };
    // SAFETY: the farthest number of each matrix was checked to lie inside its slice.
    unsafe { product.run() };
}

fn farthest(places: &[u32]) -> usize {
    places.iter().copied().max().unwrap_or(0) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(count: usize, seed: usize) -> Vec<f32> {
        (0..count)
            .map(|i| ((i * 7919 + seed * 104_729) % 1009) as f32 / 504.5 - 1.0)
            .collect()
    }

    /// `Σ a(i, l) b(l, j)`, in f64.
    fn right_answer(
        [m, n, k]: [usize; 3],
        a: impl Fn(usize, usize) -> f32,
        b: impl Fn(usize, usize) -> f32,
    ) -> Vec<f32> {
        let cell = |i: usize, j: usize| {
            (0..k)
                .map(|l| f64::from(a(i, l)) * f64::from(b(l, j)))
                .sum::<f64>() as f32
        };
        (0..m * n).map(|at| cell(at / n, at % n)).collect()
    }

    fn assert_close(found: &[f32], right: &[f32]) {
        for (at, (f, r)) in found.iter().zip(right).enumerate() {
            assert!((f - r).abs() < 1e-4, "number {at}: {f} instead of {r}");
        }
    }

    #[test]
    fn products_of_all_sizes_and_layouts() {
        // Around the sizes of blocks and vectors of every processor.
        for m in [1, 2, 3, 5, 7, 8, 11, 12, 13, 16, 17, 29] {
            for n in [1, 3, 7, 8, 9, 15, 16, 17, 27, 31, 32, 33, 70] {
                for k in [1, 5, 40] {
                    for (turn_a, turn_b) in
                        [(false, false), (true, false), (false, true), (true, true)]
                    {
                        let pitch = |rows: usize, columns: usize, turn: bool| {
                            3 + if turn { rows } else { columns }
                        };
                        let (pa, pb) = (pitch(m, k, turn_a), pitch(k, n, turn_b));
                        let (a, b) = (numbers(pa * m.max(k), 1), numbers(pb * n.max(k), 2));
                        let at = |x: &[f32], p: usize, turn: bool, i: usize, j: usize| {
                            if turn { x[j * p + i] } else { x[i * p + j] }
                        };
                        let of = |x, p, turn| if turn { turned(x, p) } else { rows(x, p) };
                        let right = right_answer(
                            [m, n, k],
                            |i, l| at(&a, pa, turn_a, i, l),
                            |l, j| at(&b, pb, turn_b, l, j),
                        );
                        let mut out = vec![9.0; m * n];
                        let (a, b) = (of(&a, pa, turn_a), of(&b, pb, turn_b));
                        multiply(&mut out, a, b, [m, n, k], false);
                        assert_close(&out, &right);
                        multiply(&mut out, a, b, [m, n, k], true);
                        let twice = right.iter().map(|v| 2.0 * v).collect::<Vec<_>>();
                        assert_close(&out, &twice);
                        // Between the rows of a wider result nothing is touched.
                        let mut wide = vec![9.0; m * (n + 2)];
                        multiply_into((&mut wide, n + 2), a, b, [m, n, k], false);
                        for (row, right) in wide.chunks(n + 2).zip(right.chunks(n)) {
                            assert_close(&row[..n], right);
                            assert_eq!(row[n..], [9.0; 2]);
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn rows_and_columns_from_anywhere() {
        let left = numbers(500, 3);
        for (m, n) in [(1, 1), (5, 8), (13, 27), (16, 32), (25, 48)] {
            let places = (0..m as u32).map(|i| i * 131 % 97).collect::<Vec<_>>();
            let to = (0..m as u32).map(|i| (m as u32 - 1 - i) * n as u32);
            let to = to.collect::<Vec<_>>();
            let shape = RowsAt {
                places: &places,
                segments: 3,
                pitch: 101,
                len: 7,
            };
            let right = numbers(21 * n, 4);
            let mut out = vec![9.0; m * n];
            multiply_rows_at((&mut out, RowPlaces::At(&to)), (&left, shape), &right, n);
            let answer = right_answer(
                [m, n, 21],
                |i, l| left[places[m - 1 - i] as usize + l / 7 * 101 + l % 7],
                |l, j| right[l * n + j],
            );
            assert_close(&out, &answer);

            let columns = (0..40).map(|i| i * 67 % 89).collect::<Vec<u32>>();
            let right = numbers(40 * n, 5);
            let mut out = vec![1.0; m * n];
            add_product_of_columns_at(&mut out, (&left, &columns), &right, [m, n]);
            let answer = right_answer(
                [m, n, 40],
                |i, l| left[columns[l] as usize + i],
                |l, j| right[l * n + j],
            );
            let answer = answer.iter().map(|v| v + 1.0).collect::<Vec<_>>();
            assert_close(&out, &answer);
        }
    }

    #[test]
    #[should_panic(expected = "assertion failed")]
    fn a_product_beyond_its_numbers_is_refused() {
        let (a, b) = (numbers(11, 6), numbers(12, 7));
        multiply(&mut [0.0; 9], rows(&a, 4), rows(&b, 3), [3, 3, 4], false);
    }
}
