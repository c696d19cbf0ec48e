//! The golden batch and what a training step makes of it.

use burn::tensor::{Device, Int, Tensor, TensorData};
use serde_json::Value;
use visage::config::RunConfig;
use visage::loss::Mix;
use visage::loss::balance::Alphas;
use visage::train::objective::{Objective, Weights};
use visage::train::step::{Batch, Terms};

use super::compare::Outputs;
use super::{case, number, tensor};

/// All factors 1.
pub const UNIT: Weights = Weights {
    recon: 1.0,
    orth: 1.0,
    alphas: Alphas {
        pose: 1.0,
        face: 1.0,
    },
};

/// The factors of a golden case.
pub fn weights(case: &Value) -> Weights {
    let [pose, face] = ["alpha_pose", "alpha_face"].map(|key| number(&case[key]));
    Weights {
        alphas: Alphas { pose, face },
        ..UNIT
    }
}

/// The loss part of a preset.
pub fn objective(preset: &str) -> Objective {
    Objective::from(&RunConfig::resolve(Some(preset), None, &[]).expect("a preset"))
}

/// λ and π out of the golden file.
pub fn mix(lambda: &Value, permutation: &Value, device: &Device) -> Mix {
    let rows = permutation.as_array().expect("a permutation");
    let positions = rows.iter().map(|p| number(p) as i32).collect::<Vec<_>>();
    Mix {
        lambda: tensor(lambda, device),
        permutation: Tensor::<1, Int>::from_data(TensorData::new(positions, [rows.len()]), device),
    }
}

/// The inputs of the `total_*` cases, without noise.
pub fn batch(device: &Device) -> Batch {
    let case = case("total_paper");
    let image = |key: &str| tensor::<4>(&case["inputs"][key], device);
    let negatives = tensor::<5>(&case["inputs"]["pose_neg"], device);
    let s = image("s");
    let mix = |branch: &str| {
        let lambda = &case["inputs"][format!("{branch}_lambda")];
        mix(lambda, &case[format!("{branch}_permutation")], device)
    };
    let pose_i = image("pose_i");
    Batch {
        s_hat: s.clone().flip([3]),
        twin: None,
        s,
        noise: None,
        code_noise: None,
        face: Tensor::cat(vec![image("face_i"), image("face_j")], 0),
        pose_images: pose_i.dims()[0],
        pose: Tensor::cat(vec![pose_i, image("pose_j"), negatives.flatten(0, 1)], 0),
        face_mix: Some(mix("face")),
        pose_mix: Some(mix("pose")),
    }
}

/// Loss values by their golden names; `total` is weighted.
pub fn named(terms: &Terms, weights: &Weights) -> Outputs {
    let (values, _) = terms.read(None).expect("the device answers");
    let [t1, t2, t3, t4] = values.t;
    let named = [
        ("t1", t1),
        ("t2", t2),
        ("t3", t3),
        ("t4", t4),
        ("orth", values.orth),
        ("face", values.face),
        ("pose", values.pose),
        ("total", Some(values.total(weights))),
    ];
    let present = named
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?)));
    present
        .map(|(name, value)| (name, vec![value as f32]))
        .collect()
}
