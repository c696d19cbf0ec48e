//! From prepared pictures to codes.

use burn::tensor::{Device, Tensor, TensorData};

use super::EvalError;
use super::matrix::Matrix;
use crate::config::Feature;
use crate::model::{Encoder, Features};

/// Numbers of a batch that are on the device at a time, before the first layer.
const BATCH_NUMBERS: usize = 64 * 3 * 64 * 64;

/// F_s, F_f and F_p of the same pictures.
#[derive(Clone, Debug, Default)]
pub struct Codes {
    /// The representation used downstream.
    pub f_s: Matrix,
    /// The face code.
    pub f_f: Matrix,
    /// The pose code.
    pub f_p: Matrix,
}

impl Codes {
    /// The codes with their names, in the order every table has them.
    pub fn named(&self) -> [(&'static str, &Matrix); 3] {
        [("F_s", &self.f_s), ("F_f", &self.f_f), ("F_p", &self.f_p)]
    }

    /// Puts the codes of further pictures behind these.
    pub fn extend(&mut self, more: Codes) {
        for (mine, more) in [
            (&mut self.f_s, more.f_s),
            (&mut self.f_f, more.f_f),
            (&mut self.f_p, more.f_p),
        ] {
            mine.data.extend(more.data);
            mine.rows += more.rows;
            mine.cols = more.cols;
        }
    }
}

/// Pictures of this size that are encoded together.
pub fn batch_size(side_px: usize) -> usize {
    (BATCH_NUMBERS / (3 * side_px * side_px)).max(1)
}

/// A batch on the device.
///
/// # Shapes
///
/// - `planes`: `[n, 3, side_px, side_px]`, row-major
pub fn upload(planes: &[f32], side_px: usize, device: &Device) -> Tensor<4> {
    let n = planes.len() / (3 * side_px * side_px);
    let data = TensorData::new(planes.to_vec(), [n, 3, side_px, side_px]);
    Tensor::from_data(data, device)
}

/// All three codes of prepared pictures, batch after batch.
///
/// # Errors
/// If the device fails.
pub fn encode(encoder: &Encoder, planes: &[f32], side_px: usize) -> Result<Codes, EvalError> {
    let device = encoder.device();
    let mut codes = Codes::default();
    for chunk in planes.chunks(batch_size(side_px) * 3 * side_px * side_px) {
        let Features { f_s, f_f, f_p } = encoder.features(upload(chunk, side_px, &device));
        codes.extend(Codes {
            f_s: matrix(f_s)?,
            f_f: matrix(f_f)?,
            f_p: matrix(f_p)?,
        });
    }
    Ok(codes)
}

/// One feature of prepared pictures (METHODS row 24). `same_length` averages neighbouring channels
/// of F_s until it is as long as the other codes (S003 Table 7).
///
/// # Shapes
///
/// - output: `[n, d]`
pub fn feature(
    encoder: &Encoder,
    images: Tensor<4>,
    feature: Feature,
    same_length: bool,
) -> Tensor<2> {
    match feature {
        Feature::Fs => {
            let map = encoder.trunk.forward(images);
            let [n, c, h, w] = map.dims();
            let code = encoder.g_f.channels();
            if same_length && c > code && c.is_multiple_of(code) {
                let groups = map.reshape([n, code, c / code, h * w]);
                return groups.mean_dim(2).reshape([n, code * h * w]);
            }
            map.flatten(1, 3)
        }
        Feature::Ff => encoder.face(images),
        Feature::Fp => encoder.pose(images),
        Feature::FfPlusFp => {
            let Features { f_f, f_p, .. } = encoder.features(images);
            f_f + f_p
        }
    }
}

fn matrix(rows: Tensor<2>) -> Result<Matrix, EvalError> {
    let [n, d] = rows.dims();
    Ok(Matrix::new(n, d, read(rows)?))
}

/// The numbers of a tensor.
///
/// # Errors
/// If the device fails.
pub fn read<const D: usize>(tensor: Tensor<D>) -> Result<Vec<f32>, EvalError> {
    let data = tensor
        .try_into_data()
        .map_err(|error| EvalError::Device(error.to_string()))?;
    data.convert::<f32>()
        .try_to_vec()
        .map_err(|error| EvalError::Device(error.to_string()))
}
