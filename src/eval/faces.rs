//! The fixed pictures on which is measured what each code knows.

use image::RgbImage;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::EvalError;
use super::input::Input;
use super::probe::ProbeSet;
use crate::data::generated::{Expression, GeneratedFaces, Truth, render};
use crate::data::labelled::{FaceLabel, Labelled};
use crate::rng::stream_seed;

/// Side of the pictures in pixels, as in training.
pub const SIDE_PX: usize = 64;
/// Generated probe faces are the same for every run, and strangers to every run: no training seed
/// is this large.
const SEED: u64 = u64::MAX - 2023;
/// Frames of every clip that are used.
const FRAMES_USED: [usize; 3] = [1, 4, 6];
/// Clips of a person × frames used.
const PER_PERSON: usize = 7 * FRAMES_USED.len();
/// Side at which generated faces are drawn before they are reduced, as in training.
const DRAWN_PX: u32 = 96;
/// Pairs of the swap measurement.
const SWAPS: usize = 64;
/// A swap turns the head by more than this, otherwise copying would be right.
const SWAP_TURN_DEG: f32 = 25.0;

/// Pictures with labels, ready for the encoder.
pub struct ProbeFaces {
    /// Labels and the division into fit and test.
    pub set: ProbeSet,
    /// The pictures: `[n, 3, 64, 64]`, row-major, in 0–1.
    pub planes: Vec<f32>,
    /// Pairs whose swapped picture is known; generated faces only.
    pub swaps: Vec<Swap>,
    /// What they are, in words.
    pub words: String,
}

/// Two pictures and the truth about their swap.
pub struct Swap {
    /// The picture that lends its look.
    pub look: usize,
    /// The picture that lends its pose.
    pub pose: usize,
    /// The first person, light and expression in the pose of the second: `[3, 64, 64]`.
    pub truth: Vec<f32>,
}

impl ProbeFaces {
    /// About `pictures` generated faces of people no training run has seen; two fifths of the
    /// people are the fit part.
    pub fn generated(pictures: usize) -> Self {
        let people = (pictures / PER_PERSON).max(5);
        let fit_people = people * 2 / 5;
        let faces = GeneratedFaces::new(SEED, people);
        let items: Vec<usize> = (0..people)
            .flat_map(|person| {
                (0..7).flat_map(move |clip| FRAMES_USED.map(|frame| (person, clip, frame)))
            })
            .map(|(person, clip, frame)| faces.item(person, clip, frame))
            .collect();
        let truths: Vec<Truth> = items.iter().map(|&item| faces.truth(item)).collect();
        let first_test = fit_people * PER_PERSON;
        let set = ProbeSet::held_out(
            truths.iter().map(label).collect(),
            Expression::ALL.iter().map(Expression::to_string).collect(),
            (0..first_test).collect(),
            (first_test..items.len()).collect(),
            usize::MAX,
        );
        let input = Input::whole(SIDE_PX);
        let planes = input.prepare_images(&faces.render_all(&items, DRAWN_PX));
        let swaps = swaps(&faces, &items, &truths, first_test, &input);
        let words = format!(
            "{} generated faces: {} of {fit_people} people to fit, {} of {} others to test",
            items.len(),
            first_test,
            items.len() - first_test,
            people - fit_people
        );
        Self {
            set,
            planes,
            swaps,
            words,
        }
    }

    /// At most `pictures` labelled pictures. If `hold_out` names some (see
    /// [`Labelled::hold_out`]), they are the test part and the others the fit part.
    ///
    /// # Errors
    /// If there are fewer than four pictures or one of them cannot be read.
    pub fn labelled(
        labelled: &Labelled,
        hold_out: &[String],
        pictures: usize,
    ) -> Result<Self, EvalError> {
        let (kept, held) = labelled.hold_out(hold_out);
        let labels = labelled.labels.clone();
        let expressions = labelled.expressions.clone();
        let mut set = if held.is_empty() || kept.is_empty() {
            ProbeSet::split(labels, expressions, pictures / 2)
        } else {
            ProbeSet::held_out(labels, expressions, kept, held, pictures / 2)
        };
        // Only what is used is read and encoded.
        let used: Vec<usize> = set.fit.iter().chain(&set.test).copied().collect();
        if set.fit.len() < 2 || set.test.len() < 2 {
            return Err(EvalError::TooLittle(format!(
                "{} labelled pictures to fit and {} to test are too few; hold out more, or fewer \
                 (data.exclude, --hold-out): {}",
                set.fit.len(),
                set.test.len(),
                labelled.root.display()
            )));
        }
        let files: Vec<_> = used
            .iter()
            .map(|&at| labelled.pictures[at].clone())
            .collect();
        let (fit, test) = (set.fit.len(), set.test.len());
        set = ProbeSet {
            labels: used.iter().map(|&at| set.labels[at].clone()).collect(),
            fit: (0..fit).collect(),
            test: (fit..used.len()).collect(),
            expressions: set.expressions,
        };
        Ok(Self {
            set,
            planes: Input::whole(SIDE_PX).prepare(&files)?,
            swaps: Vec::new(),
            words: format!(
                "{} labelled faces of {}: {fit} to fit, {test} to test",
                used.len(),
                labelled.root.display()
            ),
        })
    }

    /// One picture: `[3, 64, 64]`.
    pub fn picture(&self, at: usize) -> &[f32] {
        let numbers = 3 * SIDE_PX * SIDE_PX;
        &self.planes[at * numbers..(at + 1) * numbers]
    }
}

/// What a probe may know about a generated picture.
pub fn label(truth: &Truth) -> FaceLabel {
    let expression = Expression::ALL
        .iter()
        .position(|known| *known == truth.expression);
    FaceLabel {
        identity: Some(truth.identity as u32),
        clip: Some((truth.identity * 7 + truth.clip) as u32),
        expression: expression.map(|at| at as u32),
        au_intensity: Some(truth.au_intensity),
        yaw_deg: Some(truth.yaw_deg),
        pitch_deg: Some(truth.pitch_deg),
        roll_deg: Some(truth.roll_deg),
    }
}

/// Pairs of test pictures of different people whose heads point elsewhere, with the true swap.
fn swaps(
    faces: &GeneratedFaces,
    items: &[usize],
    truths: &[Truth],
    first_test: usize,
    input: &Input,
) -> Vec<Swap> {
    let mut rng = ChaCha8Rng::seed_from_u64(stream_seed(SEED, "swap pairs", 0, 0));
    let mut pairs = Vec::new();
    // Most draws fit; the limit is for sets of a handful of people.
    for _ in 0..SWAPS * 50 {
        let [look, pose] = [(); 2].map(|()| rng.random_range(first_test..items.len()));
        let (a, b) = (&truths[look], &truths[pose]);
        if a.identity != b.identity && (a.yaw_deg - b.yaw_deg).abs() > SWAP_TURN_DEG {
            pairs.push((look, pose));
        }
        if pairs.len() == SWAPS {
            break;
        }
    }
    let pictures: Vec<RgbImage> = pairs
        .iter()
        .map(|&(look, pose)| {
            let mut state = faces.state(items[look]);
            let turned = faces.state(items[pose]);
            (state.yaw_deg, state.pitch_deg, state.roll_deg) =
                (turned.yaw_deg, turned.pitch_deg, turned.roll_deg);
            render(&faces.identity(truths[look].identity), &state, DRAWN_PX)
        })
        .collect();
    let planes = input.prepare_images(&pictures);
    pairs
        .into_iter()
        .zip(planes.chunks_exact(3 * SIDE_PX * SIDE_PX))
        .map(|((look, pose), truth)| Swap {
            look,
            pose,
            truth: truth.to_vec(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generated_probe_faces_are_strangers_in_two_parts() {
        let faces = ProbeFaces::generated(5 * PER_PERSON);
        assert_eq!(faces.set.labels.len(), 5 * PER_PERSON);
        let people = |part: &[usize]| -> std::collections::BTreeSet<_> {
            part.iter()
                .map(|&at| faces.set.labels[at].identity)
                .collect()
        };
        assert!(people(&faces.set.fit).is_disjoint(&people(&faces.set.test)));
        assert_eq!(faces.swaps.len(), SWAPS);
        for swap in &faces.swaps {
            assert!(faces.set.test.contains(&swap.look) && faces.set.test.contains(&swap.pose));
            // The truth is neither of the two.
            assert_ne!(faces.picture(swap.look), swap.truth);
            assert_ne!(faces.picture(swap.pose), swap.truth);
        }
    }
}
