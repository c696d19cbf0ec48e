//! A report as text for the terminal.

use std::fmt::{self, Display, Formatter, Write};

use super::{Column, EvalReport, Origin, Row};
use crate::config::{ProbeSelect, Schedule};
use crate::eval::head::{Better, Optimizer, Recipe};

impl Display for EvalReport {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} ({})", self.title, self.task)?;
        for (name, text) in self.facts() {
            writeln!(f, "  {name:<9} {text}")?;
        }
        writeln!(f)?;
        draw(f, &self.grid())?;
        self.footnotes(f)
    }
}

impl EvalReport {
    /// What was measured and how, one line each.
    fn facts(&self) -> Vec<(&'static str, String)> {
        let (data, protocol, model) = (&self.data, &self.protocol, &self.model);
        let parts = data
            .parts
            .iter()
            .map(|(name, size)| format!("{size} {name}"));
        let sizes = parts.collect::<Vec<_>>().join(", ");
        let mut facts = vec![
            ("data", format!("{}, {}: {sizes}", data.layout, data.path)),
            (
                "feature",
                format!(
                    "{}, {} numbers, from pictures of {} px",
                    protocol.feature, protocol.feature_len, protocol.input_px
                ),
            ),
            ("head", protocol.head.clone()),
        ];
        facts.extend(
            protocol
                .training
                .as_ref()
                .map(|recipe| ("training", in_words(recipe))),
        );
        if !protocol.options.is_empty() {
            let options = protocol
                .options
                .iter()
                .map(|(key, value)| format!("{key} = {value}"));
            facts.push(("options", options.collect::<Vec<_>>().join(", ")));
        }
        let step = model
            .step
            .map(|step| format!(", step {step}"))
            .unwrap_or_default();
        let hash = model.sha256.get(..12).unwrap_or(&model.sha256);
        facts.push((
            "model",
            format!(
                "{}{step}, {} (SHA-256 {hash}…), on {}",
                model.encoder, model.weights, model.device
            ),
        ));
        facts
    }

    /// The table's texts: two lines of heads, then one line per row.
    fn grid(&self) -> Vec<Vec<String>> {
        let trained = self.rows.iter().any(|row| !row.best_epochs.is_empty());
        let other = match self.select {
            ProbeSelect::Last => "best epoch",
            ProbeSelect::BestTest => "last epoch",
        };
        let mut heads = vec![
            vec!["method".to_string(), String::new()],
            vec![String::new(); 2],
        ];
        for (i, column) in self.columns.iter().enumerate() {
            heads[0].push(column.name.clone());
            heads[1].push(column.unit.clone());
            if i == 0 && trained {
                heads[0].push(other.into());
                heads[1].push(column.unit.clone());
            }
        }
        heads.extend(self.rows.iter().map(|row| {
            let mark = match row.origin {
                Origin::Ours | Origin::Baseline => "",
                Origin::Quoted => "quoted",
            };
            let mut line = vec![row.method.clone(), mark.into()];
            for i in 0..self.columns.len() {
                line.push(self.number(row, i));
                if i == 0 && trained {
                    line.push(self.other_epoch(row));
                }
            }
            line
        }));
        heads
    }

    /// The number of the epoch that counts, with its spread in the headline column.
    fn number(&self, row: &Row, column: usize) -> String {
        let Some(cell) = row.cells.get(column).and_then(Option::as_ref) else {
            return "–".into();
        };
        let mut text = format!("{:.2}", cell.shown(self.select));
        if let (0, Some(std), ProbeSelect::Last) = (column, cell.std, self.select) {
            // Writing to a String cannot fail.
            let _ = write!(text, " ± {std:.2}");
        }
        text
    }

    /// The headline number of the epoch that does not count.
    fn other_epoch(&self, row: &Row) -> String {
        let Some(cell) = row.cells.first().and_then(Option::as_ref) else {
            return String::new();
        };
        match (self.select, cell.best, row.best_epochs.as_slice()) {
            (ProbeSelect::Last, Some(best), [epoch]) => format!("{best:.2} (at {epoch})"),
            (ProbeSelect::Last, Some(best), _) => format!("{best:.2}"),
            (ProbeSelect::BestTest, Some(_), _) => format!("{:.2}", cell.last),
            (_, None, _) => String::new(),
        }
    }

    /// What the marks mean, and the notes.
    fn footnotes(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f)?;
        let lower = |column: &Column| column.better == Better::Lower;
        if self.columns.iter().any(lower) {
            writeln!(f, "Errors: lower is better.")?;
        }
        let spread = |row: &Row| row.cells.iter().flatten().any(|cell| cell.std.is_some());
        if self.rows.iter().any(spread) {
            writeln!(f, "±: sample standard deviation (n − 1) over folds.")?;
        }
        if self.rows.iter().any(|row| !row.best_epochs.is_empty()) {
            let shown = match self.select {
                ProbeSelect::Last => "last epoch",
                ProbeSelect::BestTest => "best epoch",
            };
            writeln!(
                f,
                "Numbers are of the {shown}; the best epoch is chosen on the test part."
            )?;
        }
        let mut sources = self
            .rows
            .iter()
            .filter_map(|row| row.source.as_deref())
            .collect::<Vec<_>>();
        sources.dedup();
        if !sources.is_empty() {
            let sources = sources.join(", ");
            writeln!(
                f,
                "quoted: printed in {sources}, on the original data; not measured here."
            )?;
        }
        for row in &self.rows {
            if let Some(note) = &row.note {
                writeln!(f, "  {}: {note}", row.method)?;
            }
        }
        for note in &self.notes {
            writeln!(f, "Note: {note}")?;
        }
        Ok(())
    }
}

/// A recipe in words.
fn in_words(recipe: &Recipe) -> String {
    let optimizer = match recipe.optimizer {
        Optimizer::Adam => "Adam".to_string(),
        Optimizer::AdamW { weight_decay } => format!("AdamW (decay {weight_decay})"),
    };
    let schedule = match recipe.schedule {
        Schedule::Cosine => "cosine",
        Schedule::Constant => "constant",
    };
    format!(
        "{optimizer}, learning rate {} {schedule}, {} epochs, batch {}, {}, seed {}",
        recipe.lr,
        recipe.epochs,
        recipe.batch_size,
        if recipe.shuffle {
            "shuffled"
        } else {
            "in order"
        },
        recipe.seed
    )
}

/// Draws lines of texts as aligned columns: the first two to the left, numbers to the right.
fn draw(f: &mut Formatter<'_>, lines: &[Vec<String>]) -> fmt::Result {
    let width = |text: &String| text.chars().count();
    let columns = lines.first().map_or(0, Vec::len);
    let widest = |i: usize| lines.iter().map(|line| width(&line[i])).max().unwrap_or(0);
    let widths = (0..columns).map(widest).collect::<Vec<_>>();
    for line in lines {
        let mut text = String::new();
        for (i, (cell, &wide)) in line.iter().zip(&widths).enumerate() {
            let gap = " ".repeat(wide - width(cell));
            let (before, after) = if i < 2 { ("", &*gap) } else { (&*gap, "") };
            let _ = write!(
                text,
                "{before}{cell}{after}{}",
                if wide > 0 { "  " } else { "" }
            );
        }
        writeln!(f, "{}", text.trim_end())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::{Cell, DataSet, ModelInfo, Protocol};
    use super::*;
    use crate::config::{PoseProbeConfig, ProbeConfig};
    use crate::eval::quoted::{ANGLES, Benchmark, MEAN, Study, quoted};

    fn report() -> EvalReport {
        let columns = [MEAN]
            .iter()
            .chain(&ANGLES)
            .map(|name| Column::degrees(*name));
        let cells =
            [9.5, 8.0, 12.25, 8.25].map(|value| Some(Cell::of(value).with_best(value - 1.0)));
        let mut ours = Row::measured("this model", Origin::Ours, cells.to_vec());
        ours.best_epochs = vec![212];
        let chance = Row::measured(
            "chance",
            Origin::Baseline,
            vec![Some(Cell::of(30.0)), None, None, None],
        );
        EvalReport {
            task: "pose".into(),
            title: "Head pose".into(),
            data: DataSet {
                layout: "300W-LP npz".into(),
                path: "poses".into(),
                left_out: Vec::new(),
                parts: vec![
                    ("training pictures".into(), 90),
                    ("test pictures".into(), 10),
                ],
            },
            protocol: Protocol {
                feature: "F_s".into(),
                feature_len: 32768,
                input_px: 256,
                head: "BatchNorm1d + Linear(32768, 3), L1".into(),
                training: Some(Recipe::pose(
                    &ProbeConfig::default(),
                    &PoseProbeConfig::default(),
                    7,
                )),
                options: [("pose_probe.aug".into(), "none".into())].into(),
            },
            program: "visage".into(),
            seed: 0,
            model: ModelInfo {
                encoder: "facecycle_paper".into(),
                weights: "run/weights.safetensors".into(),
                sha256: "0123456789abcdef0123".into(),
                step: Some(1000),
                device: "cpu".into(),
            },
            select: ProbeSelect::Last,
            columns: columns.collect(),
            rows: vec![ours, chance],
            notes: vec!["generated faces, not AFLW2000".into()],
        }
    }

    #[test]
    fn a_table_to_read() {
        let mut report = report();
        report.quote(&quoted(Benchmark::Aflw2000, Study::Methods)[1..2]);
        let text = report.to_string();
        let table = "\
method               mean       best epoch    yaw  pitch   roll
                        °                °      °      °      °
this model           9.50   8.50 (at 212)   8.00  12.25   8.25
chance              30.00                       –      –      –
MoCo        quoted  20.11                   28.49  16.29  15.55
";
        // Widths are free to change, the texts and their order are not.
        let words = |text: &str| {
            text.split_whitespace()
                .map(String::from)
                .collect::<Vec<_>>()
                .join(" ")
        };
        assert!(words(&text).contains(&words(table)), "{text}");
        for line in [
            "training AdamW (decay 0.01), learning rate 0.001 constant, 300 epochs, batch 128",
            "facecycle_paper, step 1000, run/weights.safetensors (SHA-256 0123456789ab…), on cpu",
            "quoted: printed in S003 Table 4, on the original data; not measured here.",
            "MoCo: near chance",
            "Note: generated faces, not AFLW2000",
        ] {
            assert!(words(&text).contains(line), "{text}");
        }
        // Numbers of a column end below each other.
        let end = |line: &str, word: &str| {
            let line = text.lines().find(|l| l.starts_with(line)).unwrap();
            line[..line.find(word).unwrap() + word.len()]
                .chars()
                .count()
        };
        assert_eq!(end("this model", "9.50"), end("MoCo ", "20.11"));
    }

    #[test]
    fn the_best_epoch_can_count() {
        let mut report = report();
        report.select = ProbeSelect::BestTest;
        let text = report.to_string();
        let line = text
            .lines()
            .find(|line| line.starts_with("this model"))
            .unwrap();
        let numbers = line.split_whitespace().skip(2).collect::<Vec<_>>();
        assert_eq!(numbers, ["8.50", "9.50", "7.00", "11.25", "7.25"]);
    }

    #[test]
    fn json_keeps_everything() {
        let mut report = report();
        report.protocol.training = Some(Recipe::classes(&ProbeConfig::default(), 1));
        report.rows[0].cells[0] = Some(Cell::over_folds(&[1.0, 2.0, 6.0]));
        let json = report.to_json().unwrap();
        assert_eq!(serde_json::from_str::<EvalReport>(&json).unwrap(), report);
        assert!(report.to_string().contains("3.00 ± 2.65"));
    }
}
