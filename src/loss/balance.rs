//! Dynamic weight average (S000 Eq. 1): α_pose and α_face from how fast each loss falls.

use serde::{Deserialize, Serialize};

use crate::config::{DwaConfig, DwaMode};

/// Weights of the two contrastive losses.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Alphas {
    /// α_pose.
    pub pose: f64,
    /// α_face.
    pub face: f64,
}

/// Mean unweighted losses of one epoch.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct EpochLosses {
    /// L̄_pose.
    pub pose: f64,
    /// L̄_face.
    pub face: f64,
}

/// ω = L̄(t−1) / L̄(t−2); 1 where the denominator is ≤ 1e-8 or the ratio is not finite.
pub fn ratio(last: f64, before: f64) -> f64 {
    let omega = if before > 1e-8 { last / before } else { 1.0 };
    if omega.is_finite() { omega } else { 1.0 }
}

/// (ω_pose, ω_face) that decide the weights of the epoch after `history`.
pub fn omegas(history: &[EpochLosses]) -> Option<(f64, f64)> {
    let [.., before, last] = history else {
        return None;
    };
    Some((ratio(last.pose, before.pose), ratio(last.face, before.face)))
}

/// Weights of the epoch that follows `history` (epoch `history.len() + 1`, counted from 1).
///
/// `warmup` epochs of reconstruction alone move the start, as in the released code (METHODS 1.9).
pub fn alphas(history: &[EpochLosses], config: &DwaConfig, warmup: u32) -> Alphas {
    match config.mode {
        DwaMode::Off => Alphas {
            pose: 1.0,
            face: 1.0,
        },
        DwaMode::Manual => Alphas {
            pose: config.alpha_pose,
            face: 1.0 - config.alpha_pose,
        },
        DwaMode::Dynamic => {
            let epoch = history.len() as u32 + 1;
            let start = if warmup > 0 {
                config.start_epoch + warmup + 1
            } else {
                config.start_epoch
            };
            match omegas(history) {
                Some((pose, face)) if epoch >= start => {
                    let top = pose.max(face);
                    let exp = |omega: f64| ((omega - top) / config.t).exp();
                    let (pose, face) = (exp(pose), exp(face));
                    let scale = 2.0 / (pose + face);
                    Alphas {
                        pose: pose * scale,
                        face: face * scale,
                    }
                }
                _ => Alphas {
                    pose: 1.0,
                    face: 1.0,
                },
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn history(rows: &[(f64, f64)]) -> Vec<EpochLosses> {
        rows.iter()
            .map(|&(pose, face)| EpochLosses { pose, face })
            .collect()
    }

    #[test]
    fn two_epochs_of_ones_then_a_hand_calculation() {
        let config = DwaConfig::default();
        let h = history(&[(4.6, 6.2), (4.4, 5.0)]);
        assert_eq!(
            alphas(&h[..0], &config, 0),
            Alphas {
                pose: 1.0,
                face: 1.0
            }
        );
        assert_eq!(
            alphas(&h[..1], &config, 0),
            Alphas {
                pose: 1.0,
                face: 1.0
            }
        );
        let a = alphas(&h, &config, 0);
        let (p, f) = ((4.4f64 / 4.6 / 2.0).exp(), (5.0f64 / 6.2 / 2.0).exp());
        assert!((a.pose - 2.0 * p / (p + f)).abs() < 1e-12);
        assert!((a.pose + a.face - 2.0).abs() < 1e-12);
    }

    #[test]
    fn modes_and_warmup() {
        let h = history(&[(4.0, 4.0), (2.0, 4.0)]);
        let manual = DwaConfig {
            mode: DwaMode::Manual,
            alpha_pose: 0.01,
            ..DwaConfig::default()
        };
        assert_eq!(
            alphas(&h, &manual, 0),
            Alphas {
                pose: 0.01,
                face: 0.99
            }
        );
        assert_eq!(
            alphas(
                &h,
                &DwaConfig {
                    mode: DwaMode::Off,
                    ..DwaConfig::default()
                },
                0
            )
            .pose,
            1.0
        );
        assert_eq!(
            alphas(&h, &DwaConfig::default(), 1).pose,
            1.0,
            "a warm-up delays the start"
        );
    }
}
