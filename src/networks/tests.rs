//! From a run to files and back.

use std::path::Path;

use burn::tensor::{Device, Tensor, TensorData};

use super::*;
use crate::model::{is_buffer, values};
use crate::weights;

/// A small network of random weights whose statistics are not those of a fresh one.
fn network() -> Network {
    let config = RunConfig::resolve(Some("demo"), None, &["seed=5".into()]).unwrap();
    let model = Pcl::new(Architecture::from(&config), 5, &Device::flex());
    let mut values = values(&model);
    for (at, (name, (_, numbers))) in values.iter_mut().enumerate() {
        if is_buffer(name) {
            for number in numbers {
                *number += 0.1 + at as f32 * 1e-3;
            }
        }
    }
    let metadata = [
        ("steps", "12".to_owned()),
        ("data", "some faces".to_owned()),
        ("program", "visage 0".to_owned()),
        ("config", config.to_toml()),
    ];
    Network {
        values,
        metadata: metadata.map(|(key, value)| (key.to_owned(), value)).into(),
        config,
        ..Network::default()
    }
}

fn exported(network: &Network, out: &Path) -> usize {
    let facts = Facts {
        command: "visage train".into(),
        hours: Some(0.5),
        licence: Some("of one's own".into()),
    };
    export(network, facts, out, |rounded| {
        assert_ne!(
            rounded.values, network.values,
            "measured is what is written"
        );
        Ok::<_, NetworkError>("yaw 3°".to_owned())
    })
    .unwrap()
}

#[test]
fn an_exported_network_comes_back_rounded_with_its_words() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("nets/own");
    let network = network();
    let bytes = exported(&network, &out);
    let parameters: usize = network.values.values().map(|(_, n)| n.len()).sum();
    assert!(
        bytes < 2 * parameters + parameters / 5,
        "{bytes} for {parameters}"
    );

    let back = Network::read(&out).unwrap();
    assert_eq!(back.config, network.config);
    assert_eq!((back.steps(), back.data()), (Some(12), Some("some faces")));
    for (name, (shape, numbers)) in &network.values {
        let (shape_back, numbers_back) = &back.values[name];
        assert_eq!(shape_back, shape, "{name}");
        for (number, half) in numbers.iter().zip(numbers_back) {
            let allowed = match is_buffer(name) {
                true => 0.0,
                false => (number.abs() * 2_f32.powi(-11)).max(2_f32.powi(-25)),
            };
            assert!((number - half).abs() <= allowed, "{name}: {number}, {half}");
        }
    }
    let words = back.provenance.clone().unwrap();
    assert_eq!(words.sha256, back.hash);
    assert_eq!(
        (words.seed, words.steps, words.hours),
        (5, Some(12), Some(0.5))
    );
    assert_eq!(words.measured.as_deref(), Some("yaw 3°"));
    assert_eq!(words.config["model"]["width"].as_float(), Some(0.125));
    assert_eq!(words.date.len(), "2026-05-31".len());

    // The file alone is enough, and what was rounded once stays as it is.
    let alone = dir.path().join("alone.safetensors");
    std::fs::copy(out.join(WEIGHTS_FILE), &alone).unwrap();
    let alone = Network::read(&alone).unwrap();
    assert!(alone.provenance.is_none());
    let bytes = weights::to_bytes_f16(&alone.values, alone.metadata.clone()).unwrap();
    assert_eq!(Network::read(&out).unwrap().values, alone.values);
    assert_eq!(bytes.len(), exported_len(&out));
}

fn exported_len(out: &Path) -> usize {
    std::fs::metadata(out.join(WEIGHTS_FILE)).unwrap().len() as usize
}

#[test]
fn the_network_on_a_device_computes_with_what_was_kept() {
    let device = Device::flex();
    let network = network();
    let model = network.build(&device).unwrap();
    assert_eq!(values(&model), network.values);
    let face = Tensor::<4>::from_data(
        TensorData::new(vec![0.25_f32; 3 * 64 * 64], [1, 3, 64, 64]),
        &device,
    );
    let code = model.encoder.face(face).into_data();
    assert!(code.iter::<f32>().all(f32::is_finite));

    let mut other = network;
    other.values.remove("encoder.trunk.layer1.weight").unwrap();
    let error = other.build(&device).unwrap_err().to_string();
    assert!(
        error.contains("encoder.trunk.layer1.weight is missing"),
        "{error}"
    );
}

#[test]
fn damage_is_a_sentence() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path();
    exported(&network(), out);
    let weights = out.join(WEIGHTS_FILE);
    let whole = std::fs::read(&weights).unwrap();
    let says = |part: &str| {
        let error = Network::read(out).unwrap_err();
        assert!(
            error.is_users() && error.to_string().contains(part),
            "{error}"
        );
        assert!(error.to_string().contains("network."), "{error}");
    };
    std::fs::write(&weights, &whole[..whole.len() - 5]).unwrap();
    says("not a whole safetensors file");
    let mut changed = whole.clone();
    *changed.last_mut().unwrap() ^= 1;
    std::fs::write(&weights, changed).unwrap();
    says("SHA-256 differs");
    std::fs::write(&weights, &whole).unwrap();
    Network::read(out).unwrap();
    std::fs::write(out.join(PROVENANCE_FILE), "seed = \"many\"").unwrap();
    says("words about the network");
}

#[test]
fn what_lies_in_a_folder_comes_before_a_name() {
    let dir = tempfile::tempdir().unwrap();
    let unknown = Network::read(Path::new("no-such-network"))
        .unwrap_err()
        .to_string();
    assert!(unknown.contains("no-such-network"), "{unknown}");
    for name in names() {
        assert!(unknown.contains(name), "{unknown}");
        assert_eq!(Network::read(Path::new(name)).unwrap().name, name);
    }
    // A folder with something else in it is no network.
    std::fs::write(dir.path().join("face.png"), "x").unwrap();
    assert!(matches!(
        Network::read(dir.path()),
        Err(NetworkError::Nothing(_))
    ));
    std::fs::create_dir(dir.path().join("checkpoints")).unwrap();
    assert!(matches!(
        Network::read(dir.path()),
        Err(NetworkError::NoCheckpoint(_))
    ));
}
