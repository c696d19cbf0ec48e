//! Where tiles and their headings lie.

use eframe::egui::{Pos2, Rect, ScrollArea, Vec2, pos2, vec2};

/// Points between tiles.
const GAP: f32 = 4.0;
/// A tile is never smaller than this, in points.
const SMALLEST: f32 = 36.0;
/// Below this a grid rather scrolls than shrinks to the height of the panel, in points.
const COMFORTABLE: f32 = 56.0;
/// So much of a grid is always in sight; a lower panel scrolls as a whole, in points.
const SEEN: f32 = 140.0;
/// A tile is never larger than this, in points.
const LARGEST: f32 = 160.0;

/// Rows and columns of tiles, with room for headings above and to the left.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lattice {
    pub rows: usize,
    pub columns: usize,
    /// Room left of the rows and above the columns.
    pub headings: Vec2,
    pub side: f32,
    /// Upper left corner, headings included.
    pub origin: Pos2,
}

impl Lattice {
    /// As large as the space allows.
    pub fn fitting(rows: usize, columns: usize, headings: Vec2, space: Vec2) -> Self {
        let room = space - headings;
        let wide = room.x / columns.max(1) as f32 - GAP;
        let high = room.y / rows.max(1) as f32 - GAP;
        Self {
            rows,
            columns,
            headings,
            side: wide
                .min(high.max(COMFORTABLE))
                .clamp(SMALLEST, LARGEST)
                .floor(),
            origin: Pos2::ZERO,
        }
    }

    /// Width and height, headings included.
    pub fn size(&self) -> Vec2 {
        self.headings + vec2(self.columns as f32, self.rows as f32) * self.pitch()
    }

    /// Place of a tile.
    pub fn cell(&self, row: usize, column: usize) -> Rect {
        let corner = self.origin + self.headings + vec2(column as f32, row as f32) * self.pitch();
        Rect::from_min_size(corner, Vec2::splat(self.side))
    }

    /// Room left of a row.
    pub fn row_heading(&self, row: usize) -> Rect {
        let cell = self.cell(row, 0);
        Rect::from_min_max(
            pos2(self.origin.x, cell.top()),
            pos2(cell.left() - GAP, cell.bottom()),
        )
    }

    /// Room above a column, as wide as the column with half a gap on each side.
    pub fn column_heading(&self, column: usize) -> Rect {
        let cell = self.cell(0, column);
        Rect::from_min_max(
            pos2(cell.left() - GAP / 2.0, self.origin.y),
            pos2(cell.right() + GAP / 2.0, cell.top() - GAP / 2.0),
        )
    }

    fn pitch(&self) -> f32 {
        self.side + GAP
    }
}

/// Scrolls a grid that is larger than its space, while what is around it stays in sight.
pub(super) fn scroll(name: &'static str, space: Vec2) -> ScrollArea {
    ScrollArea::both()
        .id_salt(name)
        .max_height(space.y.max(SEEN))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiles_grow_with_the_space_within_their_limits() {
        let side =
            |width, height| Lattice::fitting(6, 9, vec2(70.0, 30.0), vec2(width, height)).side;
        assert_eq!(side(300.0, 200.0), SMALLEST);
        assert_eq!(side(5000.0, 5000.0), LARGEST);
        // The height limits it, but not below what is comfortable.
        assert_eq!(side(1270.0, 630.0), 96.0);
        assert_eq!(side(1270.0, 200.0), COMFORTABLE);
    }

    #[test]
    fn cells_lie_beside_each_other_and_inside() {
        let lattice = Lattice::fitting(2, 3, vec2(70.0, 30.0), vec2(600.0, 400.0));
        let all = Rect::from_min_size(lattice.origin, lattice.size());
        assert!(all.contains_rect(lattice.cell(1, 2)));
        assert!(lattice.cell(0, 0).right() < lattice.cell(0, 1).left());
        assert!(lattice.column_heading(1).bottom() < lattice.cell(0, 1).top());
        assert!(lattice.row_heading(1).right() < lattice.cell(1, 0).left());
    }
}
