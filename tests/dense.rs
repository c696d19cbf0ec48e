//! A step of the network of dense layers whose pictures move: the same on the CPU and on a GPU.

mod support;

use burn::tensor::{Device, Tensor};
use support::compare::relative_distance;
use support::generator::generate;
use support::network::vanishes;
use support::{devices, numbers, small};
use visage::config::RunConfig;
use visage::loss::balance::Alphas;
use visage::model::{Architecture, Pcl, load_values};
use visage::train::objective::{Objective, Weights};
use visage::train::step::{Stream, TermValues, stream_gradients};

/// The demo's network with fewer numbers, none of which is zero.
fn network(config: &RunConfig, device: &Device) -> Pcl {
    let blank = Pcl::blank(Architecture::from(config), &device.clone().autodiff());
    let mut index = 100;
    load_values(blank, &mut |name, shape| {
        index += 1;
        if name.contains("running") || name.contains("bn.") {
            return None;
        }
        // Weights of components have size 1, all others keep the size of what comes in.
        let fan_in = match name {
            "encoder.trunk.stem.weight" | "decoder.picture.components.weight" => 1.0,
            "decoder.deformation.flow.weight" => 400.0 * shape[0] as f32,
            _ => shape[0] as f32,
        };
        let values = generate(index, shape, "sym", None);
        Some(values.iter().map(|x| x * 1.7 / fan_in.sqrt()).collect())
    })
}

fn config() -> RunConfig {
    let sets = [
        "model.components=12",
        "model.hidden=24",
        "recon.components=12",
        "recon.hidden=24",
        "proj.enabled=false",
    ];
    RunConfig::resolve(Some("demo"), None, &sets.map(String::from)).unwrap()
}

#[test]
fn a_step_is_the_same_on_every_device() {
    let config = config();
    let objective = Objective::from(&config);
    let weights = Weights {
        recon: 3.0,
        orth: 1.0,
        alphas: Alphas {
            pose: 1.0,
            face: 1.0,
        },
    };
    let step = |device: &Device| -> (TermValues, Vec<(String, Vec<f32>)>) {
        let model = network(&config, device);
        let mut batch = small::batch(0, device);
        batch.s_hat = small::pictures(4000, 4, device);
        batch.twin = Some(small::pictures(4100, 4, device));
        let (terms, grads) =
            stream_gradients(&model, Stream::Recon, &batch, &objective, &weights, 0);
        let named = grads
            .iter()
            .map(|(name, grad)| (name.to_owned(), numbers::<1>(grad.clone())));
        (
            terms.read(None).expect("the device answers").0,
            named.collect(),
        )
    };
    let devices = devices();
    let (expected, expected_grads) = step(&devices[0]);
    assert!(expected.t[1].is_some() && expected.t[2].is_some() && expected.is_finite());
    assert!(
        expected.face.is_some(),
        "L_face over the codes of the reconstruction"
    );
    let reached = |part: &str| {
        let grad = expected_grads
            .iter()
            .find(|(name, _)| name.starts_with(part));
        grad.is_some_and(|(_, grad)| grad.iter().any(|g| *g != 0.0))
    };
    for part in [
        "encoder.trunk.stem.weight",
        "encoder.g_f.weight",
        "encoder.g_p.weight",
        "decoder.deformation.flow.weight",
        "decoder.deformation.texture.weight",
        "decoder.picture.coefficients.weight",
        "decoder.picture.components.weight",
    ] {
        assert!(reached(part), "nothing reaches {part}");
    }
    for device in &devices[1..] {
        let (values, grads) = step(device);
        for (a, b) in values.t.iter().flatten().zip(expected.t.iter().flatten()) {
            assert!((a - b).abs() < 1e-5, "{a} {b}");
        }
        let [face, expected_face] = [&values, &expected].map(|values| values.face.unwrap());
        assert!(
            (face - expected_face).abs() < 1e-4,
            "{face} {expected_face}"
        );
        for ((name, grad), (_, expected)) in grads.iter().zip(&expected_grads) {
            let off = relative_distance(grad, expected);
            assert!(off < 2e-3 || vanishes(name), "{name}: {off}");
        }
    }
}

/// A pose code moves the face that a look code draws, and the look stays.
#[test]
fn without_movements_the_pose_only_adds_to_the_face_at_rest() {
    let device = Device::flex();
    let config = config();
    let model = network(&config, &device);
    let still = load_values(model.clone(), &mut |name, shape| {
        let silent = name.starts_with("decoder.deformation.flow.")
            || name.starts_with("decoder.picture.coefficients.");
        silent.then(|| vec![0.0; shape.iter().product()])
    });
    let codes = |seed: u64| {
        let data = generate(seed, &[1, 272], "sym", None);
        Tensor::<1>::from_floats(&data[..], &device.clone().autodiff()).reshape([1, 272])
    };
    let look = codes(7).slice([0..1, 0..256]);
    let with_pose = |seed| Tensor::cat(vec![look.clone(), codes(seed).slice([0..1, 256..272])], 1);
    let draw = |model: &Pcl, seed| numbers::<4>(model.decoder.forward(with_pose(seed)).inner());
    assert_eq!(draw(&still, 8), draw(&still, 9), "nothing but F_f draws it");
    assert!(relative_distance(&draw(&model, 8), &draw(&model, 9)) > 1e-3);
}
