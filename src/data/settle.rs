//! From the pictures in another pose that a configuration asks for to those that the data have.

use super::error::DataError;
use super::partner::{Change, Partner, positive};
use super::source::FaceSource;
use crate::config::{FacePositive, PoseGiver, PoseSource, RunConfig};

/// The configuration with every `auto` of `pose.source`, `pose.neg_source`, `pose.giver` and `face.positive`
/// replaced by the best the data offer, and a sentence about each.
///
/// # Errors
/// [`DataError::NoPartner`] or [`DataError::NoTwin`] if the data do not have what is asked for.
pub fn settle(source: &FaceSource, cfg: &RunConfig) -> Result<(RunConfig, Vec<String>), DataError> {
    let mut cfg = cfg.clone();
    let mut notes = Vec::new();
    let best = source.best_partner();
    let lists = [
        ("pose.source", &mut cfg.pose.source),
        ("pose.neg_source", &mut cfg.pose.neg_source),
    ];
    for (key, list) in lists {
        if list.contains(&PoseSource::Auto) {
            *list = vec![best.map_or(PoseSource::Flip, PoseSource::from)];
            notes.push(format!("{key} = auto: {}", words(best)));
        }
        for &choice in list.iter() {
            if let Change::Other(partner) = Change::from(choice) {
                source.check_partner(key, partner)?;
            }
        }
    }
    let turned = source.is_generated() && cfg.pose.source.contains(&PoseSource::Pairs);
    match cfg.pose.giver {
        PoseGiver::Auto => {
            let (choice, words) = match turned {
                true => (PoseGiver::Twin, "twin, another person in the same pose"),
                false => (PoseGiver::Own, "own, the picture itself"),
            };
            cfg.pose.giver = choice;
            notes.push(format!("pose.giver = auto: {words}"));
        }
        PoseGiver::Twin if !turned => return Err(DataError::NoTwin),
        PoseGiver::Twin | PoseGiver::Own => {}
    }
    if cfg.face.positive == FacePositive::Auto {
        let key = "face.positive";
        cfg.face.positive = match best {
            None => FacePositive::Own,
            Some(Partner::Clip) => FacePositive::Clip,
            Some(Partner::Person) => FacePositive::Person,
            // Another picture tells the person from light and background, which pairs share.
            Some(Partner::Pairs) if source.check_partner(key, Partner::Person).is_ok() => {
                FacePositive::Person
            }
            Some(Partner::Pairs) => FacePositive::Pairs,
        };
        let choice = cfg.face.positive;
        notes.push(format!("{key} = auto: {choice}"));
    }
    if let Some(partner) = positive(cfg.face.positive) {
        source.check_partner("face.positive", partner)?;
    }
    Ok((cfg, notes))
}

/// Whether the configuration wants other pictures beside a frame.
pub(super) fn wants_partners(cfg: &RunConfig) -> bool {
    let own = |choice: &PoseSource| {
        *choice != PoseSource::Auto && matches!(Change::from(*choice), Change::Own(_))
    };
    let poses = cfg.pose.source.iter().chain(&cfg.pose.neg_source);
    cfg.face.positive != FacePositive::Own || !poses.into_iter().all(own)
}

fn words(best: Option<Partner>) -> &'static str {
    match best {
        None => "flip, the mirrored picture, because the data do not say what belongs together",
        Some(Partner::Clip) => "clip, another frame of the same clip",
        Some(Partner::Person) => "person, another picture of the same person",
        Some(Partner::Pairs) => "pairs, the same person in another pose",
    }
}
