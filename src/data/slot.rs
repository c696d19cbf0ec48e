//! One place of a batch: its frame, the partners that stand beside it, and its views.

use rand::Rng;
use rand_chacha::ChaCha8Rng;

use super::cache::Frame;
use super::error::DataError;
use super::partner::{Change, Partner};
use super::sampler::below;
use super::source::FrameId;
use super::step::StepBuilder;
use crate::augment::{ViewParams, face_pair, pose_negative, pose_positives, posed, whole};
use crate::config::{PoseAug, PoseGiver, PoseSource};

/// Partners in a row that may be unusable before a frame does without.
const MAX_TRIES: usize = 8;

/// A frame that was read on a visit of an item.
pub struct Visit {
    /// The item.
    pub item: usize,
    /// Which of its frames.
    pub id: FrameId,
    /// The pixels.
    pub frame: Frame,
}

/// What a place adds to the batch.
pub struct Filled {
    /// The frames, the own one first.
    pub frames: Vec<Frame>,
    /// The views, which count frames from the own one.
    pub views: Vec<ViewParams>,
}

/// Where ŝ comes from, drawn by shares.
pub struct PoseDraw {
    changes: Vec<Change>,
    /// For each change the sum of its share and those before it.
    upto: Vec<f64>,
}

impl PoseDraw {
    /// `sources` with their `shares`; all alike if there are none.
    pub fn new(sources: &[PoseSource], shares: &[f64]) -> Self {
        let mut sum = 0.0;
        let upto = (0..sources.len()).map(|at| {
            sum += shares.get(at).copied().unwrap_or(1.0);
            sum
        });
        Self {
            upto: upto.collect(),
            changes: sources.iter().map(|&source| source.into()).collect(),
        }
    }

    /// One of them.
    pub fn draw(&self, rng: &mut impl Rng) -> Change {
        let place = rng.random::<f64>() * self.upto.last().copied().unwrap_or_default();
        let at = self.upto.iter().position(|&upto| place < upto);
        at.map_or(Change::Own(PoseAug::Flip), |at| self.changes[at])
    }
}

/// The frames of one place, each once, and the generator of everything about partners.
pub struct Slot<'a> {
    builder: &'a StepBuilder,
    item: usize,
    ids: Vec<FrameId>,
    frames: Vec<Frame>,
    rng: ChaCha8Rng,
}

impl<'a> Slot<'a> {
    /// A place with its own frame.
    pub fn new(builder: &'a StepBuilder, own: Visit, rng: ChaCha8Rng) -> Self {
        Self {
            builder,
            item: own.item,
            ids: vec![own.id],
            frames: vec![own.frame],
            rng,
        }
    }

    /// The frames with the views that were made of them.
    pub fn filled(self, views: Vec<ViewParams>) -> Filled {
        Filled {
            frames: self.frames,
            views,
        }
    }

    /// s and ŝ, and who gives the pose of ŝ if that is not ŝ itself.
    pub fn recon_views(&mut self, poses: &PoseDraw) -> Result<Vec<ViewParams>, DataError> {
        let s = whole(0, self.size(0));
        let s_hat = match poses.draw(&mut self.rng) {
            Change::Own(aug) => posed(s, aug, &mut self.rng),
            Change::Other(partner) => match self.partner(partner)? {
                Some(frame) => whole(frame, self.size(frame)),
                None => posed(s, PoseAug::Flip, &mut self.rng),
            },
        };
        let mut views = vec![s, s_hat];
        if self.builder.cfg.pose.giver == PoseGiver::Twin {
            views.push(self.twin(s_hat)?);
        }
        if self.builder.cfg.recon.mirror && self.rng.random() {
            views.iter_mut().for_each(|view| view.flip ^= 1);
        }
        Ok(views)
    }

    /// The picture whose pose a turned head was given; the head itself if it is not a turned one.
    fn twin(&mut self, s_hat: ViewParams) -> Result<ViewParams, DataError> {
        let FrameId::Turned { pose_of, .. } = self.ids[s_hat.frame as usize] else {
            return Ok(s_hat);
        };
        let visit = self.builder.visit(pose_of, FrameId::Generated(pose_of));
        match visit {
            Ok(visit) => {
                let frame = self.add(visit);
                Ok(whole(frame, self.size(frame)))
            }
            Err(skipped) => {
                self.builder.skip(skipped)?;
                Ok(s_hat)
            }
        }
    }

    /// Number of a further frame.
    fn add(&mut self, visit: Visit) -> u32 {
        self.ids.push(visit.id);
        self.frames.push(visit.frame);
        self.frames.len() as u32 - 1
    }

    /// The two views of L_face, the second one cut from a partner if it has that. Everything else
    /// about it is drawn alike.
    pub fn face_views(
        &mut self,
        positive: Option<Partner>,
        rng: &mut ChaCha8Rng,
    ) -> Result<Vec<ViewParams>, DataError> {
        let cfg = &self.builder.cfg;
        let mut again = rng.clone();
        let mut views = face_pair(0, self.size(0), &cfg.aug, cfg.face.views, rng);
        if let Some(partner) = positive
            && let Some(frame) = self.partner(partner)?
        {
            let size = self.size(frame);
            [_, views[1]] = face_pair(frame, size, &cfg.aug, cfg.face.views, &mut again);
        }
        Ok(views.into())
    }

    /// The two positives of L_pose, then its negatives.
    pub fn pose_views(&mut self, rng: &mut ChaCha8Rng) -> Result<Vec<ViewParams>, DataError> {
        let cfg = &self.builder.cfg;
        let size = self.size(0);
        let mut views = pose_positives(0, size, &cfg.aug, cfg.pose.crop, rng).to_vec();
        for _ in 0..cfg.pose.num_negatives {
            let (frame, changes) = self.negative()?;
            let size = self.size(frame);
            let view = pose_negative(frame, size, &cfg.aug, &changes, cfg.pose.crop, rng);
            views.push(view);
        }
        Ok(views)
    }

    /// The frame of a negative, and what has to change in it.
    fn negative(&mut self) -> Result<(u32, Vec<PoseAug>), DataError> {
        let pose = &self.builder.cfg.pose;
        if !pose.neg_source.is_empty() {
            let choice = pose.neg_source[below(&mut self.rng, pose.neg_source.len())];
            match Change::from(choice) {
                Change::Own(aug) => return Ok((0, vec![aug])),
                Change::Other(partner) => {
                    if let Some(frame) = self.partner(partner)? {
                        return Ok((frame, Vec::new()));
                    }
                }
            }
        }
        Ok((0, pose.neg_aug.clone()))
    }

    /// Number of a partner among the frames; `None` if there is none.
    fn partner(&mut self, partner: Partner) -> Result<Option<u32>, DataError> {
        let builder = self.builder;
        for _ in 0..MAX_TRIES {
            let drawn = builder
                .source
                .partner(partner, self.item, &self.ids[0], &mut self.rng);
            let visit = match drawn {
                Ok(None) => return Ok(None),
                Ok(Some(id)) => match self.ids.iter().position(|known| *known == id) {
                    Some(at) => return Ok(Some(at as u32)),
                    None => builder.visit(self.item, id),
                },
                Err(skipped) => Err(skipped),
            };
            match visit {
                Ok(visit) => return Ok(Some(self.add(visit))),
                Err(skipped) => {
                    builder.skip(skipped)?;
                }
            }
        }
        Ok(None)
    }

    /// Width and height of a frame in pixels.
    fn size(&self, frame: u32) -> (u32, u32) {
        let frame = &self.frames[frame as usize];
        (frame.width, frame.height)
    }
}

#[cfg(test)]
#[path = "slot_tests.rs"]
mod tests;
