//! The table with its history, ready to be drawn; made again only when there is a new measurement.

use std::sync::Arc;

use egui_plot::PlotPoint;

use super::quantity::{QUANTITIES, Quantity};
use crate::eval::probe::CHANCE;
use crate::train::event::KnowledgeReport;

/// A small curve has no room for more points.
const MOST_SPARK_POINTS: usize = 48;

/// How a cell stands out in its row. Where all learnt codes are even, none does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// Not at all.
    None,
    /// The best learnt code, better than chance and everything else that was not learnt.
    Best,
    /// The best learnt code, better than chance, but something that was not learnt is as good.
    BestLearnt,
}

/// A column.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// The code.
    pub name: String,
    /// Whether it is trained here; all others are what it has to beat.
    pub is_learnt: bool,
}

/// What one code knows of one quantity.
#[derive(Clone, Debug)]
pub struct Cell {
    /// The latest number.
    pub value: Option<f64>,
    /// The ends of its 95 % interval, where it has one.
    pub interval: Option<[f64; 2]>,
    /// Where it lies between chance (0) and perfect (1).
    pub share: Option<f64>,
    /// How it stands out.
    pub mark: Mark,
    /// Step and number of all measurements.
    pub history: Vec<PlotPoint>,
    /// The shares over time, both in 0–1.
    pub spark: Vec<[f32; 2]>,
}

/// A quantity that was measured of at least one code.
pub struct Row {
    /// Its place in [`QUANTITIES`].
    pub index: usize,
    /// Which.
    pub quantity: &'static Quantity,
    /// One cell per column.
    pub cells: Vec<Cell>,
    /// What guessing gives.
    pub chance: Option<f64>,
}

/// The latest measurement and those before it.
pub struct Table {
    /// The codes, without chance.
    pub columns: Vec<Column>,
    /// The quantities.
    pub rows: Vec<Row>,
    /// What it was made of.
    newest: Arc<KnowledgeReport>,
    reports: usize,
}

impl Table {
    /// The table of these measurements, oldest first; `None` of none.
    pub fn new(reports: &[Arc<KnowledgeReport>]) -> Option<Self> {
        let newest = reports.last()?;
        let columns: Vec<Column> = (newest.table.codes.iter())
            .filter(|code| code.code != CHANCE)
            .map(|code| Column {
                name: code.code.clone(),
                is_learnt: code.code.starts_with("F_"),
            })
            .collect();
        let row = |(index, quantity)| row(index, quantity, &columns, reports);
        let rows: Vec<Row> = QUANTITIES.iter().enumerate().map(row).collect();
        let measured = |row: &Row| row.cells.iter().any(|cell| cell.value.is_some());
        Some(Self {
            rows: rows.into_iter().filter(measured).collect(),
            columns,
            newest: newest.clone(),
            reports: reports.len(),
        })
    }

    /// Whether it shows just these measurements.
    pub fn is_of(&self, reports: &[Arc<KnowledgeReport>]) -> bool {
        let newest = reports.last();
        self.reports == reports.len() && newest.is_some_and(|it| Arc::ptr_eq(it, &self.newest))
    }

    /// The row of this quantity; the last one where it was not measured, which is the most telling.
    pub fn row(&self, index: usize) -> Option<&Row> {
        let same = self.rows.iter().find(|row| row.index == index);
        same.or(self.rows.last())
    }
}

fn row(
    index: usize,
    quantity: &'static Quantity,
    columns: &[Column],
    reports: &[Arc<KnowledgeReport>],
) -> Row {
    let mut cells: Vec<Cell> = (columns.iter())
        .map(|column| cell(quantity, &column.name, reports))
        .collect();
    let chance = (reports.last()).and_then(|report| quantity.chance(&report.table));
    let marks = marks(quantity, columns, &cells, chance);
    for (cell, mark) in cells.iter_mut().zip(marks) {
        cell.mark = mark;
    }
    Row {
        index,
        quantity,
        cells,
        chance,
    }
}

fn cell(quantity: &Quantity, code: &str, reports: &[Arc<KnowledgeReport>]) -> Cell {
    let measured = |report: &Arc<KnowledgeReport>| {
        let value = quantity.of_code(&report.table, code)?;
        let chance = quantity.chance(&report.table);
        let share = chance.and_then(|chance| quantity.unit.share(value, chance));
        Some((report.step as f64, value, share))
    };
    let newest = reports.last().and_then(measured);
    let all: Vec<_> = reports.iter().filter_map(measured).collect();
    Cell {
        value: newest.map(|newest| newest.1),
        interval: (reports.last()).and_then(|report| quantity.interval(&report.table, code)),
        share: newest.and_then(|newest| newest.2),
        mark: Mark::None,
        history: (all.iter())
            .map(|&(step, value, _)| PlotPoint::new(step, value))
            .collect(),
        spark: spark(&all),
    }
}

/// The shares over the steps, every n-th and the newest.
fn spark(all: &[(f64, f64, Option<f64>)]) -> Vec<[f32; 2]> {
    let (Some(first), Some(last)) = (all.first(), all.last()) else {
        return Vec::new();
    };
    let steps = (last.0 - first.0).max(1.0);
    let stride = all.len().div_ceil(MOST_SPARK_POINTS);
    // Counted from the newest, which must be there.
    let kept = all.iter().rev().step_by(stride.max(1)).rev();
    kept.filter_map(|(step, _, share)| Some([((step - first.0) / steps) as f32, (*share)? as f32]))
        .collect()
}

fn marks(
    quantity: &Quantity,
    columns: &[Column],
    cells: &[Cell],
    chance: Option<f64>,
) -> Vec<Mark> {
    let unit = quantity.unit;
    let best = |is_learnt: bool| {
        let values = columns.iter().zip(cells);
        values
            .filter(|(column, _)| column.is_learnt == is_learnt)
            .filter_map(|(_, cell)| cell.value)
            .reduce(|best, value| {
                if unit.is_better(value, best) {
                    value
                } else {
                    best
                }
            })
    };
    let (learnt, other) = (best(true), best(false));
    let Some(best) =
        learnt.filter(|&best| chance.is_none_or(|chance| unit.is_better(best, chance)))
    else {
        return vec![Mark::None; cells.len()];
    };
    let mark = if other.is_none_or(|other| unit.is_better(best, other)) {
        Mark::Best
    } else {
        Mark::BestLearnt
    };
    let is_best = |column: &Column, cell: &Cell| {
        let value = cell.value.filter(|_| column.is_learnt);
        value.is_some_and(|value| unit.rounded(value) == unit.rounded(best))
    };
    let measured = columns.iter().zip(cells);
    let measured = measured.filter(|(column, cell)| column.is_learnt && cell.value.is_some());
    let are_even = measured.clone().count() > 1
        && measured.clone().all(|(column, cell)| is_best(column, cell));
    let marks = columns.iter().zip(cells).map(|(column, cell)| {
        if is_best(column, cell) && !are_even {
            mark
        } else {
            Mark::None
        }
    });
    marks.collect()
}
