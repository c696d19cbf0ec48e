//! Losses, schedules and the optimiser against the golden numbers.

mod support;

use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor};
use serde_json::Value;
use support::compare::{Outputs, check, check_case, floor};
use support::network::{pcl, statistics};
use support::step::{UNIT, batch, mix, named, objective};
use support::{case, devices, leaf, number, numbers, tensor};
use visage::config::{Backbone, Combine, DwaConfig, DwaMode, OrthForm, Reduction, Schedule};
use visage::loss::balance::{EpochLosses, alphas};
use visage::loss::{ContrastiveOptions, RECON_ORDER, l_face, l_orth, l_pose, mix_blocks};
use visage::model::{Pcl, combine};
use visage::optim::{Adam, AdamOptions, Grads, learning_rate};
use visage::train::objective::Objective;
use visage::train::step::{Batch, Stream, stream_gradients};

const FORMS: [(&str, OrthForm); 3] = [
    ("cross_corr", OrthForm::CrossCorr),
    ("eq3_norm", OrthForm::Eq3Norm),
    ("eq3_raw", OrthForm::Eq3Raw),
];

/// A loss under `tag`, and its gradients under `<tag>_grad_<name>`.
fn record<const N: usize>(
    out: &mut Outputs,
    tag: &str,
    loss: Tensor<1>,
    gradients: impl FnOnce(&burn::tensor::Gradients) -> [(&'static str, Vec<f32>); N],
) {
    let grads = loss.backward();
    out.insert(tag.to_owned(), numbers(loss));
    let named = gradients(&grads).into_iter();
    out.extend(named.map(|(name, values)| (format!("{tag}_grad_{name}"), values)));
}

fn gradient<const D: usize>(leaf: &Tensor<D>, grads: &burn::tensor::Gradients) -> Vec<f32> {
    numbers(leaf.grad(grads).expect("a gradient"))
}

#[test]
fn orthogonality() {
    for device in devices() {
        for name in ["l_orth_small", "l_orth_large"] {
            let case = case(name);
            let mut out = Outputs::new();
            for (tag, form) in FORMS {
                let face = leaf::<2>(&case["inputs"]["face"], &device);
                let pose = leaf::<2>(&case["inputs"]["pose"], &device);
                let loss = l_orth(face.clone(), pose.clone(), form);
                record(&mut out, tag, loss, |grads| {
                    [
                        ("face", gradient(&face, grads)),
                        ("pose", gradient(&pose, grads)),
                    ]
                });
            }
            check_case(case, &out, floor::VALUE, floor::SMOOTH);
        }
    }
}

fn contrastive(case: &Value, pos_in_denominator: bool) -> ContrastiveOptions {
    let tau = number(&case["tau"]);
    ContrastiveOptions {
        tau,
        reduction: Reduction::Mean,
        pos_in_denominator,
    }
}

#[test]
fn face_loss() {
    let case = case("l_face");
    for device in devices() {
        let mixed = mix(&case["inputs"]["lambda"], &case["permutation"], &device);
        let mut out = Outputs::new();
        for (tag, mix) in [("plain", None), ("interpolated", Some(&mixed))] {
            let z = leaf::<2>(&case["inputs"]["z"], &device);
            let loss = l_face(z.clone(), mix, contrastive(case, true));
            record(&mut out, tag, loss, |grads| [("z", gradient(&z, grads))]);
        }
        check_case(case, &out, floor::VALUE, floor::SMOOTH);
    }
}

#[test]
fn pose_loss() {
    let case = case("l_pose");
    for device in devices() {
        let mixed = mix(&case["inputs"]["lambda"], &case["permutation"], &device);
        let mut out = Outputs::new();
        for (layout, with_positive) in [("own", true), ("own", false), ("released_mixed", true)] {
            for (kind, mix) in [("plain", None), ("interpolated", Some(&mixed))] {
                let pos = leaf::<2>(&case["inputs"]["pos"], &device);
                let neg = leaf::<3>(&case["inputs"]["neg"], &device);
                let used = match layout {
                    "own" => neg.clone(),
                    _ => mix_blocks(neg.clone()),
                };
                let loss = l_pose(pos.clone(), used, mix, contrastive(case, with_positive));
                let with = if with_positive { "with" } else { "without" };
                record(
                    &mut out,
                    &format!("{layout}_{with}_positive_{kind}"),
                    loss,
                    |grads| {
                        [
                            ("pos", gradient(&pos, grads)),
                            ("neg", gradient(&neg, grads)),
                        ]
                    },
                );
            }
        }
        check_case(case, &out, floor::VALUE, floor::SMOOTH);
    }
}

/// Sum reductions, which the golden numbers lack: both directions added, the mean over pairs.
#[test]
fn sums_are_twice_the_means() {
    let device = &Device::flex();
    let z = tensor::<2>(&case("l_face")["inputs"]["z"], device);
    let mean = contrastive(case("l_face"), true);
    let sum = ContrastiveOptions {
        reduction: Reduction::Sum,
        ..mean
    };
    let value = |options| l_face(z.clone(), None, options).into_scalar::<f32>();
    assert!((value(sum) / value(mean) - 2.0).abs() < 1e-6);
}

/// Loss terms of the reconstruction stream; `prefix` is put before their names.
fn recon_terms(model: &Pcl, batch: &Batch, objective: &Objective, prefix: &str) -> Outputs {
    let (terms, _) = stream_gradients(model, Stream::Recon, batch, objective, &UNIT, 0);
    let named = named(&terms, &UNIT).into_iter();
    named
        .map(|(name, value)| (format!("{prefix}{name}"), value))
        .collect()
}

#[test]
fn disentangling() {
    let device = &Device::flex();
    let case = case("l_dis");
    let batch = batch(device);
    let fresh = || pcl(Backbone::FacecyclePaper, false, device);
    let paper = objective("paper");
    let mut out = Outputs::new();

    for (tag, recon_bn_joint) in [("separate", false), ("joint", true)] {
        let model = fresh();
        let objective = Objective {
            recon_bn_joint,
            ..paper
        };
        out.append(&mut recon_terms(
            &model,
            &batch,
            &objective,
            &format!("{tag}_"),
        ));
        let block1 = model
            .decoder
            .block1
            .as_ref()
            .expect("the paper's D begins at 1×1");
        for (name, values) in statistics(block1) {
            let statistic = name.strip_prefix("bn.").expect("block1 has one batch-norm");
            out.insert(format!("{tag}_block1_{statistic}"), values);
        }
    }

    let model = fresh();
    let noise = ["noise", "noise_hat"].map(|key| tensor::<4>(&case["inputs"][key], device) * 0.4);
    let noisy = Batch {
        noise: Some(Tensor::cat(noise.to_vec(), 0)),
        ..batch.clone()
    };
    out.append(&mut recon_terms(&model, &noisy, &paper, "noise_"));

    for (tag, terms) in [
        ("1010", [true, false, true, false]),
        ("0110", [false, true, true, false]),
    ] {
        let objective = Objective {
            terms,
            orth: false,
            ..paper
        };
        let chosen = recon_terms(&model, &batch, &objective, "");
        assert_eq!(
            chosen.keys().filter(|k| k.starts_with('t')).count(),
            3,
            "two terms and a sum"
        );
        let sum = chosen["total"].clone();
        out.insert(format!("sum_terms_{tag}"), sum);
    }
    for (tag, orth_form) in FORMS {
        let objective = Objective {
            terms: [false; 4],
            orth_form,
            ..paper
        };
        let orth = recon_terms(&model, &batch, &objective, "")
            .remove("orth")
            .expect("L_orth");
        out.insert(format!("l_orth_{tag}"), orth);
    }
    out.append(&mut codes_and_images(&fresh(), &batch));
    check_case(case, &out, floor::NORMALISED, floor::KINKED);
}

/// F_f and F_p of s and ŝ, and the four decoded images.
fn codes_and_images(model: &Pcl, batch: &Batch) -> Outputs {
    let encode = |images: &Tensor<4>| model.encoder.valid().features(images.clone());
    let (plain, hat) = (encode(&batch.s), encode(&batch.s_hat));
    let mut out = Outputs::new();
    for k in RECON_ORDER {
        let face = if k >= 2 { &hat.f_f } else { &plain.f_f };
        let pose = if k % 2 == 1 { &hat.f_p } else { &plain.f_p };
        let code = combine(face.clone(), pose.clone(), Combine::SumL2);
        let image = model.decoder.forward(Tensor::from_inner(code));
        out.insert(format!("image_t{}", k + 1), numbers(image));
    }
    let codes = [
        ("Ff", plain.f_f),
        ("Fp", plain.f_p),
        ("Ff_hat", hat.f_f),
        ("Fp_hat", hat.f_p),
    ];
    out.extend(codes.map(|(name, code)| (name.to_owned(), numbers(code))));
    out
}

#[test]
fn dynamic_weights() {
    let loss = |v: &Value| {
        v.as_f64()
            .unwrap_or_else(|| v.as_str().unwrap().parse().unwrap())
    };
    let runs = case("dwa")["outputs"]["runs"].as_array().expect("runs");
    assert_eq!(runs.len(), 10);
    for run in runs {
        let config = DwaConfig {
            mode: DwaMode::Dynamic,
            t: number(&run["temperature"]),
            start_epoch: number(&run["start_epoch"]) as u32,
            ..DwaConfig::default()
        };
        let history = run["history_pose_face"].as_array().expect("epochs").iter();
        let history = history
            .map(|row| EpochLosses {
                pose: loss(&row[0]),
                face: loss(&row[1]),
            })
            .collect::<Vec<_>>();
        let expected = run["alpha_pose_face"].as_array().expect("weights");
        assert_eq!(expected.len(), history.len() + 1);
        for (epochs_done, row) in expected.iter().enumerate() {
            let a = alphas(&history[..epochs_done], &config, 0);
            let [pose, face] = [&row[0], &row[1]].map(number);
            let close = (a.pose - pose).abs() < 1e-9 && (a.face - face).abs() < 1e-9;
            assert!(
                close,
                "{a:?}, not {pose} and {face}, after {:?}",
                &history[..epochs_done]
            );
        }
    }
}

#[test]
fn cosine_schedule() {
    for (epochs, rows) in case("cosine_lr")["outputs"].as_object().expect("schedules") {
        for row in rows.as_array().expect("epochs") {
            let (epoch, expected) = (number(&row[0]) as u32, number(&row[1]));
            let epochs = epochs.parse().expect("a number of epochs");
            let lr = learning_rate(Schedule::Cosine, 1e-4, epoch, epochs);
            assert!(
                (lr - expected).abs() < 1e-13,
                "{epoch} of {epochs}: {lr}, not {expected}"
            );
        }
    }
}

#[derive(Module, Debug)]
struct Single {
    p: Param<Tensor<1>>,
}

#[test]
fn adam_scripted() {
    let case = case("adam_scripted");
    for device in devices() {
        let input = |key: &str| tensor::<1>(&case["inputs"][key], &device);
        let start = Tensor::from_inner(input("p")).require_grad();
        let mut model = Single {
            p: Param::from_tensor(start),
        };
        let mut adam = Adam::new(AdamOptions {
            betas: [0.9, 0.999],
            eps: 1e-8,
            weight_decay: 1e-3,
        });
        for step in 1..=5 {
            // The gradient of Σ p·g is g.
            let g = Tensor::from_inner(input(&format!("g{step}")));
            let mut all = (model.p.val() * g).sum().backward();
            let grads = Grads::take(&mut all, &model, "");
            model = adam.step(model, &grads, 1e-2);
            let name = format!("step{step}");
            check(
                &name,
                &numbers(model.p.val()),
                &case["outputs"][&name],
                1e-6,
            );
        }
    }
}
