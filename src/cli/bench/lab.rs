//! `visage bench --lab`: what an open window costs training.

use std::sync::Arc;
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use crate::cli::output::say;
use crate::cli::train::TrainArgs;
use crate::cli::{DONE, InputError};
use crate::device::DeviceRequest;
use crate::lab::window::{self, Interrupt, Layout, Start};
use crate::run::{self, RunPlan};
use crate::train::event::Event;

/// Steps before the clock starts: kernels are compiled.
const WARM_UP: u64 = 20;

/// Trains without, with and without the window, `steps` steps each.
pub(super) fn run(preset: &str, steps: u64, device: Option<DeviceRequest>) -> Result<u8> {
    if !window::has_display() {
        return Err(InputError("there is no display to open the lab on".into()).into());
    }
    if steps <= WARM_UP {
        return Err(InputError(format!("--steps must be above {WARM_UP}")).into());
    }
    let folder = tempfile::tempdir().context("no folder for the runs")?;
    let plan = |name: &str| -> Result<RunPlan> {
        let mut plan = TrainArgs::of_preset(preset, device).plan()?;
        plan.dir = folder.path().join(name);
        plan.numbered = false;
        plan.file.last_step = Some(steps);
        Ok(plan)
    };
    say!("{} steps of preset {} each", steps, preset);
    // Faces are read once and kept; the first run would pay for all of them.
    without(&plan("cold")?)?;
    let (before, used) = without(&plan("before")?)?;
    say!("Device                {used}");
    say_time("without a window", before);
    let (with, notes) = with_window(plan("with")?, steps)?;
    say_time("with the window", with);
    let (after, _) = without(&plan("after")?)?;
    say_time("without, once more", after);
    let plain = (before + after) / 2;
    let share = with.as_secs_f64() / plain.as_secs_f64() - 1.0;
    say!("The window costs      {:+.1} %", 100.0 * share);
    say!("{notes}");
    Ok(DONE)
}

fn say_time(what: &str, step: Duration) {
    say!("{what:<21} {:.1} ms a step", step.as_secs_f64() * 1e3);
}

/// Mean time of a step, everything between two steps included; and the device in words.
fn without(plan: &RunPlan) -> Result<(Duration, String)> {
    let (_keep, controls) = channel();
    let mut clock = Clock::default();
    let mut device = String::new();
    run::go(plan, &controls, &mut |event| match event {
        Event::Started(info) => device = info.device,
        Event::Step(report) => clock.tick(report.step, Instant::now()),
        _ => {}
    })?;
    Ok((clock.mean()?, device))
}

/// The same with the window open, and how the window did.
fn with_window(plan: RunPlan, steps: u64) -> Result<(Duration, String)> {
    let (send, receive) = channel();
    let opened = Instant::now();
    let (mut first_frame, mut first_step) = (None, None);
    let mut clock = Clock::default();
    let closed = window::open(
        Start::Train(Box::new(plan)),
        Layout::Fresh,
        Arc::new(Interrupt::default()),
        move |lab| {
            first_frame.get_or_insert_with(|| opened.elapsed());
            if let Some(at) = lab.stepped_at {
                first_step.get_or_insert_with(|| opened.elapsed());
                clock.tick(lab.state.step, at);
            }
            let done = lab.state.step >= steps || !lab.state.is_alive();
            if done {
                // Once is enough; the window goes on until the trainer has saved.
                let _ = send.send((clock, first_frame, first_step));
            }
            done
        },
    )?;
    let (clock, first_frame, first_step) = receive
        .try_recv()
        .context("the window was closed before the last step")?;
    if let Some(session) = closed.session {
        session.stop()?;
    }
    let seconds = |time: Option<Duration>| time.unwrap_or_default().as_secs_f64();
    let notes = format!(
        "First frame after     {:.2} s, first step shown after {:.2} s\n\
         Frames                {}, {:.1} ms on average, the slowest {:.0} ms",
        seconds(first_frame),
        seconds(first_step),
        closed.times.frames,
        closed.times.total.as_secs_f64() * 1e3 / closed.times.frames.max(1) as f64,
        closed.times.slowest.as_secs_f64() * 1e3,
    );
    Ok((clock.mean()?, notes))
}

/// When steps were done.
#[derive(Clone, Copy, Default)]
struct Clock {
    first: Option<(u64, Instant)>,
    last: Option<(u64, Instant)>,
}

impl Clock {
    fn tick(&mut self, step: u64, at: Instant) {
        if step < WARM_UP || self.last.is_some_and(|(seen, _)| seen >= step) {
            return;
        }
        self.first.get_or_insert((step, at));
        self.last = Some((step, at));
    }

    /// Mean time of a step.
    fn mean(&self) -> Result<Duration> {
        let (Some((from, start)), Some((to, end))) = (self.first, self.last) else {
            anyhow::bail!("training ended before it could be timed");
        };
        let steps = u32::try_from(to - from)?.max(1);
        Ok((end - start) / steps)
    }
}
