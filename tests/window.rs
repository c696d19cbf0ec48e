//! The lab in a real window, on a screen that nobody sees.

#![cfg(target_os = "linux")]

#[path = "support/process.rs"]
mod process;

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use process::{Place, Running, checkpoints, steps};

/// A virtual screen; gone when dropped.
struct Screen {
    server: Child,
    name: String,
}

impl Screen {
    /// `None` where there is no virtual screen to be had, unless it is required.
    fn open() -> Option<Self> {
        let required = std::env::var_os("VISAGE_REQUIRE_GPU").is_some();
        let mut server = match Command::new("Xvfb")
            .args(["-displayfd", "1", "-screen", "0", "1280x760x24"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
        {
            Ok(server) => server,
            Err(error) => {
                assert!(!required, "Xvfb cannot be started: {error}");
                println!("skipped: there is no Xvfb");
                return None;
            }
        };
        let mut number = String::new();
        let out = server.stdout.take().expect("it is piped");
        std::io::BufRead::read_line(&mut std::io::BufReader::new(out), &mut number)
            .expect("the number of the screen");
        let name = format!(":{}", number.trim());
        Some(Self { server, name })
    }

    fn start(&self, place: &Place, args: &[&str]) -> Running {
        let mut command = place.command(args);
        command.env("DISPLAY", &self.name);
        Running::start(command)
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

fn interrupt(program: &mut Running) {
    let id = program.id().to_string();
    let status = Command::new("kill").args(["-INT", &id]).status();
    assert!(status.expect("kill").success());
}

#[test]
fn the_window_trains_and_saves_when_it_is_closed() {
    let Some(screen) = Screen::open() else { return };
    let place = Place::new();
    place.faces(6);
    let mut lab = screen.start(&place, &place.tiny(&["--lab", "--out", "run"]));
    let run = place.path("run");
    let start = Instant::now();
    lab.wait_until(|| run.join("metrics.csv").exists() && steps(&run).len() >= 3);
    assert!(!lab.has_ended(), "{}", lab.wait().stderr);
    assert!(start.elapsed() < Duration::from_secs(60));
    interrupt(&mut lab);
    lab.wait()
        .expect(130)
        .says(&["Stopped at step", "--resume"]);
    let last = *steps(&run).last().unwrap();
    let newest = checkpoints(&run).pop().unwrap();
    assert_eq!(newest, format!("step_{last:08}"));
    // The run opens again from its files, and closes without touching them.
    let mut replay = screen.start(&place, &["lab", "--replay", "run"]);
    std::thread::sleep(Duration::from_secs(4));
    assert!(!replay.has_ended(), "{}", replay.wait().stderr);
    interrupt(&mut replay);
    replay.wait().expect(0);
    assert_eq!(steps(&run).last(), Some(&last));
    assert_eq!(checkpoints(&run).pop(), Some(newest));
}

#[test]
fn a_finished_run_stays_open_until_it_is_closed() {
    let Some(screen) = Screen::open() else { return };
    let place = Place::new();
    place.faces(6);
    let args = place.tiny(&["--lab", "--out", "run", "--steps", "2"]);
    let mut lab = screen.start(&place, &args);
    let run = place.path("run");
    lab.wait_until(|| {
        checkpoints(&run)
            .last()
            .is_some_and(|c| c == "step_00000002")
    });
    std::thread::sleep(Duration::from_secs(1));
    assert!(!lab.has_ended(), "{}", lab.wait().stderr);
    interrupt(&mut lab);
    lab.wait().expect(0).says(&["All 2 steps are done"]);
}

#[test]
fn a_trained_network_is_played_with_and_left_without_a_trace() {
    let Some(screen) = Screen::open() else { return };
    let place = Place::new();
    let run = place.train_generated(2);
    let before = checkpoints(&run);
    let mut lab = screen.start(&place, &["lab", "--network", "run", "--device", "cpu"]);
    std::thread::sleep(Duration::from_secs(4));
    assert!(!lab.has_ended(), "{}", lab.wait().stderr);
    interrupt(&mut lab);
    lab.wait().expect(0);
    assert_eq!(checkpoints(&run), before);
    assert!(!place.path("runs").exists());
}

#[test]
fn the_cost_of_the_window_is_measured() {
    let Some(screen) = Screen::open() else { return };
    let place = Place::new();
    let bench = screen.start(
        &place,
        &["bench", "--lab", "--steps", "24", "--device", "cpu"],
    );
    let said = bench.wait().expect(0).stdout;
    for words in ["without a window", "The window costs", "First frame after"] {
        assert!(said.contains(words), "`{words}` is missing in: {said}");
    }
}
