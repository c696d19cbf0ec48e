//! Runs the program as a user would: in a folder of its own, on pictures made on the spot.

// Each test binary compiles its own copy and uses a part of it.
#![allow(dead_code)]

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use image::{Rgb, RgbImage};
use safetensors::SafeTensors;
use tempfile::TempDir;

/// Far beyond what any of these runs takes; a test that waits longer has found a hang.
const PATIENCE: Duration = Duration::from_secs(400);

/// Columns of `metrics.csv` that must repeat to the bit; what follows them is time.
const EXACT_COLUMNS: usize = 15;

/// The smallest network and batch there are, with all parts of the objective on.
const TINY: &[&str] = &[
    "model.width=0.125",
    "batch.recon=2",
    "batch.face=2",
    "pose.batch_size=1",
    "pose.num_negatives=2",
    "snapshot.faces=2",
    "snapshot.every_steps=0",
    "data.cache_px=64",
    // Five people instead of forty.
    "knowledge.pictures=105",
];

/// A temporary folder in which the program is run, with its own cache.
pub struct Place(TempDir);

/// What a finished program left behind.
pub struct Finished {
    /// Exit code; none if a signal ended it.
    pub code: Option<i32>,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

/// A program that is still running; killed when dropped.
pub struct Running(Option<Child>);

impl Place {
    /// An empty folder.
    pub fn new() -> Self {
        Self(tempfile::tempdir().expect("a temporary folder"))
    }

    /// A path inside.
    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Makes the folder `faces` with `count` pictures: discs on gradients, in four formats.
    pub fn faces(&self, count: u32) -> PathBuf {
        let folder = self.path("faces");
        std::fs::create_dir_all(&folder).expect("a folder for the pictures");
        for n in 0..count {
            let name = format!("{n:02}.{}", ["png", "jpg", "bmp", "webp"][n as usize % 4]);
            picture(n).save(folder.join(name)).expect("a picture");
        }
        folder
    }

    /// The program with these arguments, not yet started.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_visage"));
        command
            .args(args)
            .current_dir(self.0.path())
            .env("VISAGE_CACHE", self.path("cache"))
            .env_remove("VISAGE_LOG")
            // No test opens a window on the screen of whoever runs it.
            .env_remove("DISPLAY")
            .env_remove("WAYLAND_DISPLAY")
            .env("XDG_DATA_HOME", self.path("data"))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Runs the program to its end.
    pub fn run(&self, args: &[&str]) -> Finished {
        Running::start(self.command(args)).wait()
    }

    /// Arguments of a tiny training run on `faces`, with more behind them.
    pub fn tiny<'a>(&self, more: &[&'a str]) -> Vec<&'a str> {
        self.tiny_of("train", more)
    }

    /// Arguments of another command that takes a configuration, tiny as well.
    pub fn tiny_of<'a>(&self, command: &'a str, more: &[&'a str]) -> Vec<&'a str> {
        let sets = TINY.iter().flat_map(|&set| ["--set", set]);
        [command, "--device", "cpu", "--data", "faces"]
            .into_iter()
            .chain(sets)
            .chain(more.iter().copied())
            .collect()
    }

    /// Trains a tiny network on generated faces to the end; the run is in `run`.
    pub fn train_generated(&self, steps: u64) -> PathBuf {
        let steps = steps.to_string();
        let sets = TINY.iter().flat_map(|&set| ["--set", set]);
        let args: Vec<&str> = [
            "train", "--device", "cpu", "--out", "run", "--steps", &steps,
        ]
        .into_iter()
        .chain(sets)
        .collect();
        self.run(&args).expect(0);
        self.path("run")
    }

    /// Trains a tiny network on `faces` to the end.
    pub fn train(&self, more: &[&str]) -> Finished {
        self.run(&self.tiny(more))
    }

    /// Goes on with a run until `steps` are done.
    pub fn resume(&self, run: &str, steps: u64) -> Finished {
        let steps = steps.to_string();
        self.run(&[
            "train", "--device", "cpu", "--resume", run, "--steps", &steps,
        ])
    }
}

impl Finished {
    /// Checks the exit code; shows everything the program said if it is another one.
    #[track_caller]
    pub fn expect(self, code: i32) -> Self {
        let Self { stdout, stderr, .. } = &self;
        assert_eq!(
            self.code,
            Some(code),
            "\nstdout: {stdout}\nstderr: {stderr}"
        );
        self
    }

    /// Checks that standard error contains all of `words`.
    #[track_caller]
    pub fn says(self, words: &[&str]) -> Self {
        for word in words {
            assert!(
                self.stderr.contains(word),
                "`{word}` is missing in: {}",
                self.stderr
            );
        }
        self
    }
}

impl Running {
    /// Starts a program.
    pub fn start(mut command: Command) -> Self {
        Self(Some(command.spawn().expect("the program starts")))
    }

    fn child(&mut self) -> &mut Child {
        self.0
            .as_mut()
            .expect("only `wait` and `kill` take it, and they consume self")
    }

    /// Process number, for sending signals.
    pub fn id(&mut self) -> u32 {
        self.child().id()
    }

    /// Sends a signal, `INT` for example; whether there was a process to send it to.
    #[cfg(unix)]
    pub fn signal(&mut self, name: &str) -> bool {
        let sent = Command::new("kill")
            .args([&format!("-{name}"), &self.id().to_string()])
            .stderr(Stdio::null())
            .status();
        sent.expect("the kill command").success()
    }

    /// Whether the program has ended by itself.
    pub fn has_ended(&mut self) -> bool {
        self.child()
            .try_wait()
            .expect("a child can be asked")
            .is_some()
    }

    /// Waits until `condition` holds or the program has ended.
    #[track_caller]
    pub fn wait_until(&mut self, mut condition: impl FnMut() -> bool) {
        let start = Instant::now();
        while !condition() && !self.has_ended() {
            assert!(
                start.elapsed() < PATIENCE,
                "nothing happened for {PATIENCE:?}"
            );
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// Waits for the end.
    #[track_caller]
    pub fn wait(mut self) -> Finished {
        // Both pipes are read while waiting, so that a talkative program is not held up.
        let child = self.0.take().expect("it is taken only once");
        let id = child.id();
        let (send, ended) = std::sync::mpsc::channel();
        std::thread::spawn(move || send.send(child.wait_with_output()));
        let Ok(output) = ended.recv_timeout(PATIENCE) else {
            panic!("process {id} did not end within {PATIENCE:?}");
        };
        let output = output.expect("its output can be read");
        let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
        Finished {
            code: output.status.code(),
            stdout: text(&output.stdout),
            stderr: text(&output.stderr),
        }
    }

    /// `kill -9`.
    pub fn kill(self) {
        drop(self);
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(mut child) = self.0.take() {
            // It may have ended already.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// A face-like picture: a disc whose place and colour depend on `n`, on a gradient.
pub fn picture(n: u32) -> RgbImage {
    let (cx, cy) = (24 + n % 5 * 4, 28 + n % 3 * 4);
    RgbImage::from_fn(64, 72, |x, y| {
        let inside = x.abs_diff(cx).pow(2) + y.abs_diff(cy).pow(2) < 18 * 18;
        let colour = if inside {
            [220, 30 + n * 7, 90 + x]
        } else {
            [x * 3, y * 3, n * 9]
        };
        Rgb(colour.map(|c| (c % 256) as u8))
    })
}

/// The lines of `metrics.csv` below its header.
pub fn rows(run: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(run.join("metrics.csv")).unwrap_or_default();
    text.lines().skip(1).map(String::from).collect()
}

/// The columns of `metrics.csv` that training must reproduce to the bit, row by row.
pub fn exact_rows(run: &Path) -> Vec<String> {
    let exact = |row: String| {
        row.split(',')
            .take(EXACT_COLUMNS)
            .collect::<Vec<_>>()
            .join(",")
    };
    rows(run).into_iter().map(exact).collect()
}

/// The steps `metrics.csv` has rows for, in their order in the file.
pub fn steps(run: &Path) -> Vec<u64> {
    let step = |row: &String| row.split(',').next().and_then(|cell| cell.parse().ok());
    rows(run)
        .iter()
        .map(|row| step(row).expect("a step number"))
        .collect()
}

/// Names of the finished checkpoints, oldest first.
pub fn checkpoints(run: &Path) -> Vec<String> {
    let mut names = names(&run.join("checkpoints"));
    names.retain(|name| name.starts_with("step_"));
    names
}

/// The sorted names in a folder; empty if there is none.
pub fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names: Vec<_> = entries
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

/// The tensors of a safetensors file: name, shape, bytes.
pub fn tensors(path: &Path) -> Vec<(String, Vec<usize>, Vec<u8>)> {
    let bytes = std::fs::read(path).expect("a weights file");
    let file = SafeTensors::deserialize(&bytes).expect("a whole safetensors file");
    let mut all: Vec<_> = file
        .iter()
        .map(|(name, view)| (name.to_owned(), view.shape().to_vec(), view.data().to_vec()))
        .collect();
    all.sort();
    all
}

/// Copies a folder with everything in it.
pub fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("the copy");
    for name in names(from) {
        let (from, to) = (from.join(&name), to.join(&name));
        if from.is_dir() {
            copy_folder(&from, &to);
        } else {
            std::fs::copy(&from, &to).expect("a copied file");
        }
    }
}
