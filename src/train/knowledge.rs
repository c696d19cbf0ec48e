//! The live measurement of what each code knows: when, on which faces, at what cost.

use std::path::{Path, PathBuf};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use burn::tensor::Device;

use super::event::{Event, KnowledgeReport};
use crate::config::RunConfig;
use crate::data::labelled::{self, Labelled, LabelledError};
use crate::eval::EvalError;
use crate::eval::faces::ProbeFaces;
use crate::eval::knowledge::{Baselines, PixelBaselines, what_codes_know};
use crate::model::{Architecture, Pcl};

/// The measurement of one run.
pub struct LiveProbe {
    state: State,
    every_steps: u64,
    time_share: f64,
    started: Instant,
    /// Time the measurements took so far; drawing the faces and the baselines, which happen once,
    /// do not count.
    spent: Duration,
    measured_at: Option<u64>,
    /// Codes whose collapse was reported.
    warned: Vec<String>,
}

enum State {
    Off,
    /// The faces are being drawn or read, and what pixels know is measured, while the first steps
    /// are made.
    Preparing(JoinHandle<Result<Prepared, EvalError>>),
    /// Nothing was measured yet.
    Prepared(Box<Prepared>),
    Ready(Box<(ProbeFaces, Baselines)>),
    /// The faces cannot be had, which is not said yet.
    Failed(String),
}

/// Faces and what needs no network.
struct Prepared {
    faces: ProbeFaces,
    pixels: PixelBaselines,
}

impl LiveProbe {
    /// Looks for labels and begins to prepare the faces on a thread of their own.
    ///
    /// # Errors
    /// If `knowledge.data` is set and its labels cannot be used. Labels that happen to lie beside
    /// the training faces cost a warning only.
    pub fn prepare(
        config: &RunConfig,
        data: Option<&Path>,
        emit: &mut dyn FnMut(Event),
    ) -> Result<Self, LabelledError> {
        let pictures = config.knowledge.pictures;
        let code_len = Architecture::from(config).widths().code_len();
        let state = if pictures == 0 {
            State::Off
        } else if let Some(labelled) = labels(config, data, emit)? {
            let hold_out = config.data.exclude.clone();
            if hold_out.is_empty() {
                emit(Event::Note {
                    text: "What the codes know is measured on labelled faces that training also \
                           sees; data.exclude holds some out."
                        .into(),
                });
            }
            spawn(code_len, move || {
                ProbeFaces::labelled(&labelled, &hold_out, pictures).map(|(faces, _)| faces)
            })
        } else if data.is_none() {
            spawn(code_len, move || Ok(ProbeFaces::generated(pictures)))
        } else {
            State::Off
        };
        Ok(Self {
            state,
            every_steps: config.knowledge.every_steps,
            time_share: config.knowledge.time_share,
            started: Instant::now(),
            spent: Duration::ZERO,
            measured_at: None,
            warned: Vec::new(),
        })
    }

    /// The step that was measured last.
    pub fn measured_at(&self) -> Option<u64> {
        self.measured_at
    }

    /// Whether something is due after `step`: an epoch has ended, or every k steps.
    pub fn is_due(&self, step: u64, epoch_ended: bool) -> bool {
        let regular = self.every_steps > 0 && step.is_multiple_of(self.every_steps);
        let allowed = self.started.elapsed().mul_f64(self.time_share);
        (epoch_ended || regular) && (self.measured_at.is_none() || self.spent <= allowed)
    }

    /// Measures, unless this step was measured already, and says what came out. Trouble with the
    /// faces costs a warning and the measurement.
    ///
    /// # Errors
    /// If the device fails.
    pub fn measure(
        &mut self,
        model: &Pcl,
        config: &RunConfig,
        device: &Device,
        (step, epoch): (u64, u32),
        emit: &mut dyn FnMut(Event),
    ) -> Result<(), String> {
        if self.measured_at == Some(step) {
            return Ok(());
        }
        self.get_ready(config, device, emit)?;
        let State::Ready(ready) = &self.state else {
            return Ok(());
        };
        let (faces, baselines) = &**ready;
        let start = Instant::now();
        let table = what_codes_know(model, config.recon.combine, faces, Some(baselines))
            .map_err(|error| error.to_string())?;
        self.spent += start.elapsed();
        self.measured_at = Some(step);
        for text in table.warnings() {
            // The sentences begin with the code and hold numbers that change.
            let code = text.split(' ').next().unwrap_or_default().to_owned();
            if !self.warned.contains(&code) {
                self.warned.push(code);
                emit(Event::Warning {
                    text: format!("Step {step}: {text}"),
                });
            }
        }
        emit(Event::Knowledge(Box::new(KnowledgeReport {
            step,
            epoch,
            ms: start.elapsed().as_secs_f64() * 1e3,
            table,
        })));
        Ok(())
    }

    /// The labelled faces, as soon as they are prepared; `None` before, and without labels.
    pub fn faces(&mut self) -> Option<&ProbeFaces> {
        if let State::Preparing(preparing) = &self.state
            && !preparing.is_finished()
        {
            return None;
        }
        self.take_over();
        match &self.state {
            State::Prepared(prepared) => Some(&prepared.faces),
            State::Ready(ready) => Some(&ready.0),
            _ => None,
        }
    }

    /// Whether labelled faces are being prepared, or nobody has taken them over yet.
    pub fn is_preparing(&self) -> bool {
        matches!(self.state, State::Preparing(_))
    }

    /// Takes over the faces and measures what needs no training.
    fn get_ready(
        &mut self,
        config: &RunConfig,
        device: &Device,
        emit: &mut dyn FnMut(Event),
    ) -> Result<(), String> {
        self.take_over();
        self.state = match std::mem::replace(&mut self.state, State::Off) {
            State::Prepared(prepared) => {
                let Prepared { faces, pixels } = *prepared;
                let baselines = Baselines::new(config, &faces, pixels, device)
                    .map_err(|error| error.to_string())?;
                State::Ready(Box::new((faces, baselines)))
            }
            State::Failed(text) => {
                emit(Event::Warning {
                    text: format!("What the codes know is not measured: {text}"),
                });
                State::Off
            }
            other => other,
        };
        Ok(())
    }

    /// Waits for the faces if they are being prepared.
    fn take_over(&mut self) {
        self.state = match std::mem::replace(&mut self.state, State::Off) {
            State::Preparing(preparing) => match preparing.join() {
                Ok(Ok(prepared)) => State::Prepared(Box::new(prepared)),
                Ok(Err(error)) => State::Failed(error.to_string()),
                Err(_) => State::Failed("the labelled faces could not be drawn".into()),
            },
            other => other,
        };
    }
}

/// On a few threads of its own: among the tasks of the first steps, which are smaller, it would hold
/// those up until the last face is drawn.
fn spawn(
    code_len: usize,
    faces: impl FnOnce() -> Result<ProbeFaces, EvalError> + Send + 'static,
) -> State {
    let prepare = move || {
        let faces = faces()?;
        let pixels = PixelBaselines::new(&faces, code_len);
        Ok(Prepared { faces, pixels })
    };
    let threads = rayon::current_num_threads().div_ceil(4);
    State::Preparing(std::thread::spawn(
        move || match rayon::ThreadPoolBuilder::new().num_threads(threads).build() {
            Ok(pool) => pool.install(prepare),
            Err(_) => prepare(),
        },
    ))
}

/// The labelled folder of a run, if there is one.
fn labels(
    config: &RunConfig,
    data: Option<&Path>,
    emit: &mut dyn FnMut(Event),
) -> Result<Option<Labelled>, LabelledError> {
    let named = config.knowledge.data.trim();
    if !named.is_empty() {
        return labelled::read_labels(&PathBuf::from(named)).map(Some);
    }
    let Some(root) = data.filter(|root| root.join("labels.csv").is_file()) else {
        return Ok(None);
    };
    match labelled::read_labels(root) {
        Ok(labelled) => Ok(Some(labelled)),
        Err(error) => {
            emit(Event::Warning {
                text: format!("What the codes know is not measured: {error}"),
            });
            Ok(None)
        }
    }
}
