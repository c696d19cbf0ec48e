//! `losses.png` and `dwa.png`: a run at a glance.

use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::chart::{self, Line, Look, Panel, colour};
use super::dwa::{self, DwaRow, DwaTable};
use super::files;
use super::grid::encode;
use super::history::{Curve, History};
use super::metrics_csv;
use crate::train::event::{Event, StepReport};

/// Drawn this often at most, by the clock; and at the end.
const LOSSES_EVERY: Duration = Duration::from_secs(30);

/// Draws the curves of a run and keeps its `dwa.csv`.
pub struct Curves {
    dir: PathBuf,
    history: History,
    dwa: DwaTable,
    last_step: StepReport,
    /// Chance levels of L_face and L_pose in nats.
    chance: (f64, f64),
    drawn_at: Instant,
}

impl Curves {
    /// Takes up the curves and weights of the run in `dir` as they were at step `resumed_at`; how reading
    /// them went comes along.
    pub fn open(dir: &Path, resumed_at: u64) -> (Self, io::Result<()>) {
        let mut curves = Self {
            dir: dir.to_path_buf(),
            history: History::default(),
            dwa: DwaTable::new(dir),
            last_step: StepReport::default(),
            chance: (f64::NAN, f64::NAN),
            drawn_at: Instant::now(),
        };
        let read = if resumed_at > 0 {
            curves.read(resumed_at)
        } else {
            Ok(())
        };
        (curves, read)
    }

    fn read(&mut self, resumed_at: u64) -> io::Result<()> {
        let metrics = self.dir.join(metrics_csv::FILE);
        if metrics.exists() {
            metrics_csv::for_each_row(&metrics, |row| {
                if row.step <= resumed_at {
                    self.history.push(&row);
                    self.last_step = row;
                }
            })?;
        }
        self.dwa.resume(resumed_at)
    }

    /// Takes note of the event and redraws what is due; says how each file went.
    pub fn on_event(&mut self, event: &Event) -> Vec<(&'static str, io::Result<()>)> {
        match event {
            Event::Started(info) => {
                self.chance = (info.chance_face, info.chance_pose);
                Vec::new()
            }
            Event::Step(report) => {
                self.history.push(report);
                self.last_step = report.clone();
                if self.drawn_at.elapsed() >= LOSSES_EVERY {
                    vec![("losses.png", self.draw_losses())]
                } else {
                    Vec::new()
                }
            }
            Event::Epoch(report) => {
                self.dwa.end_epoch(report, &self.last_step);
                vec![(dwa::FILE, self.dwa.save()), ("dwa.png", self.draw_dwa())]
            }
            Event::Stopped { .. } if !self.history.is_empty() => {
                vec![("losses.png", self.draw_losses())]
            }
            _ => Vec::new(),
        }
    }

    fn draw_dwa(&self) -> io::Result<()> {
        let line = |label, colour, value: fn(&DwaRow) -> Option<f64>| Line {
            label,
            colour,
            look: Look::Plain,
            points: self
                .dwa
                .rows()
                .iter()
                .filter_map(|row| Some((f64::from(row.epoch), value(row)?)))
                .filter(|point| point.1.is_finite())
                .collect(),
        };
        let weights = vec![
            line("α pose", colour::BLUE, |row| Some(row.alpha_pose)),
            line("α face", colour::VERMILLION, |row| Some(row.alpha_face)),
        ];
        let ratios = vec![
            line("ω pose", colour::BLUE, |row| row.omega_pose),
            line("ω face", colour::VERMILLION, |row| row.omega_face),
        ];
        let losses = vec![
            line("L pose", colour::BLUE, |row| row.pose),
            line("L face", colour::VERMILLION, |row| row.face),
        ];
        let panels = [
            ("Loss weights α", weights),
            ("Loss ratios ω that led to them", ratios),
            ("Mean contrastive losses", self.with_chance(losses)),
        ]
        .map(|(title, lines)| panel(title, "epoch", lines));
        self.save("dwa.png", panels.into(), 1, (1200, 430))
    }

    fn draw_losses(&mut self) -> io::Result<()> {
        // Counted from the attempt, so that a full disk is not met at every step.
        self.drawn_at = Instant::now();
        let line = |label, colour, curve| Line {
            label,
            colour,
            look: Look::Smoothed,
            points: self.history.points(curve),
        };
        let objective = vec![
            line("total", colour::BLACK, Curve::Total),
            line("L dis", colour::GREEN, Curve::Dis),
        ];
        let contrastive = vec![
            line("L pose", colour::BLUE, Curve::Pose),
            line("L face", colour::VERMILLION, Curve::Face),
        ];
        let reconstruction = vec![
            line("t1: own codes", colour::BLUE, Curve::T1),
            line("t2: other pose", colour::ORANGE, Curve::T2),
            line("t3: other face", colour::GREEN, Curve::T3),
            line("t4: both other", colour::PURPLE, Curve::T4),
        ];
        let orthogonality = vec![line("L orth", colour::BLACK, Curve::Orth)];
        let mut panels = vec![
            panel("Total loss", "step", objective),
            panel("Contrastive losses", "step", self.with_chance(contrastive)),
            panel("Reconstruction", "step", reconstruction),
            panel("Orthogonality", "step", orthogonality),
        ];
        // It falls by orders of magnitude, which a linear axis would hide.
        panels[3].log = true;
        self.save("losses.png", panels, 2, (900, 540))
    }

    /// Adds dotted lines at the chance levels, over the width of the curves.
    fn with_chance(&self, mut lines: Vec<Line>) -> Vec<Line> {
        let xs = || {
            lines
                .iter()
                .flat_map(|line| &line.points)
                .map(|point| point.0)
        };
        let (first, last) = (xs().fold(f64::NAN, f64::min), xs().fold(f64::NAN, f64::max));
        let level = |label, colour, value: f64| Line {
            label,
            colour,
            look: Look::Dotted,
            points: if value.is_finite() && first.is_finite() {
                vec![(first, value), (last, value)]
            } else {
                Vec::new()
            },
        };
        let levels = [
            level("chance, pose", colour::BLUE, self.chance.1),
            level("chance, face", colour::VERMILLION, self.chance.0),
        ];
        lines.extend(levels);
        lines
    }

    fn save(
        &self,
        name: &str,
        panels: Vec<Panel>,
        columns: usize,
        panel_px: (u32, u32),
    ) -> io::Result<()> {
        let picture = chart::draw(panels, columns, panel_px)?;
        files::replace(&self.dir.join(name), &encode(&picture)?)
    }
}

/// A panel of the lines that have points.
fn panel(title: &'static str, x_label: &'static str, lines: Vec<Line>) -> Panel {
    Panel {
        title,
        x_label,
        log: false,
        lines: lines
            .into_iter()
            .filter(|line| !line.points.is_empty())
            .collect(),
    }
}
