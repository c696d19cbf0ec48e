//! What each code knows, measured on a network.

use burn::module::Module;
use burn::tensor::{Device, Tensor, TensorData};

use super::EvalError;
use super::encode::{Codes, encode, read};
use super::faces::{ProbeFaces, SIDE_PX};
use super::matrix::Matrix;
use super::probe::{CodeReport, KnowledgeTable, SwapPair, SwapTruth, chance, measure, swap_truth};
use super::trained::Trained;
use crate::config::{Combine, RunConfig};
use crate::model::{Pcl, combine};

/// Side to which pictures are reduced where their pixels serve as a feature.
const RAW_SIDE_PX: usize = 32;

/// What chance, raw pixels and an encoder without training know: the same for a whole run.
///
/// # Errors
/// If the device fails.
pub fn baselines(
    config: &RunConfig,
    faces: &ProbeFaces,
    device: &Device,
) -> Result<Vec<CodeReport>, EvalError> {
    let untrained = Trained::untrained(config, device);
    let codes = encode(&untrained.encoder, &faces.planes, SIDE_PX)?;
    let mut reports = vec![
        chance(&faces.set),
        measure(
            &faces.set,
            "raw pixels",
            &raw_pixels(&faces.planes, SIDE_PX),
        ),
    ];
    for (name, matrix) in codes.named() {
        reports.push(measure(&faces.set, &format!("untrained {name}"), matrix));
    }
    Ok(reports)
}

/// The table of a network, the baselines behind its own codes.
///
/// # Errors
/// If the device fails.
pub fn what_codes_know(
    model: &Pcl,
    mode: Combine,
    faces: &ProbeFaces,
    baselines: &[CodeReport],
) -> Result<KnowledgeTable, EvalError> {
    let model = model.valid();
    let codes = encode(&model.encoder, &faces.planes, SIDE_PX)?;
    let learnt = codes.named();
    let reports = learnt
        .iter()
        .map(|(name, matrix)| measure(&faces.set, name, matrix));
    Ok(KnowledgeTable {
        codes: reports.chain(baselines.iter().cloned()).collect(),
        swap: swaps(&model, mode, faces, &codes)?,
        note: Some(faces.words.clone()),
    })
}

/// D(F_f(A), F_p(B)) against the true picture of A in the pose of B.
fn swaps(
    model: &Pcl,
    mode: Combine,
    faces: &ProbeFaces,
    codes: &Codes,
) -> Result<Option<SwapTruth>, EvalError> {
    if faces.swaps.is_empty() {
        return Ok(None);
    }
    let device = model.encoder.trunk.layer1.weight.val().device();
    let rows = |matrix: &Matrix, picks: Vec<usize>| {
        let picked = matrix.select(&picks);
        let data = TensorData::new(picked.data, [picked.rows, picked.cols]);
        Tensor::<2>::from_data(data, &device)
    };
    let look = rows(&codes.f_f, faces.swaps.iter().map(|s| s.look).collect());
    let pose = rows(&codes.f_p, faces.swaps.iter().map(|s| s.pose).collect());
    let decoded = model.decoder.forward(combine(look, pose, mode));
    let decoded = read(decoded.clamp(0.0, 1.0))?;
    let numbers = 3 * SIDE_PX * SIDE_PX;
    let pairs: Vec<SwapPair> = faces
        .swaps
        .iter()
        .zip(decoded.chunks_exact(numbers))
        .map(|(swap, decoded)| SwapPair {
            truth: &swap.truth,
            decoded,
            look: faces.picture(swap.look),
            pose: faces.picture(swap.pose),
        })
        .collect();
    Ok(swap_truth(&pairs, &mean_picture(faces), SIDE_PX))
}

/// The mean of the test pictures.
fn mean_picture(faces: &ProbeFaces) -> Vec<f32> {
    let mut sum = vec![0.0; 3 * SIDE_PX * SIDE_PX];
    for &at in &faces.set.test {
        for (sum, value) in sum.iter_mut().zip(faces.picture(at)) {
            *sum += value / faces.set.test.len() as f32;
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
