//! What the panels put on the desk is done here.

use std::io;
use std::path::Path;
use std::sync::mpsc::channel;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use eframe::egui::{ColorImage, Ui};
use image::{ImageFormat, RgbaImage};

use super::Lab;
use crate::data::EXTENSIONS;
use crate::lab::desk::{Command, Desk};
use crate::lab::lesson::Lesson;
use crate::lab::panel::PanelKind;
use crate::lab::state::{Kind, Source};
use crate::lab::{layout, state};
use crate::run::RunPlan;
use crate::train::event::Control;

/// Folder for what is saved by hand, inside the run's folder.
const FOLDER: &str = "lab";
/// Held by the thread that writes.
static WRITING: Mutex<()> = Mutex::new(());
/// A window that is hidden is not drawn, so there may be no picture of it.
const SCREENSHOT: Duration = Duration::from_secs(5);

/// Nobody closes a dialog sooner after asking for it.
const SOONEST_CLOSED: Duration = Duration::from_millis(400);

/// Extensions of pictures in lower and upper case: some dialogs compare them letter by letter, and
/// cameras write them large.
fn photo_extensions() -> Vec<String> {
    let upper = EXTENSIONS.iter().map(|extension| extension.to_uppercase());
    EXTENSIONS
        .iter()
        .map(|extension| extension.to_string())
        .chain(upper)
        .collect()
}

impl Lab {
    pub(super) fn grant_wishes(&mut self) {
        let controls = std::mem::take(&mut self.desk.controls);
        for control in controls {
            self.obey(control);
        }
        for command in std::mem::take(&mut self.desk.commands) {
            self.grant(command);
        }
        for said in self.saved.1.try_iter() {
            match said {
                Ok(text) => self.toasts.push(text, Kind::Note),
                Err(text) => self.state.log.warn(self.state.step, &text),
            }
        }
        let chosen: Vec<_> = self.chosen.1.try_iter().collect();
        for path in chosen {
            match path {
                Some(path) => self.open_photo(&path),
                None => self.desk.say(
                    "No file dialog could be opened here: drop the photo on the window, or type its path.",
                ),
            }
        }
    }

    fn obey(&mut self, control: Control) {
        // In a replay and of a trained network the trainer only answers.
        let only_answers = self.state.source == Source::Replay || self.state.network.is_some();
        if only_answers && !matches!(control, Control::AddFace(_)) {
            return;
        }
        if let Control::Slow(limit) = control {
            self.state.slow = limit;
        }
        self.tell(control);
    }

    fn grant(&mut self, command: Command) {
        match command {
            Command::Show(kind) => self.show(kind),
            Command::Save { name, bytes } => self.save(&name, || Ok(bytes)),
            Command::Make { name, work } => self.save(&name, move || work.make()),
            Command::Say(text) => self.toasts.push(text, Kind::Note),
            Command::ChoosePhoto => self.choose_photo(),
            Command::Morph(face) => {
                self.panels.morph.take(face);
                self.show(PanelKind::Morph);
            }
            Command::AddFace { name, face } => {
                self.state.add_photo(face.id, name, face.pixels.clone());
                self.tell(Control::AddFace(face));
            }
            Command::Restart { on_cpu } => self.restart(on_cpu),
            Command::TrainFromNothing => self.train_from_nothing(),
            Command::Seek(step) => self.seek(step),
            Command::PlaySpeed(speed) => self.play_speed(speed),
            Command::Lesson(on) => {
                self.leave_lesson();
                if on {
                    // It speaks about a network that learns.
                    self.train_from_nothing();
                }
                self.lesson = on.then(Lesson::default);
            }
            Command::ResetLayout => self.tree = layout::default_tree(),
        }
    }

    fn show(&mut self, kind: PanelKind) {
        // The tour shows what it speaks of; another panel means the tour is over.
        self.leave_lesson();
        layout::show(&mut self.tree, kind);
        layout::show(&mut self.compact, kind);
    }

    /// The end of the tour, and of what it tried.
    pub(super) fn leave_lesson(&mut self) {
        if let Some(mut lesson) = self.lesson.take() {
            let mut desk = Desk::default();
            lesson.take_back(&mut desk);
            for control in desk.controls {
                self.obey(control);
            }
        }
    }

    /// Makes and writes a file on a thread of its own: neither a slow disk nor a large picture holds
    /// the window up.
    fn save(&mut self, name: &str, make: impl FnOnce() -> io::Result<Vec<u8>> + Send + 'static) {
        let folder = self.dir.join(FOLDER);
        let path = folder.join(name);
        let (send, ctx) = (self.saved.0.clone(), self.ctx.clone());
        self.writers.retain(|writer| !writer.is_finished());
        self.writers.push(std::thread::spawn(move || {
            // One after the other: two of a name would write over each other.
            let _turn = WRITING.lock().unwrap_or_else(PoisonError::into_inner);
            let written = make().and_then(|bytes| {
                std::fs::create_dir_all(&folder)?;
                crate::record::replace(&path, &bytes)
            });
            let _ = send.send(match written {
                Ok(()) => Ok(format!("Saved {}", path.display())),
                Err(error) => Err(format!("Could not save {}: {error}", path.display())),
            });
            ctx.request_repaint();
        }));
    }

    pub(super) fn picture_of_window(&mut self) {
        let name = format!("window_{:07}.png", self.state.step);
        let (send, receive) = channel::<std::sync::Arc<ColorImage>>();
        self.save(&name, move || {
            let picture = receive.recv_timeout(SCREENSHOT).map_err(io::Error::other)?;
            png(&picture)
        });
        self.ctx.request_screenshot(move |picture| {
            let _ = send.send(picture);
        });
    }

    /// The dialog runs on its own thread: some systems take seconds to open it, or have none.
    fn choose_photo(&mut self) {
        let (send, ctx) = (self.chosen.0.clone(), self.ctx.clone());
        std::thread::spawn(move || {
            let asked = Instant::now();
            let dialog = rfd::FileDialog::new()
                .set_title("Choose a photo of a face")
                .add_filter("Images", &photo_extensions())
                .add_filter("All files", &["*"]);
            let chosen = dialog.pick_file();
            // A dialog that cannot be opened looks like one that was closed, only sooner than anybody
            // could have closed it.
            if chosen.is_some() || asked.elapsed() < SOONEST_CLOSED {
                let _ = send.send(chosen);
                ctx.request_repaint();
            }
        });
    }

    pub(super) fn take_files(&mut self, ui: &Ui) {
        let dropped = ui.input(|input| input.raw.dropped_files.clone());
        if let Some(file) = dropped.first() {
            let path = file.path().to_owned();
            self.open_photo(&path);
            if dropped.len() > 1 {
                self.desk
                    .say("One photo at a time: the first one was opened.");
            }
        }
    }

    fn open_photo(&mut self, path: &Path) {
        self.show(PanelKind::Photo);
        self.panels.photo.take_file(path, &mut self.desk);
    }

    fn restart(&mut self, on_cpu: bool) {
        if let Some(session) = self.session.take() {
            // It has ended; what it had to say is in the log.
            let _ = session.stop();
        }
        let started = RunPlan::resume(self.dir.clone()).and_then(|mut plan| {
            plan.goal = self.goal.clone();
            if on_cpu {
                plan.file.device = "cpu".into();
            }
            self.state.phase = state::Phase::Preparing("Going on from the checkpoint".into());
            self.start(plan)
        });
        if let Err(error) = started {
            let text = format!("Training cannot go on: {error:#}");
            self.state.log.warn(self.state.step, &text);
        }
    }

    fn play_speed(&mut self, speed: f64) {
        if let Some(player) = &mut self.player
            && let Some(seek) = player.set_speed(speed)
        {
            self.take_up(seek);
        }
    }
}

/// A picture of the window as PNG.
fn png(picture: &ColorImage) -> io::Result<Vec<u8>> {
    let [width, height] = picture.size.map(|side| side as u32);
    let bytes = picture.pixels.iter().flat_map(|pixel| pixel.to_array());
    let picture = RgbaImage::from_raw(width, height, bytes.collect())
        .ok_or_else(|| io::Error::other("the picture of the window is not whole"))?;
    let mut bytes = io::Cursor::new(Vec::new());
    picture
        .write_to(&mut bytes, ImageFormat::Png)
        .map_err(io::Error::other)?;
    Ok(bytes.into_inner())
}
