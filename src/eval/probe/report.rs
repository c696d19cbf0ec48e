//! The table of what each code knows: for the terminal, as csv rows, as scalars.

use serde::{Deserialize, Serialize};

use super::columns::{aligned, cell, line, marks};
use super::likeness::{Likeness, SwapTruth};
use super::quantities::{GROUPS, Quantity};
use super::readback::Readback;
use super::reconstruction::Reconstruction;
use super::separation::Separation;
use super::text::{readback_text, reconstruction_text, separation_text, swap_text};
use super::{CHANCE, CodeReport};

/// Name of the swap in files.
const SWAP: &str = "swap";
/// Name of pictures made again in files.
const RECONSTRUCTION: &str = "reconstruction";

/// What all codes know at one moment.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct KnowledgeTable {
    /// The codes. Those called `F_…` are learnt; all others, such as chance, pixels and an
    /// encoder of random weights, are what they have to beat.
    pub codes: Vec<CodeReport>,
    /// Whether swaps are true, where the truth is known.
    pub swap: Option<SwapTruth>,
    /// Test pictures made again. Absent in older records.
    #[serde(default)]
    pub reconstruction: Option<Reconstruction>,
    /// What made pictures of A in the pose of B show, read back from their pixels, where the truth
    /// is known: D's first, the true ones last. Absent in older records.
    #[serde(default)]
    pub readback: Vec<Readback>,
    /// How far F_f and F_p are apart, and those of an encoder without training. Absent in older
    /// records.
    #[serde(default)]
    pub separation: Vec<Separation>,
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
        let mut pictures = |what: &str, answer: &str, likeness: &Likeness| {
            rows.push(row(what, format!("{answer}_l1"), likeness.l1));
            rows.push(row(what, format!("{answer}_ssim"), likeness.ssim));
            let sharpness = likeness.sharpness;
            rows.extend(sharpness.map(|value| row(what, format!("{answer}_sharpness"), value)));
        };
        for (answer, likeness) in self.swap.iter().flat_map(SwapTruth::answers) {
            pictures(SWAP, answer, &likeness);
        }
        for answer in self.reconstruction.iter().flat_map(|all| &all.answers) {
            pictures(RECONSTRUCTION, &answer.name, &answer.likeness);
        }
        for read in &self.readback {
            let name = &read.name;
            rows.push(row(SWAP, format!("{name}_yaw_mae_deg"), read.yaw_mae_deg));
            rows.push(row(
                SWAP,
                format!("{name}_identity_accuracy"),
                read.identity,
            ));
        }
        for apart in &self.separation {
            let number = |name: &str, value| row(&apart.codes, name.into(), value);
            let distance = apart.distance_correlation;
            rows.extend(distance.map(|value| number("distance_correlation", value)));
            if let Some(dci) = &apart.dci {
                rows.push(number("disentanglement", dci.disentanglement));
                rows.push(number("completeness", dci.completeness));
                rows.push(number("informativeness", dci.informativeness));
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
        for more in [
            separation_text(&self.separation),
            self.reconstruction.as_ref().map(reconstruction_text),
            self.swap.as_ref().map(swap_text),
            readback_text(&self.readback),
        ] {
            text.extend(more.map(|more| format!("\n{more}")));
        }
        text.push_str(
            "\n* best learnt code, better than everything that is not learnt\n\
             ~ best learnt code, but something that is not learnt is as good\n",
        );
        if text.contains('±') {
            text.push_str(
                "± half of the 95 % interval over test people (bootstrap; its ends are in the JSON)\n",
            );
        }
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
        let cells = self.codes.iter().zip(values).zip(marks);
        let cells = cells.map(|((code, value), mark)| {
            let interval = code.intervals.get(quantity.key).copied();
            cell(value, interval, quantity.digits, mark)
        });
        Some(line(quantity.words, cells))
    }
}

fn is_learnt(code: &str) -> bool {
    code.starts_with("F_")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eval::probe::reconstruction::DECODED;
    use crate::eval::probe::{Answer, Dci, Interval, PoseRetrieval, Regression, Spread};

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
        let all = |l1: f64| Likeness {
            l1,
            ssim: 1.0 - l1,
            ..Likeness::default()
        };
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
            ..KnowledgeTable::default()
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

    fn full_table() -> KnowledgeTable {
        let mut table = table();
        let interval = |low: f64, high: f64| Interval { low, high };
        let f_p = &mut table.codes[1].intervals;
        f_p.insert("yaw_mae_deg".into(), interval(4.5, 5.9));
        let answer = |name: &str, l1: f64| Answer {
            name: name.into(),
            likeness: Likeness {
                l1,
                ssim: 1.0 - l1,
                sharpness: Some(0.25),
                l1_interval: Some(interval(l1 - 0.002, l1 + 0.004)),
                ..Likeness::default()
            },
        };
        table.reconstruction = Some(Reconstruction {
            answers: vec![answer(DECODED, 0.07), answer("pca_64", 0.046)],
            pictures: 364,
        });
        let read = |name: &str, yaw_mae_deg: f64| Readback {
            name: name.into(),
            yaw_mae_deg,
            yaw_interval: None,
            identity: 0.2,
            identity_interval: None,
        };
        table.readback = vec![read("decoded", 21.5), read("truth", 11.0)];
        table.separation = vec![Separation {
            codes: "F_f and F_p".into(),
            distance_correlation: Some(0.83),
            dci: Some(Dci {
                disentanglement: 0.1,
                completeness: 0.2,
                informativeness: 0.3,
            }),
        }];
        table
    }

    #[test]
    fn intervals_and_pictures_made_again_are_shown() {
        let (table, text) = (full_table(), full_table().text());
        assert!(text.contains("  5.0±0.7*  "), "{text}");
        assert!(
            text.contains("0.070±0.003~") && text.contains("0.046±0.003\n"),
            "{text}"
        );
        assert!(
            text.contains("PCA of pixels, 64") && text.contains("± half"),
            "{text}"
        );
        assert!(!super::tests::table().text().contains('±'));
        let scalars = table.scalars();
        let get = |name: &str| scalars.iter().find(|s| s.0 == name).map(|s| s.1);
        assert_eq!(get("knows/reconstruction/decoded_sharpness"), Some(0.25));
        assert_eq!(get("knows/reconstruction/pca_64_l1"), Some(0.046));
        assert_eq!(get("knows/swap/truth_yaw_mae_deg"), Some(11.0));
        assert_eq!(get("knows/F_f_and_F_p/completeness"), Some(0.2));
        assert!(
            text.contains("yaw read back") && text.contains("21.5"),
            "{text}"
        );
        assert!(
            text.contains("distance correlation") && text.contains("0.83"),
            "{text}"
        );
    }

    #[test]
    fn json_keeps_everything_and_older_records_still_load() {
        let json = serde_json::to_value(full_table()).unwrap();
        let back: KnowledgeTable = serde_json::from_value(json.clone()).unwrap();
        assert_eq!(back, full_table());
        let mut old = json;
        old.as_object_mut()
            .unwrap()
            .retain(|name, _| matches!(&name[..], "codes" | "swap" | "note"));
        for code in old["codes"].as_array_mut().unwrap() {
            let code = code.as_object_mut().unwrap();
            code.retain(|name, _| !matches!(&name[..], "intervals" | "yaw_r2_shuffled"));
        }
        for likeness in old["swap"].as_object_mut().unwrap().values_mut() {
            if let Some(likeness) = likeness.as_object_mut() {
                likeness.retain(|name, _| matches!(&name[..], "l1" | "ssim"));
            }
        }
        assert_eq!(
            serde_json::from_value::<KnowledgeTable>(old).unwrap(),
            table()
        );
    }
}
