//! The parts of the terminal's table that are not about single codes.

use super::bootstrap::Interval;
use super::columns::{aligned, cell, line, marks};
use super::likeness::{Likeness, SwapTruth};
use super::quantities::Good;
use super::readback::Readback;
use super::reconstruction::{DECODED, Reconstruction};
use super::separation::Separation;

/// Digits after the point of likenesses.
const LIKENESS_DIGITS: usize = 3;

/// Swaps against the truth.
pub(super) fn swap_text(swap: &SwapTruth) -> String {
    let heading = format!(
        "A in the pose of B, against the true picture (pairs: {})",
        swap.pairs
    );
    let names = ["D(F_f(A), F_p(B))", "A itself", "B itself", "mean face"];
    let answers = swap.answers().map(|(_, likeness)| likeness);
    pictures_text(heading, names.map(String::from).to_vec(), &answers)
}

/// Pictures made again.
pub(super) fn reconstruction_text(made: &Reconstruction) -> String {
    let heading = format!("Test pictures made again (pictures: {})", made.pictures);
    let names = made.answers.iter().map(|answer| match &answer.name[..] {
        DECODED => "D(F_f(s), F_p(s))".into(),
        "mean_face" => "mean face".into(),
        name => name.replace("pca_", "PCA of pixels, "),
    });
    let answers: Vec<Likeness> = made.answers.iter().map(|answer| answer.likeness).collect();
    pictures_text(heading, names.collect(), &answers)
}

/// Pictures made in several ways, of which the first is learnt.
fn pictures_text(heading: String, names: Vec<String>, answers: &[Likeness]) -> String {
    let learnt: Vec<bool> = (0..answers.len()).map(|at| at == 0).collect();
    let row = |words: &str, good: Good, of: fn(&Likeness) -> (Option<f64>, Option<Interval>)| {
        let cells: Vec<_> = answers.iter().map(of).collect();
        let values: Vec<Option<f64>> = cells.iter().map(|cell| cell.0).collect();
        let marks = marks(&values, &learnt, good, LIKENESS_DIGITS);
        let cells = cells.into_iter().zip(marks);
        line(
            words,
            cells.map(|((value, interval), mark)| cell(value, interval, LIKENESS_DIGITS, mark)),
        )
    };
    let mut grid = vec![
        vec![heading],
        line("", names),
        row("mean absolute difference", Good::Low, |a| {
            (Some(a.l1), a.l1_interval)
        }),
        row("structural similarity", Good::High, |a| {
            (Some(a.ssim), a.ssim_interval)
        }),
    ];
    if answers.iter().any(|answer| answer.sharpness.is_some()) {
        grid.push(row("sharpness, share of the truth's", Good::Neutral, |a| {
            (a.sharpness, a.sharpness_interval)
        }));
    }
    aligned(&grid)
}

/// What made pictures show; `None` where nothing was read back.
pub(super) fn readback_text(all: &[Readback]) -> Option<String> {
    let names = all.iter().map(|read| {
        let name = match &read.name[..] {
            DECODED => "D(F_f(A), F_p(B))",
            "copy_look" => "A itself",
            "copy_pose" => "B itself",
            _ => "true picture",
        };
        name.to_owned()
    });
    let yaw = all
        .iter()
        .map(|r| cell(Some(r.yaw_mae_deg), r.yaw_interval, 1, ' '));
    let person = all
        .iter()
        .map(|r| cell(Some(r.identity), r.identity_interval, 2, ' '));
    (!all.is_empty()).then(|| {
        aligned(&[
            vec!["A in the pose of B, read back from the pixels".into()],
            line("", names),
            line("yaw read back, off from B's by (°)", yaw),
            line("nearest test picture shows A, share", person),
        ])
    })
}

/// How far F_f and F_p are apart; `None` where nothing was measured.
pub(super) fn separation_text(all: &[Separation]) -> Option<String> {
    let row = |words: &str, of: &dyn Fn(&Separation) -> Option<f64>| {
        line(words, all.iter().map(|apart| cell(of(apart), None, 2, ' ')))
    };
    let dci = |of: fn(&super::Dci) -> f64| move |apart: &Separation| apart.dci.as_ref().map(of);
    (!all.is_empty()).then(|| {
        aligned(&[
            vec!["Whether the codes are apart".into()],
            line("", all.iter().map(|apart| apart.codes.clone())),
            row("distance correlation, 0 if independent", &|apart| {
                apart.distance_correlation
            }),
            row("DCI: disentanglement", &dci(|dci| dci.disentanglement)),
            row("DCI: completeness", &dci(|dci| dci.completeness)),
            row("DCI: informativeness", &dci(|dci| dci.informativeness)),
        ])
    })
}
