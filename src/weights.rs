//! Weights on disk: safetensors in PyTorch's layout, with where they come from in the metadata.
//! Checkpoints hold 32-bit floats, networks to be handed on 16-bit ones.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use burn::tensor::{bf16, f16};
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use serde_json::Value;

use crate::model::{NamedValues, is_buffer};

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
///
/// # Errors
///
/// What the file format refuses.
pub fn to_bytes(
    values: &NamedValues,
    metadata: HashMap<String, String>,
) -> Result<Vec<u8>, String> {
    serialise(values, metadata, |_, numbers| {
        Ok((Dtype::F32, bytemuck::cast_slice(numbers).to_vec()))
    })
}

/// As [`to_bytes`] at half the size: parameters are rounded to 16 bits. Batch-norm statistics, which
/// are few and whose size nothing bounds, stay as they are.
///
/// # Errors
///
/// The first parameter that does not fit into 16 bits.
pub fn to_bytes_f16(
    values: &NamedValues,
    metadata: HashMap<String, String>,
) -> Result<Vec<u8>, String> {
    serialise(values, metadata, |name, numbers| {
        if is_buffer(name) {
            return Ok((Dtype::F32, bytemuck::cast_slice(numbers).to_vec()));
        }
        let mut bytes = Vec::with_capacity(2 * numbers.len());
        for &number in numbers {
            let half = f16::from_f32(number);
            if !half.is_finite() {
                return Err(format!("a number of {name} is {number}"));
            }
            bytes.extend(half.to_le_bytes());
        }
        Ok((Dtype::F16, bytes))
    })
}

/// Writes every tensor the way `store` says: its type and its bytes.
fn serialise(
    values: &NamedValues,
    metadata: HashMap<String, String>,
    store: impl Fn(&str, &[f32]) -> Result<(Dtype, Vec<u8>), String>,
) -> Result<Vec<u8>, String> {
    let mut stored = Vec::with_capacity(values.len());
    for (name, (shape, numbers)) in values {
        let (shape, (dtype, bytes)) = match shape[..] {
            [rows, columns] => (
                vec![columns, rows],
                store(name, &transpose(numbers, rows, columns))?,
            ),
            _ => (shape.clone(), store(name, numbers)?),
        };
        stored.push((name.as_str(), shape, dtype, bytes));
    }
    let views = stored
        .iter()
        .map(|(name, shape, dtype, bytes)| {
            let view = TensorView::new(*dtype, shape.clone(), bytes);
            view.map(|view| (*name, view)).map_err(|e| e.to_string())
        })
        .collect::<Result<Vec<_>, _>>()?;
    // Without any tensor, empty metadata would come out as broken JSON.
    let metadata = (!metadata.is_empty()).then_some(metadata);
    let bytes = safetensors::serialize(views, metadata).map_err(|e| e.to_string())?;
    in_order(&bytes).ok_or_else(|| "the header cannot be put in order".to_owned())
}

/// The same file with the keys of its header in order: the library writes the metadata as a hash map
/// gives them, and equal networks would have files that differ.
fn in_order(bytes: &[u8]) -> Option<Vec<u8>> {
    let (length, rest) = bytes.split_first_chunk::<8>()?;
    let (header, data) = rest.split_at_checked(u64::from_le_bytes(*length) as usize)?;
    let header: BTreeMap<String, BTreeMap<String, Value>> = serde_json::from_slice(header).ok()?;
    let mut header = serde_json::to_vec(&header).ok()?;
    // Readers expect the data at a multiple of eight bytes.
    header.resize(header.len().next_multiple_of(8), b' ');
    let length = (header.len() as u64).to_le_bytes();
    Some([&length[..], &header, data].concat())
}

/// Reads what [`to_bytes`] and [`to_bytes_f16`] wrote, or another program with floats of 16, 32 or 64
/// bits; those of 64 are rounded.
///
/// # Errors
///
/// If the file is missing, truncated or holds something other than floats.
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
        let numbers: Vec<f32> = match view.dtype() {
            Dtype::F32 => bytemuck::pod_collect_to_vec::<u8, f32>(view.data()),
            Dtype::F16 => {
                let (halves, _) = view.data().as_chunks::<2>();
                let halves = halves.iter().map(|&bytes| f16::from_le_bytes(bytes));
                halves.map(f16::to_f32).collect()
            }
            Dtype::BF16 => {
                let (halves, _) = view.data().as_chunks::<2>();
                let halves = halves.iter().map(|&bytes| bf16::from_le_bytes(bytes));
                halves.map(bf16::to_f32).collect()
            }
            Dtype::F64 => {
                let (doubles, _) = view.data().as_chunks::<8>();
                let doubles = doubles.iter().map(|&bytes| f64::from_le_bytes(bytes));
                doubles.map(|double| double as f32).collect()
            }
            other => {
                return Err(format!(
                    "{name} is {other:?}; weights are floats of 16, 32 or 64 bits"
                ));
            }
        };
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
    fn sixteen_bits_round_parameters_and_keep_statistics() {
        let numbers: Vec<f32> = (1..400)
            .map(|n| (n as f32 * 0.37).sin() / n as f32)
            .collect();
        let tensor = |numbers: &[f32]| (vec![numbers.len()], numbers.to_vec());
        let statistic = [1e-9, 3.3e7, 0.1];
        let values = NamedValues::from([
            ("conv.weight".to_owned(), tensor(&numbers)),
            ("bn.running_var".to_owned(), tensor(&statistic)),
        ]);
        let bytes = to_bytes_f16(&values, HashMap::new()).unwrap();
        let (back, _) = tensors(&bytes).unwrap();
        assert_eq!(back["bn.running_var"].1, statistic);
        for (&number, &half) in numbers.iter().zip(&back["conv.weight"].1) {
            // Half a unit in the last of eleven binary digits; below the normal range, of 2⁻²⁴.
            let allowed = (number.abs() * 2_f32.powi(-11)).max(2_f32.powi(-25));
            assert!((number - half).abs() <= allowed, "{number} became {half}");
        }
        assert_ne!(back["conv.weight"].1, numbers);
        // What was rounded once stays as it is.
        assert_eq!(to_bytes_f16(&back, HashMap::new()).unwrap(), bytes);

        let large = NamedValues::from([("fc.bias".to_owned(), tensor(&[1.0, 7e4]))]);
        let error = to_bytes_f16(&large, HashMap::new()).unwrap_err();
        assert!(
            error.contains("fc.bias") && error.contains("70000"),
            "{error}"
        );
    }

    #[test]
    fn equal_networks_have_equal_files() {
        let values = NamedValues::from([("b".to_owned(), (vec![3], vec![1.0, 2.0, 3.0]))]);
        let file = || {
            let words = ["step", "data", "program", "width", "backbone", "config"];
            let metadata = words.map(|word| (word.to_owned(), format!("{word} ✓")));
            to_bytes(&values, HashMap::from(metadata)).unwrap()
        };
        let first = file();
        // Hash maps begin differently each time.
        assert!((0..20).all(|_| file() == first));
        let (back, metadata) = tensors(&first).unwrap();
        assert_eq!((back, metadata.len()), (values, 6));
        assert_eq!(
            first.len() % 8,
            4,
            "three numbers behind a multiple of eight"
        );
    }

    #[test]
    fn floats_of_other_programs_are_converted() {
        let numbers = [1.5, -0.25, 3.0];
        let doubles: Vec<u8> = numbers.iter().flat_map(|x: &f64| x.to_le_bytes()).collect();
        let halves: Vec<u8> = numbers
            .iter()
            .flat_map(|&x| bf16::from_f64(x).to_le_bytes())
            .collect();
        for (dtype, bytes) in [(Dtype::F64, doubles), (Dtype::BF16, halves)] {
            let view = TensorView::new(dtype, vec![3], &bytes).unwrap();
            let file = safetensors::serialize([("a", view)], None).unwrap();
            let (values, _) = tensors(&file).unwrap();
            assert_eq!(values["a"].1, [1.5, -0.25, 3.0], "{dtype:?}");
        }
        let whole = TensorView::new(Dtype::I64, vec![1], &[0; 8]).unwrap();
        let file = safetensors::serialize([("steps", whole)], None).unwrap();
        assert!(tensors(&file).unwrap_err().contains("steps is I64"));
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
