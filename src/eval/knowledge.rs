//! What each code knows, measured on a network.

use burn::module::Module;
use burn::tensor::{Device, Tensor, TensorData};

use super::EvalError;
use super::encode::{Codes, batch_size, encode, read};
use super::faces::{ProbeFaces, SIDE_PX};
use super::matrix::Matrix;
use super::probe::reconstruction::{DECODED, answer, without_network};
use super::probe::{
    Answer, CHANCE, CodeReport, KnowledgeTable, Pca, Readback, Reader, Reconstruction, Separation,
    SwapPair, SwapTruth, Wanted, chance, measure, swap_truth,
};
use super::trained::Trained;
use crate::config::{Combine, RunConfig};
use crate::model::{Architecture, Pcl, combine};

/// Side to which pictures are reduced where their pixels serve as a feature.
const RAW_SIDE_PX: usize = 32;

/// Names of the principal components of the pixels: as many as F_p's effective rank, and as F_f is
/// long.
const PCA_RANK: &str = "PCA (rank)";
const PCA_LENGTH: &str = "PCA (length)";

/// What chance and pixels know: the same for every network, and known without one.
pub struct PixelBaselines {
    /// Chance, raw pixels, as many principal components as the codes are long.
    codes: Vec<CodeReport>,
    /// Principal components of the fit part.
    pca: Option<Pca>,
    /// What pictures are made from without a network.
    reconstruction: Vec<Answer>,
    /// Reads swaps, and what it reads from A, B and the true swaps; generated faces only.
    reader: Option<(Reader, Vec<Readback>)>,
}

impl PixelBaselines {
    /// `code_len`: length of F_f.
    pub fn new(faces: &ProbeFaces, code_len: usize) -> Self {
        let set = &faces.set;
        let mut codes = vec![
            chance(set),
            measure(set, "raw pixels", &raw_pixels(&faces.planes, SIDE_PX)),
        ];
        let pca = Pca::fit(&faces.planes, 3 * SIDE_PX * SIDE_PX, &set.fit);
        let (mut reconstruction, mut reader) = (Vec::new(), None);
        if let Some(pca) = &pca {
            let coefficients = pca.coefficients(&faces.planes, code_len);
            codes.push(measure(set, PCA_LENGTH, &coefficients));
            reconstruction = without_network(set, &faces.planes, pca, SIDE_PX);
            reader = read_truth(faces, pca);
        }
        Self {
            codes,
            pca,
            reconstruction,
            reader,
        }
    }
}

/// A reader of swaps, with what it reads from A, B and the true swaps; `None` without swaps.
fn read_truth(faces: &ProbeFaces, pca: &Pca) -> Option<(Reader, Vec<Readback>)> {
    let wanted = wanted(faces);
    if wanted.is_empty() {
        return None;
    }
    let reader = Reader::fit(&faces.set, &faces.planes, pca)?;
    let looks = wanted.iter().flat_map(|wanted| faces.picture(wanted.look));
    let poses = wanted.iter().flat_map(|wanted| faces.picture(wanted.pose));
    let truths = faces.swaps.iter().flat_map(|swap| &swap.truth);
    let read = |name: &str, shown: Vec<f32>| reader.read(name, &faces.set, pca, &shown, &wanted);
    let all = [
        read("copy_look", looks.copied().collect()),
        read("copy_pose", poses.copied().collect()),
        read("truth", truths.copied().collect()),
    ];
    let all = all.into_iter().flatten().collect();
    Some((reader, all))
}

fn wanted(faces: &ProbeFaces) -> Vec<Wanted> {
    let swaps = faces.swaps.iter();
    swaps
        .map(|swap| Wanted {
            look: swap.look,
            pose: swap.pose,
        })
        .collect()
}

/// What everything that is not learnt knows: the same for a whole run.
pub struct Baselines {
    pixels: PixelBaselines,
    /// The codes of an encoder without training.
    untrained: Vec<CodeReport>,
    /// How far those are apart.
    separation: Separation,
}

impl Baselines {
    /// Measures an encoder without training beside what pixels know.
    ///
    /// # Errors
    /// If the device fails.
    pub fn new(
        config: &RunConfig,
        faces: &ProbeFaces,
        pixels: PixelBaselines,
        device: &Device,
    ) -> Result<Self, EvalError> {
        let untrained = Trained::untrained(config, device);
        let codes = encode(&untrained.encoder, &faces.planes, SIDE_PX)?;
        let named = codes.named();
        let reports = named
            .iter()
            .map(|(name, matrix)| measure(&faces.set, &format!("untrained {name}"), matrix));
        let untrained: Vec<CodeReport> = reports.collect();
        let separation = separation(faces, "untrained ", &codes, &untrained, &pixels.codes);
        Ok(Self {
            pixels,
            untrained,
            separation,
        })
    }

    /// All of it at once, with as many principal components of the pixels as F_f is long.
    ///
    /// # Errors
    /// If the device fails.
    pub fn of(config: &RunConfig, faces: &ProbeFaces, device: &Device) -> Result<Self, EvalError> {
        let code_len = Architecture::from(config).widths().code_len();
        Self::new(config, faces, PixelBaselines::new(faces, code_len), device)
    }

    /// What stands beside a network whose F_p has this effective rank, and a sentence about it.
    fn beside(&self, faces: &ProbeFaces, rank: Option<f64>) -> (Vec<CodeReport>, Option<String>) {
        let mut codes = self.pixels.codes.clone();
        let mut words = None;
        if let (Some(pca), Some(rank)) = (&self.pixels.pca, rank) {
            let count = (rank.round() as usize).clamp(1, pca.count());
            let coefficients = pca.coefficients(&faces.planes, count);
            let at = codes.len() - 1;
            codes.insert(at, measure(&faces.set, PCA_RANK, &coefficients));
            words = Some(format!(
                "PCA of the pixels: {count} components as the effective rank of F_p"
            ));
        }
        codes.extend(self.untrained.iter().cloned());
        (codes, words)
    }
}

/// The table of a network, what is not learnt behind its own codes.
///
/// # Errors
/// If the device fails.
pub fn what_codes_know(
    model: &Pcl,
    mode: Combine,
    faces: &ProbeFaces,
    baselines: Option<&Baselines>,
) -> Result<KnowledgeTable, EvalError> {
    let model = model.valid();
    let codes = encode(&model.encoder, &faces.planes, SIDE_PX)?;
    let mut reports: Vec<CodeReport> = codes
        .named()
        .iter()
        .map(|(name, matrix)| measure(&faces.set, name, matrix))
        .collect();
    let mut note = faces.words.clone();
    let chance = baselines.map_or(&[][..], |baselines| &baselines.pixels.codes);
    let mut apart = vec![separation(faces, "", &codes, &reports, chance)];
    if let Some(baselines) = baselines {
        apart.push(baselines.separation.clone());
        let f_p = reports.iter().find(|report| report.code == "F_p");
        let rank = f_p.and_then(|report| report.spread.effective_rank);
        let (others, words) = baselines.beside(faces, rank);
        reports.extend(others);
        note.extend(words.map(|words| format!("; {words}")));
    }
    let pictures = Decoder {
        model: &model,
        mode,
        codes: &codes,
    };
    let others = baselines.map_or(&[][..], |baselines| &baselines.pixels.reconstruction);
    let (swap, readback) = swaps(
        &pictures,
        faces,
        baselines.map(|baselines| &baselines.pixels),
    )?;
    Ok(KnowledgeTable {
        codes: reports,
        swap,
        reconstruction: reconstruction(&pictures, faces, others)?,
        readback,
        separation: apart,
        note: Some(note),
    })
}

/// How far F_f and F_p are apart, given what was measured of them and of chance.
fn separation(
    faces: &ProbeFaces,
    prefix: &str,
    codes: &Codes,
    reports: &[CodeReport],
    baselines: &[CodeReport],
) -> Separation {
    let find =
        |all: &'_ [CodeReport], name: &str| all.iter().find(|report| report.code == name).cloned();
    let [face, pose] = ["F_f", "F_p"].map(|name| find(reports, &format!("{prefix}{name}")));
    Separation::new(
        &faces.set,
        &format!("{prefix}F_f and F_p"),
        [&codes.f_f, &codes.f_p],
        [face.as_ref(), pose.as_ref()],
        find(baselines, CHANCE).as_ref(),
    )
}

/// D with the codes of all pictures.
struct Decoder<'a> {
    model: &'a Pcl,
    mode: Combine,
    codes: &'a Codes,
}

impl Decoder<'_> {
    /// D(F_f(look), F_p(pose)) of pairs of pictures, in 0–1.
    ///
    /// # Shapes
    ///
    /// - output: `[pairs, 3, 64, 64]`
    fn pictures(&self, pairs: &[(usize, usize)]) -> Result<Vec<f32>, EvalError> {
        let device = self.model.encoder.device();
        let rows = |matrix: &Matrix, picks: Vec<usize>| {
            let picked = matrix.select(&picks);
            let data = TensorData::new(picked.data, [picked.rows, picked.cols]);
            Tensor::<2>::from_data(data, &device)
        };
        let mut pictures = Vec::with_capacity(pairs.len() * 3 * SIDE_PX * SIDE_PX);
        for pairs in pairs.chunks(batch_size(SIDE_PX)) {
            let look = rows(&self.codes.f_f, pairs.iter().map(|pair| pair.0).collect());
            let pose = rows(&self.codes.f_p, pairs.iter().map(|pair| pair.1).collect());
            let decoded = self.model.decoder.forward(combine(look, pose, self.mode));
            pictures.extend(read(decoded.clamp(0.0, 1.0))?);
        }
        Ok(pictures)
    }
}

/// D(F_f(s), F_p(s)) of the test pictures, beside what needs no network.
fn reconstruction(
    decoder: &Decoder<'_>,
    faces: &ProbeFaces,
    others: &[Answer],
) -> Result<Option<Reconstruction>, EvalError> {
    let pairs: Vec<_> = faces.set.test.iter().map(|&at| (at, at)).collect();
    let decoded = decoder.pictures(&pairs)?;
    let ours = answer(DECODED, &faces.set, &faces.planes, &decoded, SIDE_PX);
    Ok(ours.map(|ours| Reconstruction {
        answers: std::iter::once(ours)
            .chain(others.iter().cloned())
            .collect(),
        pictures: pairs.len(),
    }))
}

/// D(F_f(A), F_p(B)) against the true picture of A in the pose of B, and what it shows.
fn swaps(
    decoder: &Decoder<'_>,
    faces: &ProbeFaces,
    pixels: Option<&PixelBaselines>,
) -> Result<(Option<SwapTruth>, Vec<Readback>), EvalError> {
    if faces.swaps.is_empty() {
        return Ok((None, Vec::new()));
    }
    let wanted = wanted(faces);
    let pairs: Vec<_> = wanted
        .iter()
        .map(|wanted| (wanted.look, wanted.pose))
        .collect();
    let decoded = decoder.pictures(&pairs)?;
    let mut readback = Vec::new();
    if let Some(PixelBaselines {
        pca: Some(pca),
        reader: Some((reader, others)),
        ..
    }) = pixels
    {
        readback.extend(reader.read(DECODED, &faces.set, pca, &decoded, &wanted));
        readback.extend(others.iter().cloned());
    }
    let numbers = 3 * SIDE_PX * SIDE_PX;
    let people = faces
        .set
        .people(&pairs.iter().map(|pair| pair.0).collect::<Vec<_>>());
    let pairs: Vec<SwapPair> = faces
        .swaps
        .iter()
        .zip(people)
        .zip(decoded.chunks_exact(numbers))
        .map(|((swap, person), decoded)| SwapPair {
            person,
            truth: &swap.truth,
            decoded,
            look: faces.picture(swap.look),
            pose: faces.picture(swap.pose),
        })
        .collect();
    Ok((swap_truth(&pairs, &mean_picture(faces), SIDE_PX), readback))
}

/// The mean of the fit pictures.
fn mean_picture(faces: &ProbeFaces) -> Vec<f32> {
    let mut sum = vec![0.0; 3 * SIDE_PX * SIDE_PX];
    for &at in &faces.set.fit {
        for (sum, value) in sum.iter_mut().zip(faces.picture(at)) {
            *sum += value / faces.set.fit.len() as f32;
        }
    }
    sum
}

/// Pixels as a feature: reduced to 32 × 32 by averaging.
///
/// # Shapes
///
/// - `planes`: `[n, 3, side_px, side_px]`, `side_px` a multiple of 32
pub fn raw_pixels(planes: &[f32], side_px: usize) -> Matrix {
    let factor = side_px / RAW_SIDE_PX;
    let cols = 3 * RAW_SIDE_PX * RAW_SIDE_PX;
    let mut data = Vec::with_capacity(planes.len() / factor / factor);
    for plane in planes.chunks_exact(side_px * side_px) {
        for row in 0..RAW_SIDE_PX {
            for column in 0..RAW_SIDE_PX {
                let cell = (0..factor * factor).map(|k| {
                    plane[(row * factor + k / factor) * side_px + column * factor + k % factor]
                });
                data.push(cell.sum::<f32>() / (factor * factor) as f32);
            }
        }
    }
    Matrix::new(data.len() / cols, cols, data)
}
