//! Answers that are pictures: reconstructions, swaps, morphs.

use burn::tensor::Tensor;

use crate::config::{Branch, RunConfig};
use crate::model::{Pcl, combine, single_code};
use crate::train::ask::{FACES_COLUMNS, FaceId, Question, Reply};
use crate::train::snapshot::{by_rows, grid};

/// Whether a face takes part in a question.
pub fn shows(question: &Question, face: FaceId) -> bool {
    match question {
        Question::Faces { faces } => faces.contains(&face),
        Question::Swap { looks, poses } => looks.contains(&face) || poses.contains(&face),
        Question::Morph { a, b, .. } => [*a, *b].contains(&face),
        Question::Turn { face: own } => *own == face,
        Question::Codes { .. } | Question::Views { .. } | Question::Knowledge => false,
    }
}

/// F_f and F_p.
pub fn codes(model: &Pcl, x: Tensor<4>) -> (Tensor<2>, Tensor<2>) {
    let features = model.encoder.features(x);
    (features.f_f, features.f_p)
}

/// D of both codes.
pub fn decode(model: &Pcl, f_f: Tensor<2>, f_p: Tensor<2>, config: &RunConfig) -> Tensor<4> {
    let code = combine(f_f, f_p, config.recon.combine);
    model.decoder.forward(code)
}

/// Everything D makes of each face; columns [`FACES_COLUMNS`].
///
/// # Shapes
///
/// - `s`: `[n, 3, 64, 64]`
pub fn faces(model: &Pcl, s: Tensor<4>, config: &RunConfig, step: u64) -> Result<Reply, String> {
    let [n, ..] = s.dims();
    let s_hat = s.clone().flip([3]);
    // Both in one pass: a small batch costs little more than a single face.
    let (f_f, f_p) = codes(model, Tensor::cat(vec![s.clone(), s_hat.clone()], 0));
    let halves = |code: Tensor<2>| (code.clone().slice([0..n]), code.slice([n..2 * n]));
    let ((f_f, f_f_hat), (f_p, f_p_hat)) = (halves(f_f), halves(f_p));
    let mode = config.recon.combine;
    let both = |face: &Tensor<2>, pose: &Tensor<2>| combine(face.clone(), pose.clone(), mode);
    let alone = |code: &Tensor<2>, other: &Tensor<2>, branch| {
        let [_, other_len] = other.dims();
        single_code(code.clone(), other_len, branch, mode, config.viz.model)
    };
    let inputs = vec![
        both(&f_f, &f_p),
        both(&f_f_hat, &f_p_hat),
        both(&f_f_hat, &f_p),
        both(&f_f, &f_p_hat),
        alone(&f_f, &f_p, Branch::Face),
        alone(&f_p, &f_f, Branch::Pose),
        alone(&f_p_hat, &f_f, Branch::Pose),
    ];
    let decoded = model.decoder.forward(Tensor::cat(inputs, 0));
    let columns = [s, s_hat]
        .into_iter()
        .chain(decoded.chunk(FACES_COLUMNS.len() - 2, 0))
        .collect();
    let names = FACES_COLUMNS.map(String::from).to_vec();
    grid("faces", step, names, by_rows(columns), n).map(Reply::Grid)
}

/// D(F_f of the row, F_p of the column).
///
/// # Shapes
///
/// - `looks`: `[rows, 3, 64, 64]`
/// - `poses`: `[columns, 3, 64, 64]`
pub fn swap(
    model: &Pcl,
    looks: Tensor<4>,
    poses: Tensor<4>,
    config: &RunConfig,
    step: u64,
) -> Result<Reply, String> {
    let ([rows, ..], [columns, ..]) = (looks.dims(), poses.dims());
    let (f_f, _) = codes(model, looks);
    let (_, f_p) = codes(model, poses);
    let [_, length] = f_f.dims();
    let look = f_f
        .reshape([rows, 1, length])
        .repeat_dim(1, columns)
        .reshape([rows * columns, length]);
    let pose = f_p.repeat_dim(0, rows);
    let names = (1..=columns).map(|column| column.to_string()).collect();
    let tiles = decode(model, look, pose, config);
    grid("swap", step, names, tiles, rows).map(Reply::Grid)
}

/// Codes on the way from A to B, each at its own place.
///
/// # Shapes
///
/// - `ab`: `[2, 3, 64, 64]`
pub fn morph(
    model: &Pcl,
    ab: Tensor<4>,
    (look, pose): (f32, f32),
    config: &RunConfig,
    step: u64,
) -> Result<Reply, String> {
    let (f_f, f_p) = codes(model, ab);
    let between = |code: Tensor<2>, place: f32| {
        code.clone().slice([0..1]) * (1.0 - place) + code.slice([1..2]) * place
    };
    let tile = decode(model, between(f_f, look), between(f_p, pose), config);
    grid("morph", step, vec!["F_f + F_p".into()], tile, 1).map(Reply::Grid)
}
