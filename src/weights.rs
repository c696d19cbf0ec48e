//! Weights on disk: safetensors in PyTorch's layout, with where they come from in the metadata.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use safetensors::tensor::{Dtype, SafeTensors, TensorView};

use crate::model::NamedValues;

/// Why a weights file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum WeightsError {
    /// It cannot be read.
    #[error("cannot read the weights ({source}): {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// It is no safetensors file, or a damaged one.
    #[error("not a whole safetensors file ({reason}); copy it again or use another checkpoint: {}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
}

/// Serialises named values. Linear weights are written as `[out, in]`, as PyTorch keeps them.
pub fn to_bytes(
    values: &NamedValues,
    metadata: HashMap<String, String>,
) -> Result<Vec<u8>, String> {
    let turned = values
        .iter()
        .map(|(name, (shape, numbers))| match shape[..] {
            [rows, columns] => (name, vec![columns, rows], transpose(numbers, rows, columns)),
            _ => (name, shape.clone(), numbers.clone()),
        })
        .collect::<Vec<_>>();
    let views = turned
        .iter()
        .map(|(name, shape, numbers)| {
            let view = TensorView::new(Dtype::F32, shape.clone(), bytemuck::cast_slice(numbers));
            view.map(|view| (name.as_str(), view))
                .map_err(|e| e.to_string())
        })
        .collect::<Result<Vec<_>, _>>()?;
    // Without any tensor, empty metadata would come out as broken JSON.
    let metadata = (!metadata.is_empty()).then_some(metadata);
    safetensors::serialize(views, metadata).map_err(|e| e.to_string())
}

/// Reads what [`to_bytes`] wrote.
///
/// # Errors
///
/// If the file is missing, truncated or holds something other than f32 tensors.
pub fn read(path: &Path) -> Result<(NamedValues, HashMap<String, String>), WeightsError> {
    let bytes = std::fs::read(path).map_err(|source| WeightsError::Read {
        path: path.into(),
        source,
    })?;
    parse(&bytes, path)
}

/// As [`read`], from bytes that are in memory; `path` is for the error.
///
/// # Errors
///
/// As [`read`].
pub fn parse(
    bytes: &[u8],
    path: &Path,
) -> Result<(NamedValues, HashMap<String, String>), WeightsError> {
    tensors(bytes).map_err(|reason| WeightsError::Damaged {
        path: path.into(),
        reason,
    })
}

fn tensors(bytes: &[u8]) -> Result<(NamedValues, HashMap<String, String>), String> {
    let (_, header) = SafeTensors::read_metadata(bytes).map_err(|e| e.to_string())?;
    let tensors = SafeTensors::deserialize(bytes).map_err(|e| e.to_string())?;
    let mut values = NamedValues::new();
    for (name, view) in tensors.tensors() {
        if view.dtype() != Dtype::F32 {
            return Err(format!("{name} is {:?}, not 32-bit float", view.dtype()));
        }
        let numbers = bytemuck::pod_collect_to_vec::<u8, f32>(view.data());
        let entry = match view.shape() {
            &[rows, columns] => (vec![columns, rows], transpose(&numbers, rows, columns)),
            shape => (shape.to_vec(), numbers),
        };
        values.insert(name, entry);
    }
    Ok((values, header.metadata().clone().unwrap_or_default()))
}

fn transpose(numbers: &[f32], rows: usize, columns: usize) -> Vec<f32> {
    (0..columns)
        .flat_map(|c| (0..rows).map(move |r| numbers[r * columns + c]))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_survive_and_linear_layers_turn() {
        let values = NamedValues::from([
            (
                "fc.weight".to_owned(),
                (vec![2, 3], vec![1.0, 2.0, 3.0, 4.0, 5.0, f32::MIN_POSITIVE]),
            ),
            ("fc.bias".to_owned(), (vec![3], vec![-0.0, 1e-30, 7.0])),
        ]);
        let bytes = to_bytes(
            &values,
            HashMap::from([("step".to_owned(), "3".to_owned())]),
        )
        .unwrap();
        let (back, metadata) = tensors(&bytes).unwrap();
        assert_eq!(back, values);
        assert_eq!(metadata["step"], "3");
        let stored = SafeTensors::deserialize(&bytes).unwrap();
        assert_eq!(stored.tensor("fc.weight").unwrap().shape(), [3, 2]);
    }

    #[test]
    fn nothing_at_all_survives() {
        let bytes = to_bytes(&NamedValues::new(), HashMap::new()).unwrap();
        assert_eq!(tensors(&bytes).unwrap().0, NamedValues::new());
    }

    #[test]
    fn a_truncated_file_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("model.safetensors");
        let bytes = to_bytes(
            &NamedValues::from([("a".to_owned(), (vec![4], vec![0.0; 4]))]),
            HashMap::new(),
        )
        .unwrap();
        std::fs::write(&path, &bytes[..bytes.len() - 3]).unwrap();
        let error = read(&path).unwrap_err().to_string();
        assert!(
            error.contains("model.safetensors") && error.contains("safetensors file"),
            "{error}"
        );
    }
}
