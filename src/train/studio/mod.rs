//! Answers what somebody looks at, between two steps.
//!
//! New questions are answered at once. Answered ones come again when the network has changed, but
//! only as often as [`SHARE`] of the time allows, so that being watched hardly slows training down.

mod codes;
mod pictures;
mod turn;
mod views;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use burn::module::Module;
use burn::tensor::{Device, Tensor};

use super::ask::{Answer, FaceId, NewFace, Question, Reply};
use super::knowledge::LiveProbe;
use super::snapshot::Gallery;
use super::upload::SIDE_PX;
use crate::config::RunConfig;
use crate::data::{FaceSource, FrameCache, StepBatch};
use crate::eval::encode::upload;
use crate::model::Pcl;
use codes::MapFaces;

/// Part of the time that may go into answering again what was answered before.
const SHARE: f64 = 0.02;

/// What is asked, and what is kept to answer it.
pub struct Studio {
    watched: Vec<Watched>,
    photos: BTreeMap<FaceId, Vec<f32>>,
    map_faces: Option<MapFaces>,
    /// Since when it is watched without a break.
    since: Instant,
    spent: Duration,
}

struct Watched {
    question: Question,
    last: Last,
}

/// What became of a question so far.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Last {
    /// Nothing yet.
    New,
    /// There was no answer when it was asked after this step.
    No(u64),
    /// Answered after this step.
    Answered(u64),
}

/// What the trainer lends for an answer.
pub struct Loan<'a> {
    /// The network.
    pub model: &'a Pcl,
    /// The run's configuration.
    pub config: &'a RunConfig,
    /// The plain device.
    pub device: &'a Device,
    /// The run's fixed faces.
    pub gallery: &'a Gallery,
    /// The labelled faces.
    pub probe: &'a mut LiveProbe,
    /// Where further faces come from.
    pub source: &'a FaceSource,
    /// Their pixels.
    pub cache: &'a FrameCache,
    /// What the latest step worked on.
    pub batch: Option<&'a StepBatch>,
    /// Steps behind the network.
    pub step: u64,
}

impl Default for Studio {
    fn default() -> Self {
        Self {
            watched: Vec::new(),
            photos: BTreeMap::new(),
            map_faces: None,
            since: Instant::now(),
            spent: Duration::ZERO,
        }
    }
}

impl Studio {
    /// Replaces the questions. Those that were there before keep their place in time.
    pub fn watch(&mut self, questions: Vec<Question>) {
        if self.watched.is_empty() {
            (self.since, self.spent) = (Instant::now(), Duration::ZERO);
        }
        let known = std::mem::take(&mut self.watched);
        let last = |question: &Question| {
            let same = known.iter().find(|watched| watched.question == *question);
            same.map_or(Last::New, |watched| watched.last)
        };
        self.watched = questions
            .into_iter()
            .map(|question| Watched {
                last: last(&question),
                question,
            })
            .collect();
    }

    /// Takes a photo in; answers about the one of the same number are stale from now on.
    pub fn add_face(&mut self, face: &NewFace) {
        let plane = SIDE_PX * SIDE_PX;
        let mut planes = vec![0.0; 3 * plane];
        let (pixels, _) = face.pixels.as_chunks::<3>();
        for (at, pixel) in pixels.iter().enumerate().take(plane) {
            for (channel, &byte) in pixel.iter().enumerate() {
                planes[channel * plane + at] = f32::from(byte) / 255.0;
            }
        }
        self.photos.insert(face.id, planes);
        for watched in &mut self.watched {
            if pictures::shows(&watched.question, face.id) {
                watched.last = Last::New;
            }
        }
    }

    /// A question has no answer yet.
    pub fn put_off(&mut self, question: &Question, step: u64) {
        let mut watched = self.watched.iter_mut();
        if let Some(watched) = watched.find(|watched| watched.question == *question) {
            watched.last = Last::No(step);
        }
    }

    /// Whether a question had no answer, which may change when faces are prepared.
    pub fn waits_for_faces(&self) -> bool {
        let no = |watched: &Watched| matches!(watched.last, Last::No(_));
        self.watched.iter().any(no)
    }

    /// Makes the questions that had no answer new again, once each time faces may have come.
    pub fn ask_again(&mut self) {
        for watched in &mut self.watched {
            if let Last::No(_) = watched.last {
                watched.last = Last::New;
            }
        }
    }

    /// The next question that waits for its first answer, if there is one. `step`: steps behind the
    /// network that will answer.
    pub fn next_new(&mut self, step: u64) -> Option<Question> {
        self.take_next(|last| last == Last::New, Last::Answered(step))
    }

    /// The next question whose answer is older than `step`, if the time for it is there.
    pub fn next_due(&mut self, step: u64) -> Option<Question> {
        if self.spent > self.since.elapsed().mul_f64(SHARE) {
            return None;
        }
        let oldest = |last| matches!(last, Last::No(at) | Last::Answered(at) if at < step);
        self.take_next(oldest, Last::Answered(step))
    }

    /// The next question whose answer is older than `step`, for a trainer that has nothing else to
    /// do.
    pub fn next_stale(&mut self, step: u64) -> Option<Question> {
        let stale = |last| matches!(last, Last::Answered(at) if at < step);
        self.take_next(stale, Last::Answered(step))
    }

    /// Moves the question behind the others, so that all get their turn.
    fn take_next(&mut self, wanted: impl Fn(Last) -> bool, becomes: Last) -> Option<Question> {
        let at = self.watched.iter().position(|watched| {
            // A measurement is asked for once; the schedule repeats it.
            let once = watched.question == Question::Knowledge;
            wanted(watched.last) && (watched.last == Last::New || !once)
        })?;
        let mut watched = self.watched.remove(at);
        watched.last = becomes;
        let question = watched.question.clone();
        self.watched.push(watched);
        Some(question)
    }

    /// Answers one question. `again`: it was answered before, so the time counts.
    ///
    /// # Errors
    ///
    /// The device's own words if it was lost.
    pub fn answer(
        &mut self,
        question: Question,
        again: bool,
        loan: &mut Loan<'_>,
    ) -> Result<Arc<Answer>, String> {
        let start = Instant::now();
        let model = loan.model.valid();
        let reply = match &question {
            Question::Faces { faces } => self.with_faces(faces, loan, |x| {
                pictures::faces(&model, x, loan.config, loan.step)
            }),
            Question::Swap { looks, poses } => self.with_faces(looks, loan, |looks| {
                self.with_faces(poses, loan, |poses| {
                    pictures::swap(&model, looks, poses, loan.config, loan.step)
                })
            }),
            &Question::Morph { a, b, look, pose } => self.with_faces(&[a, b], loan, |ab| {
                pictures::morph(&model, ab, (look, pose), loan.config, loan.step)
            }),
            Question::Turn { face } => self.turn(&model, *face, loan),
            Question::Codes { pictures } => self.codes(&model, *pictures, loan),
            Question::Views { faces } => Ok(views::sheet(loan.batch, *faces, loan.config)),
            // Answered by the trainer itself.
            Question::Knowledge => Ok(Reply::No(String::new())),
        }?;
        let last = match &reply {
            Reply::No(_) => Last::No(loan.step),
            _ => Last::Answered(loan.step),
        };
        if let Some(watched) = self.watched.iter_mut().find(|w| w.question == question) {
            watched.last = last;
        }
        if again {
            self.spent += start.elapsed();
        }
        Ok(Arc::new(Answer {
            step: loan.step,
            question,
            reply,
        }))
    }

    /// Answers with these faces, or says that one is missing.
    fn with_faces(
        &self,
        faces: &[FaceId],
        loan: &Loan<'_>,
        then: impl FnOnce(Tensor<4>) -> Result<Reply, String>,
    ) -> Result<Reply, String> {
        let [fixed, ..] = loan.gallery.faces().dims();
        let tensors: Option<Vec<Tensor<4>>> = faces
            .iter()
            .map(|id| match self.photos.get(id) {
                Some(planes) => Some(upload(planes, SIDE_PX, loan.device)),
                None => {
                    let at = id.0 as usize;
                    (at < fixed).then(|| loan.gallery.faces().clone().slice([at..at + 1]))
                }
            })
            .collect();
        match tensors {
            Some(tensors) if !tensors.is_empty() => then(Tensor::cat(tensors, 0)),
            _ => Ok(Reply::No("This face is not known to the network.".into())),
        }
    }
}

#[cfg(test)]
mod tests;
