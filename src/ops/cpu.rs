//! Getting at the numbers of a CPU tensor.

use burn::backend::flex::FlexTensor;
use burn::tensor::TensorData;

/// The values of a dense f32 tensor.
pub(super) fn values(x: &FlexTensor) -> &[f32] {
    x.as_slice::<f32>()
        .expect("the tensor was made dense and is f32")
}

/// A new tensor.
pub(super) fn tensor<const D: usize>(values: Vec<f32>, shape: [usize; D]) -> FlexTensor {
    FlexTensor::from_data(TensorData::new(values, shape))
}
