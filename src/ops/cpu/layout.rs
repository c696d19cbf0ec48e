//! Getting at the numbers of a CPU tensor, and making one.

use burn::backend::TensorMetadata;
use burn::backend::flex::FlexTensor;
use burn::backend::flex::Layout;
use burn::tensor::{DType, Shape};
use rayon::prelude::*;

use super::{Buffer, SHARE, wide};

/// Columns that a transposition reads at once: what a line of the cache holds. Lines may lie a power
/// of two apart and push each other out, so each is used up before the next is read.
const COLUMNS: usize = 16;

/// The numbers of a tensor that lies densely in memory, in the order they lie there.
pub(in crate::ops) fn numbers(x: &FlexTensor) -> &[f32] {
    let start = x.layout().start_offset();
    &x.storage::<f32>()[start..start + x.layout().num_elements()]
}

/// The same for writing; the tensor comes from [`own`].
pub(in crate::ops) fn numbers_mut(x: &mut FlexTensor) -> &mut [f32] {
    let (start, count) = (x.layout().start_offset(), x.layout().num_elements());
    &mut x.storage_mut::<f32>()[start..start + count]
}

/// The tensor with its numbers in the order of its axes. Itself if they are: a second handle on the
/// same numbers would keep it from being written over.
pub(in crate::ops) fn contiguous(x: FlexTensor) -> FlexTensor {
    if x.is_contiguous() {
        x
    } else {
        x.to_contiguous()
    }
}

/// A dense tensor that may be written over: itself if nobody else holds it, else a copy that lies
/// the same way.
pub(in crate::ops) fn own(x: FlexTensor) -> FlexTensor {
    if x.is_unique() {
        return x;
    }
    let mut copy = Buffer::new(numbers(&x).len());
    copy.copy_from_slice(numbers(&x));
    let layout = Layout::new(x.shape(), x.layout().strides().to_vec(), 0);
    FlexTensor::new(copy.into_bytes(), layout, DType::F32)
}

/// Puts `f(a, b)` for every number of `a`, written over `a` if nobody else holds it. Both are dense
/// and lie the same way.
pub(in crate::ops) fn combine(
    a: FlexTensor,
    b: &FlexTensor,
    f: impl Fn(f32, f32) -> f32 + Sync,
) -> FlexTensor {
    let mut a = own(a);
    numbers_mut(&mut a)
        .par_chunks_mut(SHARE)
        .zip(numbers(b).par_chunks(SHARE))
        .for_each(|(a, b)| {
            wide(
                #[inline(always)]
                || {
                    for (a, b) in a.iter_mut().zip(b) {
                        *a = f(*a, *b);
                    }
                },
            );
        });
    a
}

/// A new tensor whose numbers lie in the order of its axes.
pub(in crate::ops) fn plain(values: Buffer, shape: impl Into<Shape>) -> FlexTensor {
    let shape = shape.into();
    debug_assert_eq!(values.len(), shape.num_elements());
    FlexTensor::new(values.into_bytes(), Layout::contiguous(shape), DType::F32)
}

fn strides([_, c, h, w]: [usize; 4]) -> [usize; 4] {
    [h * w * c, 1, w * c, c]
}

/// A new map `[b, c, h, w]` from numbers in the order b, h, w, c.
pub(in crate::ops) fn map(values: Buffer, shape: [usize; 4]) -> FlexTensor {
    debug_assert_eq!(values.len(), shape.iter().product::<usize>());
    let strides = strides(shape).map(|s| s as isize).to_vec();
    FlexTensor::new(
        values.into_bytes(),
        Layout::new(Shape::from(shape), strides, 0),
        DType::F32,
    )
}

/// The map with its numbers in the order b, h, w, c; moved there if they are not.
pub(in crate::ops) fn channels_last(x: FlexTensor) -> FlexTensor {
    let shape: [usize; 4] = x.shape().dims();
    let there = x
        .layout()
        .strides()
        .iter()
        .zip(strides(shape))
        .zip(shape)
        .all(|((&is, wanted), side)| side == 1 || is == wanted as isize);
    if there {
        return x;
    }
    let x = x.to_contiguous();
    let [b, c, h, w] = shape;
    let mut out = Buffer::new(b * c * h * w);
    out.par_chunks_mut((c * h * w).max(1))
        .zip(numbers(&x).par_chunks((c * h * w).max(1)))
        .for_each(|(out, image)| transpose(image, h * w, [c, h * w], out));
    map(out, shape)
}

/// `[rows, columns]`, whose rows begin every `pitch` numbers, → `[columns, rows]`.
pub(in crate::ops) fn transpose(
    from: &[f32],
    pitch: usize,
    [rows, columns]: [usize; 2],
    to: &mut [f32],
) {
    for left in (0..columns).step_by(COLUMNS) {
        let width = COLUMNS.min(columns - left);
        let to = &mut to[left * rows..][..width * rows];
        for row in 0..rows {
            let line = &from[row * pitch + left..][..width];
            for (column, value) in line.iter().enumerate() {
                to[column * rows + row] = *value;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::TensorData;

    #[test]
    fn channels_move_to_the_end_and_stay_there() {
        let shape = [2, 19, 3, 5];
        let count = shape.iter().product::<usize>();
        let values = (0..count).map(|v| v as f32).collect::<Vec<_>>();
        let x = FlexTensor::from_data(TensorData::new(values.clone(), shape));
        let moved = channels_last(x);
        let at = |b: usize, c: usize, y: usize, x: usize| ((b * 19 + c) * 3 + y) * 5 + x;
        let there = |b: usize, c: usize, y: usize, x: usize| ((b * 3 + y) * 5 + x) * 19 + c;
        for (b, c, y, x) in [(0, 0, 0, 0), (1, 18, 2, 4), (1, 7, 0, 3), (0, 17, 1, 1)] {
            assert_eq!(numbers(&moved)[there(b, c, y, x)], values[at(b, c, y, x)]);
        }
        let place = numbers(&moved).as_ptr();
        let again = channels_last(moved);
        assert_eq!(numbers(&again).as_ptr(), place);
        assert_eq!(numbers(&again.to_contiguous()), &values[..]);
    }
}
