//! What an evaluation found: one table for every task, as text and as JSON.

mod table;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::head::{Better, Recipe, Trained};
use super::metric::Spread;
use super::quoted::Quoted;
use crate::config::ProbeSelect;
use crate::networks::Network;

/// The result of one protocol: columns of named numbers, rows of methods.
///
/// [`std::fmt::Display`] draws the table for a terminal, [`EvalReport::to_json`] keeps all of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EvalReport {
    /// Task as on the command line, e.g. `fer`.
    pub task: String,
    /// Task in words, e.g. `expression recognition`.
    pub title: String,
    /// The data set.
    pub data: DataSet,
    /// How it was measured.
    pub protocol: Protocol,
    /// Whose features.
    pub model: ModelInfo,
    /// Name and version of the program.
    #[serde(default)]
    pub program: String,
    /// Seed of what is drawn.
    #[serde(default)]
    pub seed: u64,
    /// Which epoch the table shows (row 25); the JSON always has both.
    pub select: ProbeSelect,
    /// What the numbers of a row are; the first column is the headline.
    pub columns: Vec<Column>,
    /// Ours, baselines and quoted methods.
    pub rows: Vec<Row>,
    /// What a reader must know.
    pub notes: Vec<String>,
}

/// The data set of a report.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct DataSet {
    /// Layout found, in words.
    pub layout: String,
    /// Folder.
    pub path: String,
    /// Parts with their sizes, e.g. `("training", 12271)`, `("pairs", 6000)`.
    pub parts: Vec<(String, usize)>,
    /// Pictures that could not be used, and why.
    #[serde(default)]
    pub left_out: Vec<(String, String)>,
}

/// How a report was measured.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Protocol {
    /// Feature, e.g. `F_s`.
    pub feature: String,
    /// Its length.
    pub feature_len: usize,
    /// Side of the input in pixels.
    pub input_px: u32,
    /// Head or rule in words, e.g. `Linear(6272, 7), cross-entropy`.
    pub head: String,
    /// How the head was trained; `None` where nothing is trained.
    pub training: Option<Recipe>,
    /// Further options by their configuration key.
    pub options: BTreeMap<String, String>,
}

/// The encoder of a report.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ModelInfo {
    /// Encoder variant.
    pub encoder: String,
    /// File the weights came from.
    pub weights: String,
    /// SHA-256 of that file, in hexadecimal digits.
    pub sha256: String,
    /// Training steps behind the weights, if known.
    pub step: Option<u64>,
    /// Device that encoded the pictures.
    pub device: String,
}

impl ModelInfo {
    /// Facts of a network that was evaluated on this device.
    pub fn of(network: &Network, device_words: &str) -> Self {
        Self {
            encoder: network.architecture(),
            weights: network.path.display().to_string(),
            sha256: network.hash.clone(),
            step: network.steps(),
            device: device_words.to_owned(),
        }
    }
}

/// What the numbers of a column are.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Column {
    /// Name; quoted rows find their column by it.
    pub name: String,
    /// Unit.
    pub unit: String,
    /// Which way it improves.
    pub better: Better,
}

impl Column {
    /// Accuracy or F1 in percent.
    pub fn percent(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            unit: "%".into(),
            better: Better::Higher,
        }
    }

    /// An error in degrees.
    pub fn degrees(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            unit: "°".into(),
            better: Better::Lower,
        }
    }
}

/// Where a row's numbers come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// The model under test, measured here.
    Ours,
    /// Raw pixels, a random encoder, chance: measured here.
    Baseline,
    /// Printed in a paper, not measured here.
    Quoted,
}

/// One method.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// Method.
    pub method: String,
    /// Where its numbers come from.
    pub origin: Origin,
    /// One number per column; `None` where there is none.
    pub cells: Vec<Option<Cell>>,
    /// Best epoch (from 1) on the test part, per fold; empty where nothing was trained.
    pub best_epochs: Vec<u32>,
    /// Table a quoted row is printed in.
    pub source: Option<String>,
    /// What to know about this row.
    pub note: Option<String>,
}

/// One number.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cell {
    /// After the last epoch; the mean over folds.
    pub last: f64,
    /// After the epoch whose headline number is best on the test part; the mean over folds.
    pub best: Option<f64>,
    /// Sample standard deviation (divisor n − 1) of `last` over folds.
    pub std: Option<f64>,
    /// `last` of each fold; empty without folds.
    pub folds: Vec<f64>,
}

impl Cell {
    /// A number by itself.
    pub fn of(value: f64) -> Self {
        Self {
            last: value,
            best: None,
            std: None,
            folds: Vec::new(),
        }
    }

    /// The mean over folds and its spread.
    pub fn over_folds(values: &[f64]) -> Self {
        let spread = Spread::of(values);
        Self {
            last: spread.mean,
            best: None,
            std: spread.std,
            folds: values.to_vec(),
        }
    }

    /// The same with what the best epoch gave.
    pub fn with_best(self, best: f64) -> Self {
        Self {
            best: Some(best),
            ..self
        }
    }

    /// The number of the epoch that counts.
    pub fn shown(&self, select: ProbeSelect) -> f64 {
        match select {
            ProbeSelect::Last => self.last,
            ProbeSelect::BestTest => self.best.unwrap_or(self.last),
        }
    }
}

impl Row {
    /// A row measured here without training, e.g. kNN; one number per column.
    pub fn measured(method: impl Into<String>, origin: Origin, cells: Vec<Option<Cell>>) -> Self {
        Self {
            method: method.into(),
            origin,
            cells,
            best_epochs: Vec::new(),
            source: None,
            note: None,
        }
    }

    /// A row from one trained head per fold (or a single one). `values` turns the head's numbers
    /// for the test part of that fold into one number per column.
    pub fn trained(
        method: impl Into<String>,
        origin: Origin,
        heads: &[Trained],
        values: impl Fn(usize, &[f32]) -> Vec<Option<f64>>,
    ) -> Self {
        let of = |outputs: fn(&Trained) -> &[f32]| {
            let folds = heads.iter().enumerate();
            folds
                .map(|(fold, head)| values(fold, outputs(head)))
                .collect::<Vec<_>>()
        };
        let (last, best) = (of(|head| &head.last), of(|head| &head.best));
        let column = |table: &[Vec<Option<f64>>], i: usize| {
            table.iter().filter_map(|fold| fold[i]).collect::<Vec<_>>()
        };
        let cell = |i| match column(&last, i).as_slice() {
            [] => None,
            [value] if heads.len() == 1 => Some(Cell::of(*value)),
            values => Some(Cell::over_folds(values)),
        };
        let cells = (0..last.first().map_or(0, Vec::len)).map(|i| {
            let best = column(&best, i);
            cell(i).map(|cell| cell.with_best(Spread::of(&best).mean))
        });
        Self {
            best_epochs: heads.iter().map(|head| head.best_epoch).collect(),
            ..Self::measured(method, origin, cells.collect())
        }
    }
}

impl EvalReport {
    /// Adds printed rows; numbers without a column of their name are left out.
    pub fn quote(&mut self, rows: &[Quoted]) {
        for quoted in rows {
            let cell = |column: &Column| {
                let value = quoted.values.iter().find(|(name, _)| *name == column.name);
                value.map(|(_, value)| Cell::of(*value))
            };
            let marks = [
                (quoted.supervised, "supervised"),
                (quoted.rerun, "run by PCL's authors"),
            ];
            let marks = marks
                .into_iter()
                .filter(|(is, _)| *is)
                .map(|(_, mark)| mark);
            let note = marks.chain(quoted.note).collect::<Vec<_>>().join("; ");
            self.rows.push(Row {
                method: quoted.method.into(),
                origin: Origin::Quoted,
                cells: self.columns.iter().map(cell).collect(),
                best_epochs: Vec::new(),
                source: Some(quoted.source.into()),
                note: (!note.is_empty()).then_some(note),
            });
        }
    }

    /// Everything, as indented JSON.
    ///
    /// # Errors
    /// As serde_json; a report of finite numbers has none.
    pub fn to_json(&self) -> serde_json::Result<String> {
        serde_json::to_string_pretty(self)
    }
}
