//! The measured quantities with their names.

use super::{CodeReport, PoseRetrieval, Regression};

/// Which values are good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Good {
    Low,
    High,
    /// Neither: it only describes the code.
    Neutral,
}

/// One row of the table.
pub(super) struct Quantity {
    /// Name in files, with its unit.
    pub key: &'static str,
    /// Name on the terminal, with its unit; rows without are for files only.
    pub words: &'static str,
    pub good: Good,
    /// Digits after the point on the terminal.
    pub digits: usize,
    /// Value of a code, given what chance has.
    pub value: fn(&CodeReport, Option<&CodeReport>) -> Option<f64>,
}

type Value = fn(&CodeReport, Option<&CodeReport>) -> Option<f64>;

const fn low(key: &'static str, words: &'static str, digits: usize, value: Value) -> Quantity {
    Quantity {
        key,
        words,
        good: Good::Low,
        digits,
        value,
    }
}

const fn high(key: &'static str, words: &'static str, value: Value) -> Quantity {
    Quantity {
        key,
        words,
        good: Good::High,
        digits: 2,
        value,
    }
}

const fn neutral(key: &'static str, words: &'static str, digits: usize, value: Value) -> Quantity {
    Quantity {
        key,
        words,
        good: Good::Neutral,
        digits,
        value,
    }
}

fn r2(regression: Option<Regression>) -> Option<f64> {
    regression?.r2
}

fn mae(regression: Option<Regression>) -> Option<f64> {
    Some(regression?.mae_deg)
}

fn pose(report: &CodeReport) -> Option<PoseRetrieval> {
    report.retrieval.pose_other_identity
}

fn unit(report: &CodeReport, index: usize) -> Option<f64> {
    report.au_f1_each?[index]
}

/// Value divided by that of chance.
fn to_chance(
    report: &CodeReport,
    chance: Option<&CodeReport>,
    value: fn(&CodeReport) -> Option<f64>,
) -> Option<f64> {
    let chance = value(chance?).filter(|&value| value > 0.0)?;
    Some(value(report)? / chance)
}

/// Groups of rows under their headings.
pub(super) const GROUPS: [(&str, &[Quantity]); 3] = [
    (
        "Read from the code by a linear probe, tested on other pictures",
        &[
            low("yaw_mae_deg", "yaw, mean error (°)", 1, |r, _| mae(r.yaw)),
            high("yaw_r2", "yaw, R²", |r, _| r2(r.yaw)),
            high(
                "yaw_selectivity",
                "yaw, R² less that of shuffled labels",
                |r, _| Some(r2(r.yaw)? - r.yaw_r2_shuffled?),
            ),
            low(
                "abs_yaw_mae_deg",
                "yaw without its side, mean error (°)",
                1,
                |r, _| mae(r.abs_yaw),
            ),
            high("abs_yaw_r2", "yaw without its side, R²", |r, _| {
                r2(r.abs_yaw)
            }),
            low("pitch_mae_deg", "pitch, mean error (°)", 1, |r, _| {
                mae(r.pitch)
            }),
            high("pitch_r2", "pitch, R²", |r, _| r2(r.pitch)),
            low("roll_mae_deg", "roll, mean error (°)", 1, |r, _| {
                mae(r.roll)
            }),
            high("roll_r2", "roll, R²", |r, _| r2(r.roll)),
            high("expression_accuracy", "expression, share right", |r, _| {
                r.expression
            }),
            high("au_f1", "action units, mean F1", |r, _| r.au_f1),
            high("au1_f1", "", |r, _| unit(r, 0)),
            high("au2_f1", "", |r, _| unit(r, 1)),
            high("au4_f1", "", |r, _| unit(r, 2)),
            high("au6_f1", "", |r, _| unit(r, 3)),
            high("au9_f1", "", |r, _| unit(r, 4)),
            high("au12_f1", "", |r, _| unit(r, 5)),
            high("au25_f1", "", |r, _| unit(r, 6)),
            high("au26_f1", "", |r, _| unit(r, 7)),
        ],
    ),
    (
        "Told by the nearest faces",
        &[
            high(
                "identity_accuracy",
                "identity by 5 neighbours, share right",
                |r, _| r.identity,
            ),
            low(
                "retrieval_yaw_deg",
                "nearest other person: yaw off by (°)",
                1,
                |r, _| Some(pose(r)?.yaw_deg),
            ),
            low(
                "retrieval_angle_deg",
                "nearest other person: head off by (°)",
                1,
                |r, _| Some(pose(r)?.angle_deg),
            ),
            low(
                "retrieval_angle_to_chance",
                "  as share of chance",
                2,
                |r, chance| to_chance(r, chance, |r| Some(pose(r)?.angle_deg)),
            ),
            high(
                "retrieval_identity_accuracy",
                "nearest other pose: same person, share",
                |r, _| r.retrieval.identity_other_pose,
            ),
            high(
                "retrieval_identity_to_chance",
                "  as multiple of chance",
                |r, chance| to_chance(r, chance, |r| r.retrieval.identity_other_pose),
            ),
        ],
    ),
    (
        "Spread of the code",
        &[
            neutral("std", "", 3, |r, _| r.spread.std),
            neutral("relative_std", "standard deviation over size", 3, |r, _| {
                r.spread.relative_std
            }),
            neutral("effective_rank", "effective rank", 1, |r, _| {
                r.spread.effective_rank
            }),
        ],
    ),
];
