//! The fixed pictures on which is measured what each code knows.

use image::RgbImage;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::input::Input;
use super::probe::ProbeSet;
use super::{EvalError, without_unusable};
use crate::data::generated::{CLIPS, Expression, GeneratedFaces, Truth, render};
use crate::data::labelled::{FaceLabel, Labelled, LeftOut};
use crate::rng::stream_seed;

/// Side of the pictures in pixels, as in training.
pub const SIDE_PX: usize = 64;
/// Generated probe faces are the same for every run, and strangers to every run: no training seed
/// is this large.
const SEED: u64 = u64::MAX - 2023;
/// People that a regression of generated faces is fitted on; many pictures of few people would teach
/// it the people.
const STRANGERS: usize = 300;
/// Frames of a clip that are used, in a small test part and in one of [`MANY`] pictures or more.
const FRAMES_USED: [&[usize]; 2] = [&[1, 6], &[1, 4, 6]];
/// Pictures of a large test part.
const MANY: usize = 600;
/// A test part has at least so many people.
const LEAST_TESTED: usize = 3;
/// A fit part has at least so many people.
const LEAST_FITTED: usize = 20;
/// Side at which generated faces are drawn before they are reduced, as in training.
const DRAWN_PX: u32 = 96;
/// Least number of pairs of the swap measurement.
const LEAST_SWAPS: usize = 64;
/// Test pictures to a pair, where that gives more.
const PICTURES_PER_SWAP: usize = 6;
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
    /// About `pictures` generated faces of people no training run has seen: one to seven pictures
    /// each of about 300 people to fit, every clip of a few others to test.
    pub fn generated(pictures: usize) -> Self {
        let plan = Plan::new(pictures);
        let people = plan.fit_people + plan.test_people;
        let faces = GeneratedFaces::new(SEED, people);
        let items: Vec<usize> = plan
            .places()
            .map(|(person, clip, frame)| faces.item(person, clip, frame))
            .collect();
        let truths: Vec<Truth> = items.iter().map(|&item| faces.truth(item)).collect();
        let first_test = plan.fit_people * plan.fit_each;
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
            "{} generated faces: {first_test} of {} people to fit, {} of {} others to test",
            items.len(),
            plan.fit_people,
            items.len() - first_test,
            plan.test_people
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
    /// Pictures that cannot be used are left out and come back beside the others.
    ///
    /// # Errors
    /// If there are fewer than four pictures that can be used.
    pub fn labelled(
        labelled: &Labelled,
        hold_out: &[String],
        pictures: usize,
    ) -> Result<(Self, LeftOut), EvalError> {
        let mut left_out = LeftOut::default();
        let mut faces = without_unusable(&mut left_out, |left_out| {
            Self::of_usable(&labelled.without(left_out), hold_out, pictures)
        })?;
        if let Some(words) = left_out.words() {
            faces.words.push_str("; ");
            faces.words.push_str(&words);
        }
        Ok((faces, left_out))
    }

    fn of_usable(
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
        // Held-out places may hold pictures of people who are elsewhere too.
        let shared = match set.shared_people() {
            0 => String::new(),
            count => format!(", where {count} people are in both parts"),
        };
        Ok(Self {
            set,
            planes: Input::whole(SIDE_PX).prepare(&files)?,
            swaps: Vec::new(),
            words: format!(
                "{} labelled faces of {}: {fit} to fit, {test} to test{shared}",
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

/// Which generated pictures a probe uses.
struct Plan {
    fit_people: usize,
    /// Pictures of each of them, of different clips.
    fit_each: usize,
    test_people: usize,
    /// Frames of every clip of those who test.
    test_frames: &'static [usize],
}

impl Plan {
    fn new(pictures: usize) -> Self {
        let test = pictures * 3 / 8;
        let test_frames = FRAMES_USED[usize::from(test >= MANY)];
        let depth = CLIPS * test_frames.len();
        let test_people = (test / depth).max(LEAST_TESTED);
        let fit = pictures.saturating_sub(test_people * depth);
        let fit_each = ((fit + STRANGERS / 2) / STRANGERS).clamp(1, CLIPS);
        Self {
            fit_people: (fit / fit_each).max(LEAST_FITTED),
            fit_each,
            test_people,
            test_frames,
        }
    }

    /// Person, clip and frame of every picture, those to fit first.
    fn places(&self) -> impl Iterator<Item = (usize, usize, usize)> {
        let frames = FRAMES_USED[1];
        let fit = (0..self.fit_people).flat_map(move |person| {
            let frame = move |at: usize| frames[(person + at) % frames.len()];
            (0..self.fit_each).map(move |at| (person, at * CLIPS / self.fit_each, frame(at)))
        });
        let test = (self.fit_people..self.fit_people + self.test_people).flat_map(move |person| {
            (0..CLIPS).flat_map(move |clip| {
                self.test_frames
                    .iter()
                    .map(move |&frame| (person, clip, frame))
            })
        });
        fit.chain(test)
    }
}

/// What a probe may know about a generated picture.
pub fn label(truth: &Truth) -> FaceLabel {
    let expression = Expression::ALL
        .iter()
        .position(|known| *known == truth.expression);
    FaceLabel {
        identity: Some(truth.identity as u32),
        clip: Some((truth.identity * CLIPS + truth.clip) as u32),
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
    let wanted = ((items.len() - first_test) / PICTURES_PER_SWAP).max(LEAST_SWAPS);
    // Most draws fit; the limit is for sets of a handful of people.
    for _ in 0..wanted * 50 {
        let [look, pose] = [(); 2].map(|()| rng.random_range(first_test..items.len()));
        let (a, b) = (&truths[look], &truths[pose]);
        if a.identity != b.identity && (a.yaw_deg - b.yaw_deg).abs() > SWAP_TURN_DEG {
            pairs.push((look, pose));
        }
        if pairs.len() == wanted {
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
    fn many_strangers_fit_and_a_few_test_with_depth() {
        for (pictures, fit_people, fit_each, test_people, test_each) in [
            (10, 20, 1, 3, 14),
            (105, 63, 1, 3, 14),
            (1000, 318, 2, 26, 14),
            (2400, 303, 5, 42, 21),
            (9000, 805, 7, 160, 21),
        ] {
            let plan = Plan::new(pictures);
            let each = CLIPS * plan.test_frames.len();
            assert_eq!(
                (plan.fit_people, plan.fit_each, plan.test_people, each),
                (fit_people, fit_each, test_people, test_each)
            );
            let places: Vec<_> = plan.places().collect();
            assert_eq!(
                places.len(),
                fit_people * fit_each + test_people * test_each
            );
            let different: std::collections::BTreeSet<_> = places.iter().collect();
            assert_eq!(different.len(), places.len());
            assert_eq!(places[fit_people * fit_each], (fit_people, 0, 1));
        }
    }

    #[test]
    fn generated_probe_faces_are_strangers_in_two_parts() {
        let faces = ProbeFaces::generated(105);
        assert_eq!(faces.set.labels.len(), 105);
        let people = |part: &[usize]| -> std::collections::BTreeSet<_> {
            part.iter()
                .map(|&at| faces.set.labels[at].identity)
                .collect()
        };
        assert!(people(&faces.set.fit).is_disjoint(&people(&faces.set.test)));
        assert_eq!(faces.swaps.len(), LEAST_SWAPS);
        for swap in &faces.swaps {
            assert!(faces.set.test.contains(&swap.look) && faces.set.test.contains(&swap.pose));
            // The truth is neither of the two.
            assert_ne!(faces.picture(swap.look), swap.truth);
            assert_ne!(faces.picture(swap.pose), swap.truth);
        }
    }
}
