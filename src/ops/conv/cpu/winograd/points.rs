//! Between images or filters and their numbers at the points, which are what is multiplied.

use std::ops::Range;

use rayon::prelude::*;

use super::tile::Tile;
use super::transform::{FilterFromPoints, FilterToPoints, FromPoints, Spread, ToPoints, Transform};
use super::{SIDE, TILE};
use crate::ops::cpu::Buffer;
use crate::ops::cpu::product::PANEL;

/// Products per tile.
const POINTS: usize = SIDE * SIDE;

/// Numbers left free between the planes of two points. Without them the planes would lie a power of
/// two apart, and a tile's numbers at all points would fight for the same places of the cache.
const GAP: usize = 80;

/// `[POINTS, rows, c]`, a row for every tile or filter, with gaps between the planes.
#[derive(Clone, Copy)]
pub(super) struct Points {
    pub rows: usize,
    pub c: usize,
}

impl Points {
    /// Numbers from the beginning of a plane to that of the next.
    pub fn plane(&self) -> usize {
        self.rows * self.c + GAP
    }
    pub fn buffer(&self) -> Buffer {
        Buffer::new(self.len())
    }
    fn len(&self) -> usize {
        POINTS * self.plane()
    }
    /// Distance from the beginning to `row` at the point of this row and column.
    fn at(&self, [j, i]: [usize; 2], row: usize) -> usize {
        (j * SIDE + i) * self.plane() + row * self.c
    }
}

/// Filters at the points, `[POINTS, rows, c]`: each plane in panels of columns, as a product reads it.
#[derive(Clone, Copy)]
pub(super) struct Filters {
    pub rows: usize,
    pub c: usize,
}

impl Filters {
    /// Numbers from the beginning of a plane to that of the next.
    pub fn plane(&self) -> usize {
        self.rows * self.c.next_multiple_of(PANEL) + GAP
    }
    pub fn buffer(&self) -> Buffer {
        Buffer::new(POINTS * self.plane())
    }
}

/// The place of a pixel that lies outside its image.
const OUTSIDE: usize = usize::MAX;

/// How a map is cut into tiles.
#[derive(Clone, Copy)]
pub(super) struct Tiles {
    h: usize,
    w: usize,
    down: usize,
    across: usize,
}

impl Tiles {
    pub fn of(h: usize, w: usize) -> Self {
        Self {
            h,
            w,
            down: h.div_ceil(TILE),
            across: w.div_ceil(TILE),
        }
    }
    /// Tiles of an image.
    pub fn count(&self) -> usize {
        self.down * self.across
    }
    /// Pixels of an image.
    pub fn pixels(&self) -> usize {
        self.h * self.w
    }
    /// Some tiles of several images: image, and row and column of the first output.
    fn each(self, tiles: Range<usize>) -> impl Iterator<Item = (usize, usize, usize)> {
        tiles.map(move |t| {
            let (image, t) = (t / self.count(), t % self.count());
            (image, t / self.across * TILE, t % self.across * TILE)
        })
    }
    /// The distances to `N` × `N` pixels of image `n`, the first of them `before` rows and columns
    /// before a tile's first output; [`OUTSIDE`] for those that lie outside the image.
    fn places<const N: usize>(
        &self,
        c: usize,
        [n, y, x]: [usize; 3],
        before: usize,
    ) -> [[usize; N]; N] {
        let inside = |at: usize, side: usize| (before..side + before).contains(&at);
        let first = (n * self.pixels() + y * self.w + x) * c;
        let first = first.wrapping_sub(before * (self.w + 1) * c);
        let mut places = [[OUTSIDE; N]; N];
        for (j, row) in places.iter_mut().enumerate() {
            if inside(y + j, self.h) {
                let first = first.wrapping_add(j * self.w * c);
                for (i, place) in row.iter_mut().enumerate() {
                    if inside(x + i, self.w) {
                        *place = first.wrapping_add(i * c);
                    }
                }
            }
        }
        places
    }
}

/// A buffer that several tasks write to, each to places of its own.
#[derive(Clone, Copy)]
pub(super) struct Shared {
    start: *mut f32,
    len: usize,
}

// SAFETY: whoever writes to it promises to keep to places of its own.
unsafe impl Send for Shared {}
// SAFETY: as before.
unsafe impl Sync for Shared {}

impl Shared {
    pub fn new(buffer: &mut [f32]) -> Self {
        Self {
            start: buffer.as_mut_ptr(),
            len: buffer.len(),
        }
    }
    fn at(self, place: usize) -> *mut f32 {
        self.start.wrapping_add(place)
    }
}

/// Tiles of images `[h, w, c]` at the points, into the rows of `v` from `first` on; what lies outside
/// an image is zero.
///
/// # Safety
///
/// Nobody else may touch these rows meanwhile.
pub(super) unsafe fn image_to_points(
    images: &[f32],
    tiles: (Tiles, Range<usize>),
    v: Shared,
    points: Points,
    first: usize,
) {
    // SAFETY: as promised to this function.
    unsafe { to_points::<ToPoints, SIDE>(images, tiles, 1, v, points, first) };
}

/// The gradient of images `[h, w, c]` at the points, as the weight gradient needs it.
///
/// # Safety
///
/// As for [`image_to_points`].
pub(super) unsafe fn gradient_to_points(
    images: &[f32],
    tiles: (Tiles, Range<usize>),
    v: Shared,
    points: Points,
    first: usize,
) {
    // SAFETY: as promised to this function.
    unsafe { to_points::<Spread, TILE>(images, tiles, 0, v, points, first) };
}

/// `N` × `N` pixels of each tile, from `before` rows and columns before its first output on.
///
/// # Safety
///
/// As for [`image_to_points`].
unsafe fn to_points<T: Transform<N, SIDE>, const N: usize>(
    images: &[f32],
    (map, tiles): (Tiles, Range<usize>),
    before: usize,
    v: Shared,
    points: Points,
    first: usize,
) {
    let c = points.c;
    let none = Buffer::zeros(c);
    assert!(tiles.end * map.pixels() <= images.len() / c * map.count());
    assert!(first + tiles.len() <= points.rows && points.len() <= v.len);
    for (t, (n, y, x)) in map.each(tiles).enumerate() {
        let places = map.places::<N>(c, [n, y, x], before);
        let from = |j: usize, i: usize| match places[j][i] {
            OUTSIDE => none.as_ptr(),
            place => images.as_ptr().wrapping_add(place),
        };
        let to = |j: usize, i: usize| v.at(points.at([j, i], first + t));
        // SAFETY: every pixel taken lies in an image, every row in the buffer.
        unsafe { Tile::<T, N, SIDE>::new(c, from, to).run() };
    }
}

/// Products at the points into the tiles of images `[h, w, c]`: plus bias, through LeakyReLU.
pub(super) fn points_to_image(
    m: &[f32],
    points: Points,
    finish: Option<(&[f32], f32)>,
    images: &mut [f32],
    (map, tiles): (Tiles, Range<usize>),
) {
    let c = points.c;
    // Where the outputs outside an image go.
    let mut nowhere = Buffer::new(c);
    assert!(tiles.end * map.pixels() <= images.len() / c * map.count());
    assert!(tiles.len() <= points.rows && points.len() <= m.len());
    let (images, nowhere) = (Shared::new(images), Shared::new(&mut nowhere));
    for (t, (n, y, x)) in map.each(tiles).enumerate() {
        let from = |j: usize, i: usize| m.as_ptr().wrapping_add(points.at([j, i], t));
        let places = map.places::<TILE>(c, [n, y, x], 0);
        let to = |j: usize, i: usize| match places[j][i] {
            OUTSIDE => nowhere.at(0),
            place => images.at(place),
        };
        let tile = Tile::<FromPoints, 6, 4>::new(c, from, to).finished(finish);
        // SAFETY: every row lies in the buffer, every pixel in an image, which is borrowed alone.
        unsafe { tile.run() };
    }
}

/// The filters `[cout, cin, 3, 3]` at the points: `[POINTS, cin, cout]`, or, turned by 180° for the
/// data gradient, `[POINTS, cout, cin]`.
pub(super) fn filters_to_points<const TURN: bool>(
    weight: &[f32],
    cout: usize,
    cin: usize,
) -> (Filters, Buffer) {
    let (rows, c) = if TURN { (cout, cin) } else { (cin, cout) };
    let filters = Filters { rows, c };
    let mut u = filters.buffer();
    assert_eq!(weight.len(), cout * cin * 9);
    let place = Shared::new(&mut u);
    (0..rows).into_par_iter().with_min_len(8).for_each(|row| {
        // The taps one after the other, the channels of each side by side.
        let mut taps = Buffer::new(9 * c);
        for at in 0..c {
            let filter = if TURN { row * cin + at } else { at * cin + row };
            for (k, tap) in weight[filter * 9..][..9].iter().enumerate() {
                taps[if TURN { 8 - k } else { k } * c + at] = *tap;
            }
        }
        for at in (0..c).step_by(PANEL) {
            let from = |j: usize, i: usize| taps[(3 * j + i) * c + at..].as_ptr();
            let to = |j: usize, i: usize| {
                place.at((j * SIDE + i) * filters.plane() + at * rows + row * PANEL)
            };
            let tile = Tile::<FilterToPoints, 3, 6>::new(PANEL.min(c - at), from, to);
            // SAFETY: every task writes the rows of its own filters.
            unsafe { tile.run() };
        }
    });
    (filters, u)
}

/// Gradients at the points `[POINTS, cout, cin]` to those of the filters `[cout, cin, 3, 3]`.
pub(super) fn filters_from_points(u: &[f32], cout: usize, cin: usize, weight: &mut [f32]) {
    let points = Points { rows: cout, c: cin };
    assert!(weight.len() == cout * cin * 9 && points.len() <= u.len());
    let filters = weight.par_chunks_mut(cin * 9).enumerate();
    filters.with_min_len(8).for_each(|(row, weight)| {
        let mut taps = Buffer::new(9 * cin);
        let place = Shared::new(&mut taps);
        let from = |j: usize, i: usize| u[points.at([j, i], row)..].as_ptr();
        let to = |j: usize, i: usize| place.at((3 * j + i) * cin);
        // SAFETY: the taps are this task's own.
        unsafe { Tile::<FilterFromPoints, 6, 3>::new(cin, from, to).run() };
        for (at, filter) in weight.chunks_exact_mut(9).enumerate() {
            for (k, value) in filter.iter_mut().enumerate() {
                *value = taps[k * cin + at];
            }
        }
    });
}
