//! One update of the network, and what steers it: loss weights, learning rate, epoch averages.

use super::Trainer;
use crate::config::{Precision, StepMode};
use crate::loss::balance::{Alphas, EpochLosses, alphas, omegas};
use crate::loss::recon_weight;
use crate::model::Buffers;
use crate::optim::{Grads, learning_rate};
use crate::train::checkpoint::EpochSums;
use crate::train::event::{EpochReport, Event, LiveSetting, Part};
use crate::train::objective::{Objective, Weights};
use crate::train::phase::{self, Phase};
use crate::train::step::{Batch, Stream, TermValues, Terms, joint_gradients, stream_gradients};

/// How one step went.
pub(super) enum Outcome {
    Done {
        values: TermValues,
        grad_norm: f64,
    },
    NotFinite {
        what: String,
    },
    /// The scaled gradients of 16-bit maps were too large for 16 bits; a smaller scale may help.
    Overflow,
}

impl Trainer {
    /// Gradients and update(s). If anything is not finite, the network is as it was before.
    pub(super) fn update(
        &mut self,
        inputs: &Batch,
        objective: &Objective,
        weights: &Weights,
        lr: f64,
    ) -> Result<Outcome, String> {
        let chunk = self.config.memory.chunk;
        let scale = self.loss_scale();
        let weights = &weights.scaled(scale);
        let buffers = Buffers::of(&self.model);
        match self.config.step_mode {
            StepMode::Joint => {
                let (terms, mut grads) =
                    joint_gradients(&self.model, inputs, objective, weights, chunk);
                phase::begin(Phase::Optimiser);
                let (values, norm) = read(&terms, &grads, scale)?;
                if let Some(bad) = self.not_finite(&values, norm) {
                    self.model = buffers.put_back(self.model.clone());
                    return Ok(bad);
                }
                unscale_and_clip(&mut grads, scale, norm, self.config.optimizer.clip_norm);
                self.model = self.adam.step(self.model.clone(), &grads, lr);
                Ok(Outcome::Done {
                    values,
                    grad_norm: norm,
                })
            }
            StepMode::Alternating => {
                let before = (self.model.clone(), self.adam.clone());
                let mut all = TermValues::default();
                let mut squares = 0.0;
                for stream in Stream::ALL {
                    if !objective.takes_part(stream) {
                        continue;
                    }
                    let (terms, mut grads) =
                        stream_gradients(&self.model, stream, inputs, objective, weights, chunk);
                    phase::begin(Phase::Optimiser);
                    let (values, norm) = read(&terms, &grads, scale)?;
                    if let Some(bad) = self.not_finite(&values, norm) {
                        let (model, adam) = before;
                        self.adam = adam;
                        self.model = buffers.put_back(model);
                        return Ok(bad);
                    }
                    all.merge(values);
                    squares += norm * norm;
                    unscale_and_clip(&mut grads, scale, norm, self.config.optimizer.clip_norm);
                    if self.config.alternating.touch_all {
                        self.adam.touch_all(&mut grads);
                    }
                    self.model = self.adam.step(self.model.clone(), &grads, lr);
                }
                Ok(Outcome::Done {
                    values: all,
                    grad_norm: squares.sqrt(),
                })
            }
        }
    }

    /// What the loss is multiplied by.
    fn loss_scale(&self) -> f64 {
        match self.config.precision {
            Precision::F32 => 1.0,
            Precision::F16 => self.progress.loss_scale.factor,
        }
    }

    /// What kind of bad step this is, if it is one. A loss is not scaled, so only gradients can
    /// have become too large through the scale.
    fn not_finite(&self, values: &TermValues, norm: f64) -> Option<Outcome> {
        if let Some(what) = losses_not_finite(values) {
            return Some(Outcome::NotFinite { what });
        }
        if norm.is_finite() {
            return None;
        }
        let scaled = self.config.precision == Precision::F16;
        Some(if scaled && self.progress.loss_scale.can_fall() {
            Outcome::Overflow
        } else {
            Outcome::NotFinite {
                what: "the gradient".to_owned(),
            }
        })
    }

    pub(super) fn weights(&self, epoch: u32) -> Weights {
        let warmup = u32::try_from(self.config.warmup_epochs).unwrap_or(0);
        let mut weights = Weights {
            recon: self.config.recon.weight
                * recon_weight(self.config.recon.weight_schedule, epoch),
            orth: self.config.orth.weight,
            alphas: alphas(&self.progress.history, &self.config.dwa, warmup),
        };
        for setting in &self.progress.live {
            match *setting {
                LiveSetting::OrthWeight(weight) => weights.orth = weight,
                LiveSetting::Alphas(Some((pose, face))) => weights.alphas = Alphas { pose, face },
                LiveSetting::Alphas(None)
                | LiveSetting::LearningRate(_)
                | LiveSetting::Train(_) => {}
            }
        }
        weights
    }

    pub(super) fn learning_rate(&self, epoch: u32) -> f64 {
        let base = self.progress.live.iter().find_map(|s| match s {
            LiveSetting::LearningRate(lr) => Some(*lr),
            _ => None,
        });
        let optimizer = &self.config.optimizer;
        learning_rate(
            optimizer.schedule,
            base.unwrap_or(optimizer.lr),
            epoch - 1,
            self.config.epochs,
        )
    }

    pub(super) fn count(&mut self, values: &TermValues) {
        let sums = &mut self.progress.sums;
        sums.steps += 1;
        sums.dis += values.dis().unwrap_or(0.0);
        sums.face += values.face.unwrap_or(0.0);
        sums.pose += values.pose.unwrap_or(0.0);
        sums.face_steps += u64::from(values.face.is_some());
        sums.pose_steps += u64::from(values.pose.is_some());
    }

    /// The part of the objective that somebody chose to train.
    pub(super) fn part(&self) -> Part {
        let part = self.progress.live.iter().find_map(|s| match s {
            LiveSetting::Train(part) => Some(*part),
            _ => None,
        });
        part.unwrap_or_default()
    }

    pub(super) fn end_epoch(&mut self, epoch: u32, emit: &mut dyn FnMut(Event)) {
        let EpochSums {
            steps,
            dis,
            face,
            pose,
            face_steps,
            pose_steps,
        } = std::mem::take(&mut self.progress.sums);
        let mean = |sum: f64, steps: u64| sum / steps.max(1) as f64;
        let before = self.progress.history.last().copied();
        // A loss that rested for an epoch is as it was: its ratio says nothing.
        let or_before = |sum: f64, steps: u64, before: Option<f64>| match before {
            Some(before) if steps == 0 => before,
            _ => mean(sum, steps),
        };
        self.progress.history.push(EpochLosses {
            pose: or_before(pose, pose_steps, before.map(|losses| losses.pose)),
            face: or_before(face, face_steps, before.map(|losses| losses.face)),
        });
        let next = self.weights(epoch + 1).alphas;
        let ratios = omegas(&self.progress.history);
        emit(Event::Epoch(EpochReport {
            epoch,
            step: self.progress.step,
            dis: mean(dis, steps),
            face: (face_steps > 0).then(|| mean(face, face_steps)),
            pose: (pose_steps > 0).then(|| mean(pose, pose_steps)),
            omega_pose: ratios.map(|(pose, _)| pose),
            omega_face: ratios.map(|(_, face)| face),
            next_alpha_pose: next.pose,
            next_alpha_face: next.face,
        }));
    }
}

/// Losses and the norm of the gradient in one transfer; `grads` are those of the loss times `scale`.
fn read(terms: &Terms, grads: &Grads, scale: f64) -> Result<(TermValues, f64), String> {
    let (values, norm) = terms.read(grads.norm())?;
    Ok((values, norm.unwrap_or(0.0) / scale))
}

fn losses_not_finite(values: &TermValues) -> Option<String> {
    if values.is_finite() {
        return None;
    }
    let named = [
        ("t1", values.t[0]),
        ("t2", values.t[1]),
        ("t3", values.t[2]),
        ("t4", values.t[3]),
        ("L_orth", values.orth),
        ("L_face", values.face),
        ("L_pose", values.pose),
    ];
    let bad = named
        .iter()
        .filter(|(_, v)| v.is_some_and(|v| !v.is_finite()))
        .map(|(name, _)| *name);
    Some(bad.collect::<Vec<_>>().join(", "))
}

/// Takes the scale out of the gradients and shortens them to the limit; `norm` is without the scale.
fn unscale_and_clip(grads: &mut Grads, scale: f64, norm: f64, limit: f64) {
    let clip = if limit > 0.0 && norm > limit {
        limit / norm
    } else {
        1.0
    };
    if clip != scale {
        grads.scale(clip / scale);
    }
}
