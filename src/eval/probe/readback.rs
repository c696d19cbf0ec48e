//! What a made picture shows, read back from its pixels.

use nalgebra::DMatrix;
use serde::{Deserialize, Serialize};

use super::bootstrap::{Interval, mean_of};
use super::collapse;
use super::gram::Gram;
use super::linear::known;
use super::pca::Pca;
use super::ridge::Ridges;
use super::set::ProbeSet;
use crate::eval::matrix::Matrix;

/// Principal components of the pixels that the reader sees.
const COMPONENTS: usize = 256;

/// Reads pose and person from pictures, as well as pixels can tell.
///
/// The yaw is a ridge regression on the first 256 principal components of the pixels, fitted on the
/// fit part. The person is that of the nearest test picture in the same components. Both are weak
/// readers, so their numbers stand beside those of the true picture.
pub struct Reader {
    /// Degrees per unit of a component.
    weights: Vec<f64>,
    intercept_deg: f64,
    /// Components of all pictures of the set.
    components: Matrix,
}

/// What is asked of a picture that shows person A in the pose of B.
#[derive(Clone, Copy, Debug)]
pub struct Wanted {
    /// Picture of A in the set.
    pub look: usize,
    /// Picture of B in the set.
    pub pose: usize,
}

/// How far made pictures show what they should.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Readback {
    /// Whose pictures: `decoded`, `truth`, `copy_look` (A itself) or `copy_pose` (B itself).
    pub name: String,
    /// Mean |yaw read back − yaw of B|, in degrees.
    pub yaw_mae_deg: f64,
    /// Its 95 % bootstrap interval over the people who give the look.
    pub yaw_interval: Option<Interval>,
    /// Share of pictures whose nearest test picture, those of the clips of A and B left out, shows
    /// A's person.
    pub identity: f64,
    /// Its interval.
    pub identity_interval: Option<Interval>,
}

impl Reader {
    /// `None` where fewer than two fit pictures have a known yaw.
    ///
    /// # Shapes
    ///
    /// - `planes`: the pictures of `set`, as for [`Pca::fit`]
    pub fn fit(set: &ProbeSet, planes: &[f32], pca: &Pca) -> Option<Self> {
        let components = pca.coefficients(planes, COMPONENTS);
        let (fit, yaws) = known(set, &set.fit, |label| {
            label.yaw_deg.filter(|a| a.is_finite())
        });
        let (_, rms) = collapse::scale(&components);
        let gram = Gram::new(components.clone(), rms);
        let mut ridges = Ridges::new(set, &gram);
        let ridge = ridges.on(&fit)?;
        let targets = yaws.into_iter().map(f64::from);
        let solution = ridge.solve(&DMatrix::from_iterator(fit.len(), 1, targets));
        let (weights, intercept_deg) = ridge.linear(&gram, &solution);
        Some(Self {
            weights: weights.as_slice().to_vec(),
            intercept_deg,
            components,
        })
    }

    /// What pictures show, one for each of `wanted`; `None` of none, or where B's yaw or A's person
    /// is not known.
    ///
    /// # Shapes
    ///
    /// - `shown`: `[wanted, numbers]`, as for [`Pca::fit`]
    pub fn read(
        &self,
        name: &str,
        set: &ProbeSet,
        pca: &Pca,
        shown: &[f32],
        wanted: &[Wanted],
    ) -> Option<Readback> {
        let shown = pca.coefficients(shown, COMPONENTS);
        let (mut errors, mut found) = (Vec::new(), Vec::new());
        for (row, wanted) in wanted.iter().enumerate() {
            let yaw = f64::from(set.labels[wanted.pose].yaw_deg?);
            errors.push((self.yaw_deg(shown.row(row)) - yaw).abs());
            let person = set.labels[wanted.look].identity?;
            let nearest = self.nearest(set, shown.row(row), wanted)?;
            let is_found = set.labels[nearest].identity == Some(person);
            found.push(f64::from(u8::from(is_found)));
        }
        let people = set.people(&wanted.iter().map(|wanted| wanted.look).collect::<Vec<_>>());
        let (yaw_mae_deg, yaw_interval) = mean_of(&people, &errors)?;
        let (identity, identity_interval) = mean_of(&people, &found)?;
        Some(Readback {
            name: name.into(),
            yaw_mae_deg,
            yaw_interval,
            identity,
            identity_interval,
        })
    }

    fn yaw_deg(&self, components: &[f32]) -> f64 {
        let pairs = components.iter().zip(&self.weights);
        self.intercept_deg + pairs.map(|(&x, weight)| f64::from(x) * weight).sum::<f64>()
    }

    /// The test picture nearest to these components, of neither clip that the picture is made from:
    /// their backgrounds would be recognised.
    fn nearest(&self, set: &ProbeSet, shown: &[f32], wanted: &Wanted) -> Option<usize> {
        let clip = |at: usize| set.labels[at].clip;
        let other = |&at: &usize| {
            at != wanted.look
                && at != wanted.pose
                && (clip(at).is_none()
                    || (clip(at) != clip(wanted.look) && clip(at) != clip(wanted.pose)))
        };
        let distance = |at: usize| -> f32 {
            let pairs = self.components.row(at).iter().zip(shown);
            pairs.map(|(a, b)| (a - b) * (a - b)).sum()
        };
        let candidates = set.test.iter().copied().filter(other);
        candidates.min_by(|&a, &b| distance(a).total_cmp(&distance(b)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::labelled::FaceLabel;
    use crate::eval::probe::mean;

    #[test]
    fn pose_and_person_are_read_where_they_are() {
        // Twelve people with four pictures of two clips: a number for the yaw, eight for the person.
        let person = |who: usize, k: usize| ((who * who * 5 + who * (k + 1) * 3) % 17) as f32;
        let picture = |who: usize, yaw: f32| -> Vec<f32> {
            std::iter::once(0.2 * yaw)
                .chain((0..8).map(|k| person(who, k)))
                .collect()
        };
        let yaw = |at: usize| ((at * 37) % 90) as f32 - 45.0;
        let labels = (0..48).map(|at| FaceLabel {
            identity: Some(at as u32 / 4),
            clip: Some(at as u32 / 2),
            yaw_deg: Some(yaw(at)),
            ..FaceLabel::default()
        });
        let planes: Vec<f32> = (0..48).flat_map(|at| picture(at / 4, yaw(at))).collect();
        let set = ProbeSet::held_out(
            labels.collect(),
            Vec::new(),
            (0..24).collect(),
            (24..48).collect(),
            99,
        );
        let pca = Pca::fit(&planes, 9, &set.fit).unwrap();
        let reader = Reader::fit(&set, &planes, &pca).unwrap();
        let wanted: Vec<Wanted> = (24..44)
            .map(|look| Wanted {
                look,
                pose: look + 4,
            })
            .collect();
        let read = |shown: &dyn Fn(&Wanted) -> Vec<f32>| {
            let shown: Vec<f32> = wanted.iter().flat_map(shown).collect();
            reader.read("x", &set, &pca, &shown, &wanted).unwrap()
        };
        let truth = read(&|wanted| picture(wanted.look / 4, yaw(wanted.pose)));
        assert!(truth.yaw_mae_deg < 1.0 && truth.identity > 0.9, "{truth:?}");
        let copied = read(&|wanted| picture(wanted.look / 4, yaw(wanted.look)));
        let turned = |wanted: &Wanted| f64::from((yaw(wanted.look) - yaw(wanted.pose)).abs());
        let expected = mean(wanted.iter().map(turned)).unwrap();
        assert!(
            (copied.yaw_mae_deg - expected).abs() < 1.0,
            "{copied:?} {expected}"
        );
        let stranger = read(&|wanted| picture(wanted.pose / 4, yaw(wanted.pose)));
        assert!(
            stranger.yaw_mae_deg < 1.0 && stranger.identity < 0.2,
            "{stranger:?}"
        );
        assert!(stranger.yaw_interval.unwrap().low <= stranger.yaw_mae_deg);
        assert_eq!(reader.read("x", &set, &pca, &[], &[]), None);
    }
}
