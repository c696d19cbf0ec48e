//! A few steps of every head against what PyTorch makes of the same numbers.

use super::adam::Adam;
use super::model::Model;
use super::*;
use crate::config::Schedule;
use crate::eval::matrix::Matrix;
use crate::optim::learning_rate;

pub(super) const INPUTS: usize = 5;
pub(super) const OUTPUTS: usize = 3;

/// Eight features, as in the PyTorch script the numbers below come from.
pub(super) fn features() -> Matrix {
    let number =
        |i: usize, j: usize| (((i * 7 + j * 3) % 11) as f64 / 5.0 - 1.0 + 0.1 * j as f64) as f32;
    let numbers = (0..8).flat_map(|i| (0..INPUTS).map(move |j| number(i, j)));
    Matrix::new(8, INPUTS, numbers.collect())
}

/// A head that starts with the script's weights.
fn model() -> Model {
    let mut model = Model::new(INPUTS, OUTPUTS, false, 8, 0);
    for j in 0..INPUTS {
        for o in 0..OUTPUTS {
            model.parameters[j * OUTPUTS + o] = ((o * 5 + j * 2) % 7) as f32 / 100.0 - 0.03;
        }
    }
    model
}

fn close(ours: &[f32], theirs: &[f32], tolerance: f32) {
    assert_eq!(ours.len(), theirs.len());
    for (a, b) in ours.iter().zip(theirs) {
        assert!(
            (a - b).abs() <= tolerance,
            "{a} and {b} in {ours:?}\n{theirs:?}"
        );
    }
}

/// Five epochs on the given batches of items; the losses.
fn steps(
    model: &mut Model,
    adam: &mut Adam,
    all: &Matrix,
    objective: &dyn Objective,
    batches: &[&[usize]],
    lr: impl Fn(u32) -> f64,
) -> Vec<f32> {
    let mut losses = Vec::new();
    for epoch in 0..5 {
        for &items in batches {
            let mut picks = Vec::new();
            objective.rows(items, &mut picks);
            let mut x = all.select(&picks).data;
            losses.push(model.backward(&mut x, objective, items) as f32);
            adam.update(&mut model.parameters, &model.gradient, lr(epoch));
        }
    }
    losses
}

const ALL: &[usize] = &[0, 1, 2, 3, 4, 5, 6, 7];

/// PyTorch 1.13.1: `nn.Linear`, `CrossEntropyLoss`, `Adam(lr=1e-2)`, `CosineAnnealingLR(T_max=5)`.
#[test]
fn cross_entropy_as_pytorch() {
    let mut model = model();
    let mut adam = Adam::new(Optimizer::Adam, model.parameters.len());
    let objective = CrossEntropy::new(&[0, 1, 2, 1, 0, 2, 2, 1], OUTPUTS).unwrap();
    let lr = |epoch| learning_rate(Schedule::Cosine, 1e-2, epoch, 5);
    let losses = steps(&mut model, &mut adam, &features(), &objective, &[ALL], lr);
    close(
        &losses,
        &[1.0960282, 1.0810615, 1.0677396, 1.058231, 1.053258],
        2e-6,
    );
    let parameters = [
        -0.059989825,
        0.049981363,
        -0.029956328,
        0.020021882,
        -1.0316435e-05,
        -0.009993857,
        -0.019976998,
        -0.03998667,
        -1.5886792e-05,
        0.06000885,
        0.039956488,
        -0.039987937,
        -0.049952023,
        1.2170523e-05,
        0.039982304,
        -0.029909909,
        0.029901536,
        0.029917706,
    ];
    close(&model.parameters, &parameters, 2e-6);
    let outputs = model.export().apply(&features());
    close(
        &outputs[..6],
        &[
            0.10207309,
            0.007875865,
            0.0028861817,
            -0.055840336,
            0.07787652,
            0.03493421,
        ],
        2e-6,
    );
}

/// PyTorch 1.13.1: `BCEWithLogitsLoss`, `Adam(lr=1e-3)`.
#[test]
fn binary_cross_entropy_as_pytorch() {
    let mut model = model();
    let mut adam = Adam::new(Optimizer::Adam, model.parameters.len());
    let present = [
        1, 0, 1, 0, 0, 1, 1, 1, 0, 0, 1, 0, 1, 0, 0, 0, 1, 1, 1, 1, 1, 0, 0, 0,
    ];
    let present = present.map(|bit| bit == 1);
    let objective = BinaryCrossEntropy::new(&present, OUTPUTS);
    let losses = steps(
        &mut model,
        &mut adam,
        &features(),
        &objective,
        &[ALL],
        |_| 1e-3,
    );
    close(
        &losses,
        &[0.6920462, 0.6916153, 0.6911852, 0.6907559, 0.69032747],
        1e-6,
    );
    let parameters = [
        -0.03499971,
        0.02500011,
        -0.0049995915,
        -0.014999531,
        -0.034999497,
        0.015000948,
        0.014999003,
        -0.0050002793,
        -0.02500065,
        0.034998935,
        0.005000755,
        -0.0050002774,
        -0.015000584,
        0.025001979,
        0.015000634,
        0.0036733644,
        -0.0046662292,
        -0.0047872877,
    ];
    close(&model.parameters, &parameters, 1e-6);
}

/// PyTorch 1.13.1: `BatchNorm1d` + `Linear`, `L1Loss`, `AdamW(lr=0.1, weight_decay=0.01)`, batches
/// of five and three for five epochs, then `eval()`.
#[test]
fn batch_norm_and_absolute_error_as_pytorch() {
    let feature = |i: usize, j: usize| {
        let (i, j) = (i as f64, j as f64);
        ((1.7 * i + 0.9 * j * j).sin() * (j + 1.0) + j) as f32
    };
    let target = |i: usize, k: usize| (30.0 * (0.8 * i as f64 + 2.1 * k as f64).sin()) as f32;
    let all = (0..8).flat_map(|i| (0..INPUTS).map(move |j| feature(i, j)));
    let all = Matrix::new(8, INPUTS, all.collect());
    let targets = (0..8).flat_map(|i| (0..OUTPUTS).map(move |k| target(i, k)));
    let targets = targets.collect::<Vec<_>>();
    let objective = AbsoluteError::new(&targets, OUTPUTS);
    let mut model = Model::new(INPUTS, OUTPUTS, true, 8, 0);
    for (at, weight) in model.parameters[..INPUTS * OUTPUTS].iter_mut().enumerate() {
        let (j, o) = ((at / OUTPUTS) as f64, (at % OUTPUTS) as f64);
        *weight = (0.05 * (2.3 * o + 1.1 * j).cos()) as f32;
    }
    let decay = Optimizer::AdamW { weight_decay: 0.01 };
    let mut adam = Adam::new(decay, model.parameters.len());
    let batches = [&ALL[..5], &ALL[5..]];
    let losses = steps(&mut model, &mut adam, &all, &objective, &batches, |_| 0.1);
    let theirs = [
        18.814777, 19.65039, 18.629187, 19.485527, 18.579922, 19.246378, 18.628551, 18.968838,
        18.69883, 18.679373,
    ];
    close(&losses, &theirs, 2e-5);
    let parameters = [
        -0.62769425,
        -0.10571499,
        -0.045862377,
        -0.6876419,
        0.3136683,
        -0.29778162,
        0.68181854,
        -0.02849212,
        0.6157104,
        -0.5936623,
        0.88154405,
        -0.12817298,
        -0.55056447,
        0.8841108,
        -0.14463432,
        -0.019278506,
        0.06583607,
        0.06583607,
        0.7309798,
        0.9568359,
        0.9790501,
        1.75382,
        1.5747191,
        0.299164,
        0.31851566,
        -0.29874757,
        0.11176127,
        0.12619913,
    ];
    close(&model.parameters, &parameters, 1e-5);
    let theirs = [
        -5.3201337, 5.881672, -1.7013673, -2.3620913, 0.09394978, -1.1401635,
    ];
    close(&model.export().apply(&all)[..6], &theirs, 5e-5);
}

/// PyTorch 1.13.1: `CosineEmbeddingLoss(margin=0)`, `Adam(lr=1e-2)`.
#[test]
fn cosine_embedding_as_pytorch() {
    let mut model = model();
    let mut adam = Adam::new(Optimizer::Adam, model.parameters.len());
    let pairs = [(0, 4, true), (1, 5, false), (2, 6, true), (3, 7, false)];
    let objective = CosineEmbedding::new(&pairs, OUTPUTS, 0.0);
    let losses = steps(
        &mut model,
        &mut adam,
        &features(),
        &objective,
        &[&ALL[..4]],
        |_| 1e-2,
    );
    close(
        &losses,
        &[0.9100796, 0.5341019, 0.35556543, 0.17268369, 0.06835133],
        2e-5,
    );
    let parameters = [
        -0.016240066,
        -0.017220607,
        -0.04572039,
        0.037816294,
        0.003551723,
        0.044778205,
        -0.03606859,
        0.024706561,
        -0.057432983,
        0.06072716,
        -0.009257674,
        0.035882708,
        -0.010446663,
        0.022428885,
        -0.029823447,
        0.016674139,
        0.047817614,
        -0.0005619235,
    ];
    close(&model.parameters, &parameters, 1e-5);
}
