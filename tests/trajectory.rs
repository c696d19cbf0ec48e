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

/// L_dis, L_face and L_pose of ten steps on the CPU, each on pictures of its own.
const LOSSES: [[f64; 3]; 10] = [
    [1.57087, 0.21244, 3.18381],
    [1.52118, 0.03601, 1.71330],
    [1.53116, 0.53551, 7.86280],
    [1.50087, 3.14412, 2.79985],
    [1.40808, 0.50642, 3.33340],
    [1.41064, 2.15614, 6.06516],
    [1.27498, 1.97953, 6.32703],
    [1.32102, 0.05034, 4.07867],
    [1.33780, 0.04158, 6.47757],
    [1.23395, 0.00413, 2.99850],
];

fn train(steps: usize, device: &Device) -> Vec<[f64; 3]> {
    let objective = objective("paper");
    let mut model = small::network(42, device);
    let options = OptimizerConfig::default();
    let mut adam = Adam::new((&options).into());
    let step = |step| {
        let batch = small::batch(step, device);
        let (terms, grads) = joint_gradients(&model, &batch, &objective, &UNIT, 0);
        model = adam.step(model.clone(), &grads, options.lr);
        let (values, _) = terms.read(None).expect("the device answers");
        [
            values.dis(),
            values.face.expect("L_face"),
            values.pose.expect("L_pose"),
        ]
    };
    (0..steps as u64).map(step).collect()
}

/// Relative to the loss, or to 0.1 where it is smaller: L_face gets as near to zero as it likes.
fn assert_follows(actual: &[[f64; 3]], expected: &[[f64; 3]], tolerance: f64) {
    for (step, (actual, expected)) in actual.iter().zip(expected).enumerate() {
        for (a, e) in actual.iter().zip(expected) {
            let close = (a - e).abs() <= tolerance * e.abs().max(0.1);
            assert!(close, "step {step}: {actual:?}, not {expected:?}");
        }
    }
}

#[test]
fn ten_steps_on_the_cpu() {
    let losses = train(LOSSES.len(), &Device::flex());
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
    assert_follows(&train(3, &device), &cpu, 1e-3);
}
