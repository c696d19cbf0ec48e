//! Where the panels lie.

use eframe::egui::Id;
use egui_tiles::{Linear, LinearDir, Tile, TileId, Tiles, Tree};

use super::panel::PanelKind;

/// Name of the tree, for the memory of the toolkit.
const ID: &str = "lab panels";

/// How the lab opens: pictures at the left, curves at the upper right, the run below them.
pub fn default_tree() -> Tree<PanelKind> {
    use PanelKind::{Balance, Data, Faces, Knowledge, Losses, Map, Morph, Photo, Run};
    let mut tiles = Tiles::default();
    let pictures = tabs(&mut tiles, &[Faces, Morph, Photo, Data]);
    let curves = tabs(&mut tiles, &[Losses, Balance, Knowledge, Map]);
    let run = tabs(&mut tiles, &[Run]);
    let right = tiles.insert_new(linear(LinearDir::Vertical, [(curves, 0.55), (run, 0.45)]));
    let root = tiles.insert_new(linear(
        LinearDir::Horizontal,
        [(pictures, 0.54), (right, 0.46)],
    ));
    Tree::new(Id::unique(ID), root, tiles)
}

/// One panel at a time, for a small window or large type.
pub fn compact_tree() -> Tree<PanelKind> {
    use PanelKind::{Balance, Data, Faces, Knowledge, Losses, Map, Morph, Photo, Run};
    // What one looks at first is in front.
    let order = [
        Faces, Losses, Morph, Photo, Run, Balance, Knowledge, Map, Data,
    ];
    let mut tiles = Tiles::default();
    let root = tabs(&mut tiles, &order);
    Tree::new(Id::unique("compact panels"), root, tiles)
}

/// Only these panels: the tour's card stands beside them. Below each other, or in a small window
/// the first in front of the others.
pub fn tour_tree(panels: &[PanelKind], compact: bool) -> Tree<PanelKind> {
    let mut tiles = Tiles::default();
    let root = if compact {
        tabs(&mut tiles, panels)
    } else {
        let children: Vec<TileId> = panels
            .iter()
            .map(|&panel| tabs(&mut tiles, &[panel]))
            .collect();
        tiles.insert_vertical_tile(children)
    };
    Tree::new(Id::unique("tour panels"), root, tiles)
}

/// Whether every panel is there exactly once, so that none is lost in a stored layout.
pub fn is_whole(tree: &Tree<PanelKind>) -> bool {
    let mut found: Vec<PanelKind> = tree
        .tiles
        .tiles()
        .filter_map(|tile| match tile {
            Tile::Pane(kind) => Some(*kind),
            Tile::Container(_) => None,
        })
        .collect();
    found.sort_by_key(|kind| *kind as usize);
    found == PanelKind::ALL && !tree.is_empty()
}

/// Brings a panel to the front; whether it is there.
pub fn show(tree: &mut Tree<PanelKind>, panel: PanelKind) -> bool {
    tree.make_active(|_, tile| matches!(tile, Tile::Pane(kind) if *kind == panel))
}

fn tabs(tiles: &mut Tiles<PanelKind>, panels: &[PanelKind]) -> TileId {
    let children = panels
        .iter()
        .map(|&panel| tiles.insert_pane(panel))
        .collect();
    tiles.insert_tab_tile(children)
}

fn linear(dir: LinearDir, children: [(TileId, f32); 2]) -> Tile<PanelKind> {
    let mut linear = Linear::new(dir, children.map(|(id, _)| id).to_vec());
    for (id, share) in children {
        linear.shares.set_share(id, share);
    }
    Tile::Container(linear.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layouts_hold_every_panel_once_or_are_refused() {
        assert!(is_whole(&default_tree()) && is_whole(&compact_tree()));
        assert!(!is_whole(&tour_tree(&[PanelKind::Faces], false)));
        assert!(!is_whole(&Tree::empty(Id::unique("none"))));
        let mut tree = default_tree();
        for panel in PanelKind::ALL {
            assert!(show(&mut tree, panel));
        }
    }
}
