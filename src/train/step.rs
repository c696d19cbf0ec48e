//! The gradients of one training step: three streams, each encoded exactly even in chunks.
//!
//! The encoder has no batch-norm, so what it makes of an image does not depend on the rest of the
//! batch. A stream is therefore done in three moves: encode (in chunks without recording, if it is
//! larger than `chunk`), take the loss gradient at the codes, encode again with recording and push
//! that gradient through. The result is the gradient of the whole batch, at the memory of a chunk.

use burn::tensor::{Tensor, TensorData, Transaction};

use super::objective::{Objective, Weights};
use super::phase::{self, Phase};
use crate::config::{PoseLoss, PoseNegatives};
use crate::loss::{Mix, RECON_ORDER, l_face, l_face_among, l_orth, l_pose, l1, mix_blocks};
use crate::model::{Pcl, combine, combine_noisy};
use crate::ops::total;
use crate::optim::Grads;

/// One of the three sample streams, in the order of the released code's updates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// L_dis and L_orth.
    Recon,
    /// L_face.
    Face,
    /// L_pose.
    Pose,
}

impl Stream {
    /// All three, in order.
    pub const ALL: [Self; 3] = [Self::Recon, Self::Face, Self::Pose];
}

/// What a step works on. All tensors are on the plain device; streams that take no part are empty.
#[derive(Clone, Debug)]
pub struct Batch {
    /// Clean images s: `[N, 3, 64, 64]`.
    pub s: Tensor<4>,
    /// ŝ, each of them in another pose, a horizontal flip in the paper: `[N, 3, 64, 64]`.
    pub s_hat: Tensor<4>,
    /// Who gives the pose of ŝ in t2, if that is not ŝ itself: `[N, 3, 64, 64]`.
    pub twin: Option<Tensor<4>>,
    /// Noise for the encoder's view of s, ŝ and twin, already scaled: `[2N, 3, 64, 64]`, with twins
    /// `[3N, 3, 64, 64]`.
    pub noise: Option<Tensor<4>>,
    /// Noise for F_f and F_p of s, ŝ and twin as D sees them: `[2N, d]` or `[3N, d]` each.
    pub code_noise: Option<[Tensor<2>; 2]>,
    /// Face views i, then j: `[2N, 3, 64, 64]`.
    pub face: Tensor<4>,
    /// Pose views i, then j, then M negatives per image, image-major: `[2B + B·M, 3, 64, 64]`.
    pub pose: Tensor<4>,
    /// Images B of the pose stream.
    pub pose_images: usize,
    /// Interpolation of L_face's negatives.
    pub face_mix: Option<Mix>,
    /// Interpolation of L_pose's negatives.
    pub pose_mix: Option<Mix>,
}

/// Unweighted loss values on the device, each `[1]`; `None` for what did not take part.
#[derive(Clone, Debug, Default)]
pub struct Terms {
    /// t1…t4.
    pub t: [Option<Tensor<1>>; 4],
    /// L_orth, both pairs.
    pub orth: Option<Tensor<1>>,
    /// L_face.
    pub face: Option<Tensor<1>>,
    /// L_pose.
    pub pose: Option<Tensor<1>>,
}

/// Loss values on the CPU.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct TermValues {
    /// t1…t4.
    pub t: [Option<f64>; 4],
    /// L_orth.
    pub orth: Option<f64>,
    /// L_face.
    pub face: Option<f64>,
    /// L_pose.
    pub pose: Option<f64>,
}

impl Terms {
    fn slots(&self) -> [&Option<Tensor<1>>; 7] {
        let [t1, t2, t3, t4] = &self.t;
        [t1, t2, t3, t4, &self.orth, &self.face, &self.pose]
    }

    /// Puts in what `other` has. L_face may come in two parts, which add up.
    pub fn merge(&mut self, other: Terms) {
        let Terms {
            t,
            orth,
            face,
            pose,
        } = other;
        for (mine, theirs) in self.t.iter_mut().zip(t) {
            *mine = theirs.or(mine.take());
        }
        self.orth = orth.or(self.orth.take());
        self.face = match (face, self.face.take()) {
            (Some(part), Some(rest)) => Some(part + rest),
            (part, rest) => part.or(rest),
        };
        self.pose = pose.or(self.pose.take());
    }

    /// Reads all values and `extra` back in one transfer. Each keeps a buffer of its own: put
    /// together, those that the device computed would cover up that it could not compute another.
    ///
    /// # Errors
    ///
    /// The device's own words if it was lost or ran out of memory.
    pub fn read(&self, extra: Option<Tensor<1>>) -> Result<(TermValues, Option<f64>), String> {
        let present = self.slots().into_iter().chain([&extra]).flatten().cloned();
        let data = present
            .fold(Transaction::default(), Transaction::register)
            .try_execute()
            .map_err(|e| e.to_string())?;
        let mut numbers = data.iter().flat_map(TensorData::iter::<f64>);
        let mut next = |slot: &Option<Tensor<1>>| slot.as_ref().and_then(|_| numbers.next());
        let [t1, t2, t3, t4, orth, face, pose] = self.slots().map(&mut next);
        let extra = next(&extra);
        Ok((
            TermValues {
                t: [t1, t2, t3, t4],
                orth,
                face,
                pose,
            },
            extra,
        ))
    }
}

impl TermValues {
    /// Puts in what `other` has. L_face may come in two parts, which add up.
    pub fn merge(&mut self, other: TermValues) {
        for (mine, theirs) in self.t.iter_mut().zip(other.t) {
            *mine = theirs.or(*mine);
        }
        self.orth = other.orth.or(self.orth);
        self.face = match (other.face, self.face) {
            (Some(part), Some(rest)) => Some(part + rest),
            (part, rest) => part.or(rest),
        };
        self.pose = other.pose.or(self.pose);
    }

    /// L_dis: the sum of the terms that took part; `None` if none did.
    pub fn dis(&self) -> Option<f64> {
        self.t
            .iter()
            .flatten()
            .copied()
            .reduce(|sum, term| sum + term)
    }

    /// The weighted objective (S003 Eq. 7).
    pub fn total(&self, weights: &Weights) -> f64 {
        weights.recon * self.dis().unwrap_or(0.0)
            + weights.orth * self.orth.unwrap_or(0.0)
            + weights.alphas.face * self.face.unwrap_or(0.0)
            + weights.alphas.pose * self.pose.unwrap_or(0.0)
    }

    /// Whether every value is a finite number.
    pub fn is_finite(&self) -> bool {
        self.t
            .iter()
            .chain([&self.orth, &self.face, &self.pose])
            .flatten()
            .all(|v| v.is_finite())
    }
}

/// Gradients of the whole objective: the streams' gradients added.
pub fn joint_gradients(
    model: &Pcl,
    batch: &Batch,
    objective: &Objective,
    weights: &Weights,
    chunk: usize,
) -> (Terms, Grads) {
    let mut terms = Terms::default();
    let mut grads = Grads::default();
    for stream in Stream::ALL {
        let (t, g) = stream_gradients(model, stream, batch, objective, weights, chunk);
        terms.merge(t);
        grads.add(g, 1.0);
    }
    (terms, grads)
}

/// Gradients of one stream's part of the objective, weights applied.
///
/// `chunk` is the number of images encoded at a time; 0 encodes the stream whole.
pub fn stream_gradients(
    model: &Pcl,
    stream: Stream,
    batch: &Batch,
    objective: &Objective,
    weights: &Weights,
    chunk: usize,
) -> (Terms, Grads) {
    if !objective.takes_part(stream) {
        return Default::default();
    }
    phase::begin(Phase::Forward);
    match stream {
        Stream::Recon => recon(model, batch, objective, weights, chunk),
        Stream::Face => face(model, batch, objective, weights, chunk),
        Stream::Pose => pose(model, batch, objective, weights, chunk),
    }
}

/// Terms of L_dis that are decoded on one tape: all of them where they share their statistics,
/// otherwise as many as fill a chunk with images.
pub(super) fn decoded_at_once(bn_joint: bool, images: usize, chunk: usize) -> usize {
    if bn_joint || chunk == 0 {
        RECON_ORDER.len()
    } else {
        (chunk / images.max(1)).max(1)
    }
}

fn recon(
    model: &Pcl,
    batch: &Batch,
    objective: &Objective,
    weights: &Weights,
    chunk: usize,
) -> (Terms, Grads) {
    let [n, ..] = batch.s.dims();
    let pictures = [Some(&batch.s), Some(&batch.s_hat), batch.twin.as_ref()];
    let clean = Tensor::cat(pictures.into_iter().flatten().cloned().collect(), 0);
    let input = match &batch.noise {
        Some(noise) => clean + noise.clone(),
        None => clean,
    };
    let mut codes = Codes::encode(model, input, &[Branch::Face, Branch::Pose], chunk);
    let mut terms = Terms::default();
    let mut grads = Grads::default();

    let decode = |codes: &Codes, k: usize| {
        let rows = |part: usize| part * n..(part + 1) * n;
        // t1: (F_f, F_p)  t2: (F_f, F_p̂)  t3: (F_f̂, F_p)  t4: (F_f̂, F_p̂)
        let pose = match (k, &batch.twin) {
            (1, Some(_)) => 2,
            _ => k % 2,
        };
        let halves = [rows(k / 2), rows(pose)];
        let half = |branch: usize| codes.leaves[branch].clone().slice([halves[branch].clone()]);
        match &batch.code_noise {
            None => combine(half(0), half(1), objective.combine),
            Some(noise) => {
                let part = |branch: usize| {
                    Tensor::from_inner(noise[branch].clone().slice([halves[branch].clone()]))
                };
                combine_noisy(half(0), half(1), [part(0), part(1)])
            }
        }
    };
    let target = |k: usize| {
        Tensor::from_inner(if k % 2 == 1 {
            batch.s_hat.clone()
        } else {
            batch.s.clone()
        })
    };
    let active = RECON_ORDER
        .into_iter()
        .filter(|&k| objective.terms[k])
        .collect::<Vec<_>>();
    // D's activations are the largest thing in a step, so a tape takes the terms that fit.
    let joint = objective.recon_bn_joint;
    for ks in active.chunks(decoded_at_once(joint, n, chunk)) {
        let inputs = ks.iter().map(|&k| decode(&codes, k)).collect();
        let batches = if joint { 1 } else { ks.len() };
        let images = model
            .decoder
            .forward_batches(Tensor::cat(inputs, 0), batches);
        let mut sum: Option<Tensor<1>> = None;
        for (images, &k) in images.split(n, 0).into_iter().zip(ks) {
            let term = l1(images, target(k), objective.recon_reduction);
            terms.t[k] = Some(term.clone().inner());
            sum = Some(match sum {
                None => term,
                Some(sum) => sum + term,
            });
        }
        if let Some(sum) = sum {
            codes.backward(&mut grads, sum * weights.recon, model);
        }
    }
    if objective.orth {
        let pair = |rows: std::ops::Range<usize>| {
            let code = |branch: usize| codes.leaves[branch].clone().slice([rows.clone()]);
            l_orth(code(0), code(1), objective.orth_form)
        };
        let orth = pair(0..n) + pair(n..2 * n);
        terms.orth = Some(orth.clone().inner());
        codes.backward(&mut grads, orth * weights.orth, model);
    }
    if objective.face_over_recon() {
        let z = project(&model.h_f, codes.leaves[0].clone());
        let [rows, _] = z.dims();
        let givers = (rows > 2 * n).then(|| z.clone().slice([2 * n..rows]));
        let pairs = z.slice([0..2 * n]);
        let weight = objective.face_recon_weight;
        let loss = l_face_among(pairs, givers, objective.contrastive) * weight;
        terms.face = Some(loss.clone().inner());
        codes.backward(&mut grads, loss * weights.alphas.face, model);
    }
    codes.push_through(&mut grads, model);
    (terms, grads)
}

fn face(
    model: &Pcl,
    batch: &Batch,
    objective: &Objective,
    weights: &Weights,
    chunk: usize,
) -> (Terms, Grads) {
    let mut codes = Codes::encode(model, batch.face.clone(), &[Branch::Face], chunk);
    let z = project(&model.h_f, codes.leaves[0].clone());
    let loss = l_face(z, batch.face_mix.as_ref(), objective.contrastive);
    let terms = Terms {
        face: Some(loss.clone().inner()),
        ..Terms::default()
    };
    let mut grads = Grads::default();
    codes.backward(&mut grads, loss * weights.alphas.face, model);
    codes.push_through(&mut grads, model);
    (terms, grads)
}

fn pose(
    model: &Pcl,
    batch: &Batch,
    objective: &Objective,
    weights: &Weights,
    chunk: usize,
) -> (Terms, Grads) {
    let mut codes = Codes::encode(model, batch.pose.clone(), &[Branch::Pose], chunk);
    let f_p = codes.leaves[0].clone();
    let mix = batch.pose_mix.as_ref();
    let loss = match objective.pose_loss {
        PoseLoss::FaceStyle => l_face(project(&model.h_p, f_p), mix, objective.contrastive),
        _ => {
            let ([rows, d], b) = (f_p.dims(), batch.pose_images);
            let m = (rows - 2 * b) / b;
            let positives = f_p.clone().slice([0..2 * b]);
            let mut negatives = f_p.slice([2 * b..rows]);
            if objective.pose_negatives == PoseNegatives::ReleasedMixed {
                negatives = mix_blocks(negatives.reshape([b, m, d])).reshape([b * m, d]);
            }
            let (positives, negatives) = if objective.pose_bn_joint {
                let z = project(&model.h_p, Tensor::cat(vec![positives, negatives], 0));
                (z.clone().slice([0..2 * b]), z.slice([2 * b..rows]))
            } else {
                (
                    project(&model.h_p, positives),
                    project(&model.h_p, negatives),
                )
            };
            let [_, d] = negatives.dims();
            l_pose(
                positives,
                negatives.reshape([b, m, d]),
                mix,
                objective.contrastive,
            )
        }
    };
    let terms = Terms {
        pose: Some(loss.clone().inner()),
        ..Terms::default()
    };
    let mut grads = Grads::default();
    codes.backward(&mut grads, loss * weights.alphas.pose, model);
    codes.push_through(&mut grads, model);
    (terms, grads)
}

fn project(head: &Option<crate::model::ProjectionHead>, code: Tensor<2>) -> Tensor<2> {
    match head {
        Some(head) => head.forward(code),
        None => code,
    }
}

/// Which subnet an encoding goes through.
#[derive(Clone, Copy, PartialEq)]
enum Branch {
    Face,
    Pose,
}

/// The codes of one stream, cut loose from the encoder so that the loss can be differentiated
/// first and the encoder afterwards.
struct Codes {
    /// What the loss sees: `[n, d]` per branch, leaves of their own tapes.
    leaves: Vec<Tensor<2>>,
    /// Loss gradient at each leaf so far.
    gradients: Vec<Option<Tensor<2>>>,
    branches: Vec<Branch>,
    source: Source,
}

enum Source {
    /// The encoder's own tape is still there.
    Live(Vec<Tensor<2>>),
    /// The images are encoded again, `chunk` at a time.
    Again { input: Box<Tensor<4>>, chunk: usize },
}

impl Codes {
    fn encode(model: &Pcl, input: Tensor<4>, branches: &[Branch], chunk: usize) -> Self {
        let [n, ..] = input.dims();
        let (codes, source) = if chunk == 0 || n <= chunk {
            let live = forward(&model.encoder, Tensor::from_inner(input), branches);
            (
                live.iter().map(|c| c.clone().inner()).collect::<Vec<_>>(),
                Source::Live(live),
            )
        } else {
            let encoder = burn::module::Module::valid(&model.encoder);
            let mut parts = vec![Vec::new(); branches.len()];
            for rows in chunks(n, chunk) {
                for (part, code) in
                    parts
                        .iter_mut()
                        .zip(forward(&encoder, input.clone().slice([rows]), branches))
                {
                    part.push(code);
                }
            }
            let codes = parts.into_iter().map(|p| Tensor::cat(p, 0)).collect();
            (
                codes,
                Source::Again {
                    input: Box::new(input),
                    chunk,
                },
            )
        };
        let leaves = codes
            .into_iter()
            .map(|c| Tensor::from_inner(c).require_grad())
            .collect();
        Self {
            leaves,
            gradients: vec![None; branches.len()],
            branches: branches.to_vec(),
            source,
        }
    }

    /// Differentiates a loss on the leaves: heads and D into `grads`, the codes' part is kept.
    fn backward(&mut self, grads: &mut Grads, loss: Tensor<1>, model: &Pcl) {
        phase::begin(Phase::Backward);
        let mut all = loss.backward();
        grads.add(Grads::take(&mut all, model, ""), 1.0);
        for (leaf, sum) in self.leaves.iter().zip(&mut self.gradients) {
            if let Some(g) = leaf.grad_remove(&mut all) {
                *sum = Some(match sum.take() {
                    None => g,
                    Some(old) => old + g,
                });
            }
        }
        phase::begin(Phase::Forward);
    }

    /// Pushes the kept gradient through the encoder.
    fn push_through(self, grads: &mut Grads, model: &Pcl) {
        let Self {
            gradients,
            branches,
            source,
            ..
        } = self;
        // A code whose loss gradient is zero everywhere still has to reach its parameters with a
        // gradient of zero only if the loss depends on it; a missing gradient means it does not.
        let mut push = |codes: Vec<Tensor<2>>, rows: Option<std::ops::Range<usize>>| {
            phase::begin(Phase::Backward);
            let mut surrogate: Option<Tensor<1>> = None;
            for (code, gradient) in codes.into_iter().zip(&gradients) {
                let Some(gradient) = gradient.clone() else {
                    continue;
                };
                let gradient = match &rows {
                    Some(rows) => gradient.slice([rows.clone()]),
                    None => gradient,
                };
                let part = total(code * Tensor::from_inner(gradient));
                surrogate = Some(match surrogate.take() {
                    None => part,
                    Some(sum) => sum + part,
                });
            }
            if let Some(surrogate) = surrogate {
                grads.add(Grads::take(&mut surrogate.backward(), model, ""), 1.0);
            }
        };
        match source {
            Source::Live(codes) => push(codes, None),
            Source::Again { input, chunk } => {
                let [n, ..] = input.dims();
                for rows in chunks(n, chunk) {
                    phase::begin(Phase::Forward);
                    let part = Tensor::from_inner(input.clone().slice([rows.clone()]));
                    push(forward(&model.encoder, part, &branches), Some(rows));
                }
            }
        }
    }
}

fn forward(
    encoder: &crate::model::Encoder,
    images: Tensor<4>,
    branches: &[Branch],
) -> Vec<Tensor<2>> {
    let map = encoder.trunk.forward(images);
    branches
        .iter()
        .map(|branch| match branch {
            Branch::Face => encoder.g_f.forward(map.clone()),
            Branch::Pose => encoder.g_p.forward(map.clone()),
        })
        .collect()
}

fn chunks(n: usize, chunk: usize) -> impl Iterator<Item = std::ops::Range<usize>> {
    (0..n)
        .step_by(chunk)
        .map(move |start| start..(start + chunk).min(n))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::{DeviceRequest, choose};
    use crate::ops::upsample2;

    /// Put together with others, what was never computed was read as 0.
    #[test]
    fn a_loss_that_found_no_memory_is_an_error() {
        let found = choose(DeviceRequest::Software);
        let required = std::env::var_os("VISAGE_REQUIRE_GPU").is_some();
        assert!(!required || found.is_ok(), "VISAGE_REQUIRE_GPU is set");
        let Ok((device, Some(adapter))) = found.map(|chosen| (chosen.device, chosen.adapter))
        else {
            return;
        };
        let small = Tensor::<4>::ones([1, 64, 512, 512], &device);
        let doubled_bytes = 4 * 4 * small.shape().num_elements() as u64;
        if adapter.largest_buffer_bytes >= doubled_bytes {
            eprintln!("this adapter has larger buffers");
            return;
        }
        let terms = Terms {
            t: [Some(total(upsample2(small))), None, None, None],
            orth: Some(Tensor::ones([1], &device)),
            ..Terms::default()
        };
        let words = terms.read(None).unwrap_err();
        assert!(words.contains("allocate"), "{words}");
    }
}
