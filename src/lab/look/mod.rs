//! What all panels share: colours, symbols with their meaning, and pictures made of tiles.

pub mod glossary;
pub mod symbol;
pub mod theme;
pub mod tiles;
