//! Requests to end that come from outside: Ctrl-C, a service manager, a terminal that closes.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use super::INTERRUPTED;

/// Signals that come closer together than this are one request: a wrapper passes on what its group
/// got as well.
const ONE_REQUEST: Duration = Duration::from_secs(1);

/// What to do about a signal.
#[derive(Debug, PartialEq, Eq)]
enum Answer {
    /// Finish the step, save, and end.
    Stop,
    /// That is being done already.
    Nothing,
    /// End at once.
    Now,
}

/// Tells a request from its echo and from impatience.
#[derive(Default)]
struct Requests {
    first: Option<Instant>,
}

impl Requests {
    /// `from_keyboard`: it was Ctrl-C. Only that can mean "now"; whoever sends another signal twice
    /// still wants nothing to be lost.
    fn answer(&mut self, from_keyboard: bool, at: Instant) -> Answer {
        match self.first {
            None => {
                self.first = Some(at);
                Answer::Stop
            }
            Some(first) if from_keyboard && at.duration_since(first) >= ONE_REQUEST => Answer::Now,
            Some(_) => Answer::Nothing,
        }
    }

    /// Does it.
    fn act(&mut self, from_keyboard: bool, stop: &mut impl FnMut() -> bool) {
        let at_once = match self.answer(from_keyboard, Instant::now()) {
            Answer::Stop => !stop(),
            Answer::Nothing => false,
            Answer::Now => true,
        };
        if at_once {
            std::process::exit(i32::from(INTERRUPTED));
        }
    }
}

/// Calls `stop` at the first request to end, so that the step is finished and saved. A second Ctrl-C
/// after a second or more ends the process at once, and so does the first if `stop` says that nobody
/// listens.
///
/// # Errors
///
/// If the system lets no handler be installed.
#[cfg(unix)]
pub(super) fn on_interrupt(mut stop: impl FnMut() -> bool + Send + 'static) -> Result<()> {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    use signal_hook::iterator::Signals;

    const FAILED: &str = "requests to end cannot be heard";
    let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP]).context(FAILED)?;
    let listen = move || {
        let mut requests = Requests::default();
        for signal in signals.forever() {
            requests.act(signal == SIGINT, &mut stop);
        }
    };
    let thread = std::thread::Builder::new().name("visage-signals".into());
    thread.spawn(listen).context(FAILED)?;
    Ok(())
}

/// The same where there is Ctrl-C only.
///
/// # Errors
///
/// If the system lets no handler be installed.
#[cfg(not(unix))]
pub(super) fn on_interrupt(mut stop: impl FnMut() -> bool + Send + 'static) -> Result<()> {
    let mut requests = Requests::default();
    ctrlc::set_handler(move || requests.act(true, &mut stop))
        .context("requests to end cannot be heard")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_echo_is_no_impatience_and_a_service_manager_never_impatient() {
        let start = Instant::now();
        let answers = |times: &[(bool, u64)]| -> Vec<Answer> {
            let mut requests = Requests::default();
            let at = |ms: u64| start + Duration::from_millis(ms);
            times
                .iter()
                .map(|&(from_keyboard, ms)| requests.answer(from_keyboard, at(ms)))
                .collect()
        };
        use Answer::{Nothing, Now, Stop};
        assert_eq!(
            answers(&[(true, 0), (true, 1), (true, 999)]),
            [Stop, Nothing, Nothing]
        );
        assert_eq!(answers(&[(true, 0), (true, 1000)]), [Stop, Now]);
        assert_eq!(
            answers(&[(false, 0), (false, 0), (false, 90_000)]),
            [Stop, Nothing, Nothing]
        );
        assert_eq!(answers(&[(false, 0), (true, 2000)]), [Stop, Now]);
        assert_eq!(answers(&[(true, 0), (false, 2000)]), [Stop, Nothing]);
    }
}
