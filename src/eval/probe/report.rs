//! The table of what each code knows: for the terminal, as csv rows, as scalars.

use serde::{Deserialize, Serialize};

use super::columns::{aligned, cell, line, marks};
use super::likeness::SwapTruth;
use super::quantities::{GROUPS, Good, Quantity};
use super::{CHANCE, CodeReport};

/// Name of the swap in files.
const SWAP: &str = "swap";
/// Digits after the point of likenesses on the terminal.
const SWAP_DIGITS: usize = 3;

/// What all codes know at one moment.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct KnowledgeTable {
    /// The codes. Those called `F_…` are learnt; all others, such as chance, pixels and an
    /// encoder of random weights, are what they have to beat.
    pub codes: Vec<CodeReport>,
    /// Whether swaps are true, where the truth is known.
    pub swap: Option<SwapTruth>,
    /// Anything to know when reading the table, e.g. which pictures were used.
    pub note: Option<String>,
}

/// One number of the table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct KnowledgeRow {
    /// The code, or `swap`.
    pub code: String,
    /// The quantity with its unit.
    pub quantity: String,
    /// The number.
    pub value: f64,
}

impl KnowledgeTable {
    /// All numbers that were measured, for a csv file with the columns code, quantity, value.
    pub fn rows(&self) -> Vec<KnowledgeRow> {
        let row = |code: &str, quantity: String, value| KnowledgeRow {
            code: code.into(),
            quantity,
            value,
        };
        let mut rows = Vec::new();
        for code in &self.codes {
            for quantity in GROUPS.iter().flat_map(|(_, quantities)| *quantities) {
                let value = (quantity.value)(code, self.chance());
                rows.extend(value.map(|value| row(&code.code, quantity.key.into(), value)));
            }
        }
        if let Some(swap) = &self.swap {
            for (answer, likeness) in swap.answers() {
                rows.push(row(SWAP, format!("{answer}_l1"), likeness.l1));
                rows.push(row(SWAP, format!("{answer}_ssim"), likeness.ssim));
            }
        }
        rows
    }

    /// All numbers under names such as `knows/F_p/yaw_mae_deg`.
    pub fn scalars(&self) -> Vec<(String, f64)> {
        let name = |row: &KnowledgeRow| {
            let code: String = row.code.split_whitespace().collect::<Vec<_>>().join("_");
            format!("knows/{code}/{}", row.quantity)
        };
        self.rows()
            .iter()
            .map(|row| (name(row), row.value))
            .collect()
    }

    /// What the user must be told about learnt codes: collapse, and numbers that are not finite.
    pub fn warnings(&self) -> Vec<String> {
        let learnt = self.codes.iter().filter(|code| is_learnt(&code.code));
        learnt
            .filter_map(|code| code.spread.collapsed.clone())
            .collect()
    }

    /// The table for a terminal; rows that no code has are left out.
    pub fn text(&self) -> String {
        let mut grid = vec![line("", self.codes.iter().map(|code| code.code.clone()))];
        for (heading, quantities) in GROUPS {
            let rows: Vec<Vec<String>> = quantities
                .iter()
                .filter(|quantity| !quantity.words.is_empty())
                .filter_map(|quantity| self.text_row(quantity))
                .collect();
            if !rows.is_empty() {
                grid.push(vec![heading.into()]);
                grid.extend(rows);
            }
        }
        let mut text = aligned(&grid);
        if let Some(swap) = &self.swap {
            text.push('\n');
            text.push_str(&swap_text(swap));
        }
        text.push_str(
            "\n* best learnt code, better than everything that is not learnt\n\
             ~ best learnt code, but something that is not learnt is as good\n",
        );
        for sentence in self.note.iter().chain(&self.warnings()) {
            text.push_str(sentence);
            text.push('\n');
        }
        text
    }

    fn chance(&self) -> Option<&CodeReport> {
        self.codes.iter().find(|code| code.code == CHANCE)
    }

    fn text_row(&self, quantity: &Quantity) -> Option<Vec<String>> {
        let value = |code| (quantity.value)(code, self.chance());
        let values: Vec<Option<f64>> = self.codes.iter().map(value).collect();
        values.iter().flatten().next()?;
        let learnt: Vec<bool> = self
            .codes
            .iter()
            .map(|code| is_learnt(&code.code))
            .collect();
        let marks = marks(&values, &learnt, quantity.good, quantity.digits);
        let cells = values
            .iter()
            .zip(marks)
            .map(|(value, mark)| cell(*value, quantity.digits, mark));
        Some(line(quantity.words, cells))
    }
}

fn is_learnt(code: &str) -> bool {
    code.starts_with("F_")
}

fn swap_text(swap: &SwapTruth) -> String {
    let answers = swap.answers().map(|(_, likeness)| likeness);
    let learnt = [true, false, false, false];
    let row = |words: &str, values: [f64; 4], good| {
        let values = values.map(Some);
        let marks = marks(&values, &learnt, good, SWAP_DIGITS);
        line(
            words,
            values
                .iter()
                .zip(marks)
                .map(|(value, mark)| cell(*value, SWAP_DIGITS, mark)),
        )
    };
    let heading = format!(
        "A in the pose of B, against the true picture (pairs: {})",
        swap.pairs
    );
    let names = ["D(F_f(A), F_p(B))", "A itself", "B itself", "mean face"];
    aligned(&[
        vec![heading],
        line("", names.map(String::from)),
        row("mean absolute difference", answers.map(|a| a.l1), Good::Low),
        row("structural similarity", answers.map(|a| a.ssim), Good::High),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eval::probe::{Likeness, PoseRetrieval, Regression, Spread};

    fn code(name: &str, mae_deg: f64, identity: Option<f64>, angle_deg: f64) -> CodeReport {
        let mut report = CodeReport {
            code: name.into(),
            yaw: Some(Regression {
                r2: Some(0.5),
                mae_deg,
            }),
            identity,
            ..CodeReport::default()
        };
        report.retrieval.pose_other_identity = Some(PoseRetrieval {
            yaw_deg: 9.0,
            angle_deg,
        });
        report
    }

    fn table() -> KnowledgeTable {
        let all = |l1: f64| Likeness { l1, ssim: 1.0 - l1 };
        KnowledgeTable {
            codes: vec![
                code("F_f", 12.34, Some(0.8), 30.0),
                code("F_p", 5.0, Some(0.2), 10.0),
                code("random F_s", 7.0, Some(0.9), 35.0),
                code(CHANCE, 25.0, None, 40.0),
            ],
            swap: Some(SwapTruth {
                decoded: all(0.1),
                copy_look: all(0.2),
                copy_pose: all(0.3),
                mean_face: all(0.05),
                pairs: 6,
            }),
            note: Some("500 pictures of 20 people".into()),
        }
    }

    #[test]
    fn text_has_aligned_columns_marks_and_notes() {
        let mut table = table();
        table.codes[1].spread.collapsed = Some("F_p has collapsed".into());
        let text = table.text();
        let row = |words: &str| {
            text.lines()
                .find(|l| l.trim_start().starts_with(words))
                .unwrap()
        };
        let cells = |words: &str| -> Vec<&str> {
            row(words).trim_start()[words.len()..]
                .split_whitespace()
                .collect()
        };
        assert_eq!(
            cells("yaw, mean error (°)"),
            ["12.3", "5.0*", "7.0", "25.0"]
        );
        // The random encoder is better at identity; chance was not measured.
        assert_eq!(
            cells("identity by 5 neighbours, share right"),
            ["0.80~", "0.20", "0.90", "–"]
        );
        assert_eq!(
            cells("as share of chance"),
            ["0.75", "0.25*", "0.88", "1.00"]
        );
        assert_eq!(
            cells("mean absolute difference"),
            ["0.100~", "0.200", "0.300", "0.050"]
        );
        assert!(!text.contains("pitch") && !text.contains("Spread"));
        let end = |line: &str, word: &str| {
            let at = line.find(word).unwrap() + word.len();
            line[..at].chars().count()
        };
        assert_eq!(
            end(row("F_f"), "random F_s"),
            end(row("yaw, mean error"), "7.0") + 1
        );
        assert!(text.ends_with("500 pictures of 20 people\nF_p has collapsed\n"));
    }

    #[test]
    fn rows_and_scalars_name_every_number() {
        let table = table();
        let scalars = table.scalars();
        let get = |name: &str| scalars.iter().find(|s| s.0 == name).map(|s| s.1);
        assert_eq!(get("knows/F_p/yaw_mae_deg"), Some(5.0));
        assert_eq!(get("knows/random_F_s/identity_accuracy"), Some(0.9));
        assert_eq!(get("knows/chance/identity_accuracy"), None);
        assert_eq!(get("knows/F_f/retrieval_angle_to_chance"), Some(0.75));
        assert_eq!(get("knows/swap/mean_face_ssim"), Some(0.95));
        assert_eq!(scalars.len(), table.rows().len());
        let first = &table.rows()[0];
        assert_eq!(
            (&first.code[..], &first.quantity[..]),
            ("F_f", "yaw_mae_deg")
        );
    }

    #[test]
    fn only_learnt_codes_warn() {
        let mut table = table();
        table.codes[2].spread = Spread {
            collapsed: Some("of no interest".into()),
            ..Spread::default()
        };
        assert!(table.warnings().is_empty());
    }

    #[test]
    fn json_keeps_everything() {
        let json = serde_json::to_string(&table()).unwrap();
        assert_eq!(
            serde_json::from_str::<KnowledgeTable>(&json).unwrap(),
            table()
        );
    }
}
