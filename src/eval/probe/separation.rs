//! How far F_f and F_p are apart, in single numbers.

use serde::{Deserialize, Serialize};

use super::dependence::distance_correlation;
use super::set::ProbeSet;
use super::{CHANCE, CodeReport, mean};
use crate::eval::matrix::Matrix;

/// How far the two codes of an encoder are apart.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Separation {
    /// Which codes, e.g. `F_f and F_p`.
    pub codes: String,
    /// Distance correlation, which needs no labels: 0 for independent codes, 1 where one is a
    /// rotation of the other. The root of the bias-corrected squared one (Székely and Rizzo 2013),
    /// 0 where that is negative; the plain one is near 1 for any two long codes of a few hundred
    /// pictures.
    pub distance_correlation: Option<f64>,
    /// Whether each code holds one kind of thing; `None` without labels of pose and person.
    pub dci: Option<Dci>,
}

/// Disentanglement, completeness and informativeness (Eastwood and Williams 2018) with the codes as
/// blocks.
///
/// There are two factors k: the pose, R² of yaw, pitch and roll by the linear probe, averaged over
/// those that are known; and the person, accuracy by five neighbours from chance (0) to perfect (1).
/// What a block b reaches alone is its importance R_bk, at least 0. H₂ is the entropy in bits of two
/// shares.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Dci {
    /// Σ_b ρ_b (1 − H₂(R_bk / Σ_k R_bk)), ρ_b the block's share of all importance: 1 where each
    /// block holds one factor only.
    pub disentanglement: f64,
    /// Σ_k ρ_k (1 − H₂(R_bk / Σ_b R_bk)), ρ_k the factor's share: 1 where each factor is in one
    /// block only. Blocks that both hold the same factor and nothing else have none.
    pub completeness: f64,
    /// Mean over factors of the larger R_bk.
    pub informativeness: f64,
}

impl Separation {
    /// Of the codes `[F_f, F_p]` on the pictures of `set`, with what was measured of them and of
    /// chance.
    pub fn new(
        set: &ProbeSet,
        codes: &str,
        features: [&Matrix; 2],
        reports: [Option<&CodeReport>; 2],
        chance: Option<&CodeReport>,
    ) -> Self {
        let dci = match (reports, chance) {
            ([Some(face), Some(pose)], Some(chance)) => Dci::new([face, pose], chance),
            _ => None,
        };
        Self {
            codes: codes.into(),
            distance_correlation: distance_correlation(set, features[0], features[1]),
            dci,
        }
    }
}

impl Dci {
    fn new(blocks: [&CodeReport; 2], chance: &CodeReport) -> Option<Self> {
        debug_assert_eq!(chance.code, CHANCE);
        let pose = |block: &CodeReport| {
            let axes = [block.yaw, block.pitch, block.roll];
            mean(axes.into_iter().filter_map(|axis| Some(axis?.r2?.max(0.0))))
        };
        let person = |block: &CodeReport| {
            let chance = chance.identity.filter(|&chance| chance < 1.0)?;
            Some(((block.identity? - chance) / (1.0 - chance)).max(0.0))
        };
        let importance = |block: &CodeReport| Some([pose(block)?, person(block)?]);
        Self::of([importance(blocks[0])?, importance(blocks[1])?])
    }

    /// From the importance of two factors in two blocks; `None` where all are 0.
    fn of([[a, b], [c, d]]: [[f64; 2]; 2]) -> Option<Self> {
        let total = a + b + c + d;
        let apart = |x: f64, y: f64| (x + y) / total * (1.0 - entropy_bits(x, y));
        (total > 0.0).then(|| Self {
            disentanglement: apart(a, b) + apart(c, d),
            completeness: apart(a, c) + apart(b, d),
            informativeness: 0.5 * (a.max(c) + b.max(d)),
        })
    }
}

/// Entropy of the shares of two numbers.
fn entropy_bits(x: f64, y: f64) -> f64 {
    let shares = [x, y].map(|number| number / (x + y));
    shares
        .into_iter()
        .filter(|&p| p > 0.0)
        .map(|p| -p * p.log2())
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eval::probe::Regression;

    #[test]
    fn dci_by_hand() {
        let apart = Dci::of([[0.0, 0.6], [0.8, 0.0]]).unwrap();
        assert_eq!((apart.disentanglement, apart.completeness), (1.0, 1.0));
        assert!((apart.informativeness - 0.7).abs() < 1e-12);
        let alike = Dci::of([[0.4, 0.4], [0.4, 0.4]]).unwrap();
        assert_eq!((alike.disentanglement, alike.completeness), (0.0, 0.0));
        // Both hold the pose and nothing else: pure blocks, a factor in both.
        let twice = Dci::of([[0.5, 0.0], [0.5, 0.0]]).unwrap();
        assert_eq!((twice.disentanglement, twice.completeness), (1.0, 0.0));
        // Shares ¼ and ¾ have 0.8113 bits; this block has 4 of 5 parts.
        let half = Dci::of([[0.2, 0.6], [0.2, 0.0]]).unwrap();
        assert!((half.disentanglement - (0.8 * (1.0 - 0.811_278) + 0.2)).abs() < 1e-6);
        assert_eq!(Dci::of([[0.0; 2]; 2]), None);
    }

    #[test]
    fn dci_of_measured_codes() {
        let code = |r2: f64, identity: f64| CodeReport {
            yaw: Some(Regression {
                r2: Some(r2),
                mae_deg: 1.0,
            }),
            identity: Some(identity),
            ..CodeReport::default()
        };
        let chance = CodeReport {
            code: CHANCE.into(),
            ..code(0.0, 0.2)
        };
        // Below chance is nothing; 0.6 is half of the way from 0.2 to 1.
        let got = Dci::new([&code(-0.3, 0.6), &code(0.9, 0.1)], &chance).unwrap();
        assert_eq!((got.disentanglement, got.completeness), (1.0, 1.0));
        assert!((got.informativeness - 0.7).abs() < 1e-12);
        let unknown = CodeReport {
            identity: None,
            ..code(0.5, 0.0)
        };
        assert_eq!(Dci::new([&unknown, &unknown], &chance), None);
    }
}
