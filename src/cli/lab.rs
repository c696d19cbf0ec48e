//! `visage lab`: the window, or the terminal where there is no screen.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Result;
use clap::Args;

use super::output::complain;
use super::signal::on_interrupt;
use super::train::{TrainArgs, code};
use super::{DONE, InputError};
use crate::lab::replay::Replay;
use crate::lab::session::Session;
use crate::lab::window::{self, Closed, Interrupt, Layout, Start};
use crate::networks::{Network, default_network};
use crate::run::RunPlan;

/// Arguments of `visage lab`.
#[derive(Args, Debug, Default)]
pub(super) struct LabArgs {
    /// Show a run from its folder instead of training; needs no GPU and no data.
    #[arg(long, value_name = "RUN", conflicts_with_all = ["data", "preset", "config", "sets", "out", "steps", "epochs", "resume", "strict", "plan", "device"])]
    replay: Option<PathBuf>,
    #[arg(long, value_name = "RUN|WEIGHTS|NAME", help = NETWORK, conflicts_with_all = ["replay", "resume", "plan"])]
    network: Option<PathBuf>,
    #[command(flatten)]
    train: TrainArgs,
}

/// Help of `--network`.
const NETWORK: &str = "Play with a trained network, on generated faces or those of --data; \
                       \"Train from nothing\" then begins the run that the other arguments describe. \
                       Takes what `visage swap` takes. Without any argument the lab offers the network that \
                       comes with the program; --preset demo trains at once";

pub(super) fn run(args: LabArgs) -> Result<u8> {
    if let Some(dir) = args.replay {
        return replay(dir);
    }
    let asked = args.network.as_deref().map(Network::read).transpose()?;
    let offer = asked.is_none();
    let offered = || args.train.says_nothing().then(default_network).flatten();
    match asked.or_else(offered) {
        Some(network) => play(network, &args.train.for_lab(), offer),
        None => super::train::start(&args.train.for_lab(), true),
    }
}

/// Opens the window on a trained network; `offer`: training from nothing is as near.
fn play(network: Network, train: &TrainArgs, offer: bool) -> Result<u8> {
    let mut next = train.plan()?;
    if !window::has_display() {
        if offer {
            return self::train(next);
        }
        let text = "there is no display to play on; visage swap, embed and eval need none";
        return Err(InputError(text.into()).into());
    }
    let data = next.file.data.as_deref();
    let play = RunPlan::play(network, data, train.device());
    next.goal.clone_from(&play.network);
    let interrupt = interrupt()?;
    let start = Start::Play(Box::new(play), Box::new(next.clone()), offer);
    match window::open(start, Layout::Kept, interrupt.clone(), |_| false) {
        Ok(closed) => end(closed),
        Err(error) if offer => without_window(next, &interrupt, &error),
        Err(error) => Err(error),
    }
}

/// Trains with the window open.
pub(super) fn train(mut plan: RunPlan) -> Result<u8> {
    if !window::has_display() {
        complain!("There is no display to open the lab on, so training goes on in the terminal.");
        return super::train::in_terminal(&plan);
    }
    if plan.file.data.is_none() {
        plan.goal = default_network().map(Into::into);
    }
    let interrupt = interrupt()?;
    let fallback = plan.clone();
    match window::open(
        Start::Train(Box::new(plan)),
        Layout::Kept,
        interrupt.clone(),
        |_| false,
    ) {
        Ok(closed) => end(closed),
        Err(error) => without_window(fallback, &interrupt, &error),
    }
}

/// Trains in the terminal because no window can be opened.
fn without_window(plan: RunPlan, interrupt: &Interrupt, error: &anyhow::Error) -> Result<u8> {
    complain!("The lab's window cannot be opened ({error}), so training goes on in the terminal.");
    let session = Session::start(plan, || {})?;
    Ok(code(&session.see_through(interrupt)?))
}

/// Asked for by Ctrl-C.
fn interrupt() -> Result<Arc<Interrupt>> {
    let interrupt = Arc::new(Interrupt::default());
    let asked = interrupt.clone();
    on_interrupt(move || {
        asked.ask();
        true
    })?;
    Ok(interrupt)
}

fn replay(dir: PathBuf) -> Result<u8> {
    let replay = Replay::open(&dir)?;
    if !window::has_display() {
        let text = "there is no display to show the run on; its curves are in losses.png";
        return Err(InputError(text.into()).into());
    }
    let interrupt = interrupt()?;
    let closed = window::open(
        Start::Replay(Box::new(replay), dir),
        Layout::Kept,
        interrupt,
        |_| false,
    )?;
    if let Some(session) = closed.session {
        session.stop()?;
    }
    Ok(DONE)
}

/// Waits for the trainer and says how the window did.
fn end(closed: Closed) -> Result<u8> {
    let times = closed.times;
    tracing::info!(
        "The window drew {} frames; the slowest took {:.0} ms, all together {:.1} s. It saw {} events.",
        times.frames,
        times.slowest.as_secs_f64() * 1e3,
        times.total.as_secs_f64(),
        closed.events
    );
    match closed.session {
        Some(session) => Ok(code(&session.stop()?)),
        None => Ok(DONE),
    }
}
