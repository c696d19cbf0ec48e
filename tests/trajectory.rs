//! Ten training steps of a small network against committed losses: every part of a step, one after
//! the other, on its own results.

mod support;

use burn::module::Module;
use burn::tensor::Device;
use support::compare::{Outputs, floor, relative_distance};
use support::network::{statistics, vanishes};
use support::step::{UNIT, named, objective};
use support::{numbers, small, software};
use visage::config::{Combine, OptimizerConfig};
use visage::model::combine;
use visage::optim::Adam;
use visage::train::step::joint_gradients;

/// L_dis, L_face and L_pose of ten steps on the CPU.
const LOSSES: [[f64; 3]; 10] = [[0.0; 3]; 10];

fn train(steps: usize, device: &Device) -> Vec<[f64; 3]> {
    let objective = objective("paper");
    let mut model = small::network(42, device);
    let mut adam = Adam::new((&OptimizerConfig::default()).into());
    let step = |step| {
        let batch = small::batch(if std::env::var("SAME").is_ok() { 0 } else { step }, device);
        let (terms, grads) = joint_gradients(
            &model,
            &batch,
            &objective,
            &UNIT,
            std::env::var("CHUNK").map_or(0, |c| c.parse().unwrap()),
        );
        model = adam.step(
            model.clone(),
            &grads,
            std::env::var("LR").map_or(1e-3, |c| c.parse().unwrap()),
        );
        let (values, _) = terms.read(None).expect("the device answers");
        [
            values.dis(),
            values.face.expect("L_face"),
            values.pose.expect("L_pose"),
        ]
    };
    (0..steps as u64).map(step).collect()
}

fn assert_follows(actual: &[[f64; 3]], expected: &[[f64; 3]], tolerance: f64) {
    for (step, (actual, expected)) in actual.iter().zip(expected).enumerate() {
        for (a, e) in actual.iter().zip(expected) {
            let close = (a - e).abs() <= tolerance * e.abs();
            assert!(close, "step {step}: {actual:?}, not {expected:?}");
        }
    }
}

#[test]
fn ten_steps_on_the_cpu() {
    let losses = train(LOSSES.len(), &Device::flex());
    eprintln!("{losses:#?}");
    assert_follows(&losses, &LOSSES, 1e-2);
}

/// Losses, gradients and statistics of one step, and what the network draws with them.
#[test]
fn a_step_on_wgpu_agrees_with_the_cpu() {
    let Some(gpu) = software() else { return };
    let run = |device: &Device| {
        let (model, batch) = (small::network(5, device), small::batch(0, device));
        let (terms, grads) = joint_gradients(&model, &batch, &objective("paper"), &UNIT, 0);
        let grads = grads
            .iter()
            .map(|(name, g)| (name.to_owned(), numbers(g.clone())));
        let features = model.encoder.valid().features(batch.s);
        let codes = combine(features.f_f, features.f_p, Combine::SumL2);
        let drawn = numbers(model.decoder.valid().forward(codes));
        (
            named(&terms, &UNIT),
            grads.collect::<Outputs>(),
            statistics(&model),
            drawn,
        )
    };
    let (terms, grads, running, drawn) = run(&Device::flex());
    let (gpu_terms, gpu_grads, gpu_running, gpu_drawn) = run(&gpu);
    let compare = |kind: &str, cpu: &Outputs, gpu: &Outputs, tolerance: f64| {
        assert!(cpu.keys().eq(gpu.keys()), "{kind}: different names");
        for (name, cpu) in cpu.iter().filter(|(name, _)| !vanishes(name)) {
            let distance = relative_distance(&gpu[name], cpu);
            eprintln!("{kind} {name} {distance:e}");
            assert!(distance < tolerance, "{kind} {name}: {distance}");
        }
    };
    compare("loss", &terms, &gpu_terms, 1e-4);
    compare("gradient", &grads, &gpu_grads, floor::KINKED);
    compare("statistic", &running, &gpu_running, 1e-4);
    assert!(
        relative_distance(&gpu_drawn, &drawn) < 1e-4,
        "pictures differ"
    );
}

#[test]
fn three_steps_on_wgpu() {
    let Some(device) = software() else { return };
    let cpu = train(3, &Device::flex());
    let gpu = train(3, &device); eprintln!("{cpu:?}\n{gpu:?}"); assert_follows(&gpu, &cpu, 1e-3);
}
