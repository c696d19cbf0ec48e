//! How alike two pictures are, and whether a decoded swap is true.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::bootstrap::{Interval, interval, mean_of, numbered, ratio};
use super::mean;

/// Side of the window of SSIM in pixels.
const WINDOW: usize = 11;
/// Deviation of its Gaussian weights in pixels.
const SIGMA: f64 = 1.5;
/// Stabilisers (K₁ L)² and (K₂ L)² for a range L of 1.
const C1: f64 = 0.01 * 0.01;
const C2: f64 = 0.03 * 0.03;

/// Likeness of pictures to the truth, over several of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Likeness {
    /// Mean absolute difference over pixels and channels, of values in 0–1.
    pub l1: f64,
    /// Structural similarity of the luma, 1 for equal pictures (Wang et al. 2004: 11×11 Gaussian
    /// window of σ 1.5 px where it fits as a whole, K₁ = 0.01, K₂ = 0.03); mean over pictures.
    pub ssim: f64,
    /// Sharpness: Σ|∇x̂|² / Σ|∇x|² of the luma over all pixels of all pictures, x̂ the answer and x
    /// the truth; ∇ are the differences to the next pixel to the right and below. It is not limited
    /// to 1: noise is sharper than the truth. Absent in older records.
    #[serde(default)]
    pub sharpness: Option<f64>,
    /// 95 % bootstrap interval of `l1` over people.
    #[serde(default)]
    pub l1_interval: Option<Interval>,
    /// Of `ssim`.
    #[serde(default)]
    pub ssim_interval: Option<Interval>,
    /// Of `sharpness`.
    #[serde(default)]
    pub sharpness_interval: Option<Interval>,
}

impl Likeness {
    /// Over compared pictures of the people with these numbers; `None` of none.
    pub(super) fn over(people: &[usize], compared: &[Comparison]) -> Option<Self> {
        let of = |number: fn(&Comparison) -> f64| {
            let numbers: Vec<f64> = compared.iter().map(number).collect();
            mean_of(people, &numbers)
        };
        let ((l1, l1_interval), (ssim, ssim_interval)) = (of(|c| c.l1)?, of(|c| c.ssim)?);
        let energies: Vec<[f64; 2]> = compared.iter().map(|c| c.gradient_energy).collect();
        let total = energies
            .iter()
            .fold([0.0; 2], |sum, of| [sum[0] + of[0], sum[1] + of[1]]);
        Some(Self {
            l1,
            ssim,
            sharpness: ratio(&total),
            l1_interval,
            ssim_interval,
            sharpness_interval: interval(people, &energies, ratio),
        })
    }
}

/// Likeness of a picture to the truth.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Comparison {
    pub l1: f64,
    pub ssim: f64,
    /// Σ|∇|² of the picture and of the truth.
    pub gradient_energy: [f64; 2],
}

/// Compares two planar RGB pictures `[3, side, side]` with values in 0–1. Values outside are taken
/// as the nearest end, as they are shown, and what is not a number as 0. Pictures smaller than the
/// window of SSIM get a window of their own size.
///
/// # Panics
/// If a picture does not hold `3 · side²` numbers.
pub(super) fn compare(picture: &[f32], truth: &[f32], side: usize) -> Comparison {
    let numbers = 3 * side * side;
    assert!(
        picture.len() == numbers && truth.len() == numbers,
        "two pictures of 3 × {side} × {side}"
    );
    let pairs = picture.iter().zip(truth);
    let differences = pairs.map(|(&a, &b)| (shown(a) - shown(b)).abs());
    let (a, b) = (luma(picture), luma(truth));
    Comparison {
        l1: mean(differences).unwrap_or(0.0),
        ssim: if side == 0 { 1.0 } else { ssim(&a, &b, side) },
        gradient_energy: [&a, &b].map(|luma| gradient_energy(luma, side)),
    }
}

/// Sum of the squared differences to the next pixel to the right and below.
fn gradient_energy(luma: &[f64], side: usize) -> f64 {
    let at = |i: usize| {
        let right = if (i + 1).is_multiple_of(side) {
            0.0
        } else {
            luma[i + 1] - luma[i]
        };
        let below = luma.get(i + side).map_or(0.0, |below| below - luma[i]);
        right * right + below * below
    };
    (0..luma.len()).map(at).sum()
}

fn shown(value: f32) -> f64 {
    if value.is_nan() {
        0.0
    } else {
        f64::from(value).clamp(0.0, 1.0)
    }
}

/// Rec. 601 luma.
fn luma(picture: &[f32]) -> Vec<f64> {
    let pixels = picture.len() / 3;
    (0..pixels)
        .map(|i| {
            let [r, g, b] = [0, 1, 2].map(|channel| shown(picture[channel * pixels + i]));
            0.299 * r + 0.587 * g + 0.114 * b
        })
        .collect()
}

fn ssim(a: &[f64], b: &[f64], side: usize) -> f64 {
    let window = gaussian(WINDOW.min(side));
    let product =
        |x: &[f64], y: &[f64]| -> Vec<f64> { x.iter().zip(y).map(|(x, y)| x * y).collect() };
    let local = |values: &[f64]| blurred(values, side, &window);
    let (mean_a, mean_b) = (local(a), local(b));
    let (aa, bb, ab) = (
        local(&product(a, a)),
        local(&product(b, b)),
        local(&product(a, b)),
    );
    let each = (0..mean_a.len()).map(|i| {
        let (ma, mb) = (mean_a[i], mean_b[i]);
        let (va, vb, cov) = (aa[i] - ma * ma, bb[i] - mb * mb, ab[i] - ma * mb);
        (2.0 * ma * mb + C1) * (2.0 * cov + C2) / ((ma * ma + mb * mb + C1) * (va + vb + C2))
    });
    mean(each).unwrap_or(1.0)
}

/// Weights of one axis, with sum 1.
fn gaussian(taps: usize) -> Vec<f64> {
    let middle = (taps as f64 - 1.0) / 2.0;
    let raw = (0..taps).map(|i| (-(i as f64 - middle).powi(2) / (2.0 * SIGMA * SIGMA)).exp());
    let raw: Vec<f64> = raw.collect();
    let sum: f64 = raw.iter().sum();
    raw.iter().map(|weight| weight / sum).collect()
}

/// Weighted means of all windows that lie inside as a whole.
fn blurred(values: &[f64], side: usize, window: &[f64]) -> Vec<f64> {
    let out = side + 1 - window.len();
    let sum = |at: &dyn Fn(usize) -> f64| -> f64 {
        window
            .iter()
            .enumerate()
            .map(|(k, weight)| weight * at(k))
            .sum()
    };
    let rows: Vec<f64> = (0..side * out)
        .map(|i| sum(&|k| values[i / out * side + i % out + k]))
        .collect();
    (0..out * out)
        .map(|i| sum(&|k| rows[(i / out + k) * out + i % out]))
        .collect()
}

/// Pictures of one swap, each planar RGB in 0–1.
#[derive(Clone, Copy, Debug)]
pub struct SwapPair<'a> {
    /// Who picture A shows.
    pub person: usize,
    /// The true picture of A in the pose of B.
    pub truth: &'a [f32],
    /// D(F_f(A), F_p(B)).
    pub decoded: &'a [f32],
    /// Picture A, which gives the look.
    pub look: &'a [f32],
    /// Picture B, which gives the pose.
    pub pose: &'a [f32],
}

/// How like the truth swaps of look and pose are, beside what needs no code.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct SwapTruth {
    /// What D makes of the codes.
    pub decoded: Likeness,
    /// A as it is: right look, wrong pose.
    pub copy_look: Likeness,
    /// B as it is: right pose, wrong look.
    pub copy_pose: Likeness,
    /// The mean of all faces.
    pub mean_face: Likeness,
    /// Pairs averaged over.
    pub pairs: usize,
}

impl SwapTruth {
    /// The four answers with their names.
    pub fn answers(&self) -> [(&'static str, Likeness); 4] {
        [
            ("decoded", self.decoded),
            ("copy_look", self.copy_look),
            ("copy_pose", self.copy_pose),
            ("mean_face", self.mean_face),
        ]
    }
}

/// Likeness to the truth over pairs of pictures of `side` pixels; `None` without pairs. The interval
/// is over the people who give the look.
///
/// # Panics
/// If a picture does not hold `3 · side²` numbers.
pub fn swap_truth(pairs: &[SwapPair<'_>], mean_face: &[f32], side: usize) -> Option<SwapTruth> {
    let people = numbered(pairs.iter().map(|pair| pair.person));
    let over = |answer: &(dyn Fn(&SwapPair<'_>) -> Comparison + Sync)| {
        Likeness::over(&people, &pairs.par_iter().map(answer).collect::<Vec<_>>())
    };
    Some(SwapTruth {
        decoded: over(&|pair| compare(pair.decoded, pair.truth, side))?,
        copy_look: over(&|pair| compare(pair.look, pair.truth, side))?,
        copy_pose: over(&|pair| compare(pair.pose, pair.truth, side))?,
        mean_face: over(&|pair| compare(mean_face, pair.truth, side))?,
        pairs: pairs.len(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grays(side: usize, value: impl Fn(usize, usize) -> f32) -> Vec<f32> {
        (0..3 * side * side)
            .map(|i| value(i / side % side, i % side))
            .collect()
    }

    #[test]
    fn equal_pictures_are_alike() {
        let picture = grays(16, |y, x| ((3 * y + 5 * x) % 11) as f32 / 10.0);
        let same = compare(&picture, &picture, 16);
        assert_eq!(same.l1, 0.0);
        assert!((same.ssim - 1.0).abs() < 1e-12);
    }

    #[test]
    fn flat_pictures_by_hand() {
        let (a, b) = (grays(12, |_, _| 0.25), grays(12, |_, _| 0.75));
        let got = compare(&a, &b, 12);
        assert!((got.l1 - 0.5).abs() < 1e-12);
        // No structure: (2·0.25·0.75 + C₁) / (0.25² + 0.75² + C₁).
        assert!((got.ssim - 0.3751 / 0.6251).abs() < 1e-9, "{}", got.ssim);
    }

    #[test]
    fn ssim_agrees_with_scikit_image() {
        // structural_similarity(gaussian_weights, sigma 1.5, population covariance, range 1) of the
        // same two pictures, mean over the inner windows.
        let a = grays(24, |y, x| ((7 * y + 3 * x) % 17) as f32 / 16.0);
        let b = grays(24, |y, x| ((7 * y + 4 * x + y * x) % 19) as f32 / 18.0);
        let c = grays(24, |y, x| {
            ((7 * y + 3 * x) % 17) as f32 / 20.0 + 0.1 * ((x / 4) % 2) as f32
        });
        assert!((compare(&a, &b, 24).ssim - 0.116_088_444).abs() < 1e-6);
        assert!((compare(&a, &c, 24).ssim - 0.955_891_712).abs() < 1e-6);
    }

    #[test]
    fn luma_weighs_channels() {
        let side = 11;
        let mut red = vec![0.0; 3 * side * side];
        red[..side * side].fill(1.0);
        let got = compare(&red, &vec![0.0; red.len()], side);
        assert!((got.l1 - 1.0 / 3.0).abs() < 1e-12);
        assert!((got.ssim - C1 / (0.299 * 0.299 + C1)).abs() < 1e-9);
    }

    #[test]
    fn odd_values_and_small_pictures_are_taken_as_shown() {
        let odd = [f32::NAN, -3.0, f32::INFINITY];
        let got = compare(&odd, &[0.0, 0.0, 1.0], 1);
        assert_eq!((got.l1, got.ssim), (0.0, 1.0));
        assert_eq!(compare(&[], &[], 0).ssim, 1.0);
    }

    #[test]
    fn sharpness_by_hand() {
        // A step of height 0.6 between columns 1 and 2, then one of 0.3: a quarter of the energy.
        let step = |height: f32| grays(4, move |_, x| if x > 1 { height } else { 0.0 });
        let got = compare(&step(0.3), &step(0.6), 4);
        assert!((got.gradient_energy[1] - 4.0 * 0.36).abs() < 1e-6);
        let corner = compare(&grays(4, |y, x| u8::from(y + x == 0).into()), &step(0.6), 4);
        assert!((corner.gradient_energy[0] - 2.0).abs() < 1e-9);
        // Sums of the energies are divided, not their shares averaged.
        let all = Likeness::over(&[0, 1], &[got, corner]).unwrap();
        assert!((all.sharpness.unwrap() - (0.36 + 2.0) / 2.88).abs() < 1e-6);
        let flat = compare(&step(0.3), &grays(4, |_, _| 0.5), 4);
        assert_eq!(Likeness::over(&[0], &[flat]).unwrap().sharpness, None);
    }

    #[test]
    fn swaps_are_averaged() {
        let flat = |value: f32| grays(12, |_, _| value);
        let (truth, near, a, b, face) = (flat(0.5), flat(0.6), flat(0.1), flat(0.9), flat(0.75));
        let pair = |decoded| SwapPair {
            person: 0,
            truth: &truth,
            decoded,
            look: &a,
            pose: &b,
        };
        let swap = swap_truth(&[pair(&near), pair(&truth)], &face, 12).unwrap();
        assert_eq!(swap.pairs, 2);
        let l1 = swap.answers().map(|(_, likeness)| likeness.l1);
        for (got, expected) in l1.into_iter().zip([0.05, 0.4, 0.4, 0.25]) {
            assert!((got - expected).abs() < 1e-6, "{got} {expected}");
        }
        assert!(swap.decoded.ssim > swap.mean_face.ssim);
        assert_eq!(swap_truth(&[], &face, 12), None);
    }
}
