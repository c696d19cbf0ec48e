//! What must hold whatever the weights: chance levels, denominators, exact chunking, gradients in
//! the middle of a graph, and losses that fall.

mod support;

use burn::tensor::{Device, Tensor, TensorData};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};
use support::compare::relative_distance;
use support::network::{statistics, vanishes};
use support::step::{UNIT, objective};
use support::{devices, numbers, small};
use visage::augment::Interpolation;
use visage::config::{OptimizerConfig, Reduction};
use visage::loss::{
    ContrastiveOptions, Mix, chance_face, chance_face_among, chance_pose, l_face, l_face_among,
    l_pose,
};
use visage::ops::{upsample2, upsample2_plain};
use visage::optim::Adam;
use visage::train::objective::Objective;
use visage::train::step::{Stream, joint_gradients, stream_gradients};

const TAU: f64 = 0.07;

fn options(tau: f64, pos_in_denominator: bool) -> ContrastiveOptions {
    ContrastiveOptions {
        tau,
        reduction: Reduction::Mean,
        pos_in_denominator,
    }
}

fn random<const D: usize>(shape: [usize; D], rng: &mut ChaCha8Rng) -> Tensor<D> {
    let count = shape.iter().product();
    let values = (0..count)
        .map(|_| StandardNormal.sample(rng))
        .collect::<Vec<f32>>();
    Tensor::from_data(TensorData::new(values, shape), &Device::flex())
}

fn value(loss: Tensor<1>) -> f64 {
    f64::from(loss.into_scalar::<f32>())
}

fn mix(rows: usize, k: usize, rng: &mut ChaCha8Rng) -> Mix {
    let drawn = Interpolation::draw(rows, k, 1.6, rng);
    let permutation = drawn
        .permutation
        .iter()
        .map(|&p| p as i32)
        .collect::<Vec<_>>();
    let device = &Device::flex();
    Mix {
        lambda: Tensor::from_data(TensorData::new(drawn.lambda, [rows, k]), device),
        permutation: Tensor::from_data(TensorData::new(permutation, [k]), device),
    }
}

/// Features that are all alike leave nothing to tell apart: every logit is the same, and the loss
/// is the logarithm of how many there are.
#[test]
fn equal_features_give_the_chance_level() {
    let rng = &mut ChaCha8Rng::seed_from_u64(1);
    for n in [2, 16, 256] {
        let z = random([1, 32], rng).repeat_dim(0, 2 * n);
        for mix in [None, Some(&mix(2 * n, 2 * n - 2, rng))] {
            let loss = value(l_face(z.clone(), mix, options(TAU, true)));
            assert!((loss - chance_face(n)).abs() < 1e-4, "N = {n}: {loss}");
        }
    }
    assert!((chance_face(256) - 511f64.ln()).abs() < 1e-12);

    let (b, m) = (3, 100);
    let one = random([1, 32], rng);
    let positives = one.clone().repeat_dim(0, 2 * b);
    let negatives = one.repeat_dim(0, b * m).reshape([b, m, 32]);
    for (with_positive, count) in [(true, 101f64), (false, 100.0)] {
        for mix in [None, Some(&mix(b, m, rng))] {
            let options = options(TAU, with_positive);
            let loss = value(l_pose(positives.clone(), negatives.clone(), mix, options));
            assert!((loss - count.ln()).abs() < 1e-4, "{with_positive}: {loss}");
            assert!((chance_pose(m, with_positive) - count.ln()).abs() < 1e-12);
        }
    }
}

/// Independent random directions in d dimensions: a cosine has variance 1/d, a logit σ² = 1/(τ²d),
/// and is all but normal. With K + 1 logits, E log Σ exp = ln(K+1) + σ²/2 − (e^σ² − 1)/2(K+1) up
/// to higher orders, and the positive's own logit averages 0. Mixing negatives changes nothing:
/// they stay random directions.
#[test]
fn random_features_lie_above_the_chance_level_by_the_spread_of_the_logits() {
    let rng = &mut ChaCha8Rng::seed_from_u64(2);
    let d = 512;
    let variance = 1.0 / (TAU * TAU * d as f64);
    let expected =
        |logits: f64| logits.ln() + variance / 2.0 - (variance.exp() - 1.0) / (2.0 * logits);
    // The positives' logits, one per pair, dominate the scatter of the mean.
    let four_sigma = |pairs: usize| 4.0 * (variance / pairs as f64).sqrt();

    let n = 256;
    for mix in [None, Some(&mix(2 * n, 2 * n - 2, rng))] {
        let loss = value(l_face(random([2 * n, d], rng), mix, options(TAU, true)));
        let expected = expected(2.0 * n as f64 - 1.0);
        assert!(
            (loss - expected).abs() < four_sigma(n),
            "{loss}, not {expected}"
        );
    }
    let (b, m) = (256, 100);
    for with_positive in [true, false] {
        for mix in [None, Some(&mix(b, m, rng))] {
            let (positives, negatives) = (random([2 * b, d], rng), random([b, m, d], rng));
            let loss = value(l_pose(
                positives,
                negatives,
                mix,
                options(TAU, with_positive),
            ));
            let expected = expected((m + usize::from(with_positive)) as f64);
            assert!(
                (loss - expected).abs() < four_sigma(b),
                "{loss}, not {expected}"
            );
        }
    }
}

/// Without others it is L_face; each of them is a further logit of every anchor, and no anchor
/// itself.
#[test]
fn l_face_among_others_is_l_face_with_further_negatives() {
    let rng = &mut ChaCha8Rng::seed_from_u64(3);
    let (n, k, d) = (5, 3, 8);
    let options = options(0.2, true);
    let (pairs, others) = (random([2 * n, d], rng), random([k, d], rng));
    let alone = value(l_face(pairs.clone(), None, options));
    let among_none = value(l_face_among(pairs.clone(), None, options));
    assert!((alone - among_none).abs() < 1e-5, "{alone} {among_none}");
    let rows = |x: &Tensor<2>| -> Vec<Vec<f64>> {
        let unit = |row: &[f32]| {
            let norm = row.iter().map(|x| f64::from(x * x)).sum::<f64>().sqrt();
            row.iter().map(|x| f64::from(*x) / norm).collect()
        };
        numbers::<2>(x.clone()).chunks(d).map(unit).collect()
    };
    let (z, w) = (rows(&pairs), rows(&others));
    let logit = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>() / 0.2;
    let anchor = |a: usize| {
        let rest = (0..2 * n).filter(|b| *b != a).map(|b| &z[b]).chain(&w);
        let sum: f64 = rest.map(|b| logit(&z[a], b).exp()).sum();
        sum.ln() - logit(&z[a], &z[(a + n) % (2 * n)])
    };
    let expected = (0..2 * n).map(anchor).sum::<f64>() / (2 * n) as f64;
    let loss = value(l_face_among(pairs, Some(others), options));
    assert!((loss - expected).abs() < 1e-5, "{loss} {expected}");

    let alike = random([1, d], rng);
    let loss = value(l_face_among(
        alike.clone().repeat_dim(0, 2 * n),
        Some(alike.repeat_dim(0, k)),
        options,
    ));
    assert!((loss - chance_face_among(n, k)).abs() < 1e-4, "{loss}");
}

/// N = 2 by hand: z₀ = z₂ = e₁ and z₁ = z₃ = e₂. Each anchor sees its positive (cosine 1) and two
/// negatives (cosine 0) and never itself: 2N − 1 = 3 logits.
#[test]
fn a_denominator_has_2n_minus_1_terms() {
    let z = Tensor::<2>::from_data(
        [[1.0, 0.0], [0.0, 3.0], [2.0, 0.0], [0.0, 1.0]],
        &Device::flex(),
    );
    for tau in [1f64, 0.5] {
        let e = (1.0 / tau).exp();
        let loss = value(l_face(z.clone(), None, options(tau, true)));
        assert!((loss - ((e + 2.0) / e).ln()).abs() < 1e-6, "{loss}");
    }
    // B = 1, M = 2: positives e₁ and e₁, negatives e₁ and e₂.
    let positives = Tensor::<2>::from_data([[1.0, 0.0], [5.0, 0.0]], &Device::flex());
    let negatives = Tensor::<3>::from_data([[[1.0, 0.0], [0.0, 1.0]]], &Device::flex());
    let e = 1f64.exp();
    for (with_positive, denominator) in [(true, 2.0 * e + 1.0), (false, e + 1.0)] {
        let options = options(1.0, with_positive);
        let loss = value(l_pose(positives.clone(), negatives.clone(), None, options));
        assert!((loss - (denominator / e).ln()).abs() < 1e-6, "{loss}");
    }
}

#[test]
fn chunks_do_not_change_a_step() {
    let device = &Device::flex();
    let (batch, objective) = (small::batch(0, device), objective("paper"));
    let run = |chunk| {
        let model = small::network(7, device);
        let (terms, grads) = joint_gradients(&model, &batch, &objective, &UNIT, chunk);
        let (values, _) = terms.read(None).expect("the device answers");
        let grads = grads
            .iter()
            .map(|(name, g)| (name.to_owned(), numbers(g.clone())));
        (values, grads.collect::<Vec<_>>(), statistics(&model))
    };
    let (values, grads, running) = run(0);
    // D decodes one term at a time, or two.
    for chunk in [3, 5, 9] {
        let (chunked_values, chunked_grads, chunked_running) = run(chunk);
        assert!((chunked_values.total(&UNIT) / values.total(&UNIT) - 1.0).abs() < 1e-5);
        assert_eq!(chunked_grads.len(), grads.len());
        for ((name, chunked), (same_name, whole)) in chunked_grads.iter().zip(&grads) {
            assert_eq!(name, same_name);
            let distance = relative_distance(chunked, whole);
            assert!(
                vanishes(name) || distance < 1e-3,
                "chunk {chunk}, {name}: {distance}"
            );
        }
        for (name, values) in &running {
            let distance = relative_distance(&chunked_running[name], values);
            assert!(distance < 1e-5, "chunk {chunk}, {name}: {distance}");
        }
    }
}

/// A hand-written backward is easily right as the last operation of a graph only: here others come
/// before and after it.
#[test]
fn upsampling_passes_gradients_on_in_the_middle_of_a_graph() {
    for device in devices() {
        let shape = [2, 3, 3, 5];
        let count = shape.iter().product::<usize>();
        let spread = |seed: f32, n: usize| {
            (0..n)
                .map(|i| (seed + 1.7 * i as f32).sin())
                .collect::<Vec<_>>()
        };
        let at = spread(0.3, count);
        let outer = spread(0.9, 4 * count);
        let recording = device.clone().autodiff();
        let graph = |double: fn(Tensor<4>) -> Tensor<4>, at: &[f32]| {
            let x = Tensor::<4>::from_data(TensorData::new(at.to_vec(), shape), &recording)
                .require_grad();
            let factor = TensorData::new(outer.clone(), [2, 3, 6, 10]);
            let y = double((x.clone() * 1.5).tanh()) + 0.1;
            let loss = (y.square() * Tensor::from_data(factor, &recording)).sum();
            (x, loss)
        };
        let gradient = |double| {
            let (x, loss) = graph(double, &at);
            let grads = loss.backward();
            numbers(x.grad(&grads).expect("a gradient"))
        };
        let ours = gradient(upsample2);
        assert!(relative_distance(&ours, &gradient(upsample2_plain)) < 1e-5);

        for i in (0..count).step_by(7) {
            let h = 1e-2;
            let moved = |by: f32| {
                let mut at = at.clone();
                at[i] += by;
                value(graph(upsample2, &at).1)
            };
            let difference = (moved(h) - moved(-h)) / f64::from(2.0 * h);
            let off = (difference - f64::from(ours[i])).abs();
            assert!(
                off < 1e-2 * (1.0 + difference.abs()),
                "[{i}]: {} or {difference}",
                ours[i]
            );
        }
    }
}

/// L_PDD alone can learn eight pictures by heart.
#[test]
fn eight_pictures_are_learnt_by_heart() {
    let device = &Device::flex();
    let mut batch = small::batch(0, device);
    batch.s = small::pictures(3000, 8, device);
    batch.s_hat = batch.s.clone().flip([3]);
    let objective = Objective {
        face: false,
        ..objective("paper")
    };
    let mut model = small::network(3, device);
    let mut adam = Adam::new((&OptimizerConfig::default()).into());
    let mut losses = Vec::new();
    for _ in 0..25 {
        let (terms, grads) = stream_gradients(&model, Stream::Recon, &batch, &objective, &UNIT, 0);
        model = adam.step(model, &grads, 2e-3);
        losses.push(
            terms
                .read(None)
                .expect("the device answers")
                .0
                .dis()
                .unwrap(),
        );
    }
    let (first, last) = (losses[0], losses[losses.len() - 1]);
    assert!(last < 0.4 * first, "{first} → {last}");
}

/// With somebody else in the pose of ŝ, t2 takes the pose code of that picture and nothing else
/// changes.
#[test]
fn a_twin_lends_its_pose_code_to_t2() {
    let device = &Device::flex();
    let model = small::network(3, device);
    let dis = |twin: Option<Tensor<4>>| {
        let mut batch = small::batch(0, device);
        batch.twin = twin;
        let objective = objective("paper");
        let (terms, grads) = stream_gradients(&model, Stream::Recon, &batch, &objective, &UNIT, 0);
        let t = terms.read(None).expect("the device answers").0.t;
        (t.map(|t| t.expect("all four take part")), grads)
    };
    let batch = small::batch(0, device);
    let (own, own_grads) = dis(None);
    let (same, same_grads) = dis(Some(batch.s_hat.clone()));
    assert!(own.iter().zip(&same).all(|(a, b)| (a - b).abs() < 1e-6));
    for (name, grad) in own_grads.iter() {
        let other = numbers(same_grads.get(name).expect("the same parameters").clone());
        let off = relative_distance(&numbers(grad.clone()), &other);
        // Those that batch-norm cancels are rounding.
        assert!(off < 1e-3 || vanishes(name), "{name}: {off}");
    }
    let (other, _) = dis(Some(small::pictures(4000, 4, device)));
    for k in [0, 2, 3] {
        assert!((own[k] - other[k]).abs() < 1e-6, "t{}", k + 1);
    }
    assert!((own[1] - other[1]).abs() > 1e-6, "t2");
}
