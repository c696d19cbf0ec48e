//! Sentences with the numbers of the moment. Symbols stand between backticks.

use crate::config::DwaMode;
use crate::eval::probe::CodeReport;
use crate::lab::panel::balance::first_epoch;
use crate::lab::panel::run::words::{count, significant};
use crate::lab::state::LabState;

/// Where no number helps.
pub(super) fn nothing(_: &LabState) -> Option<String> {
    None
}

/// How many pictures it has seen.
pub(super) fn pictures(state: &LabState) -> Option<String> {
    let info = state.info.as_ref()?;
    Some(format!(
        "So far it has made {} steps with {} pictures each.",
        count(state.step),
        count(info.images_per_step)
    ))
}

/// L_face beside guessing.
pub(super) fn face_loss(state: &LabState) -> Option<String> {
    let chance = state.info.as_ref()?.chance_face;
    loss("`L_face`", state.last.as_ref()?.face, chance)
}

/// L_pose beside guessing.
pub(super) fn pose_loss(state: &LabState) -> Option<String> {
    let chance = state.info.as_ref()?.chance_pose;
    loss("`L_pose`", state.last.as_ref()?.pose, chance)
}

fn loss(name: &str, value: Option<f64>, chance: f64) -> Option<String> {
    Some(match value {
        Some(value) => {
            format!("Right now {name} is {value:.2}; guessing would give {chance:.2}.")
        }
        None => format!("Right now {name} is not trained."),
    })
}

/// How far the four pictures are off on average, in percent of the brightness.
pub(super) fn rebuilding(state: &LabState) -> Option<String> {
    let last = state.last.as_ref()?;
    let terms: Vec<f64> = [last.t1, last.t2, last.t3, last.t4]
        .into_iter()
        .flatten()
        .collect();
    if terms.is_empty() {
        return Some("Right now `L_dis` is not trained.".into());
    }
    let mean = terms.iter().sum::<f64>() / terms.len() as f64;
    // A sum over pixels instead of a mean has no such meaning.
    let share = (mean <= 1.0).then(|| {
        let percent = 100.0 * mean;
        format!("; a dot is off by {percent:.0} % of full brightness on average")
    });
    let dis = last.dis?;
    Some(format!(
        "Right now `L_dis` is {dis:.2}{}.",
        share.unwrap_or_default()
    ))
}

/// L_orth, its weight, and what that is beside everything else.
pub(super) fn orthogonality(state: &LabState) -> Option<String> {
    let last = state.last.as_ref()?;
    let Some(orth) = last.orth else {
        return Some("Right now `L_orth` is not trained.".into());
    };
    let weight = state.orth_weight()?;
    let (orth_words, weight_words) = (significant(orth), significant(weight));
    let mut text = format!("Right now `L_orth` is {orth_words} and its weight {weight_words}");
    let percent = 100.0 * weight * orth / last.total;
    if percent.is_finite() && percent > 0.0 {
        text += &match percent {
            0.1.. => format!(": {percent:.1} % of all that is made smaller"),
            _ => ": less than a thousandth of all that is made smaller".into(),
        };
    }
    Some(text + ".")
}

/// The present weights.
pub(super) fn balance(state: &LabState) -> Option<String> {
    let last = state.last.as_ref()?;
    let (pose, face) = (last.alpha_pose, last.alpha_face);
    let mut text = format!("Right now `α_pose` is {pose:.2} and `α_face` is {face:.2}");
    let config = state.config.as_deref();
    let start = first_epoch(config);
    let by_dwa = config.is_some_and(|config| config.dwa.mode == DwaMode::Dynamic);
    if state.alphas_by_hand().is_some() {
        text += ", set by hand";
    } else if by_dwa && last.epoch < start {
        text += &format!("; they begin to move in epoch {start}");
    }
    Some(text + ".")
}

/// What the last measurement found.
pub(super) fn knowledge(state: &LabState) -> Option<String> {
    let Some(report) = state.knowledge.last() else {
        return Some("The first test comes after the first epoch.".into());
    };
    let yaw = |name: &str| {
        let code = report.table.codes.iter().find(|code| code.code == name);
        let pose = |code: &CodeReport| Some(code.retrieval.pose_other_identity.as_ref()?.yaw_deg);
        code.and_then(pose)
    };
    let (p, f, chance) = (yaw("F_p")?, yaw("F_f")?, yaw("chance")?);
    Some(format!(
        "Of another person the most similar head by `F_p` looks {p:.0}° elsewhere, by `F_f` \
         {f:.0}°, a random one {chance:.0}°."
    ))
}
