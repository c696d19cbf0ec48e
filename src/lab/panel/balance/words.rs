//! What happens with the weights, in one sentence.

use crate::config::{DwaConfig, DwaMode, RunConfig};
use crate::lab::state::LabState;
use crate::loss::balance::{Alphas, EpochLosses, alphas};

/// Explains the present weights from the numbers that led to them.
pub fn explain(state: &LabState) -> String {
    let dwa = state.config.as_deref().map(|config| &config.dwa);
    let mode = dwa.map(|dwa| dwa.mode);
    if let Some((pose, face)) = state.alphas_by_hand() {
        let then = match mode {
            Some(DwaMode::Off | DwaMode::Manual) => "",
            _ => " DWA goes on measuring and takes over again when you give them back.",
        };
        return format!(
            "You set the weights: the pose loss counts {pose:.2}, the face loss {face:.2}.{then}"
        );
    }
    match (mode, dwa) {
        (Some(DwaMode::Off), _) => {
            "DWA is switched off in this run's configuration: both losses always count 1.".into()
        }
        (Some(DwaMode::Manual), Some(dwa)) => format!(
            "This run's configuration fixes the weights, without DWA: the pose loss counts {:.2}, \
             the face loss {:.2}.",
            dwa.alpha_pose,
            1.0 - dwa.alpha_pose,
        ),
        _ => dynamic(state),
    }
}

fn dynamic(state: &LabState) -> String {
    let begins = first_epoch(state.config.as_deref());
    let Some(report) = state.epochs.last() else {
        return format!(
            "Both losses count 1 until epoch {begins}: DWA first needs two finished epochs to \
             compare."
        );
    };
    match (report.pose, report.face) {
        (None, None) => {
            return "Neither the pose loss nor the face loss took part in the last epoch, so there \
                    is nothing to balance."
                .into();
        }
        (None, Some(_)) => {
            return "Only the face loss took part in the last epoch, so there is nothing to balance."
                .into();
        }
        (Some(_), None) => {
            return "Only the pose loss took part in the last epoch, so there is nothing to balance."
                .into();
        }
        (Some(_), Some(_)) => {}
    }
    let (Some(pose), Some(face)) = (report.omega_pose, report.omega_face) else {
        return format!(
            "One epoch is finished; DWA compares two. Both losses count 1 until epoch {begins}."
        );
    };
    if report.epoch + 1 < begins {
        return format!("Both losses count 1 until DWA begins in epoch {begins}.");
    }
    let weights = match state.config.as_deref() {
        Some(config) => weights(pose, face, &config.dwa),
        None => Alphas {
            pose: report.next_alpha_pose,
            face: report.next_alpha_face,
        },
    };
    compare((pose, face), weights)
}

/// The first epoch with weights of DWA.
pub(in crate::lab) fn first_epoch(config: Option<&RunConfig>) -> u32 {
    let default = DwaConfig::default();
    let start = config.map_or(default.start_epoch, |config| config.dwa.start_epoch);
    let warmup = config.map_or(0, |config| u32::try_from(config.warmup_epochs).unwrap_or(0));
    // Without two finished epochs there is no ratio, whatever the configuration says.
    if warmup > 0 {
        start + warmup + 1
    } else {
        start.max(3)
    }
}

/// What DWA makes of these ratios. Not taken from the report of the epoch: that one holds the
/// weights of somebody's hand when it was on them.
fn weights(omega_pose: f64, omega_face: f64, dwa: &DwaConfig) -> Alphas {
    let started = DwaConfig {
        start_epoch: 0,
        ..dwa.clone()
    };
    let epochs = [
        EpochLosses {
            pose: 1.0,
            face: 1.0,
        },
        EpochLosses {
            pose: omega_pose,
            face: omega_face,
        },
    ];
    alphas(&epochs, &started, 0)
}

/// Which loss fell more slowly, and what follows.
pub fn compare((omega_pose, omega_face): (f64, f64), weights: Alphas) -> String {
    // As they are written, so that words and numbers agree.
    let [omega_pose, omega_face] =
        [omega_pose, omega_face].map(|omega| (omega * 100.0).round() / 100.0);
    if (weights.pose - weights.face).abs() < 0.01 {
        return format!(
            "Both losses changed almost alike in the last epoch (ω {omega_pose:.2} for pose, \
             {omega_face:.2} for face), so both count about 1."
        );
    }
    let pose = ("pose loss", omega_pose, weights.pose);
    let face = ("face loss", omega_face, weights.face);
    let (slow, fast) = if omega_pose > omega_face {
        (pose, face)
    } else {
        (face, pose)
    };
    let how = if slow.1 < 1.0 {
        format!("The {} fell more slowly than the {}", slow.0, fast.0)
    } else if fast.1 < 1.0 {
        let verb = if slow.1 > 1.0 { "rose" } else { "stood still" };
        format!("The {} {verb} while the {} fell", slow.0, fast.0)
    } else {
        format!("The {} rose more than the {}", slow.0, fast.0)
    };
    format!(
        "{how} in the last epoch (ω {:.2} against {:.2}), so it now counts {:.2} of 2, the {} \
         {:.2}.",
        slow.1, fast.1, slow.2, fast.0, fast.2,
    )
}
