//! How true the pictures are that D makes of strangers, in a sentence each.

use crate::eval::probe::reconstruction::DECODED;
use crate::eval::probe::{KnowledgeTable, Likeness};

/// Of reconstructions and of swaps, as far as they were measured.
pub fn sentences(table: &KnowledgeTable) -> Vec<String> {
    let reconstruction = table.reconstruction.as_ref().and_then(|made| {
        let find = |name: &str| made.answers.iter().find(|answer| answer.name == name);
        let ours = find(DECODED)?.likeness;
        let others = [
            ("mean_face", "mean face"),
            ("pca_64", "64 principal components"),
        ];
        let others = others
            .iter()
            .filter_map(|(name, words)| Some(format!("{words} {:.3}", find(name)?.likeness.l1)));
        Some(sentence("Strangers made again", ours, others.collect()))
    });
    let swap = table.swap.as_ref().map(|swap| {
        let others = vec![
            format!("copying A {:.3}", swap.copy_look.l1),
            format!("mean face {:.3}", swap.mean_face.l1),
        ];
        sentence("Swaps of strangers", swap.decoded, others)
    });
    reconstruction.into_iter().chain(swap).collect()
}

fn sentence(what: &str, ours: Likeness, others: Vec<String>) -> String {
    let mut text = format!("{what}: mean absolute difference {:.3}", ours.l1);
    if let Some(interval) = ours.l1_interval {
        text.push_str(&format!(" ({:.3} to {:.3})", interval.low, interval.high));
    }
    if !others.is_empty() {
        text.push_str(&format!(", {}", others.join(", ")));
    }
    if let Some(sharpness) = ours.sharpness {
        text.push_str(&format!(
            "; sharpness {:.0} % of the truth's",
            100.0 * sharpness
        ));
    }
    text.push('.');
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eval::probe::{Answer, Interval, Reconstruction, SwapTruth};

    #[test]
    fn what_was_measured_is_said() {
        let likeness = |l1: f64| Likeness {
            l1,
            ..Likeness::default()
        };
        let answer = |name: &str, l1: f64| Answer {
            name: name.into(),
            likeness: likeness(l1),
        };
        let mut table = KnowledgeTable::default();
        assert!(sentences(&table).is_empty());
        let mut ours = answer(DECODED, 0.071);
        ours.likeness.sharpness = Some(0.25);
        ours.likeness.l1_interval = Some(Interval {
            low: 0.07,
            high: 0.073,
        });
        table.reconstruction = Some(Reconstruction {
            answers: vec![ours, answer("pca_64", 0.046)],
            pictures: 300,
        });
        table.swap = Some(SwapTruth {
            decoded: likeness(0.15),
            copy_look: likeness(0.086),
            copy_pose: likeness(0.2),
            mean_face: likeness(0.17),
            pairs: 64,
        });
        assert_eq!(
            sentences(&table),
            [
                "Strangers made again: mean absolute difference 0.071 (0.070 to 0.073), \
                 64 principal components 0.046; sharpness 25 % of the truth's.",
                "Swaps of strangers: mean absolute difference 0.150, copying A 0.086, \
                 mean face 0.170.",
            ]
        );
    }
}
