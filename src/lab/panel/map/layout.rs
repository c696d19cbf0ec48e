//! Layouts of codes in two dimensions, made in the background.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use eframe::egui::Context;

use super::align::Place;
use super::background::Background;
use super::choice::{Code, Method};
use crate::eval::matrix::Matrix;
use crate::figure::tsne::Tsne;
use crate::figure::{pca, tsne};
use crate::train::ask::{Answer, CodeSet, Reply};

/// The same directions to begin with for every map.
const SEED: u64 = 0;

/// Faces in two dimensions.
pub struct Layout {
    /// The code that was laid out.
    pub code: Code,
    /// How.
    pub method: Method,
    /// The faces, and the step they were asked at.
    pub answer: Arc<Answer>,
    /// One place per face.
    pub places: Vec<Place>,
}

impl Layout {
    /// The faces.
    pub fn set(&self) -> Option<&CodeSet> {
        code_set(&self.answer)
    }

    /// `PCA of F_p, step 1200`
    pub fn title(&self) -> String {
        let (method, code) = (self.method.name(), self.code.name());
        format!("{method} of {code}, step {}", self.answer.step)
    }
}

/// The codes of an answer.
pub fn code_set(answer: &Answer) -> Option<&CodeSet> {
    match &answer.reply {
        Reply::Codes(set) => Some(set),
        _ => None,
    }
}

/// A layout, or why there is none.
type Outcome = Result<Arc<Layout>, String>;

/// What is made of a code at the moment, and what was made of it.
#[derive(Default)]
pub struct Layouts {
    pca: Background<(Code, Outcome)>,
    /// What the latest PCA was started for.
    pca_of: Option<(Code, Arc<Answer>)>,
    pca_made: Option<(Code, Outcome)>,
    tsne: Background<(Code, Outcome)>,
    tsne_of: Code,
    /// Iterations of the t-SNE that runs.
    tsne_done: Arc<AtomicUsize>,
    tsne_made: [Option<Outcome>; 3],
}

impl Layouts {
    /// Takes in what was finished, and lays the newest answer out by PCA if none is being laid out.
    /// A result for a code that is not looked at any more is dropped.
    pub fn update(&mut self, ctx: &Context, answer: &Arc<Answer>, code: Code, method: Method) {
        if let Some((of, outcome)) = self.tsne.poll() {
            self.tsne_made[of as usize] = Some(outcome);
        }
        if let Some(made) = self.pca.poll()
            && made.0 == code
        {
            self.pca_made = Some(made);
        }
        let is_started = (self.pca_of.as_ref())
            .is_some_and(|(of, from)| *of == code && Arc::ptr_eq(from, answer));
        if method == Method::Pca && !is_started && !self.pca.is_busy() {
            self.pca_of = Some((code, answer.clone()));
            let answer = answer.clone();
            let work = move || (code, made(code, Method::Pca, answer, by_pca));
            self.pca.start(ctx, work);
        }
    }

    /// Begins a t-SNE of the answer; one that runs is forgotten.
    pub fn start_tsne(&mut self, ctx: &Context, answer: &Arc<Answer>, code: Code) {
        let done = Arc::new(AtomicUsize::new(0));
        self.tsne_done = done.clone();
        self.tsne_of = code;
        let answer = answer.clone();
        let work = move || {
            let place = |features: &Matrix| by_tsne(features, &done);
            (code, made(code, Method::Tsne, answer, place))
        };
        self.tsne.start(ctx, work);
    }

    /// The latest layout of a code, however old; `None` where none was made.
    pub fn of(&self, code: Code, method: Method) -> Option<&Outcome> {
        match method {
            Method::Pca => {
                let made = self.pca_made.as_ref().filter(|(of, _)| *of == code);
                made.map(|(_, outcome)| outcome)
            }
            Method::Tsne => self.tsne_made[code as usize].as_ref(),
        }
    }

    /// Iterations done and due of the t-SNE of this code, while it runs.
    pub fn tsne_progress(&self, code: Code) -> Option<(usize, usize)> {
        let runs = self.tsne.is_busy() && self.tsne_of == code;
        runs.then(|| {
            let done = self.tsne_done.load(Ordering::Relaxed);
            (done, Tsne::default().iterations.get())
        })
    }
}

fn made(
    code: Code,
    method: Method,
    answer: Arc<Answer>,
    place: impl FnOnce(&Matrix) -> Result<Vec<Place>, String>,
) -> Outcome {
    let set = code_set(&answer).ok_or("There are no codes to map.")?;
    let places = place(code.of(&set.codes))?;
    Ok(Arc::new(Layout {
        code,
        method,
        answer,
        places,
    }))
}

fn by_pca(features: &Matrix) -> Result<Vec<Place>, String> {
    let scores = pca::scores(features, 2, SEED).map_err(|error| error.to_string())?;
    let place = |row: usize| [0, 1].map(|axis| scores.row(row).get(axis).copied().unwrap_or(0.0));
    Ok((0..scores.rows).map(place).collect())
}

fn by_tsne(features: &Matrix, done: &AtomicUsize) -> Result<Vec<Place>, String> {
    let mut progress = |step, _| done.store(step, Ordering::Relaxed);
    tsne::embed(features, &Tsne::default(), &mut progress).map_err(|error| error.to_string())
}
