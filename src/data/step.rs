//! What one training step needs, as a pure function of configuration, data set and step number.

use std::sync::Arc;

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use super::cache::{Frame, FrameCache};
use super::error::DataError;
use super::sampler::{Stream, below, indices, steps_per_epoch};
use super::skipped::SkippedFile;
use super::source::{FaceSource, FrameId};
use crate::augment::{
    FrameArena, Interpolation, ViewParams, face_pair, pose_negative, pose_positives, whole,
};
use crate::config::{Branch, PoseLoss, RunConfig};
use crate::rng::stream_seed;

/// Picks in a row that may fail before the data set counts as unusable.
const MAX_TRIES: usize = 1000;

/// Frames and drawn parameters of one step.
#[derive(Default)]
pub struct StepBatch {
    /// Steps done before this one.
    pub step: u64,
    /// The frames, one per slot: reconstruction, then face, then pose.
    pub arena: FrameArena,
    /// N whole frames; empty if neither L_dis nor L_orth takes part.
    pub recon: Vec<ViewParams>,
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

/// How many images each stream takes per step; 0 for a stream that is off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StreamSizes {
    /// Reconstruction images.
    pub recon: usize,
    /// Images of the face stream.
    pub face: usize,
    /// Images of the pose stream: `pose.batch_size`, or `batch.face` with the face-style loss.
    pub pose: usize,
}

impl StreamSizes {
    /// The sizes this configuration asks for.
    pub fn new(cfg: &RunConfig) -> Self {
        let recon = cfg.recon.terms.contains(&true) || cfg.orth.weight != 0.0;
        Self {
            recon: if recon { cfg.batch.recon } else { 0 },
            face: if cfg.face.enabled { cfg.batch.face } else { 0 },
            pose: match cfg.pose.loss {
                PoseLoss::Pose => cfg.pose.batch_size,
                PoseLoss::FaceStyle => cfg.batch.face,
                PoseLoss::Off => 0,
            },
        }
    }

    /// Steps of an epoch over `len` items. An epoch is one pass of the reconstruction stream, or
    /// of the first stream that is on (METHODS: ⌊list length / 256⌋).
    pub fn steps_per_epoch(&self, len: usize) -> u64 {
        let batch = [self.recon, self.face, self.pose]
            .into_iter()
            .find(|&size| size > 0);
        steps_per_epoch(len, batch.unwrap_or(1))
    }

    /// Images of all streams.
    pub fn total(&self) -> usize {
        self.recon + self.face + self.pose
    }
}

/// Builds the batch of any step.
pub struct StepBuilder {
    source: Arc<FaceSource>,
    cache: Arc<FrameCache>,
    cfg: RunConfig,
    sizes: StreamSizes,
    steps_per_epoch: u64,
}

impl StepBuilder {
    /// A builder over a data set and its cache.
    ///
    /// # Errors
    /// [`DataError::StepTooLarge`] if a step's frames might exceed 4 GiB.
    pub fn new(
        source: Arc<FaceSource>,
        cache: Arc<FrameCache>,
        cfg: &RunConfig,
    ) -> Result<Self, DataError> {
        let sizes = StreamSizes::new(cfg);
        let frame_bytes = u64::from(source.cache_px()).pow(2) * 3 + 4;
        if frame_bytes.saturating_mul(sizes.total() as u64) > u64::from(u32::MAX) {
            return Err(DataError::StepTooLarge {
                frames: sizes.total(),
                cache_px: source.cache_px(),
            });
        }
        let steps_per_epoch = sizes.steps_per_epoch(source.len());
        Ok(Self {
            source,
            cache,
            cfg: cfg.clone(),
            sizes,
            steps_per_epoch,
        })
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
        for (frame, _) in &filled {
            batch.arena.push(frame.width, frame.height, frame.rgb());
        }
        let mut views = filled.into_iter().map(|(_, views)| views);
        let mut take = |count: usize| views.by_ref().take(count).collect::<Vec<_>>();
        batch.recon = take(self.sizes.recon).concat();
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
    ) -> Result<Vec<(Frame, Vec<ViewParams>)>, DataError> {
        let fill = |(frame, slot)| {
            if stop() {
                return Err(DataError::LoaderEnded("it was told to".into()));
            }
            self.fill(step, frame as u32, slot)
        };
        slots.par_iter().enumerate().map(fill).collect()
    }

    /// Finds a usable frame for a slot and draws its views.
    fn fill(
        &self,
        step: u64,
        frame: u32,
        &(stream, place, item): &(Stream, usize, usize),
    ) -> Result<(Frame, Vec<ViewParams>), DataError> {
        let mut rng =
            ChaCha8Rng::seed_from_u64(stream_seed(self.cfg.seed, stream.tag(), step, place as u64));
        let pixels = self.usable_frame(item, &mut rng)?;
        let size = (pixels.width, pixels.height);
        let cfg = &self.cfg;
        let views = match (stream, cfg.pose.loss) {
            (Stream::Recon, _) => vec![whole(frame, size)],
            (Stream::Face, _) | (Stream::Pose, PoseLoss::FaceStyle) => {
                face_pair(frame, size, &cfg.aug, cfg.face.views, &mut rng).to_vec()
            }
            (Stream::Pose, _) => {
                let mut views =
                    pose_positives(frame, size, &cfg.aug, cfg.pose.crop, &mut rng).to_vec();
                views.extend((0..cfg.pose.num_negatives).map(|_| {
                    pose_negative(
                        frame,
                        size,
                        &cfg.aug,
                        &cfg.pose.neg_aug,
                        cfg.pose.crop,
                        &mut rng,
                    )
                }));
                views
            }
        };
        Ok((pixels, views))
    }

    /// The frame of this visit. An unusable one is noted and another item takes its place, drawn
    /// from the same generator, so the replacement is as reproducible as the rest.
    fn usable_frame(&self, mut item: usize, rng: &mut impl Rng) -> Result<Frame, DataError> {
        let mut last = None;
        for _ in 0..MAX_TRIES {
            match self.visit(item, rng) {
                Ok(frame) => return Ok(frame),
                Err(skipped) => {
                    self.source.skipped().record(&skipped);
                    if self.cfg.data.strict {
                        return Err(DataError::Strict {
                            path: skipped.file,
                            reason: skipped.reason,
                        });
                    }
                    last = Some(skipped);
                }
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

    fn visit(&self, item: usize, rng: &mut impl Rng) -> Result<Frame, SkippedFile> {
        let id = self.source.pick(item, rng)?;
        self.load(&id).map_err(|error| SkippedFile {
            file: self.source.path_of(&id),
            reason: error.to_string(),
        })
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
