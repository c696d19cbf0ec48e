//! What one training step needs, as a pure function of configuration, data set and step number.

use std::sync::Arc;

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use super::cache::{Frame, FrameCache};
use super::error::DataError;
use super::partner::positive;
use super::sampler::{Stream, below, indices};
use super::settle::settle;
use super::sizes::StreamSizes;
use super::skipped::SkippedFile;
use super::slot::{Filled, PoseDraw, Slot, Visit};
use super::source::{FaceSource, FrameId};
use crate::augment::{FrameArena, Interpolation, ViewParams};
use crate::config::{Branch, PoseLoss, RunConfig};
use crate::rng::stream_seed;

/// Picks in a row that may fail before the data set counts as unusable.
const MAX_TRIES: usize = 1000;

/// Frames and drawn parameters of one step.
#[derive(Default)]
pub struct StepBatch {
    /// Steps done before this one.
    pub step: u64,
    /// The frames of each slot, its own one before those of its partners: reconstruction, then
    /// face, then pose.
    pub arena: FrameArena,
    /// N whole frames s; empty if neither L_dis nor L_orth takes part.
    pub recon: Vec<ViewParams>,
    /// ŝ of each s: the same view mirrored, rotated or shifted, or the whole of another frame.
    pub recon_hat: Vec<ViewParams>,
    /// Of each ŝ who gives its pose, another person; empty if ŝ does.
    pub recon_twin: Vec<ViewParams>,
    /// 2N views, all first ones, then all second ones; empty without L_face.
    pub face: Vec<ViewParams>,
    /// Positives i (B), positives j (B), then negatives image by image (B·M). With the face-style
    /// pose loss 2N views like those of `face`; empty without a pose loss.
    pub pose: Vec<ViewParams>,
    /// Interpolation of the face negatives: 2N rows of 2N − 2.
    pub face_interp: Option<Interpolation>,
    /// Interpolation of the pose negatives: B rows of M; face-style 2N rows of 2N − 2.
    pub pose_interp: Option<Interpolation>,
    /// Seed of the input noise.
    pub noise_seed: u32,
}

/// Builds the batch of any step.
pub struct StepBuilder {
    pub(super) source: Arc<FaceSource>,
    cache: Arc<FrameCache>,
    pub(super) cfg: RunConfig,
    sizes: StreamSizes,
    /// Draws where ŝ comes from.
    poses: PoseDraw,
    steps_per_epoch: u64,
}

impl StepBuilder {
    /// A builder over a data set and its cache.
    ///
    /// # Errors
    /// [`DataError::StepTooLarge`] if a step's frames might exceed 4 GiB, and those of [`settle`].
    pub fn new(
        source: Arc<FaceSource>,
        cache: Arc<FrameCache>,
        cfg: &RunConfig,
    ) -> Result<Self, DataError> {
        let (cfg, _) = settle(&source, cfg)?;
        let sizes = StreamSizes::new(&cfg);
        let frames = sizes.most_frames(&cfg);
        let frame_bytes = u64::from(source.cache_px()).pow(2) * 3 + 4;
        if frame_bytes.saturating_mul(frames as u64) > u64::from(u32::MAX) {
            return Err(DataError::StepTooLarge {
                frames,
                cache_px: source.cache_px(),
            });
        }
        let steps_per_epoch = sizes.steps_per_epoch(source.len());
        let poses = PoseDraw::new(&cfg.pose.source, &cfg.pose.source_shares);
        Ok(Self {
            source,
            cache,
            cfg,
            sizes,
            poses,
            steps_per_epoch,
        })
    }

    /// The same with epochs of another length: those that the run began with.
    pub fn with_epochs_of(self, steps: u64) -> Self {
        Self {
            steps_per_epoch: steps.max(1),
            ..self
        }
    }

    /// Builds the batch of step `step` (from 0) in the buffers of `spare`, on the current rayon
    /// pool. `stop` is asked once per frame; when it says yes, the result is an error.
    ///
    /// # Errors
    /// If the data set has no usable image left, or `data.strict` met an unusable one.
    pub fn build(
        &self,
        step: u64,
        spare: StepBatch,
        stop: &(dyn Fn() -> bool + Sync),
    ) -> Result<StepBatch, DataError> {
        let slots = self.slots(step);
        // A quarter of a million Beta draws take as long as the frames, so they run beside them.
        let (filled, [face_interp, pose_interp]) = rayon::join(
            || self.fill_all(step, &slots, stop),
            || [Branch::Face, Branch::Pose].map(|branch| self.interpolation(step, branch)),
        );
        let filled = filled?;

        let mut batch = StepBatch {
            step,
            arena: spare.arena,
            face_interp,
            pose_interp,
            ..Default::default()
        };
        batch.arena.clear();
        let mut views = filled.into_iter().map(|Filled { frames, mut views }| {
            let first = batch.arena.table.len() as u32;
            for frame in &frames {
                batch.arena.push(frame.width, frame.height, frame.rgb());
            }
            views.iter_mut().for_each(|view| view.frame += first);
            views
        });
        let mut take = |count: usize| views.by_ref().take(count).collect::<Vec<_>>();
        batch.recon = in_columns(&take(self.sizes.recon));
        batch.recon_hat = batch.recon.split_off(self.sizes.recon);
        batch.recon_twin = batch.recon_hat.split_off(self.sizes.recon);
        batch.face = in_columns(&take(self.sizes.face));
        batch.pose = in_columns(&take(self.sizes.pose));
        batch.noise_seed = stream_seed(self.cfg.seed, "noise", step, 0) as u32;
        Ok(batch)
    }

    /// Stream, place in the stream's batch, and item of every frame of a step.
    fn slots(&self, step: u64) -> Vec<(Stream, usize, usize)> {
        let (epoch, iteration) = (step / self.steps_per_epoch, step % self.steps_per_epoch);
        let sizes = [
            (Stream::Recon, self.sizes.recon),
            (Stream::Face, self.sizes.face),
            (Stream::Pose, self.sizes.pose),
        ];
        let mut slots = Vec::with_capacity(self.sizes.total());
        for (stream, batch) in sizes {
            let items = indices(
                self.cfg.seed,
                stream,
                epoch,
                iteration,
                batch,
                self.source.len(),
            );
            slots.extend(
                items
                    .into_iter()
                    .enumerate()
                    .map(|(place, item)| (stream, place, item)),
            );
        }
        slots
    }

    fn fill_all(
        &self,
        step: u64,
        slots: &[(Stream, usize, usize)],
        stop: &(dyn Fn() -> bool + Sync),
    ) -> Result<Vec<Filled>, DataError> {
        let fill = |(number, slot)| {
            if stop() {
                return Err(DataError::LoaderEnded("it was told to".into()));
            }
            self.fill(step, number as u64, slot)
        };
        slots.par_iter().enumerate().map(fill).collect()
    }

    /// Finds the frames of slot `number` of the step and draws its views.
    fn fill(
        &self,
        step: u64,
        number: u64,
        &(stream, place, item): &(Stream, usize, usize),
    ) -> Result<Filled, DataError> {
        let seed = stream_seed(self.cfg.seed, stream.tag(), step, place as u64);
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let visit = self.usable_frame(item, &mut rng)?;
        // Draws of their own, so that they leave all others as they are.
        let partner_seed = stream_seed(self.cfg.seed, "partner", step, number);
        let mut slot = Slot::new(self, visit, ChaCha8Rng::seed_from_u64(partner_seed));
        let views = match (stream, self.cfg.pose.loss) {
            (Stream::Recon, _) => slot.recon_views(&self.poses)?,
            (Stream::Face, _) => slot.face_views(positive(self.cfg.face.positive), &mut rng)?,
            (Stream::Pose, PoseLoss::FaceStyle) => slot.face_views(None, &mut rng)?,
            (Stream::Pose, _) => slot.pose_views(&mut rng)?,
        };
        Ok(slot.filled(views))
    }

    /// The frame of this visit. An unusable one is noted and another item takes its place, drawn
    /// from the same generator, so the replacement is as reproducible as the rest.
    fn usable_frame(&self, mut item: usize, rng: &mut impl Rng) -> Result<Visit, DataError> {
        let mut last = None;
        for _ in 0..MAX_TRIES {
            let visit = self
                .source
                .pick(item, rng)
                .and_then(|id| self.visit(item, id));
            match visit {
                Ok(visit) => return Ok(visit),
                Err(skipped) => last = Some(self.skip(skipped)?),
            }
            item = below(rng, self.source.len());
        }
        let (path, reason) =
            last.map_or_else(Default::default, |skipped| (skipped.file, skipped.reason));
        Err(DataError::NothingUsable {
            path,
            tries: MAX_TRIES,
            reason,
        })
    }

    /// Notes an unusable file.
    ///
    /// # Errors
    /// If `data.strict` does not allow one.
    pub(super) fn skip(&self, skipped: SkippedFile) -> Result<SkippedFile, DataError> {
        self.source.skipped().record(&skipped);
        if self.cfg.data.strict {
            return Err(DataError::Strict {
                path: skipped.file,
                reason: skipped.reason,
            });
        }
        Ok(skipped)
    }

    /// The pixels of a frame.
    ///
    /// # Errors
    /// Why it cannot be used.
    pub(super) fn visit(&self, item: usize, id: FrameId) -> Result<Visit, SkippedFile> {
        match self.load(&id) {
            Ok(frame) => Ok(Visit { item, id, frame }),
            Err(error) => Err(SkippedFile {
                file: self.source.path_of(&id),
                reason: error.to_string(),
            }),
        }
    }

    fn load(&self, id: &FrameId) -> Result<Frame, super::DecodeError> {
        self.cache
            .fetch(self.source.key(id)?, || self.source.decode(id))
    }

    /// The interpolation of one branch's negatives, if it has one.
    fn interpolation(&self, step: u64, branch: Branch) -> Option<Interpolation> {
        let cfg = &self.cfg.neg_interp;
        let like_face = |images: usize| (2 * images, (2 * images).saturating_sub(2));
        let (tag, (rows, negatives)) = match (branch, self.cfg.pose.loss) {
            (Branch::Face, _) => ("face interpolation", like_face(self.sizes.face)),
            (Branch::Pose, PoseLoss::FaceStyle) => {
                ("pose interpolation", like_face(self.sizes.pose))
            }
            (Branch::Pose, _) => (
                "pose interpolation",
                (self.sizes.pose, self.cfg.pose.num_negatives),
            ),
        };
        if cfg.alpha <= 0.0 || !cfg.branches.contains(&branch) || rows == 0 || negatives == 0 {
            return None;
        }
        let mut rng = ChaCha8Rng::seed_from_u64(stream_seed(self.cfg.seed, tag, step, 0));
        Some(Interpolation::draw(rows, negatives, cfg.alpha, &mut rng))
    }
}

/// All first views, then all second ones, then what is left of each image in turn.
fn in_columns(images: &[Vec<ViewParams>]) -> Vec<ViewParams> {
    let column = |at: usize| images.iter().map(move |views| views[at]);
    let rest = images.iter().flat_map(|views| &views[2..]).copied();
    column(0).chain(column(1)).chain(rest).collect()
}
