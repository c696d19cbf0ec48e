//! Ten training steps of a small network against committed losses: every part of a step, one after
//! the other, on its own results.

mod support;

use burn::tensor::Device;
use support::step::{UNIT, objective};
use support::{small, software};
use visage::config::OptimizerConfig;
use visage::optim::Adam;
use visage::train::step::joint_gradients;

/// L_dis, L_face and L_pose of ten steps on the CPU.
const LOSSES: [[f64; 3]; 10] = [[0.0; 3]; 10];

fn train(steps: usize, device: &Device) -> Vec<[f64; 3]> {
    let objective = objective("paper");
    let mut model = small::network(42, device);
    let mut adam = Adam::new((&OptimizerConfig::default()).into());
    let step = |step| {
        let batch = small::batch(step, device);
        let (terms, grads) = joint_gradients(&model, &batch, &objective, &UNIT, 0);
        model = adam.step(model.clone(), &grads, 1e-3);
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

#[test]
fn three_steps_on_wgpu() {
    let Some(device) = software() else { return };
    let cpu = train(3, &Device::flex());
    assert_follows(&train(3, &device), &cpu, 1e-3);
}
