//! From codes and labels to figures: the heat table and the t-SNE maps.

use super::FigureError;
use super::knowledge::{HeatRow, HeatTable};
use super::map::{Colouring, MapPanel};
use super::tsne::{Tsne, embed, joined};
use crate::data::labelled::FaceLabel;
use crate::eval::encode::Codes;
use crate::eval::probe::{CodeReport, KnowledgeTable, ProbeSet};

/// Identities beyond this number have no colours of their own.
const MOST_IDENTITIES: usize = 48;

/// A quantity of the heat table.
struct Shown {
    label: &'static str,
    unit: &'static str,
    best: f64,
    value: fn(&CodeReport) -> Option<f64>,
}

const SHOWN: [Shown; 9] = [
    Shown {
        label: "yaw, mean error",
        unit: "°",
        best: 0.0,
        value: |code| Some(code.yaw.as_ref()?.mae_deg),
    },
    Shown {
        label: "pitch, mean error",
        unit: "°",
        best: 0.0,
        value: |code| Some(code.pitch.as_ref()?.mae_deg),
    },
    Shown {
        label: "roll, mean error",
        unit: "°",
        best: 0.0,
        value: |code| Some(code.roll.as_ref()?.mae_deg),
    },
    Shown {
        label: "identity, 5 neighbours",
        unit: "%",
        best: 100.0,
        value: |code| code.identity.map(percent),
    },
    Shown {
        label: "expression, linear",
        unit: "%",
        best: 100.0,
        value: |code| code.expression.map(percent),
    },
    Shown {
        label: "action units, mean F1",
        unit: "%",
        best: 100.0,
        value: |code| code.au_f1.map(percent),
    },
    Shown {
        label: "nearest other person, yaw off by",
        unit: "°",
        best: 0.0,
        value: |code| Some(code.retrieval.pose_other_identity.as_ref()?.yaw_deg),
    },
    Shown {
        label: "nearest other person, head off by",
        unit: "°",
        best: 0.0,
        value: |code| Some(code.retrieval.pose_other_identity.as_ref()?.angle_deg),
    },
    Shown {
        label: "nearest other pose, same person",
        unit: "%",
        best: 100.0,
        value: |code| code.retrieval.identity_other_pose.map(percent),
    },
];

fn percent(share: f64) -> f64 {
    100.0 * share
}

/// The table of what each code knows, shaded between chance and perfect.
pub fn heat_table(table: &KnowledgeTable) -> HeatTable {
    let chance = table.codes.iter().find(|code| code.code == "chance");
    let codes: Vec<&CodeReport> = table
        .codes
        .iter()
        .filter(|code| code.code != "chance")
        .collect();
    let rows = SHOWN
        .iter()
        .map(|shown| HeatRow {
            label: shown.label.into(),
            unit: shown.unit.into(),
            cells: codes.iter().map(|code| (shown.value)(code)).collect(),
            chance: chance.and_then(shown.value),
            best: shown.best,
        })
        .filter(|row| row.cells.iter().any(Option::is_some))
        .collect();
    HeatTable {
        title: "What each code knows".into(),
        columns: codes.iter().map(|code| code.code.clone()).collect(),
        rows,
    }
}

/// The maps of the test pictures: `codes` has F_p and F_f in one (METHODS row 105), the others
/// show F_s, F_f and F_p side by side, coloured by a label each (row 106). `progress` hears the
/// steps done and in all.
///
/// # Errors
/// If a feature is not finite.
pub fn code_maps(
    codes: &Codes,
    set: &ProbeSet,
    progress: &mut (dyn FnMut(usize, usize) + Send),
) -> Result<Vec<(&'static str, Vec<MapPanel>)>, FigureError> {
    let how = Tsne::default();
    let of = |name: &str| format!("t-SNE of {name}");
    let labels: Vec<&FaceLabel> = set.test.iter().map(|&at| &set.labels[at]).collect();
    let [(_, f_s), (_, f_f), (_, f_p)] = codes
        .named()
        .map(|(name, code)| (name, code.select(&set.test)));
    let mut maps = Vec::new();
    let (both, which) = joined(&[&f_p, &f_f])?;
    maps.push((
        "codes",
        vec![MapPanel {
            title: of("F_p and F_f"),
            points: embed(&both, &how, progress)?,
            colour: Colouring::Classes {
                names: vec!["F_p".into(), "F_f".into()],
                of: which,
            },
        }],
    ));
    let mut placed = Vec::new();
    for (name, code) in [("F_s", &f_s), ("F_f", &f_f), ("F_p", &f_p)] {
        placed.push((of(name), embed(code, &how, progress)?));
    }
    for (kind, colour) in colourings(&labels, &set.expressions) {
        let panels = placed.iter().map(|(title, points)| MapPanel {
            title: title.clone(),
            points: points.clone(),
            colour: colour.clone(),
        });
        maps.push((kind, panels.collect()));
    }
    Ok(maps)
}

/// One colouring per label that is known.
fn colourings(labels: &[&FaceLabel], expressions: &[String]) -> Vec<(&'static str, Colouring)> {
    let classes = |names: Vec<String>, of: fn(&FaceLabel) -> Option<u32>| Colouring::Classes {
        names,
        of: labels
            .iter()
            .map(|label| of(label).unwrap_or(u32::MAX))
            .collect(),
    };
    let mut all = Vec::new();
    if labels.iter().any(|label| label.expression.is_some()) {
        let colour = classes(expressions.to_vec(), |label| label.expression);
        all.push(("expression", colour));
    }
    let mut known: Vec<u32> = labels.iter().filter_map(|label| label.identity).collect();
    known.sort_unstable();
    known.dedup();
    if !known.is_empty() {
        known.truncate(MOST_IDENTITIES);
        let of = labels.iter().map(|label| {
            let place = label.identity.and_then(|id| known.binary_search(&id).ok());
            place.map_or(u32::MAX, |place| place as u32)
        });
        let colour = Colouring::Classes {
            names: (1..=known.len()).map(|n| format!("person {n}")).collect(),
            of: of.collect(),
        };
        all.push(("identity", colour));
    }
    if labels.iter().any(|label| label.yaw_deg.is_some()) {
        let values = labels.iter().map(|label| label.yaw_deg.unwrap_or(f32::NAN));
        let colour = Colouring::Value {
            name: "yaw".into(),
            unit: "°".into(),
            values: values.collect(),
        };
        all.push(("yaw", colour));
    }
    all
}
